/* Proofs of records and of absence: those of the vectors hold, and nothing that differs from them in a bit does. */
#include "config.h"

#include "state/proof.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/random.h"
#include "support/wire_states.h"

#define HEAD 10
#define FIRST 8 /* the exchanges of the vectors that prove */
#define LAST 12

static struct wire_states w;

static int
load(void **state)
{
    (void)state;
    wire_states_init(&w);
    return 0;
}

static int
unload(void **state)
{
    (void)state;
    wire_states_fini(&w);
    return 0;
}

struct exchange {
    uint8_t *request, *reply;
    size_t request_len, len;
};

static struct exchange
take(int n)
{
    struct exchange x;

    x.request = vectors_bytes(wire_exchange(&w, n), "request", &x.request_len);
    x.reply = vectors_bytes(wire_exchange(&w, n), "reply", &x.len);
    return x;
}

static void
let_go(const struct exchange *x)
{
    free(x->request);
    free(x->reply);
}

static enum lat_err
check(const struct exchange *x, const uint8_t *reply, size_t len, struct proof *proof)
{
    struct lat_msg why = { "" };
    enum lat_err err =
        proof_check(&w.network, x->request + HEAD, x->request + HEAD + 32, reply, len, proof, &why);

    assert_true(err == LAT_OK || why.text[0] != '\0');
    return err;
}

static void
the_proofs_of_the_vectors_hold(void **state)
{
    (void)state;
    for (int n = FIRST; n <= LAST; n++) {
        struct exchange x = take(n);
        struct proof proof;

        assert_int_equal(check(&x, x.reply, x.len, &proof), LAT_OK);
        assert_int_equal(proof.found, vectors_number(wire_exchange(&w, n), "found") == 1);
        assert_int_equal(proof.levels, vectors_number(wire_exchange(&w, n), "levels"));
        assert_int_equal(proof.time_ms, WIRE_NOW_MS);
        let_go(&x);
    }
}

static void
no_bit_of_a_proof_may_be_another(void **state)
{
    (void)state;
    for (int n = FIRST; n <= LAST; n++) {
        struct exchange x = take(n);
        struct proof proof;

        for (size_t bit = 0; bit < 8 * x.len; bit++) {
            x.reply[bit / 8] ^= (uint8_t)(1u << bit % 8);
            assert_int_not_equal(check(&x, x.reply, x.len, &proof), LAT_OK);
            x.reply[bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
        for (size_t len = 0; len < x.len; len++) {
            uint8_t *copy = malloc(len + 1);

            assert_non_null(copy);
            memcpy(copy, x.reply, len);
            assert_int_not_equal(check(&x, copy, len, &proof), LAT_OK);
            free(copy);
        }
        let_go(&x);
    }
}

static void
a_proof_of_one_key_proves_nothing_of_another(void **state)
{
    (void)state;
    for (int n = FIRST; n <= LAST; n++) {
        struct exchange x = take(n);
        struct proof proof;

        for (size_t i = 0; i < 48; i++) { /* of the key; of the challenge */
            x.request[HEAD + i] ^= 0x80;
            if (check(&x, x.reply, x.len, &proof) == LAT_OK) /* absence of all keys of an empty place */
                assert_true(i < 32 && !proof.found);
            x.request[HEAD + i] ^= 0x80;
        }
        let_go(&x);
    }
}

static void
a_request_is_that_of_the_vectors(void **state)
{
    struct exchange x = take(FIRST);
    struct lat_buf request;

    (void)state;
    lat_buf_init(&request, 1000);
    assert_int_equal(recon_ask_prove(&w.network, x.request + HEAD, x.request + HEAD + 32, &request), LAT_OK);
    assert_int_equal(request.len, x.request_len);
    assert_memory_equal(request.data, x.request, x.request_len);
    lat_buf_fini(&request);
    let_go(&x);
}

static void
an_answerer_that_refuses_is_quoted(void **state)
{
    struct exchange x = take(FIRST);
    struct lat_buf reply;
    struct lat_msg why = { "" };
    struct proof proof;

    (void)state;
    lat_buf_init(&reply, 1000);
    assert_int_equal(recon_error_message(&w.network, RECON_E_NOT_READY, 0, "not complete yet", &reply), LAT_OK);
    assert_int_equal(proof_check(&w.network, x.request + HEAD, x.request + HEAD + 32, reply.data, reply.len, &proof, &why),
                     LAT_CLOSED);
    assert_non_null(strstr(why.text, "not complete yet"));
    lat_buf_fini(&reply);
    let_go(&x);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_proofs_of_the_vectors_hold),
        cmocka_unit_test(no_bit_of_a_proof_may_be_another),
        cmocka_unit_test(a_proof_of_one_key_proves_nothing_of_another),
        cmocka_unit_test(a_request_is_that_of_the_vectors),
        cmocka_unit_test(an_answerer_that_refuses_is_quoted),
    };

    return cmocka_run_group_tests(tests, load, unload);
}
