/*
 * configuration_values.h - the grammar of single values in settings: keys, times, sizes, names. Pure; any
 * thread.
 *
 * Each function returns LAT_OK or LAT_MALFORMED, with "'value' is ...; use ..." in *why (escaped, cut).
 * Outputs are written on success only.
 */
#ifndef LAT_NODE_CONFIGURATION_VALUES_H
#define LAT_NODE_CONFIGURATION_VALUES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "node/configuration.h"

/* For those who read values: "'value' " and the rest into *why. Returns LAT_MALFORMED. */
enum lat_err config_refuse(struct lat_msg *why, const char *value, const char *fmt, ...) LAT_PRINTF(3, 4);

/* Copy text[0 .. len) and a zero. False: no room. */
bool config_cut(const char *text, size_t len, char *out, size_t out_size);

/* A sound Ed25519 public key: 64 hex digits, or a peer id. */
LAT_MUST_CHECK enum lat_err config_read_key(const char *text, uint8_t key[32], struct lat_msg *why);

/* "KEY@2026-03-14T14:03:27Z". */
LAT_MUST_CHECK enum lat_err config_read_retired(const char *text, struct config_key *out,
                                                struct lat_msg *why);

/* RFC 3339 with offset, years 1970 to 9999, to Unix milliseconds. */
LAT_MUST_CHECK enum lat_err config_read_time(const char *text, uint64_t *unix_ms, struct lat_msg *why);

/* Bytes: a whole number, with K, M, G or T (powers of 1024; also "KiB" ...) behind it. Nothing is said of its
 * range. */
LAT_MUST_CHECK enum lat_err config_read_size(const char *text, uint64_t *bytes, struct lat_msg *why);

/* A name for people and messages: at most 63 bytes of UTF-8 without control characters. */
LAT_MUST_CHECK enum lat_err config_check_name(const char *text, struct lat_msg *why);

/* A gossip topic: the same with at most 255 bytes. */
LAT_MUST_CHECK enum lat_err config_check_topic(const char *text, struct lat_msg *why);

/* The place of a file or folder. */
LAT_MUST_CHECK enum lat_err config_check_path(const char *text, struct lat_msg *why);

#endif
