/*
 * store_db.h - the LMDB side of the store: environment, tables and their layouts, growth of the map. Shared
 * by the files of the store and the reader alone.
 *
 * rec   keyhash -> record
 * dig   keyhash -> leaf[32], HLC u64, flags u8 (those of the record, and DIG_HIDDEN), check[8] of the
 * signature, which no leaf covers. Stays when a record is damaged, so that the root stands and its rank
 * against other records of the key is known leg   source id, keyhash -> SHA-256 of the value that this v3.0.3
 * node last showed bad   keyhash -> damaged bytes that were taken out of rec meta  format, network (name),
 * head
 *
 * Functions return LMDB's codes; db_err makes errors of them.
 */
#ifndef LAT_STATE_STORE_DB_H
#define LAT_STATE_STORE_DB_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <lmdb.h>

#include "base/err.h"
#include "state/record.h"
#include "state/tree.h"

#define DB_FORMAT 1
#define DIG_HIDDEN 0x80u /* no entry to users: a tombstone, or a reserved key */

struct db_dig {
    uint8_t leaf[32];
    uint64_t hlc;
    uint8_t flags;
    uint8_t check[8]; /* first bytes of SHA256(signature) */
};

/* meta "head": what the tables hold. */
struct db_head {
    uint8_t root[32];
    uint64_t count; /* records */
    uint64_t keys;  /* entries that users see */
    uint64_t last;  /* greatest HLC */
    bool incomplete;
};

/*
 * LMDB may change its map only while no transaction of the process is open: every reader is inside the gate,
 * and who resizes or reopens closes it first. No lock of POSIX does: a reader may end on another thread.
 */
struct db_gate {
    pthread_mutex_t lock;
    pthread_cond_t moved;
    unsigned inside;
    bool closed;
};

/* false: closed for longer than wait_ms, or someone stays inside for so long. */
LAT_MUST_CHECK bool db_gate_enter(struct db_gate *gate, uint64_t wait_ms);
void db_gate_leave(struct db_gate *gate);
LAT_MUST_CHECK bool db_gate_close(struct db_gate *gate, uint64_t wait_ms);
void db_gate_open(struct db_gate *gate);

struct store_db {
    MDB_env *env; /* NULL: could not be opened again after a panic */
    MDB_dbi rec, dig, leg, bad, meta;
    uint64_t map_size, map_max;
    bool read_only;
    char *dir;
    struct db_gate gate;
};

/* The reaction to a code of LMDB or of the system; 0 is LAT_OK. LAT_SYS sets errno. */
enum lat_err db_err(int rc);

/*
 * Open or make the environment and its tables. The folder is there. map_start: address space to begin with,
 * halved while a limit of the system refuses it. LAT_NOTFOUND (read-only and nothing there), errors of
 * store_open.
 */
LAT_MUST_CHECK enum lat_err db_open(struct store_db *db, const char *dir, uint64_t map_start,
                                    uint64_t map_max, bool read_only, struct lat_msg *why);
void db_close(struct store_db *db);

/* After MDB_PANIC: open the same environment anew. The gate is closed by the caller. */
LAT_MUST_CHECK enum lat_err db_reopen(struct store_db *db, struct lat_msg *why);

/* Twice the map, at most map_max. LAT_FULL: it is there already; LAT_BUSY: readers stayed inside. */
LAT_MUST_CHECK enum lat_err db_grow(struct store_db *db);

/* Begin reading, inside the gate; adopts a map that another process has grown. */
LAT_MUST_CHECK int db_begin_read(struct store_db *db, MDB_txn **txn);

/* Bytes of the data file in use. */
uint64_t db_file_bytes(const struct store_db *db);
uint64_t db_last_txn(const struct store_db *db);

LAT_MUST_CHECK int db_get(MDB_txn *txn, MDB_dbi table, const void *key, size_t len, MDB_val *value);
LAT_MUST_CHECK int db_put(MDB_txn *txn, MDB_dbi table, const void *key, size_t key_len, const void *value,
                          size_t len);
/* Rows of a table. */
LAT_MUST_CHECK int db_count(MDB_txn *txn, MDB_dbi table, uint64_t *count);
/* Absent is fine. */
LAT_MUST_CHECK int db_del(MDB_txn *txn, MDB_dbi table, const void *key, size_t len);

LAT_MUST_CHECK int db_get_dig(const struct store_db *db, MDB_txn *txn, const uint8_t keyhash[32],
                              struct db_dig *out);
LAT_MUST_CHECK int db_put_dig(const struct store_db *db, MDB_txn *txn, const uint8_t keyhash[32],
                              const struct db_dig *dig);
bool db_read_dig(const MDB_val *value, struct db_dig *out);
void db_dig_of(const struct record *record, struct db_dig *out);

LAT_MUST_CHECK int db_get_head(const struct store_db *db, MDB_txn *txn, struct db_head *out);
LAT_MUST_CHECK int db_put_head(const struct store_db *db, MDB_txn *txn, const struct db_head *head);

/* Hash stored bytes again: do they fit what `dig` says of them? */
bool db_record_fits(const struct network *network, const uint8_t keyhash[32], const struct db_dig *dig,
                    const MDB_val *bytes, struct record *out);

/* The leaves of a transaction for the tree. db_leaves_begin opens a cursor, db_leaves_end closes it. */
struct db_leaves {
    MDB_cursor *cursor;
    int rc; /* of LMDB, where it stopped the walk */
};
LAT_MUST_CHECK int db_leaves_begin(const struct store_db *db, MDB_txn *txn, struct db_leaves *leaves);
void db_leaves_end(struct db_leaves *leaves);
struct tree_source db_leaves_source(struct db_leaves *leaves);

/* Fold the whole tree in a transaction and say what root it has. */
LAT_MUST_CHECK enum lat_err db_fold(const struct store_db *db, MDB_txn *txn, const struct network *network,
                                    struct tree **tree, uint8_t root[32]);

#endif
