/* test_sync_stream.c - sync streams over two connections back to back; and peers that speak it wrongly, too slowly, or too much. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/varint.h"
#include "p2p/sync.h"
#include "support/conn_pair.h"
#include "support/random.h"

#define TICKETS_MAX 64

/* A node's side: what it answers, and what its session heard. */
struct side {
    struct sync *sync;
    const struct protocol *protocols[2];
    bool later, refuse; /* keep the tickets; give none an answer */
    size_t answer_len;  /* 0: the request turned around */
    struct sync_ticket *tickets[TICKETS_MAX];
    size_t ticket_count;
    size_t asked, request_len;
    uint64_t request_sum;
    struct sync_session *session;
    size_t replies, reply_len, closed;
    uint64_t reply_sum;
    enum lat_err reason;
    size_t ask_again;   /* so many times, from within `reply` */
    bool close_on_reply;
};

/* The same protocol in the hands of someone who writes what he likes. */
struct raw {
    struct conn_stream *stream;
    struct lat_buf heard;
    bool ended, closed;
};

struct world {
    struct conn_pair pair;
    struct side a, b;
    struct raw raw;
    bool has_pair;
};

static uint64_t
sum_of(const uint8_t *bytes, size_t len)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < len; i++)
        sum = sum * 31 + bytes[i];
    return sum;
}

static uint8_t *
bytes_of(uint64_t seed, size_t len)
{
    uint8_t *bytes = malloc(len);

    assert_non_null(bytes);
    random_fill(&seed, bytes, len);
    return bytes;
}

/* --- a node's side ------------------------------------------------------------------------------------- */

static struct conn *
answer(struct side *side, struct sync_ticket *ticket)
{
    size_t len;
    const uint8_t *request = sync_ticket_request(ticket, &len);
    size_t answer_len = side->answer_len ? side->answer_len : len;
    uint8_t *reply = bytes_of(len, answer_len);
    struct conn *conn;

    for (size_t i = 0; !side->answer_len && i < len; i++)
        reply[i] = request[len - 1 - i];
    conn = sync_answer(ticket, reply, answer_len);
    free(reply);
    return conn;
}

static void
on_asked(void *arg, struct sync_ticket *ticket)
{
    struct side *side = arg;
    const uint8_t *request = sync_ticket_request(ticket, &side->request_len);

    side->asked++;
    side->request_sum = sum_of(request, side->request_len);
    assert_true(sync_ticket_peer(ticket)->len > 0);
    if (side->refuse) {
        assert_non_null(sync_refuse(ticket));
    } else if (side->later) {
        assert_true(side->ticket_count < TICKETS_MAX);
        side->tickets[side->ticket_count++] = ticket;
    } else {
        (void)answer(side, ticket);
    }
}

static void
on_reply(void *arg, struct sync_session *session, const uint8_t *bytes, size_t len)
{
    struct side *side = arg;

    assert_ptr_equal(session, side->session);
    side->replies++;
    side->reply_len = len;
    side->reply_sum = sum_of(bytes, len);
    if (side->close_on_reply) {
        sync_close(session);
        side->session = NULL;
    } else if (side->ask_again > 0) {
        side->ask_again--;
        assert_int_equal(sync_ask(session, bytes, len), LAT_OK);
    }
}

static void
on_closed(void *arg, struct sync_session *session, enum lat_err reason)
{
    struct side *side = arg;

    assert_ptr_equal(session, side->session);
    side->session = NULL;
    side->closed++;
    side->reason = reason;
}

static const struct sync_session_ops session_ops = { .reply = on_reply, .closed = on_closed };

static void
side_init(struct side *side)
{
    side->sync = sync_new(on_asked, side);
    assert_non_null(side->sync);
    side->protocols[0] = sync_protocol(side->sync);
}

static void
open_session(struct world *w)
{
    assert_int_equal(sync_open(w->a.sync, w->pair.a.conn, &session_ops, &w->a, &w->a.session), LAT_OK);
}

static void
ask(struct world *w, uint64_t seed, size_t len)
{
    uint8_t *bytes = bytes_of(seed, len);

    assert_int_equal(sync_ask(w->a.session, bytes, len), LAT_OK);
    free(bytes);
}

/* --- a raw side ---------------------------------------------------------------------------------------- */

static struct raw *raw_now;

static bool
raw_begin(struct conn_stream *stream)
{
    raw_now->stream = stream;
    return true;
}

static void
raw_data(struct conn_stream *stream, const uint8_t *data, size_t len)
{
    (void)stream;
    assert_int_equal(lat_buf_add(&raw_now->heard, data, len), LAT_OK);
}

static void
raw_ended(struct conn_stream *stream)
{
    (void)stream;
    raw_now->ended = true;
}

static void
raw_closed(struct conn_stream *stream, bool clean)
{
    (void)clean;
    if (raw_now && raw_now->stream == stream) {
        raw_now->closed = true;
        raw_now->stream = NULL;
    }
}

static const struct protocol raw_protocol = { .id = "/lattice/sync/1.0.0", .inbound_max = 64, .begin = raw_begin,
                                              .data = raw_data, .ended = raw_ended, .closed = raw_closed };
static const struct protocol *const raw_protocols[] = { &raw_protocol, NULL };

static void
raw_open(struct world *w)
{
    struct conn_stream *stream;

    w->raw.closed = w->raw.ended = false;
    lat_buf_clear(&w->raw.heard);
    assert_int_equal(conn_open_stream(w->pair.a.conn, &raw_protocol, NULL, &stream), LAT_OK);
    conn_pair_settle(&w->pair);
}

static void
raw_say(struct world *w, const void *bytes, size_t len)
{
    assert_int_equal(stream_write(w->raw.stream, bytes, len), len);
    conn_pair_settle(&w->pair);
}

/* --- worlds -------------------------------------------------------------------------------------------- */

static int
setup(void **state)
{
    struct world *w = calloc(1, sizeof(*w));

    side_init(&w->a);
    side_init(&w->b);
    lat_buf_init(&w->raw.heard, 8u * 1024 * 1024);
    raw_now = &w->raw;
    *state = w;
    return 0;
}

static int
teardown(void **state)
{
    struct world *w = *state;

    if (w->has_pair)
        conn_pair_fini(&w->pair);
    raw_now = NULL;
    sync_free(w->a.sync);
    sync_free(w->b.sync);
    for (size_t i = 0; i < w->b.ticket_count; i++)
        assert_null(answer(&w->b, w->b.tickets[i])); /* out when all was gone */
    lat_buf_fini(&w->raw.heard);
    free(w);
    return 0;
}

static void
two_nodes(struct world *w)
{
    conn_pair_init(&w->pair, 1, w->a.protocols, 2, w->b.protocols);
    w->has_pair = true;
}

static void
a_stranger_asks(struct world *w)
{
    conn_pair_init(&w->pair, 1, raw_protocols, 2, w->b.protocols);
    w->has_pair = true;
}

static void
a_stranger_answers(struct world *w)
{
    conn_pair_init(&w->pair, 1, w->a.protocols, 2, raw_protocols);
    w->has_pair = true;
    open_session(w);
    ask(w, 1, 100);
    conn_pair_settle(&w->pair);
    assert_int_equal(w->raw.heard.len, 101);
}

/* --- as it should be ----------------------------------------------------------------------------------- */

static void
messages_of_every_size_go_to_and_fro(void **state)
{
    static const size_t sizes[] = { 1, 127, 128, 16383, 16384, 65507, 300000, SYNC_MESSAGE_MAX - 1, SYNC_MESSAGE_MAX };
    struct world *w = *state;

    two_nodes(w);
    open_session(w);
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        uint8_t *bytes = bytes_of(i, sizes[i]);

        w->b.answer_len = sizes[sizeof(sizes) / sizeof(sizes[0]) - 1 - i];
        assert_int_equal(sync_ask(w->a.session, bytes, sizes[i]), LAT_OK);
        conn_pair_settle(&w->pair);
        assert_int_equal(w->b.request_len, sizes[i]);
        assert_true(w->b.request_sum == sum_of(bytes, sizes[i]));
        assert_int_equal(w->a.replies, i + 1);
        assert_int_equal(w->a.reply_len, w->b.answer_len);
        free(bytes);
        bytes = bytes_of(sizes[i], w->b.answer_len);
        assert_true(w->a.reply_sum == sum_of(bytes, w->b.answer_len));
        free(bytes);
    }
    assert_int_equal(sync_session_exchanges(w->a.session), 9);
}

static void
the_pipe_may_cut_anywhere(void **state)
{
    struct world *w = *state;

    two_nodes(w);
    open_session(w);
    for (size_t piece = 1; piece < 2000; piece = piece * 3 + 1) {
        w->pair.piece_max = piece;
        ask(w, piece, 5000);
        conn_pair_settle(&w->pair);
        assert_int_equal(w->b.request_len, 5000);
        assert_int_equal(w->a.reply_len, 5000);
    }
    assert_int_equal(w->a.replies, 7);
}

static void
a_message_may_come_in_two_parts_cut_anywhere(void **state)
{
    struct world *w = *state;
    uint8_t bytes[302];

    a_stranger_asks(w);
    raw_open(w);
    memset(bytes, 7, sizeof(bytes));
    assert_int_equal(varint_encode(300, bytes), 2);
    for (size_t cut = 1; cut < 250; cut++) {
        raw_say(w, bytes, cut);
        assert_int_equal(w->b.asked, cut - 1);
        raw_say(w, bytes + cut, sizeof(bytes) - cut);
        assert_int_equal(w->b.asked, cut);
        assert_int_equal(w->b.request_len, 300);
        assert_int_equal(w->raw.heard.len, 302);
        lat_buf_clear(&w->raw.heard);
    }
}

static void
a_reply_may_come_byte_by_byte(void **state)
{
    struct world *w = *state;
    uint8_t bytes[202] = { 0xc8, 0x01 };

    a_stranger_answers(w);
    for (size_t i = 0; i < sizeof(bytes); i++) {
        assert_int_equal(w->a.replies, 0);
        raw_say(w, bytes + i, 1);
    }
    assert_int_equal(w->a.replies, 1);
    assert_int_equal(w->a.reply_len, 200);
}

static void
the_reply_callback_may_ask_again_and_close(void **state)
{
    struct world *w = *state;

    two_nodes(w);
    open_session(w);
    w->a.ask_again = 4;
    ask(w, 1, 10);
    conn_pair_settle(&w->pair);
    assert_int_equal(w->a.replies, 5);
    w->a.close_on_reply = true;
    ask(w, 1, 10);
    conn_pair_settle(&w->pair);
    assert_int_equal(w->a.replies, 6);
    assert_int_equal(w->a.closed, 0); /* it was our wish */
    assert_int_equal(sync_answered(w->b.sync), 0);
}

static void
an_answer_may_come_later(void **state)
{
    struct world *w = *state;

    two_nodes(w);
    w->b.later = true;
    open_session(w);
    ask(w, 1, 10);
    conn_pair_wait(&w->pair, 9000);
    assert_int_equal(w->a.replies, 0);
    assert_ptr_equal(answer(&w->b, w->b.tickets[--w->b.ticket_count]), w->pair.b.conn);
    conn_pair_settle(&w->pair);
    assert_int_equal(w->a.replies, 1);
}

static void
an_answer_whose_stream_is_gone_is_lost_quietly(void **state)
{
    struct world *w = *state;

    two_nodes(w);
    w->b.later = true;
    open_session(w);
    ask(w, 1, 10);
    conn_pair_settle(&w->pair);
    sync_close(w->a.session);
    conn_pair_settle(&w->pair);
    assert_int_equal(w->a.closed, 0);
    assert_int_equal(sync_answered(w->b.sync), 1); /* the ticket counts */
    assert_null(answer(&w->b, w->b.tickets[--w->b.ticket_count]));
    assert_int_equal(sync_answered(w->b.sync), 0);
    open_session(w);
    ask(w, 1, 10); /* and this one is out when everything ends: see teardown */
    conn_pair_settle(&w->pair);
    assert_int_equal(w->b.ticket_count, 1);
}

static void
an_opener_that_ends_behind_its_question_gets_the_answer(void **state)
{
    static const uint8_t question[] = { 3, 'a', 'b', 'c' };
    struct world *w = *state;

    a_stranger_asks(w);
    for (int late = 0; late < 2; late++) {
        raw_open(w);
        w->b.later = late;
        assert_int_equal(stream_write(w->raw.stream, question, sizeof(question)), sizeof(question));
        stream_end(w->raw.stream);
        conn_pair_settle(&w->pair);
        if (late) {
            assert_int_equal(w->raw.heard.len, 0);
            (void)answer(&w->b, w->b.tickets[--w->b.ticket_count]);
            conn_pair_settle(&w->pair);
        }
        assert_memory_equal(w->raw.heard.data, "\003cba", 4);
        assert_true(w->raw.ended);
        assert_int_equal(sync_answered(w->b.sync), 0);
    }
}

static void
a_refusal_is_a_reset(void **state)
{
    struct world *w = *state;

    two_nodes(w);
    w->b.refuse = true;
    open_session(w);
    ask(w, 1, 10);
    conn_pair_settle(&w->pair);
    assert_int_equal(w->a.closed, 1);
    assert_int_equal(w->a.reason, LAT_CLOSED);
    assert_int_equal(sync_answered(w->b.sync), 0);
    assert_int_equal(w->pair.a.err, LAT_OK);
}

static void
a_peer_that_does_not_speak_it_closes_the_session(void **state)
{
    static const struct protocol *const none[] = { NULL };
    struct world *w = *state;

    conn_pair_init(&w->pair, 1, w->a.protocols, 2, none);
    w->has_pair = true;
    open_session(w);
    ask(w, 1, 10);
    conn_pair_settle(&w->pair);
    assert_int_equal(w->a.closed, 1);
    assert_int_equal(w->a.reason, LAT_CLOSED);
}

static void
the_end_of_the_connection_closes_the_session(void **state)
{
    struct world *w = *state;

    two_nodes(w);
    open_session(w);
    ask(w, 1, 10);
    conn_pair_settle(&w->pair);
    conn_pair_fini(&w->pair);
    w->has_pair = false;
    assert_int_equal(w->a.closed, 1);
    assert_int_equal(w->a.reason, LAT_CLOSED);
}

/* --- limits -------------------------------------------------------------------------------------------- */

static void
one_question_at_a_time_and_256_in_all(void **state)
{
    struct world *w = *state;

    two_nodes(w);
    open_session(w);
    for (unsigned i = 0; i < SYNC_EXCHANGES_MAX; i++) {
        ask(w, i, 20);
        assert_int_equal(sync_ask(w->a.session, (const uint8_t *)"x", 1), LAT_BUSY);
        conn_pair_settle(&w->pair);
    }
    assert_int_equal(w->a.replies, SYNC_EXCHANGES_MAX);
    assert_int_equal(sync_ask(w->a.session, (const uint8_t *)"x", 1), LAT_LIMIT);
    assert_int_equal(w->a.closed, 0);
}

static void
the_257th_exchange_is_reset(void **state)
{
    struct world *w = *state;

    a_stranger_asks(w);
    raw_open(w);
    for (unsigned i = 0; i < SYNC_EXCHANGES_MAX; i++)
        raw_say(w, "\001x", 2);
    assert_int_equal(w->b.asked, SYNC_EXCHANGES_MAX);
    assert_false(w->raw.closed);
    raw_say(w, "\001", 1);
    assert_true(w->raw.closed);
    assert_int_equal(w->b.asked, SYNC_EXCHANGES_MAX);
}

static void
a_peer_is_answered_on_four_streams(void **state)
{
    struct world *w = *state;

    a_stranger_asks(w);
    w->b.later = true;
    for (unsigned i = 0; i < SYNC_ANSWERED_PEER_MAX; i++) {
        raw_open(w);
        raw_say(w, "\001x", 2);
        stream_reset(w->raw.stream); /* the work is not done with that */
        conn_pair_settle(&w->pair);
    }
    assert_int_equal(sync_answered(w->b.sync), SYNC_ANSWERED_PEER_MAX);
    raw_open(w);
    assert_true(w->raw.closed);
    assert_null(answer(&w->b, w->b.tickets[--w->b.ticket_count]));
    raw_open(w);
    assert_false(w->raw.closed);
}

static void
all_peers_together_are_answered_on_thirty_two(void **state)
{
    enum { PEERS = 9, EACH = 4 };
    struct world *w = *state;
    struct conn_pair pairs[PEERS];
    size_t refused = 0;

    w->b.later = true;
    for (uint8_t i = 0; i < PEERS; i++) {
        conn_pair_init(&pairs[i], (uint8_t)(10 + i), raw_protocols, 2, w->b.protocols);
        for (int k = 0; k < EACH; k++) {
            struct conn_stream *stream;

            w->raw.closed = false;
            assert_int_equal(conn_open_stream(pairs[i].a.conn, &raw_protocol, NULL, &stream), LAT_OK);
            conn_pair_settle(&pairs[i]);
            refused += w->raw.closed;
        }
    }
    assert_int_equal(sync_answered(w->b.sync), SYNC_ANSWERED_MAX);
    assert_int_equal(refused, PEERS * EACH - SYNC_ANSWERED_MAX);
    for (int i = 0; i < PEERS; i++)
        conn_pair_fini(&pairs[i]);
    assert_int_equal(sync_answered(w->b.sync), 0);
}

/* --- hostile ------------------------------------------------------------------------------------------- */

static void
lengths_that_cannot_be_are_reset_at_once(void **state)
{
    static const struct {
        const char *bytes;
        size_t len;
    } cases[] = {
        { "\000", 1 },                 /* no message */
        { "\201\200\100", 3 },         /* 1,048,577 */
        { "\200\200\200", 3 },         /* goes on: more than 2^21 */
        { "\377\377\377\377\377", 5 }, /* and much more */
        { "\200\000", 2 },             /* a longer form than needed */
    };
    struct world *w = *state;

    a_stranger_asks(w);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        raw_open(w);
        raw_say(w, cases[i].bytes, cases[i].len);
        assert_true(w->raw.closed);
        assert_int_equal(sync_answered(w->b.sync), 0);
    }
    assert_int_equal(w->b.asked, 0);
    raw_open(w);
    raw_say(w, "\200\200\100", 3); /* 1,048,576 is fine */
    assert_false(w->raw.closed);
}

static void
a_reply_of_an_impossible_length_closes_the_session(void **state)
{
    struct world *w = *state;

    a_stranger_answers(w);
    raw_say(w, "\377\377\177", 3);
    assert_int_equal(w->a.reason, LAT_MALFORMED);
    assert_int_equal(w->a.closed, 1);
    assert_true(w->raw.closed);
}

static void
a_second_request_before_the_reply_is_reset(void **state)
{
    struct world *w = *state;

    a_stranger_asks(w);
    raw_open(w);
    raw_say(w, "\001x\001y", 4); /* in one piece */
    assert_true(w->raw.closed);
    w->b.later = true;
    raw_open(w);
    raw_say(w, "\001x", 2);
    assert_false(w->raw.closed);
    raw_say(w, "\001", 1); /* and behind it */
    assert_true(w->raw.closed);
}

static void
a_reply_that_nobody_asked_for_closes_the_session(void **state)
{
    struct world *w = *state;

    a_stranger_answers(w);
    raw_say(w, "\001x", 2);
    assert_int_equal(w->a.replies, 1);
    raw_say(w, "\001x", 2);
    assert_int_equal(w->a.replies, 1);
    assert_int_equal(w->a.closed, 1);
    assert_int_equal(w->a.reason, LAT_MALFORMED);
    open_session(w);
    ask(w, 1, 5);
    conn_pair_settle(&w->pair);
    raw_say(w, "\001x\001y", 4); /* two in one piece: neither counts */
    assert_int_equal(w->a.replies, 1);
    assert_int_equal(w->a.reason, LAT_MALFORMED);
}

static void
no_reply_within_ten_seconds_closes_the_session(void **state)
{
    struct world *w = *state;

    a_stranger_answers(w);
    conn_pair_wait(&w->pair, SYNC_EXCHANGE_MS - 1);
    assert_int_equal(w->a.closed, 0);
    conn_pair_wait(&w->pair, 1);
    assert_int_equal(w->a.closed, 1);
    assert_int_equal(w->a.reason, LAT_TIMEOUT);
    assert_true(w->raw.closed);
}

static void
a_reply_that_drips_is_given_up_after_ten_seconds(void **state)
{
    struct world *w = *state;
    uint64_t begun;

    a_stranger_answers(w);
    begun = w->pair.now_ms;
    raw_say(w, "\144", 1);
    while (w->a.closed == 0) {
        conn_pair_wait(&w->pair, 500);
        if (w->raw.stream)
            raw_say(w, "x", 1);
    }
    assert_int_equal(w->a.reason, LAT_TIMEOUT);
    assert_in_range(w->pair.now_ms - begun, SYNC_EXCHANGE_MS, SYNC_EXCHANGE_MS + 500);
}

static void
a_request_that_drips_and_one_that_never_comes_are_given_up(void **state)
{
    struct world *w = *state;
    uint64_t begun;

    a_stranger_asks(w);
    raw_open(w);
    conn_pair_wait(&w->pair, 9900);
    assert_false(w->raw.closed);
    begun = w->pair.now_ms;
    raw_say(w, "\144", 1);
    while (!w->raw.closed) {
        conn_pair_wait(&w->pair, 500);
        if (w->raw.stream)
            raw_say(w, "x", 1);
    }
    assert_in_range(w->pair.now_ms - begun, SYNC_EXCHANGE_MS, SYNC_EXCHANGE_MS + 500);
    raw_open(w);
    conn_pair_wait(&w->pair, SYNC_EXCHANGE_MS);
    assert_true(w->raw.closed);
    assert_int_equal(sync_answered(w->b.sync), 0);
}

static void
a_reader_that_takes_nothing_is_given_up(void **state)
{
    struct world *w = *state;

    a_stranger_asks(w);
    raw_open(w);
    w->b.answer_len = SYNC_MESSAGE_MAX;
    raw_say(w, "\001x", 2);
    assert_int_equal(w->raw.heard.len, SYNC_MESSAGE_MAX + 3);
    w->pair.a_is_deaf = true;
    raw_say(w, "\001x", 2);
    assert_int_equal(w->b.asked, 2);
    conn_pair_wait(&w->pair, SYNC_EXCHANGE_MS - 100);
    assert_int_equal(sync_answered(w->b.sync), 1);
    conn_pair_wait(&w->pair, 100);
    assert_int_equal(sync_answered(w->b.sync), 0);
}

static void
a_request_while_the_last_reply_is_still_leaving_is_reset(void **state)
{
    struct world *w = *state;

    a_stranger_asks(w);
    raw_open(w);
    w->b.answer_len = SYNC_MESSAGE_MAX;
    w->pair.a_is_deaf = true;
    raw_say(w, "\001x", 2);
    assert_int_equal(sync_answered(w->b.sync), 1);
    raw_say(w, "\001", 1);
    assert_int_equal(sync_answered(w->b.sync), 0);
}

static void
an_answerer_that_ends_amid_its_reply_closes_the_session(void **state)
{
    struct world *w = *state;

    a_stranger_answers(w);
    raw_say(w, "\144xyz", 4);
    stream_end(w->raw.stream);
    conn_pair_settle(&w->pair);
    assert_int_equal(w->a.closed, 1);
    assert_int_equal(w->a.reason, LAT_CLOSED);
    assert_int_equal(w->a.replies, 0);
}

static void
our_own_stall_moves_the_deadlines(void **state)
{
    struct world *w = *state;

    a_stranger_answers(w);
    w->pair.now_ms += 60000;
    conn_grace(w->pair.a.conn, 60000);
    conn_grace(w->pair.b.conn, 60000);
    conn_pair_wait(&w->pair, SYNC_EXCHANGE_MS - 1);
    assert_int_equal(w->a.closed, 0);
    raw_say(w, "\001x", 2);
    assert_int_equal(w->a.replies, 1);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(messages_of_every_size_go_to_and_fro),
        TEST(the_pipe_may_cut_anywhere),
        TEST(a_message_may_come_in_two_parts_cut_anywhere),
        TEST(a_reply_may_come_byte_by_byte),
        TEST(the_reply_callback_may_ask_again_and_close),
        TEST(an_answer_may_come_later),
        TEST(an_answer_whose_stream_is_gone_is_lost_quietly),
        TEST(an_opener_that_ends_behind_its_question_gets_the_answer),
        TEST(a_refusal_is_a_reset),
        TEST(a_peer_that_does_not_speak_it_closes_the_session),
        TEST(the_end_of_the_connection_closes_the_session),
        TEST(one_question_at_a_time_and_256_in_all),
        TEST(the_257th_exchange_is_reset),
        TEST(a_peer_is_answered_on_four_streams),
        TEST(all_peers_together_are_answered_on_thirty_two),
        TEST(lengths_that_cannot_be_are_reset_at_once),
        TEST(a_reply_of_an_impossible_length_closes_the_session),
        TEST(a_second_request_before_the_reply_is_reset),
        TEST(a_reply_that_nobody_asked_for_closes_the_session),
        TEST(no_reply_within_ten_seconds_closes_the_session),
        TEST(a_reply_that_drips_is_given_up_after_ten_seconds),
        TEST(a_request_that_drips_and_one_that_never_comes_are_given_up),
        TEST(a_reader_that_takes_nothing_is_given_up),
        TEST(a_request_while_the_last_reply_is_still_leaving_is_reset),
        TEST(an_answerer_that_ends_amid_its_reply_closes_the_session),
        TEST(our_own_stall_moves_the_deadlines),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
