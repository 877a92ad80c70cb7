/* peers.c - everybody this node compares itself with: P2P peers and HTTP sources in one table. */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>

#include "format.h"
#include "lung_view.h"
#include "nodes.h"
#include "panel.h"
#include "table.h"

enum { NAME, ADDRESS, LUNG, DIR, RTT, LAST_OK, NEXT, POLLS, IN, OUT, ROOT, DIFF, STATE, COLUMN_COUNT };

static const struct table_column columns[COLUMN_COUNT] = {
    [NAME] = { .title = "NAME", .width = 14, .rank = 0, .width_max = 18 },
    [ADDRESS] = { .title = "ADDRESS", .width = 26, .rank = 8, .width_max = 34 },
    [LUNG] = { .title = "LUNG", .width = 4, .rank = 4 },
    [DIR] = { .title = "DIR", .width = 3, .rank = 9 },
    [RTT] = { .title = "RTT", .width = 7, .rank = 5, .right = true },
    [LAST_OK] = { .title = "LAST OK", .width = 8, .rank = 3, .right = true },
    [NEXT] = { .title = "NEXT", .width = 8, .rank = 11, .right = true },
    [POLLS] = { .title = "POLLS", .width = 7, .rank = 12, .right = true },
    [IN] = { .title = "IN", .width = 8, .rank = 10, .right = true },
    [OUT] = { .title = "OUT", .width = 8, .rank = 10, .right = true },
    [ROOT] = { .title = "ROOT", .width = 12, .rank = 0 },
    [DIFF] = { .title = "DIFF", .width = 8, .rank = 1, .width_max = 10 },
    [STATE] = { .title = "STATE", .width = 12, .rank = 2, .width_max = 200 },
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
    table_draw_cell(table, area, DIR, y, STYLE_TEXT, "out");
    snprintf(text, sizeof(text), !s->known ? "-" : s->rtt_ms == 0 ? "<1 ms" : "%" PRIu32 " ms", s->rtt_ms);
    table_draw_cell(table, area, RTT, y, STYLE_TEXT, text);
    table_draw_cell(table, area, LAST_OK, y, s->ok_age_ms < 0 ? STYLE_UNKNOWN : STYLE_TEXT,
                    format_when(wall, s->ok_age_ms, text));
    table_draw_cell(table, area, NEXT, y, STYLE_TEXT,
                    s->next_ms < 0 ? "-" : format_when(wall + (uint64_t)s->next_ms, 0, text));
    table_draw_cell(table, area, POLLS, y, STYLE_TEXT, format_count(s->polls, text));
    table_draw_cell(table, area, IN, y, STYLE_TEXT, format_bytes(s->bytes_in, text));
    table_draw_cell(table, area, OUT, y, STYLE_TEXT, format_bytes(s->bytes_out, text));
}

static void
peer_cells(const struct panel_view *view, const struct snapshot_peer *p, const struct table *table,
           const struct area *area, int y)
{
    char text[FORMAT_MAX];

    (void)view;
    table_draw_cell(table, area, ADDRESS, y, STYLE_TEXT, p->address);
    table_draw_cell(table, area, LUNG, y, STYLE_TEXT, "p2p");
    table_draw_cell(table, area, DIR, y, STYLE_TEXT, !p->connected ? "-" : p->outbound ? "out" : "in");
    snprintf(text, sizeof(text),
             p->rtt_us < 0     ? "-"
             : p->rtt_us < 500 ? "<1 ms"
                               : "%" PRId64 " ms",
             (p->rtt_us + 500) / 1000);
    table_draw_cell(table, area, RTT, y, STYLE_TEXT, text);
    table_draw_cell(table, area, LAST_OK, y, STYLE_TEXT, p->live ? "now" : "-");
    table_draw_cell(table, area, NEXT, y, STYLE_TEXT, "-");
    table_draw_cell(table, area, POLLS, y, STYLE_TEXT, "-");
    table_draw_cell(table, area, IN, y, STYLE_TEXT, format_bytes(p->bytes_in, text));
    table_draw_cell(table, area, OUT, y, STYLE_TEXT, format_bytes(p->bytes_out, text));
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
    style = node_root_text(view->snapshot, row, text);
    table_draw_cell(table, area, ROOT, y, style, text);
    style = node_diff_text(row, text);
    table_draw_cell(table, area, DIFF, y, style, text);
    style = node_state_text(row, text);
    table_draw_cell(table, area, STATE, y, style, text);
}

static void
detail_line(const struct area *area, int y, const char *name, const char *text)
{
    area_text(area, 1, y, STYLE_COLUMN, name);
    area_text_cut(area, 11, y, area->cols - 12, STYLE_TEXT, text);
}

static void
source_detail(const struct panel_view *view, const struct snapshot_source *s, const struct area *area)
{
    uint64_t wall = view->snapshot->wall_ms;
    char text[256], a[FORMAT_MAX], b[FORMAT_MAX], c[FORMAT_MAX];

    snprintf(text, sizeof(text), "%s   %s, %s", s->url, s->lattice ? "lattice" : "v3.0.3 or not known yet",
             s->trusted ? "key trusted" : "key not trusted");
    detail_line(area, 0, "source", text);
    detail_line(area, 1, "root", s->root[0] ? s->root : "?");
    snprintf(text, sizeof(text), "ok %s, tried %s, next in %s, %" PRIu32 " failed in a row",
             format_when(wall, s->ok_age_ms, a), format_when(wall, s->try_age_ms, b),
             format_left(s->next_ms, c), s->failures);
    detail_line(area, 2, "polls", text);
    snprintf(text, sizeof(text), "%s in, %s out, %s announced", format_bytes(s->bytes_in, a),
             format_bytes(s->bytes_out, b), format_noun(s->count, "record", c));
    detail_line(area, 3, "traffic", text);
    detail_line(area, 4, "error", s->error[0] ? s->error : "none");
}

static void
peer_detail(const struct snapshot_peer *p, const struct area *area)
{
    char text[256], a[FORMAT_MAX], b[FORMAT_MAX];

    snprintf(text, sizeof(text), "%s   %s", p->id, p->agent);
    detail_line(area, 0, "peer", text);
    detail_line(area, 1, "root", p->root[0] ? p->root : "?");
    detail_line(area, 2, "address", p->address);
    snprintf(text, sizeof(text), "%s in, %s out", format_bytes(p->bytes_in, a),
             format_bytes(p->bytes_out, b));
    detail_line(area, 3, "traffic", text);
    detail_line(area, 4, "error", p->why_not[0] ? p->why_not : "none");
}

static void
draw_empty(const struct panel_view *view, const struct area *area)
{
    if (panel_place(view)->filter[0])
        area_text_cut(area, 1, 1, area->cols - 2, STYLE_TEXT, "nothing matches the filter (Esc clears it)");
    else
        area_text_cut(area, 1, 1, area->cols - 2, STYLE_TEXT,
                      "no peer known and no HTTP source configured: --peer MULTIADDR, --http-peer URL");
}

static void
peers_draw(const struct panel_view *view, const struct area *area)
{
    struct node_row rows[NODES_MAX];
    const struct panel_place *place = panel_place(view);
    int count = nodes_list(view->snapshot, place->filter, rows);
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
        if (view->focused && first + i == selected) {
            area_fill(area, 0, heads + i, 1, STYLE_TEXT, '>');
            area_restyle_row(area, heads + i, STYLE_SELECTED);
        }
    }
    if (detail) {
        struct area block = area_sub(area, 0, area->rows - DETAIL_ROWS + 1, area->cols, DETAIL_ROWS - 1);

        if (rows[selected].source)
            source_detail(view, rows[selected].source, &block);
        else
            peer_detail(rows[selected].peer, &block);
    }
}

static int
peers_count(const struct panel_view *view)
{
    struct node_row rows[NODES_MAX];

    return nodes_list(view->snapshot, panel_place(view)->filter, rows);
}

static void
peers_note(const struct panel_view *view, char out[PANEL_NOTE_MAX])
{
    const struct snapshot *s = view->snapshot;
    uint64_t total = (uint64_t)s->peer_total + s->lung.http_sources,
             listed = (uint64_t)s->peer_count + s->source_count;
    char peers[FORMAT_MAX], sources[FORMAT_MAX];

    if (total > listed)
        snprintf(out, PANEL_NOTE_MAX, "%" PRIu64 " of %" PRIu64, listed, total);
    else
        snprintf(out, PANEL_NOTE_MAX, "%s, %s", format_noun(s->peer_total, "peer", peers),
                 format_noun(s->lung.http_sources, "source", sources));
}

static const char *const peers_help[] = {
    "NAME     as the node calls itself, else its address",
    "LUNG     p2p: a libp2p peer; http: a polled source",
    "RTT      of the last good answer",
    "LAST OK, NEXT   time (UTC) of the last good answer and the next question",
    "ROOT     first digits of its root and a letter: =A as ours, !B !C others,",
    "         ? unknown or silent, with the age of the last answer",
    "DIFF     differing keys and who has the news: THEIRS, OURS, BOTH",
    "STATE    in step, healing, differs (for how long), or what failed",
    "Enter or z shows every detail of the selected line.",
    NULL,
};

const struct panel peers_panel = { .name = "peers",
                                   .title = "PEERS AND SOURCES",
                                   .draw = peers_draw,
                                   .note = peers_note,
                                   .count = peers_count,
                                   .help = peers_help };
