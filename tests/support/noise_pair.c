#include "config.h"

#include "support/noise_pair.h"

#include <stdlib.h>
#include <string.h>

#include "support/random.h"

static uint64_t random_state = 1;

/* What a failure here means is that the test is wrong: nothing can go on. */
static void
need(bool holds)
{
    if (!holds)
        abort();
}

static void
next_random(void *out, size_t len)
{
    random_fill(&random_state, out, len);
}

enum lat_err
noise_side_sign(void *arg, const uint8_t *text, size_t len, struct lat_buf *signature)
{
    uint8_t *at;
    enum lat_err err = lat_buf_extend(signature, KEY_SIGNATURE_LEN, &at);

    return err ? err : key_sign(arg, text, len, at);
}

enum lat_err
noise_side_verify(void *arg, const uint8_t *identity_key, size_t identity_key_len, const uint8_t *text,
                  size_t text_len, const uint8_t *signature, size_t signature_len)
{
    struct noise_side *side = arg;

    side->verified++;
    if (identity_key_len != NOISE_PAIR_KEY_LEN || memcmp(identity_key, "\x08\x01\x12\x20", 4) != 0 ||
        signature_len != KEY_SIGNATURE_LEN)
        return LAT_MALFORMED;
    if (side->expected != NULL && memcmp(side->expected, identity_key, identity_key_len) != 0)
        return LAT_AUTH;
    return key_verify(identity_key + 4, text, text_len, signature);
}

static void
side_init(struct noise_side *side, uint8_t number)
{
    uint8_t seed[KEY_SEED_LEN];

    *side = (struct noise_side){ 0 };
    memset(seed, number, sizeof(seed));
    need(key_from_seed(seed, &side->key) == LAT_OK);
    memcpy(side->identity, "\x08\x01\x12\x20", 4);
    memcpy(side->identity + 4, key_public(side->key), KEY_PUBLIC_LEN);
    memset(seed, number + 0x10, sizeof(seed));
    need(noise_static_new(seed, side->identity, sizeof(side->identity), noise_side_sign, side->key,
                          &side->own) == LAT_OK);
    lat_buf_init(&side->in, 1 << 20);
    lat_buf_init(&side->out, 1 << 20);
}

static void
side_begin(struct noise_side *side, bool dials, const char *const *muxers, noise_verify *verify,
           void *verify_arg)
{
    const struct noise_config config = {
        .own = side->own,
        .muxers = muxers,
        .verify = verify,
        .verify_arg = verify_arg,
        .random = next_random,
        .deadline_ms = NOISE_PAIR_DEADLINE_MS,
    };

    noise_free(side->noise);
    lat_buf_clear(&side->in);
    lat_buf_clear(&side->out);
    side->why.text[0] = 0;
    side->err = LAT_SHORT;
    side->verified = 0;
    need((dials ? noise_dial(&config, &side->noise) : noise_listen(&config, &side->noise)) == LAT_OK);
}

void
noise_pair_init(struct noise_pair *pair)
{
    side_init(&pair->sides[0], 1);
    side_init(&pair->sides[1], 2);
}

void
noise_pair_fini(struct noise_pair *pair)
{
    for (int i = 0; i < 2; i++) {
        noise_free(pair->sides[i].noise);
        noise_static_free(pair->sides[i].own);
        key_free(pair->sides[i].key);
        lat_buf_fini(&pair->sides[i].in);
        lat_buf_fini(&pair->sides[i].out);
    }
}

void
noise_pair_begin(struct noise_pair *pair, const char *const *dialer_muxers,
                 const char *const *listener_muxers)
{
    noise_pair_begin_with(pair, dialer_muxers, listener_muxers, noise_side_verify, &pair->sides[1]);
}

void
noise_pair_begin_with(struct noise_pair *pair, const char *const *dialer_muxers,
                      const char *const *listener_muxers, noise_verify *verify, void *verify_arg)
{
    side_begin(&pair->sides[0], true, dialer_muxers, noise_side_verify, &pair->sides[0]);
    side_begin(&pair->sides[1], false, listener_muxers, verify, verify_arg);
    need(noise_start(pair->sides[0].noise, &pair->sides[0].out) == LAT_OK);
}

void
noise_side_step(struct noise_side *side, uint64_t now_ms)
{
    side->err = noise_step(side->noise, &side->in, &side->out, now_ms, &side->why);
}

size_t
noise_pair_move(struct noise_pair *pair, int from, size_t len)
{
    struct noise_side *writer = &pair->sides[from], *reader = &pair->sides[!from];

    if (len > writer->out.len)
        len = writer->out.len;
    if (len > 0)
        need(lat_buf_add(&reader->in, writer->out.data, len) == LAT_OK);
    lat_buf_drop(&writer->out, len);
    noise_side_step(reader, 0);
    return len;
}

void
noise_pair_run(struct noise_pair *pair)
{
    while (noise_pair_move(pair, 0, SIZE_MAX) + noise_pair_move(pair, 1, SIZE_MAX) > 0)
        ;
}

bool
noise_pair_is_open(const struct noise_pair *pair)
{
    return noise_is_open(pair->sides[0].noise) && noise_is_open(pair->sides[1].noise);
}
