/*
 * temp_store.h - a store in a folder of the test, and calls that wait for their answer. Its clock stands
 * still until the test moves it.
 */
#ifndef TESTS_SUPPORT_TEMP_STORE_H
#define TESTS_SUPPORT_TEMP_STORE_H

#include <stddef.h>
#include <stdint.h>

#include "state/reader.h"
#include "state/store.h"

#define STORE_NETWORK "lattice-test"
#define STORE_NOW_MS 1700000100000 /* where the clock stands at first */

/* The clock of every store that this opens. Any thread. */
void store_clock_set(uint64_t now_ms);
uint64_t store_clock(void);

/* Key of the seed that has this byte everywhere. The caller frees it. */
struct key *seed_key(uint8_t byte);

/* Options for a store below the test's folder: network, clock, 64 MiB of map. dir: borrowed. */
struct store_options store_options_for(const char *dir, const struct key *key);

/* Open; fails the test when that does not succeed. */
struct store *open_store(const struct store_options *options);

/* Write, and wait. value NULL: delete. */
struct store_written put_value(struct store *store, const char *key, const char *value);
struct store_written put_matching(struct store *store, const char *key, const char *value,
                                  enum store_match match, const uint8_t digest[32]);

/* Merge the records in `list` (length, record ...), and wait. verdicts: count bytes. */
enum lat_err merge_records(struct store *store, const struct lat_buf *list, size_t count, uint8_t *verdicts);

/* Merge one record, and wait. */
enum store_verdict merge_record(struct store *store, const uint8_t *record, size_t len);

/* A signed record, appended to a list with its length in front. value NULL: tombstone. */
void add_record(struct lat_buf *list, const struct key *author, uint8_t flags, uint64_t hlc, const char *key,
                const char *value);

/* The same, alone and merged. */
enum store_verdict merge_new(struct store *store, const struct key *author, uint8_t flags, uint64_t hlc,
                             const char *key, const char *value);

struct import_result {
    enum lat_err err;
    uint64_t made, same, differing;
};
/* pairs: key, value, key, value ..., NULL. */
struct import_result import_pairs(struct store *store, uint8_t source, uint64_t attested_ms,
                                  const char *const *pairs);

/* Value of a key as text in one of four buffers used in turn; NULL: no entry. Fails the test on other errors.
 */
const char *value_of(struct store *store, const char *key);

/* What reader_get says. */
enum lat_err get_err(struct store *store, const char *key);

/* Hash of all rows that a reader lists (records and leaves): equal tables have equal hashes. */
void table_hash(struct store *store, uint8_t out[32]);

/* Root and count by the definition, from the leaves alone; compared with the head. */
void assert_root_is_sound(struct store *store);

#endif
