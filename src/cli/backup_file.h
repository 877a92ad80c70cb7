/*
 * backup_file.h - a backup: all records of one root, with their signatures, in one file that checks itself.
 *
 *   "lattice/backup/1\n" | network name length u8, name | root[32] | count u64 | count times (length u32, record) | SHA-256 of all before
 *
 * Numbers little-endian. A record proves itself by its author's signature, so a restored one needs no trust in the file.
 */
#ifndef LAT_CLI_BACKUP_FILE_H
#define LAT_CLI_BACKUP_FILE_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/err.h"
#include "state/reader.h"

/* Write the state of one read transaction to an open file. LAT_SYS (errno), LAT_DAMAGED (a record that does not fit its leaf). */
LAT_MUST_CHECK enum lat_err backup_write(struct store *store, FILE *file, uint64_t *written);

struct backup_head {
    char network[64];
    uint8_t root[32];
    uint64_t count;
};

/* One record; anything but LAT_OK ends the walk and is what it returns. */
typedef enum lat_err (*backup_record_fn)(void *arg, const uint8_t *record, size_t len);

/*
 * Read a file from its beginning: head, then each record. fn NULL: check only (length, order, hash). LAT_MALFORMED with *why: no backup,
 * cut, changed; LAT_SYS, LAT_NOMEM, and what fn returned.
 */
LAT_MUST_CHECK enum lat_err backup_read(FILE *file, struct backup_head *head, backup_record_fn fn, void *arg,
                                        struct lat_msg *why);

#endif
