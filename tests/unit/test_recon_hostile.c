/*
 * Cut and mutated messages: the answerer always has one whole reply for them, the asker is never led astray.
 */
#include "config.h"

#include "state/recon.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/sync_check.h"
#include "support/wire_states.h"

#define HEAD 10

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

/* What a byte is changed into; 0 .. HOSTILE_VALUES - 1. */
#define HOSTILE_VALUES 8
static uint8_t
hostile_value(uint8_t byte, unsigned n)
{
    switch (n) {
    case 0:
        return 0;
    case 1:
        return 0x7f;
    case 2:
        return 0x80;
    case 3:
        return 0xff;
    case 4:
        return byte ^ 1;
    case 5:
        return byte ^ 0x80;
    case 6:
        return (uint8_t)(byte + 1);
    default:
        return (uint8_t)(byte - 1);
    }
}

/*
 * Inspect and answer; the request has a block of its own, so that a sanitizer sees a read past it. The
 * ERROR's code or 0.
 */
static unsigned
reply_is_whole(const struct memory_view *state, const uint8_t *bytes, size_t len)
{
    uint8_t *request = malloc(len ? len : 1), verdicts[RECON_ITEMS_MAX] = { 0 };
    struct recon_pushes pushes;
    struct lat_buf reply;
    enum lat_err err;
    const char *wrong;
    unsigned error, inspected;

    assert_non_null(request);
    memcpy(request, bytes, len);
    lat_buf_init(&pushes.records, RECON_PUSHES_MAX);
    lat_buf_init(&reply, RECON_MESSAGE_MAX);
    err = recon_inspect(&w.network, request, len, &pushes, &reply);
    assert_true(err == LAT_OK || err == LAT_MALFORMED);
    if (err) {
        assert_null(sync_check_reply(&w.network, 0, reply.data, reply.len, &inspected));
        assert_int_not_equal(inspected, 0);
    }
    assert_int_equal(recon_handle(&state->view, request, len, verdicts, pushes.count, &reply), LAT_OK);
    wrong = sync_check_reply(&w.network, len ? request[0] : 0, reply.data, reply.len, &error);
    if (wrong)
        fail_msg("reply: %s", wrong);
    if (err)
        assert_int_equal(error, inspected);
    lat_buf_fini(&pushes.records);
    lat_buf_fini(&reply);
    free(request);
    return error;
}

static void
every_cut_of_a_request_is_malformed(void **state)
{
    (void)state;
    for (int n = 0; n <= 12; n++) {
        size_t len;
        uint8_t *request = vectors_bytes(wire_exchange(&w, n), "request", &len);

        for (size_t cut = 0; cut < len; cut++)
            assert_int_equal(reply_is_whole(&w.states[wire_answerer(n)], request, cut), RECON_E_MALFORMED);
        assert_int_equal(reply_is_whole(&w.states[wire_answerer(n)], request, len), 0);
        free(request);
    }
}

static void
every_changed_byte_of_a_request_has_a_whole_reply(void **state)
{
    unsigned answered = 0, refused = 0;

    (void)state;
    for (int n = 0; n < WIRE_EXCHANGES; n++) {
        size_t len;
        uint8_t *request = vectors_bytes(wire_exchange(&w, n), "request", &len);

        for (size_t i = 0; i < len; i++) {
            for (unsigned v = 0; v < HOSTILE_VALUES; v++) {
                uint8_t was = request[i];

                request[i] = hostile_value(was, v);
                if (reply_is_whole(&w.states[wire_answerer(n)], request, len))
                    refused++;
                else
                    answered++;
                request[i] = was;
            }
        }
        free(request);
    }
    print_message("%u answered, %u refused\n", answered, refused);
    assert_true(answered > 1000 && refused > 1000);
}

static void
every_cut_or_changed_refused_request_has_a_whole_reply(void **state)
{
    const cJSON *refused;

    (void)state;
    cJSON_ArrayForEach(refused, vectors_member(w.wire, "refused_requests"))
    {
        size_t len;
        uint8_t *request = vectors_bytes(refused, "request", &len);

        for (size_t i = 0; i < len; i++) {
            uint8_t was = request[i];

            reply_is_whole(&w.states[WIRE_B], request, i);
            for (unsigned v = 0; v < HOSTILE_VALUES; v++) {
                request[i] = hostile_value(was, v);
                reply_is_whole(&w.states[WIRE_B], request, len);
            }
            request[i] = was;
        }
        free(request);
    }
}

static void
a_message_over_a_mebibyte_is_over_a_limit(void **state)
{
    size_t len = RECON_MESSAGE_MAX + 1;
    uint8_t *request = calloc(1, len);

    (void)state;
    assert_non_null(request);
    request[0] = RECON_STATUS;
    request[1] = 1;
    memcpy(request + 2, w.network.id, 8);
    assert_int_equal(reply_is_whole(&w.states[WIRE_B], request, len), RECON_E_LIMIT);
    free(request);
}

/* --- the asker ----------------------------------------------------------------------------------------- */

/* Read a reply to the n-th exchange. What is taken must hold together. */
static enum lat_err
read_reply(int n, const uint8_t *bytes, size_t len)
{
    size_t request_len, record_len;
    uint8_t *request = vectors_bytes(wire_exchange(&w, n), "request", &request_len),
            *reply = malloc(len ? len : 1);
    struct recon_status status;
    struct recon_range range;
    struct lat_msg why = { "" };
    enum lat_err err;

    assert_non_null(reply);
    memcpy(reply, bytes, len);
    if (n == 0) {
        err = recon_read_status(&w.network, request + HEAD, reply, len, &status, &why);
    } else {
        err = recon_read_range(&w.network, request + HEAD, request + HEAD + 32, reply, len, &range, &why);
        if (!err) {
            const uint8_t *at = range.records, *end = at + range.records_len, *record;

            while (recon_next_record(&at, end, &record, &record_len))
                range.count--;
            assert_true(at == end && range.count == 0);
        }
    }
    assert_true(err == LAT_OK || why.text[0] != 0);
    free(request);
    free(reply);
    return err;
}

static void
every_cut_of_a_reply_is_malformed(void **state)
{
    static const int exchanges[] = { 0, 6, 7 };

    (void)state;
    for (size_t e = 0; e < 3; e++) {
        size_t len;
        uint8_t *reply = vectors_bytes(wire_exchange(&w, exchanges[e]), "reply", &len);

        for (size_t cut = 0; cut < len; cut++)
            assert_int_equal(read_reply(exchanges[e], reply, cut), LAT_MALFORMED);
        assert_int_equal(read_reply(exchanges[e], reply, len), LAT_OK);
        free(reply);
    }
}

static void
every_changed_byte_of_a_reply_is_judged(void **state)
{
    static const int exchanges[] = { 0, 6, 7 };
    const size_t attested = HEAD + 32 + 8, hlc_end = attested + 8, digest = hlc_end + 8 + 32 + 64;

    (void)state;
    for (size_t e = 0; e < 3; e++) {
        int n = exchanges[e];
        size_t len;
        uint8_t *reply = vectors_bytes(wire_exchange(&w, n), "reply", &len);

        for (size_t i = 0; i < len; i++) {
            for (unsigned v = 0; v < HOSTILE_VALUES; v++) {
                uint8_t was = reply[i];
                enum lat_err err;

                reply[i] = hostile_value(was, v);
                err = read_reply(n, reply, len);
                assert_true(err == LAT_OK || err == LAT_MALFORMED || err == LAT_AUTH || err == LAT_CLOSED);
                /* Nothing that the attestation covers passes. */
                if (n == 0 && reply[i] != was && (i < attested || (i >= hlc_end && i < digest)))
                    assert_int_not_equal(err, LAT_OK);
                reply[i] = was;
            }
        }
        free(reply);
    }
}

static void
replies_of_other_types_are_malformed(void **state)
{
    (void)state;
    for (int n = 1; n < WIRE_EXCHANGES - 2; n++) {
        size_t len;
        uint8_t *reply = vectors_bytes(wire_exchange(&w, n), "reply", &len);

        assert_int_equal(read_reply(0, reply, len), LAT_MALFORMED);
        if (n < 6 || n > 7)
            assert_int_equal(read_reply(6, reply, len), LAT_MALFORMED);
        free(reply);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_cut_of_a_request_is_malformed),
        cmocka_unit_test(every_changed_byte_of_a_request_has_a_whole_reply),
        cmocka_unit_test(every_cut_or_changed_refused_request_has_a_whole_reply),
        cmocka_unit_test(a_message_over_a_mebibyte_is_over_a_limit),
        cmocka_unit_test(every_cut_of_a_reply_is_malformed),
        cmocka_unit_test(every_changed_byte_of_a_reply_is_judged),
        cmocka_unit_test(replies_of_other_types_are_malformed),
    };

    return cmocka_run_group_tests(tests, load, unload);
}
