/*
 * Four attacks on a secure channel, by the first byte of the input:
 *   0  bytes to a listener, 1 bytes to a dialer: without keys nothing opens
 *   2  a dialer with keys and any payload: it gets in with an identity that verify accepts, and with none
 * other 3  changes to the frames of an open channel: what comes out is the start of what went in
 */
#include "config.h"

#include "fuzz/fuzz.h"

#include <stdbool.h>
#include <string.h>

#include "p2p/noise_payload.h"
#include "p2p/noise_xx.h"
#include "support/noise_pair.h"
#include "wire/proto.h"

#define BUFFER_MAX (1 << 20)

static const char *const muxers[] = { "/yamux/1.0.0", "/mplex/6.7.0", NULL };

static struct noise_pair pair;
static bool has_pair; /* keys are made once: they cost more than most inputs */

static void
forge(int victim, const uint8_t *data, size_t size)
{
    struct noise_side *side = &pair.sides[victim];
    size_t len;

    noise_pair_begin(&pair, muxers, muxers);
    while (size > 0) { /* in two pieces, then three ... as the first byte of each says */
        size_t piece = data[0] < size ? (size_t)data[0] + 1 : size;

        FUZZ_CHECK(lat_buf_add(&side->in, data, piece) == LAT_OK);
        noise_side_step(side, 0);
        data += piece;
        size -= piece;
    }
    FUZZ_CHECK(side->err != LAT_OK && !noise_is_open(side->noise));
    FUZZ_CHECK(noise_remote_key(side->noise, &len) == NULL && len == 0 && noise_muxer(side->noise) == NULL);
    FUZZ_CHECK(side->verified == 0);
    FUZZ_CHECK(side->err == LAT_SHORT || side->why.text[0] != 0);
}

/* The listener's frame as a message, and a message as a frame for it. */
static void
take_frame(struct noise_side *side, struct lat_buf *message)
{
    lat_buf_clear(message);
    FUZZ_CHECK(side->out.len > 2);
    FUZZ_CHECK(lat_buf_add(message, side->out.data + 2, side->out.len - 2) == LAT_OK);
}

static void
give_frame(struct noise_side *side, const struct lat_buf *message)
{
    uint8_t length[2] = { (uint8_t)(message->len >> 8), (uint8_t)message->len };

    FUZZ_CHECK(lat_buf_add(&side->in, length, 2) == LAT_OK);
    FUZZ_CHECK(lat_buf_add(&side->in, message->data, message->len) == LAT_OK);
    noise_side_step(side, 0);
}

/* Accepts what is signed by the byte 1, so that the input alone decides. */
static enum lat_err
accept_one(void *arg, const uint8_t *identity_key, size_t identity_key_len, const uint8_t *text,
           size_t text_len, const uint8_t *signature, size_t signature_len)
{
    int *accepted = arg;

    (void)text;
    FUZZ_CHECK(identity_key != NULL && identity_key_len > 0 && signature_len > 0 &&
               text_len == NOISE_SIGNED_LEN);
    if (signature[0] != 1)
        return LAT_AUTH;
    ++*accepted;
    return LAT_OK;
}

static void
check_admission(const struct noise_side *side, const uint8_t *payload, size_t len, int accepted)
{
    NoiseHandshakePayload *said = NULL;
    const uint8_t *key;
    size_t key_len;

    if (!noise_is_open(side->noise)) {
        FUZZ_CHECK(side->err == LAT_MALFORMED || side->err == LAT_AUTH);
        FUZZ_CHECK(side->why.text[0] != 0);
        return;
    }
    FUZZ_CHECK(accepted == 1);
    FUZZ_CHECK(noise_payload_parse(payload, len, &said) == LAT_OK);
    key = noise_remote_key(side->noise, &key_len);
    FUZZ_CHECK(key_len == said->identity_key.len && memcmp(key, said->identity_key.data, key_len) == 0);
    FUZZ_CHECK((noise_muxer(side->noise) != NULL) == (noise_payload_muxer_count(said) > 0));
    proto_free(&said->base);
}

static void
intrude(const uint8_t *payload, size_t len)
{
    struct noise_side *side = &pair.sides[1];
    struct lat_buf message, theirs;
    struct dh_pair *own_static;
    uint8_t seed[DH_LEN] = { 3 };
    struct noise_xx xx;
    int accepted = 0;

    if (len > NOISE_HANDSHAKE_MAX - NOISE_XX_MIN_3)
        return;
    lat_buf_init(&message, NOISE_HANDSHAKE_MAX);
    lat_buf_init(&theirs, NOISE_HANDSHAKE_MAX);
    noise_pair_begin_with(&pair, muxers, muxers, accept_one, &accepted);
    FUZZ_CHECK(dh_pair_from_seed(seed, &own_static) == LAT_OK);
    FUZZ_CHECK(noise_xx_init(&xx, true, own_static, seed, NULL, 0) == LAT_OK);
    FUZZ_CHECK(noise_xx_write(&xx, NULL, 0, &message) == LAT_OK);
    give_frame(side, &message);
    take_frame(side, &message);
    FUZZ_CHECK(noise_xx_read(&xx, message.data, message.len, &theirs) == LAT_OK);
    lat_buf_clear(&message);
    FUZZ_CHECK(noise_xx_write(&xx, payload, len, &message) == LAT_OK);
    give_frame(side, &message);
    check_admission(side, payload, len, accepted);
    noise_xx_fini(&xx);
    dh_pair_free(own_static);
    lat_buf_fini(&message);
    lat_buf_fini(&theirs);
}

/* The plain text that goes in: byte i is i, so that a part in the wrong place is seen. */
static void
seal_frames(struct noise_side *writer, const uint8_t *sizes, size_t count, struct lat_buf *plain)
{
    for (size_t i = 0; i < count; i++) {
        size_t before = plain->len;

        for (size_t k = 0; k < sizes[i]; k++)
            FUZZ_CHECK(lat_buf_add_u8(plain, (uint8_t)plain->len) == LAT_OK);
        FUZZ_CHECK(noise_seal(writer->noise, plain->data + before, plain->len - before, &writer->out) ==
                   LAT_OK);
    }
}

/* Up to 8 sizes of frames, then changes: place (u16), what to do (0 drops a byte, 1 doubles it, else xor). */
static void
tamper(const uint8_t *data, size_t size)
{
    struct noise_side *writer = &pair.sides[0], *reader = &pair.sides[1];
    size_t count = size < 8 ? size : 8;
    struct lat_buf plain, got;
    enum lat_err err = LAT_OK;

    lat_buf_init(&plain, BUFFER_MAX);
    lat_buf_init(&got, BUFFER_MAX);
    noise_pair_begin(&pair, muxers, muxers);
    noise_pair_run(&pair);
    FUZZ_CHECK(noise_pair_is_open(&pair) && lat_buf_str(&plain) != NULL);
    seal_frames(writer, data, count, &plain);
    for (size_t i = count; i + 3 <= size && writer->out.len > 0; i += 3) {
        size_t at = ((size_t)data[i] << 8 | data[i + 1]) % writer->out.len;

        writer->out.data[at] ^= data[i + 2];
        if (data[i + 2] == 0) {
            memmove(writer->out.data + at, writer->out.data + at + 1, writer->out.len - at - 1);
            writer->out.len--;
        } else if (data[i + 2] == 1) {
            FUZZ_CHECK(lat_buf_add_u8(&writer->out, writer->out.data[at]) == LAT_OK);
        }
    }
    while (!err && noise_pair_move(&pair, 0, 1 + data[0]) > 0)
        err = noise_open(reader->noise, &reader->in, &got);
    FUZZ_CHECK(err == LAT_OK || err == LAT_AUTH || err == LAT_MALFORMED);
    FUZZ_CHECK(got.len <= plain.len);
    FUZZ_CHECK(got.len == 0 || memcmp(got.data, plain.data, got.len) == 0);
    FUZZ_CHECK(size > count || (err == LAT_OK && got.len == plain.len)); /* untouched, all of it arrives */
    lat_buf_fini(&plain);
    lat_buf_fini(&got);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!has_pair)
        noise_pair_init(&pair);
    has_pair = true;
    if (size < 2 || size > BUFFER_MAX)
        return 0;
    switch (data[0] & 3) {
    case 0:
        forge(1, data + 1, size - 1);
        break;
    case 1:
        forge(0, data + 1, size - 1);
        break;
    case 2:
        intrude(data + 1, size - 1);
        break;
    default:
        tamper(data + 1, size - 1);
    }
    return 0;
}
