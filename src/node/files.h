/*
 * files.h - the state directory and its small files: lock, node.key, cookie.
 *
 * Each function puts the sentence for the operator into *why when it fails. Any thread, but one process at a
 * time holds a directory.
 *
 * Spec: INTERFACE section 4, STATE section 3 (lock).
 */
#ifndef LAT_NODE_FILES_H
#define LAT_NODE_FILES_H

#include <stdint.h>

#include "base/err.h"
#include "crypto/key.h"

#define FILES_COOKIE_MAX 65 /* 64 hex digits and a zero */

/*
 * Make the directory (0700) if it is missing, and hold it until files_unlock. One of ours that others can
 * read is closed to them.
 *
 *   fd  out  holds the lock; closed at exec, not inherited in effect by children that exec
 *
 * LAT_BUSY  another process holds it: pid and since when in *why (exit code 75)
 * LAT_AUTH  it belongs to another user, or others can write to it
 * LAT_FULL, LAT_SYS
 */
LAT_MUST_CHECK enum lat_err files_lock(const char *dir, int *fd, struct lat_msg *why);
void files_unlock(int fd);

/*
 * The key of the node: from seed, or from node.key where seed is NULL.
 *
 * LAT_NOTFOUND   there is no node.key
 * LAT_AUTH       others can read it; *why has the chmod to run
 * LAT_MALFORMED  it holds no seed of 64 hex digits
 * LAT_SYS, LAT_NOMEM
 */
LAT_MUST_CHECK enum lat_err files_key_load(const char *dir, const uint8_t *seed, struct key **out,
                                           struct lat_msg *why);

/* Make a new key and node.key (0600). The caller holds the lock. LAT_CONFLICT: there is one already.
 * LAT_FULL, LAT_SYS, LAT_NOMEM. */
LAT_MUST_CHECK enum lat_err files_key_make(const char *dir, struct key **out, struct lat_msg *why);

/* files_key_load, and files_key_make where there is none: what a node does at its start. The caller holds the
 * lock. */
LAT_MUST_CHECK enum lat_err files_key(const char *dir, const uint8_t *seed, struct key **out,
                                      struct lat_msg *why);

/* A new cookie, written (0600) over the former. The caller holds the lock. LAT_FULL, LAT_SYS. */
LAT_MUST_CHECK enum lat_err files_cookie_make(const char *dir, char out[FILES_COOKIE_MAX],
                                              struct lat_msg *why);

/* The cookie of a running node, for commands that talk to it. LAT_NOTFOUND, LAT_AUTH, LAT_MALFORMED, LAT_SYS.
 */
LAT_MUST_CHECK enum lat_err files_cookie_read(const char *dir, char out[FILES_COOKIE_MAX],
                                              struct lat_msg *why);

#endif
