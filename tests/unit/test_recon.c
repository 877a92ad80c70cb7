/*
 * The answerer against the exchanges and refusals of the vectors, and beyond them: limits, failures, an
 * incomplete state.
 */
#include "config.h"

#include "state/recon.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/cursor.h"
#include "base/le.h"
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

static void
assert_bytes(const uint8_t *got, size_t got_len, const uint8_t *wanted, size_t wanted_len)
{
    size_t same = 0;

    while (same < got_len && same < wanted_len && got[same] == wanted[same])
        same++;
    if (same != got_len || same != wanted_len)
        fail_msg("%zu bytes where %zu are wanted; they differ from byte %zu on", got_len, wanted_len, same);
}

static void
every_exchange_gives_the_bytes_of_the_vectors(void **state)
{
    (void)state;
    assert_int_equal(cJSON_GetArraySize(vectors_member(w.wire, "sync")), WIRE_EXCHANGES);
    for (int n = 0; n < WIRE_EXCHANGES; n++) {
        const cJSON *exchange = wire_exchange(&w, n);
        size_t request_len, wanted_len;
        uint8_t *request = vectors_bytes(exchange, "request", &request_len);
        uint8_t *wanted = vectors_bytes(exchange, "reply", &wanted_len);
        struct lat_buf reply;
        unsigned error;

        print_message("%s\n", vectors_text(exchange, "what"));
        lat_buf_init(&reply, RECON_MESSAGE_MAX);
        wire_serve(&w, &w.states[wire_answerer(n)], request, request_len, &reply);
        assert_bytes(reply.data, reply.len, wanted, wanted_len);
        assert_null(sync_check_reply(&w.network, request[0], wanted, wanted_len, &error));
        lat_buf_fini(&reply);
        free(request);
        free(wanted);
        if (n == 5) { /* what was pushed to B must not stand in the way of the others */
            wire_states_fini(&w);
            wire_states_init(&w);
        }
    }
}

static void
every_refused_request_gives_its_error(void **state)
{
    const cJSON *refused;
    unsigned count = 0;

    (void)state;
    cJSON_ArrayForEach(refused, vectors_member(w.wire, "refused_requests"))
    {
        size_t len;
        uint8_t *request = vectors_bytes(refused, "request", &len);
        struct recon_pushes pushes;
        struct lat_buf reply, again;
        unsigned error;

        lat_buf_init(&pushes.records, RECON_PUSHES_MAX);
        lat_buf_init(&reply, RECON_MESSAGE_MAX);
        lat_buf_init(&again, RECON_MESSAGE_MAX);
        if (recon_inspect(&w.network, request, len, &pushes, &reply) != LAT_MALFORMED)
            fail_msg("taken: %s", vectors_text(refused, "what"));
        assert_int_equal(recon_handle(&w.states[WIRE_B].view, request, len, NULL, 0, &again), LAT_OK);
        assert_null(sync_check_reply(&w.network, request[0], reply.data, reply.len, &error));
        if (error != vectors_number(refused, "error"))
            fail_msg("%s: error %u", vectors_text(refused, "what"), error);
        assert_bytes(again.data, again.len, reply.data, reply.len);
        assert_int_equal(pushes.count, 0);
        lat_buf_fini(&pushes.records);
        lat_buf_fini(&reply);
        lat_buf_fini(&again);
        free(request);
        count++;
    }
    assert_int_equal(count, 31);
}

/* --- beyond the vectors -------------------------------------------------------------------------------- */

static void
an_incomplete_node_attests_nothing(void **state)
{
    struct memory_view *b = &w.states[WIRE_B];
    static const uint8_t zeros[64];
    uint8_t request[HEAD + 32 + 16] = { RECON_PROVE, 1 };
    struct recon_status status;
    struct lat_buf ask, reply;
    unsigned error;

    (void)state;
    b->view.incomplete = true;
    lat_buf_init(&ask, RECON_MESSAGE_MAX);
    lat_buf_init(&reply, RECON_MESSAGE_MAX);
    assert_int_equal(recon_ask_status(&w.network, zeros, zeros, 0, true, &ask), LAT_OK);
    wire_serve(&w, b, ask.data, ask.len, &reply);
    assert_int_equal(recon_read_status(&w.network, zeros, reply.data, reply.len, &status, NULL), LAT_OK);
    assert_true(status.incomplete);
    assert_false(status.has_flat_root);
    assert_memory_equal(status.attestation, zeros, 64);
    memcpy(request + 2, w.network.id, 8);
    wire_serve(&w, b, request, sizeof(request), &reply);
    assert_null(sync_check_reply(&w.network, RECON_PROVE, reply.data, reply.len, &error));
    assert_int_equal(error, RECON_E_NOT_READY);
    b->view.incomplete = false;
    lat_buf_fini(&ask);
    lat_buf_fini(&reply);
}

static void
cells_of_a_forgotten_root_are_those_of_the_present_one_from_0(void **state)
{
    struct memory_view *b = &w.states[WIRE_B];
    uint8_t request[HEAD + 32 + 2] = { RECON_CELLS, 1 };
    struct lat_buf first, other;

    (void)state;
    lat_buf_init(&first, RECON_MESSAGE_MAX);
    lat_buf_init(&other, RECON_MESSAGE_MAX);
    memcpy(request + 2, w.network.id, 8);
    request[HEAD + 33] = 5; /* root of zeros: the present one, from 0 */
    wire_serve(&w, b, request, sizeof(request), &first);
    request[HEAD] = 1; /* a root that nobody had */
    request[HEAD + 32] = 9;
    wire_serve(&w, b, request, sizeof(request), &other);
    assert_bytes(other.data, other.len, first.data, first.len);
    memcpy(request + HEAD, b->view.root, 32);
    wire_serve(&w, b, request, sizeof(request), &other);
    assert_int_equal(other.data[HEAD + 40], 9);
    lat_buf_fini(&first);
    lat_buf_fini(&other);
}

static void
a_list_of_more_than_256_is_answered_by_children(void **state)
{
    static const uint8_t body[] = { 1, 0, 1, 0 }; /* one range: the whole, listed, empty */
    uint8_t request[HEAD + 16 + sizeof(body)] = { RECON_DESCEND, 1 };
    struct lat_buf reply;

    (void)state;
    memcpy(request + 2, w.network.id, 8);
    memcpy(request + HEAD + 16, body, sizeof(body));
    lat_buf_init(&reply, RECON_MESSAGE_MAX);
    wire_serve(&w, &w.states[WIRE_BIG_399], request, sizeof(request), &reply);
    assert_int_equal(reply.data[HEAD + 2], 0); /* depth */
    assert_int_equal(reply.data[HEAD + 3], 0); /* kind */
    assert_int_equal(reply.len, HEAD + 4 + 2 + 16 * 8);
    wire_serve(&w, &w.states[WIRE_B], request, sizeof(request), &reply);
    assert_int_equal(reply.data[HEAD + 3], 1);
    assert_int_equal(reply.len, HEAD + 4 + 1 + 17 * 13);
    lat_buf_fini(&reply);
}

static void
children_of_the_lowest_level_are_answered_by_a_list(void **state)
{
    struct memory_view *b = &w.states[WIRE_B];
    uint8_t request[HEAD + 16 + 1 + 1 + 32 + 3] = { RECON_DESCEND, 1 }, *at = request + HEAD + 16;
    struct lat_buf reply;

    (void)state;
    memcpy(request + 2, w.network.id, 8);
    *at++ = 1;
    *at++ = 252;
    memcpy(at, b->records[3].keyhash, 32);
    at[31] &= 0xf0;
    lat_buf_init(&reply, RECON_MESSAGE_MAX);
    wire_serve(&w, b, request, sizeof(request), &reply);
    assert_int_equal(reply.len, HEAD + 2 + 1 + 32 + 1 + 1 + 13);
    at = reply.data + HEAD + 2 + 1 + 32;
    assert_int_equal(*at++, 1);
    assert_int_equal(*at++, 1);
    assert_int_equal(*at++, b->records[3].keyhash[31]); /* and zeros past the end */
    assert_memory_equal(at, "\0\0\0\0", 4);
    lat_buf_fini(&reply);
}

/* 4,096 ranges of depth 12, of which each has sixteen children that differ, but the first one less. */
static void
ask_widely(struct lat_buf *request)
{
    uint8_t head[HEAD + 16] = { RECON_DESCEND, 1 };

    memcpy(head + 2, w.network.id, 8);
    assert_int_equal(lat_buf_add(request, head, sizeof(head)), LAT_OK);
    assert_int_equal(lat_buf_add(request, "\x80\x20", 2), LAT_OK);
    for (unsigned i = 0; i < 4096; i++) {
        uint8_t high = (uint8_t)(i >> 4), low = (uint8_t)(i << 4);
        uint8_t range[1 + 2 + 1 + 2 + 128] = { 12, high, low, 0, 0xff, i ? 0xff : 0x7f };

        assert_int_equal(lat_buf_add(request, range, sizeof(range) - (i ? 0 : 8)), LAT_OK);
    }
}

static void
a_descent_too_wide_for_one_reply_says_how_much_it_answers(void **state)
{
    struct lat_buf request, reply;
    struct lat_cursor c;
    unsigned error;

    (void)state;
    lat_buf_init(&request, RECON_MESSAGE_MAX);
    lat_buf_init(&reply, RECON_MESSAGE_MAX);
    ask_widely(&request);
    wire_serve(&w, &w.states[WIRE_BIG_400], request.data, request.len, &reply);
    assert_null(sync_check_reply(&w.network, RECON_DESCEND, reply.data, reply.len, &error));
    lat_cursor_init(&c, reply.data + HEAD, reply.len - HEAD);
    assert_int_equal(lat_take_varint(&c), 256);
    assert_int_equal(lat_take_varint(&c), 4095); /* one more has room, but not the sixteen of the next */
    lat_buf_fini(&request);
    lat_buf_fini(&reply);
}

/* Three records of 600 kB, of which no two fit a message; the keyhashes of the last two begin alike. */
static void
fill_with_large(struct memory_view *large)
{
    struct record_content content = { .hlc = 1, .key_len = 1, .value_len = 600 * 1000 };
    uint8_t *value = malloc(content.value_len);
    struct lat_buf record;

    assert_non_null(value);
    memset(value, '7', content.value_len);
    value[0] = value[content.value_len - 1] = '"';
    content.value = value;
    lat_buf_init(&record, RECORD_LEN_MAX);
    for (int i = 0; i < 3; i++) {
        content.key = (const uint8_t *)&"abc"[i];
        lat_buf_clear(&record);
        assert_int_equal(record_make(&w.network, w.keys[0], &content, &record), LAT_OK);
        memory_put(large, record.data, record.len);
    }
    memcpy(large->records[2].keyhash, large->records[1].keyhash, 32);
    large->records[1].keyhash[31] = 0;
    large->records[2].keyhash[31] = 1;
    lat_buf_fini(&record);
    free(value);
}

/* Want one record by the 32 bytes of its keyhash and one by 6; what is served of both. */
static void
want_two(struct memory_view *large, const uint8_t *first, const uint8_t *second, uint64_t *served,
         uint64_t *count)
{
    uint8_t request[HEAD + 2 + 1 + 32 + 1 + 6] = { RECON_RECORDS, 1 };
    struct lat_buf reply;
    struct lat_cursor c;
    unsigned error;

    memcpy(request + 2, w.network.id, 8);
    request[HEAD + 1] = 2;
    request[HEAD + 2] = 32;
    memcpy(request + HEAD + 3, first, 32);
    request[HEAD + 35] = 6;
    memcpy(request + HEAD + 36, second, 6);
    lat_buf_init(&reply, RECON_MESSAGE_MAX);
    wire_serve(&w, large, request, sizeof(request), &reply);
    assert_null(sync_check_reply(&w.network, RECON_RECORDS, reply.data, reply.len, &error));
    lat_cursor_init(&c, reply.data + HEAD, reply.len - HEAD);
    assert_int_equal(lat_take_varint(&c), 0);
    *served = lat_take_varint(&c);
    *count = lat_take_varint(&c);
    lat_buf_fini(&reply);
}

static void
wants_are_served_whole_or_left_for_the_next_message(void **state)
{
    struct memory_view large;
    uint64_t served, count;

    (void)state;
    memory_init(&large, &w.network, w.keys[0], &w.trust, WIRE_NOW_MS);
    fill_with_large(&large);
    want_two(&large, large.records[1].keyhash, large.records[0].keyhash, &served, &count);
    assert_true(served == 1 && count == 1); /* the second does not fit any more */
    want_two(&large, w.states[WIRE_A].records[0].keyhash, large.records[0].keyhash, &served, &count);
    assert_true(served == 2 && count == 1); /* nobody has the first */
    want_two(&large, w.states[WIRE_A].records[0].keyhash, large.records[1].keyhash, &served, &count);
    assert_true(served == 1 && count == 0); /* two records for the second want: both or none */
    memory_fini(&large);
}

static void
pushes_without_verdicts_are_a_failure_here(void **state)
{
    size_t len;
    uint8_t *request = vectors_bytes(wire_exchange(&w, 5), "request", &len), verdict = 0;
    struct lat_buf reply;
    unsigned error;

    (void)state;
    lat_buf_init(&reply, RECON_MESSAGE_MAX);
    assert_int_equal(recon_handle(&w.states[WIRE_B].view, request, len, &verdict, 1, &reply), LAT_OK);
    assert_null(sync_check_reply(&w.network, request[0], reply.data, reply.len, &error));
    assert_int_equal(error, RECON_E_FAILED);
    lat_buf_fini(&reply);
    free(request);
}

static enum lat_err
broken_cells(void *arg, const uint8_t root[32], size_t count, struct sketch_cell *out, uint8_t of[32],
             uint64_t *records)
{
    (void)arg, (void)root, (void)count, (void)out, (void)of, (void)records;
    return LAT_SYS;
}

static enum lat_err
broken_subtree(void *arg, const uint8_t prefix[32], unsigned bits, uint64_t *count, uint8_t hash[32])
{
    (void)arg, (void)prefix, (void)bits, (void)count, (void)hash;
    return LAT_BUSY;
}

static void
a_state_that_cannot_be_read_gives_an_error(void **state)
{
    struct recon_view view = w.states[WIRE_B].view;
    unsigned error;

    (void)state;
    view.cells = broken_cells;
    view.subtree = broken_subtree;
    for (int n = 1; n <= 2; n++) {
        size_t len;
        uint8_t *request = vectors_bytes(wire_exchange(&w, n), "request", &len);
        struct lat_buf reply;

        lat_buf_init(&reply, RECON_MESSAGE_MAX);
        assert_int_equal(recon_handle(&view, request, len, NULL, 0, &reply), LAT_OK);
        assert_null(sync_check_reply(&w.network, request[0], reply.data, reply.len, &error));
        assert_int_equal(error, n == 1 ? RECON_E_FAILED : RECON_E_BUSY);
        lat_buf_fini(&reply);
        free(request);
    }
}

static void
an_error_text_is_cut_to_200_bytes(void **state)
{
    char text[400];
    struct lat_buf reply;
    unsigned error;

    (void)state;
    for (size_t i = 0; i + 2 < sizeof(text); i += 2)
        memcpy(text + i, "\xc3\xa4", 2);
    text[sizeof(text) - 2] = 0;
    text[0] = 'x';
    text[1] = 'x';
    lat_buf_init(&reply, RECON_MESSAGE_MAX);
    assert_int_equal(recon_error_message(&w.network, RECON_E_BUSY, 1500, text, &reply), LAT_OK);
    assert_null(sync_check_reply(&w.network, 1, reply.data, reply.len, &error));
    assert_int_equal(error, RECON_E_BUSY);
    assert_int_equal(lat_get_u32le(reply.data + HEAD + 2), 1500);
    assert_int_equal(reply.len, HEAD + 6 + 2 + 200);
    lat_buf_fini(&reply);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_exchange_gives_the_bytes_of_the_vectors),
        cmocka_unit_test(every_refused_request_gives_its_error),
        cmocka_unit_test(an_incomplete_node_attests_nothing),
        cmocka_unit_test(cells_of_a_forgotten_root_are_those_of_the_present_one_from_0),
        cmocka_unit_test(a_list_of_more_than_256_is_answered_by_children),
        cmocka_unit_test(children_of_the_lowest_level_are_answered_by_a_list),
        cmocka_unit_test(a_descent_too_wide_for_one_reply_says_how_much_it_answers),
        cmocka_unit_test(wants_are_served_whole_or_left_for_the_next_message),
        cmocka_unit_test(pushes_without_verdicts_are_a_failure_here),
        cmocka_unit_test(a_state_that_cannot_be_read_gives_an_error),
        cmocka_unit_test(an_error_text_is_cut_to_200_bytes),
    };

    return cmocka_run_group_tests(tests, load, unload);
}
