#include "config.h"

#include "fleet.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "i18n.h"
#include "link_label.h"

/* --- letters -------------------------------------------------------------------------------------------- */

/* Trie roots where both have one, else the flat roots, which a v3.0.3 node has too. */
static bool
same_root(const struct snapshot *a, const struct snapshot *b)
{
    if (a->state.root[0] && b->state.root[0])
        return strcmp(a->state.root, b->state.root) == 0;
    return a->state.merkle_root[0] && strcmp(a->state.merkle_root, b->state.merkle_root) == 0;
}

static bool
has_root(const struct snapshot *s)
{
    return s && (s->state.root[0] || s->state.merkle_root[0]);
}

static int
count_same(const struct fleet_row *rows, int count, const struct fleet_row *row)
{
    int same = 0;

    for (int i = 0; i < count; i++)
        same += has_root(rows[i].snapshot) && same_root(rows[i].snapshot, row->snapshot);
    return same;
}

/* A for the root that most have (the first one's where two are even), then B, C by the order of the fleet. */
static void
give_letters(struct fleet_row *rows, int count)
{
    char next = 'B';
    int most = -1, best = 0;

    for (int i = 0; i < count; i++) {
        int same = has_root(rows[i].snapshot) ? count_same(rows, count, &rows[i]) : 0;

        if (same > best) {
            best = same;
            most = i;
        }
    }
    for (int i = 0; i < count; i++) {
        rows[i].letter = '?';
        if (!has_root(rows[i].snapshot))
            continue;
        if (same_root(rows[i].snapshot, rows[most].snapshot))
            rows[i].letter = 'A';
        for (int k = 0; k < i && rows[i].letter == '?'; k++)
            if (has_root(rows[k].snapshot) && same_root(rows[i].snapshot, rows[k].snapshot))
                rows[i].letter = rows[k].letter;
        if (rows[i].letter == '?')
            rows[i].letter = next < 'Z' ? next++ : 'Z';
    }
}

/* --- rows ----------------------------------------------------------------------------------------------- */

/* privacy: where a node is stays here. */
static void
name_row(struct fleet_row *row, bool privacy)
{
    const char *own = row->snapshot ? row->snapshot->name : "", *via = row->node->source.via, *host = strstr(via, "://");

    if (row->node->name[0] || own[0])
        lat_copy(row->name, sizeof(row->name), row->node->name[0] ? row->node->name : own);
    else if (!privacy)
        lat_copy(row->name, sizeof(row->name), host ? host + 3 : via);
    else
        snprintf(row->name, sizeof(row->name), _("node %d"), row->index + 1);
}

uint64_t
fleet_now_ms(const struct fleet_model *model)
{
    return model->frozen ? model->frozen_ms : model->now_ms;
}

static enum fleet_rank
rank_of(const struct fleet_row *row)
{
    int condition = row->snapshot ? snapshot_condition(row->snapshot) : 0;

    if (row->snapshot && row->link.state == LINK_LIVE)
        return condition == 2 ? FLEET_ALARM : condition == 1 || row->letter != 'A' ? FLEET_ATTENTION : FLEET_FINE;
    return FLEET_UNREACHED;
}

static void
note_lag(struct fleet_row *row, struct fleet_model *model)
{
    uint64_t *since = &model->memory[row->index].differs_ms;

    if (row->letter == 'A' || row->letter == '?')
        *since = 0;
    else if (*since == 0)
        *since = fleet_now_ms(model);
    row->lag_ms = *since ? (int64_t)(fleet_now_ms(model) - *since) : -1;
}

/* What was seen of an alert counts until its cause ends. */
static void
prune(const struct fleet_row *row, struct fleet_memory *memory)
{
    if (row->rank != FLEET_UNREACHED) {
        acks_prune(&memory->acks, row->snapshot);
        memory->silence_seen = false;
    }
}

static int
by_rank(const void *a, const void *b)
{
    const struct fleet_row *x = a, *y = b;

    return x->rank != y->rank ? (int)x->rank - (int)y->rank : x->index - y->index;
}

static bool
passes(const struct filter *filter, const struct fleet_row *row)
{
    char text[1024], words[LINK_LABEL_MAX];

    snprintf(text, sizeof(text), "%s %s %s %s %s %s %c", row->node->name, row->node->tags, row->node->source.via,
             row->snapshot ? row->snapshot->name : "", row->snapshot ? lung_state_name(row->snapshot->lung.state) : "",
             link_label(&row->link, 0, words), row->letter);
    return filter_passes(filter, text);
}

static void
keep_passing(const char *text, struct fleet_view *view)
{
    struct filter filter;
    int kept = 0;

    if (text[0] == 0 || filter_parse(text, &filter, NULL))
        return;
    for (int i = 0; i < view->count; i++)
        if (passes(&filter, &view->rows[i]))
            view->rows[kept++] = view->rows[i];
    view->count = kept;
}

int
fleet_place(const struct fleet_view *view, const struct fleet_model *model)
{
    for (int i = 0; i < view->count; i++)
        if (view->rows[i].index == model->selected)
            return i;
    return 0;
}

const struct fleet_row *
fleet_selected(const struct fleet_view *view, const struct fleet_model *model)
{
    return view->count > 0 ? &view->rows[fleet_place(view, model)] : NULL;
}

static void
keep_selection(struct fleet_model *model, const struct fleet_view *view)
{
    const struct fleet_row *row = fleet_selected(view, model);

    if (row)
        model->selected = row->index;
}

void
fleet_look(const struct fleet *fleet, const struct snapshot *const *snapshots, const struct link_status *links,
           struct fleet_model *model, struct fleet_view *view)
{
    uint64_t now_ms = fleet_now_ms(model);

    *view = (struct fleet_view){ .count = fleet->count, .total = fleet->count };
    for (int i = 0; i < fleet->count; i++) {
        const struct snapshot *s = snapshots[i];

        view->rows[i] = (struct fleet_row){ .index = i, .node = &fleet->nodes[i], .snapshot = s, .link = links[i],
                                            .age_ms = s ? (int64_t)(now_ms - s->mono_ms) : -1 };
        if (s && s->mono_ms > now_ms)
            view->rows[i].age_ms = 0;
        name_row(&view->rows[i], model->settings.privacy);
    }
    fleet_follow_question(model, links);
    give_letters(view->rows, view->count);
    for (int i = 0; i < view->count; i++) {
        struct fleet_row *row = &view->rows[i];
        bool live = row->link.state == LINK_LIVE; /* what a silent node held once is no agreement now */

        row->rank = rank_of(row);
        note_lag(row, model);
        prune(row, &model->memory[row->index]);
        view->letters[i] = live ? row->letter : '?';
        view->live += live;
        view->agree += live && row->letter == 'A';
    }
    qsort(view->rows, (size_t)view->count, sizeof(view->rows[0]), by_rank);
    keep_passing(model->filter, view);
    keep_selection(model, view);
}
