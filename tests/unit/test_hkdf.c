#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "crypto/hkdf.h"

static void
assert_hex(const uint8_t out[SHA256_LEN], const char *hex)
{
    uint8_t expected[SHA256_LEN];
    size_t len = strlen(hex) / 2;

    assert_int_equal(lat_unhex(hex, expected, len), LAT_OK);
    assert_memory_equal(out, expected, len);
}

/* RFC 4231, test cases 1 and 2. */
static void
hmac_gives_what_the_rfc_gives(void **state)
{
    uint8_t key[20], out[SHA256_LEN];

    (void)state;
    memset(key, 0x0b, sizeof(key));
    hmac_sha256(key, sizeof(key), "Hi There", 8, out);
    assert_hex(out, "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    hmac_sha256("Jefe", 4, "what do ya want for nothing?", 28, out);
    assert_hex(out, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

/* RFC 5869, test case 3: no salt (which is 32 zeros), no info; 42 bytes of output, of which we make 64. */
static void
two_outputs_are_those_of_the_rfc(void **state)
{
    uint8_t salt[SHA256_LEN] = { 0 }, secret[22], second[SHA256_LEN];

    (void)state;
    memset(secret, 0x0b, sizeof(secret));
    hkdf2(salt, secret, sizeof(secret), salt, second); /* the first takes the salt's place, as in Noise */
    assert_hex(salt, "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d");
    assert_hex(second, "9d201395faa4b61a96c8");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hmac_gives_what_the_rfc_gives),
        cmocka_unit_test(two_outputs_are_those_of_the_rfc),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
