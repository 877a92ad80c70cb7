#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/varint.h"
#include "p2p/negotiate.h"
#include "support/vectors.h"

#define DEADLINE_MS 1000
#define HEADER "\x13/multistream/1.0.0\n"
#define NOISE "\x07/noise\n"
#define PING "\x11/ipfs/ping/1.0.0\n"
#define NA "\x03na\n"

static const char *const noise_only[] = { "/noise", NULL };
static const char *const spoken[] = { "/noise", "/yamux/1.0.0", "/ipfs/ping/1.0.0", "/ipfs/id/1.0.0", NULL };

/* A machine with its buffers; `in` is what the other side wrote. */
struct side {
    struct negotiate n;
    struct lat_buf in, out;
    struct lat_msg why;
};

static void
side_init(struct side *side, const char *const *proposals)
{
    *side = (struct side){ 0 };
    lat_buf_init(&side->in, 1 << 16);
    lat_buf_init(&side->out, 1 << 16);
    if (proposals != NULL) {
        negotiate_dial(&side->n, proposals, DEADLINE_MS);
        assert_int_equal(negotiate_start(&side->n, &side->out), LAT_OK);
    } else {
        negotiate_listen(&side->n, negotiate_find_in_list, spoken, DEADLINE_MS);
    }
}

static void
side_fini(struct side *side)
{
    lat_buf_fini(&side->in);
    lat_buf_fini(&side->out);
}

static enum lat_err
step(struct side *side)
{
    return negotiate_step(&side->n, &side->in, &side->out, 0, &side->why);
}

static void
give(struct side *side, const void *data, size_t len)
{
    assert_int_equal(lat_buf_add(&side->in, data, len), LAT_OK);
}

static void
give_line(struct side *side, const char *text)
{
    uint8_t len[VARINT_LEN_MAX];

    give(side, len, varint_encode(strlen(text) + 1, len));
    give(side, text, strlen(text));
    give(side, "\n", 1);
}

static void
assert_out(const struct side *side, const char *expected)
{
    assert_int_equal(side->out.len, strlen(expected));
    assert_memory_equal(side->out.data, expected, strlen(expected));
}

/* Final, explained, and nothing agreed. */
static void
check_failed(struct side *side, enum lat_err err)
{
    enum lat_err got = step(side);

    if (got != err)
        fail_msg("%s instead of %s: %s", lat_err_text(got), lat_err_text(err), side->why.text);
    assert_true(side->why.text[0] != 0);
    assert_null(negotiate_protocol(&side->n));
    give(side, HEADER NOISE, 28);
    assert_int_equal(step(side), err);
}

/* Bytes to the other side, and let it look at them. */
static enum lat_err
pass(struct side *from, struct side *to, size_t len)
{
    if (len > from->out.len)
        len = from->out.len;
    if (len > 0)
        give(to, from->out.data, len);
    lat_buf_drop(&from->out, len);
    return step(to);
}

static void
a_dialer_sends_header_and_first_proposal_at_once(void **state)
{
    struct side dialer;

    (void)state;
    side_init(&dialer, noise_only);
    assert_out(&dialer, HEADER NOISE);
    assert_int_equal(step(&dialer), LAT_SHORT);
    side_fini(&dialer);
}

static void
a_listener_answers_the_header_without_a_proposal(void **state)
{
    struct side listener;

    (void)state;
    side_init(&listener, NULL);
    assert_int_equal(step(&listener), LAT_SHORT);
    assert_out(&listener, "");
    give(&listener, HEADER, 20);
    assert_int_equal(step(&listener), LAT_SHORT);
    assert_out(&listener, HEADER);
    give(&listener, NOISE, 8);
    assert_int_equal(step(&listener), LAT_OK);
    assert_out(&listener, HEADER NOISE);
    assert_string_equal(negotiate_protocol(&listener.n), "/noise");
    assert_int_equal(step(&listener), LAT_OK);
    side_fini(&listener);
}

/* Header, proposal and payload in one flight, their answers in another; the payload is left to the protocol.
 */
static void
a_pipelined_proposal_is_agreed_in_one_round_trip(void **state)
{
    struct side dialer, listener;

    (void)state;
    side_init(&dialer, noise_only);
    side_init(&listener, NULL);
    assert_int_equal(lat_buf_add(&dialer.out, "first bytes", 11), LAT_OK);
    negotiate_set_payload(&dialer.n);
    assert_int_equal(pass(&dialer, &listener, SIZE_MAX), LAT_OK);
    assert_int_equal(listener.in.len, 11);
    assert_memory_equal(listener.in.data, "first bytes", 11);
    assert_int_equal(lat_buf_add(&listener.out, "answer", 6), LAT_OK);
    assert_int_equal(pass(&listener, &dialer, SIZE_MAX), LAT_OK);
    assert_string_equal(negotiate_protocol(&dialer.n), "/noise");
    assert_false(negotiate_is_void(&dialer.n));
    assert_int_equal(dialer.in.len, 6);
    assert_memory_equal(dialer.in.data, "answer", 6);
    side_fini(&dialer);
    side_fini(&listener);
}

static void
writes_may_be_split_at_every_position(void **state)
{
    static const char *const proposals[] = { "/unknown/1", "/unknown/2", "/ipfs/ping/1.0.0", "/noise", NULL };

    (void)state;
    for (size_t cut = 1; cut < 64; cut++) {
        struct side dialer, listener;

        side_init(&dialer, proposals);
        side_init(&listener, NULL);
        while (dialer.out.len + listener.out.len > 0) {
            (void)!pass(&dialer, &listener, cut);
            (void)!pass(&listener, &dialer, cut);
        }
        assert_int_equal(step(&dialer), LAT_OK);
        assert_int_equal(step(&listener), LAT_OK);
        assert_string_equal(negotiate_protocol(&dialer.n), "/ipfs/ping/1.0.0");
        assert_string_equal(negotiate_protocol(&listener.n), "/ipfs/ping/1.0.0");
        assert_int_equal(dialer.n.refused, 2);
        assert_int_equal(dialer.in.len + listener.in.len, 0);
        side_fini(&dialer);
        side_fini(&listener);
    }
}

static void
the_next_proposal_follows_a_refusal(void **state)
{
    static const char *const proposals[] = { "/tls/1.0.0", "/noise", NULL };
    struct side dialer;

    (void)state;
    side_init(&dialer, proposals);
    lat_buf_clear(&dialer.out);
    give(&dialer, HEADER NA, 24);
    assert_int_equal(step(&dialer), LAT_SHORT);
    assert_out(&dialer, NOISE);
    give(&dialer, NOISE "rest", 12);
    assert_int_equal(step(&dialer), LAT_OK);
    assert_string_equal(negotiate_protocol(&dialer.n), "/noise");
    assert_int_equal(dialer.in.len, 4);
    side_fini(&dialer);
}

static void
a_dialer_whose_every_proposal_is_refused_says_so(void **state)
{
    static const char *const proposals[] = { "/a", "/b", NULL };
    struct side dialer, listener;

    (void)state;
    side_init(&dialer, proposals);
    side_init(&listener, NULL);
    assert_int_equal(pass(&dialer, &listener, SIZE_MAX), LAT_SHORT);
    assert_int_equal(pass(&listener, &dialer, SIZE_MAX), LAT_SHORT);
    assert_int_equal(pass(&dialer, &listener, SIZE_MAX), LAT_SHORT);
    give(&dialer, listener.out.data, listener.out.len);
    check_failed(&dialer, LAT_NOTFOUND);
    assert_false(negotiate_is_void(&dialer.n));
    assert_int_equal(dialer.n.refused, 2);
    side_fini(&dialer);
    side_fini(&listener);
}

/* The listener has read the payload as proposals by then: another proposal would be read as anything. */
static void
payload_behind_a_refused_proposal_is_void_and_ends_the_stream(void **state)
{
    static const char *const proposals[] = { "/tls/1.0.0", "/noise", NULL };
    struct side dialer;

    (void)state;
    side_init(&dialer, proposals);
    negotiate_set_payload(&dialer.n);
    lat_buf_clear(&dialer.out);
    give(&dialer, HEADER NA, 24);
    check_failed(&dialer, LAT_NOTFOUND);
    assert_true(negotiate_is_void(&dialer.n));
    assert_int_equal(dialer.n.refused, 1);
    assert_out(&dialer, "");
    side_fini(&dialer);

    side_init(&dialer, &proposals[1]); /* the rest of the list, on another stream */
    give(&dialer, HEADER NOISE, 28);
    assert_int_equal(step(&dialer), LAT_OK);
    side_fini(&dialer);
}

static void
unknown_protocols_and_lists_are_refused(void **state)
{
    static const char *const unknown[] = { "ls", "na",      "/nois", "/noise2", "/multistream/1.0.0",
                                           "",   "/noise\n" };
    struct side listener;

    (void)state;
    side_init(&listener, NULL);
    give(&listener, HEADER, 20);
    assert_int_equal(step(&listener), LAT_SHORT);
    for (size_t i = 0; i < sizeof(unknown) / sizeof(*unknown); i++) {
        lat_buf_clear(&listener.out);
        give_line(&listener, unknown[i]);
        assert_int_equal(step(&listener), LAT_SHORT);
        assert_out(&listener, NA);
    }
    lat_buf_clear(&listener.out);
    give_line(&listener, "/yamux/1.0.0");
    assert_int_equal(step(&listener), LAT_OK);
    assert_out(&listener, "\x0d/yamux/1.0.0\n");
    side_fini(&listener);
}

static void
a_listener_refuses_only_so_often(void **state)
{
    struct side listener;

    (void)state;
    side_init(&listener, NULL);
    give(&listener, HEADER, 20);
    for (int i = 0; i < NEGOTIATE_REFUSALS_MAX; i++)
        give_line(&listener, "/unknown");
    assert_int_equal(step(&listener), LAT_SHORT);
    assert_int_equal(listener.out.len, 20 + 4 * NEGOTIATE_REFUSALS_MAX);
    give_line(&listener, "/unknown");
    check_failed(&listener, LAT_MALFORMED);
    side_fini(&listener);
}

static void
another_first_line_is_known_by_its_first_wrong_byte(void **state)
{
    static const char *const first[] = { "G",
                                         "SSH-2.0-OpenSSH_9.2\r\n",
                                         "\x16\x03\x01",
                                         "\x13/multistream/2",
                                         "\x07/noise\n",
                                         "\x12/multistream/1.0.0" };

    (void)state;
    for (int dials = 0; dials < 2; dials++) {
        for (size_t i = 0; i < sizeof(first) / sizeof(*first); i++) {
            struct side side;

            side_init(&side, dials ? noise_only : NULL);
            lat_buf_clear(&side.out);
            give(&side, first[i], strlen(first[i]));
            check_failed(&side, LAT_MALFORMED);
            assert_out(&side, "");
            side_fini(&side);
        }
    }
}

static void
what_came_instead_is_shown_escaped(void **state)
{
    struct side listener;

    (void)state;
    side_init(&listener, NULL);
    give(&listener, "GET / HTTP/1.1\r\n\033[2J", 20);
    check_failed(&listener, LAT_MALFORMED);
    assert_non_null(strstr(listener.why.text, "GET / HTTP/1.1"));
    assert_null(strchr(listener.why.text, '\033'));
    side_fini(&listener);
}

static void
an_answer_to_another_proposal_is_refused(void **state)
{
    static const char *const answers[] = { "/yamux/1.0.0",       "/nois", "/noise2", "", "ls",
                                           "/multistream/1.0.0", "naa" };

    (void)state;
    for (size_t i = 0; i < sizeof(answers) / sizeof(*answers); i++) {
        struct side dialer;

        side_init(&dialer, noise_only);
        lat_buf_clear(&dialer.out);
        give(&dialer, HEADER, 20);
        give_line(&dialer, answers[i]);
        check_failed(&dialer, LAT_MALFORMED);
        side_fini(&dialer);
    }
}

/* --- lines --------------------------------------------------------------------------------------------- */

static void
the_published_lines_are_written_and_read(void **state)
{
    cJSON *json = vectors_load("libp2p/multistream.json");
    const cJSON *message;
    int count = 0;

    (void)state;
    cJSON_ArrayForEach(message, vectors_member(json, "messages"))
    {
        const char *text = vectors_text(message, "text");
        const char *const list[] = { text, NULL };
        struct side dialer, listener;
        size_t len;
        uint8_t *bytes = vectors_bytes(message, "bytes", &len);

        side_init(&dialer, list);
        assert_int_equal(dialer.out.len, 20 + len);
        assert_memory_equal(dialer.out.data + 20, bytes, len);
        side_init(&listener, NULL);
        listener.n.find_arg = list;
        if (strcmp(text, "ls") == 0) { /* a word of multistream-select itself, which no list can offer */
            assert_int_equal(pass(&dialer, &listener, SIZE_MAX), LAT_SHORT);
        } else {
            assert_int_equal(pass(&dialer, &listener, SIZE_MAX), LAT_OK);
            assert_int_equal(pass(&listener, &dialer, SIZE_MAX), LAT_OK);
            assert_string_equal(negotiate_protocol(&dialer.n), text);
        }
        side_fini(&dialer);
        side_fini(&listener);
        free(bytes);
        count++;
    }
    assert_int_equal(count, 13);
    cJSON_Delete(json);
}

static void
the_published_refusals_are_refused(void **state)
{
    cJSON *json = vectors_load("libp2p/multistream.json");
    const cJSON *item;
    int count = 0;

    (void)state;
    cJSON_ArrayForEach(item, vectors_member(json, "must_reject"))
    {
        bool whole = cJSON_HasObjectItem(item, "bytes");
        size_t len;
        uint8_t *bytes = vectors_bytes(item, whole ? "bytes" : "bytes_prefix", &len);

        for (int dials = 0; dials < 2; dials++) {
            struct side side;

            side_init(&side, dials ? noise_only : NULL);
            give(&side, HEADER, 20);
            assert_int_equal(step(&side), LAT_SHORT);
            give(&side, bytes, len);
            check_failed(&side, LAT_MALFORMED);
            side_fini(&side);
        }
        free(bytes);
        count++;
    }
    assert_int_equal(count, 4);
    cJSON_Delete(json);
}

static void
a_line_may_be_as_long_as_the_limit_and_no_longer(void **state)
{
    static const uint8_t too_long[][3] = { { 0x81, 0x08 }, { 0x80, 0x80 }, { 0xff, 0xff }, { 0xff, 0x7f } };
    char name[NEGOTIATE_NAME_MAX + 1];
    const char *const list[] = { name, NULL };
    struct side dialer, listener;

    (void)state;
    memset(name, 'x', NEGOTIATE_NAME_MAX);
    name[NEGOTIATE_NAME_MAX] = 0;
    side_init(&dialer, list);
    side_init(&listener, NULL);
    listener.n.find_arg = list;
    assert_int_equal(dialer.out.len, 20 + 2 + NEGOTIATE_LINE_MAX);
    assert_int_equal(pass(&dialer, &listener, SIZE_MAX), LAT_OK);
    assert_int_equal(pass(&listener, &dialer, SIZE_MAX), LAT_OK);
    side_fini(&dialer);
    side_fini(&listener);
    for (size_t i = 0; i < sizeof(too_long) / sizeof(*too_long); i++) {
        side_init(&listener, NULL);
        give(&listener, HEADER, 20);
        give(&listener, too_long[i], 2); /* refused by the length alone */
        check_failed(&listener, LAT_MALFORMED);
        side_fini(&listener);
    }
}

/* --- time and room ------------------------------------------------------------------------------------- */

static void
no_agreement_by_the_deadline_is_a_timeout(void **state)
{
    static const char flight[] = HEADER PING;

    (void)state;
    for (int dials = 0; dials < 2; dials++) {
        for (size_t cut = 0; cut < sizeof(flight) - 1; cut++) {
            static const char *const ping[] = { "/ipfs/ping/1.0.0", NULL };
            struct side side;

            side_init(&side, dials ? ping : NULL);
            give(&side, flight, cut);
            assert_int_equal(negotiate_step(&side.n, &side.in, &side.out, DEADLINE_MS - 1, NULL), LAT_SHORT);
            assert_int_equal(negotiate_step(&side.n, &side.in, &side.out, DEADLINE_MS, &side.why),
                             LAT_TIMEOUT);
            check_failed(&side, LAT_TIMEOUT);
            side_fini(&side);
        }
    }
}

static void
what_is_agreed_stays_agreed_after_the_deadline(void **state)
{
    struct side listener;

    (void)state;
    side_init(&listener, NULL);
    give(&listener, HEADER NOISE, 28);
    assert_int_equal(step(&listener), LAT_OK);
    assert_int_equal(negotiate_step(&listener.n, &listener.in, &listener.out, UINT64_MAX, NULL), LAT_OK);
    side_fini(&listener);
}

static void
no_room_for_an_answer_ends_it(void **state)
{
    struct side side;

    (void)state;
    for (size_t room = 0; room < 28; room++) {
        side_init(&side, NULL);
        side.out.max = room;
        give(&side, HEADER NOISE, 28);
        assert_int_equal(step(&side), LAT_LIMIT);
        assert_int_equal(step(&side), LAT_LIMIT);
        assert_true(side.out.len <= room);
        side_fini(&side);
    }
    for (size_t room = 0; room < 28; room++) {
        lat_buf_init(&side.out, room);
        negotiate_dial(&side.n, noise_only, DEADLINE_MS);
        assert_int_equal(negotiate_start(&side.n, &side.out), LAT_LIMIT);
        lat_buf_fini(&side.out);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_dialer_sends_header_and_first_proposal_at_once),
        cmocka_unit_test(a_listener_answers_the_header_without_a_proposal),
        cmocka_unit_test(a_pipelined_proposal_is_agreed_in_one_round_trip),
        cmocka_unit_test(writes_may_be_split_at_every_position),
        cmocka_unit_test(the_next_proposal_follows_a_refusal),
        cmocka_unit_test(a_dialer_whose_every_proposal_is_refused_says_so),
        cmocka_unit_test(payload_behind_a_refused_proposal_is_void_and_ends_the_stream),
        cmocka_unit_test(unknown_protocols_and_lists_are_refused),
        cmocka_unit_test(a_listener_refuses_only_so_often),
        cmocka_unit_test(another_first_line_is_known_by_its_first_wrong_byte),
        cmocka_unit_test(what_came_instead_is_shown_escaped),
        cmocka_unit_test(an_answer_to_another_proposal_is_refused),
        cmocka_unit_test(the_published_lines_are_written_and_read),
        cmocka_unit_test(the_published_refusals_are_refused),
        cmocka_unit_test(a_line_may_be_as_long_as_the_limit_and_no_longer),
        cmocka_unit_test(no_agreement_by_the_deadline_is_a_timeout),
        cmocka_unit_test(what_is_agreed_stays_agreed_after_the_deadline),
        cmocka_unit_test(no_room_for_an_answer_ends_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
