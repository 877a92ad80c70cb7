/* test_gossip_message.c - one message: its bytes, the rules of StrictSign, its signature; vectors by another implementation. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "p2p/gossip_message.h"
#include "p2p/identity.h"
#include "support/vectors.h"
#include "wire/fields.h"

struct fixture {
    cJSON *vectors;
    const cJSON *message;
    uint8_t *bytes;
    size_t len;
    struct key *key;
    struct identity identity;
};

static int
setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    uint8_t seed[KEY_SEED_LEN];

    assert_non_null(f);
    f->vectors = vectors_load("libp2p/gossipsub-rpc.json");
    f->message = vectors_member(f->vectors, "signed_message");
    f->bytes = vectors_bytes(f->message, "message_protobuf", &f->len);
    vectors_copy(f->vectors, "ed25519_seed", seed, sizeof(seed));
    assert_int_equal(key_from_seed(seed, &f->key), LAT_OK);
    identity_init(&f->identity, f->key);
    *state = f;
    return 0;
}

static int
teardown(void **state)
{
    struct fixture *f = *state;

    cJSON_Delete(f->vectors);
    key_free(f->key);
    free(f->bytes);
    free(f);
    return 0;
}

static enum lat_err
verify(const uint8_t *bytes, size_t len)
{
    struct gossip_message *m = NULL;
    enum lat_err err = gossip_message_read(bytes, len, &m);

    if (!err)
        err = gossip_message_verify(m);
    gossip_message_unref(m);
    return err;
}

static void
a_message_of_another_implementation_is_read_and_its_signature_holds(void **state)
{
    struct fixture *f = *state;
    struct gossip_message *m;
    uint8_t id[GOSSIP_ID_MAX], *keyed;
    size_t len;
    char text[PEERID_TEXT_MAX];

    assert_int_equal(gossip_message_read(f->bytes, f->len, &m), LAT_OK);
    peerid_text(&m->from, text);
    assert_string_equal(text, vectors_text(f->vectors, "from_peer_id"));
    assert_int_equal(m->seqno, 0x0102030405060708);
    assert_int_equal(m->topic_len, strlen("lattice"));
    assert_memory_equal(m->topic, "lattice", m->topic_len);
    assert_memory_equal(m->data, "hello lattice", m->data_len);
    vectors_copy(f->vectors, "default_message_id", id, m->id_len);
    assert_memory_equal(m->id, id, m->id_len);
    assert_int_equal(gossip_message_verify(m), LAT_OK);
    gossip_message_unref(m);
    keyed = vectors_bytes(f->message, "message_protobuf_with_key_field", &len);
    assert_int_equal(verify(keyed, len), LAT_OK);
    free(keyed);
}

static void
what_we_make_of_the_same_is_the_same_to_the_byte(void **state)
{
    struct fixture *f = *state;
    struct gossip_message *m;

    assert_int_equal(gossip_message_make(&f->identity.peer, 0x0102030405060708, "lattice", "hello lattice", 13, identity_sign,
                                         &f->identity, &m),
                     LAT_OK);
    assert_int_equal(m->len, f->len);
    assert_memory_equal(m->bytes, f->bytes, f->len);
    gossip_message_unref(m);
}

static void
one_bit_anywhere_and_it_is_refused_or_does_not_verify(void **state)
{
    struct fixture *f = *state;
    struct gossip_message *m;

    for (size_t i = 0; i < f->len * 8; i++) {
        enum lat_err err;

        f->bytes[i / 8] ^= (uint8_t)(1u << i % 8);
        err = gossip_message_read(f->bytes, f->len, &m);
        if (!err) {
            err = gossip_message_verify(m);
            gossip_message_unref(m);
        }
        assert_true(err == LAT_MALFORMED || err == LAT_AUTH);
        f->bytes[i / 8] ^= (uint8_t)(1u << i % 8);
    }
}

/* The message without one field, or with that field's bytes replaced; the caller frees. */
static struct lat_buf
without(const struct fixture *f, uint32_t number, const void *instead, size_t len)
{
    struct fields fields;
    struct field field;
    struct lat_buf out;

    lat_buf_init(&out, 4096);
    fields_init(&fields, f->bytes, f->len);
    while (fields_next(&fields, &field)) {
        if (field.number != number)
            assert_int_equal(lat_buf_add(&out, field.start, field.whole), LAT_OK);
        else if (instead)
            assert_int_equal(fields_put_bytes(&out, number, instead, len), LAT_OK);
    }
    return out;
}

static void
what_strictsign_asks_for_must_be_there(void **state)
{
    static const struct {
        uint32_t number;
        const char *instead;
        size_t len;
    } cases[] = { { 1, NULL, 0 }, { 3, NULL, 0 },       { 4, NULL, 0 },      { 5, NULL, 0 },
                  { 1, "x", 1 },  { 3, "1234567", 7 }, { 3, "123456789", 9 }, { 4, "", 0 },
                  { 4, "a\0b", 3 }, { 5, "", 0 } };
    struct fixture *f = *state;
    struct gossip_message *m;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct lat_buf bytes = without(f, cases[i].number, cases[i].instead, cases[i].len);

        assert_int_equal(gossip_message_read(bytes.data, bytes.len, &m), LAT_MALFORMED);
        lat_buf_fini(&bytes);
    }
}

static void
a_key_that_is_not_the_authors_does_not_verify(void **state)
{
    struct fixture *f = *state;
    uint8_t seed[KEY_SEED_LEN] = { 9 };
    struct identity other;
    struct lat_buf bytes;
    struct key *key;

    assert_int_equal(key_from_seed(seed, &key), LAT_OK);
    identity_init(&other, key);
    lat_buf_init(&bytes, 4096);
    assert_int_equal(lat_buf_add(&bytes, f->bytes, f->len), LAT_OK);
    assert_int_equal(fields_put_bytes(&bytes, 6, other.public_key, sizeof(other.public_key)), LAT_OK);
    assert_int_equal(verify(bytes.data, bytes.len), LAT_AUTH);
    lat_buf_fini(&bytes);
    key_free(key);
}

static void
a_hashed_author_without_key_cannot_be_verified(void **state)
{
    struct fixture *f = *state;
    uint8_t hashed[34] = { 0x12, 0x20 };
    struct lat_buf bytes = without(f, 1, hashed, sizeof(hashed));

    assert_int_equal(verify(bytes.data, bytes.len), LAT_MALFORMED);
    lat_buf_fini(&bytes);
}

/* A later version may sign more than we know of. */
static void
the_signature_covers_fields_that_nobody_here_knows(void **state)
{
    struct fixture *f = *state;
    struct lat_buf text, signature, bytes;

    lat_buf_init(&text, 4096);
    lat_buf_init(&signature, 100);
    bytes = without(f, 5, NULL, 0);
    assert_int_equal(fields_put_bytes(&bytes, 99, "new", 3), LAT_OK);
    assert_int_equal(fields_put_varint(&bytes, 6, 7), LAT_OK); /* not the key: another wire type */
    assert_int_equal(lat_buf_add(&text, "libp2p-pubsub:", 14), LAT_OK);
    assert_int_equal(lat_buf_add(&text, bytes.data, bytes.len), LAT_OK);
    assert_int_equal(identity_sign(&f->identity, text.data, text.len, &signature), LAT_OK);
    assert_int_equal(fields_put_bytes(&bytes, 5, signature.data, signature.len), LAT_OK);
    assert_int_equal(verify(bytes.data, bytes.len), LAT_OK);
    bytes.data[bytes.len - 64 - 4] ^= 1; /* the unknown field's value */
    assert_int_not_equal(verify(bytes.data, bytes.len), LAT_OK);
    lat_buf_fini(&text);
    lat_buf_fini(&signature);
    lat_buf_fini(&bytes);
}

static void
too_large_a_message_is_refused_and_not_made(void **state)
{
    struct fixture *f = *state;
    struct gossip_message *m;
    uint8_t *large = calloc(1, GOSSIP_MESSAGE_MAX + 1);

    assert_int_equal(gossip_message_read(large, GOSSIP_MESSAGE_MAX + 1, &m), LAT_LIMIT);
    assert_int_equal(gossip_message_make(&f->identity.peer, 1, "t", large, GOSSIP_MESSAGE_MAX, identity_sign, &f->identity, &m),
                     LAT_LIMIT);
    free(large);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
#define CASE(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
        CASE(a_message_of_another_implementation_is_read_and_its_signature_holds),
        CASE(what_we_make_of_the_same_is_the_same_to_the_byte),
        CASE(one_bit_anywhere_and_it_is_refused_or_does_not_verify),
        CASE(what_strictsign_asks_for_must_be_there),
        CASE(a_key_that_is_not_the_authors_does_not_verify),
        CASE(a_hashed_author_without_key_cannot_be_verified),
        CASE(the_signature_covers_fields_that_nobody_here_knows),
        CASE(too_large_a_message_is_refused_and_not_made),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
