/*
 * sync_world.h - a small world for tests of healing: one network, four authors, records by the handful, and
 * an applier that gives verdicts by the definition of WIRE section 6, on a state in memory.
 */
#ifndef TESTS_SUPPORT_SYNC_WORLD_H
#define TESTS_SUPPORT_SYNC_WORLD_H

#include "support/memory_view.h"

#define WORLD_NOW_MS UINT64_C(1700000000000)
#define WORLD_AUTHORS 4

struct sync_world {
    struct network network;
    struct key *keys[WORLD_AUTHORS];
    struct trust trust; /* own key 0, trusts keys 1 and 3; 2 is a stranger */
};

void world_init(struct sync_world *world);
void world_fini(struct sync_world *world);

/* A record of an author appended to out; value NULL: tombstone. */
void world_record(const struct sync_world *world, int author, const char *key, const char *value,
                  uint64_t hlc, struct lat_buf *out);

/* The same, put into a state, which is sealed. */
void world_put(const struct sync_world *world, struct memory_view *state, int author, const char *key,
               const char *value, uint64_t hlc);

/* `count` records "PREFIX0", "PREFIX1" ... with values of value_len bytes, put into a state, which is sealed.
 */
void world_fill(const struct sync_world *world, struct memory_view *state, int author, const char *prefix,
                size_t count, size_t value_len);

/* Apply a batch (u32 length, record)* to a state, which is sealed: one verdict a record, by the trust set and the clock
 * of the state's view. */
void world_apply(const struct sync_world *world, struct memory_view *state, const uint8_t *records,
                 size_t count, uint8_t *verdicts);

/* Answer as a node does: what is pushed goes into the state first. reply: inited by the caller. */
void world_serve(const struct sync_world *world, struct memory_view *state, const struct recon_view *view,
                 const uint8_t *request, size_t len, struct lat_buf *reply);

#endif
