#include "config.h"

#include "node/trust_set.h"

#include <stdlib.h>

struct trust_set *
trust_set_new(const struct trust *trust)
{
    struct trust_set *set = malloc(sizeof(*set));

    if (set) {
        atomic_init(&set->references, 1);
        set->trust = *trust;
    }
    return set;
}

struct trust_set *
trust_set_ref(struct trust_set *set)
{
    atomic_fetch_add(&set->references, 1);
    return set;
}

void
trust_set_unref(struct trust_set *set)
{
    if (set && atomic_fetch_sub(&set->references, 1) == 1)
        free(set);
}
