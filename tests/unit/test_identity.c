#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "p2p/identity.h"
#include "p2p/noise.h"
#include "support/vectors.h"

struct fixture {
    cJSON *vectors;
    struct key *key;
    struct identity own;
    uint8_t text[NOISE_SIGNED_LEN];
    uint8_t signature[KEY_SIGNATURE_LEN];
};

static int
setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    const char *prefix;
    uint8_t seed[KEY_SEED_LEN];

    assert_non_null(f);
    f->vectors = vectors_load("libp2p/noise-payload.json");
    vectors_copy(f->vectors, "identity_ed25519_seed", seed, sizeof(seed));
    assert_int_equal(key_from_seed(seed, &f->key), LAT_OK);
    identity_init(&f->own, f->key);
    prefix = vectors_text(f->vectors, "signature_prefix");
    assert_int_equal(strlen(prefix), NOISE_SIGNED_LEN - 32);
    memcpy(f->text, prefix, strlen(prefix));
    vectors_copy(f->vectors, "noise_static_public_key", f->text + strlen(prefix), 32);
    vectors_copy(f->vectors, "identity_sig", f->signature, sizeof(f->signature));
    *state = f;
    return 0;
}

static int
teardown(void **state)
{
    struct fixture *f = *state;

    cJSON_Delete(f->vectors);
    key_free(f->key);
    free(f);
    return 0;
}

static enum lat_err
verify(const struct fixture *f, struct identity_check *check)
{
    noise_verify *call = identity_verify; /* of noise.h's type */

    return call(check, f->own.public_key, sizeof(f->own.public_key), f->text, sizeof(f->text), f->signature,
                sizeof(f->signature));
}

static void
our_identity_is_that_of_the_vectors(void **state)
{
    struct fixture *f = *state;
    noise_sign *call = identity_sign;
    struct lat_buf signature;
    size_t len;
    uint8_t *key = vectors_bytes(f->vectors, "identity_public_key_protobuf", &len);

    assert_int_equal(len, sizeof(f->own.public_key));
    assert_memory_equal(f->own.public_key, key, len);
    lat_buf_init(&signature, KEY_SIGNATURE_LEN);
    assert_int_equal(call(&f->own, f->text, sizeof(f->text), &signature), LAT_OK);
    assert_int_equal(signature.len, KEY_SIGNATURE_LEN);
    assert_memory_equal(signature.data, f->signature, KEY_SIGNATURE_LEN);
    assert_int_equal(call(&f->own, f->text, sizeof(f->text), &signature), LAT_LIMIT);
    lat_buf_fini(&signature);
    free(key);
}

static void
whoever_signed_is_known_by_its_peer_id(void **state)
{
    struct fixture *f = *state;
    struct identity_check check = { .dialed = NULL };

    assert_int_equal(verify(f, &check), LAT_OK);
    assert_int_equal(peerid_compare(&check.peer, &f->own.peer), 0);
    check = (struct identity_check){ .dialed = &f->own.peer };
    assert_int_equal(verify(f, &check), LAT_OK);
    assert_int_equal(peerid_compare(&check.peer, &f->own.peer), 0);
}

static void
another_peer_than_the_dialed_one_is_refused(void **state)
{
    struct fixture *f = *state;
    struct peerid dialed;
    struct identity_check check = { .dialed = &dialed };

    assert_int_equal(peerid_parse("12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA", &dialed), LAT_OK);
    assert_int_equal(verify(f, &check), LAT_AUTH);
    assert_int_equal(check.peer.len, 0);
}

static void
a_signature_that_does_not_hold_is_refused(void **state)
{
    struct fixture *f = *state;
    struct identity_check check = { .dialed = NULL };

    f->signature[5] ^= 1;
    assert_int_equal(verify(f, &check), LAT_AUTH);
    f->signature[5] ^= 1;
    f->text[40] ^= 1;
    assert_int_equal(verify(f, &check), LAT_AUTH);
    f->text[40] ^= 1;
    f->own.public_key[1] = 7; /* no such type of key */
    assert_int_equal(verify(f, &check), LAT_MALFORMED);
    f->own.public_key[1] = 1;
    assert_int_equal(check.peer.len, 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(our_identity_is_that_of_the_vectors),
        cmocka_unit_test(whoever_signed_is_known_by_its_peer_id),
        cmocka_unit_test(another_peer_than_the_dialed_one_is_refused),
        cmocka_unit_test(a_signature_that_does_not_hold_is_refused),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
