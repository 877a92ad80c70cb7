#include "config.h"

#include "acks.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"

#define SAME_BEGINNING_MS 5000 /* two snapshots may place the beginning of one alert this far apart */

static struct acknowledged
identify(const struct snapshot *snapshot, const struct snapshot_alert *alert)
{
    struct acknowledged ack = { .began_ms = snapshot->mono_ms };
    const char *subject =
        alert->text + strspn(alert->text, "0123456789"); /* "5 records ..." stays itself as 6 */

    lat_copy(ack.code, sizeof(ack.code), alert->code);
    snprintf(ack.subject, sizeof(ack.subject), "%.*s", (int)strcspn(subject, ":"), subject);
    if (alert->since_ms > 0 && (uint64_t)alert->since_ms < ack.began_ms)
        ack.began_ms -= (uint64_t)alert->since_ms;
    return ack;
}

static bool
same_alert(const struct acknowledged *a, const struct acknowledged *b)
{
    uint64_t apart = a->began_ms > b->began_ms ? a->began_ms - b->began_ms : b->began_ms - a->began_ms;

    return apart <= SAME_BEGINNING_MS && strcmp(a->code, b->code) == 0 && strcmp(a->subject, b->subject) == 0;
}

bool
acks_may(const struct snapshot_alert *alert)
{
    return strcmp(alert->code, "M1") != 0;
}

bool
acks_have(const struct acks *acks, const struct snapshot *snapshot, const struct snapshot_alert *alert)
{
    struct acknowledged wanted;

    if (acks->count == 0 || !acks_may(alert))
        return false;
    wanted = identify(snapshot, alert);
    for (int i = 0; i < acks->count; i++)
        if (same_alert(&acks->list[i], &wanted))
            return true;
    return false;
}

bool
acks_add(struct acks *acks, const struct snapshot *snapshot, const struct snapshot_alert *alert)
{
    if (!acks_may(alert) || acks_have(acks, snapshot, alert) || acks->count == SNAPSHOT_ALERTS_MAX)
        return false;
    acks->list[acks->count++] = identify(snapshot, alert);
    return true;
}

void
acks_prune(struct acks *acks, const struct snapshot *snapshot)
{
    int kept = 0;

    for (int a = 0; a < acks->count; a++) {
        bool lives = false;

        for (uint32_t i = 0; i < snapshot->alert_count && !lives; i++) {
            struct acknowledged alert = identify(snapshot, &snapshot->alerts[i]);

            lives = same_alert(&acks->list[a], &alert);
        }
        if (lives)
            acks->list[kept++] = acks->list[a];
    }
    acks->count = kept;
}
