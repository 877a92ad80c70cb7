/* peers.c - everybody this node compares itself with: P2P peers and HTTP sources in one table. */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>

#include "format.h"
#include "graph.h"
#include "i18n.h"
#include "lung_view.h"
#include "nodes.h"
#include "panel.h"
#include "table.h"
#include "words.h"

enum { NAME, ADDRESS, LUNG, DIR, RTT, LAST_OK, NEXT, POLLS, IN, OUT, IN_60S, OUT_60S, ROOT, DIFF, STATE, COLUMN_COUNT };

static const struct table_column columns[COLUMN_COUNT] = {
    [NAME] = { .title = N_("NAME"), .width = 13, .rank = 0, .width_max = 18 },
    [ADDRESS] = { .title = N_("ADDRESS"), .width = 24, .rank = 8, .width_max = 34 },
    [LUNG] = { .title = N_("LUNG"), .width = 4, .rank = 3 },
    [DIR] = { .title = N_("DIR"), .width = 3, .rank = 9 },
    [RTT] = { .title = "RTT", .width = 7, .rank = 5, .right = true },
    [LAST_OK] = { .title = N_("LAST OK"), .width = 8, .rank = 4, .right = true },
    [NEXT] = { .title = N_("NEXT"), .width = 8, .rank = 11, .right = true },
    [POLLS] = { .title = N_("POLLS"), .width = 7, .rank = 12, .right = true },
    [IN] = { .title = N_("IN"), .width = 8, .rank = 10, .right = true },
    [OUT] = { .title = N_("OUT"), .width = 8, .rank = 10, .right = true },
    [IN_60S] = { .title = N_("IN 60s"), .width = SNAPSHOT_TRAFFIC, .rank = 6 },
    [OUT_60S] = { .title = N_("OUT 60s"), .width = SNAPSHOT_TRAFFIC, .rank = 6 },
    [ROOT] = { .title = N_("ROOT"), .width = 11, .rank = 0 },
    [DIFF] = { .title = N_("DIFF"), .width = 8, .rank = 1, .width_max = 10 },
    [STATE] = { .title = N_("STATE"), .width = 17, .rank = 2, .width_max = 200 },
};

#define DETAIL_ROWS 6 /* a blank line and the block below */

static void
source_cells(const struct panel_view *view, const struct snapshot_source *s, const struct table *table,
             const struct area *area, int y)
{
    uint64_t wall = view->snapshot->wall_ms;
    char text[FORMAT_MAX];

    table_draw_cell(table, area, ADDRESS, y, STYLE_TEXT, s->url);
    table_draw_cell(table, area, LUNG, y, STYLE_TEXT, "http");
    table_draw_cell(table, area, DIR, y, STYLE_TEXT, _("out"));
    snprintf(text, sizeof(text), !s->known ? "-" : s->rtt_ms == 0 ? "<1 ms" : _("%" PRIu32 " ms"), s->rtt_ms);
    table_draw_cell(table, area, RTT, y, STYLE_TEXT, text);
    table_draw_cell(table, area, LAST_OK, y, s->ok_age_ms < 0 ? STYLE_UNKNOWN : STYLE_TEXT,
                    format_when(wall, s->ok_age_ms, text));
    table_draw_cell(table, area, NEXT, y, STYLE_TEXT,
                    s->next_ms < 0 ? "-" : format_when(wall + (uint64_t)s->next_ms, 0, text));
    table_draw_cell(table, area, POLLS, y, STYLE_TEXT, format_count(s->polls, text));
}

static void
peer_cells(const struct panel_view *view, const struct snapshot_peer *p, const struct table *table,
           const struct area *area, int y)
{
    char text[FORMAT_MAX];

    table_draw_cell(table, area, ADDRESS, y, STYLE_TEXT, p->address);
    table_draw_cell(table, area, LUNG, y, STYLE_TEXT, "p2p");
    table_draw_cell(table, area, DIR, y, STYLE_TEXT, !p->connected ? "-" : p->outbound ? _("out") : _("in"));
    snprintf(text, sizeof(text),
             p->rtt_us < 0     ? "-"
             : p->rtt_us < 500 ? "<1 ms"
                               : _("%" PRId64 " ms"),
             (p->rtt_us + 500) / 1000);
    table_draw_cell(table, area, RTT, y, STYLE_TEXT, text);
    table_draw_cell(table, area, LAST_OK, y, p->exchange_ms < 0 ? STYLE_UNKNOWN : STYLE_TEXT,
                    format_when(view->snapshot->wall_ms, p->exchange_ms, text));
    table_draw_cell(table, area, NEXT, y, STYLE_TEXT, "-");
    table_draw_cell(table, area, POLLS, y, STYLE_TEXT, format_count(p->messages_in, text));
}

/* A source that fails, where there is no column for it: when it is asked again comes first, for its error stands elsewhere too. */
static enum style
state_text(const struct panel_view *view, const struct node_row *row, const struct table *table, char out[NODE_TEXT_MAX])
{
    char error[NODE_TEXT_MAX], when[FORMAT_MAX];
    enum style style = node_state_text(row, out);

    if (row->source == NULL || row->source->failures == 0 || row->source->next_ms < 0 || table->width[NEXT] > 0)
        return style;
    snprintf(error, sizeof(error), "%.*s", NODE_TEXT_MAX - 1 - (int)sizeof(when) - 16, out);
    snprintf(out, NODE_TEXT_MAX, _("! again %s, %s"),
             format_when(view->snapshot->wall_ms + (uint64_t)row->source->next_ms, 0, when), error);
    return style;
}

static void
traffic_cells(const struct panel_view *view, const struct snapshot_traffic *traffic, const struct table *table,
              const struct area *area, int y)
{
    char text[FORMAT_MAX];

    table_draw_cell(table, area, IN, y, STYLE_TEXT, format_bytes(traffic->bytes_in, text));
    table_draw_cell(table, area, OUT, y, STYLE_TEXT, format_bytes(traffic->bytes_out, text));
    graph_slots(area, table->x[IN_60S], y, table->width[IN_60S], STYLE_IDLE, view->caps->charset, traffic->in_5s,
                SNAPSHOT_TRAFFIC);
    graph_slots(area, table->x[OUT_60S], y, table->width[OUT_60S], STYLE_IDLE, view->caps->charset, traffic->out_5s,
                SNAPSHOT_TRAFFIC);
}

static void
draw_row(const struct panel_view *view, const struct node_row *row, const struct table *table,
         const struct area *area, int y)
{
    char text[NODE_TEXT_MAX];
    enum style style;

    table_draw_cell(table, area, NAME, y, STYLE_TEXT, row->name);
    if (row->source)
        source_cells(view, row->source, table, area, y);
    else
        peer_cells(view, row->peer, table, area, y);
    traffic_cells(view, row->traffic, table, area, y);
    style = node_root_text(view->snapshot, row, text);
    table_draw_cell(table, area, ROOT, y, style, text);
    style = node_diff_text(row, text);
    table_draw_cell(table, area, DIFF, y, style, text);
    style = state_text(view, row, table, text);
    table_draw_cell(table, area, STATE, y, style, text);
}

static int
source_detail(const struct panel_view *view, const struct snapshot_source *s, const struct area *area, int y)
{
    uint64_t wall = view->snapshot->wall_ms;
    char words[WORDS_MAX], text[256], a[FORMAT_MAX], b[FORMAT_MAX], c[FORMAT_MAX];

    snprintf(text, sizeof(text), "%s   %s, %s", s->url, s->lattice ? _("lattice") : _("v3.0.3 or not known yet"),
             s->trusted ? _("key trusted") : _("key not trusted"));
    y = panel_fact(area, y, _("source"), text);
    y = panel_fact(area, y, _("root"), s->stand.root[0] ? s->stand.root : "?");
    snprintf(text, sizeof(text), _("ok %s, tried %s, next in %s, %" PRIu32 " failed in a row"),
             format_when(wall, s->ok_age_ms, a), format_when(wall, s->try_age_ms, b),
             format_left(s->next_ms, c), s->failures);
    y = panel_fact(area, y, _("polls"), text);
    snprintf(text, sizeof(text), _("%s in, %s out, %s announced"), format_bytes(s->traffic.bytes_in, a),
             format_bytes(s->traffic.bytes_out, b), format_noun(s->stand.count, "record", c));
    y = panel_fact(area, y, _("traffic"), text);
    return panel_fact_long(area, y, _("error"), s->stand.error[0] ? words_of_node(s->stand.error, words) : _("none"));
}

static int
source_healing(const struct panel_view *view, const struct snapshot_source *s, const struct area *area, int y)
{
    char text[256], a[FORMAT_MAX], b[FORMAT_MAX];

    snprintf(text, sizeof(text), _("%" PRIu64 " ended well, %" PRIu64 " failed, of %" PRIu64), s->polls_ok, s->polls_failed,
             s->polls);
    y = panel_fact(area, y, _("counts"), text);
    if (s->stand.differs_ms >= 0)
        snprintf(text, sizeof(text), _("%s, since %s, in %" PRIu32 " comparisons"), node_agreement_word(s->stand.agreement),
                 format_when(view->snapshot->wall_ms, s->stand.differs_ms, a), s->stand.differs_checks);
    else
        snprintf(text, sizeof(text), "%s", node_agreement_word(s->stand.agreement));
    y = panel_fact(area, y, _("agreement"), text);
    if (s->stand.healing)
        snprintf(text, sizeof(text), _("%" PRIu32 " %% done, %" PRIu32 " taken"), s->stand.heal_percent, s->stand.heal_applied);
    else if (s->stand.heal_age_ms < 0)
        snprintf(text, sizeof(text), _("never needed"));
    else
        snprintf(text, sizeof(text), _("%s: %" PRIu32 " taken, %" PRIu32 " same, %" PRIu32 " refused, %" PRIu32 " ours won; %s, %" PRIu32 " ms"),
                 format_when(view->snapshot->wall_ms, s->stand.heal_age_ms, a), s->stand.heal_applied, s->stand.heal_same, s->stand.heal_refused,
                 s->stand.heal_ours, format_bytes(s->stand.heal_bytes, b), s->stand.heal_ms);
    y = panel_fact(area, y, _("healing"), text);
    snprintf(text, sizeof(text), "%s", s->stand.backoff_ms > 0 ? format_left(s->stand.backoff_ms, a) : _("no"));
    return panel_fact(area, y, _("paused"), text);
}

static int
peer_detail(const struct panel_view *view, const struct snapshot_peer *p, const struct area *area, int y)
{
    char words[WORDS_MAX], text[256], a[FORMAT_MAX], b[FORMAT_MAX];

    snprintf(text, sizeof(text), "%s   %s", p->id, p->agent);
    y = panel_fact(area, y, _("peer"), text);
    y = panel_fact(area, y, _("root"), p->stand.root[0] ? p->stand.root : "?");
    y = panel_fact(area, y, _("address"), p->address);
    snprintf(text, sizeof(text), _("%s in, %s out"), format_bytes(p->traffic.bytes_in, a),
             format_bytes(p->traffic.bytes_out, b));
    y = panel_fact(area, y, _("traffic"), text);
    y = panel_fact_long(area, y, _("error"), p->why_not[0] ? words_of_node(p->why_not, words) : _("none"));
    if (p->rtt_us >= 0)
        snprintf(text, sizeof(text), _("%" PRId64 ".%02" PRId64 " ms"), p->rtt_us / 1000, p->rtt_us / 10 % 100);
    else
        snprintf(text, sizeof(text), _("not measured"));
    y = panel_fact(area, y, _("rtt"), text);
    snprintf(text, sizeof(text), _("%s, %s, since %s"), !p->connected ? _("not connected") : p->outbound ? _("dialled by us") : _("dialled by it"),
             p->live ? _("live") : _("not live"), format_when(view->snapshot->wall_ms, p->since_ms, a));
    y = panel_fact(area, y, _("connection"), text);
    snprintf(text, sizeof(text), _("%s, %s; %" PRIu64 " messages in, %" PRIu64 " out, score %" PRId64),
             p->subscribed ? _("subscribed") : _("not subscribed"), p->in_mesh ? _("in the mesh") : _("not in the mesh"),
             p->messages_in, p->messages_out, p->score);
    y = panel_fact(area, y, _("gossip"), text);
    if (p->heard_ms >= 0) {
        snprintf(text, sizeof(text), _("%s, root exchange %s, its clock %+" PRId64 " ms"),
                 format_when(view->snapshot->wall_ms, p->heard_ms, a), format_when(view->snapshot->wall_ms, p->exchange_ms, b),
                 p->clock_ms);
        y = panel_fact(area, y, _("heard"), text);
    }
    snprintf(text, sizeof(text), "%s, %s", node_agreement_word(p->stand.agreement), p->trusted ? _("key trusted") : _("key not trusted"));
    return panel_fact(area, y, _("agreement"), text);
}

/* What a table that is taller than its list says below it. */
static void
node_block(const struct panel_view *view, const struct node_row *row, const struct area *area)
{
    if (row->source)
        source_detail(view, row->source, area, 0);
    else
        peer_detail(view, row->peer, area, 0);
}

static int
list(const struct panel_view *view, struct node_row rows[NODES_MAX])
{
    const struct panel_place *place = panel_place(view);
    int count = nodes_list(view->snapshot, place->filter, rows);

    nodes_sort(rows, count, place->sort, place->reverse);
    return count;
}

static void
draw_empty(const struct panel_view *view, const struct area *area)
{
    if (panel_place(view)->filter[0])
        area_text_cut(area, 1, 1, area->cols - 2, STYLE_TEXT, _("nothing matches the filter (Esc clears it)"));
    else
        area_text_cut(area, 1, 1, area->cols - 2, STYLE_TEXT,
                      _("no peer known and no HTTP source configured: --peer MULTIADDR, --http-peer URL"));
}

static void
peers_draw(const struct panel_view *view, const struct area *area)
{
    struct node_row rows[NODES_MAX];
    const struct panel_place *place = panel_place(view);
    int count = list(view, rows);
    int selected = place->selected < count ? place->selected : count - 1;
    bool detail = count > 0 && area->rows - 1 - count >= DETAIL_ROWS;
    int heads = area->rows > 2 ? 1 : 0, page = area->rows - heads - (detail ? DETAIL_ROWS : 0);
    int first = panel_first_line(selected, count, page);
    struct table table;

    table_fit(&table, columns, COLUMN_COUNT, 1, area->cols - 2);
    if (heads > 0)
        table_draw_heads(&table, area, 0);
    if (count == 0)
        draw_empty(view, area);
    for (int i = 0; i < page && first + i < count; i++) {
        draw_row(view, &rows[first + i], &table, area, heads + i);
        if (view->focused && first + i == selected)
            panel_mark_selected(view, area, heads + i);
    }
    if (detail) {
        struct area block = area_sub(area, 0, area->rows - DETAIL_ROWS + 1, area->cols, DETAIL_ROWS - 1);

        node_block(view, &rows[selected], &block);
    }
}

static void
peers_detail(const struct panel_view *view, const struct area *area)
{
    struct node_row rows[NODES_MAX];
    int count = list(view, rows), selected = panel_place(view)->selected, y;

    if (count == 0)
        return;
    selected = selected < count ? selected : count - 1;
    y = panel_fact(area, 0, _("name"), rows[selected].name);
    if (rows[selected].source) {
        y = source_detail(view, rows[selected].source, area, y);
        source_healing(view, rows[selected].source, area, y);
    } else
        peer_detail(view, rows[selected].peer, area, y);
}

static int
peers_count(const struct panel_view *view)
{
    struct node_row rows[NODES_MAX];

    return list(view, rows);
}

static void
peers_note(const struct panel_view *view, char out[PANEL_NOTE_MAX])
{
    const struct snapshot *s = view->snapshot;
    uint64_t total = (uint64_t)s->peer_total + s->lung.http_sources,
             listed = (uint64_t)s->peer_count + s->source_count;
    const struct panel_place *place = panel_place(view);
    char peers[FORMAT_MAX], sources[FORMAT_MAX];
    size_t used = 0;

    if (place->sort != NODE_SORT_NONE)
        used = (size_t)snprintf(out, PANEL_NOTE_MAX, _("sort %s%s  "), node_sort_name(place->sort), place->reverse ? _(" reversed") : "");
    if (total > listed)
        snprintf(out + used, PANEL_NOTE_MAX - used, _("%" PRIu64 " of %" PRIu64), listed, total);
    else
        snprintf(out + used, PANEL_NOTE_MAX - used, "%s, %s", format_noun(s->peer_total, "peer", peers),
                 format_noun(s->lung.http_sources, "source", sources));
}

static const char *const peers_help[] = {
    N_("NAME     as the node calls itself, else its address"),
    N_("LUNG     p2p: a libp2p peer; http: a polled source"),
    N_("RTT      of the last good answer"),
    N_("POLLS    of a source; of a peer: messages of gossip that came from it"),
    N_("LAST OK, NEXT   time (UTC) of the last good answer and the next question"),
    N_("IN 60s, OUT 60s   bytes in each 5 s of the last minute, newest right; blank:"),
    N_("         not seen; lowest mark: none; highest: the row's most, at least 1 kB"),
    N_("ROOT     first digits of its root and a letter: =A as ours, !B !C others,"),
    N_("         ~A as ours but for keys that one side refuses,"),
    N_("         ? unknown or silent, with the age of the last answer"),
    N_("DIFF     differing keys and who has the news: THEIRS, OURS, BOTH"),
    N_("STATE    in step, healing, differs (for how long), or what failed; without a"),
    N_("         column NEXT: ! and when a source that failed is asked again"),
    N_("s sorts by name, rtt, in, state; S the other way round."),
    N_("Enter shows every detail of the selected line."),
    NULL,
};

const struct panel peers_panel = { .name = "peers",
                                   .title = N_("PEERS AND SOURCES"),
                                   .draw = peers_draw,
                                   .note = peers_note,
                                   .count = peers_count,
                                   .detail = peers_detail,
                                   .help = peers_help };
