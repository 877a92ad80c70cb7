#include "config.h"

#include "facts.h"

#include <inttypes.h>
#include <stdio.h>

#include "bars.h"
#include "format.h"
#include "i18n.h"
#include "lung_view.h"
#include "silence.h"
#include "words.h"
#include "view/tally.h"

/* "NO PEERS  HTTP in 00:23  !1" */
static void
draw_first(const struct area *area, const struct model *model, const struct snapshot *s)
{
    char label[LUNG_LABEL_MAX], left[FORMAT_MAX];
    int x = 0;

    if (model_is_stale(model, s))
        x = area_printf(area, 0, 0, STYLE_ALARM, _("STALE %s "), format_span(model_age_ms(model, s), left));
    else if (model->frozen)
        x = area_text(area, 0, 0, STYLE_ATTENTION, _("FROZEN "));
    x = area_text(area, x, 0, lung_style(&s->lung), lung_label(&s->lung, label));
    if (s->lung.fallback_in_ms > 0 && s->lung.http_sources == 0)
        x = area_printf(area, x + 2, 0, STYLE_TEXT, _("cut off in %s"), format_left(s->lung.fallback_in_ms, left));
    else if (s->lung.fallback_in_ms > 0)
        x = area_printf(area, x + 2, 0, STYLE_TEXT, _("HTTP in %s"), format_left(s->lung.fallback_in_ms, left));
    if (s->alert_count > 0)
        area_printf(area, x + 2, 0, STYLE_ATTENTION, "!%" PRIu32, s->alert_count);
}

static int
draw_lungs(const struct area *area, int y, const struct snapshot *s)
{
    struct lung_word p2p = lung_p2p_word(&s->lung), http = lung_http_word(&s->lung);

    area_printf(area, 0, y, p2p.style, "P2P %s %" PRIu32, p2p.word, s->lung.peers_live);
    area_printf(area, 0, y + 1, http.style, "HTTP %s %" PRIu32, http.word, s->lung.http_sources);
    return y + 2;
}

static int
draw_state(const struct area *area, int y, const struct snapshot *s)
{
    struct snapshot_tally tally = snapshot_tally(s);
    char keys[FORMAT_MAX];

    area_printf(area, 0, y, tally.differ > 0 ? STYLE_ATTENTION : STYLE_TEXT, _("agree %d of %d"), tally.same,
                tally.total);
    area_text(area, 0, y + 1, STYLE_TEXT, format_noun(s->state.keys, "key", keys));
    area_printf(area, 0, y + 2, STYLE_TEXT, _("root %.8s"), s->state.root[0] ? s->state.root : "?");
    area_text(area, 0, y + 3, STYLE_TEXT, s->name);
    return y + 4;
}

void
facts_draw(const struct area *area, const struct model *model, const struct snapshot *s)
{
    struct area last = area_sub(area, 0, area->rows - 1, area->cols, 1);
    char words[WORDS_MAX], silence[SILENCE_MAX];
    bool silent = silence_text(model, s, silence);
    int y = 1;

    if (s == NULL)
        area_text_cut(area, 0, 0, area->cols, silent ? STYLE_ALARM : STYLE_TEXT, silent ? silence : _("starting"));
    else {
        draw_first(area, model, s);
        if (silent)
            area_text_cut(area, 0, y++, area->cols, STYLE_ALARM, silence);
        else if (s->alert_count > 0)
            area_printf(area, 0, y++, STYLE_ATTENTION, "%s %s", s->alerts[0].code, words_of_alert(&s->alerts[0], words));
        y = draw_lungs(area, y, s);
        draw_state(area, y, s);
    }
    if (model->prompt.kind != PROMPT_CLOSED || model->message_until_ms > model->now_ms || area->rows >= 3) {
        area_fill(&last, 0, 0, last.cols, STYLE_TEXT, ' ');
        bar_keys(&last, model, s);
    }
}
