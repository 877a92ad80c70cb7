/*
 * noise_pair.h - two sides of a secure channel in one process, back to back, with Ed25519 identities: the
 * keys are the same in every run.
 */
#ifndef TESTS_SUPPORT_NOISE_PAIR_H
#define TESTS_SUPPORT_NOISE_PAIR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "crypto/key.h"
#include "p2p/noise.h"

#define NOISE_PAIR_KEY_LEN (4 + KEY_PUBLIC_LEN) /* PublicKey protobuf of an Ed25519 key */
#define NOISE_PAIR_DEADLINE_MS 1000

struct noise_side {
    struct key *key;
    uint8_t identity[NOISE_PAIR_KEY_LEN];
    struct noise_static *own;
    const uint8_t *expected; /* the identity to insist on, NOISE_PAIR_KEY_LEN bytes; NULL: any */
    int verified;            /* calls of verify */
    struct noise *noise;
    struct lat_buf in, out;
    struct lat_msg why;
    enum lat_err err; /* of the last step */
};

/* sides[0] dials and sides[1] listens; what they may not agree on is the test's to change. */
struct noise_pair {
    struct noise_side sides[2];
};

/* Keys and identities alone; then any number of channels, each with the muxers given. */
void noise_pair_init(struct noise_pair *pair);
void noise_pair_fini(struct noise_pair *pair);

/* New machines in place of the last; message 1 is in the dialer's out. */
void noise_pair_begin(struct noise_pair *pair, const char *const *dialer_muxers,
                      const char *const *listener_muxers);

/* The same with a listener that asks another verify. */
void noise_pair_begin_with(struct noise_pair *pair, const char *const *dialer_muxers,
                           const char *const *listener_muxers, noise_verify *verify, void *verify_arg);

/* Let a side look at what it has. */
void noise_side_step(struct noise_side *side, uint64_t now_ms);

/* Move up to len bytes of a side's out to the other's in, and let that one step. Returns the bytes moved. */
size_t noise_pair_move(struct noise_pair *pair, int from, size_t len);

/* Until nothing is on its way any more. */
void noise_pair_run(struct noise_pair *pair);

/* Both open? */
bool noise_pair_is_open(const struct noise_pair *pair);

/* A sign for Ed25519 identities; arg: struct key. */
noise_sign noise_side_sign;

/* A verify for Ed25519 identities; arg: struct noise_side. */
noise_verify noise_side_verify;

#endif
