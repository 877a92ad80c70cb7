#include "config.h"

#include "state/trust.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "crypto/key.h"
#include "support/random.h"
#include "support/vectors.h"

static void
random_key(uint64_t *seed, uint8_t out[32])
{
    uint8_t secret[32];
    struct key *key;

    random_fill(seed, secret, sizeof(secret));
    assert_int_equal(key_from_seed(secret, &key), LAT_OK);
    memcpy(out, key_public(key), 32);
    key_free(key);
}

static void
digests_are_those_of_the_vectors(void **state)
{
    cJSON *vectors = vectors_load("state/wire.json");
    const cJSON *one;

    (void)state;
    cJSON_ArrayForEach(one, vectors_member(vectors, "trust_digests")) {
        uint8_t keys[3][32], challenge[16], expected[8], digest[8];
        uint64_t below[3];
        const cJSON *pair;
        size_t n = 0;

        vectors_copy(one, "challenge", challenge, sizeof(challenge));
        vectors_copy(one, "digest", expected, sizeof(expected));
        cJSON_ArrayForEach(pair, vectors_member(one, "keys")) {
            size_t len;
            uint8_t *key = vectors_unhex(cJSON_GetStringValue(cJSON_GetArrayItem(pair, 0)), &len);

            assert_int_equal(len, 32);
            memcpy(keys[n], key, 32);
            below[n++] = vectors_hex_number(cJSON_GetStringValue(cJSON_GetArrayItem(pair, 1)));
            free(key);
        }
        assert_int_equal(n, 3);
        /* Whichever of them is our own (none of the retired), and in whatever order the others were added. */
        for (size_t own = 0; own < 3; own++) {
            struct trust trust;

            if (below[own] != TRUST_NOT_RETIRED)
                continue;
            trust_init(&trust, keys[own]);
            for (size_t i = 0; i < 3; i++)
                assert_int_equal(trust_add(&trust, keys[(i + 2) % 3], below[(i + 2) % 3]), LAT_OK);
            assert_int_equal(trust.count, 2);
            trust_digest(&trust, challenge, digest);
            assert_memory_equal(digest, expected, 8);
        }
    }
    assert_int_equal(cJSON_GetArraySize(vectors_member(vectors, "trust_digests")), 2);
    cJSON_Delete(vectors);
}

static void
only_sound_keys_are_added(void **state)
{
    cJSON *vectors = vectors_load("state/wire.json");
    static const uint8_t own[32] = { 1 };
    uint8_t not_canonical[32];
    struct trust trust;
    const cJSON *one;

    (void)state;
    trust_init(&trust, own);
    cJSON_ArrayForEach(one, vectors_member(vectors, "small_order_encodings")) {
        size_t len;
        uint8_t *key = vectors_unhex(cJSON_GetStringValue(one), &len);

        assert_int_equal(trust_add(&trust, key, TRUST_NOT_RETIRED), LAT_MALFORMED);
        free(key);
    }
    memset(not_canonical, 0xff, sizeof(not_canonical));
    assert_int_equal(trust_add(&trust, not_canonical, TRUST_NOT_RETIRED), LAT_MALFORMED);
    assert_int_equal(trust.count, 0);
    cJSON_Delete(vectors);
}

static void
a_retired_key_counts_below_its_hlc_and_attests_no_more(void **state)
{
    uint64_t seed = 4;
    uint8_t own[32], current[32], retired[32], stranger[32];
    struct trust trust;

    (void)state;
    random_key(&seed, own);
    random_key(&seed, current);
    random_key(&seed, retired);
    random_key(&seed, stranger);
    trust_init(&trust, own);
    assert_int_equal(trust_add(&trust, current, TRUST_NOT_RETIRED), LAT_OK);
    assert_int_equal(trust_add(&trust, retired, 1000), LAT_OK);
    assert_true(trust_accepts(&trust, own, UINT64_MAX));
    assert_true(trust_accepts(&trust, current, UINT64_MAX));
    assert_true(trust_accepts(&trust, retired, 999));
    assert_false(trust_accepts(&trust, retired, 1000));
    assert_false(trust_accepts(&trust, stranger, 1));
    assert_true(trust_attests(&trust, own));
    assert_true(trust_attests(&trust, current));
    assert_false(trust_attests(&trust, retired));
    assert_false(trust_attests(&trust, stranger));
}

static void
of_two_entries_of_a_key_the_smaller_hlc_stays(void **state)
{
    uint64_t seed = 5;
    uint8_t own[32], key[32];
    struct trust trust;

    (void)state;
    random_key(&seed, own);
    random_key(&seed, key);
    trust_init(&trust, own);
    assert_int_equal(trust_add(&trust, key, 1000), LAT_OK);
    assert_int_equal(trust_add(&trust, key, TRUST_NOT_RETIRED), LAT_OK);
    assert_int_equal(trust.entries[0].below_hlc, 1000);
    assert_int_equal(trust_add(&trust, key, 500), LAT_OK);
    assert_int_equal(trust.count, 1);
    assert_int_equal(trust.entries[0].below_hlc, 500);
    assert_int_equal(trust_add(&trust, own, 500), LAT_OK); /* the own key cannot be retired here */
    assert_int_equal(trust.count, 1);
    assert_true(trust_accepts(&trust, own, 501));
}

static void
a_full_set_stays_sorted_and_takes_no_more(void **state)
{
    static struct trust trust;
    uint64_t seed = 6;
    uint8_t key[32];

    (void)state;
    random_key(&seed, key);
    trust_init(&trust, key);
    for (size_t i = 0; i < TRUST_KEYS_MAX; i++) {
        random_key(&seed, key);
        assert_int_equal(trust_add(&trust, key, i + 1), LAT_OK);
        assert_true(trust_accepts(&trust, key, i));
    }
    assert_int_equal(trust.count, TRUST_KEYS_MAX);
    for (size_t i = 1; i < trust.count; i++)
        assert_true(memcmp(trust.entries[i - 1].key, trust.entries[i].key, 32) < 0);
    assert_int_equal(trust_add(&trust, key, 1), LAT_OK); /* it stands there already */
    random_key(&seed, key);
    assert_int_equal(trust_add(&trust, key, 1), LAT_LIMIT);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(digests_are_those_of_the_vectors),
        cmocka_unit_test(only_sound_keys_are_added),
        cmocka_unit_test(a_retired_key_counts_below_its_hlc_and_attests_no_more),
        cmocka_unit_test(of_two_entries_of_a_key_the_smaller_hlc_stays),
        cmocka_unit_test(a_full_set_stays_sorted_and_takes_no_more),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
