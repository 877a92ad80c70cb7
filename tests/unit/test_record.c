/* Records and attestations against the worked examples, and the order of records as a property. */
#include "config.h"

#include "state/record.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "crypto/hash.h"
#include "support/random.h"
#include "support/vectors.h"

struct fixture {
    cJSON *vectors;
    struct network network;
    struct key *keys[3];
};

static int
setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    const cJSON *one;
    size_t n = 0;

    assert_non_null(f);
    f->vectors = vectors_load("state/wire.json");
    assert_int_equal(network_init(&f->network, vectors_text(vectors_member(f->vectors, "network"), "name")),
                     LAT_OK);
    cJSON_ArrayForEach(one, vectors_member(f->vectors, "keys")) {
        uint8_t seed[32];

        assert_true(n < 3);
        vectors_copy(one, "seed", seed, sizeof(seed));
        assert_int_equal(key_from_seed(seed, &f->keys[n++]), LAT_OK);
    }
    assert_int_equal(n, 3);
    *state = f;
    return 0;
}

static int
teardown(void **state)
{
    struct fixture *f = *state;

    for (size_t i = 0; i < 3; i++)
        key_free(f->keys[i]);
    cJSON_Delete(f->vectors);
    free(f);
    return 0;
}

static void
assert_bytes_are(const uint8_t *bytes, const cJSON *object, const char *name)
{
    size_t len;
    uint8_t *expected = vectors_bytes(object, name, &len);

    assert_memory_equal(bytes, expected, len);
    free(expected);
}

static void
a_network_has_the_id_of_its_name(void **state)
{
    struct fixture *f = *state;
    struct network network;
    char name[65];

    assert_bytes_are(f->network.id, vectors_member(f->vectors, "network"), "network_id");
    assert_string_equal(f->network.name, "lattice-test");
    memset(name, 'n', 64);
    name[64] = 0;
    assert_int_equal(network_init(&network, name), LAT_LIMIT);
    name[63] = 0;
    assert_int_equal(network_init(&network, name), LAT_OK);
    assert_int_equal(network_init(&network, ""), LAT_LIMIT);
}

static void
assert_parses_as(const struct fixture *f, const cJSON *expected)
{
    const cJSON *value = vectors_member(expected, "value");
    struct record record, trusted;
    size_t len;
    uint8_t *bytes = vectors_bytes(expected, "record", &len);

    assert_int_equal(record_parse(&f->network, bytes, len, &record, NULL), LAT_OK);
    assert_int_equal(record.flags, vectors_number(expected, "flags"));
    assert_int_equal(record.hlc, vectors_hex_number(vectors_text(expected, "hlc")));
    assert_memory_equal(record.author, key_public(f->keys[vectors_number(expected, "author")]), 32);
    assert_int_equal(record.key_len, strlen(vectors_text(expected, "key_utf8_hex")) / 2);
    assert_bytes_are(record.key, expected, "key_utf8_hex");
    assert_bytes_are(record.prev, expected, "prev");
    assert_bytes_are(record.keyhash, expected, "keyhash");
    assert_bytes_are(record.digest, expected, "digest");
    assert_bytes_are(record.leaf, expected, "leaf");
    assert_bytes_are(record.signature, expected, "signature");
    if (record.flags & RECORD_TOMBSTONE) {
        assert_null(record.value);
    } else {
        assert_int_equal(record.value_len, strlen(value->valuestring));
        assert_memory_equal(record.value, value->valuestring, record.value_len);
    }
    assert_int_equal(record_verify(&f->network, &record), LAT_OK);
    assert_int_equal(record_parse_trusted(&f->network, bytes, len, &trusted), LAT_OK);
    assert_memory_equal(trusted.leaf, record.leaf, 32);
    assert_ptr_equal(trusted.signature, record.signature);
    assert_ptr_equal(trusted.value, record.value);
    free(bytes);
}

static void
assert_is_made_from(const struct fixture *f, const cJSON *expected)
{
    const char *value = cJSON_GetStringValue(vectors_member(expected, "value"));
    struct record_content content = {
        .flags = (uint8_t)(vectors_number(expected, "flags") & RECORD_IMPORTED),
        .hlc = vectors_hex_number(vectors_text(expected, "hlc")),
        .value = vectors_number(expected, "flags") & RECORD_TOMBSTONE ? NULL : (const uint8_t *)value,
        .value_len = value ? strlen(value) : 0,
    };
    uint8_t *key = vectors_bytes(expected, "key_utf8_hex", &content.key_len);
    struct lat_buf out;
    size_t len;
    uint8_t *bytes = vectors_bytes(expected, "record", &len);

    content.key = key;
    vectors_copy(expected, "prev", content.prev, sizeof(content.prev));
    lat_buf_init(&out, RECORD_LEN_MAX);
    assert_int_equal(record_make(&f->network, f->keys[vectors_number(expected, "author")], &content, &out),
                     LAT_OK);
    assert_int_equal(out.len, len);
    assert_memory_equal(out.data, bytes, len);
    lat_buf_fini(&out);
    free(bytes);
    free(key);
}

static void
records_are_read_and_written_as_in_the_vectors(void **state)
{
    struct fixture *f = *state;
    const cJSON *expected;

    cJSON_ArrayForEach(expected, vectors_member(f->vectors, "records")) {
        assert_parses_as(f, expected);
        assert_is_made_from(f, expected);
    }
    assert_int_equal(cJSON_GetArraySize(vectors_member(f->vectors, "records")), 19);
}

static void
the_winner_is_the_one_of_the_vectors(void **state)
{
    struct fixture *f = *state;
    const cJSON *one;

    cJSON_ArrayForEach(one, vectors_member(f->vectors, "merge")) {
        int sign = strcmp(vectors_text(one, "winner"), "a") == 0 ? 1 : -1;
        struct record a, b;
        size_t a_len, b_len;
        uint8_t *a_bytes = vectors_bytes(one, "a", &a_len);
        uint8_t *b_bytes = vectors_bytes(one, "b", &b_len);

        assert_int_equal(record_parse(&f->network, a_bytes, a_len, &a, NULL), LAT_OK);
        assert_int_equal(record_parse(&f->network, b_bytes, b_len, &b, NULL), LAT_OK);
        assert_memory_equal(a.keyhash, b.keyhash, 32);
        assert_true(record_compare(&a, &b) * sign > 0);
        assert_true(record_compare(&b, &a) * sign < 0);
        assert_int_equal(record_compare(&a, &a), 0);
        free(a_bytes);
        free(b_bytes);
    }
}

/*
 * What the signature alone gives away is well-formed; everything else is refused before a signature is looked
 * at.
 */
static void
what_breaks_a_rule_is_refused(void **state)
{
    struct fixture *f = *state;
    const cJSON *one;
    int malformed = 0, bad_signature = 0;

    cJSON_ArrayForEach(one, vectors_member(f->vectors, "refused_records")) {
        const char *what = vectors_text(one, "what");
        bool signature_is_bad = strncmp(what, "sign", 4) == 0;
        struct record record;
        struct lat_msg why = { "" };
        size_t len;
        uint8_t *bytes = vectors_bytes(one, "record", &len);
        enum lat_err err = record_parse(&f->network, bytes, len, &record, &why);

        if (err != (signature_is_bad ? LAT_OK : LAT_MALFORMED))
            fail_msg("%s: %s", what, lat_err_text(err));
        if (!err && record_verify(&f->network, &record) != LAT_AUTH)
            fail_msg("taken: %s", what);
        assert_int_equal(why.text[0] != 0, err != LAT_OK);
        malformed += err != LAT_OK;
        bad_signature += err == LAT_OK;
        free(bytes);
    }
    assert_int_equal(malformed, 18);
    assert_int_equal(bad_signature, 6);
}

static void
any_cut_of_a_record_is_refused(void **state)
{
    struct fixture *f = *state;
    const cJSON *expected = cJSON_GetArrayItem(vectors_member(f->vectors, "records"), 0);
    struct record record;
    size_t len;
    uint8_t *bytes = vectors_bytes(expected, "record", &len);

    for (size_t cut = 0; cut < len; cut++) {
        uint8_t *exact = malloc(cut + !cut); /* so that a sanitizer sees a read behind the end */

        assert_non_null(exact);
        memcpy(exact, bytes, cut);
        assert_int_equal(record_parse(&f->network, exact, cut, &record, NULL), LAT_MALFORMED);
        assert_int_equal(record_parse_trusted(&f->network, exact, cut, &record), LAT_MALFORMED);
        free(exact);
    }
    free(bytes);
}

static void
any_bit_flipped_is_refused_or_does_not_verify(void **state)
{
    struct fixture *f = *state;
    const cJSON *expected = cJSON_GetArrayItem(vectors_member(f->vectors, "records"), 0);
    struct record record;
    size_t len;
    uint8_t *bytes = vectors_bytes(expected, "record", &len);

    for (size_t bit = 0; bit < len * 8; bit++) {
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        if (!record_parse(&f->network, bytes, len, &record, NULL))
            assert_int_equal(record_verify(&f->network, &record), LAT_AUTH);
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    free(bytes);
}

static enum lat_err
make(const struct fixture *f, const struct record_content *content, size_t room)
{
    struct lat_buf out;
    struct record record;
    enum lat_err err;

    lat_buf_init(&out, room);
    err = record_make(&f->network, f->keys[0], content, &out);
    if (!err) {
        assert_int_equal(record_parse(&f->network, out.data, out.len, &record, NULL), LAT_OK);
        assert_int_equal(record_verify(&f->network, &record), LAT_OK);
    } else {
        assert_int_equal(out.len, 0);
    }
    lat_buf_fini(&out);
    return err;
}

static void
records_of_the_greatest_size_are_made_and_greater_ones_refused(void **state)
{
    struct fixture *f = *state;
    uint8_t *key = malloc(RECORD_KEY_MAX + 1);
    uint8_t *value = malloc(RECORD_VALUE_MAX + 1);
    struct record_content content = {
        .hlc = 1, .key = key, .key_len = RECORD_KEY_MAX, .value = value, .value_len = RECORD_VALUE_MAX
    };

    assert_non_null(key);
    assert_non_null(value);
    memset(key, 'k', RECORD_KEY_MAX + 1);
    memset(value, 'v', RECORD_VALUE_MAX + 1);
    value[0] = value[RECORD_VALUE_MAX - 1] = '"';
    assert_int_equal(make(f, &content, RECORD_LEN_MAX), LAT_OK);
    assert_int_equal(make(f, &content, RECORD_LEN_MAX - 1), LAT_LIMIT);
    content.value_len++;
    assert_int_equal(make(f, &content, RECORD_LEN_MAX), LAT_LIMIT);
    content.value = NULL; /* its length is of no account then */
    assert_int_equal(make(f, &content, RECORD_LEN_MAX), LAT_OK);
    content.key_len++;
    assert_int_equal(make(f, &content, RECORD_LEN_MAX), LAT_LIMIT);
    free(key);
    free(value);
}

static void
no_record_is_made_that_others_would_refuse(void **state)
{
    struct fixture *f = *state;
    const struct record_content good = {
        .hlc = 1, .key = (const uint8_t *)"k", .key_len = 1, .value = (const uint8_t *)"1", .value_len = 1
    };
    struct record_content content = good;

    assert_int_equal(make(f, &content, 200), LAT_OK);
    content.hlc = 0;
    assert_int_equal(make(f, &content, 200), LAT_MALFORMED);
    content = good;
    content.value_len = 0;
    assert_int_equal(make(f, &content, 200), LAT_MALFORMED);
    content = good;
    content.key = (const uint8_t *)"\xff";
    assert_int_equal(make(f, &content, 200), LAT_MALFORMED);
    content.key_len = 0;
    content.key = NULL;
    assert_int_equal(make(f, &content, 200), LAT_MALFORMED);
    content.flags = RECORD_IMPORTED;
    assert_int_equal(make(f, &content, 200), LAT_OK);
}

/* A record as the order sees it, of few values each, so that ties are frequent. */
static void
random_record(uint64_t *seed, uint8_t store[64], const char *key, size_t key_len, struct record *out)
{
    static const char *const values[] = {
        "0", "7", "10", "99", "123456789012345678901", "\"7\"", "-3", "7.0"
    };
    const char *value = values[random_below(seed, sizeof(values) / sizeof(values[0]))];

    memset(store, 0, 64);
    store[0] = (uint8_t)random_below(seed, 2);
    *out = (struct record){
        .flags = (uint8_t)random_below(seed, 4),
        .hlc = random_below(seed, 3) << (random_below(seed, 2) * 62),
        .author = store,
        .key = (const uint8_t *)key,
        .key_len = key_len,
    };
    out->digest[31] = (uint8_t)random_below(seed, 3);
    if (!(out->flags & RECORD_TOMBSTONE)) {
        out->value = (const uint8_t *)value;
        out->value_len = strlen(value);
    }
}

static int
sign_of(int order)
{
    return (order > 0) - (order < 0);
}

static void
assert_order_is_total(const char *key, size_t key_len)
{
    uint64_t seed = 3;

    for (int i = 0; i < 200000; i++) {
        uint8_t store[3][64];
        struct record r[3];
        int ab, bc, ac;

        for (size_t j = 0; j < 3; j++)
            random_record(&seed, store[j], key, key_len, &r[j]);
        ab = sign_of(record_compare(&r[0], &r[1]));
        bc = sign_of(record_compare(&r[1], &r[2]));
        ac = sign_of(record_compare(&r[0], &r[2]));
        assert_int_equal(ab, -sign_of(record_compare(&r[1], &r[0])));
        assert_int_equal(record_compare(&r[0], &r[0]), 0);
        if (ab == bc || bc == 0)
            assert_int_equal(ac, ab);
        else if (ab == 0)
            assert_int_equal(ac, bc);
    }
}

static void
the_order_of_records_is_total(void **state)
{
    (void)state;
    assert_order_is_total("key", 3);
    assert_order_is_total("\0horizon", 8);
}

static void
the_greatest_horizon_wins_before_all_else(void **state)
{
    static const char *const ascending[] = { "\"99\"", "0", "9", "10", "99", "101", "18446744073709551616" };
    static const uint8_t author[32];
    struct record low = { .key = (const uint8_t *)"\0horizon", .key_len = 8, .author = author };
    struct record high = low;

    (void)state;
    low.hlc = 5;
    high.flags = RECORD_IMPORTED;
    for (size_t i = 0; i + 1 < sizeof(ascending) / sizeof(ascending[0]); i++) {
        low.value = (const uint8_t *)ascending[i];
        low.value_len = strlen(ascending[i]);
        high.value = (const uint8_t *)ascending[i + 1];
        high.value_len = strlen(ascending[i + 1]);
        assert_true(record_compare(&high, &low) > 0);
    }
    low.key = high.key = (const uint8_t *)"xhorizon"; /* as any other key */
    assert_true(record_compare(&high, &low) < 0);
}

static void
a_local_write_is_later_than_all_before_and_not_before_now(void **state)
{
    (void)state;
    assert_int_equal(hlc_next(0, 1000), HLC_OF_MS(1000));
    assert_int_equal(hlc_next(HLC_OF_MS(1000), 1000), HLC_OF_MS(1000) + 1);
    assert_int_equal(hlc_next(HLC_OF_MS(1000) + 65535, 1000), HLC_OF_MS(1001));
    assert_int_equal(hlc_next(HLC_OF_MS(2000), 1000), HLC_OF_MS(2000) + 1);
    assert_int_equal(hlc_next(0, UINT64_MAX), HLC_OF_MS((UINT64_C(1) << 48) - 1));
    assert_true(hlc_next(UINT64_MAX, 0) == UINT64_MAX);
}

static void
attestations_are_those_of_the_vectors(void **state)
{
    struct fixture *f = *state;
    const cJSON *one;

    cJSON_ArrayForEach(one, vectors_member(f->vectors, "attestations")) {
        const struct key *key = f->keys[vectors_number(one, "key")];
        uint64_t count = vectors_number(one, "count");
        uint64_t time = vectors_number(one, "time");
        uint8_t root[32], challenge[16], signature[64], zeros[16] = { 0 };
        const uint8_t *asked;

        vectors_copy(one, "root", root, sizeof(root));
        vectors_copy(one, "challenge", challenge, sizeof(challenge));
        asked = memcmp(challenge, zeros, 16) == 0 ? NULL : challenge;
        assert_int_equal(attest_sign(&f->network, key, root, count, time, asked, signature), LAT_OK);
        assert_bytes_are(signature, one, "signature");
        assert_int_equal(attest_verify(&f->network, key_public(key), root, count, time, challenge, signature),
                         LAT_OK);
        assert_int_equal(
            attest_verify(&f->network, key_public(key), root, count + 1, time, challenge, signature),
            LAT_AUTH);
        assert_int_equal(
            attest_verify(&f->network, key_public(key), root, count, time + 1, challenge, signature),
            LAT_AUTH);
        challenge[15] ^= 1;
        assert_int_equal(attest_verify(&f->network, key_public(key), root, count, time, challenge, signature),
                         LAT_AUTH);
    }
    assert_int_equal(cJSON_GetArraySize(vectors_member(f->vectors, "attestations")), 3);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_network_has_the_id_of_its_name),
        cmocka_unit_test(records_are_read_and_written_as_in_the_vectors),
        cmocka_unit_test(the_winner_is_the_one_of_the_vectors),
        cmocka_unit_test(what_breaks_a_rule_is_refused),
        cmocka_unit_test(any_cut_of_a_record_is_refused),
        cmocka_unit_test(any_bit_flipped_is_refused_or_does_not_verify),
        cmocka_unit_test(records_of_the_greatest_size_are_made_and_greater_ones_refused),
        cmocka_unit_test(no_record_is_made_that_others_would_refuse),
        cmocka_unit_test(the_order_of_records_is_total),
        cmocka_unit_test(the_greatest_horizon_wins_before_all_else),
        cmocka_unit_test(a_local_write_is_later_than_all_before_and_not_before_now),
        cmocka_unit_test(attestations_are_those_of_the_vectors),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
