#include "config.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "crypto/hash.h"
#include "crypto/rand.h"

static void
assert_hex(const uint8_t out[SHA256_LEN], const char *expected)
{
    char text[2 * SHA256_LEN + 1];

    lat_hex(out, SHA256_LEN, text);
    assert_string_equal(text, expected);
}

/* FIPS 180-4 examples of NIST, and the empty text. */
static void
sha256_gives_the_published_examples(void **state)
{
    uint8_t out[SHA256_LEN];

    (void)state;
    sha256_of("", 0, out);
    assert_hex(out, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    sha256_of("abc", 3, out);
    assert_hex(out, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    sha256_of("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 56, out);
    assert_hex(out, "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

static void
parts_and_running_hash_give_what_one_piece_gives(void **state)
{
    const struct hash_part parts[] = { { "ab", 2 }, { NULL, 0 }, { "c", 1 } };
    struct sha256 *h = sha256_new();
    uint8_t one[SHA256_LEN], out[SHA256_LEN];

    (void)state;
    sha256_of("abc", 3, one);
    sha256_parts(parts, 3, out);
    assert_memory_equal(out, one, SHA256_LEN);
    sha256_add(h, "x", 1);
    sha256_of("x", 1, out); /* one-shot calls do not disturb a running one */
    sha256_reset(h);
    sha256_add(h, "a", 1);
    sha256_add(h, "bc", 2);
    sha256_end(h, out);
    assert_memory_equal(out, one, SHA256_LEN);
    sha256_reset(h);
    sha256_end(h, out);
    assert_hex(out, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    sha256_free(h);
    sha256_free(NULL);
}

/* The table of the SipHash reference implementation: key 00 .. 0f, text 00 .. n-1. */
static void
siphash_gives_the_reference_values(void **state)
{
    uint8_t key[SIPHASH_KEY_LEN], text[63];

    (void)state;
    for (size_t i = 0; i < sizeof(key); i++)
        key[i] = (uint8_t)i;
    for (size_t i = 0; i < sizeof(text); i++)
        text[i] = (uint8_t)i;
    assert_true(siphash(key, text, 0) == 0x726fdb47dd0e0e31u);
    assert_true(siphash(key, text, 1) == 0x74f839c593dc67fdu);
    assert_true(siphash(key, text, 15) == 0xa129ca6149be45e5u);
    assert_true(siphash(key, text, 0) == 0x726fdb47dd0e0e31u);
    key[0] ^= 1;
    assert_false(siphash(key, text, 0) == 0x726fdb47dd0e0e31u);
}

static void *
hash_often(void *arg)
{
    const struct hash_part parts[] = { { arg, 1 }, { "text", 4 } };
    uint8_t first[SHA256_LEN], out[SHA256_LEN], key[SIPHASH_KEY_LEN] = { *(uint8_t *)arg };
    uint64_t sip = siphash(key, "text", 4);

    sha256_parts(parts, 2, first);
    for (int i = 0; i < 2000; i++) {
        sha256_parts(parts, 2, out);
        if (memcmp(out, first, SHA256_LEN) != 0 || siphash(key, "text", 4) != sip)
            return arg;
    }
    return NULL;
}

static void
threads_hash_side_by_side(void **state)
{
    uint8_t names[4] = { 1, 2, 3, 4 };
    pthread_t threads[4];

    (void)state;
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, hash_often, &names[i]), 0);
    for (int i = 0; i < 4; i++) {
        void *wrong = NULL;

        pthread_join(threads[i], &wrong);
        assert_null(wrong);
    }
}

static void
random_bytes_fill_what_is_asked_and_differ(void **state)
{
    uint8_t a[1000] = { 0 }, b[1000] = { 0 };
    int zeros = 0;

    (void)state;
    rand_bytes(a, 999);
    rand_bytes(b, 999);
    assert_int_equal(a[999], 0);
    assert_memory_not_equal(a, b, 999);
    for (size_t i = 0; i < 999; i++)
        zeros += a[i] == 0;
    assert_true(zeros < 40); /* about 4 are expected */
    assert_true(rand_u64() != rand_u64());
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sha256_gives_the_published_examples),
        cmocka_unit_test(parts_and_running_hash_give_what_one_piece_gives),
        cmocka_unit_test(siphash_gives_the_reference_values),
        cmocka_unit_test(threads_hash_side_by_side),
        cmocka_unit_test(random_bytes_fill_what_is_asked_and_differ),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
