/* test_gossip_streams.c - the router on streams of real connections: whole swarms on a virtual network. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "p2p/gossip_streams.h"
#include "support/swarm_world.h"

#define TOPIC "news"

/* A node that gossips. */
struct talker {
    struct world_node *node;
    struct gossip *router;
    struct gossip_streams *streams;
    const struct protocol *protocols[GOSSIP_VERSIONS + 1];
    size_t received;
    bool waits;               /* gives no verdict yet */
    struct gossip_message *pending[4096];
    size_t pending_count, answered;
    char last[32];
    size_t last_len;
};

/* A node whose end of the streams the test plays: /meshsub/1.2.0 alone. */
struct actor {
    struct world_node *node;
    struct protocol protocol;
    const struct protocol *protocols[2];
    struct conn *conn, *former; /* the one that counts; the one whose place it took */
    bool refuses;
    bool opens_on_second;     /* a stream of its own, when the other side has opened its second */
    size_t opened, open, heard, closed;
    struct conn_stream *inbound, *outbound;
};

struct fixture {
    struct world world;
    struct talker talkers[3];
    struct actor actor;
};

/* --- talkers --------------------------------------------------------------------------------------- */

static void
on_check(void *arg, struct gossip_message *message)
{
    struct talker *t = arg;

    t->received++;
    t->last_len = message->data_len;
    memset(t->last, 0, sizeof(t->last));
    memcpy(t->last, message->data, message->data_len < 31 ? message->data_len : 31);
    if (!t->waits)
        gossip_verdict(t->router, message, GOSSIP_ACCEPT, t->node->world->now_ms);
    else if (t->pending_count < 4096)
        t->pending[t->pending_count++] = gossip_message_ref(message);
}

/* Verdicts for so many of those that wait. */
static void
answer(struct talker *t, size_t count)
{
    for (; count > 0 && t->answered < t->pending_count; count--) {
        struct gossip_message *message = t->pending[t->answered++];

        gossip_verdict(t->router, message, GOSSIP_ACCEPT, t->node->world->now_ms);
        gossip_message_unref(message);
    }
    gossip_streams_flush(t->streams, t->node->world->now_ms);
}

static void
on_wake(void *arg, struct gossip_peer *peer)
{
    struct talker *t = arg;

    gossip_streams_wake(t->streams, peer);
}

static const struct gossip_ops router_ops = { .check = on_check, .wake = on_wake, .sign = identity_sign };
static const struct gossip_streams_ops streams_ops = { .wake = swarm_wake };

static void
on_up(struct world_node *node, const struct peerid *id, struct conn *conn)
{
    struct talker *t = node->user;

    gossip_streams_up(t->streams, id, conn, node->world->now_ms);
}

static void
on_down(struct world_node *node, const struct peerid *id, enum swarm_reason reason)
{
    struct talker *t = node->user;

    (void)reason;
    gossip_streams_down(t->streams, id, node->world->now_ms);
}

static const struct world_hooks talker_hooks = { .up = on_up, .down = on_down };

/* New streams for the router that is there. */
static void
talker_attach(struct talker *t, enum gossip_version newest)
{
    const struct protocol *const *served;
    size_t count;

    t->streams = gossip_streams_new(newest, &streams_ops, t);
    assert_non_null(t->streams);
    gossip_streams_attach(t->streams, t->router);
    served = gossip_streams_protocols(t->streams, &count);
    memset(t->protocols, 0, sizeof(t->protocols));
    memcpy(t->protocols, served, count * sizeof(*served));
    t->node->protocols = t->protocols;
}

static void
talker_begin(struct talker *t, enum gossip_version newest)
{
    const struct gossip_config config = { .self = t->node->identity.peer, .first_seqno = 1000 + t->node->world->now_ms,
                                          .seed = "streams", .ops = &router_ops, .arg = t, .sign_arg = &t->node->identity };

    t->router = gossip_new(&config, t->node->world->now_ms);
    assert_non_null(t->router);
    talker_attach(t, newest);
    assert_int_equal(gossip_subscribe(t->router, TOPIC, t->node->world->now_ms), LAT_OK);
}

static struct talker *
add_talker(struct fixture *f, size_t i, enum gossip_version newest)
{
    struct talker *t = &f->talkers[i];

    t->node = world_place(&f->world, (uint8_t)(i + 1));
    t->node->hooks = &talker_hooks;
    t->node->user = t;
    talker_begin(t, newest);
    world_start(t->node, false);
    return t;
}

/* --- the actor ------------------------------------------------------------------------------------- */

static bool
actor_stream_begins(struct conn_stream *stream)
{
    struct actor *a = stream_protocol(stream)->arg;

    if (!stream_is_inbound(stream)) {
        a->outbound = stream;
        return true;
    }
    a->opened++;
    if (a->refuses)
        return false;
    a->open++;
    a->inbound = stream;
    return true;
}

static void
actor_hears(struct conn_stream *stream, const uint8_t *data, size_t len)
{
    struct actor *a = stream_protocol(stream)->arg;
    struct conn_stream *own;

    (void)data;
    a->heard += len;
    if (a->opens_on_second && a->opened == 2 && a->outbound == NULL)
        assert_int_equal(conn_open_stream(stream_conn(stream), &a->protocol, NULL, &own), LAT_OK);
}

static void
actor_stream_ends(struct conn_stream *stream)
{
    stream_end(stream);
}

static void
actor_stream_closed(struct conn_stream *stream, bool clean)
{
    struct actor *a = stream_protocol(stream)->arg;

    (void)clean;
    a->closed++;
    a->open -= stream_is_inbound(stream);
    a->inbound = a->inbound == stream ? NULL : a->inbound;
    a->outbound = a->outbound == stream ? NULL : a->outbound;
}

static void
on_actor_up(struct world_node *node, const struct peerid *id, struct conn *conn)
{
    struct actor *a = node->user;

    (void)id;
    a->former = a->conn;
    a->conn = conn;
}

static const struct world_hooks actor_hooks = { .up = on_actor_up };

static struct actor *
add_actor(struct fixture *f)
{
    struct actor *a = &f->actor;

    a->protocol = (struct protocol){ .id = "/meshsub/1.2.0", .inbound_max = 8, .begin = actor_stream_begins, .data = actor_hears,
                                     .ended = actor_stream_ends, .closed = actor_stream_closed, .arg = a };
    a->protocols[0] = &a->protocol;
    a->node = world_place(&f->world, 77);
    a->node->hooks = &actor_hooks;
    a->node->user = a;
    a->node->protocols = a->protocols;
    world_start(a->node, false);
    return a;
}

/* --- the world ------------------------------------------------------------------------------------- */

static void
run(struct fixture *f, uint64_t ms)
{
    for (uint64_t end = f->world.now_ms + ms; f->world.now_ms < end;) {
        world_run(&f->world, 100);
        for (size_t i = 0; i < 3; i++) {
            if (f->talkers[i].streams)
                gossip_streams_tick(f->talkers[i].streams, f->world.now_ms);
        }
    }
}

static void
begin_dial(struct fixture *f, struct world_node *from, const struct world_node *to)
{
    struct multiaddr address;
    struct lat_msg why;

    assert_int_equal(multiaddr_parse(to->full, &address), LAT_OK);
    assert_int_equal(swarm_dial(from->swarm, &address, f->world.now_ms, &why), LAT_OK);
}

static void
dial(struct fixture *f, struct world_node *from, const struct world_node *to)
{
    begin_dial(f, from, to);
    run(f, 1000);
}

static size_t
publish(struct fixture *f, struct talker *t, const void *data, size_t len)
{
    size_t count = 0;

    assert_int_equal(gossip_publish(t->router, TOPIC, data, len, f->world.now_ms, NULL, 0, &count), LAT_OK);
    gossip_streams_flush(t->streams, f->world.now_ms);
    run(f, 500);
    return count;
}

static void
flows(struct fixture *f, struct talker *from, struct talker *to, const char *text)
{
    size_t before = to->received;

    assert_true(publish(f, from, text, strlen(text)) > 0);
    assert_int_equal(to->received, before + 1);
    assert_string_equal(to->last, text);
}

static struct gossip_peer_row
row_of(const struct talker *t, const struct world_node *of)
{
    struct gossip_peer_row row;

    assert_int_equal(gossip_peer_show(t->router, &of->identity.peer, TOPIC, &row), LAT_OK);
    return row;
}

static int
setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));

    assert_non_null(f);
    world_init(&f->world, 1);
    *state = f;
    return 0;
}

static int
teardown(void **state)
{
    struct fixture *f = *state;

    world_fini(&f->world);
    for (size_t i = 0; i < 3; i++) {
        gossip_streams_free(f->talkers[i].streams, f->world.now_ms);
        gossip_free(f->talkers[i].router);
    }
    free(f);
    return 0;
}

/* --- cases ----------------------------------------------------------------------------------------- */

static void
two_that_connect_hear_each_other(void **state)
{
    struct fixture *f = *state;
    struct talker *a = add_talker(f, 0, GOSSIP_1_2), *b = add_talker(f, 1, GOSSIP_1_2);

    dial(f, a->node, b->node);
    assert_true(row_of(a, b->node).in_mesh && row_of(b, a->node).in_mesh);
    assert_int_equal(row_of(a, b->node).version, GOSSIP_1_2);
    assert_true(row_of(a, b->node).outbound);
    assert_false(row_of(b, a->node).outbound);
    flows(f, a, b, "there");
    flows(f, b, a, "and back");
}

static void
the_newest_version_of_both_is_found_whoever_has_it(void **state)
{
    struct fixture *f = *state;
    struct talker *a = add_talker(f, 0, GOSSIP_1_2), *b = add_talker(f, 1, GOSSIP_1_1), *c = add_talker(f, 2, GOSSIP_1_0);

    dial(f, a->node, b->node);
    dial(f, c->node, a->node);
    assert_int_equal(row_of(a, b->node).version, GOSSIP_1_1);
    assert_int_equal(row_of(b, a->node).version, GOSSIP_1_1);
    assert_int_equal(row_of(a, c->node).version, GOSSIP_1_0);
    flows(f, c, b, "through the middle");
}

static void
a_large_message_passes_and_small_ones_behind_it(void **state)
{
    struct fixture *f = *state;
    struct talker *a = add_talker(f, 0, GOSSIP_1_2), *b = add_talker(f, 1, GOSSIP_1_2);
    char *large = malloc(900 * 1024);

    assert_non_null(large);
    memset(large, 'x', 900 * 1024);
    dial(f, a->node, b->node);
    assert_int_equal(publish(f, a, large, 900 * 1024), 1);
    assert_int_equal(b->received, 1);
    assert_int_equal(b->last_len, 900 * 1024);
    flows(f, a, b, "small");
    free(large);
}

static void
a_stream_that_was_reset_is_opened_again_and_begins_with_subscriptions(void **state)
{
    struct fixture *f = *state;
    struct talker *a = add_talker(f, 0, GOSSIP_1_2);
    struct actor *b = add_actor(f);
    size_t heard;

    dial(f, a->node, b->node);
    for (size_t i = 1; i <= 4; i++) {
        assert_int_equal(b->open, 1);
        assert_true(b->opened >= i);
        heard = b->heard;
        assert_true(heard > 0);
        stream_reset(b->inbound);
        swarm_wake(b->conn);
        run(f, 10000);
        assert_true(b->heard > heard);
    }
}

static void
who_refuses_is_asked_again_ever_more_rarely_and_without_end(void **state)
{
    struct fixture *f = *state;
    struct talker *a = add_talker(f, 0, GOSSIP_1_2);
    struct actor *b = add_actor(f);
    size_t before;

    b->refuses = true;
    dial(f, a->node, b->node);
    run(f, 59000);
    assert_true(b->opened >= 4 && b->opened <= 10);
    before = b->opened;
    run(f, 300000);
    assert_true(b->opened >= before + 5);
    b->refuses = false;
    run(f, 60000);
    assert_int_equal(b->open, 1);
    assert_true(row_of(a, b->node).open);
}

static void
who_has_lost_its_stream_to_us_is_reminded_by_a_new_one(void **state)
{
    struct fixture *f = *state;
    struct talker *a = add_talker(f, 0, GOSSIP_1_2);
    struct actor *b = add_actor(f);

    b->opens_on_second = true;
    dial(f, a->node, b->node);
    assert_int_equal(b->opened, 1);
    run(f, 3000);
    assert_int_equal(b->opened, 2);
    assert_int_equal(b->open, 1); /* never two at a time */
    assert_non_null(b->outbound);
    run(f, 60000);
    assert_int_equal(b->opened, 2);
}

static void
an_rpc_over_its_bound_or_none_at_all_ends_the_stream(void **state)
{
    static const uint8_t too_long[] = { 0x81, 0x80, 0x40 }, broken[] = { 0x02, 0x0b, 0x0c }, overlong[] = { 0x80, 0x80, 0x80, 0x80, 0x80,
                                                                                                          0x80, 0x80, 0x80, 0x80, 0x00 };
    static const struct {
        const uint8_t *bytes;
        size_t len;
    } cases[] = { { too_long, sizeof(too_long) }, { broken, sizeof(broken) }, { overlong, sizeof(overlong) } };
    struct fixture *f = *state;
    struct talker *a = add_talker(f, 0, GOSSIP_1_2);
    struct actor *b = add_actor(f);
    struct conn_stream *stream;

    dial(f, a->node, b->node);
    for (size_t i = 0; i < 3; i++) {
        size_t closed = b->closed;

        assert_int_equal(conn_open_stream(b->conn, &b->protocol, NULL, &stream), LAT_OK);
        assert_int_equal(stream_write(stream, cases[i].bytes, cases[i].len), cases[i].len);
        swarm_wake(b->conn);
        run(f, 200);
        assert_true(b->closed > closed && b->outbound == NULL);
    }
    assert_int_equal(world_open_ends(a->node), 1); /* the connection stays */
}

static void
rpcs_may_come_in_any_pieces_and_on_the_newer_of_two_streams(void **state)
{
    static const uint8_t subscription[] = { 0x0a, 0x0a, 0x08, 0x08, 0x01, 0x12, 0x04, 'n', 'e', 'w', 's' };
    struct fixture *f = *state;
    struct talker *a = add_talker(f, 0, GOSSIP_1_2);
    struct actor *b = add_actor(f);
    struct conn_stream *first, *second;

    dial(f, a->node, b->node);
    assert_int_equal(conn_open_stream(b->conn, &b->protocol, NULL, &first), LAT_OK);
    swarm_wake(b->conn);
    run(f, 200);
    assert_int_equal(conn_open_stream(b->conn, &b->protocol, NULL, &second), LAT_OK);
    swarm_wake(b->conn);
    run(f, 200);
    assert_int_equal(b->closed, 1); /* the older */
    assert_ptr_equal(b->outbound, second);
    for (size_t i = 0; i < sizeof(subscription); i++) {
        assert_false(row_of(a, b->node).subscribed);
        assert_int_equal(stream_write(second, &subscription[i], 1), 1);
        swarm_wake(b->conn);
        run(f, 100);
    }
    assert_true(row_of(a, b->node).subscribed);
}

static void
gossip_moves_to_the_connection_that_takes_the_place_of_the_former(void **state)
{
    struct fixture *f = *state;
    struct talker *a = add_talker(f, 0, GOSSIP_1_2), *b = add_talker(f, 1, GOSSIP_1_2);
    struct gossip_streams *former_streams = b->streams;
    struct gossip *former_router = b->router;

    dial(f, a->node, b->node);
    flows(f, a, b, "first");
    /* b begins again; a is not told and holds the former connection for alive. */
    talker_begin(b, GOSSIP_1_2);
    world_restart(b->node, true);
    gossip_streams_free(former_streams, f->world.now_ms);
    gossip_free(former_router);
    dial(f, b->node, a->node);
    assert_true(row_of(b, a->node).subscribed);
    flows(f, a, b, "second");
    flows(f, b, a, "third");
    run(f, 15000);
    assert_int_equal(world_open_ends(a->node), 1);
    assert_true(row_of(a, b->node).in_mesh && row_of(b, a->node).in_mesh);
    flows(f, a, b, "fourth");
    flows(f, b, a, "fifth");
}

static void
a_router_outlives_its_streams_and_knows_the_peer_by_new_ones(void **state)
{
    struct fixture *f = *state;
    struct talker *a = add_talker(f, 0, GOSSIP_1_2), *b = add_talker(f, 1, GOSSIP_1_2);

    dial(f, a->node, b->node);
    flows(f, a, b, "first");
    world_stop(a->node); /* the lung is switched off: nobody is told that a peer is down */
    gossip_streams_free(a->streams, f->world.now_ms);
    a->streams = NULL;
    assert_int_equal(gossip_peers(a->router, NULL, 0), 0);
    run(f, 1000);
    talker_attach(a, GOSSIP_1_2);
    world_start(a->node, false);
    dial(f, a->node, b->node);
    flows(f, a, b, "second");
    flows(f, b, a, "third");
}

static void
both_dial_at_once_and_nothing_is_lost_for_long(void **state)
{
    struct fixture *f = *state;
    struct talker *a = add_talker(f, 0, GOSSIP_1_2), *b = add_talker(f, 1, GOSSIP_1_2);

    a->node->latency_ms = b->node->latency_ms = 50;
    begin_dial(f, a->node, b->node);
    begin_dial(f, b->node, a->node);
    run(f, 3000);
    flows(f, a, b, "one");
    flows(f, b, a, "two");
    run(f, 15000);
    flows(f, a, b, "three");
    flows(f, b, a, "four");
}

/* js-libp2p does not notice the end of a stream that it has only just opened, and never opens another. */
static void
a_stream_on_a_connection_that_was_replaced_is_given_a_moment_and_reset_before_the_connection_ends(void **state)
{
    struct fixture *f = *state;
    struct talker *a = add_talker(f, 0, GOSSIP_1_2);
    struct actor *b = add_actor(f);
    bool a_is_lower = peerid_compare(&a->node->identity.peer, &b->node->identity.peer) < 0;
    struct world_node *lower = a_is_lower ? a->node : b->node, *higher = a_is_lower ? b->node : a->node;
    struct conn_stream *stray;
    uint64_t end;

    lower->latency_ms = higher->latency_ms = 50;
    begin_dial(f, higher, lower); /* opens first, and loses to the dial of the lower id */
    world_run(&f->world, 100);
    begin_dial(f, lower, higher);
    for (end = f->world.now_ms + 2000; b->former == NULL && f->world.now_ms < end;)
        run(f, 10);
    assert_non_null(b->former);
    assert_int_equal(conn_open_stream(b->former, &b->protocol, NULL, &stray), LAT_OK);
    swarm_wake(b->former);
    run(f, 300);
    assert_ptr_equal(b->outbound, stray);
    assert_int_equal(world_open_ends(a->node), 2);
    for (end = f->world.now_ms + 700; b->outbound && f->world.now_ms < end;)
        run(f, 10);
    assert_null(b->outbound);
    assert_int_equal(world_open_ends(a->node), 2); /* the connection itself says goodbye after that */
}

/* Checks are slower than the line: nothing is lost, and no more waits than a peer may have waiting. */
static void
who_sends_faster_than_its_messages_are_checked_is_slowed_down(void **state)
{
    struct fixture *f = *state;
    struct talker *a = add_talker(f, 0, GOSSIP_1_2), *b = add_talker(f, 1, GOSSIP_1_2);
    struct gossip_counters counters;
    static uint8_t data[500];
    size_t count, most = 0;

    b->waits = true;
    dial(f, a->node, b->node);
    for (int i = 0; i < 3000; i++)
        assert_int_equal(gossip_publish(a->router, TOPIC, data, sizeof(data), f->world.now_ms, NULL, 0, &count), LAT_OK);
    gossip_streams_flush(a->streams, f->world.now_ms);
    for (int i = 0; i < 200 && b->answered < 3000; i++) {
        run(f, 100);
        gossip_count(b->router, &counters);
        most = counters.pending > most ? counters.pending : most;
        answer(b, 50);
    }
    assert_int_equal(b->received, 3000);
    assert_int_equal(b->answered, 3000);
    assert_true(most >= 512 && most <= 512 + 200); /* whole RPCs are read */
    gossip_count(a->router, &counters);
    assert_int_equal(counters.dropped, 0);
    gossip_count(b->router, &counters);
    assert_int_equal(counters.overflowed, 0);
}

static void
a_peer_that_went_leaves_nothing_behind(void **state)
{
    struct fixture *f = *state;
    struct talker *a = add_talker(f, 0, GOSSIP_1_2), *b = add_talker(f, 1, GOSSIP_1_2);
    struct gossip_counters counters;

    for (int i = 0; i < 5; i++) {
        dial(f, a->node, b->node);
        flows(f, a, b, "hello");
        assert_true(swarm_hangup(a->node->swarm, &b->node->identity.peer, f->world.now_ms));
        run(f, 2000);
        gossip_count(a->router, &counters);
        assert_int_equal(counters.peers, 0);
        assert_int_equal(counters.queued_bytes, 0);
        assert_int_equal(gossip_mesh(b->router, TOPIC, NULL, 0), 0);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
#define CASE(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
        CASE(two_that_connect_hear_each_other),
        CASE(the_newest_version_of_both_is_found_whoever_has_it),
        CASE(a_large_message_passes_and_small_ones_behind_it),
        CASE(a_stream_that_was_reset_is_opened_again_and_begins_with_subscriptions),
        CASE(who_refuses_is_asked_again_ever_more_rarely_and_without_end),
        CASE(who_has_lost_its_stream_to_us_is_reminded_by_a_new_one),
        CASE(an_rpc_over_its_bound_or_none_at_all_ends_the_stream),
        CASE(rpcs_may_come_in_any_pieces_and_on_the_newer_of_two_streams),
        CASE(gossip_moves_to_the_connection_that_takes_the_place_of_the_former),
        CASE(a_router_outlives_its_streams_and_knows_the_peer_by_new_ones),
        CASE(both_dial_at_once_and_nothing_is_lost_for_long),
        CASE(a_stream_on_a_connection_that_was_replaced_is_given_a_moment_and_reset_before_the_connection_ends),
        CASE(who_sends_faster_than_its_messages_are_checked_is_slowed_down),
        CASE(a_peer_that_went_leaves_nothing_behind),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
