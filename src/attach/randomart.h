/*
 * randomart.h - a picture of a key's fingerprint, which an eye tells from another one sooner than a row of letters: a walk over a board of
 * 17 x 9 fields, two bits of the digest a step, and each field by how often it was entered.
 *
 * Spec: what `ssh-keygen -lv` prints (OpenSSH 5.1 and later), compared with it in tests/unit/test_randomart.c. Pure; any thread.
 */
#ifndef LAT_ATTACH_RANDOMART_H
#define LAT_ATTACH_RANDOMART_H

#include <stddef.h>
#include <stdint.h>

#define RANDOMART_COLS 19 /* with the frame */
#define RANDOMART_ROWS 11
#define RANDOMART_LEN (RANDOMART_ROWS * (RANDOMART_COLS + 1) + 1) /* each line with its end, and a zero */

/* type: "ED25519"; bits: of the key; hash: name of what made the digest, "SHA256". A name too long for its edge of the frame is cut. */
void randomart(const uint8_t *digest, size_t len, const char *type, unsigned bits, const char *hash, char out[RANDOMART_LEN]);

#endif
