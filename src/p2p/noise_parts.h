/*
 * noise_parts.h - what the two halves of p2p/noise share: noise.c has the channel and its end,
 * noise_handshake.c the way to it. No other file includes this.
 */
#ifndef LAT_P2P_NOISE_PARTS_H
#define LAT_P2P_NOISE_PARTS_H

#include "p2p/noise.h"
#include "p2p/noise_xx.h"

#define NOISE_LENGTH_LEN 2 /* of a frame's length */

struct noise_handshake {
    struct noise_config config;
    struct noise_xx xx;
};

struct noise {
    struct noise_handshake *handshake; /* NULL when it is over */
    enum lat_err failure;              /* LAT_OK: none */
    struct noise_cipher sending, receiving;
    uint8_t *remote_key;
    size_t remote_key_len;
    const char *muxer;
};

/* The length of a frame. */
void noise_put_length(uint8_t at[NOISE_LENGTH_LEN], size_t len);

/*
 * The length of the frame at in->data[at], 0 as long as that is not there. LAT_OK: all of it is there.
 * LAT_SHORT: a part, or nothing.
 */
LAT_MUST_CHECK enum lat_err noise_peek_frame(const struct lat_buf *in, size_t at, size_t *len);

/* The handshake's keys are not needed any more. */
void noise_end_handshake(struct noise *noise);

/* For good: no key is left, and nothing of the other side is shown. Returns err. */
enum lat_err noise_fail(struct noise *noise, enum lat_err err);

#endif
