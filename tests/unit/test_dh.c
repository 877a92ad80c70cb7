#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "crypto/dh.h"

/* RFC 7748, section 6.1. */
static const char alice_private[] = "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a";
static const char alice_public[] = "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a";
static const char bob_private[] = "5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb";
static const char bob_public[] = "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f";
static const char shared[] = "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742";

/* The points of small order: 0, 1, the two of order 8, p - 1, p, p + 1. */
static const char *const small_order[] = {
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
    "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
};

static struct dh_pair *
pair_of(const char *hex)
{
    uint8_t seed[DH_LEN];
    struct dh_pair *pair = NULL;

    assert_int_equal(lat_unhex(hex, seed, sizeof(seed)), LAT_OK);
    assert_int_equal(dh_pair_from_seed(seed, &pair), LAT_OK);
    return pair;
}

static struct dh_public *
public_of(const char *hex)
{
    uint8_t bytes[DH_LEN];
    struct dh_public *key = NULL;

    assert_int_equal(lat_unhex(hex, bytes, sizeof(bytes)), LAT_OK);
    assert_int_equal(dh_public_new(bytes, &key), LAT_OK);
    return key;
}

static void
assert_hex(const uint8_t *bytes, const char *hex)
{
    char text[2 * DH_LEN + 1];

    lat_hex(bytes, DH_LEN, text);
    assert_string_equal(text, hex);
}

static void
both_sides_of_the_rfc_come_to_its_secret(void **state)
{
    struct dh_pair *alice = pair_of(alice_private), *bob = pair_of(bob_private);
    struct dh_public *of_alice = public_of(alice_public), *of_bob = public_of(bob_public);
    uint8_t secret[DH_LEN];

    (void)state;
    assert_hex(dh_pair_public(alice), alice_public);
    assert_hex(dh_pair_public(bob), bob_public);
    for (int again = 0; again < 2; again++) { /* keys are used many times */
        assert_int_equal(dh_shared(alice, of_bob, secret), LAT_OK);
        assert_hex(secret, shared);
        assert_int_equal(dh_shared(bob, of_alice, secret), LAT_OK);
        assert_hex(secret, shared);
    }
    dh_public_free(of_alice);
    dh_public_free(of_bob);
    dh_pair_free(alice);
    dh_pair_free(bob);
}

static void
a_secret_that_anyone_knows_is_refused(void **state)
{
    struct dh_pair *alice = pair_of(alice_private);

    (void)state;
    for (size_t i = 0; i < sizeof(small_order) / sizeof(*small_order); i++) {
        struct dh_public *theirs = public_of(small_order[i]);
        uint8_t secret[DH_LEN];

        assert_int_equal(dh_shared(alice, theirs, secret), LAT_AUTH);
        dh_public_free(theirs);
    }
    dh_pair_free(alice);
}

static void
nothing_is_freed_without_complaint(void **state)
{
    (void)state;
    dh_pair_free(NULL);
    dh_public_free(NULL);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_sides_of_the_rfc_come_to_its_secret),
        cmocka_unit_test(a_secret_that_anyone_knows_is_refused),
        cmocka_unit_test(nothing_is_freed_without_complaint),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
