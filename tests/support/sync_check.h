/*
 * sync_check.h - is a reply a whole message of WIRE section 6? Written from the page, apart from src/state,
 * so that tests and fuzz targets can hold every answer against it.
 */
#ifndef TESTS_SUPPORT_SYNC_CHECK_H
#define TESTS_SUPPORT_SYNC_CHECK_H

#include <stddef.h>
#include <stdint.h>

#include "state/record.h"

/*
 * NULL when reply[0 .. len) is one whole reply to a request of the given type byte, or one ERROR; else what
 * is wrong with it. *error: the code of an ERROR, else 0.
 */
const char *sync_check_reply(const struct network *network, uint8_t request_type, const uint8_t *reply,
                             size_t len, unsigned *error);

/*
 * Fold the proof of a PROVE reply for this keyhash up to its root, and check the attestation. *found: 0,
 * 1, 2. NULL or what is wrong.
 */
const char *sync_check_proof(const struct network *network, const uint8_t keyhash[32],
                             const uint8_t challenge[16], const uint8_t *reply, size_t len, unsigned *found,
                             unsigned *levels);

#endif
