/*
 * noise.h - the secure channel: Noise_XX_25519_ChaChaPoly_SHA256 as libp2p speaks it, with the multiplexer
 * negotiated inside the handshake where both sides can.
 * Spec: libp2p/specs noise/README.md and connections/inlined-muxer-negotiation.md; noiseprotocol.org
 * revision 34.
 *
 *   dialer    noise_start: e ─▶ answer awaited ─▶ identity verified ─▶ s, se ─▶ open
 *   listener  message 1 awaited ─▶ e, ee, s, es ─▶ message 3 awaited ─▶ identity verified ─▶ open
 *
 * Every message, before and after, is a frame: length as u16 big endian, then so many bytes. Nothing can be
 * sent or received, and nothing of the other side is shown, before its identity is verified. Pure; a struct
 * noise belongs to one thread at a time, a struct noise_static to all.
 */
#ifndef LAT_P2P_NOISE_H
#define LAT_P2P_NOISE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

#define NOISE_FRAME_MAX 65535 /* bytes behind the length */
#define NOISE_TAG_LEN 16
#define NOISE_PLAIN_MAX (NOISE_FRAME_MAX - NOISE_TAG_LEN) /* 65519: what one frame carries */
#define NOISE_OVERHEAD (2 + NOISE_TAG_LEN)                /* bytes that a frame adds to what it carries */
#define NOISE_HANDSHAKE_MAX 8192   /* a frame of the handshake; the largest RSA key takes 2,400 */
#define NOISE_SIGNED_LEN (24 + 32) /* the text that an identity signs: prefix and static key */

/* --- our side, once a process ------------------------------------------------------------------------- */

/* Our static key, signed by our identity. Immutable; outlives each struct noise that is made with it. */
struct noise_static;

/*
 * Sign text with the identity key; append the signature to `signature`. arg: the identity's holder.
 * An error ends noise_static_new with that error.
 */
typedef enum lat_err noise_sign(void *arg, const uint8_t *text, size_t len, struct lat_buf *signature);

/*
 * seed: 32 random bytes, the private static key; the caller wipes them. identity_key: our PublicKey protobuf,
 * copied. LAT_LIMIT: key and signature do not fit a handshake frame. LAT_NOMEM.
 */
LAT_MUST_CHECK enum lat_err noise_static_new(const uint8_t seed[32], const uint8_t *identity_key,
                                             size_t identity_key_len, noise_sign *sign, void *sign_arg,
                                             struct noise_static **out);
void noise_static_free(struct noise_static *own);

/* --- one connection ----------------------------------------------------------------------------------- */

/*
 * May this peer come in? LAT_OK only when the signature over text holds for the key AND the key is the one
 * that was dialed, where one was. identity_key: PublicKey protobuf as received. Any error ends the handshake
 * with that error. All pointers are borrowed for the call.
 */
typedef enum lat_err noise_verify(void *arg, const uint8_t *identity_key, size_t identity_key_len,
                                  const uint8_t *text, size_t text_len, const uint8_t *signature,
                                  size_t signature_len);

struct noise_config {
    const struct noise_static *own;
    /*
     * Our multiplexers in order of preference, ended by NULL: offered in the handshake. NULL or empty: none
     * is offered, and the multiplexer is negotiated inside the channel. Borrowed for the life of the machine.
     */
    const char *const *muxers;
    noise_verify *verify;
    void *verify_arg;
    void (*random)(void *out, size_t len); /* rand_bytes; a test has its own */
    uint64_t deadline_ms;                  /* from here on the handshake gives LAT_TIMEOUT */
};

struct noise;

/* The side that dialed, and the side that was dialed. *config is copied. LAT_NOMEM. */
LAT_MUST_CHECK enum lat_err noise_dial(const struct noise_config *config, struct noise **out);
LAT_MUST_CHECK enum lat_err noise_listen(const struct noise_config *config, struct noise **out);

/* Wipes the keys. NULL is fine. */
void noise_free(struct noise *noise);

/* Dialer, once, first of all: append message 1 (34 bytes) to out. LAT_LIMIT, LAT_NOMEM. */
LAT_MUST_CHECK enum lat_err noise_start(struct noise *noise, struct lat_buf *out);

/*
 * The handshake: take frames from the front of `in`, append frames to out. To be called whenever bytes
 * arrived, and at the deadline.
 *
 * LAT_OK         open: the identity is verified, both sides' keys are set. The rest of `in` was not touched.
 *                A dialer may append its first transport frames to out right behind message 3
 * LAT_SHORT      more input needed
 * LAT_MALFORMED  a message too long, too short, or with a payload that is none; no common multiplexer
 * LAT_AUTH       a tag, the identity's signature or a Diffie-Hellman result does not hold, or as verify says
 * LAT_TIMEOUT    the deadline passed first
 * LAT_LIMIT, LAT_NOMEM   no room for the answer
 *
 * All but LAT_OK and LAT_SHORT are final and come again on every later call; *why (NULL is fine) then says
 * what happened.
 */
LAT_MUST_CHECK enum lat_err noise_step(struct noise *noise, struct lat_buf *in, struct lat_buf *out,
                                       uint64_t now_ms, struct lat_msg *why);

bool noise_is_open(const struct noise *noise);

/* The verified identity: PublicKey protobuf as received. NULL before the channel is open. Borrow. */
const uint8_t *noise_remote_key(const struct noise *noise, size_t *len);

/* The multiplexer chosen in the handshake, a name of config.muxers; NULL: negotiate it inside the channel. */
const char *noise_muxer(const struct noise *noise);

/*
 * Encrypt data into frames appended to out: as few as will do, so len / NOISE_PLAIN_MAX rounded up, and one
 * empty frame for len 0. data must not lie in out. What is written in pieces of NOISE_PLAIN_MAX wastes no
 * frame.
 *
 * LAT_AUTH    the channel is not open
 * LAT_LIMIT, LAT_NOMEM   no room in out, which is as before: a later call may succeed
 * LAT_CLOSED  the key is used up. Final
 */
LAT_MUST_CHECK enum lat_err noise_seal(struct noise *noise, const void *data, size_t len,
                                       struct lat_buf *out);

/* The bytes that noise_seal appends for len. */
size_t noise_sealed_len(size_t len);

/*
 * Decrypt the whole frames at the front of `in`, append what they carry to out. A frame may carry nothing.
 *
 * LAT_OK         all whole frames were taken, perhaps none; `in` holds less than a frame
 * LAT_LIMIT      out has no room for the next frame: call again when it has. Its max: NOISE_PLAIN_MAX or more
 * LAT_MALFORMED  a frame shorter than a tag
 * LAT_AUTH       a frame that the other side did not write, or the channel is not open
 * LAT_CLOSED     the key is used up
 * LAT_NOMEM
 *
 * What is in out is always authentic. LAT_MALFORMED, LAT_AUTH and LAT_CLOSED are final and come again on
 * every later call.
 */
LAT_MUST_CHECK enum lat_err noise_open(struct noise *noise, struct lat_buf *in, struct lat_buf *out);

#endif
