#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "p2p/noise_xx.h"
#include "support/vectors.h"

#define MESSAGE_MAX 4096

/* One side of a published conversation. */
struct side {
    struct dh_pair *own_static;
    struct noise_xx xx;
    struct noise_cipher sending, receiving;
};

static void
side_init(struct side *side, bool is_initiator, const uint8_t static_seed[DH_LEN],
          const uint8_t ephemeral_seed[DH_LEN], const void *prologue, size_t prologue_len)
{
    *side = (struct side){ 0 };
    assert_int_equal(dh_pair_from_seed(static_seed, &side->own_static), LAT_OK);
    assert_int_equal(
        noise_xx_init(&side->xx, is_initiator, side->own_static, ephemeral_seed, prologue, prologue_len),
        LAT_OK);
}

static void
side_of_vector(struct side *side, const cJSON *vector, bool is_initiator)
{
    uint8_t static_seed[DH_LEN], ephemeral_seed[DH_LEN], *prologue;
    size_t prologue_len;

    vectors_copy(vector, is_initiator ? "init_static" : "resp_static", static_seed, DH_LEN);
    vectors_copy(vector, is_initiator ? "init_ephemeral" : "resp_ephemeral", ephemeral_seed, DH_LEN);
    prologue = vectors_bytes(vector, is_initiator ? "init_prologue" : "resp_prologue", &prologue_len);
    side_init(side, is_initiator, static_seed, ephemeral_seed, prologue, prologue_len);
    free(prologue);
}

static void
side_fini(struct side *side)
{
    noise_xx_fini(&side->xx);
    noise_cipher_fini(&side->sending);
    noise_cipher_fini(&side->receiving);
    dh_pair_free(side->own_static);
}

/* Two sides with fixed keys and no prologue. */
static void
pair_init(struct side sides[2])
{
    uint8_t seed[DH_LEN], other[DH_LEN];

    for (int i = 0; i < 2; i++) {
        memset(seed, 0x11 + i, sizeof(seed));
        memset(other, 0x21 + i, sizeof(other));
        side_init(&sides[i], i == 0, seed, other, NULL, 0);
    }
}

static void
pair_fini(struct side sides[2])
{
    side_fini(&sides[0]);
    side_fini(&sides[1]);
}

static void
pass_handshake_message(struct side *writer, struct side *reader, const uint8_t *plain, size_t plain_len,
                       const uint8_t *expected, size_t expected_len)
{
    struct lat_buf message, payload;

    lat_buf_init(&message, MESSAGE_MAX);
    lat_buf_init(&payload, MESSAGE_MAX);
    assert_true(noise_xx_is_writing(&writer->xx) && !noise_xx_is_writing(&reader->xx));
    assert_int_equal(noise_xx_len(&writer->xx, plain_len), expected_len);
    assert_int_equal(noise_xx_write(&writer->xx, plain, plain_len, &message), LAT_OK);
    assert_int_equal(message.len, expected_len);
    assert_memory_equal(message.data, expected, expected_len);
    assert_int_equal(noise_xx_read(&reader->xx, message.data, message.len, &payload), LAT_OK);
    assert_int_equal(payload.len, plain_len);
    assert_memory_equal(payload.data, plain, plain_len);
    lat_buf_fini(&message);
    lat_buf_fini(&payload);
}

static void
pass_transport_message(struct side *writer, struct side *reader, const uint8_t *plain, size_t plain_len,
                       const uint8_t *expected, size_t expected_len)
{
    uint8_t got[MESSAGE_MAX];

    assert_int_equal(expected_len, plain_len + AEAD_TAG_LEN);
    assert_int_equal(noise_cipher_seal(&writer->sending, NULL, 0, plain, plain_len, got), LAT_OK);
    assert_memory_equal(got, expected, expected_len);
    assert_int_equal(noise_cipher_open(&reader->receiving, NULL, 0, expected, expected_len, got), LAT_OK);
    assert_memory_equal(got, plain, plain_len);
}

static void
finish(struct side sides[2], const cJSON *vector)
{
    uint8_t hash[SHA256_LEN];

    for (int i = 0; i < 2; i++) {
        assert_int_equal(noise_xx_split(&sides[i].xx, &sides[i].sending, &sides[i].receiving), LAT_OK);
        assert_memory_equal(sides[i].xx.their_static_bytes, dh_pair_public(sides[!i].own_static), DH_LEN);
        if (cJSON_HasObjectItem(vector, "handshake_hash")) {
            vectors_copy(vector, "handshake_hash", hash, sizeof(hash));
            assert_memory_equal(sides[i].xx.hash, hash, sizeof(hash));
        }
    }
}

/* The sides take turns from the first message to the last, the initiator first. */
static void
replay(const cJSON *vector)
{
    const cJSON *messages = vectors_member(vector, "messages"), *message;
    struct side sides[2];
    int turn = 0;

    side_of_vector(&sides[0], vector, true);
    side_of_vector(&sides[1], vector, false);
    cJSON_ArrayForEach(message, messages)
    {
        struct side *writer = &sides[turn % 2], *reader = &sides[!(turn % 2)];
        size_t plain_len, expected_len;
        uint8_t *plain = vectors_bytes(message, "payload", &plain_len);
        uint8_t *expected = vectors_bytes(message, "ciphertext", &expected_len);

        if (turn < NOISE_XX_MESSAGES)
            pass_handshake_message(writer, reader, plain, plain_len, expected, expected_len);
        else
            pass_transport_message(writer, reader, plain, plain_len, expected, expected_len);
        if (++turn == NOISE_XX_MESSAGES)
            finish(sides, vector);
        free(plain);
        free(expected);
    }
    assert_true(turn > NOISE_XX_MESSAGES);
    pair_fini(sides);
}

static void
the_published_conversations_come_out_byte_by_byte(void **state)
{
    cJSON *json = vectors_load("libp2p/noise-xx.json");
    const cJSON *vector;
    int count = 0;

    (void)state;
    cJSON_ArrayForEach(vector, vectors_member(json, "vectors"))
    {
        replay(vector);
        count++;
    }
    assert_int_equal(count, 2);
    cJSON_Delete(json);
}

/* Write and read the messages before number `last`, counted from 1, then write that one into *message. */
static struct side *
write_up_to(struct side sides[2], unsigned last, struct lat_buf *message)
{
    struct lat_buf payload;

    pair_init(sides);
    lat_buf_init(&payload, MESSAGE_MAX);
    for (unsigned number = 1;; number++) {
        struct side *writer = &sides[number % 2 == 0], *reader = &sides[number % 2 == 1];

        lat_buf_clear(message);
        assert_int_equal(noise_xx_write(&writer->xx, "secret", 6, message), LAT_OK);
        if (number == last) {
            lat_buf_fini(&payload);
            return reader;
        }
        assert_int_equal(noise_xx_read(&reader->xx, message->data, message->len, &payload), LAT_OK);
    }
}

static void
a_message_cut_short_is_refused_at_every_length(void **state)
{
    static const size_t least[] = { 0, NOISE_XX_MIN_1, NOISE_XX_MIN_2, NOISE_XX_MIN_3 };
    struct lat_buf message, payload;
    struct side sides[2];

    (void)state;
    lat_buf_init(&message, MESSAGE_MAX);
    lat_buf_init(&payload, MESSAGE_MAX);
    for (unsigned number = 1; number <= NOISE_XX_MESSAGES; number++) {
        for (size_t len = 0; len < least[number] + 6; len++) {
            struct side *reader = write_up_to(sides, number, &message);
            enum lat_err err = noise_xx_read(&reader->xx, message.data, len, &payload);

            if (len < least[number])
                assert_int_equal(err, LAT_MALFORMED);
            else /* a shorter payload: in the first message, whose payload nothing protects, it goes through
                  */
                assert_int_equal(err, number == 1 ? LAT_OK : LAT_AUTH);
            pair_fini(sides);
        }
    }
    lat_buf_fini(&message);
    lat_buf_fini(&payload);
}

static void
a_key_of_small_order_ends_the_handshake(void **state)
{
    struct lat_buf message, payload;
    struct side sides[2], *reader;

    (void)state;
    lat_buf_init(&message, MESSAGE_MAX);
    lat_buf_init(&payload, MESSAGE_MAX);
    reader = write_up_to(sides, 1, &message);
    memset(message.data, 0, DH_LEN);
    assert_int_equal(noise_xx_read(&reader->xx, message.data, message.len, &payload), LAT_OK);
    assert_int_equal(noise_xx_write(&reader->xx, NULL, 0, &message), LAT_AUTH);
    pair_fini(sides);

    reader = write_up_to(sides, 2, &message);
    memset(message.data, 0, DH_LEN);
    assert_int_equal(noise_xx_read(&reader->xx, message.data, message.len, &payload), LAT_AUTH);
    pair_fini(sides);
    lat_buf_fini(&message);
    lat_buf_fini(&payload);
}

static void
another_prologue_ends_the_handshake(void **state)
{
    uint8_t seed[DH_LEN] = { 1 };
    struct lat_buf message, payload;
    struct side sides[2];

    (void)state;
    lat_buf_init(&message, MESSAGE_MAX);
    lat_buf_init(&payload, MESSAGE_MAX);
    side_init(&sides[0], true, seed, seed, "a", 1);
    side_init(&sides[1], false, seed, seed, "b", 1);
    assert_int_equal(noise_xx_write(&sides[0].xx, NULL, 0, &message), LAT_OK);
    assert_int_equal(noise_xx_read(&sides[1].xx, message.data, message.len, &payload), LAT_OK);
    lat_buf_clear(&message);
    assert_int_equal(noise_xx_write(&sides[1].xx, NULL, 0, &message), LAT_OK);
    assert_int_equal(noise_xx_read(&sides[0].xx, message.data, message.len, &payload), LAT_AUTH);
    pair_fini(sides);
    lat_buf_fini(&message);
    lat_buf_fini(&payload);
}

static void
a_cipher_never_uses_the_last_counter(void **state)
{
    uint8_t key[AEAD_KEY_LEN] = { 9 }, sealed[1 + AEAD_TAG_LEN], plain[1] = { 5 };
    struct noise_cipher sending = { 0 }, receiving = { 0 };

    (void)state;
    assert_int_equal(noise_cipher_set_key(&sending, key), LAT_OK);
    assert_int_equal(noise_cipher_set_key(&receiving, key), LAT_OK);
    sending.counter = receiving.counter = UINT64_MAX - 1;
    assert_int_equal(noise_cipher_seal(&sending, NULL, 0, plain, 1, sealed), LAT_OK);
    assert_int_equal(noise_cipher_seal(&sending, NULL, 0, plain, 1, sealed), LAT_CLOSED);
    assert_true(sending.counter == UINT64_MAX);
    assert_int_equal(noise_cipher_open(&receiving, NULL, 0, sealed, sizeof(sealed), plain), LAT_OK);
    assert_int_equal(noise_cipher_open(&receiving, NULL, 0, sealed, sizeof(sealed), plain), LAT_CLOSED);
    assert_int_equal(noise_cipher_set_key(&sending, key), LAT_OK);
    assert_true(sending.counter == 0);
    noise_cipher_fini(&sending);
    noise_cipher_fini(&receiving);
}

static void
a_message_that_does_not_hold_uses_up_no_counter(void **state)
{
    uint8_t key[AEAD_KEY_LEN] = { 9 }, sealed[1 + AEAD_TAG_LEN], plain[1] = { 5 };
    struct noise_cipher cipher = { 0 };

    (void)state;
    assert_int_equal(noise_cipher_set_key(&cipher, key), LAT_OK);
    assert_int_equal(noise_cipher_seal(&cipher, NULL, 0, plain, 1, sealed), LAT_OK);
    cipher.counter = 0;
    sealed[0] ^= 1;
    assert_int_equal(noise_cipher_open(&cipher, NULL, 0, sealed, sizeof(sealed), plain), LAT_AUTH);
    sealed[0] ^= 1;
    assert_int_equal(noise_cipher_open(&cipher, NULL, 0, sealed, sizeof(sealed), plain), LAT_OK);
    assert_int_equal(plain[0], 5);
    noise_cipher_fini(&cipher);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_published_conversations_come_out_byte_by_byte),
        cmocka_unit_test(a_message_cut_short_is_refused_at_every_length),
        cmocka_unit_test(a_key_of_small_order_ends_the_handshake),
        cmocka_unit_test(another_prologue_ends_the_handshake),
        cmocka_unit_test(a_cipher_never_uses_the_last_counter),
        cmocka_unit_test(a_message_that_does_not_hold_uses_up_no_counter),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
