/*
 * trust_set.h - a set of trusted keys that jobs on other threads share: counted, never changed after it was made. Any thread.
 */
#ifndef LAT_NODE_TRUST_SET_H
#define LAT_NODE_TRUST_SET_H

#include <stdatomic.h>

#include "state/trust.h"

struct trust_set {
    atomic_uint references;
    struct trust trust;
};

/* A copy, with one reference. NULL: out of memory. */
struct trust_set *trust_set_new(const struct trust *trust);

/* Returns its argument. */
struct trust_set *trust_set_ref(struct trust_set *set);
void trust_set_unref(struct trust_set *set); /* NULL is fine */

#endif
