#include "config.h"

#include "p2p/noise_parts.h"

#include <stdlib.h>

_Static_assert(NOISE_TAG_LEN == AEAD_TAG_LEN, "one tag");
_Static_assert(NOISE_PLAIN_MAX <= AEAD_MESSAGE_MAX, "a frame is one message");

void
noise_put_length(uint8_t at[NOISE_LENGTH_LEN], size_t len)
{
    at[0] = (uint8_t)(len >> 8);
    at[1] = (uint8_t)len;
}

enum lat_err
noise_peek_frame(const struct lat_buf *in, size_t at, size_t *len)
{
    if (in->len - at < NOISE_LENGTH_LEN) {
        *len = 0;
        return LAT_SHORT;
    }
    *len = (size_t)in->data[at] << 8 | in->data[at + 1];
    return in->len - at - NOISE_LENGTH_LEN < *len ? LAT_SHORT : LAT_OK;
}

void
noise_end_handshake(struct noise *noise)
{
    if (noise->handshake == NULL)
        return;
    noise_xx_fini(&noise->handshake->xx);
    free(noise->handshake);
    noise->handshake = NULL;
}

enum lat_err
noise_fail(struct noise *noise, enum lat_err err)
{
    noise_end_handshake(noise);
    noise_cipher_fini(&noise->sending);
    noise_cipher_fini(&noise->receiving);
    free(noise->remote_key);
    noise->remote_key = NULL;
    noise->muxer = NULL;
    noise->failure = err;
    return err;
}

void
noise_free(struct noise *noise)
{
    if (noise == NULL)
        return;
    (void)noise_fail(noise, LAT_CLOSED);
    free(noise);
}

bool
noise_is_open(const struct noise *noise)
{
    return noise->handshake == NULL && !noise->failure;
}

const uint8_t *
noise_remote_key(const struct noise *noise, size_t *len)
{
    bool is_open = noise_is_open(noise);

    *len = is_open ? noise->remote_key_len : 0;
    return is_open ? noise->remote_key : NULL;
}

const char *
noise_muxer(const struct noise *noise)
{
    return noise_is_open(noise) ? noise->muxer : NULL;
}

/* Decrypt what a frame holds to the end of out. */
static enum lat_err
open_frame(struct noise *noise, const uint8_t *frame, size_t len, struct lat_buf *out)
{
    size_t before = out->len;
    uint8_t *at;
    enum lat_err err;

    if (len < NOISE_TAG_LEN)
        return LAT_MALFORMED;
    err = lat_buf_extend(out, len - NOISE_TAG_LEN, &at);
    if (!err)
        err = noise_cipher_open(&noise->receiving, NULL, 0, frame, len, at);
    if (err)
        out->len = before;
    return err;
}

size_t
noise_sealed_len(size_t len)
{
    size_t frames = len / NOISE_PLAIN_MAX + (len % NOISE_PLAIN_MAX > 0 || len == 0);

    return len + frames * NOISE_OVERHEAD;
}

enum lat_err
noise_seal(struct noise *noise, const void *data, size_t len, struct lat_buf *out)
{
    static const uint8_t nothing[1];
    const uint8_t *from = len > 0 ? data : nothing;
    size_t before = out->len, left = len;
    uint8_t *at;
    enum lat_err err;

    if (!noise_is_open(noise))
        return noise->failure ? noise->failure : LAT_AUTH;
    err = lat_buf_extend(out, noise_sealed_len(len), &at);
    if (err)
        return err;
    do {
        size_t piece = left < NOISE_PLAIN_MAX ? left : NOISE_PLAIN_MAX;

        noise_put_length(at, piece + NOISE_TAG_LEN);
        err = noise_cipher_seal(&noise->sending, NULL, 0, from, piece, at + NOISE_LENGTH_LEN);
        from += piece;
        left -= piece;
        at += piece + NOISE_OVERHEAD;
    } while (!err && left > 0);
    if (!err)
        return LAT_OK;
    out->len = before; /* counters were used for nothing: the other side cannot follow any more */
    return noise_fail(noise, err);
}

enum lat_err
noise_open(struct noise *noise, struct lat_buf *in, struct lat_buf *out)
{
    enum lat_err err = LAT_OK;
    size_t used = 0, len;

    if (!noise_is_open(noise))
        return noise->failure ? noise->failure : LAT_AUTH;
    while (!err && noise_peek_frame(in, used, &len) == LAT_OK) {
        err = open_frame(noise, in->data + used + NOISE_LENGTH_LEN, len, out);
        if (!err)
            used += NOISE_LENGTH_LEN + len;
    }
    lat_buf_drop(in, used); /* once, since what is left moves to the front */
    return err == LAT_OK || err == LAT_LIMIT || err == LAT_NOMEM ? err : noise_fail(noise, err);
}
