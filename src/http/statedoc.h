/*
 * statedoc.h - what v3.0.3 nodes need of the state: the flat root and the whole state as one document. Both
 * cost a walk over all entries, so a thread of its own makes them, once per trie root, and only when somebody
 * asks.
 *
 * The document lies in an unlinked file and is mapped, so that any number of clients read it without copies
 * and a slow one holds no memory. Any thread may ask; nobody waits in here.
 */
#ifndef LAT_HTTP_STATEDOC_H
#define LAT_HTTP_STATEDOC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "state/store.h"

struct statedocs;

/* One prepared state: immutable and counted. */
struct statedoc {
    uint8_t root[32];        /* trie root of the state that it shows */
    uint8_t merkle_root[32]; /* its flat root */
    uint64_t count;          /* records, tombstones and reserved keys included */
    uint64_t keys;           /* entries */
    uint64_t hlc;
    const char *text; /* the JSON object of all entries, "{...}"; NULL: only the roots were asked for */
    size_t text_len;
};

#define STATEDOCS_TEXTS_MAX 8

/* dir: where the unlinked file is made; copied. NULL: out of memory, or no thread to be had. */
struct statedocs *statedocs_new(struct store *store, const char *dir);
void statedocs_free(struct statedocs *docs); /* after all references to documents have gone; NULL is fine */

/*
 * Call fn(arg) on the worker thread after each piece of work. Must not block. At most STATEDOCS_WATCHERS_MAX,
 * further ones are ignored; statedocs_unwatch returns when no call is under way.
 */
#define STATEDOCS_WATCHERS_MAX 4
void statedocs_watch(struct statedocs *docs, void (*fn)(void *arg), void *arg);
void statedocs_unwatch(struct statedocs *docs, void (*fn)(void *arg), void *arg);

/* What is at hand for the state as it is now, or NULL. whole: with its text. A new reference. */
const struct statedoc *statedocs_present(struct statedocs *docs, bool whole);

/* The newest that was made, maybe of an earlier state, or NULL. A new reference. */
const struct statedoc *statedocs_latest(struct statedocs *docs, bool whole);
void statedoc_unref(const struct statedoc *doc); /* NULL is fine */

/* Ask for the state as it is now, or newer. Returns the number under which statedocs_is_done knows this. */
uint64_t statedocs_ask(struct statedocs *docs, bool whole);

/*
 * Has the request with this number been worked on? Then *err says what became of the last work: LAT_OK
 * (statedocs_latest has it), LAT_DAMAGED, LAT_FULL (no room for the file), LAT_BUSY (too many are held),
 * LAT_NOMEM, LAT_SYS.
 */
bool statedocs_is_done(struct statedocs *docs, uint64_t number, enum lat_err *err);

/* Flat root of exactly the state with this trie root, if it is at hand. */
bool statedocs_flat_root(struct statedocs *docs, const uint8_t root[32], uint8_t out[32]);

#endif
