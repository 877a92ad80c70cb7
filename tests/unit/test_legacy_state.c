/* The state document of v3.0.3 as observed on its server, and what a hostile one may send. */
#include "config.h"

#include "state/legacy.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "state/json.h"
#include "support/vectors.h"

#define ROOM ((size_t)1024 * 1024)
#define SIGNED_AT UINT64_C(1795342302)
#define NOW_MS (SIGNED_AT * 1000)

struct fixture {
    char *text;          /* the signed answer with three entries */
    struct key *key;     /* that signed it */
    struct trust trust;  /* trusts it */
    struct trust nobody; /* trusts itself alone */
    cJSON *attestation;
};

static struct key *
key_of(const char *seed_hex)
{
    size_t len;
    uint8_t *seed = vectors_unhex(seed_hex, &len);
    struct key *key;

    assert_int_equal(len, KEY_SEED_LEN);
    assert_int_equal(key_from_seed(seed, &key), LAT_OK);
    free(seed);
    return key;
}

static char *
observed_answer(void)
{
    cJSON *vectors = vectors_load("predecessor/signed-node-three-entries.json");
    const cJSON *exchange;
    char *text = NULL;

    cJSON_ArrayForEach(exchange, vectors_member(vectors, "exchanges")) {
        if (strcmp(vectors_text(vectors_member(exchange, "request"), "path"), "/api/lattice/state") == 0)
            text = cJSON_PrintUnformatted(vectors_member(exchange, "json"));
    }
    assert_non_null(text);
    cJSON_Delete(vectors);
    return text;
}

static int
setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    struct key *own = key_of("0101010101010101010101010101010101010101010101010101010101010101");

    assert_non_null(f);
    f->text = observed_answer();
    f->attestation = vectors_load("predecessor/attestation.json");
    f->key = key_of(vectors_text(f->attestation, "seed_hex"));
    trust_init(&f->nobody, key_public(own));
    f->trust = f->nobody;
    assert_int_equal(trust_add(&f->trust, key_public(f->key), TRUST_NOT_RETIRED), LAT_OK);
    key_free(own);
    *state = f;
    return 0;
}

static int
teardown(void **state)
{
    struct fixture *f = *state;

    cJSON_free(f->text);
    cJSON_Delete(f->attestation);
    key_free(f->key);
    free(f);
    return 0;
}

/* The observed text with one piece replaced. The caller frees it. */
static char *
changed(const struct fixture *f, const char *from, const char *to)
{
    char *at = strstr(f->text, from);
    size_t size = strlen(f->text) + strlen(to) + 1;
    char *text = malloc(size);

    assert_non_null(at);
    assert_non_null(text);
    snprintf(text, size, "%.*s%s%s", (int)(at - f->text), f->text, to, at + strlen(from));
    return text;
}

static enum legacy_verdict
judge_text(const char *text, const struct trust *trust, const uint8_t *bound, uint64_t now_ms,
           const char *reason)
{
    struct legacy_state state;
    struct lat_msg why = { "" };
    uint8_t key[32];
    enum legacy_verdict verdict;

    if (legacy_state_parse(text, strlen(text), ROOM, &state, &why))
        fail_msg("%s", why.text);
    verdict = legacy_state_judge(&state, trust, bound, now_ms, key, &why);
    if (!strstr(why.text, reason))
        fail_msg("said: %s", why.text);
    legacy_state_fini(&state);
    return verdict;
}

static void
assert_refused(const struct fixture *f, const char *from, const char *to, const char *reason)
{
    struct legacy_state state;
    struct lat_msg why = { "" };
    char *text = changed(f, from, to);

    assert_int_equal(legacy_state_parse(text, strlen(text), ROOM, &state, &why), LAT_MALFORMED);
    if (!strstr(why.text, reason))
        fail_msg("%s -> %s: said: %s", from, to, why.text);
    free(text);
}

static void
the_observed_state_is_attested_by_its_key(void **state)
{
    struct fixture *f = *state;
    struct legacy_state legacy;
    struct lat_msg why = { "" };
    uint8_t key[32] = { 0 };

    assert_int_equal(legacy_state_parse(f->text, strlen(f->text), ROOM, &legacy, &why), LAT_OK);
    assert_true(legacy.has_root && legacy.is_signed);
    assert_memory_equal(legacy.root, legacy.computed, 32);
    assert_int_equal(legacy.time_s, SIGNED_AT);
    assert_int_equal(legacy.entries.count, 3);
    assert_memory_equal(legacy.entries.list[1].key, "acct_00000001", 13);
    assert_memory_equal(legacy.entries.list[1].value,
                        "{\"balance\": 10, \"nonce\": 1, \"owner\": \"owner-1\"}", 47);
    assert_int_equal(legacy.entries.list[1].value_len, 47);
    assert_int_equal(legacy_state_judge(&legacy, &f->trust, NULL, NOW_MS, key, &why), LEGACY_ATTESTED);
    assert_memory_equal(key, key_public(f->key), 32);
    assert_string_equal(why.text, "");
    legacy_state_fini(&legacy);
}

static void
an_attestation_counts_for_300_seconds_on_either_side(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(judge_text(f->text, &f->trust, NULL, NOW_MS + 300999, ""), LEGACY_ATTESTED);
    assert_int_equal(judge_text(f->text, &f->trust, NULL, NOW_MS + 301000, "301 s old"), LEGACY_STALE);
    assert_int_equal(judge_text(f->text, &f->trust, NULL, NOW_MS - 300000, ""), LEGACY_ATTESTED);
    assert_int_equal(judge_text(f->text, &f->trust, NULL, NOW_MS - 300001, "301 s ahead"), LEGACY_STALE);
    assert_int_equal(judge_text(f->text, &f->trust, NULL, 0, "ahead"), LEGACY_STALE);
    assert_int_equal(judge_text(f->text, &f->trust, NULL, UINT64_MAX, "old"), LEGACY_STALE);
}

static void
only_a_key_that_may_attest_here_counts(void **state)
{
    struct fixture *f = *state;
    struct key *other = key_of("0202020202020202020202020202020202020202020202020202020202020202");
    struct trust trust = f->nobody;

    assert_int_equal(judge_text(f->text, &f->nobody, NULL, NOW_MS, "no key is trusted"), LEGACY_NOT_TRUSTED);
    assert_int_equal(trust_add(&trust, key_public(other), TRUST_NOT_RETIRED), LAT_OK);
    assert_int_equal(judge_text(f->text, &trust, NULL, NOW_MS, "none of the 1 trusted"), LEGACY_NOT_TRUSTED);
    assert_int_equal(judge_text(f->text, &trust, key_public(f->key), NOW_MS, "not on the trust list"),
                     LEGACY_NOT_TRUSTED);
    assert_int_equal(trust_add(&trust, key_public(f->key), TRUST_NOT_RETIRED), LAT_OK);
    assert_int_equal(judge_text(f->text, &trust, NULL, NOW_MS, ""), LEGACY_ATTESTED);
    assert_int_equal(judge_text(f->text, &trust, key_public(f->key), NOW_MS, ""), LEGACY_ATTESTED);
    assert_int_equal(judge_text(f->text, &trust, key_public(other), NOW_MS, "not of the key that is bound"),
                     LEGACY_NOT_TRUSTED);
    assert_int_equal(trust_add(&trust, key_public(f->key), 1), LAT_OK); /* retired */
    assert_int_equal(judge_text(f->text, &trust, NULL, NOW_MS, "none of the 2 trusted"), LEGACY_NOT_TRUSTED);
    key_free(other);
}

static void
assert_judged(const struct fixture *f, const char *from, const char *to, enum legacy_verdict expected)
{
    char *text = changed(f, from, to);

    assert_int_equal(judge_text(text, &f->trust, NULL, NOW_MS, ""), expected);
    free(text);
}

static void
a_state_that_is_not_the_signed_one_is_seen(void **state)
{
    struct fixture *f = *state;

    assert_judged(f, "\"balance\":10", "\"balance\":11", LEGACY_ROOT_DIFFERS);
    assert_judged(f, "\"balance\":10", "\"balance\":10.0", LEGACY_ROOT_DIFFERS);
    assert_judged(f, "acct_00000002", "acct_00000003", LEGACY_ROOT_DIFFERS);
    assert_judged(f, "\"state\":{", "\"state\":{\"\":0,", LEGACY_ROOT_DIFFERS);
    /* Of a key that stands twice the last value counts. */
    assert_judged(f, "\"state\":{", "\"state\":{\"acct_00000001\":0,", LEGACY_ATTESTED);
    assert_judged(f, "\"merkle_root\":\"e", "\"merkle_root\":\"f", LEGACY_ROOT_DIFFERS);
    assert_judged(f, "1795342302", "1795342303", LEGACY_NOT_TRUSTED);
    assert_judged(f, "\"signature\":\"7", "\"signature\":\"8", LEGACY_NOT_TRUSTED);
}

static void
without_signature_or_root_nothing_is_attested(void **state)
{
    struct fixture *f = *state;

    assert_judged(f, "\"signed\":true", "\"signed\":false", LEGACY_UNSIGNED);
    assert_judged(f, ",\"signed\":true", "", LEGACY_UNSIGNED);
    assert_judged(f, "\"e62916d8607aeb6d9e52087992c6e5e3055ad1a4a31e91adabd746888315a14c\"", "null",
                  LEGACY_NO_ROOT);
}

/* What a v3.0.3 node signs before it has a root covers nothing. */
static void
the_signature_of_a_null_root_attests_nothing(void **state)
{
    struct fixture *f = *state;
    const cJSON *none = cJSON_GetArrayItem(vectors_member(f->attestation, "cases"), 2);
    uint64_t time = vectors_number(none, "timestamp");
    char text[512];

    assert_string_equal(vectors_text(none, "merkle_root"), "None");
    snprintf(
        text, sizeof(text),
        "{\"success\":true,\"merkle_root\":null,\"state\":{\"a\":1},\"state_size\":1,\"timestamp\":%" PRIu64
        ",\"signature\":\"%s\",\"signed\":true}",
        time, vectors_text(none, "signature"));
    assert_int_equal(judge_text(text, &f->trust, NULL, time * 1000, "no root"), LEGACY_NO_ROOT);
}

static void
a_document_with_a_wrong_member_is_refused(void **state)
{
    struct fixture *f = *state;

    assert_refused(f, "\"success\":true", "\"success\":false", "\"success\"");
    assert_refused(f, "\"success\":true,", "", "\"success\" of the answer is missing");
    assert_refused(f, "\"merkle_root\":\"e6", "\"merkle_root\":\"E6", "64 lower-case hex");
    assert_refused(f, "\"merkle_root\":\"e6", "\"merkle_root\":\"6", "\"merkle_root\"");
    assert_refused(f, "\"merkle_root\"", "\"root\"", "\"merkle_root\" of the answer is missing");
    assert_refused(f, "\"state\":{", "\"state\":[],\"x\":{", "\"state\" of the answer is something else");
    assert_refused(f, "\"state\"", "\"x\"", "\"state\" of the answer is missing");
    assert_refused(f, "\"signed\":true", "\"signed\":1", "\"signed\"");
    assert_refused(f, "1795342302", "1795342302.0", "\"timestamp\"");
    assert_refused(f, "1795342302", "-1", "\"timestamp\"");
    assert_refused(f, "1795342302", "\"1795342302\"", "\"timestamp\"");
    assert_refused(f, "1795342302", "18446744073709551616", "\"timestamp\"");
    assert_refused(f, "1795342302", "100000000000000000000000", "\"timestamp\"");
    assert_refused(f, "\"timestamp\"", "\"t\"", "\"timestamp\" of the answer is missing");
    assert_refused(f, "\"signature\":\"", "\"signature\":\"00", "128 lower-case hex");
    assert_refused(f, "\"signature\"", "\"s\"", "\"signature\" of the answer is missing");
}

static void
what_is_ambiguous_or_no_json_is_refused(void **state)
{
    struct fixture *f = *state;

    assert_refused(f, "\"state\":{", "\"state\":{},\"state\":{", "\"state\" stands twice");
    assert_refused(f, "\"state\":{", "\"state\":{},\"\\u0073tate\":{", "\"state\" stands twice");
    assert_refused(f, "\"success\":true", "\"success\":true,\"merkle_root\":null",
                   "\"merkle_root\" stands twice");
    assert_refused(f, "\"nonce\":1", "\"nonce\":NaN", "not JSON at byte");
    assert_refused(f, "owner-1", "\\ud800", "a surrogate stands alone");
    assert_refused(f, "acct_00000001", "\\udc00", "a surrogate stands alone");
    assert_refused(f, "\"signed\":true}", "\"signed\":true} ]", "something stands behind");
}

/* The state with arrays of this depth as a member of one of its values. */
static enum lat_err
parse_nested(const struct fixture *f, size_t depth)
{
    struct legacy_state legacy;
    struct lat_msg why;
    char value[2 * JSON_DEPTH_MAX + 1];
    char *text;
    enum lat_err err;

    memset(value, '[', depth);
    memset(value + depth, ']', depth);
    value[2 * depth] = 0;
    text = changed(f, "\"owner-1\"", value);
    err = legacy_state_parse(text, strlen(text), ROOM, &legacy, &why);
    if (!err)
        legacy_state_fini(&legacy);
    free(text);
    return err;
}

static void
values_may_nest_64_deep_in_the_state_and_no_deeper(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(parse_nested(f, JSON_DEPTH_MAX - 1), LAT_OK);
    assert_int_equal(parse_nested(f, JSON_DEPTH_MAX), LAT_LIMIT);
}

static void
entries_over_the_limit_are_refused_with_its_name(void **state)
{
    struct fixture *f = *state;
    struct legacy_state legacy;
    struct lat_msg why;

    assert_int_equal(legacy_state_parse(f->text, strlen(f->text), 200, &legacy, &why), LAT_LIMIT);
    assert_non_null(strstr(why.text, "200 bytes"));
}

static void
no_cut_of_a_document_is_taken(void **state)
{
    struct fixture *f = *state;
    struct legacy_state legacy;
    struct lat_msg why;

    for (size_t len = 0; len < strlen(f->text); len++) {
        char *exact = malloc(len + !len); /* so that a sanitizer sees a read behind the end */

        assert_non_null(exact);
        memcpy(exact, f->text, len);
        assert_int_equal(legacy_state_parse(exact, len, ROOM, &legacy, &why), LAT_MALFORMED);
        free(exact);
    }
}

static bool
says_the_same(const struct legacy_state *a, const struct legacy_state *b)
{
    return a->time_s == b->time_s && memcmp(a->computed, b->computed, 32) == 0 &&
           memcmp(a->root, b->root, 32) == 0;
}

/* Whatever single bit is flipped: refused, not attested, or nothing that counts has changed. */
static void
no_flipped_bit_gets_another_state_attested(void **state)
{
    struct fixture *f = *state;
    size_t len = strlen(f->text);
    struct legacy_state original, flipped;
    struct lat_msg why;
    uint8_t key[32];
    char *text = strdup(f->text);
    int attested = 0;

    assert_non_null(text);
    assert_int_equal(legacy_state_parse(text, len, ROOM, &original, &why), LAT_OK);
    for (size_t bit = 0; bit < len * 8; bit++) {
        text[bit / 8] = (char)(text[bit / 8] ^ (1 << bit % 8));
        if (!legacy_state_parse(text, len, ROOM, &flipped, &why)) {
            if (legacy_state_judge(&flipped, &f->trust, NULL, NOW_MS, key, &why) == LEGACY_ATTESTED) {
                assert_true(says_the_same(&flipped, &original));
                attested++;
            }
            legacy_state_fini(&flipped);
        }
        text[bit / 8] = (char)(text[bit / 8] ^ (1 << bit % 8));
    }
    assert_true(attested > 0 && attested < 100); /* the name and value of state_size, which is not read */
    legacy_state_fini(&original);
    free(text);
}

static void
attestations_are_signed_as_v303_signs_them(void **state)
{
    struct fixture *f = *state;
    const cJSON *one;
    int count = 0;

    cJSON_ArrayForEach(one, vectors_member(f->attestation, "cases")) {
        uint8_t root[32], expected[64], signature[64];

        if (strcmp(vectors_text(one, "merkle_root"), "None") == 0)
            continue; /* our root is never null */
        vectors_copy(one, "merkle_root", root, sizeof(root));
        vectors_copy(one, "signature", expected, sizeof(expected));
        assert_int_equal(legacy_attest_sign(f->key, root, vectors_number(one, "timestamp"), signature),
                         LAT_OK);
        assert_memory_equal(signature, expected, sizeof(expected));
        count++;
    }
    assert_int_equal(count, 2);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_observed_state_is_attested_by_its_key),
        cmocka_unit_test(an_attestation_counts_for_300_seconds_on_either_side),
        cmocka_unit_test(only_a_key_that_may_attest_here_counts),
        cmocka_unit_test(a_state_that_is_not_the_signed_one_is_seen),
        cmocka_unit_test(without_signature_or_root_nothing_is_attested),
        cmocka_unit_test(the_signature_of_a_null_root_attests_nothing),
        cmocka_unit_test(a_document_with_a_wrong_member_is_refused),
        cmocka_unit_test(what_is_ambiguous_or_no_json_is_refused),
        cmocka_unit_test(values_may_nest_64_deep_in_the_state_and_no_deeper),
        cmocka_unit_test(entries_over_the_limit_are_refused_with_its_name),
        cmocka_unit_test(no_cut_of_a_document_is_taken),
        cmocka_unit_test(no_flipped_bit_gets_another_state_attested),
        cmocka_unit_test(attestations_are_signed_as_v303_signs_them),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
