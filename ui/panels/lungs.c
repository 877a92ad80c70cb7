/* lungs.c - the two transports: what each of them is doing, and how busy it is. */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>

#include "format.h"
#include "graph.h"
#include "i18n.h"
#include "lung_view.h"
#include "panel.h"
#include "words.h"

#define WORD_X 9
#define COUNT_X 19
#define RATE_X 30
#define SPARK_X 40
#define RATE_SECONDS 10

/* Messages a second over the last RATE_SECONDS, rounded. */
static unsigned
rate_of(const uint16_t history[SNAPSHOT_HISTORY])
{
    unsigned sum = 0;

    for (int i = SNAPSHOT_HISTORY - RATE_SECONDS; i < SNAPSHOT_HISTORY; i++)
        sum += history[i];
    return (sum + RATE_SECONDS / 2) / RATE_SECONDS;
}

static void
draw_word(const struct area *area, int y, const char *lung, struct lung_word word)
{
    area_printf(area, 1, y, word.style, "%c", style_glyph(word.style));
    area_text(area, 3, y, STYLE_TEXT, lung);
    area_text(area, WORD_X, y, word.style, word.word);
}

static void
draw_p2p(const struct panel_view *view, const struct area *area, int y)
{
    const struct snapshot *s = view->snapshot;
    char count[FORMAT_MAX], words[WORDS_MAX];

    draw_word(area, y, "P2P", lung_p2p_word(&s->lung));
    area_text(area, COUNT_X, y, STYLE_TEXT, format_noun(s->lung.peers_live, "peer", count));
    if (s->lung.p2p_error[0] && s->lung.peers_live == 0 && s->lung.policy != LUNG_POLICY_HTTP) {
        area_text_cut(area, RATE_X, y, area->cols - RATE_X - 1, STYLE_ATTENTION,
                      words_of_node(s->lung.p2p_error, words));
        return;
    }
    area_printf(area, RATE_X, y, STYLE_TEXT, "%u msg/s", rate_of(s->history_p2p));
    graph_spark(area, SPARK_X, y, area->cols >= SPARK_X + 8 ? 8 : 0, STYLE_IDLE, view->caps->charset,
                s->history_p2p, SNAPSHOT_HISTORY, s->wall_ms / 1000);
}

static void
draw_http(const struct panel_view *view, const struct area *area, int y)
{
    const struct snapshot *s = view->snapshot;
    char count[FORMAT_MAX], when[FORMAT_MAX], words[WORDS_MAX];

    draw_word(area, y, "HTTP", lung_http_word(&s->lung));
    area_text(area, COUNT_X, y, STYLE_TEXT, format_noun(s->lung.http_sources, "source", count));
    if (s->lung.policy == LUNG_POLICY_P2P || s->lung.http_sources == 0)
        return;
    if (s->lung.http_error[0] && !s->lung.http_usable)
        area_text_cut(area, RATE_X, y, area->cols - RATE_X - 1, STYLE_ATTENTION,
                      words_of_node(s->lung.http_error, words));
    else if (s->lung.http_age_ms >= 0)
        area_printf(area, RATE_X, y, STYLE_TEXT, "%s%s", area->cols > RATE_X + 11 ? _("ok ") : "",
                    format_when(s->wall_ms, s->lung.http_age_ms, when));
}

static void
draw_series(const struct panel_view *view, const struct area *area, int y,
            const uint16_t history[SNAPSHOT_HISTORY])
{
    int cols = area->cols - WORD_X - 2;

    if (cols > SNAPSHOT_HISTORY)
        cols = SNAPSHOT_HISTORY;
    graph_spark(area, WORD_X, y, cols, STYLE_IDLE, view->caps->charset, history, SNAPSHOT_HISTORY,
                view->snapshot->wall_ms / 1000);
    area_text(area, 3, y, STYLE_COLUMN, "60 s");
}

/* What only a tall panel has room for. */
static void
draw_more(const struct panel_view *view, const struct area *area)
{
    const struct snapshot_lung *lung = &view->snapshot->lung;
    char next[FORMAT_MAX];

    draw_series(view, area, 1, view->snapshot->history_p2p);
    draw_series(view, area, 3, view->snapshot->history_http);
    area_text(area, 3, 4, STYLE_COLUMN, _("known"));
    area_printf(area, WORD_X, 4, STYLE_TEXT, _("%" PRIu32 " peers, %" PRIu32 " connected, %" PRIu32 " live"),
                lung->peers_known, lung->peers_connected, lung->peers_live);
    area_text(area, 3, 5, STYLE_COLUMN, _("next"));
    if (lung->http_next_ms >= 0)
        area_printf(area, WORD_X, 5, STYLE_TEXT, _("HTTP asks at %s"),
                    format_when(view->snapshot->wall_ms + (uint64_t)lung->http_next_ms, 0, next));
    else
        area_text(area, WORD_X, 5, STYLE_TEXT, _("no HTTP request planned"));
    area_text(area, 3, 6, STYLE_COLUMN, _("mode"));
    area_printf(area, WORD_X, 6, STYLE_TEXT, _("%s, forced by %s"), lung_policy_name(lung->policy),
                lung->policy == LUNG_POLICY_AUTO ? _("nobody")
                : lung->forced_by[0]             ? lung->forced_by
                                                 : _("configuration"));
}

static void
lungs_draw(const struct panel_view *view, const struct area *area)
{
    bool tall = area->rows >= 7;

    draw_p2p(view, area, 0);
    draw_http(view, area, tall ? 2 : 1);
    if (tall)
        draw_more(view, area);
}

static void
lungs_note(const struct panel_view *view, char out[PANEL_NOTE_MAX])
{
    snprintf(out, PANEL_NOTE_MAX, _("sync %s"), sync_mode_name(lung_sync_mode(view->snapshot->lung.state)));
}

static const char *const lungs_help[] = {
    N_("Two ways to keep the state in step: P2P (libp2p gossip, first choice) and"),
    N_("HTTP (polling). At the right: the lung that vouches for the state now."),
    N_("P2P   ACTIVE      a live peer exchanges roots with us"),
    N_("      NO PEERS    it runs and finds nobody"),
    N_("      FAILED      it does not run; the reason stands beside it"),
    N_("      OFF         by configuration or by force"),
    N_("HTTP  STANDBY     probed now and then while P2P carries"),
    N_("      PROBING, READY   asked during a countdown; READY: a source answers"),
    N_("      CARRYING    keeps the state in step"),
    N_("      FAILING, DOWN, NO SOURCE   no usable answer"),
    N_("      OFF         P2P is forced: no request leaves this node"),
    N_("ok    time (UTC) of the last good HTTP answer"),
    NULL,
};

const struct panel lungs_panel = {
    .name = "lungs", .title = N_("LUNGS"), .draw = lungs_draw, .note = lungs_note, .help = lungs_help
};
