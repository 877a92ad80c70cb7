/*
 * noise_xx.h - the Noise protocol XX over X25519, ChaCha20-Poly1305 and SHA-256, without anything of libp2p:
 * three messages with payloads, then two ciphers. Spec: noiseprotocol.org revision 34, sections 5 and 7.5.
 *
 *   message 1  initiator  e
 *   message 2  responder  e, ee, s, es
 *   message 3  initiator  s, se
 *
 * Pure; belongs to one thread at a time.
 */
#ifndef LAT_P2P_NOISE_XX_H
#define LAT_P2P_NOISE_XX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "crypto/aead.h"
#include "crypto/dh.h"
#include "crypto/hash.h"

/* --- a key with its counter (the specification's CipherState) ------------------------------------------ */

struct noise_cipher {
    struct aead *aead; /* NULL: no key yet */
    uint64_t counter;  /* of the next message; UINT64_MAX is never used */
};

/* Set the first or another key, counter 0. The caller wipes the key. LAT_NOMEM. */
LAT_MUST_CHECK enum lat_err noise_cipher_set_key(struct noise_cipher *cipher,
                                                 const uint8_t key[AEAD_KEY_LEN]);
void noise_cipher_fini(struct noise_cipher *cipher); /* a zeroed one is fine */

/* As aead_seal and aead_open, with the next counter; a failure does not use it up. LAT_CLOSED: none left. */
LAT_MUST_CHECK enum lat_err noise_cipher_seal(struct noise_cipher *cipher, const void *ad, size_t ad_len,
                                              const uint8_t *in, size_t len, uint8_t *out);
LAT_MUST_CHECK enum lat_err noise_cipher_open(struct noise_cipher *cipher, const void *ad, size_t ad_len,
                                              const uint8_t *in, size_t len, uint8_t *out);

/* --- the handshake ------------------------------------------------------------------------------------- */

#define NOISE_XX_MESSAGES 3
#define NOISE_XX_MIN_1 DH_LEN /* a message without payload */
#define NOISE_XX_MIN_2 (DH_LEN + DH_LEN + AEAD_TAG_LEN + AEAD_TAG_LEN)
#define NOISE_XX_MIN_3 (DH_LEN + AEAD_TAG_LEN + AEAD_TAG_LEN)

struct noise_xx {
    bool is_initiator;
    unsigned messages; /* so many went over the wire, 0 .. NOISE_XX_MESSAGES */
    const struct dh_pair *own_static;
    struct dh_pair *own_ephemeral;
    struct dh_public *their_static;
    struct dh_public *their_ephemeral;
    uint8_t their_static_bytes[DH_LEN]; /* set when the message with s was read */
    uint8_t chaining_key[SHA256_LEN];
    uint8_t hash[SHA256_LEN];
    struct noise_cipher cipher;
};

/*
 * own_static is borrowed until noise_xx_fini; ephemeral_seed: 32 random bytes, which the caller wipes;
 * prologue: what both sides must agree on (libp2p: nothing). LAT_NOMEM: nothing to be ended.
 */
LAT_MUST_CHECK enum lat_err noise_xx_init(struct noise_xx *xx, bool is_initiator,
                                          const struct dh_pair *own_static,
                                          const uint8_t ephemeral_seed[DH_LEN], const void *prologue,
                                          size_t prologue_len);
void noise_xx_fini(struct noise_xx *xx); /* wipes; a zeroed one is fine */

/* Is the next message ours to write? */
bool noise_xx_is_writing(const struct noise_xx *xx);

/* The bytes of the next message with so much payload. */
size_t noise_xx_len(const struct noise_xx *xx, size_t payload_len);

/*
 * Append the next message to out. LAT_AUTH: the other side's key is of small order. LAT_LIMIT, LAT_NOMEM.
 * Any error ends the handshake: neither write nor read may follow.
 */
LAT_MUST_CHECK enum lat_err noise_xx_write(struct noise_xx *xx, const void *payload, size_t payload_len,
                                           struct lat_buf *out);

/*
 * Read the next message, all of it; append its payload to `payload`. The payload of message 1 is not secret,
 * and that of message 2 is not yet from anyone in particular: their_static_bytes is authentic only to the one
 * who verifies it. LAT_MALFORMED: too short. LAT_AUTH: a tag does not hold, or a key is of small order.
 * LAT_LIMIT (payload), LAT_NOMEM. Any error ends the handshake.
 */
LAT_MUST_CHECK enum lat_err noise_xx_read(struct noise_xx *xx, const uint8_t *message, size_t len,
                                          struct lat_buf *payload);

/* After the third message: the ciphers of both directions, zeroed before, the caller's to end. LAT_NOMEM. */
LAT_MUST_CHECK enum lat_err noise_xx_split(struct noise_xx *xx, struct noise_cipher *sending,
                                           struct noise_cipher *receiving);

#endif
