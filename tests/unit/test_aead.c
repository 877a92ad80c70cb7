#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "crypto/aead.h"

/* RFC 8439, appendix A.5, whose nonce begins with four zeros, as ours do. */
static const char rfc_key[] = "1c9240a5eb55d38af333888604f6b5f0473917c1402b80099dca5cbc207075c0";
static const char rfc_ad[] = "f33388860000000000004e91";
static const uint64_t rfc_counter = UINT64_C(0x0807060504030201);
static const char rfc_plain[] =
    "Internet-Drafts are draft documents valid for a maximum of six months and may be updated, replaced, or "
    "obsoleted by other documents at any time. It is inappropriate to use Internet-Drafts as reference "
    "material or to cite them other than as /\xe2\x80\x9cwork in progress./\xe2\x80\x9d";
static const char rfc_sealed[] =
    "64a0861575861af460f062c79be643bd5e805cfd345cf389f108670ac76c8cb24c6cfc18755d43eea09ee94e382d26b0bdb7b73c"
    "321b0100d4f03b7f355894cf332f830e710b97ce98c8a84abd0b948114ad176e008d33bd60f982b1ff37c8559797a06ef4f0ef61"
    "c186324e2b3506383606907b6a7c02b0f9f6157b53c867e4b9166c767b804d46a59b5216cde7a4e99040c5a40433225ee282a1b0"
    "a06c523eaf4534d7f83fa1155b0047718cbc546a0d072b04b3564eea1b422273f548271a0bb2316053fa76991955ebd63159434e"
    "cebb4e466dae5a1073a6727627097a1049e617d91d361094fa68f0ff77987130305beaba2eda04df997b714d6c6f2c29a6ad5cb4"
    "022b02709beead9d67890cbb22392336fea1851f38";

#define PLAIN_LEN (sizeof(rfc_plain) - 1)
#define SEALED_LEN (PLAIN_LEN + AEAD_TAG_LEN)
#define AD_LEN 12

static struct aead *
rfc_aead(void)
{
    uint8_t key[AEAD_KEY_LEN];
    struct aead *aead = NULL;

    assert_int_equal(lat_unhex(rfc_key, key, sizeof(key)), LAT_OK);
    assert_int_equal(aead_new(key, &aead), LAT_OK);
    return aead;
}

static void
read_rfc(uint8_t ad[AD_LEN], uint8_t sealed[SEALED_LEN])
{
    assert_int_equal(lat_unhex(rfc_ad, ad, AD_LEN), LAT_OK);
    assert_int_equal(lat_unhex(rfc_sealed, sealed, SEALED_LEN), LAT_OK);
}

static void
the_message_of_the_rfc_seals_and_opens(void **state)
{
    uint8_t ad[AD_LEN], expected[SEALED_LEN], got[SEALED_LEN];
    struct aead *aead = rfc_aead();

    (void)state;
    read_rfc(ad, expected);
    for (int again = 0; again < 2; again++) { /* the context serves both directions, and again */
        assert_int_equal(aead_seal(aead, rfc_counter, ad, AD_LEN, (const uint8_t *)rfc_plain, PLAIN_LEN, got),
                         LAT_OK);
        assert_memory_equal(got, expected, SEALED_LEN);
        assert_int_equal(aead_open(aead, rfc_counter, ad, AD_LEN, expected, SEALED_LEN, got), LAT_OK);
        assert_memory_equal(got, rfc_plain, PLAIN_LEN);
    }
    aead_free(aead);
}

static void
a_message_seals_and_opens_in_its_place(void **state)
{
    uint8_t ad[AD_LEN], expected[SEALED_LEN], place[SEALED_LEN];
    struct aead *aead = rfc_aead();

    (void)state;
    read_rfc(ad, expected);
    memcpy(place, rfc_plain, PLAIN_LEN);
    assert_int_equal(aead_seal(aead, rfc_counter, ad, AD_LEN, place, PLAIN_LEN, place), LAT_OK);
    assert_memory_equal(place, expected, SEALED_LEN);
    assert_int_equal(aead_open(aead, rfc_counter, ad, AD_LEN, place, SEALED_LEN, place), LAT_OK);
    assert_memory_equal(place, rfc_plain, PLAIN_LEN);
    aead_free(aead);
}

static void
a_changed_bit_anywhere_is_refused(void **state)
{
    uint8_t ad[AD_LEN], sealed[SEALED_LEN], got[SEALED_LEN];
    struct aead *aead = rfc_aead();

    (void)state;
    read_rfc(ad, sealed);
    for (size_t i = 0; i < SEALED_LEN; i++) {
        sealed[i] ^= (uint8_t)(1u << i % 8);
        assert_int_equal(aead_open(aead, rfc_counter, ad, AD_LEN, sealed, SEALED_LEN, got), LAT_AUTH);
        sealed[i] ^= (uint8_t)(1u << i % 8);
    }
    for (size_t i = 0; i < AD_LEN; i++) {
        ad[i] ^= 0x10;
        assert_int_equal(aead_open(aead, rfc_counter, ad, AD_LEN, sealed, SEALED_LEN, got), LAT_AUTH);
        ad[i] ^= 0x10;
    }
    assert_int_equal(aead_open(aead, rfc_counter + 1, ad, AD_LEN, sealed, SEALED_LEN, got), LAT_AUTH);
    assert_int_equal(aead_open(aead, rfc_counter, ad, AD_LEN - 1, sealed, SEALED_LEN, got), LAT_AUTH);
    assert_int_equal(aead_open(aead, rfc_counter, ad, AD_LEN, sealed, SEALED_LEN - 1, got), LAT_AUTH);
    assert_int_equal(aead_open(aead, rfc_counter, ad, AD_LEN, sealed, SEALED_LEN, got), LAT_OK);
    aead_free(aead);
}

static void
an_empty_message_is_a_tag(void **state)
{
    uint8_t tag[AEAD_TAG_LEN], got[1] = { 7 };
    struct aead *aead = rfc_aead();

    (void)state;
    assert_int_equal(aead_seal(aead, 1, NULL, 0, NULL, 0, tag), LAT_OK);
    assert_int_equal(aead_open(aead, 1, NULL, 0, tag, sizeof(tag), got), LAT_OK);
    assert_int_equal(got[0], 7);
    assert_int_equal(aead_open(aead, 2, NULL, 0, tag, sizeof(tag), got), LAT_AUTH);
    aead_free(aead);
}

static void
another_key_takes_the_place_of_the_first(void **state)
{
    uint8_t ad[AD_LEN], sealed[SEALED_LEN], got[SEALED_LEN], key[AEAD_KEY_LEN], zeros[AEAD_KEY_LEN] = { 0 };
    struct aead *aead = rfc_aead();

    (void)state;
    read_rfc(ad, sealed);
    assert_int_equal(aead_rekey(aead, zeros), LAT_OK);
    assert_int_equal(aead_open(aead, rfc_counter, ad, AD_LEN, sealed, SEALED_LEN, got), LAT_AUTH);
    assert_int_equal(lat_unhex(rfc_key, key, sizeof(key)), LAT_OK);
    assert_int_equal(aead_rekey(aead, key), LAT_OK);
    assert_int_equal(aead_open(aead, rfc_counter, ad, AD_LEN, sealed, SEALED_LEN, got), LAT_OK);
    aead_free(aead);
    aead_free(NULL);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_message_of_the_rfc_seals_and_opens),
        cmocka_unit_test(a_message_seals_and_opens_in_its_place),
        cmocka_unit_test(a_changed_bit_anywhere_is_refused),
        cmocka_unit_test(an_empty_message_is_a_tag),
        cmocka_unit_test(another_key_takes_the_place_of_the_first),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
