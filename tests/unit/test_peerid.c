#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "support/lines.h"
#include "support/vectors.h"
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

/* Both forms of text, of keys of all types. */
static void
text_forms_are_those_of_the_vectors(void **state)
{
    cJSON *vectors = vectors_load("libp2p/peer-id.json");
    const cJSON *entry;

    (void)state;
    cJSON_ArrayForEach(entry, vectors_member(vectors, "text_forms"))
    {
        struct peerid by_base58, by_cid, by_bytes;
        char text[PEERID_TEXT_MAX];
        size_t len;
        uint8_t *bytes = vectors_bytes(entry, "multihash", &len);

        assert_int_equal(peerid_parse(vectors_text(entry, "base58"), &by_base58), LAT_OK);
        assert_int_equal(peerid_parse(vectors_text(entry, "cid"), &by_cid), LAT_OK);
        assert_int_equal(peerid_from_bytes(bytes, len, &by_bytes), LAT_OK);
        assert_int_equal(peerid_compare(&by_base58, &by_cid), 0);
        assert_int_equal(peerid_compare(&by_base58, &by_bytes), 0);
        peerid_text(&by_cid, text);
        assert_string_equal(text, vectors_text(entry, "base58"));
        free(bytes);
    }
    cJSON_ArrayForEach(entry, vectors_member(vectors, "must_reject"))
    {
        struct peerid id = { .len = 7 };

        assert_int_equal(peerid_parse(entry->valuestring, &id), LAT_MALFORMED);
        assert_int_equal(id.len, 7); /* outputs untouched on error */
    }
    cJSON_Delete(vectors);
}

/* Cut or with one character changed it is none, or another id: base58 has no checksum. */
static void
a_changed_text_is_never_the_same_id(void **state)
{
    static const char *const texts[] = {
        "12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA",
        "QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N",
        "bafzbeie5745rpv2m6tjyuugywy4d5ewrqgqqhfnf445he3omzpjbx5xqxe",
        "bafzaajaiaejcal72gwuz2or47oyxxn6b3rkwdmmkrxgkjxzy3rqt5kczyn7lcm3l",
        "16Uiu2HAmLhLvBoYaoZfaMUKuibM6ac163GwKY74c5kiSLg5KvLpY",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        char changed[80] = "";
        struct peerid id, other;

        assert_int_equal(peerid_parse(texts[i], &id), LAT_OK);
        for (size_t at = 0; at < strlen(texts[i]); at++) {
            memcpy(changed, texts[i], at);
            changed[at] = 0;
            assert_int_equal(peerid_parse(changed, &other), LAT_MALFORMED);
            strcpy(changed, texts[i]);
            for (char c = ' '; c < 127; c++) {
                changed[at] = c;
                if (c != texts[i][at] && !peerid_parse(changed, &other))
                    assert_int_not_equal(peerid_compare(&id, &other), 0);
            }
        }
    }
}

static void
bytes_that_are_no_id_are_refused(void **state)
{
    static const uint8_t ed25519[] = { 0x00, 0x24, 0x08, 0x01, 0x12, 0x20 };
    uint8_t bytes[PEERID_MAX + 1] = { 0x12 };
    struct peerid id;

    (void)state;
    assert_int_equal(peerid_from_bytes(bytes, 0, &id), LAT_MALFORMED);
    for (uint8_t len = 0; len < 40; len++) {
        bytes[1] = len;
        assert_int_equal(peerid_from_bytes(bytes, (size_t)2 + len, &id), len == 32 ? LAT_OK : LAT_MALFORMED);
    }
    bytes[0] = 0x13; /* SHA-512 */
    bytes[1] = 32;
    assert_int_equal(peerid_from_bytes(bytes, 34, &id), LAT_MALFORMED);
    memcpy(bytes, ed25519, sizeof(ed25519));
    assert_int_equal(peerid_from_bytes(bytes, 38, &id), LAT_OK);
    for (size_t i = 0; i < sizeof(ed25519); i++) { /* hash, its length, fields and type of the key, its length */
        bytes[i] ^= 0x04;
        for (size_t len = 0; len <= sizeof(bytes); len++)
            assert_int_equal(peerid_from_bytes(bytes, len, &id), LAT_MALFORMED);
        bytes[i] ^= 0x04;
    }
    bytes[1] = 0; /* no key at all */
    assert_int_equal(peerid_from_bytes(bytes, 2, &id), LAT_MALFORMED);
}

static void
ids_are_ordered_by_their_bytes(void **state)
{
    static const uint8_t low[36] = { 0x08, 0x01, 0x12, 0x20, 0x7f }, high[36] = { 0x08, 0x01, 0x12, 0x20, 0x80 };
    struct peerid a, b, c;

    (void)state;
    peerid_of_key(low, sizeof(low), &a);
    peerid_of_key(high, sizeof(high), &b);
    assert_true(peerid_compare(&a, &b) < 0 && peerid_compare(&b, &a) > 0);
    assert_int_equal(peerid_compare(&a, &a), 0);
    c = b;
    c.len--;
    assert_true(peerid_compare(&c, &b) < 0 && peerid_compare(&b, &c) > 0);
}

static void
a_key_of_over_42_bytes_is_hashed(void **state)
{
    static const uint8_t key[43];
    struct peerid id;

    (void)state;
    peerid_of_key(key, 42, &id);
    assert_int_equal(id.len, 44);
    assert_memory_equal(id.bytes, "\0\x2a", 2);
    peerid_of_key(key, 43, &id);
    assert_int_equal(id.len, 34);
    assert_memory_equal(id.bytes, "\x12\x20", 2);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ids_are_those_of_the_specification),
        cmocka_unit_test(the_cid_form_is_read_also),
        cmocka_unit_test(what_is_no_id_is_refused),
        cmocka_unit_test(keys_with_zeros_and_ones_come_back),
        cmocka_unit_test(text_forms_are_those_of_the_vectors),
        cmocka_unit_test(a_changed_text_is_never_the_same_id),
        cmocka_unit_test(bytes_that_are_no_id_are_refused),
        cmocka_unit_test(ids_are_ordered_by_their_bytes),
        cmocka_unit_test(a_key_of_over_42_bytes_is_hashed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
