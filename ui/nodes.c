#include "config.h"

#include "nodes.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "filter.h"
#include "format.h"
#include "i18n.h"
#include "words.h"

#define ROOT_SHOWN 8 /* hex digits */

/* One row has the letter of another one with the same root, else the next free one. */
static void
give_letter(struct node_row *rows, int count, struct node_row *row, char *next)
{
    for (int i = 0; i < count; i++)
        if (&rows[i] != row && rows[i].letter >= 'B' && strcmp(rows[i].stand->root, row->stand->root) == 0) {
            row->letter = rows[i].letter;
            return;
        }
    row->letter = *next;
    if (*next < 'Z')
        (*next)++;
}

static bool
differs(const struct snapshot_stand *stand)
{
    return agreement_is_open(stand->agreement) && !stand_is_overtaken(stand);
}

static void
give_letters(struct node_row *rows, int count)
{
    char next = 'B';

    for (int i = 0; i < count; i++)
        rows[i].letter = rows[i].stand->agreement == AGREE_EQUAL || rows[i].stand->agreement == AGREE_BUT ? 'A' : '?';
    for (;;) {
        struct node_row *oldest = NULL;

        for (int i = 0; i < count; i++)
            if (rows[i].letter == '?' && rows[i].stand->root[0] && differs(rows[i].stand) &&
                (oldest == NULL || rows[i].stand->differs_ms > oldest->stand->differs_ms))
                oldest = &rows[i];
        if (oldest == NULL)
            break;
        give_letter(rows, count, oldest, &next);
    }
}

static int
all_rows(const struct snapshot *snapshot, struct node_row rows[NODES_MAX])
{
    int count = 0;

    for (uint32_t i = 0; i < snapshot->peer_count && i < SNAPSHOT_PEERS_MAX; i++) {
        const struct snapshot_peer *p = &snapshot->peers[i];

        rows[count++] = (struct node_row){
            .peer = p, .name = p->name[0] ? p->name : p->id, .stand = &p->stand, .traffic = &p->traffic
        };
    }
    for (uint32_t i = 0; i < snapshot->source_count && i < SNAPSHOT_SOURCES_MAX; i++) {
        const struct snapshot_source *s = &snapshot->sources[i];

        rows[count++] = (struct node_row){
            .source = s, .name = s->name[0] ? s->name : s->url, .stand = &s->stand, .traffic = &s->traffic
        };
    }
    give_letters(rows, count);
    return count;
}

static bool
passes(const struct filter *filter, const struct node_row *row)
{
    char text[1024], state[NODE_TEXT_MAX];

    node_state_text(row, state);
    snprintf(text, sizeof(text), "%s %s %s %s %s", row->name,
             row->source ? row->source->url : row->peer->address, row->source ? "http" : "p2p", row->stand->root,
             state);
    return filter_passes(filter, text);
}

int
nodes_list(const struct snapshot *snapshot, const char *filter_text, struct node_row rows[NODES_MAX])
{
    struct filter filter;
    int count = all_rows(snapshot, rows), kept = 0;

    if (filter_text[0] == 0 || filter_parse(filter_text, &filter, NULL))
        return count;
    for (int i = 0; i < count; i++)
        if (passes(&filter, &rows[i]))
            rows[kept++] = rows[i];
    return kept;
}

static int
by_figures(uint64_t a, uint64_t b)
{
    return a < b ? -1 : a > b;
}

static uint64_t
rtt_of(const struct node_row *row)
{
    if (row->source)
        return row->source->known ? UINT64_C(1000) * row->source->rtt_ms : UINT64_MAX;
    return row->peer->rtt_us < 0 ? UINT64_MAX : (uint64_t)row->peer->rtt_us;
}

/* The worst has the lowest. */
static unsigned
health(const struct node_row *row)
{
    if (differs(row->stand))
        return 0;
    return row->stand->agreement == AGREE_UNKNOWN || stand_is_overtaken(row->stand) ? 1 : 2;
}

static int
compare(const struct node_row *a, const struct node_row *b, enum node_sort sort)
{
    switch (sort) {
    case NODE_SORT_NAME:
        return strcmp(a->name, b->name);
    case NODE_SORT_RTT:
        return by_figures(rtt_of(a), rtt_of(b));
    case NODE_SORT_IN:
        return by_figures(b->traffic->bytes_in, a->traffic->bytes_in);
    case NODE_SORT_STATE:
        return by_figures(health(a), health(b));
    case NODE_SORT_NONE:
    case NODE_SORT_COUNT:
        break;
    }
    return 0;
}

/* By insertion: at most NODES_MAX rows, nearly in order, and equal ones keep their places. */
void
nodes_sort(struct node_row *rows, int count, enum node_sort sort, bool reverse)
{
    for (int i = 1; i < count; i++) {
        struct node_row row = rows[i];
        int at = i;

        for (; at > 0; at--) {
            int order = compare(&rows[at - 1], &row, sort);

            if (reverse ? order >= 0 : order <= 0)
                break;
            rows[at] = rows[at - 1];
        }
        rows[at] = row;
    }
}

const char *
node_sort_name(enum node_sort sort)
{
    static const char *const names[NODE_SORT_COUNT] = { "", N_("name"), N_("rtt"), N_("in"), N_("state") };

    return sort == NODE_SORT_NONE ? "" : _(names[sort]);
}

enum style
node_root_text(const struct snapshot *snapshot, const struct node_row *row, char out[NODE_TEXT_MAX])
{
    int64_t age = row->source ? row->source->ok_age_ms : row->peer->heard_ms;
    char span[FORMAT_MAX];

    (void)snapshot;
    if (row->letter == '?') {
        if (age >= 0)
            snprintf(out, NODE_TEXT_MAX, _("? %s ago"), format_span(age, span));
        else
            snprintf(out, NODE_TEXT_MAX, "?");
        return STYLE_UNKNOWN;
    }
    snprintf(out, NODE_TEXT_MAX, "%-*.*s %c%c", ROOT_SHOWN, ROOT_SHOWN, row->stand->root,
             row->stand->agreement == AGREE_BUT ? '~' : row->letter == 'A' ? '=' : '!', row->letter);
    return row->letter == 'A' ? STYLE_GOOD : STYLE_ATTENTION;
}

/* Which side has the news, by the keys that are named. */
static const char *
direction(const struct snapshot_stand *stand)
{
    bool theirs = false, ours = false;

    for (uint32_t i = 0; i < stand->key_count && i < SNAPSHOT_KEYS_MAX; i++) {
        enum key_difference d = stand->keys[i].difference;

        theirs |= d == KEY_THEIRS_NEWER || d == KEY_ONLY_THEIRS || d == KEY_REFUSED;
        ours |= d == KEY_OURS_NEWER || d == KEY_ONLY_OURS;
    }
    if (theirs && ours)
        return _("BOTH");
    if (theirs)
        return _("THEIRS");
    return ours ? _("OURS") : _("keys");
}

enum style
node_diff_text(const struct node_row *row, char out[NODE_TEXT_MAX])
{
    const struct snapshot_stand *stand = row->stand;

    if (row->stand->agreement == AGREE_EQUAL) {
        snprintf(out, NODE_TEXT_MAX, _("same"));
        return STYLE_TEXT;
    }
    if (row->stand->agreement == AGREE_UNKNOWN || stand_is_overtaken(row->stand)) {
        snprintf(out, NODE_TEXT_MAX, "?");
        return STYLE_UNKNOWN;
    }
    if (row->stand->agreement == AGREE_BUT) {
        snprintf(out, NODE_TEXT_MAX, _("same but"));
        return STYLE_TEXT;
    }
    if (stand->differs_ms >= 0 && stand->key_total > 0)
        snprintf(out, NODE_TEXT_MAX, "%" PRIu32 " %s", stand->key_total, direction(stand));
    else
        snprintf(out, NODE_TEXT_MAX, _("differs"));
    return STYLE_ATTENTION;
}

/* The word for how far it agrees; equal: what is said of one that does. */
static enum style
agreement_state(const struct node_row *row, const char *equal, const char *unknown, char out[NODE_TEXT_MAX])
{
    const struct snapshot_stand *stand = row->stand;
    char span[FORMAT_MAX], words[WORDS_MAX];

    switch (row->stand->agreement) {
    case AGREE_HEALING:
        snprintf(out, NODE_TEXT_MAX, _("healing %" PRIu32 " %%"), stand->heal_percent);
        return STYLE_FALLBACK;
    case AGREE_HELD:
        snprintf(out, NODE_TEXT_MAX, "%s", stand->error[0] ? words_of_node(stand->error, words) : _("held"));
        return STYLE_ATTENTION;
    case AGREE_INCOMPATIBLE:
        snprintf(out, NODE_TEXT_MAX, _("incompatible"));
        return STYLE_ATTENTION;
    case AGREE_BUT:
        snprintf(out, NODE_TEXT_MAX, "%s", words_of_node(stand->error, words));
        return STYLE_TEXT;
    case AGREE_DIFFERS:
        if (stand_is_overtaken(stand))
            break;
        snprintf(out, NODE_TEXT_MAX, _("differs %s"), format_span(stand->differs_ms, span));
        return STYLE_ATTENTION;
    case AGREE_EQUAL:
        snprintf(out, NODE_TEXT_MAX, "%s", equal);
        return STYLE_TEXT;
    case AGREE_UNKNOWN:
        break;
    }
    snprintf(out, NODE_TEXT_MAX, "%s", unknown);
    return STYLE_UNKNOWN;
}

static enum style
source_state(const struct node_row *row, char out[NODE_TEXT_MAX])
{
    const struct snapshot_source *s = row->source;
    char words[WORDS_MAX], asked[FORMAT_MAX + 24], span[FORMAT_MAX];

    if (s->stand.error[0] && s->failures > 0) {
        snprintf(out, NODE_TEXT_MAX, "%s", words_of_node(s->stand.error, words));
        return STYLE_ATTENTION;
    }
    if (s->known && s->next_ms >= 0)
        snprintf(asked, sizeof(asked), _("asked in %s"), format_span(s->next_ms, span));
    else
        snprintf(asked, sizeof(asked), "%s", s->known ? _("waiting") : _("not asked yet"));
    return agreement_state(row, s->trusted ? _("in step") : _("in step, key not trusted"), asked, out);
}

static enum style
peer_state(const struct node_row *row, char out[NODE_TEXT_MAX])
{
    const struct snapshot_peer *p = row->peer;
    char words[WORDS_MAX];

    if (!p->live && p->why_not[0]) {
        snprintf(out, NODE_TEXT_MAX, "%s", words_of_node(p->why_not, words));
        return STYLE_ATTENTION;
    }
    if (!p->live) {
        snprintf(out, NODE_TEXT_MAX, p->connected ? _("not live") : _("not connected"));
        return STYLE_UNKNOWN;
    }
    return agreement_state(row, p->in_mesh ? _("live, in the mesh") : _("live"), _("live"), out);
}

enum style
node_state_text(const struct node_row *row, char out[NODE_TEXT_MAX])
{
    return row->source ? source_state(row, out) : peer_state(row, out);
}

const char *
node_agreement_word(enum agreement agreement)
{
    static const char *const words[AGREE_COUNT] = {
        [AGREE_UNKNOWN] = N_("unknown"), [AGREE_EQUAL] = N_("equal"),  [AGREE_DIFFERS] = N_("differs"),
        [AGREE_HEALING] = N_("healing"), [AGREE_HELD] = N_("held"),    [AGREE_BUT] = N_("same but"),
        [AGREE_INCOMPATIBLE] = N_("incompatible"),
    };

    return _(words[agreement]);
}
