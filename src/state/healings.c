#include "config.h"

#include "state/healings.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/text.h"

struct healings {
    pthread_mutex_t lock;
    uint64_t total;
    struct healing rows[HEALINGS_MAX]; /* number n stands at n % HEALINGS_MAX */
};

struct healings *
healings_new(void)
{
    struct healings *healings = calloc(1, sizeof(*healings));

    if (healings)
        pthread_mutex_init(&healings->lock, NULL);
    return healings;
}

void
healings_free(struct healings *healings)
{
    if (healings == NULL)
        return;
    pthread_mutex_destroy(&healings->lock);
    free(healings);
}

void
healings_add(struct healings *healings, const struct healing *healing)
{
    pthread_mutex_lock(&healings->lock);
    healings->rows[healings->total++ % HEALINGS_MAX] = *healing;
    pthread_mutex_unlock(&healings->lock);
}

size_t
healings_recent(struct healings *healings, struct healing *out, size_t max, uint64_t *total)
{
    size_t count;

    pthread_mutex_lock(&healings->lock);
    *total = healings->total;
    count = *total < HEALINGS_MAX ? (size_t)*total : HEALINGS_MAX;
    if (count > max)
        count = max;
    for (size_t i = 0; i < count; i++)
        out[i] = healings->rows[(*total - 1 - i) % HEALINGS_MAX];
    pthread_mutex_unlock(&healings->lock);
    return count;
}

void
healing_of(const struct heal *heal, uint64_t wall_ms, uint64_t now_ms, struct healing *out)
{
    *out = (struct healing){ .way = heal_tier_name(heal->tier),
                             .result = heal_end_name(heal->end),
                             .began_ms = wall_ms - (now_ms - heal->begun_ms),
                             .took_ms = heal->ended_ms - heal->begun_ms,
                             .bytes = heal->bytes,
                             .taken = heal->session_applied,
                             .given = heal->session_given,
                             .refused = heal->refused };
    lat_copy(out->why, sizeof(out->why), heal->why.text);
}
