/*
 * The handshake proper is noise_xx; here are its frames, what libp2p says in the payloads, and the order in
 * which things may be believed: a payload is looked at when its tag holds, the multiplexers in it when its
 * signature holds, and the ciphers are made last. The keys of a handshake live in a part of their own, which
 * ends with it.
 */
#include "config.h"

#include "p2p/noise_parts.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/le.h"
#include "base/wipe.h"
#include "p2p/noise_payload.h"
#include "wire/proto.h"

static const char signed_prefix[] = "noise-libp2p-static-key:";
#define PREFIX_LEN (sizeof(signed_prefix) - 1)

_Static_assert(PREFIX_LEN + DH_LEN == NOISE_SIGNED_LEN, "what an identity signs");
_Static_assert(NOISE_HANDSHAKE_MAX <= PROTO_IN_MAX, "a payload that fits is read");

struct noise_static {
    struct dh_pair *pair;
    struct lat_buf identity; /* the start of every payload: identity_key and identity_sig */
};

static void
fill_signed_text(uint8_t text[NOISE_SIGNED_LEN], const uint8_t static_key[DH_LEN])
{
    lat_put_bytes(lat_put_bytes(text, signed_prefix, PREFIX_LEN), static_key, DH_LEN);
}

/* Append a frame with the next message. */
static enum lat_err
put_message(struct noise_xx *xx, const struct lat_buf *payload, struct lat_buf *out)
{
    size_t payload_len = payload != NULL ? payload->len : 0;
    uint8_t *at;
    enum lat_err err = lat_buf_extend(out, NOISE_LENGTH_LEN, &at);

    if (err)
        return err;
    noise_put_length(at, noise_xx_len(xx, payload_len));
    return noise_xx_write(xx, payload_len > 0 ? payload->data : NULL, payload_len, out);
}

static size_t
count_names(const char *const *names)
{
    size_t count = 0;

    while (names != NULL && names[count] != NULL)
        count++;
    return count;
}

/*
 * Message 2 or 3. A listener offers all it has. A dialer knows the choice by then and names it alone, so that
 * both sides choose the same however the other one reads the rule; and names nothing to a listener that
 * offered nothing, for whom the multiplexer is negotiated inside the channel.
 */
static enum lat_err
put_identity(struct noise *noise, struct lat_buf *out, struct lat_msg *why)
{
    struct noise_handshake *h = noise->handshake;
    struct lat_buf payload;
    enum lat_err err;

    lat_buf_init(&payload, NOISE_HANDSHAKE_MAX - noise_xx_len(&h->xx, 0));
    err = lat_buf_add(&payload, h->config.own->identity.data, h->config.own->identity.len);
    if (!err && h->xx.is_initiator)
        err = noise_payload_put_muxers(&payload, &noise->muxer, noise->muxer != NULL ? 1 : 0);
    else if (!err)
        err = noise_payload_put_muxers(&payload, h->config.muxers, count_names(h->config.muxers));
    if (!err)
        err = put_message(&h->xx, &payload, out);
    if (err)
        lat_msg_set(why, "no answer to the other side's handshake could be made: %s", lat_err_text(err));
    lat_buf_fini(&payload);
    return err;
}

static enum lat_err
verify_identity(const struct noise_handshake *h, const NoiseHandshakePayload *payload, struct lat_msg *why)
{
    const ProtobufCBinaryData *key = &payload->identity_key, *signature = &payload->identity_sig;
    uint8_t text[NOISE_SIGNED_LEN];
    enum lat_err err;

    if (key->len == 0 || signature->len == 0) {
        lat_msg_set(why, "the other side gave no %s in the handshake",
                    key->len == 0 ? "identity" : "signature of its identity");
        return LAT_AUTH;
    }
    fill_signed_text(text, h->xx.their_static_bytes);
    err = h->config.verify(h->config.verify_arg, key->data, key->len, text, sizeof(text), signature->data,
                           signature->len);
    if (err)
        lat_msg_set(why, "the other side's identity was refused: %s", lat_err_text(err));
    return err == LAT_SHORT ? LAT_MALFORMED : err; /* SHORT would say to wait */
}

/* Where both sides offer multiplexers in the handshake, one must be common. */
static enum lat_err
choose_muxer(struct noise *noise, const NoiseHandshakePayload *payload, struct lat_msg *why)
{
    const struct noise_handshake *h = noise->handshake;

    if (noise_payload_muxer_count(payload) == 0 || count_names(h->config.muxers) == 0)
        return LAT_OK;
    noise->muxer = noise_payload_choose_muxer(payload, h->config.muxers, h->xx.is_initiator);
    if (noise->muxer == NULL) {
        lat_msg_set(why, "the other side offers no multiplexer that is spoken here");
        return LAT_MALFORMED;
    }
    return LAT_OK;
}

static enum lat_err
keep_remote_key(struct noise *noise, const ProtobufCBinaryData *key)
{
    noise->remote_key = malloc(key->len);
    if (noise->remote_key == NULL)
        return LAT_NOMEM;
    memcpy(noise->remote_key, key->data, key->len);
    noise->remote_key_len = key->len;
    return LAT_OK;
}

/* Message 2 or 3 was read: believe its payload, or not. */
static enum lat_err
take_payload(struct noise *noise, const struct lat_buf *bytes, struct lat_msg *why)
{
    NoiseHandshakePayload *payload;
    enum lat_err err = noise_payload_parse(bytes->data, bytes->len, &payload);

    if (err) {
        lat_msg_set(why, "the payload of the other side's handshake is no NoiseHandshakePayload");
        return err;
    }
    err = verify_identity(noise->handshake, payload, why);
    if (!err)
        err = choose_muxer(noise, payload, why);
    if (!err)
        err = keep_remote_key(noise, &payload->identity_key);
    proto_free(&payload->base);
    return err;
}

/* One whole message of the other side. */
static enum lat_err
take_message(struct noise *noise, const uint8_t *message, size_t len, struct lat_msg *why)
{
    struct noise_xx *xx = &noise->handshake->xx;
    unsigned number = xx->messages + 1;
    struct lat_buf payload;
    enum lat_err err = LAT_MALFORMED;

    lat_buf_init(&payload, NOISE_HANDSHAKE_MAX);
    if (number > 1 || len == noise_xx_len(xx, 0)) /* the first message has no payload in libp2p */
        err = noise_xx_read(xx, message, len, &payload);
    if (err)
        lat_msg_set(why, "message %u of the handshake, %zu bytes, does not hold: %s", number, len,
                    lat_err_text(err));
    else if (number > 1)
        err = take_payload(noise, &payload, why);
    lat_buf_fini(&payload);
    return err;
}

static enum lat_err
take_frame(struct noise *noise, struct lat_buf *in, struct lat_msg *why)
{
    size_t len;
    enum lat_err err = noise_peek_frame(in, 0, &len);

    if (len > NOISE_HANDSHAKE_MAX) {
        lat_msg_set(why, "the other side's handshake has a message of %zu bytes; the limit is %d", len,
                    NOISE_HANDSHAKE_MAX);
        return LAT_MALFORMED;
    }
    if (err)
        return err;
    err = take_message(noise, in->data + NOISE_LENGTH_LEN, len, why);
    if (!err)
        lat_buf_drop(in, NOISE_LENGTH_LEN + len);
    return err;
}

static enum lat_err
shake(struct noise *noise, struct lat_buf *in, struct lat_buf *out, struct lat_msg *why)
{
    struct noise_xx *xx = &noise->handshake->xx;
    enum lat_err err = LAT_OK;

    while (!err && xx->messages < NOISE_XX_MESSAGES)
        err = noise_xx_is_writing(xx) ? put_identity(noise, out, why) : take_frame(noise, in, why);
    if (!err)
        err = noise_xx_split(xx, &noise->sending, &noise->receiving);
    if (!err)
        noise_end_handshake(noise);
    return err;
}

static enum lat_err
new_noise(const struct noise_config *config, bool is_initiator, struct noise **out)
{
    struct noise *noise = calloc(1, sizeof(*noise));
    struct noise_handshake *h = calloc(1, sizeof(*h));
    uint8_t seed[DH_LEN];
    enum lat_err err = LAT_NOMEM;

    if (noise == NULL || h == NULL)
        goto out;
    noise->handshake = h;
    h->config = *config;
    config->random(seed, sizeof(seed));
    err = noise_xx_init(&h->xx, is_initiator, config->own->pair, seed, NULL, 0);
    if (err)
        goto out;
    *out = noise;
    noise = NULL;
    h = NULL;
out:
    free(noise);
    free(h);
    lat_wipe(seed, sizeof(seed));
    return err;
}

enum lat_err
noise_static_new(const uint8_t seed[DH_LEN], const uint8_t *identity_key, size_t identity_key_len,
                 noise_sign *sign, void *sign_arg, struct noise_static **out)
{
    struct noise_static *own = calloc(1, sizeof(*own));
    uint8_t text[NOISE_SIGNED_LEN];
    struct lat_buf signature;
    enum lat_err err;

    if (own == NULL)
        return LAT_NOMEM;
    lat_buf_init(&own->identity, NOISE_HANDSHAKE_MAX - NOISE_XX_MIN_2);
    lat_buf_init(&signature, NOISE_HANDSHAKE_MAX);
    err = dh_pair_from_seed(seed, &own->pair);
    if (err)
        goto out;
    fill_signed_text(text, dh_pair_public(own->pair));
    err = sign(sign_arg, text, sizeof(text), &signature);
    if (err)
        goto out;
    err = noise_payload_put_identity(&own->identity, identity_key, identity_key_len, signature.data,
                                     signature.len);
    if (err)
        goto out;
    *out = own;
    own = NULL;
out:
    lat_buf_fini(&signature);
    noise_static_free(own);
    return err;
}

void
noise_static_free(struct noise_static *own)
{
    if (own == NULL)
        return;
    dh_pair_free(own->pair);
    lat_buf_fini(&own->identity);
    free(own);
}

enum lat_err
noise_dial(const struct noise_config *config, struct noise **out)
{
    return new_noise(config, true, out);
}

enum lat_err
noise_listen(const struct noise_config *config, struct noise **out)
{
    return new_noise(config, false, out);
}

enum lat_err
noise_start(struct noise *noise, struct lat_buf *out)
{
    enum lat_err err;

    assert(noise->handshake != NULL && noise->handshake->xx.is_initiator &&
           noise->handshake->xx.messages == 0);
    err = put_message(&noise->handshake->xx, NULL, out);
    return err ? noise_fail(noise, err) : LAT_OK;
}

enum lat_err
noise_step(struct noise *noise, struct lat_buf *in, struct lat_buf *out, uint64_t now_ms, struct lat_msg *why)
{
    enum lat_err err;

    if (noise->failure)
        return noise->failure;
    if (noise_is_open(noise))
        return LAT_OK;
    assert(!noise->handshake->xx.is_initiator ||
           noise->handshake->xx.messages > 0); /* noise_start comes first */
    if (now_ms >= noise->handshake->config.deadline_ms) {
        lat_msg_set(why, "the other side did not finish the handshake in time");
        err = LAT_TIMEOUT;
    } else {
        err = shake(noise, in, out, why);
    }
    return err && err != LAT_SHORT ? noise_fail(noise, err) : err;
}
