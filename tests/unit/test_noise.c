#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "p2p/noise_payload.h"
#include "p2p/noise_xx.h"
#include "support/noise_pair.h"
#include "support/random.h"

#define DIALER 0
#define LISTENER 1

static const char *const yamux_only[] = { "/yamux/1.0.0", NULL };
static const char *const mplex_only[] = { "/mplex/6.7.0", NULL };
static const char *const yamux_mplex[] = { "/yamux/1.0.0", "/mplex/6.7.0", NULL };
static const char *const mplex_yamux[] = { "/mplex/6.7.0", "/yamux/1.0.0", NULL };
static const char *const nothing[] = { NULL };

static int
make_pair(void **state)
{
    struct noise_pair *pair = malloc(sizeof(*pair));

    noise_pair_init(pair);
    *state = pair;
    return 0;
}

static int
free_pair(void **state)
{
    noise_pair_fini(*state);
    free(*state);
    return 0;
}

/* Everything that an open channel must be able to do, in both directions. */
static void
check_channel(struct noise_pair *pair)
{
    struct lat_buf got;

    lat_buf_init(&got, 64);
    assert_true(noise_pair_is_open(pair));
    for (int i = 0; i < 2; i++) {
        struct noise_side *writer = &pair->sides[i], *reader = &pair->sides[!i];
        const uint8_t *key;
        size_t key_len;

        key = noise_remote_key(reader->noise, &key_len);
        assert_int_equal(key_len, NOISE_PAIR_KEY_LEN);
        assert_memory_equal(key, writer->identity, NOISE_PAIR_KEY_LEN);
        assert_int_equal(reader->verified, 1);
        assert_int_equal(noise_seal(writer->noise, "hello", 5, &writer->out), LAT_OK);
        assert_int_equal(noise_open(reader->noise, &writer->out, &got), LAT_OK);
        assert_int_equal(writer->out.len, 0);
        assert_int_equal(got.len, 5);
        assert_memory_equal(got.data, "hello", 5);
        lat_buf_clear(&got);
    }
    lat_buf_fini(&got);
}

/* Neither bytes nor names of the other side, and nothing goes in or out. */
static void
check_closed(struct noise_side *side)
{
    uint8_t frame[2 + 16] = { 0, 16 };
    struct lat_buf in, out;
    size_t len = 7;

    lat_buf_init(&in, 64);
    lat_buf_init(&out, 64);
    assert_int_equal(lat_buf_add(&in, frame, sizeof(frame)), LAT_OK);
    assert_false(noise_is_open(side->noise));
    assert_null(noise_remote_key(side->noise, &len));
    assert_int_equal(len, 0);
    assert_null(noise_muxer(side->noise));
    assert_int_not_equal(noise_seal(side->noise, "x", 1, &out), LAT_OK);
    assert_int_not_equal(noise_open(side->noise, &in, &out), LAT_OK);
    assert_int_equal(out.len, 0);
    lat_buf_fini(&in);
    lat_buf_fini(&out);
}

static void
check_failed(struct noise_side *side, enum lat_err err)
{
    if (side->err != err)
        fail_msg("%s instead of %s: %s", lat_err_text(side->err), lat_err_text(err), side->why.text);
    assert_true(side->why.text[0] != 0);
    check_closed(side);
    noise_side_step(side, 0); /* final */
    assert_int_equal(side->err, err);
}

static void
both_sides_open_and_know_each_other(void **state)
{
    struct noise_pair *pair = *state;

    noise_pair_begin(pair, yamux_only, yamux_only);
    check_closed(&pair->sides[DIALER]);
    check_closed(&pair->sides[LISTENER]);
    noise_pair_run(pair);
    check_channel(pair);
    assert_int_equal(pair->sides[DIALER].err, LAT_OK);
    assert_int_equal(pair->sides[LISTENER].err, LAT_OK);
}

static void
the_messages_have_the_sizes_of_the_specification(void **state)
{
    struct noise_pair *pair = *state;
    const size_t identity = 2 + NOISE_PAIR_KEY_LEN + 1 + KEY_SIGNATURE_LEN + 1, muxer = 2 + 2 + 12;

    noise_pair_begin(pair, yamux_only, yamux_only);
    assert_int_equal(pair->sides[DIALER].out.len, 2 + 32);
    noise_pair_move(pair, DIALER, SIZE_MAX);
    assert_int_equal(pair->sides[LISTENER].out.len, 2 + 32 + 48 + identity + muxer + 16);
    noise_pair_move(pair, LISTENER, SIZE_MAX);
    assert_int_equal(pair->sides[DIALER].out.len, 2 + 48 + identity + muxer + 16);
}

static const struct {
    const char *const *dialer, *const *listener;
    const char *chosen; /* NULL: inside the channel */
    bool fails;
} choices[] = {
    { yamux_only, yamux_only, "/yamux/1.0.0", false },
    { yamux_mplex, mplex_yamux, "/yamux/1.0.0", false },
    { mplex_yamux, yamux_mplex, "/mplex/6.7.0", false },
    { yamux_mplex, mplex_only, "/mplex/6.7.0", false },
    { yamux_only, nothing, NULL, false },
    { yamux_only, NULL, NULL, false },
    { NULL, yamux_only, NULL, false },
    { NULL, NULL, NULL, false },
    { yamux_only, mplex_only, NULL, true },
};

static void
the_multiplexer_is_the_dialers_first_that_both_have(void **state)
{
    struct noise_pair *pair = *state;

    for (size_t i = 0; i < sizeof(choices) / sizeof(*choices); i++) {
        noise_pair_begin(pair, choices[i].dialer, choices[i].listener);
        noise_pair_run(pair);
        if (choices[i].fails) {
            check_failed(&pair->sides[DIALER], LAT_MALFORMED);
            check_closed(&pair->sides[LISTENER]);
            continue;
        }
        check_channel(pair);
        for (int side = 0; side < 2; side++) {
            const char *muxer = noise_muxer(pair->sides[side].noise);

            assert_true((muxer == NULL) == (choices[i].chosen == NULL));
            if (muxer != NULL)
                assert_string_equal(muxer, choices[i].chosen);
        }
    }
}

/* A payload as others write it: the dialer's identity over this static key, then a list of multiplexers. */
static void
put_foreign_payload(struct lat_buf *payload, const struct noise_side *dialer,
                    const uint8_t static_key[DH_LEN], const char *const *names, size_t count)
{
    uint8_t text[NOISE_SIGNED_LEN], signature[KEY_SIGNATURE_LEN];

    memcpy(text, "noise-libp2p-static-key:", 24);
    memcpy(text + 24, static_key, DH_LEN);
    assert_int_equal(key_sign(dialer->key, text, sizeof(text), signature), LAT_OK);
    assert_int_equal(noise_payload_put_identity(payload, dialer->identity, sizeof(dialer->identity),
                                                signature, sizeof(signature)),
                     LAT_OK);
    assert_int_equal(noise_payload_put_muxers(payload, names, count), LAT_OK);
}

static void
give_frame(struct noise_side *side, const struct lat_buf *message)
{
    const uint8_t length[2] = { (uint8_t)(message->len >> 8), (uint8_t)message->len };

    assert_int_equal(lat_buf_add(&side->in, length, 2), LAT_OK);
    assert_int_equal(lat_buf_add(&side->in, message->data, message->len), LAT_OK);
    noise_side_step(side, 0);
}

/* A dialer of another making, which sends its whole list whatever the listener offered. */
static void
dial_with_list(struct noise_pair *pair, const char *const *names, size_t count,
               const char *const *listener_muxers)
{
    struct noise_side *listener = &pair->sides[LISTENER];
    uint8_t seed[DH_LEN] = { 0x77 };
    struct lat_buf message, payload;
    struct dh_pair *own_static;
    struct noise_xx xx;

    lat_buf_init(&message, NOISE_HANDSHAKE_MAX);
    lat_buf_init(&payload, NOISE_HANDSHAKE_MAX);
    noise_pair_begin(pair, names, listener_muxers);
    assert_int_equal(dh_pair_from_seed(seed, &own_static), LAT_OK);
    assert_int_equal(noise_xx_init(&xx, true, own_static, seed, NULL, 0), LAT_OK);
    assert_int_equal(noise_xx_write(&xx, NULL, 0, &message), LAT_OK);
    give_frame(listener, &message);
    assert_int_equal(noise_xx_read(&xx, listener->out.data + 2, listener->out.len - 2, &payload), LAT_OK);
    lat_buf_clear(&message);
    lat_buf_clear(&payload);
    put_foreign_payload(&payload, &pair->sides[DIALER], dh_pair_public(own_static), names, count);
    assert_int_equal(noise_xx_write(&xx, payload.data, payload.len, &message), LAT_OK);
    give_frame(listener, &message);
    noise_xx_fini(&xx);
    dh_pair_free(own_static);
    lat_buf_fini(&message);
    lat_buf_fini(&payload);
}

static void
a_listener_follows_the_list_of_any_dialer(void **state)
{
    struct noise_pair *pair = *state;
    struct noise_side *listener = &pair->sides[LISTENER];

    dial_with_list(pair, mplex_yamux, 2, yamux_mplex);
    assert_int_equal(listener->err, LAT_OK);
    assert_string_equal(noise_muxer(listener->noise), "/mplex/6.7.0");
    dial_with_list(pair, mplex_yamux, 2, yamux_only);
    assert_string_equal(noise_muxer(listener->noise), "/yamux/1.0.0");
    dial_with_list(pair, mplex_yamux, 2, NULL); /* nothing was offered: inside the channel */
    assert_int_equal(listener->err, LAT_OK);
    assert_null(noise_muxer(listener->noise));
    dial_with_list(pair, mplex_only, 1, yamux_only);
    check_failed(listener, LAT_MALFORMED);
    assert_int_equal(listener->verified, 1); /* who offers what is looked at only after that */
}

/* The dialer sends its first frames right behind its last message: all of it may come in one piece. */
static void
what_comes_behind_the_last_message_stays_for_the_channel(void **state)
{
    struct noise_pair *pair = *state;
    struct noise_side *dialer = &pair->sides[DIALER], *listener = &pair->sides[LISTENER];
    struct lat_buf got;

    lat_buf_init(&got, 64);
    noise_pair_begin(pair, yamux_only, yamux_only);
    noise_pair_move(pair, DIALER, SIZE_MAX);
    noise_pair_move(pair, LISTENER, SIZE_MAX);
    assert_int_equal(dialer->err, LAT_OK);
    assert_int_equal(noise_seal(dialer->noise, "early", 5, &dialer->out), LAT_OK);
    noise_pair_move(pair, DIALER, SIZE_MAX);
    assert_int_equal(listener->err, LAT_OK);
    assert_int_equal(listener->in.len, 5 + NOISE_OVERHEAD);
    assert_int_equal(noise_open(listener->noise, &listener->in, &got), LAT_OK);
    assert_memory_equal(got.data, "early", 5);
    lat_buf_fini(&got);
}

static void
writes_may_be_split_at_every_position(void **state)
{
    struct noise_pair *pair = *state;

    for (size_t cut = 0; cut < 260; cut++) {
        noise_pair_begin(pair, yamux_only, yamux_only);
        while (pair->sides[DIALER].out.len + pair->sides[LISTENER].out.len > 0) {
            for (int from = 0; from < 2; from++) {
                noise_pair_move(pair, from, cut);
                noise_pair_move(pair, from, SIZE_MAX);
            }
        }
        check_channel(pair);
    }
    noise_pair_begin(pair, yamux_only, yamux_only);
    while (noise_pair_move(pair, DIALER, 1) + noise_pair_move(pair, LISTENER, 1) > 0)
        ;
    check_channel(pair);
}

/* flight: 0 = message 1, and so on. The side that reads it, with the flight still in the other's out. */
static struct noise_side *
run_up_to(struct noise_pair *pair, int flight)
{
    noise_pair_begin(pair, yamux_mplex, yamux_mplex);
    for (int i = 0; i < flight; i++)
        noise_pair_move(pair, i % 2, SIZE_MAX);
    return &pair->sides[!(flight % 2)];
}

static void
a_changed_byte_anywhere_opens_no_channel(void **state)
{
    struct noise_pair *pair = *state;

    for (int flight = 0; flight < 3; flight++) {
        size_t len = 1;

        for (size_t at = 0; at < len; at++) {
            struct noise_side *reader = run_up_to(pair, flight), *writer = &pair->sides[flight % 2];

            len = writer->out.len;
            writer->out.data[at] ^= (uint8_t)(1u << at % 8);
            noise_pair_run(pair);
            /* A changed length may be a call to wait for more; everything else is found out by the one who
             * reads. */
            noise_side_step(reader, NOISE_PAIR_DEADLINE_MS);
            noise_side_step(&pair->sides[DIALER], NOISE_PAIR_DEADLINE_MS);
            check_closed(&pair->sides[LISTENER]);
            if (flight < 2)
                check_closed(&pair->sides[DIALER]);
            if (flight > 0 && at >= 2)
                check_failed(reader, LAT_AUTH);
            if (flight > 0)
                assert_int_equal(reader->verified, 0);
        }
        assert_true(len > 30);
    }
}

static void
a_handshake_that_stops_anywhere_ends_at_its_deadline(void **state)
{
    struct noise_pair *pair = *state;

    for (int flight = 0; flight < 3; flight++) {
        size_t len = 1;

        for (size_t cut = 0; cut < len; cut++) {
            struct noise_side *reader = run_up_to(pair, flight);

            len = pair->sides[flight % 2].out.len;
            noise_pair_move(pair, flight % 2, cut);
            assert_int_equal(reader->err, LAT_SHORT);
            noise_side_step(reader, NOISE_PAIR_DEADLINE_MS - 1);
            assert_int_equal(reader->err, LAT_SHORT);
            noise_side_step(reader, NOISE_PAIR_DEADLINE_MS);
            check_failed(reader, LAT_TIMEOUT);
        }
    }
}

static void
a_message_over_the_limit_is_refused_by_its_length(void **state)
{
    static const uint8_t over[] = { (NOISE_HANDSHAKE_MAX + 1) >> 8, (NOISE_HANDSHAKE_MAX + 1) & 0xff };
    struct noise_pair *pair = *state;

    for (int flight = 0; flight < 3; flight++) {
        struct noise_side *reader = run_up_to(pair, flight);

        assert_int_equal(lat_buf_add(&reader->in, over, sizeof(over)), LAT_OK);
        noise_side_step(reader, 0);
        check_failed(reader, LAT_MALFORMED);
    }
}

static void
a_message_too_short_is_refused(void **state)
{
    static const uint8_t empty[] = { 0, 0 };
    struct noise_pair *pair = *state;

    for (int flight = 0; flight < 3; flight++) {
        struct noise_side *reader = run_up_to(pair, flight);

        assert_int_equal(lat_buf_add(&reader->in, empty, sizeof(empty)), LAT_OK);
        noise_side_step(reader, 0);
        check_failed(reader, LAT_MALFORMED);
    }
}

static void
a_first_message_with_a_payload_is_refused(void **state)
{
    struct noise_pair *pair = *state;
    struct noise_side *listener = run_up_to(pair, 0);
    uint8_t frame[2 + 33] = { 0, 33, 1 };

    assert_int_equal(lat_buf_add(&listener->in, frame, sizeof(frame)), LAT_OK);
    noise_side_step(listener, 0);
    check_failed(listener, LAT_MALFORMED);
}

static void
a_key_that_gives_a_known_secret_is_refused(void **state)
{
    struct noise_pair *pair = *state;
    struct noise_side *listener = run_up_to(pair, 0);
    uint8_t frame[2 + 32] = { 0, 32 };

    assert_int_equal(lat_buf_add(&listener->in, frame, sizeof(frame)), LAT_OK);
    noise_side_step(listener, 0);
    check_failed(listener, LAT_AUTH);
}

static void
another_identity_than_the_dialed_one_is_refused(void **state)
{
    struct noise_pair *pair = *state;
    struct noise_side *dialer = &pair->sides[DIALER], *listener = &pair->sides[LISTENER];

    dialer->expected = dialer->identity; /* anyone but the listener */
    noise_pair_begin(pair, yamux_only, yamux_only);
    noise_pair_run(pair);
    check_failed(dialer, LAT_AUTH);
    assert_int_equal(dialer->out.len, 0); /* who we are is not shown to a stranger */
    check_closed(listener);

    dialer->expected = listener->identity;
    listener->expected = listener->identity;
    noise_pair_begin(pair, yamux_only, yamux_only);
    noise_pair_run(pair);
    assert_true(noise_is_open(dialer->noise));
    check_failed(listener, LAT_AUTH);

    listener->expected = dialer->identity;
    noise_pair_begin(pair, yamux_only, yamux_only);
    noise_pair_run(pair);
    check_channel(pair);
}

/* Somebody's identity without his key: the dialer's key signs for the listener's identity. */
static void
an_identity_that_did_not_sign_the_static_key_is_refused(void **state)
{
    struct noise_pair *pair = *state;
    struct noise_side *dialer = &pair->sides[DIALER], *listener = &pair->sides[LISTENER];
    struct noise_static *own = listener->own;
    uint8_t seed[32] = { 0x42 };

    assert_int_equal(noise_static_new(seed, listener->identity, sizeof(listener->identity), noise_side_sign,
                                      dialer->key, &listener->own),
                     LAT_OK);
    noise_pair_begin(pair, yamux_only, yamux_only);
    noise_pair_run(pair);
    check_failed(dialer, LAT_AUTH);
    assert_int_equal(dialer->verified, 1);
    noise_static_free(listener->own);
    listener->own = own;
}

static enum lat_err
sign_nothing(void *arg, const uint8_t *text, size_t len, struct lat_buf *signature)
{
    (void)arg;
    (void)text;
    (void)len;
    (void)signature;
    return LAT_OK;
}

static enum lat_err
sign_too_much(void *arg, const uint8_t *text, size_t len, struct lat_buf *signature)
{
    uint8_t *at;

    (void)arg;
    (void)text;
    (void)len;
    return lat_buf_extend(signature, NOISE_HANDSHAKE_MAX, &at);
}

static enum lat_err
sign_never(void *arg, const uint8_t *text, size_t len, struct lat_buf *signature)
{
    (void)arg;
    (void)text;
    (void)len;
    (void)signature;
    return LAT_BUSY;
}

static void
an_identity_that_cannot_sign_makes_no_static_key(void **state)
{
    struct noise_static *own = NULL;
    uint8_t seed[32] = { 1 }, identity[4] = { 0 };

    (void)state;
    assert_int_equal(noise_static_new(seed, identity, 4, sign_too_much, NULL, &own), LAT_LIMIT);
    assert_int_equal(noise_static_new(seed, identity, 4, sign_never, NULL, &own), LAT_BUSY);
    assert_null(own);
    noise_static_free(NULL);
    noise_free(NULL);
}

static void
a_payload_without_identity_or_signature_is_refused(void **state)
{
    struct noise_pair *pair = *state;
    struct noise_side *listener = &pair->sides[LISTENER];
    struct noise_static *own = listener->own;
    uint8_t seed[32] = { 0x42 };

    for (int what = 0; what < 2; what++) {
        assert_int_equal(
            noise_static_new(seed, listener->identity, what == 0 ? 0 : sizeof(listener->identity),
                             what == 0 ? noise_side_sign : sign_nothing, listener->key, &listener->own),
            LAT_OK);
        noise_pair_begin(pair, yamux_only, yamux_only);
        noise_pair_run(pair);
        check_failed(&pair->sides[DIALER], LAT_AUTH);
        assert_int_equal(pair->sides[DIALER].verified, 0);
        noise_static_free(listener->own);
    }
    listener->own = own;
}

/* --- the open channel ---------------------------------------------------------------------------------- */

static void
open_pair(struct noise_pair *pair)
{
    noise_pair_begin(pair, yamux_only, yamux_only);
    noise_pair_run(pair);
    assert_true(noise_pair_is_open(pair));
}

static void
messages_of_every_size_come_through_in_the_fewest_frames(void **state)
{
    static const size_t sizes[] = { 0,
                                    1,
                                    15,
                                    16,
                                    17,
                                    4096,
                                    NOISE_PLAIN_MAX - 1,
                                    NOISE_PLAIN_MAX,
                                    NOISE_PLAIN_MAX + 1,
                                    2 * NOISE_PLAIN_MAX,
                                    200000 };
    struct noise_pair *pair = *state;
    struct noise_side *dialer = &pair->sides[DIALER], *listener = &pair->sides[LISTENER];
    uint8_t *data = malloc(200000);
    uint64_t seed = 5;
    struct lat_buf got;

    random_fill(&seed, data, 200000);
    lat_buf_init(&got, 200000);
    open_pair(pair);
    for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
        size_t frames = sizes[i] == 0 ? 1 : (sizes[i] + NOISE_PLAIN_MAX - 1) / NOISE_PLAIN_MAX;

        assert_int_equal(noise_seal(dialer->noise, data, sizes[i], &dialer->out), LAT_OK);
        assert_int_equal(dialer->out.len, sizes[i] + frames * NOISE_OVERHEAD);
        assert_int_equal(dialer->out.len, noise_sealed_len(sizes[i]));
        assert_int_equal(noise_open(listener->noise, &dialer->out, &got), LAT_OK);
        assert_int_equal(got.len, sizes[i]);
        if (sizes[i] > 0)
            assert_memory_equal(got.data, data, sizes[i]);
        lat_buf_clear(&got);
    }
    assert_int_equal(noise_seal(dialer->noise, NULL, 0, &dialer->out), LAT_OK);
    assert_int_equal(dialer->out.len, NOISE_OVERHEAD);
    assert_int_equal(noise_open(listener->noise, &dialer->out, &got), LAT_OK);
    assert_int_equal(got.len, 0);
    lat_buf_fini(&got);
    free(data);
}

/* Three frames, one of them empty, given byte by byte. */
static void
frames_may_come_in_any_pieces(void **state)
{
    struct noise_pair *pair = *state;
    struct noise_side *dialer = &pair->sides[DIALER], *listener = &pair->sides[LISTENER];
    struct lat_buf got;

    lat_buf_init(&got, 64);
    for (size_t step = 1; step < 3 * NOISE_OVERHEAD + 12; step++) {
        open_pair(pair);
        assert_int_equal(noise_seal(dialer->noise, "first ", 6, &dialer->out), LAT_OK);
        assert_int_equal(noise_seal(dialer->noise, "", 0, &dialer->out), LAT_OK);
        assert_int_equal(noise_seal(dialer->noise, "second", 6, &dialer->out), LAT_OK);
        while (noise_pair_move(pair, DIALER, step) > 0)
            assert_int_equal(noise_open(listener->noise, &listener->in, &got), LAT_OK);
        assert_int_equal(got.len, 12);
        assert_memory_equal(got.data, "first second", 12);
        assert_int_equal(listener->in.len, 0);
        lat_buf_clear(&got);
    }
    lat_buf_fini(&got);
}

static void
check_refused_frame(struct noise_side *reader, struct lat_buf *in, enum lat_err err)
{
    struct lat_buf got;

    lat_buf_init(&got, 64);
    assert_int_equal(noise_open(reader->noise, in, &got), err);
    assert_int_equal(got.len, 0);
    assert_int_equal(noise_open(reader->noise, in, &got), err); /* final */
    assert_int_equal(noise_seal(reader->noise, "x", 1, &got), err);
    check_closed(reader);
    lat_buf_fini(&got);
}

static void
a_changed_byte_of_a_frame_ends_the_channel(void **state)
{
    struct noise_pair *pair = *state;
    struct noise_side *dialer = &pair->sides[DIALER], *listener = &pair->sides[LISTENER];

    for (size_t at = 2; at < NOISE_OVERHEAD + 5; at++) {
        open_pair(pair);
        assert_int_equal(noise_seal(dialer->noise, "hello", 5, &dialer->out), LAT_OK);
        dialer->out.data[at] ^= (uint8_t)(1u << at % 8);
        check_refused_frame(listener, &dialer->out, LAT_AUTH);
    }
    open_pair(pair); /* a shorter length: the tag is another one */
    assert_int_equal(noise_seal(dialer->noise, "hello", 5, &dialer->out), LAT_OK);
    dialer->out.data[1]--;
    check_refused_frame(listener, &dialer->out, LAT_AUTH);
}

static void
a_frame_again_or_out_of_order_ends_the_channel(void **state)
{
    struct noise_pair *pair = *state;
    struct noise_side *dialer = &pair->sides[DIALER], *listener = &pair->sides[LISTENER];
    struct lat_buf got, copy;

    lat_buf_init(&got, 64);
    lat_buf_init(&copy, 64);
    open_pair(pair);
    assert_int_equal(noise_seal(dialer->noise, "hello", 5, &dialer->out), LAT_OK);
    assert_int_equal(lat_buf_add(&copy, dialer->out.data, dialer->out.len), LAT_OK);
    assert_int_equal(noise_open(listener->noise, &dialer->out, &got), LAT_OK);
    check_refused_frame(listener, &copy, LAT_AUTH);

    open_pair(pair);
    assert_int_equal(noise_seal(dialer->noise, "first", 5, &dialer->out), LAT_OK);
    lat_buf_clear(&dialer->out); /* lost */
    assert_int_equal(noise_seal(dialer->noise, "second", 6, &dialer->out), LAT_OK);
    check_refused_frame(listener, &dialer->out, LAT_AUTH);

    open_pair(pair); /* and what one side wrote does not come back to it */
    assert_int_equal(noise_seal(dialer->noise, "hello", 5, &dialer->out), LAT_OK);
    check_refused_frame(dialer, &dialer->out, LAT_AUTH);
    lat_buf_fini(&copy);
    lat_buf_fini(&got);
}

static void
a_frame_shorter_than_a_tag_ends_the_channel(void **state)
{
    struct noise_pair *pair = *state;
    uint8_t frame[2 + NOISE_TAG_LEN - 1] = { 0, NOISE_TAG_LEN - 1 };

    open_pair(pair);
    lat_buf_clear(&pair->sides[LISTENER].in);
    assert_int_equal(lat_buf_add(&pair->sides[LISTENER].in, frame, sizeof(frame)), LAT_OK);
    check_refused_frame(&pair->sides[LISTENER], &pair->sides[LISTENER].in, LAT_MALFORMED);
}

static void
what_is_authentic_stays_when_a_later_frame_is_not(void **state)
{
    struct noise_pair *pair = *state;
    struct noise_side *dialer = &pair->sides[DIALER], *listener = &pair->sides[LISTENER];
    struct lat_buf got;

    lat_buf_init(&got, 64);
    open_pair(pair);
    assert_int_equal(noise_seal(dialer->noise, "good", 4, &dialer->out), LAT_OK);
    assert_int_equal(noise_seal(dialer->noise, "bad", 3, &dialer->out), LAT_OK);
    dialer->out.data[dialer->out.len - 1] ^= 1;
    assert_int_equal(noise_open(listener->noise, &dialer->out, &got), LAT_AUTH);
    assert_int_equal(got.len, 4);
    assert_memory_equal(got.data, "good", 4);
    lat_buf_fini(&got);
}

static void
a_full_buffer_loses_nothing(void **state)
{
    struct noise_pair *pair = *state;
    struct noise_side *dialer = &pair->sides[DIALER], *listener = &pair->sides[LISTENER];
    struct lat_buf small, got;

    lat_buf_init(&small, 2 * (NOISE_OVERHEAD + 5) - 1);
    lat_buf_init(&got, 9);
    open_pair(pair);
    assert_int_equal(noise_seal(dialer->noise, "hello", 5, &small), LAT_OK);
    assert_int_equal(noise_seal(dialer->noise, "world", 5, &small), LAT_LIMIT);
    assert_int_equal(small.len, NOISE_OVERHEAD + 5);
    assert_int_equal(lat_buf_add(&dialer->out, small.data, small.len), LAT_OK);
    lat_buf_clear(&small);
    assert_int_equal(noise_seal(dialer->noise, "world", 5, &small), LAT_OK);
    assert_int_equal(lat_buf_add(&dialer->out, small.data, small.len), LAT_OK);

    assert_int_equal(noise_open(listener->noise, &dialer->out, &got), LAT_LIMIT);
    assert_int_equal(got.len, 5);
    assert_int_equal(dialer->out.len, NOISE_OVERHEAD + 5);
    lat_buf_clear(&got);
    assert_int_equal(noise_open(listener->noise, &dialer->out, &got), LAT_OK);
    assert_int_equal(got.len, 5);
    assert_memory_equal(got.data, "world", 5);
    lat_buf_fini(&small);
    lat_buf_fini(&got);
}

static void
no_room_for_an_answer_ends_the_handshake(void **state)
{
    struct noise_pair *pair = *state;
    struct noise_side *listener = &pair->sides[LISTENER];
    size_t max = listener->out.max;

    noise_pair_begin(pair, yamux_only, yamux_only);
    lat_buf_fini(&listener->out);
    lat_buf_init(&listener->out, 100);
    noise_pair_move(pair, DIALER, SIZE_MAX);
    check_failed(listener, LAT_LIMIT);
    lat_buf_fini(&listener->out);
    lat_buf_init(&listener->out, max);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_pair, free_pair)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(both_sides_open_and_know_each_other),
        TEST(the_messages_have_the_sizes_of_the_specification),
        TEST(the_multiplexer_is_the_dialers_first_that_both_have),
        TEST(a_listener_follows_the_list_of_any_dialer),
        TEST(what_comes_behind_the_last_message_stays_for_the_channel),
        TEST(writes_may_be_split_at_every_position),
        TEST(a_changed_byte_anywhere_opens_no_channel),
        TEST(a_handshake_that_stops_anywhere_ends_at_its_deadline),
        TEST(a_message_over_the_limit_is_refused_by_its_length),
        TEST(a_message_too_short_is_refused),
        TEST(a_first_message_with_a_payload_is_refused),
        TEST(a_key_that_gives_a_known_secret_is_refused),
        TEST(another_identity_than_the_dialed_one_is_refused),
        TEST(an_identity_that_did_not_sign_the_static_key_is_refused),
        cmocka_unit_test(an_identity_that_cannot_sign_makes_no_static_key),
        TEST(a_payload_without_identity_or_signature_is_refused),
        TEST(messages_of_every_size_come_through_in_the_fewest_frames),
        TEST(frames_may_come_in_any_pieces),
        TEST(a_changed_byte_of_a_frame_ends_the_channel),
        TEST(a_frame_again_or_out_of_order_ends_the_channel),
        TEST(a_frame_shorter_than_a_tag_ends_the_channel),
        TEST(what_is_authentic_stays_when_a_later_frame_is_not),
        TEST(a_full_buffer_loses_nothing),
        TEST(no_room_for_an_answer_ends_the_handshake),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
