#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "support/lines.h"
#include "wire/peerid.h"

#define KEY_AT 6 /* bytes of the multihash before the key */

static void
check_id(void *arg, char *words[LINES_WORDS_MAX])
{
    uint8_t hash[KEY_AT + 32], key[32];
    char text[PEERID_TEXT_MAX];

    (void)arg;
    if (strcmp(words[0], "ed25519") != 0) {
        assert_int_equal(peerid_ed25519_key(words[2], key), LAT_MALFORMED);
        return;
    }
    assert_int_equal(lat_unhex(words[1], hash, sizeof(hash)), LAT_OK);
    peerid_of_ed25519(hash + KEY_AT, text);
    assert_string_equal(text, words[2]);
    assert_int_equal(peerid_ed25519_key(words[2], key), LAT_OK);
    assert_memory_equal(key, hash + KEY_AT, sizeof(key));
}

static void
ids_are_those_of_the_specification(void **state)
{
    (void)state;
    assert_int_equal(lines_each("peer-id.txt", check_id, NULL), 5);
}

static void
the_cid_form_is_read_also(void **state)
{
    static const char cid[] = "bafzaajaiaejcal72gwuz2or47oyxxn6b3rkwdmmkrxgkjxzy3rqt5kczyn7lcm3l";
    uint8_t key[32];
    char text[PEERID_TEXT_MAX], changed[sizeof(cid)];

    (void)state;
    assert_int_equal(peerid_ed25519_key(cid, key), LAT_OK);
    peerid_of_ed25519(key, text);
    assert_string_equal(text, "12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA");
    memcpy(changed, cid, sizeof(cid));
    for (size_t i = 0; i < 10; i++) { /* base, version, codec, hash and key type */
        changed[i] = changed[i] == 'y' ? 'x' : 'y';
        assert_int_equal(peerid_ed25519_key(changed, key), LAT_MALFORMED);
        changed[i] = cid[i];
    }
    changed[sizeof(cid) - 2] = 0; /* short */
    assert_int_equal(peerid_ed25519_key(changed, key), LAT_MALFORMED);
}

static void
what_is_no_id_is_refused(void **state)
{
    static const char *const bad[] = {
        "",
        "0OIl",
        "Qm",
        "12D3KooW",
        "QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5",
        "12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SAx",
        "12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5S",
        "112D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA",
        "12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA ",
        "bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi",
        "hello world",
    };
    uint8_t key[32] = { 7 };

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_int_equal(peerid_ed25519_key(bad[i], key), LAT_MALFORMED);
    assert_int_equal(key[0], 7); /* outputs untouched on error */
}

static void
keys_with_zeros_and_ones_come_back(void **state)
{
    uint8_t key[32], back[32];
    char text[PEERID_TEXT_MAX];

    (void)state;
    for (int byte = 0; byte <= 0xff; byte += 0xff) {
        memset(key, byte, sizeof(key));
        peerid_of_ed25519(key, text);
        assert_memory_equal(text, "12D3KooW", 8);
        assert_int_equal(strlen(text), 52);
        assert_int_equal(peerid_ed25519_key(text, back), LAT_OK);
        assert_memory_equal(back, key, sizeof(key));
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ids_are_those_of_the_specification),
        cmocka_unit_test(the_cid_form_is_read_also),
        cmocka_unit_test(what_is_no_id_is_refused),
        cmocka_unit_test(keys_with_zeros_and_ones_come_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
