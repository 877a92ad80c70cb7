/* test_yamux.c - sessions back to back over a pipe that cuts anywhere, and sessions that break the rules. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "p2p/yamux.h"
#include "support/random.h"
#include "support/vectors.h"

/* What one side has seen. */
struct side {
    struct yamux *y;
    struct lat_buf in, out;
    struct ystream *last_opened;
    bool refuse, echo, greedy;  /* greedy: received bytes are dealt with at once */
    size_t opened, ended, closed, clean, writable;
    uint64_t bytes, sum;
    uint64_t pongs, rtt;
    struct ystream *reset_on_data;
    uint64_t now;
};

static bool
on_opened(void *arg, struct ystream *s)
{
    struct side *side = arg;

    side->opened++;
    side->last_opened = s;
    ystream_set_owner(s, side);
    return !side->refuse;
}

static void
on_data(void *arg, struct ystream *s, const uint8_t *data, size_t len)
{
    struct side *side = arg;

    side->bytes += len;
    for (size_t i = 0; i < len; i++)
        side->sum = side->sum * 31 + data[i];
    if (side->echo)
        assert_int_equal(ystream_write(s, data, len), len);
    if (side->reset_on_data == s)
        ystream_reset(s);
    else if (side->greedy)
        ystream_consume(s, len, side->now);
}

static void
on_ended(void *arg, struct ystream *s)
{
    struct side *side = arg;

    side->ended++;
    if (side->echo)
        ystream_end(s);
}

static void
on_writable(void *arg, struct ystream *s)
{
    struct side *side = arg;

    (void)s;
    side->writable++;
}

static void
on_closed(void *arg, struct ystream *s, bool clean)
{
    struct side *side = arg;

    (void)s;
    side->closed++;
    side->clean += clean;
}

static void
on_pong(void *arg, uint64_t rtt_ms)
{
    struct side *side = arg;

    side->pongs++;
    side->rtt = rtt_ms;
}

static const struct yamux_ops ops = { on_opened, on_data, on_ended, on_writable, on_closed, on_pong };

static void
side_init(struct side *side, bool dialer, struct yamux_budget *budget)
{
    *side = (struct side){ .greedy = true, .now = 1000 };
    side->y = yamux_new(dialer, &ops, side, budget);
    assert_non_null(side->y);
    lat_buf_init(&side->in, 64u * 1024 * 1024);
    lat_buf_init(&side->out, 64u * 1024 * 1024);
}

static void
side_fini(struct side *side)
{
    yamux_free(side->y);
    lat_buf_fini(&side->in);
    lat_buf_fini(&side->out);
}

/* Move what `from` has to say to `to`, in random pieces. Returns bytes moved. */
static size_t
carry(struct side *from, struct side *to, uint64_t *seed)
{
    size_t at = 0, piece;

    assert_int_equal(yamux_output(from->y, 1u << 20, &from->out), LAT_OK);
    while (at < from->out.len) {
        piece = 1 + random_below(seed, 3000);
        if (piece > from->out.len - at)
            piece = from->out.len - at;
        assert_int_equal(lat_buf_add(&to->in, from->out.data + at, piece), LAT_OK);
        assert_int_equal(yamux_input(to->y, &to->in, to->now, NULL), LAT_OK);
        at += piece;
    }
    lat_buf_clear(&from->out);
    return at;
}

static void
settle(struct side *a, struct side *b, uint64_t *seed)
{
    while (carry(a, b, seed) + carry(b, a, seed) > 0)
        continue;
}

/* Bytes as they come from the other side. */
static enum lat_err
feed(struct side *side, const void *bytes, size_t len)
{
    assert_int_equal(lat_buf_add(&side->in, bytes, len), LAT_OK);
    return yamux_input(side->y, &side->in, side->now, NULL);
}

static enum lat_err
feed_header(struct side *side, enum yamux_type type, unsigned flags, uint32_t stream, uint32_t length)
{
    const struct yamux_header h = { type, (uint16_t)flags, stream, length };
    uint8_t bytes[YAMUX_HEADER_LEN];

    yamux_header_write(&h, bytes);
    return feed(side, bytes, sizeof(bytes));
}

/* The next frame that the side sends; its body is passed over. false: none. */
static bool
next_frame(struct side *side, struct yamux_header *h)
{
    assert_int_equal(yamux_output(side->y, 1, &side->out), LAT_OK);
    if (side->out.len < YAMUX_HEADER_LEN)
        return false;
    assert_int_equal(yamux_header_read(side->out.data, h), LAT_OK);
    lat_buf_drop(&side->out, YAMUX_HEADER_LEN + (h->type == YAMUX_DATA ? h->length : 0));
    return true;
}

/* --- vectors ------------------------------------------------------------------------------------------- */

static void
headers_are_those_of_the_vectors(void **state)
{
    cJSON *file = vectors_load("libp2p/yamux.json");
    const cJSON *frame;

    (void)state;
    cJSON_ArrayForEach(frame, vectors_member(file, "frames"))
    {
        struct yamux_header h;
        uint8_t written[YAMUX_HEADER_LEN];
        size_t len;
        uint8_t *bytes = vectors_bytes(frame, "bytes", &len);

        assert_int_equal(yamux_header_read(bytes, &h), LAT_OK);
        assert_int_equal(h.type, vectors_number(frame, "type"));
        assert_int_equal(h.flags, vectors_number(frame, "flags"));
        assert_int_equal(h.stream, vectors_number(frame, "stream"));
        assert_int_equal(h.length, vectors_number(frame, "length"));
        yamux_header_write(&h, written);
        assert_memory_equal(written, bytes, sizeof(written));
        free(bytes);
    }
    cJSON_Delete(file);
}

static void
what_breaks_the_protocol_ends_the_session(void **state)
{
    cJSON *file = vectors_load("libp2p/yamux.json");
    const cJSON *item;

    (void)state;
    cJSON_ArrayForEach(item, vectors_member(file, "must_end_session"))
    {
        struct side listener;
        struct yamux_header h = { 0 };
        size_t len;
        uint8_t *bytes = vectors_bytes(item, "bytes", &len);

        side_init(&listener, false, NULL);
        if (feed(&listener, bytes, len) != LAT_MALFORMED)
            fail_msg("%s", vectors_text(item, "why"));
        while (h.type != YAMUX_GOAWAY && next_frame(&listener, &h))
            continue;
        assert_int_equal(h.type, YAMUX_GOAWAY);
        assert_int_equal(h.length, YAMUX_PROTOCOL_ERROR);
        assert_int_equal(feed(&listener, "", 0), LAT_MALFORMED); /* and stays so */
        side_fini(&listener);
        free(bytes);
    }
    cJSON_Delete(file);
}

/* --- two sessions -------------------------------------------------------------------------------------- */

static void
an_echo_comes_back_whole_however_the_pipe_cuts(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        struct side a, b;
        struct ystream *s;
        uint64_t random = seed, sum = 0;
        uint8_t piece[5000];
        size_t total = 0;

        side_init(&a, true, NULL);
        side_init(&b, false, NULL);
        b.echo = true;
        assert_int_equal(yamux_open(a.y, NULL, &s), LAT_OK);
        while (total < 100000) {
            size_t len = 1 + random_below(&random, sizeof(piece));

            random_fill(&random, piece, len);
            assert_int_equal(ystream_write(s, piece, len), len);
            for (size_t i = 0; i < len; i++)
                sum = sum * 31 + piece[i];
            total += len;
            if (random_below(&random, 3) == 0)
                settle(&a, &b, &random);
        }
        ystream_end(s);
        settle(&a, &b, &random);
        assert_int_equal(a.bytes, total);
        assert_int_equal(a.sum, sum);
        assert_int_equal(b.ended, 1);
        assert_int_equal(a.clean, 1);
        assert_int_equal(b.clean, 1);
        assert_int_equal(yamux_stream_count(a.y) + yamux_stream_count(b.y), 0);
        side_fini(&a);
        side_fini(&b);
    }
}

static void
half_closing_leaves_the_other_direction_open(void **state)
{
    struct side a, b;
    struct ystream *s;
    uint64_t seed = 5;

    (void)state;
    side_init(&a, true, NULL);
    side_init(&b, false, NULL);
    assert_int_equal(yamux_open(a.y, NULL, &s), LAT_OK);
    ystream_end(s);
    settle(&a, &b, &seed);
    assert_int_equal(b.ended, 1);
    assert_int_equal(b.closed, 0);
    assert_int_equal(ystream_write(s, (const uint8_t *)"x", 1), 0); /* ended here */
    assert_int_equal(ystream_write(b.last_opened, (const uint8_t *)"later", 5), 5);
    ystream_end(b.last_opened);
    settle(&a, &b, &seed);
    assert_int_equal(a.bytes, 5);
    assert_int_equal(a.clean, 1);
    assert_int_equal(b.clean, 1);
    side_fini(&a);
    side_fini(&b);
}

static void
the_end_comes_in_a_frame_without_data(void **state)
{
    struct side a;
    struct ystream *s;
    uint8_t data[100] = { 1 };
    size_t at = 0, ends = 0, bytes = 0;

    (void)state;
    side_init(&a, true, NULL);
    assert_int_equal(yamux_open(a.y, NULL, &s), LAT_OK);
    assert_int_equal(ystream_write(s, data, sizeof(data)), sizeof(data));
    ystream_end(s);
    assert_int_equal(yamux_output(a.y, SIZE_MAX, &a.out), LAT_OK);
    while (at < a.out.len) {
        const uint8_t *frame = a.out.data + at;
        size_t len = frame[1] == YAMUX_DATA ? (size_t)frame[10] << 8 | frame[11] : 0;

        if (frame[3] & YAMUX_FIN) {
            assert_int_equal(len, 0);
            ends++;
        }
        bytes += len;
        at += YAMUX_HEADER_LEN + len;
    }
    assert_int_equal(ends, 1);
    assert_int_equal(bytes, sizeof(data));
    side_fini(&a);
}

static void
a_reset_ends_both_sides_and_what_is_on_its_way_harms_nobody(void **state)
{
    struct side a, b;
    struct ystream *s;
    uint64_t seed = 6;
    uint8_t data[9000] = { 1 };

    (void)state;
    side_init(&a, true, NULL);
    side_init(&b, false, NULL);
    assert_int_equal(yamux_open(a.y, NULL, &s), LAT_OK);
    settle(&a, &b, &seed);
    assert_int_equal(ystream_write(s, data, sizeof(data)), sizeof(data));
    b.reset_on_data = b.last_opened; /* in the middle of a frame: the rest of it is discarded */
    settle(&a, &b, &seed);
    assert_int_equal(a.closed, 1);
    assert_int_equal(a.clean, 0);
    assert_int_equal(b.closed, 1);
    assert_in_range(b.bytes, 1, sizeof(data) - 1);
    assert_int_equal(yamux_open(a.y, NULL, &s), LAT_OK); /* the session lives */
    settle(&a, &b, &seed);
    assert_int_equal(b.opened, 2);
    side_fini(&a);
    side_fini(&b);
    assert_int_equal(a.closed, 2); /* what is left is told closed */
}

static void
a_refused_stream_is_reset(void **state)
{
    struct side a, b;
    struct ystream *s;
    uint64_t seed = 7;

    (void)state;
    side_init(&a, true, NULL);
    side_init(&b, false, NULL);
    b.refuse = true;
    assert_int_equal(yamux_open(a.y, NULL, &s), LAT_OK);
    settle(&a, &b, &seed);
    assert_int_equal(a.closed, 1);
    assert_int_equal(yamux_stream_count(b.y), 0);
    side_fini(&a);
    side_fini(&b);
}

/* --- windows ------------------------------------------------------------------------------------------- */

static void
a_sender_stops_at_the_window_until_the_owner_has_consumed(void **state)
{
    struct side a, b;
    struct ystream *s;
    uint64_t seed = 8;
    uint8_t piece[32768] = { 3 };
    size_t given = 0, taken;

    (void)state;
    side_init(&a, true, NULL);
    side_init(&b, false, NULL);
    b.greedy = false;
    assert_int_equal(yamux_open(a.y, NULL, &s), LAT_OK);
    while ((taken = ystream_write(s, piece, sizeof(piece))) > 0) {
        given += taken;
        settle(&a, &b, &seed);
    }
    assert_int_equal(b.bytes, YAMUX_WINDOW_FIRST);
    assert_int_equal(given, YAMUX_WINDOW_FIRST + YAMUX_SEND_MAX);
    assert_int_equal(a.writable, 0);
    ystream_consume(b.last_opened, YAMUX_WINDOW_FIRST, b.now + 5000);
    settle(&a, &b, &seed);
    assert_int_equal(b.bytes, 2 * YAMUX_WINDOW_FIRST);
    assert_int_equal(a.writable, 1);
    side_fini(&a);
    side_fini(&b);
}

/* Push until the window has grown as far as it goes; returns the bytes that are under way without an update. */
static uint64_t
window_after_flood(struct side *a, struct side *b, struct ystream *s)
{
    static uint8_t piece[65536];
    uint64_t seed = 9, before;

    for (int i = 0; i < 4000; i++) {
        (void)ystream_write(s, piece, sizeof(piece));
        settle(a, b, &seed);
    }
    b->greedy = false;
    before = b->bytes;
    for (int i = 0; i < 400; i++) {
        (void)ystream_write(s, piece, sizeof(piece));
        settle(a, b, &seed);
    }
    return b->bytes - before;
}

static void
windows_grow_for_a_fast_reader_within_the_budget(void **state)
{
    struct yamux_budget budget = { .max = 3u * 1024 * 1024 };
    struct side a, b;
    struct ystream *s;

    (void)state;
    side_init(&a, true, NULL);
    side_init(&b, false, &budget);
    yamux_set_rtt(b.y, 100);
    assert_int_equal(yamux_open(a.y, NULL, &s), LAT_OK);
    /* 256 KiB doubles to 2 MiB; 4 MiB would pass the budget of 3 MiB beyond the first 256 KiB. */
    assert_in_range(window_after_flood(&a, &b, s), 1024 * 1024, 2 * 1024 * 1024);
    assert_int_equal(budget.used, 2 * 1024 * 1024 - YAMUX_WINDOW_FIRST);
    side_fini(&a);
    side_fini(&b);
    assert_int_equal(budget.used, 0); /* every charge is given back */
}

static void
a_short_way_gets_no_window_that_it_cannot_fill(void **state)
{
    struct yamux_budget budget = { .max = 1u << 28 };
    struct side a, b;
    struct ystream *s;

    (void)state;
    side_init(&a, true, NULL);
    side_init(&b, false, &budget);
    yamux_set_rtt(b.y, 2);
    assert_int_equal(yamux_open(a.y, NULL, &s), LAT_OK);
    (void)window_after_flood(&a, &b, s);
    assert_int_equal(budget.used, 2 * YAMUX_WINDOW_A_MS - YAMUX_WINDOW_FIRST);
    side_fini(&a);
    side_fini(&b);
}

static void
a_slow_reader_keeps_the_first_window(void **state)
{
    struct yamux_budget budget = { .max = 1u << 28 };
    struct side a, b;
    struct ystream *s;
    uint64_t seed = 10;
    uint8_t piece[65536] = { 0 };

    (void)state;
    side_init(&a, true, NULL);
    side_init(&b, false, &budget);
    yamux_set_rtt(b.y, 10);
    assert_int_equal(yamux_open(a.y, NULL, &s), LAT_OK);
    for (int i = 0; i < 100; i++) {
        (void)ystream_write(s, piece, sizeof(piece));
        settle(&a, &b, &seed);
        b.now += 100; /* half a window in far more than two round trips */
    }
    assert_int_equal(budget.used, 0);
    side_fini(&a);
    side_fini(&b);
}

/* --- order of frames ----------------------------------------------------------------------------------- */

static void
bulk_and_small_writers_take_turns_and_pongs_come_first(void **state)
{
    struct side a;
    struct ystream *bulk, *small;
    struct yamux_header h;
    uint8_t piece[200000] = { 0 };

    (void)state;
    side_init(&a, true, NULL);
    assert_int_equal(yamux_open(a.y, NULL, &bulk), LAT_OK);
    assert_int_equal(yamux_open(a.y, NULL, &small), LAT_OK);
    assert_int_equal(ystream_write(bulk, piece, sizeof(piece)), sizeof(piece));
    assert_int_equal(ystream_write(small, piece, 10), 10);
    assert_true(next_frame(&a, &h));
    assert_int_equal(h.stream, 1);
    assert_int_equal(h.length, YAMUX_DATA_MAX);
    assert_int_equal(h.flags, YAMUX_SYN);
    yamux_ping(a.y, 1000);
    assert_int_equal(feed_header(&a, YAMUX_PING, YAMUX_SYN, 0, 77), LAT_OK);
    assert_true(next_frame(&a, &h)); /* the answer before our own ping */
    assert_int_equal(h.type, YAMUX_PING);
    assert_int_equal(h.flags, YAMUX_ACK);
    assert_int_equal(h.length, 77);
    assert_true(next_frame(&a, &h));
    assert_int_equal(h.flags, YAMUX_SYN);
    assert_true(next_frame(&a, &h));
    assert_int_equal(h.stream, 3);
    assert_int_equal(h.length, 10);
    side_fini(&a);
}

static void
a_ping_brings_its_round_trip(void **state)
{
    struct side a, b;
    uint64_t seed = 11;

    (void)state;
    side_init(&a, true, NULL);
    side_init(&b, false, NULL);
    yamux_ping(a.y, 1000);
    yamux_ping(a.y, 1001); /* one at a time */
    assert_int_equal(yamux_ping_sent_ms(a.y), 1000);
    a.now = 1042;
    settle(&a, &b, &seed);
    assert_int_equal(a.pongs, 1);
    assert_int_equal(a.rtt, 42);
    assert_int_equal(yamux_ping_sent_ms(a.y), 0);
    side_fini(&a);
    side_fini(&b);
}

/* --- limits -------------------------------------------------------------------------------------------- */

static void
streams_beyond_the_limit_are_reset_and_unanswered_ones_are_not_opened(void **state)
{
    struct side b, a;
    struct yamux_header h;
    struct ystream *s;
    size_t resets = 0;

    (void)state;
    side_init(&b, false, NULL);
    for (uint32_t i = 0; i < YAMUX_STREAMS_MAX + 5; i++)
        assert_int_equal(feed_header(&b, YAMUX_WINDOW, YAMUX_SYN, 2 * i + 1, 0), LAT_OK);
    assert_int_equal(yamux_stream_count(b.y), YAMUX_STREAMS_MAX);
    while (next_frame(&b, &h))
        resets += (h.flags & YAMUX_RST) != 0;
    assert_int_equal(resets, 5);
    side_fini(&b);

    side_init(&a, true, NULL);
    for (int i = 0; i < YAMUX_UNACKED_MAX; i++)
        assert_int_equal(yamux_open(a.y, NULL, &s), LAT_OK);
    assert_int_equal(yamux_open(a.y, NULL, &s), LAT_LIMIT);
    assert_int_equal(feed_header(&a, YAMUX_WINDOW, YAMUX_ACK, 1, 0), LAT_OK);
    assert_int_equal(yamux_open(a.y, NULL, &s), LAT_OK);
    side_fini(&a);
}

static void
floods_of_pings_and_of_refused_streams_end_the_session(void **state)
{
    struct side b;
    enum lat_err err = LAT_OK;
    size_t n = 0;

    (void)state;
    side_init(&b, false, NULL);
    while (!err && n++ < 1000)
        err = feed_header(&b, YAMUX_PING, YAMUX_SYN, 0, 1);
    assert_int_equal(err, LAT_MALFORMED);
    side_fini(&b);

    side_init(&b, false, NULL);
    b.refuse = true;
    for (n = 0, err = LAT_OK; !err && n < 100000; n++)
        err = feed_header(&b, YAMUX_WINDOW, YAMUX_SYN, (uint32_t)(2 * n + 1), 0);
    assert_int_equal(err, LAT_MALFORMED);
    assert_in_range(n, 1000, 6000);
    side_fini(&b);
}

static void
after_a_goaway_nothing_new_is_opened_and_the_rest_goes_on(void **state)
{
    struct side a;
    struct ystream *s, *other;

    (void)state;
    side_init(&a, true, NULL);
    assert_int_equal(yamux_open(a.y, NULL, &s), LAT_OK);
    assert_int_equal(feed_header(&a, YAMUX_GOAWAY, 0, 0, 0), LAT_CLOSED);
    assert_int_equal(yamux_open(a.y, NULL, &other), LAT_CLOSED);
    assert_int_equal(feed_header(&a, YAMUX_DATA, YAMUX_ACK, 1, 2), LAT_OK);
    assert_int_equal(feed(&a, "ok", 2), LAT_OK);
    assert_int_equal(a.bytes, 2);
    side_fini(&a);
}

static void
ids_may_come_a_little_out_of_order_but_never_twice(void **state)
{
    struct side b;

    (void)state;
    side_init(&b, false, NULL);
    assert_int_equal(feed_header(&b, YAMUX_WINDOW, YAMUX_SYN, 5, 0), LAT_OK);
    assert_int_equal(feed_header(&b, YAMUX_WINDOW, YAMUX_SYN, 3, 0), LAT_OK);
    assert_int_equal(feed_header(&b, YAMUX_WINDOW, YAMUX_RST, 3, 0), LAT_OK);
    assert_int_equal(feed_header(&b, YAMUX_WINDOW, YAMUX_SYN, 9, 0), LAT_OK);
    assert_int_equal(feed_header(&b, YAMUX_WINDOW, YAMUX_SYN, 3, 0), LAT_MALFORMED);
    side_fini(&b);
}

static void
random_bytes_never_harm(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 3000; seed++) {
        uint64_t random = seed;
        struct side b;
        enum lat_err err = LAT_OK;

        side_init(&b, seed % 2 == 0, NULL);
        b.echo = seed % 3 == 0;
        for (int i = 0; i < 40 && err != LAT_MALFORMED; i++) {
            struct yamux_header h = { (enum yamux_type)random_below(&random, 4), (uint16_t)random_below(&random, 16),
                                      (uint32_t)random_below(&random, 12), (uint32_t)random_below(&random, 300) };
            uint8_t body[300] = { 0 };

            err = feed_header(&b, h.type, h.flags, h.stream, h.length);
            if (err != LAT_MALFORMED && h.type == YAMUX_DATA)
                err = feed(&b, body, h.length);
        }
        side_fini(&b);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(headers_are_those_of_the_vectors),
        cmocka_unit_test(what_breaks_the_protocol_ends_the_session),
        cmocka_unit_test(an_echo_comes_back_whole_however_the_pipe_cuts),
        cmocka_unit_test(half_closing_leaves_the_other_direction_open),
        cmocka_unit_test(the_end_comes_in_a_frame_without_data),
        cmocka_unit_test(a_reset_ends_both_sides_and_what_is_on_its_way_harms_nobody),
        cmocka_unit_test(a_refused_stream_is_reset),
        cmocka_unit_test(a_sender_stops_at_the_window_until_the_owner_has_consumed),
        cmocka_unit_test(windows_grow_for_a_fast_reader_within_the_budget),
        cmocka_unit_test(a_short_way_gets_no_window_that_it_cannot_fill),
        cmocka_unit_test(a_slow_reader_keeps_the_first_window),
        cmocka_unit_test(bulk_and_small_writers_take_turns_and_pongs_come_first),
        cmocka_unit_test(a_ping_brings_its_round_trip),
        cmocka_unit_test(streams_beyond_the_limit_are_reset_and_unanswered_ones_are_not_opened),
        cmocka_unit_test(floods_of_pings_and_of_refused_streams_end_the_session),
        cmocka_unit_test(after_a_goaway_nothing_new_is_opened_and_the_rest_goes_on),
        cmocka_unit_test(ids_may_come_a_little_out_of_order_but_never_twice),
        cmocka_unit_test(random_bytes_never_harm),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
