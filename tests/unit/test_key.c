#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "crypto/key.h"
#include "support/lines.h"

/* RFC 8032, section 7.1, tests 1 to 3. */
static const struct {
    const char *seed, *public_key, *text, *signature;
} rfc[] = {
    { "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
      "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
      "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46b"
      "d25bf5f0595bbe24655141438e7a100b" },
    { "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
      "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
      "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c"
      "387b2eaeb4302aeeb00d291612bb0c00" },
    { "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
      "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
      "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc659"
      "4a7c15e9716ed28dc027beceea1ec40a" },
};

/* Key of the seed 01 x 32, and "lattice" signed with R = the neutral point: the equation holds, R has
 * order 1. */
static const char own_key[] = "8a88e3dd7409f195fd52db2d3cba5d72ca6709bf1d94121bf3748801b40f6f5c";
static const char small_r[] = "0100000000000000000000000000000000000000000000000000000000000000"
                              "e73c7c2c155ac83cda893a8ee45a103584c6a3f16c9da45806a498d122d39309";

/* The order of the base point, little-endian. */
static const uint8_t order[32] = { 0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58,       0xd6,
                                   0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, [31] = 0x10 };

static void
unhex(const char *text, uint8_t *out, size_t len)
{
    assert_int_equal(lat_unhex(text, out, len), LAT_OK);
}

static void
keys_and_signatures_are_those_of_the_rfc(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rfc) / sizeof(rfc[0]); i++) {
        uint8_t seed[KEY_SEED_LEN], expected[KEY_SIGNATURE_LEN], signature[KEY_SIGNATURE_LEN], text[2];
        size_t len = strlen(rfc[i].text) / 2;
        char hex[2 * KEY_PUBLIC_LEN + 1];
        struct key *key = NULL;

        unhex(rfc[i].seed, seed, sizeof(seed));
        unhex(rfc[i].text, text, len);
        unhex(rfc[i].signature, expected, sizeof(expected));
        assert_int_equal(key_from_seed(seed, &key), LAT_OK);
        lat_hex(key_public(key), KEY_PUBLIC_LEN, hex);
        assert_string_equal(hex, rfc[i].public_key);
        assert_int_equal(key_sign(key, text, len, signature), LAT_OK);
        assert_memory_equal(signature, expected, sizeof(expected));
        assert_int_equal(key_verify(key_public(key), text, len, signature), LAT_OK);
        assert_true(key_public_is_sound(key_public(key)));
        key_free(key);
    }
    key_free(NULL);
}

static void
one_changed_bit_anywhere_is_refused(void **state)
{
    uint8_t public_key[KEY_PUBLIC_LEN], signature[KEY_SIGNATURE_LEN], text[2];

    (void)state;
    unhex(rfc[2].public_key, public_key, sizeof(public_key));
    unhex(rfc[2].signature, signature, sizeof(signature));
    unhex(rfc[2].text, text, sizeof(text));
    assert_int_equal(key_verify(public_key, text, 2, signature), LAT_OK);
    for (size_t bit = 0; bit < 8 * KEY_SIGNATURE_LEN; bit++) {
        signature[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_int_equal(key_verify(public_key, text, 2, signature), LAT_AUTH);
        signature[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    for (size_t bit = 0; bit < 8 * KEY_PUBLIC_LEN; bit++) {
        public_key[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_int_equal(key_verify(public_key, text, 2, signature), LAT_AUTH);
        public_key[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    assert_int_equal(key_verify(public_key, text, 1, signature), LAT_AUTH);
}

static void
s_of_the_order_and_above_is_refused(void **state)
{
    uint8_t public_key[KEY_PUBLIC_LEN], signature[KEY_SIGNATURE_LEN], text[2];
    unsigned carry = 0;

    (void)state;
    unhex(rfc[2].public_key, public_key, sizeof(public_key));
    unhex(rfc[2].signature, signature, sizeof(signature));
    unhex(rfc[2].text, text, sizeof(text));
    for (size_t i = 0; i < sizeof(order); i++) { /* S + L satisfies the same equation */
        carry += (unsigned)signature[32 + i] + order[i];
        signature[32 + i] = (uint8_t)carry;
        carry >>= 8;
    }
    assert_int_equal(carry, 0);
    assert_int_equal(key_verify(public_key, text, 2, signature), LAT_AUTH);
}

static void
a_small_order_r_is_refused_although_the_equation_holds(void **state)
{
    uint8_t public_key[KEY_PUBLIC_LEN], signature[KEY_SIGNATURE_LEN];

    (void)state;
    unhex(own_key, public_key, sizeof(public_key));
    unhex(small_r, signature, sizeof(signature));
    assert_int_equal(key_verify(public_key, "lattice", 7, signature), LAT_AUTH);
}

static void
check_small_order(void *arg, char *words[LINES_WORDS_MAX])
{
    uint8_t point[KEY_PUBLIC_LEN], signature[KEY_SIGNATURE_LEN];

    (void)arg;
    unhex(words[0], point, sizeof(point));
    assert_false(key_public_is_sound(point));
    /* R = the base point, S = 1: with A of order 1 the equation holds for any text. */
    memset(signature, 0x66, 32);
    memset(signature + 32, 0, 32);
    signature[0] = 0x58;
    signature[32] = 1;
    assert_int_equal(key_verify(point, "text", 4, signature), LAT_AUTH);
}

static void
small_order_keys_are_refused(void **state)
{
    (void)state;
    assert_int_equal(lines_each("ed25519-small-order.txt", check_small_order, NULL), 12);
}

static void
check_point(void *arg, char *words[LINES_WORDS_MAX])
{
    uint8_t point[KEY_PUBLIC_LEN];

    (void)arg;
    unhex(words[0], point, sizeof(point));
    assert_int_equal(key_public_is_sound(point), strcmp(words[1], "point") == 0);
}

static void
only_canonical_points_are_sound_keys(void **state)
{
    (void)state;
    assert_int_equal(lines_each("ed25519-points.txt", check_point, NULL), 152);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_and_signatures_are_those_of_the_rfc),
        cmocka_unit_test(one_changed_bit_anywhere_is_refused),
        cmocka_unit_test(s_of_the_order_and_above_is_refused),
        cmocka_unit_test(a_small_order_r_is_refused_although_the_equation_holds),
        cmocka_unit_test(small_order_keys_are_refused),
        cmocka_unit_test(only_canonical_points_are_sound_keys),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
