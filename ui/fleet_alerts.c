/* fleet_alerts.c - what is wrong with any node, in one list. */
#include "config.h"

#include "fleet.h"

#include <stdio.h>

#include "format.h"
#include "i18n.h"
#include "words.h"

/* The n-th of a row; false: there are no more. An unreached node has one: its old alerts say nothing about now. */
static bool
alert_of(const struct fleet_row *row, const struct fleet_model *model, uint32_t n, struct fleet_alert *out)
{
    const struct snapshot *s = row->snapshot;

    *out = (struct fleet_alert){ .row = row };
    if (row->rank == FLEET_UNREACHED) {
        out->seen = model->memory[row->index].silence_seen && row->link.question == 0;
        return n == 0 && (row->link.error[0] || row->link.question || row->link.state == LINK_STALE);
    }
    if (s == NULL || n >= s->alert_count || n >= SNAPSHOT_ALERTS_MAX)
        return false;
    out->alert = &s->alerts[n];
    out->alarm = out->alert->severity == ALERT_ALARM;
    out->seen = acks_have(&model->memory[row->index].acks, s, out->alert);
    return true;
}

int
fleet_alerts(const struct fleet_view *view, const struct fleet_model *model, struct fleet_alert out[FLEET_ALERTS_MAX])
{
    int count = 0;

    for (int pass = 0; pass < 4; pass++)
        for (int i = 0; i < view->count; i++) {
            struct fleet_alert alert;

            for (uint32_t n = 0; count < FLEET_ALERTS_MAX && alert_of(&view->rows[i], model, n, &alert); n++)
                if (alert.seen == (pass >= 2) && alert.alarm == (pass % 2 == 0))
                    out[count++] = alert;
        }
    return count;
}

void
fleet_alert_text(const struct fleet_alert *alert, char out[FLEET_TEXT_MAX])
{
    const struct fleet_row *row = alert->row;
    const char *seen = alert->seen ? _(" (seen)") : "", *name = row->name;
    char words[WORDS_MAX], when[FORMAT_MAX], since[FORMAT_MAX + 24] = "";

    if (alert->alert == NULL) {
        snprintf(out, FLEET_TEXT_MAX, "%.60s: %.150s%s", name,
                 row->link.question ? row->link.question_text : row->link.error[0] ? row->link.error : _("nothing is heard from it"), seen);
        return;
    }
    if (alert->alert->since_ms >= 0)
        snprintf(since, sizeof(since), _(", since %s%s"), format_when(row->snapshot->wall_ms, alert->alert->since_ms, when), seen);
    snprintf(out, FLEET_TEXT_MAX, "%s %.60s: %.160s%s", alert->alert->code, name, words_of_alert(alert->alert, words), since);
}

bool
fleet_acknowledge(struct fleet_model *model, const struct fleet_view *view, bool all)
{
    struct fleet_alert alerts[FLEET_ALERTS_MAX];
    int count = fleet_alerts(view, model, alerts);
    bool done = false;

    for (int i = 0; i < count && (all || !done); i++) {
        struct fleet_memory *memory = &model->memory[alerts[i].row->index];

        if (alerts[i].seen)
            continue;
        if (alerts[i].alert)
            done |= acks_add(&memory->acks, alerts[i].row->snapshot, alerts[i].alert);
        else if (alerts[i].row->link.question == 0)
            done = memory->silence_seen = true;
    }
    return done;
}
