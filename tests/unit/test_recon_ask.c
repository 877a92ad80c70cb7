/* The asker's side of STATUS and RANGE, and two nodes that end equal by RANGE alone. */
#include "config.h"

#include "state/recon.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/le.h"
#include "base/varint.h"
#include "state/store.h"
#include "support/random.h"
#include "support/wire_states.h"

#define HEAD 10

static struct wire_states w;
static const uint8_t zeros[32];
static uint8_t ones[32];

static int
load(void **state)
{
    (void)state;
    memset(ones, 0xff, sizeof(ones));
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

/* The named bytes of an exchange. The caller frees them. */
static uint8_t *
exchange_bytes(int n, const char *name, size_t *len)
{
    return vectors_bytes(wire_exchange(&w, n), name, len);
}

static void
answer(const struct memory_view *state, const struct lat_buf *request, struct lat_buf *reply)
{
    assert_int_equal(recon_handle(&state->view, request->data, request->len, NULL, 0, reply), LAT_OK);
}

/* --- RECORDS, pushing ----------------------------------------------------------------------------- */

static void
a_push_is_understood_and_its_verdicts_come_back(void **state)
{
    static const uint8_t verdicts[] = { VERDICT_APPLIED, VERDICT_OURS_WINS };
    const struct memory_view *a = &w.states[WIRE_A];
    struct lat_buf records, request, reply;
    struct recon_pushes pushes = { 0 };
    uint8_t len[4], got[2] = { 9, 9 };

    (void)state;
    lat_buf_init(&records, RECON_PUSHES_MAX);
    lat_buf_init(&pushes.records, RECON_PUSHES_MAX);
    lat_buf_init(&request, RECON_MESSAGE_MAX);
    lat_buf_init(&reply, RECON_MESSAGE_MAX);
    for (size_t i = 0; i < 2; i++) {
        lat_put_u32le(len, (uint32_t)a->records[i].len);
        assert_int_equal(lat_buf_add(&records, len, 4), LAT_OK);
        assert_int_equal(lat_buf_add(&records, a->records[i].bytes, a->records[i].len), LAT_OK);
    }
    assert_int_equal(recon_ask_push(&w.network, records.data, records.len, 2, &request), LAT_OK);
    assert_int_equal(recon_inspect(&w.network, request.data, request.len, &pushes, &reply), LAT_OK);
    assert_int_equal(pushes.count, 2);
    assert_int_equal(pushes.records.len, records.len);
    assert_memory_equal(pushes.records.data, records.data, records.len);
    assert_int_equal(recon_handle(&a->view, request.data, request.len, verdicts, 2, &reply), LAT_OK);
    assert_int_equal(recon_read_push(&w.network, reply.data, reply.len, 3, got, NULL), LAT_MALFORMED);
    assert_int_equal(got[0], 9);
    assert_int_equal(recon_read_push(&w.network, reply.data, reply.len, 2, got, NULL), LAT_OK);
    assert_memory_equal(got, verdicts, 2);
    for (size_t cut = 0; cut < reply.len; cut++)
        assert_int_equal(recon_read_push(&w.network, reply.data, cut, 2, got, NULL), LAT_MALFORMED);
    lat_buf_fini(&records);
    lat_buf_fini(&pushes.records);
    lat_buf_fini(&request);
    lat_buf_fini(&reply);
}

/* --- STATUS -------------------------------------------------------------------------------------------- */

static void
ask_status_writes_the_bytes_of_the_vectors(void **state)
{
    const struct memory_view *a = &w.states[WIRE_A];
    size_t len;
    uint8_t *wanted = exchange_bytes(0, "request", &len);
    struct lat_buf out;

    (void)state;
    lat_buf_init(&out, RECON_MESSAGE_MAX);
    assert_int_equal(recon_ask_status(&w.network, wanted + HEAD, a->view.root, a->view.count, false, &out),
                     LAT_OK);
    assert_int_equal(out.len, len);
    assert_memory_equal(out.data, wanted, len);
    assert_int_equal(recon_ask_status(&w.network, wanted + HEAD, a->view.root, a->view.count, true, &out),
                     LAT_OK);
    assert_int_equal(out.data[len - 1], 1);
    lat_buf_fini(&out);
    free(wanted);
}

static void
read_status_gives_every_field(void **state)
{
    size_t len, request_len;
    uint8_t *request = exchange_bytes(0, "request", &request_len), *reply = exchange_bytes(0, "reply", &len);
    const struct recon_view *b = &w.states[WIRE_B].view;
    struct recon_status status;
    uint8_t digest[8];

    (void)state;
    assert_int_equal(recon_read_status(&w.network, request + HEAD, reply, len, &status, NULL), LAT_OK);
    assert_memory_equal(status.root, b->root, 32);
    assert_int_equal(status.count, 17);
    assert_true(status.hlc == UINT64_C(0x018bcfe568290000));
    assert_true(status.time_ms == WIRE_NOW_MS);
    assert_memory_equal(status.key, key_public(w.keys[1]), 32);
    vectors_copy(cJSON_GetArrayItem(vectors_member(w.wire, "trust_digests"), 0), "digest", digest, 8);
    assert_memory_equal(status.trust_digest, digest, 8);
    assert_true(status.horizon == 0 && !status.has_flat_root && !status.read_only && !status.incomplete);
    free(request);
    free(reply);
}

static void
read_status_holds_the_attestation_against_what_it_says(void **state)
{
    /* Root, count, time, key, signature. */
    static const size_t places[] = { HEAD, HEAD + 32, HEAD + 48, HEAD + 56, HEAD + 88 };
    size_t len, request_len;
    uint8_t *request = exchange_bytes(0, "request", &request_len), *reply = exchange_bytes(0, "reply", &len);
    struct recon_status status = { .count = 99 };
    struct lat_msg why;

    (void)state;
    for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++) {
        reply[places[i]] ^= 1;
        assert_int_equal(recon_read_status(&w.network, request + HEAD, reply, len, &status, &why), LAT_AUTH);
        reply[places[i]] ^= 1;
    }
    assert_int_equal(recon_read_status(&w.network, zeros, reply, len, &status, &why), LAT_AUTH);
    reply[len - 1] = 4; /* "incomplete" is no way round it */
    reply[HEAD] ^= 1;
    assert_int_equal(recon_read_status(&w.network, request + HEAD, reply, len, &status, &why), LAT_AUTH);
    reply[len - 1] = 8;
    assert_int_equal(recon_read_status(&w.network, request + HEAD, reply, len, &status, &why), LAT_MALFORMED);
    assert_int_equal(status.count, 99);
    free(request);
    free(reply);
}

static void
a_flat_root_comes_when_it_is_wanted_and_there(void **state)
{
    struct recon_view view = w.states[WIRE_A].view;
    struct recon_status status;
    struct lat_buf request, reply;
    uint8_t flat[32];

    (void)state;
    vectors_copy(w.wire, "flat_root_17", flat, 32);
    lat_buf_init(&request, RECON_MESSAGE_MAX);
    lat_buf_init(&reply, RECON_MESSAGE_MAX);
    view.flat_root = flat;
    view.read_only = true;
    view.horizon = 77;
    for (int wanted = 0; wanted <= 1; wanted++) {
        assert_int_equal(recon_ask_status(&w.network, ones, zeros, 0, wanted, &request), LAT_OK);
        assert_int_equal(recon_handle(&view, request.data, request.len, NULL, 0, &reply), LAT_OK);
        assert_int_equal(recon_read_status(&w.network, ones, reply.data, reply.len, &status, NULL), LAT_OK);
        assert_int_equal(status.has_flat_root, wanted);
        assert_true(status.read_only);
        assert_int_equal(status.horizon, 77);
    }
    assert_memory_equal(status.flat_root, flat, 32);
    lat_buf_fini(&request);
    lat_buf_fini(&reply);
}

/* --- ERROR --------------------------------------------------------------------------------------------- */

static void
an_error_is_told_in_words(void **state)
{
    size_t len;
    uint8_t *reply = exchange_bytes(14, "reply", &len);
    struct recon_status status;
    struct recon_range range;
    struct lat_msg why;

    (void)state;
    reply[2] ^= 0xff; /* it comes from the other network, whose name stands in it */
    assert_int_equal(recon_read_status(&w.network, zeros, reply, len, &status, &why), LAT_CLOSED);
    assert_string_equal(why.text, "refused: other network (error 2)");
    assert_int_equal(recon_read_range(&w.network, zeros, ones, reply, len, &range, &why), LAT_CLOSED);
    assert_int_equal(recon_read_range(&w.network, zeros, ones, reply, len - 1, &range, &why), LAT_MALFORMED);
    free(reply);
}

static void
an_error_text_cannot_disturb_a_terminal(void **state)
{
    struct recon_status status;
    struct lat_buf reply;
    struct lat_msg why;

    (void)state;
    lat_buf_init(&reply, RECON_MESSAGE_MAX);
    assert_int_equal(recon_error_message(&w.network, RECON_E_BUSY, 2000, "\33[2J\xe2\x80\xae", &reply),
                     LAT_OK);
    assert_int_equal(recon_read_status(&w.network, zeros, reply.data, reply.len, &status, &why), LAT_CLOSED);
    assert_null(strchr(why.text, '\33'));
    assert_string_equal(why.text, "refused: ?[2J? (error 6, retry after 2000 ms)");
    lat_buf_fini(&reply);
}

/* --- RANGE --------------------------------------------------------------------------------------------- */

static void
ask_range_writes_the_bytes_of_the_vectors(void **state)
{
    (void)state;
    for (int n = 6; n <= 7; n++) {
        size_t len;
        uint8_t *wanted = exchange_bytes(n, "request", &len);
        struct lat_buf out;

        lat_buf_init(&out, RECON_MESSAGE_MAX);
        assert_int_equal(recon_ask_range(&w.network, wanted + HEAD, ones, 400, &out), LAT_OK);
        assert_int_equal(out.len, len);
        assert_memory_equal(out.data, wanted, len);
        lat_buf_fini(&out);
        free(wanted);
    }
}

static void
read_range_walks_the_records_and_names_the_next(void **state)
{
    const struct memory_view *three = &w.states[WIRE_THREE];
    size_t len, seen = 0, record_len;
    uint8_t *reply = exchange_bytes(6, "reply", &len);
    const uint8_t *at, *record;
    struct recon_range range;

    (void)state;
    assert_int_equal(recon_read_range(&w.network, zeros, ones, reply, len, &range, NULL), LAT_OK);
    assert_int_equal(range.count, 2);
    at = range.records;
    while (recon_next_record(&at, range.records + range.records_len, &record, &record_len)) {
        assert_int_equal(record_len, three->records[seen].len);
        assert_memory_equal(record, three->records[seen].bytes, record_len);
        seen++;
    }
    assert_int_equal(seen, 2);
    assert_true(range.more);
    assert_memory_equal(range.next, three->records[2].keyhash, 32);
    assert_memory_equal(range.root, three->view.root, 32);
    assert_int_equal(range.total, 3);
    free(reply);
    reply = exchange_bytes(7, "reply", &len);
    assert_int_equal(recon_read_range(&w.network, range.next, ones, reply, len, &range, NULL), LAT_OK);
    assert_false(range.more);
    free(reply);
}

/* A RANGE reply of these records, as somebody might make it up. */
static void
make_range(struct lat_buf *out, const struct record *const *records, size_t count, const uint8_t *next)
{
    uint8_t head[HEAD] = { RECON_RANGE + RECON_REPLY, 1 }, number[VARINT_LEN_MAX], root[40] = { 0 };

    memcpy(head + 2, w.network.id, 8);
    lat_buf_clear(out);
    assert_int_equal(lat_buf_add(out, head, HEAD), LAT_OK);
    assert_int_equal(lat_buf_add(out, number, varint_encode(count, number)), LAT_OK);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(lat_buf_add(out, number, varint_encode(records[i]->len, number)), LAT_OK);
        assert_int_equal(lat_buf_add(out, records[i]->bytes, records[i]->len), LAT_OK);
    }
    assert_int_equal(lat_buf_add_u8(out, next != NULL), LAT_OK);
    if (next != NULL)
        assert_int_equal(lat_buf_add(out, next, 32), LAT_OK);
    assert_int_equal(lat_buf_add(out, root, sizeof(root)), LAT_OK);
}

static void
read_range_refuses_what_was_not_asked_or_leads_nowhere(void **state)
{
    const struct record *r = w.states[WIRE_A].records;
    const struct record *in_order[] = { &r[3], &r[4] }, *swapped[] = { &r[4], &r[3] },
                        *twice[] = { &r[3], &r[3] };
    const struct {
        const struct record **records;
        size_t count;
        const uint8_t *next, *from, *to;
        enum lat_err expected;
    } cases[] = {
        { in_order, 2, NULL, zeros, ones, LAT_OK },
        { in_order, 2, r[5].keyhash, zeros, ones, LAT_OK },
        { in_order, 2, NULL, r[3].keyhash, r[4].keyhash, LAT_OK },
        { in_order, 0, NULL, zeros, ones, LAT_OK },
        { swapped, 2, NULL, zeros, ones, LAT_MALFORMED },
        { twice, 2, NULL, zeros, ones, LAT_MALFORMED },
        { in_order, 2, NULL, r[4].keyhash, ones, LAT_MALFORMED },
        { in_order, 2, NULL, zeros, r[3].keyhash, LAT_MALFORMED },
        { in_order, 2, r[4].keyhash, zeros, ones, LAT_MALFORMED },
        { in_order, 2, r[3].keyhash, zeros, ones, LAT_MALFORMED },
        { in_order, 2, r[6].keyhash, zeros, r[5].keyhash, LAT_MALFORMED },
        { in_order, 0, r[5].keyhash, zeros, ones, LAT_MALFORMED },
    };
    struct recon_range range;
    struct lat_buf reply;
    struct lat_msg why;

    (void)state;
    lat_buf_init(&reply, RECON_MESSAGE_MAX);
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        make_range(&reply, cases[i].records, cases[i].count, cases[i].next);
        if (recon_read_range(&w.network, cases[i].from, cases[i].to, reply.data, reply.len, &range, &why) !=
            cases[i].expected)
            fail_msg("case %zu", i);
    }
    make_range(&reply, in_order, 2, NULL);
    reply.data[HEAD] = 3; /* one more than there is */
    assert_int_equal(recon_read_range(&w.network, zeros, ones, reply.data, reply.len, &range, &why),
                     LAT_MALFORMED);
    lat_buf_fini(&reply);
}

/* Records of half a message each: one fits whatever was asked, two do not. */
static void
a_range_holds_at_least_one_record_and_at_most_a_message(void **state)
{
    struct record_content content = { .hlc = 1, .key_len = 1 };
    size_t value_len = 600 * 1000;
    uint8_t *value = malloc(value_len);
    struct memory_view state_of_three;
    struct lat_buf request, reply, record;
    struct recon_range range;

    (void)state;
    assert_non_null(value);
    memset(value, '7', value_len);
    value[0] = value[value_len - 1] = '"';
    content.value = value;
    content.value_len = value_len;
    memory_init(&state_of_three, &w.network, w.keys[0], &w.trust, WIRE_NOW_MS);
    lat_buf_init(&request, RECON_MESSAGE_MAX);
    lat_buf_init(&reply, RECON_MESSAGE_MAX);
    lat_buf_init(&record, RECORD_LEN_MAX);
    for (int i = 0; i < 3; i++) {
        content.key = (const uint8_t *)&"abc"[i];
        lat_buf_clear(&record);
        assert_int_equal(record_make(&w.network, w.keys[0], &content, &record), LAT_OK);
        memory_put(&state_of_three, record.data, record.len);
    }
    memory_seal(&state_of_three);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(recon_ask_range(&w.network, zeros, ones, i ? UINT32_MAX : 0, &request), LAT_OK);
        answer(&state_of_three, &request, &reply);
        assert_int_equal(recon_read_range(&w.network, zeros, ones, reply.data, reply.len, &range, NULL),
                         LAT_OK);
        assert_int_equal(range.count, 1);
        assert_true(range.more);
    }
    memory_fini(&state_of_three);
    lat_buf_fini(&request);
    lat_buf_fini(&reply);
    lat_buf_fini(&record);
    free(value);
}

/* --- two nodes ----------------------------------------------------------------------------------------- */

/*
 * Write a record of one of few keys: often both sides write the same key, now and then with equal HLC, now
 * and then a tombstone.
 */
static void
write_random(struct memory_view *node, const struct key *author, uint64_t *seed)
{
    char key[16], value[48];
    struct record_content content = { .key = (const uint8_t *)key, .value = (const uint8_t *)value };
    struct lat_buf record;

    content.hlc = HLC_OF_MS(1700000000000 + random_below(seed, 50));
    content.key_len = (size_t)snprintf(key, sizeof(key), "k%zu", random_below(seed, 150));
    content.value_len = (size_t)snprintf(value, sizeof(value), "%zu", random_below(seed, 1000));
    if (random_below(seed, 10) == 0) {
        content.value = NULL;
        content.value_len = 0;
    }
    lat_buf_init(&record, RECORD_LEN_MAX);
    assert_int_equal(record_make(&w.network, author, &content, &record), LAT_OK);
    memory_put(node, record.data, record.len);
    memory_seal(node);
    lat_buf_fini(&record);
}

static void
merge_range(struct memory_view *node, const struct recon_range *range)
{
    const uint8_t *at = range->records, *record;
    size_t len, seen = 0;

    for (; recon_next_record(&at, range->records + range->records_len, &record, &len); seen++)
        memory_put(node, record, len);
    assert_int_equal(seen, range->count);
    memory_seal(node);
}

/*
 * Take everything from the other side, in bites of random size; one reply in four is lost, and the way goes
 * on from the same key.
 */
static void
take_all(struct memory_view *node, const struct memory_view *other, uint64_t *seed)
{
    uint8_t from[32] = { 0 };
    struct recon_range range = { .more = true };
    struct lat_buf request, reply;
    unsigned messages = 0;

    lat_buf_init(&request, RECON_MESSAGE_MAX);
    lat_buf_init(&reply, RECON_MESSAGE_MAX);
    while (range.more) {
        assert_true(++messages < 1000);
        assert_int_equal(
            recon_ask_range(&w.network, from, ones, (uint32_t)random_below(seed, 3000), &request), LAT_OK);
        answer(other, &request, &reply);
        if (random_below(seed, 4) == 0)
            continue;
        assert_int_equal(recon_read_range(&w.network, from, ones, reply.data, reply.len, &range, NULL),
                         LAT_OK);
        merge_range(node, &range);
        if (range.more)
            memcpy(from, range.next, 32);
    }
    assert_memory_equal(range.root, other->view.root, 32);
    lat_buf_fini(&request);
    lat_buf_fini(&reply);
}

static void
two_nodes_end_equal_by_range_alone(void **state)
{
    (void)state;
    for (uint64_t start = 1; start <= 12; start++) {
        struct memory_view a, b;
        uint64_t seed = start;

        memory_init(&a, &w.network, w.keys[0], &w.trust, WIRE_NOW_MS);
        memory_init(&b, &w.network, w.keys[1], &w.trust, WIRE_NOW_MS);
        for (size_t i = random_below(&seed, 200); i > 0; i--)
            write_random(&a, w.keys[random_below(&seed, 2)], &seed);
        for (size_t i = random_below(&seed, 200); i > 0; i--)
            write_random(&b, w.keys[random_below(&seed, 3)], &seed);
        take_all(&a, &b, &seed);
        take_all(&b, &a, &seed);
        if (memcmp(a.view.root, b.view.root, 32) != 0)
            fail_msg("seed %u: roots differ", (unsigned)start);
        assert_int_equal(a.count, b.count);
        memory_fini(&a);
        memory_fini(&b);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_push_is_understood_and_its_verdicts_come_back),
        cmocka_unit_test(ask_status_writes_the_bytes_of_the_vectors),
        cmocka_unit_test(read_status_gives_every_field),
        cmocka_unit_test(read_status_holds_the_attestation_against_what_it_says),
        cmocka_unit_test(a_flat_root_comes_when_it_is_wanted_and_there),
        cmocka_unit_test(an_error_is_told_in_words),
        cmocka_unit_test(an_error_text_cannot_disturb_a_terminal),
        cmocka_unit_test(ask_range_writes_the_bytes_of_the_vectors),
        cmocka_unit_test(read_range_walks_the_records_and_names_the_next),
        cmocka_unit_test(read_range_refuses_what_was_not_asked_or_leads_nowhere),
        cmocka_unit_test(a_range_holds_at_least_one_record_and_at_most_a_message),
        cmocka_unit_test(two_nodes_end_equal_by_range_alone),
    };

    return cmocka_run_group_tests(tests, load, unload);
}
