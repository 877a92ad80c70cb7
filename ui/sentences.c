#include "config.h"

#include "sentences.h"

#include <inttypes.h>
#include <string.h>

#include "format.h"
#include "i18n.h"
#include "keymap.h"
#include "lung_view.h"
#include "nodes.h"
#include "words.h"
#include "view/tally.h"

#define EVENTS_SAID 10

/* The time of day in front of each sentence about a change. */
static void
stamp(const struct snapshot *s, FILE *out)
{
    char time[FORMAT_MAX];

    fprintf(out, "%s ", format_when(s->wall_ms, 0, time));
}

static void
say_lungs(const struct snapshot *s, FILE *out)
{
    char label[LUNG_LABEL_MAX], line[LUNG_LINE_MAX];

    fprintf(out, _("Lungs: %s. %s.\n"), lung_label(&s->lung, label), lung_line(s, keymap_default(), line));
}

static void
say_agreement(const struct snapshot *s, FILE *out)
{
    struct snapshot_tally tally = snapshot_tally(s);
    char keys[FORMAT_MAX];

    fprintf(out, _("State: root %.8s, %s; %d of %d agree, %d differ, %d unknown.\n"), s->state.root[0] ? s->state.root : _("unknown"),
            format_noun(s->state.keys, "key", keys), tally.same, tally.total, tally.differ, tally.unknown);
}

void
sentences_of_state(const struct snapshot *s, FILE *out)
{
    char up[FORMAT_MAX];

    fprintf(out, _("Node %s, up %s.\n"), s->name, format_uptime(s->uptime_ms, up));
    say_lungs(s, out);
    say_agreement(s, out);
}

/* --- changes ------------------------------------------------------------------------------------------- */

static bool
has_alert(const struct snapshot *s, const struct snapshot_alert *alert)
{
    for (uint32_t i = 0; i < s->alert_count; i++)
        if (strcmp(s->alerts[i].code, alert->code) == 0 && strcmp(s->alerts[i].text, alert->text) == 0)
            return true;
    return false;
}

static void
say_alert(const char *word, const struct snapshot_alert *alert, FILE *out)
{
    char words[WORDS_MAX];

    fprintf(out, "%s %s: %s.\n", word, alert->code, words_of_alert(alert, words));
}

static void
alerts_changed(const struct snapshot *before, const struct snapshot *now, FILE *out)
{
    for (uint32_t i = 0; i < now->alert_count; i++)
        if (!has_alert(before, &now->alerts[i])) {
            stamp(now, out);
            say_alert(now->alerts[i].severity == ALERT_ALARM ? _("ALARM") : _("Alert"), &now->alerts[i], out);
        }
    for (uint32_t i = 0; i < before->alert_count; i++)
        if (!has_alert(now, &before->alerts[i])) {
            stamp(now, out);
            say_alert(_("Ended"), &before->alerts[i], out);
        }
}

/* The seconds at which the rest of a countdown is said. */
static void
countdown_moved(const struct snapshot *before, const struct snapshot *now, FILE *out)
{
    static const int64_t marks[] = { 45000, 30000, 15000, 10000, 5000 };
    char left[FORMAT_MAX];

    for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++)
        if (now->lung.fallback_in_ms > 0 && now->lung.fallback_in_ms <= marks[i] && before->lung.fallback_in_ms > marks[i]) {
            stamp(now, out);
            fprintf(out, now->lung.http_sources > 0 ? _("HTTP takes over in %s.\n") : _("Cut off in %s: no HTTP source is configured.\n"),
                    format_left(now->lung.fallback_in_ms, left));
            return;
        }
}

static const struct node_row *
find_row(const struct node_row *rows, int count, const struct node_row *wanted)
{
    for (int i = 0; i < count; i++)
        if ((rows[i].source != NULL) == (wanted->source != NULL) && strcmp(rows[i].name, wanted->name) == 0)
            return &rows[i];
    return NULL;
}

static void
say_node(const struct node_row *row, FILE *out)
{
    char diff[NODE_TEXT_MAX], state[NODE_TEXT_MAX];

    node_diff_text(row, diff);
    node_state_text(row, state);
    fprintf(out, "%s %s: %s, %s.\n", row->source ? _("Source") : _("Peer"), row->name, state,
            row->stand->agreement == AGREE_UNKNOWN ? _("root unknown") : diff);
}

static void
nodes_changed(const struct snapshot *before, const struct snapshot *now, FILE *out)
{
    struct node_row old[NODES_MAX], fresh[NODES_MAX];
    int old_count = nodes_list(before, "", old), count = nodes_list(now, "", fresh);

    for (int i = 0; i < count; i++) {
        const struct node_row *was = find_row(old, old_count, &fresh[i]);

        if (was && was->stand->agreement == fresh[i].stand->agreement &&
            (was->peer == NULL || fresh[i].peer == NULL || was->peer->live == fresh[i].peer->live))
            continue;
        stamp(now, out);
        say_node(&fresh[i], out);
    }
    for (int i = 0; i < old_count; i++)
        if (find_row(fresh, count, &old[i]) == NULL) {
            stamp(now, out);
            fprintf(out, _("%s %s is gone.\n"), old[i].source ? _("Source") : _("Peer"), old[i].name);
        }
}

void
sentences_of_change(const struct snapshot *before, const struct snapshot *now, FILE *out)
{
    if (before == NULL) {
        sentences_of_state(now, out);
        sentences_of_alerts(now, out);
        return;
    }
    if (before->lung.state != now->lung.state || before->lung.peers_live != now->lung.peers_live) {
        stamp(now, out);
        say_lungs(now, out);
    }
    countdown_moved(before, now, out);
    alerts_changed(before, now, out);
    nodes_changed(before, now, out);
    if (strcmp(before->state.root, now->state.root) != 0) {
        stamp(now, out);
        say_agreement(now, out);
    }
}

/* --- answers ------------------------------------------------------------------------------------------- */

void
sentences_of_peers(const struct snapshot *s, FILE *out)
{
    struct node_row rows[NODES_MAX];
    int count = nodes_list(s, "", rows);

    if (count == 0)
        fprintf(out, _("No peer is known and no source is configured.\n"));
    for (int i = 0; i < count; i++)
        say_node(&rows[i], out);
}

static void
say_key(const struct snapshot_key *key, FILE *out)
{
    static const char *const who[] = { [KEY_THEIRS_NEWER] = N_("theirs is newer"), [KEY_OURS_NEWER] = N_("ours is newer"),
                                       [KEY_ONLY_THEIRS] = N_("only they have it"), [KEY_ONLY_OURS] = N_("only we have it"),
                                       [KEY_REFUSED] = N_("refused") };

    fprintf(out, _("  Key %s: %s.\n"), key->key, _(who[key->difference]));
}

void
sentences_of_divergence(const struct snapshot *s, FILE *out)
{
    struct node_row rows[NODES_MAX];
    const struct snapshot_stand *h;
    int count = nodes_list(s, "", rows), open = 0;

    for (int i = 0; i < count; i++) {
        if (rows[i].stand->agreement == AGREE_EQUAL || rows[i].stand->agreement == AGREE_UNKNOWN)
            continue;
        open++;
        say_node(&rows[i], out);
        h = rows[i].stand;
        for (uint32_t k = 0; k < h->key_count && k < SNAPSHOT_KEYS_MAX; k++)
            say_key(&h->keys[k], out);
    }
    if (open == 0)
        fprintf(out, _("Nobody who was heard has another root.\n"));
}

void
sentences_of_events(const struct snapshot *s, FILE *out)
{
    uint32_t first = s->event_count > EVENTS_SAID ? s->event_count - EVENTS_SAID : 0;
    char time[FORMAT_MAX];

    for (uint32_t i = first; i < s->event_count; i++)
        fprintf(out, "%s %s: %s\n", format_when(s->events[i].wall_ms, 0, time), lat_level_name(s->events[i].level),
                s->events[i].text);
    if (s->event_count == 0)
        fprintf(out, _("No events yet.\n"));
}

void
sentences_of_alerts(const struct snapshot *s, FILE *out)
{
    for (uint32_t i = 0; i < s->alert_count; i++)
        say_alert(s->alerts[i].severity == ALERT_ALARM ? _("ALARM") : _("Alert"), &s->alerts[i], out);
    if (s->alert_count == 0)
        fprintf(out, _("No alerts.\n"));
}
