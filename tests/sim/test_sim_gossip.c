/*
 * test_sim_gossip.c - gossip among 2 to 200 routers on a virtual clock: what everyone gets, what is repaired, and what one who floods can
 * bring about at most.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/mesh.h"
#include "wire/rpc.h"

#define WARM_UP_MS 5000
#define HEARTBEATS(n) ((n) * 1000u)

static struct mesh *
running_mesh(uint64_t seed, size_t nodes, size_t dials)
{
    struct mesh *mesh = mesh_new(seed);

    for (size_t i = 0; i < nodes; i++)
        mesh_add(mesh, (enum gossip_version)sim_below(mesh_sim(mesh), 3));
    mesh_connect_all(mesh, dials);
    mesh_run(mesh, WARM_UP_MS);
    return mesh;
}

static struct mesh_node *
any_node(struct mesh *mesh)
{
    struct mesh_node *node;

    do
        node = mesh_node(mesh, sim_below(mesh_sim(mesh), mesh_count(mesh)));
    while (node->g == NULL);
    return node;
}

/* --- delivery ----------------------------------------------------------------------------------------- */

static void
deliver_to_all(uint64_t seed)
{
    static const size_t sizes[] = { 2, 3, 5, 10, 25, 50, 100, 200 };

    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        struct mesh *mesh = running_mesh(seed, sizes[i], 5);
        struct mesh_totals totals;
        size_t last = 0;

        assert_true(mesh_is_whole(mesh));
        for (int k = 0; k < 10; k++) {
            last = mesh_publish(any_node(mesh), MESH_GOOD, 200 + 4000 * (k == 9));
            mesh_run(mesh, 50);
        }
        mesh_run(mesh, 1000);
        for (size_t number = 0; number <= last; number++) {
            assert_int_equal(mesh_missing(mesh, number), 0);
            assert_in_range(mesh_spread_ms(mesh, number), 0, 200); /* by the mesh, without waiting for a heartbeat */
        }
        mesh_total(mesh, &totals);
        assert_int_equal(totals.verified, last + 1);
        assert_int_equal(totals.asked, (last + 1) * (sizes[i] - 1));
        mesh_free(mesh);
    }
}

static void
every_message_reaches_every_node_of_2_to_200(void **state)
{
    (void)state;
    sim_each_seed(1, deliver_to_all);
}

/* As many as it should have at least: D_lo, or all who are not full themselves. At most: D_hi. */
static void
assert_degree(const struct mesh_node *node)
{
    size_t within_reach = 0;

    for (const struct mesh_end *end = node->ends; end; end = end->next)
        within_reach += end->up && (mesh_row(node, end->other->node).in_mesh || mesh_degree(end->other->node) < gossip_defaults.d_high);
    assert_in_range(mesh_degree(node), within_reach < gossip_defaults.d_low ? within_reach : gossip_defaults.d_low,
                    gossip_defaults.d_high);
}

static void
keep_meshes(uint64_t seed)
{
    struct mesh *mesh = running_mesh(seed, 60, 8);

    mesh_run(mesh, HEARTBEATS(20));
    for (size_t i = 0; i < mesh_count(mesh); i++)
        assert_degree(mesh_node(mesh, i));
    assert_true(mesh_is_whole(mesh));
    mesh_free(mesh);
}

static void
meshes_keep_to_their_size(void **state)
{
    (void)state;
    sim_each_seed(3, keep_meshes);
}

/* --- loss --------------------------------------------------------------------------------------------- */

static void
repair(uint64_t seed)
{
    const struct mesh_faults bad = { .delay_low_ms = 1, .delay_high_ms = 200, .drop = 100000, .duplicate = 50000,
                                     .reorder = 300000 };
    struct mesh *mesh = running_mesh(seed, 40, 12);
    uint64_t repaired = 0;
    size_t last = 0;

    mesh_set_all_faults(mesh, &bad);
    for (int k = 0; k < 60; k++) {
        last = mesh_publish(any_node(mesh), MESH_GOOD, 300);
        mesh_run(mesh, 100);
    }
    mesh_run(mesh, HEARTBEATS(8));
    for (size_t number = 0; number <= last; number++)
        assert_int_equal(mesh_missing(mesh, number), 0);
    for (size_t i = 0; i < mesh_count(mesh); i++)
        repaired += mesh_counters(mesh_node(mesh, i)).repaired;
    assert_true(repaired > 0);
    mesh_free(mesh);
}

static void
what_links_lose_is_repaired_by_gossip(void **state)
{
    (void)state;
    sim_each_seed(3, repair);
}

/* --- churn -------------------------------------------------------------------------------------------- */

static void
churn(uint64_t seed)
{
    struct mesh *mesh = running_mesh(seed, 40, 8);
    struct sim *sim = mesh_sim(mesh);
    size_t number;

    for (int round = 0; round < 10; round++) {
        for (int k = 0; k < 8; k++) { /* a fifth breaks down */
            struct mesh_node *node = mesh_node(mesh, sim_below(sim, mesh_count(mesh)));

            if (node->g)
                mesh_stop(node);
        }
        mesh_run(mesh, HEARTBEATS(2));
        for (size_t i = 0; i < mesh_count(mesh); i++) {
            if (mesh_node(mesh, i)->g == NULL && sim_below(sim, 3) > 0)
                mesh_start(mesh_node(mesh, i));
        }
        mesh_connect_all(mesh, 3);
        mesh_run(mesh, HEARTBEATS(1));
    }
    mesh_run(mesh, HEARTBEATS(4));
    assert_true(mesh_is_whole(mesh));
    number = mesh_publish(any_node(mesh), MESH_GOOD, 100);
    mesh_run(mesh, 500);
    assert_int_equal(mesh_missing(mesh, number), 0);
    mesh_run(mesh, gossip_defaults.prune_backoff_ms + HEARTBEATS(4)); /* who was pruned may come back */
    for (size_t i = 0; i < mesh_count(mesh); i++) {
        if (mesh_node(mesh, i)->g)
            assert_degree(mesh_node(mesh, i));
    }
    mesh_free(mesh);
}

static void
the_mesh_heals_after_churn(void **state)
{
    (void)state;
    sim_each_seed(3, churn);
}

/* All links between the two halves. */
static void
for_border(struct mesh *mesh, void (*fn)(struct mesh_end *end))
{
    size_t half = mesh_count(mesh) / 2;

    for (size_t i = 0; i < half; i++) {
        for (struct mesh_end *end = mesh_node(mesh, i)->ends; end; end = end->next) {
            if (end->other->node->index >= half)
                fn(end);
        }
    }
}

static void
cut(struct mesh_end *end)
{
    mesh_cut(end, true);
}

static void
join(struct mesh_end *end)
{
    mesh_connect(end->node, end->other->node);
}

static void
partition(uint64_t seed)
{
    struct mesh *mesh = running_mesh(seed, 30, 6);
    size_t number, apart;

    for_border(mesh, cut);
    mesh_run(mesh, 10000); /* T_DEAD: only now the ends know */
    for_border(mesh, mesh_disconnect);
    mesh_run(mesh, HEARTBEATS(5));
    assert_false(mesh_is_whole(mesh));
    apart = mesh_publish(mesh_node(mesh, 0), MESH_GOOD, 100);
    mesh_run(mesh, 500);
    assert_int_equal(mesh_missing(mesh, apart), mesh_count(mesh) - mesh_count(mesh) / 2);
    for_border(mesh, join);
    mesh_run(mesh, HEARTBEATS(3));
    assert_true(mesh_is_whole(mesh));
    number = mesh_publish(mesh_node(mesh, 0), MESH_GOOD, 100);
    mesh_run(mesh, 500);
    assert_int_equal(mesh_missing(mesh, number), 0);
    mesh_free(mesh);
}

static void
two_halves_that_meet_again_are_one_mesh(void **state)
{
    (void)state;
    sim_each_seed(3, partition);
}

/* --- one who floods ----------------------------------------------------------------------------------- */

#define VICTIMS 12
#define FLOOD_MS 30000u

/* A mesh with a stranger who is connected to everyone, and subscribed. */
struct siege {
    struct mesh *mesh;
    struct mesh_node *stranger;
    struct lat_buf rpc, control, part;
    uint64_t sent;
};

static void
stranger_subscribes(struct siege *s)
{
    lat_buf_clear(&s->rpc);
    assert_int_equal(rpc_put_subscription(&s->rpc, MESH_TOPIC, strlen(MESH_TOPIC), true), LAT_OK);
    for (struct mesh_end *end = s->stranger->ends; end; end = end->next)
        mesh_say(end, s->rpc.data, s->rpc.len);
}

static void
siege_begin(struct siege *s, uint64_t seed)
{
    memset(s, 0, sizeof(*s));
    s->mesh = running_mesh(seed, VICTIMS, 4);
    s->stranger = mesh_add_stranger(s->mesh);
    lat_buf_init(&s->rpc, GOSSIP_RPC_MAX);
    lat_buf_init(&s->control, GOSSIP_RPC_MAX);
    lat_buf_init(&s->part, GOSSIP_RPC_MAX);
    for (size_t i = 0; i < VICTIMS; i++)
        mesh_connect(s->stranger, mesh_node(s->mesh, i));
    mesh_run(s->mesh, 100);
    stranger_subscribes(s);
    mesh_run(s->mesh, 2000);
}

static void
siege_end(struct siege *s)
{
    lat_buf_fini(&s->rpc);
    lat_buf_fini(&s->control);
    lat_buf_fini(&s->part);
    mesh_free(s->mesh);
}

static void
say_to_all(struct siege *s)
{
    for (struct mesh_end *end = s->stranger->ends; end; end = end->next)
        mesh_say(end, s->rpc.data, s->rpc.len);
    s->sent++;
}

static void
say_control(struct siege *s)
{
    lat_buf_clear(&s->rpc);
    assert_int_equal(rpc_put_control(&s->rpc, &s->control), LAT_OK);
    say_to_all(s);
}

/* The flood, an RPC each 10 ms, while the others go on talking, who must not notice. */
static void
flood(struct siege *s, void (*shot)(struct siege *s))
{
    size_t first = 0, last = 0;

    for (uint64_t t = 0; t < FLOOD_MS; t += 10) {
        lat_buf_clear(&s->rpc);
        lat_buf_clear(&s->control);
        lat_buf_clear(&s->part);
        shot(s);
        if (t % 1000 == 0) {
            last = mesh_publish(mesh_node(s->mesh, t / 1000 % VICTIMS), MESH_GOOD, 200);
            first = first ? first : last;
        }
        mesh_run(s->mesh, 10);
    }
    mesh_run(s->mesh, 1000);
    for (size_t number = first; number <= last; number++) {
        if (mesh_has(mesh_node(s->mesh, 0), number)) /* the stranger's own are numbered too */
            assert_int_equal(mesh_missing(s->mesh, number), 0);
    }
}

/* Of the stranger, with the one who thinks best of him. */
static double
best_score(const struct siege *s)
{
    double best = mesh_row(mesh_node(s->mesh, 0), s->stranger).score;

    for (size_t i = 1; i < VICTIMS; i++) {
        double score = mesh_row(mesh_node(s->mesh, i), s->stranger).score;

        best = score > best ? score : best;
    }
    return best;
}

static void
assert_memory_is_bounded(const struct siege *s)
{
    for (size_t i = 0; i < VICTIMS; i++) {
        struct gossip_counters c = mesh_counters(mesh_node(s->mesh, i));

        assert_in_range(c.held_bytes, 0, gossip_defaults.held_bytes_max);
        assert_in_range(c.pending, 0, gossip_defaults.pending_max);
        assert_in_range(c.seen, 0, gossip_defaults.seen_max);
        assert_in_range(c.queued_bytes, 0, gossip_defaults.queue_bytes_max * (VICTIMS + 1));
        assert_in_range(c.topics, 0, gossip_defaults.topics_max + gossip_defaults.peer_topics_max * VICTIMS);
    }
}

static void
put_message(struct siege *s, enum mesh_kind kind, bool forged)
{
    lat_buf_clear(&s->part);
    (void)mesh_make(s->stranger, kind, 100, forged, &s->part);
    assert_int_equal(rpc_put_message(&s->rpc, s->part.data, s->part.len), LAT_OK);
}

static void
shoot_forged(struct siege *s)
{
    put_message(s, MESH_GOOD, true);
    say_to_all(s);
}

static void
forged_messages(uint64_t seed)
{
    struct siege s;

    siege_begin(&s, seed);
    flood(&s, shoot_forged);
    for (size_t i = 0; i < VICTIMS; i++) {
        struct gossip_counters c = mesh_counters(mesh_node(s.mesh, i));

        assert_in_range(c.forged, 1, 20); /* then nothing of him is read any more */
        assert_true(c.graylisted > 2000);
    }
    assert_true(best_score(&s) <= gossip_defaults.score.graylist_threshold);
    assert_memory_is_bounded(&s);
    siege_end(&s);
}

static void
shoot_rejected(struct siege *s)
{
    put_message(s, MESH_REJECTED, false);
    say_to_all(s);
}

static void
rejected_messages(uint64_t seed)
{
    struct siege s;

    siege_begin(&s, seed);
    flood(&s, shoot_rejected);
    for (size_t i = 0; i < VICTIMS; i++)
        assert_in_range(mesh_counters(mesh_node(s.mesh, i)).rejected, 1, 20);
    assert_true(best_score(&s) <= gossip_defaults.score.graylist_threshold);
    siege_end(&s);
}

/* Ids that nobody has: who asks for them is kept waiting. */
static void
shoot_promises(struct siege *s)
{
    for (int i = 0; i < 50; i++) {
        uint8_t id[46];

        memcpy(id, s->stranger->identity.peer.bytes, sizeof(id) - 8);
        sim_fill(mesh_sim(s->mesh), id + sizeof(id) - 8, 8);
        assert_int_equal(rpc_put_id(&s->part, RPC_IHAVE, id, sizeof(id)), LAT_OK);
    }
    assert_int_equal(rpc_put_ids(&s->control, RPC_IHAVE, MESH_TOPIC, strlen(MESH_TOPIC), &s->part), LAT_OK);
    say_control(s);
}

static void
broken_promises(uint64_t seed)
{
    struct siege s;

    siege_begin(&s, seed);
    flood(&s, shoot_promises);
    for (size_t i = 0; i < VICTIMS; i++) {
        struct gossip_counters c = mesh_counters(mesh_node(s.mesh, i));

        assert_true(c.broken_promises > 0);
        assert_in_range(c.iwant_out, 1, gossip_defaults.ihave_messages_max * 50 * 8); /* eight heartbeats, and he has lost his voice */
    }
    assert_true(best_score(&s) <= gossip_defaults.score.gossip_threshold);
    assert_memory_is_bounded(&s);
    siege_end(&s);
}

/* The latest message, again and again. */
static void
shoot_iwant(struct siege *s)
{
    uint8_t id[GOSSIP_ID_MAX];
    size_t len = s->stranger->identity.peer.len;

    if (!s->stranger->sent_us) {
        put_message(s, MESH_GOOD, false); /* it is known from now on */
        say_to_all(s);
        return;
    }
    memcpy(id, s->stranger->identity.peer.bytes, len);
    sim_fill(mesh_sim(s->mesh), id + len, 8);
    for (int i = 0; i < 100; i++)
        assert_int_equal(rpc_put_id(&s->part, RPC_IWANT, id, len + 8), LAT_OK);
    assert_int_equal(rpc_put_ids(&s->control, RPC_IWANT, NULL, 0, &s->part), LAT_OK);
    say_control(s);
}

static void
questions(uint64_t seed)
{
    struct siege s;

    siege_begin(&s, seed);
    flood(&s, shoot_iwant);
    for (size_t i = 0; i < VICTIMS; i++)
        assert_in_range(mesh_counters(mesh_node(s.mesh, i)).iwant_served, 0, 100);
    assert_memory_is_bounded(&s);
    siege_end(&s);
}

static void
shoot_graft(struct siege *s)
{
    assert_int_equal(rpc_put_graft(&s->control, MESH_TOPIC, strlen(MESH_TOPIC)), LAT_OK);
    assert_int_equal(rpc_put_prune(&s->control, MESH_TOPIC, strlen(MESH_TOPIC), 60), LAT_OK);
    assert_int_equal(rpc_put_graft(&s->control, MESH_TOPIC, strlen(MESH_TOPIC)), LAT_OK);
    say_control(s);
}

static void
grafts(uint64_t seed)
{
    struct siege s;

    siege_begin(&s, seed);
    flood(&s, shoot_graft);
    for (size_t i = 0; i < VICTIMS; i++) {
        assert_false(mesh_row(mesh_node(s.mesh, i), s.stranger).in_mesh);
        assert_true(mesh_counters(mesh_node(s.mesh, i)).early_grafts > 0);
    }
    assert_true(best_score(&s) <= gossip_defaults.score.graylist_threshold);
    assert_memory_is_bounded(&s);
    siege_end(&s);
}

/* New topics all the time, left again at once. */
static void
shoot_subscriptions(struct siege *s)
{
    for (int i = 0; i < 50; i++) {
        char topic[32];
        size_t len = (size_t)snprintf(topic, sizeof(topic), "t%llu", (unsigned long long)sim_below(mesh_sim(s->mesh), 100000));

        assert_int_equal(rpc_put_subscription(&s->rpc, topic, len, i % 3 != 0), LAT_OK);
    }
    assert_int_equal(rpc_put_subscription(&s->rpc, MESH_TOPIC, strlen(MESH_TOPIC), s->sent % 2), LAT_OK);
    say_to_all(s);
}

static void
subscriptions(uint64_t seed)
{
    struct siege s;

    siege_begin(&s, seed);
    flood(&s, shoot_subscriptions);
    for (size_t i = 0; i < VICTIMS; i++)
        assert_in_range(mesh_counters(mesh_node(s.mesh, i)).topics, 1, gossip_defaults.peer_topics_max + 1);
    assert_memory_is_bounded(&s);
    siege_end(&s);
}

static void
shoot_idontwant(struct siege *s)
{
    for (int i = 0; i < 500; i++) {
        uint8_t id[46];

        sim_fill(mesh_sim(s->mesh), id, sizeof(id));
        assert_int_equal(rpc_put_id(&s->part, RPC_IDONTWANT, id, sizeof(id)), LAT_OK);
    }
    assert_int_equal(rpc_put_ids(&s->control, RPC_IDONTWANT, NULL, 0, &s->part), LAT_OK);
    say_control(s);
}

static void
unwanted(uint64_t seed)
{
    struct siege s;

    siege_begin(&s, seed);
    flood(&s, shoot_idontwant);
    for (size_t i = 0; i < VICTIMS; i++) /* looked at: so many a heartbeat */
        assert_in_range(mesh_counters(mesh_node(s.mesh, i)).idontwant_in, 1,
                        gossip_defaults.idontwant_ids_max * (FLOOD_MS / 1000 + 2) + VICTIMS * 1000);
    assert_memory_is_bounded(&s);
    siege_end(&s);
}

/* One good message, a thousand times: checked once, forwarded once. */
static void
shoot_copies(struct siege *s)
{
    static uint8_t kept[1024];
    static size_t kept_len;

    if (s->sent == 0) {
        (void)mesh_make(s->stranger, MESH_GOOD, 100, false, &s->part);
        memcpy(kept, s->part.data, s->part.len);
        kept_len = s->part.len;
    }
    for (int i = 0; i < 20; i++)
        assert_int_equal(rpc_put_message(&s->rpc, kept, kept_len), LAT_OK);
    say_to_all(s);
}

static void
copies(uint64_t seed)
{
    struct siege s;

    siege_begin(&s, seed);
    flood(&s, shoot_copies);
    for (size_t i = 0; i < VICTIMS; i++) {
        struct gossip_counters c = mesh_counters(mesh_node(s.mesh, i));

        assert_in_range(c.checked, 1, FLOOD_MS / 1000 + 2);
        assert_true(c.duplicates > 10000);
    }
    assert_memory_is_bounded(&s);
    siege_end(&s);
}

static void
shoot_garbage(struct siege *s)
{
    uint8_t bytes[200];

    sim_fill(mesh_sim(s->mesh), bytes, sizeof(bytes));
    assert_int_equal(lat_buf_add(&s->rpc, bytes, sizeof(bytes)), LAT_OK);
    say_to_all(s);
}

static void
garbage(uint64_t seed)
{
    struct siege s;

    siege_begin(&s, seed);
    flood(&s, shoot_garbage);
    for (size_t i = 0; i < VICTIMS; i++)
        assert_true(mesh_counters(mesh_node(s.mesh, i)).malformed > 1000);
    assert_memory_is_bounded(&s);
    siege_end(&s);
}

/* --- one who reads slowly ----------------------------------------------------------------------------- */

static void
slow_reader(uint64_t seed)
{
    const struct mesh_faults slow = { .delay_low_ms = 2000, .delay_high_ms = 2000, .window = 64 * 1024 };
    struct mesh *mesh = running_mesh(seed, 6, 5);
    struct mesh_node *author = mesh_node(mesh, 0), *reader = mesh_node(mesh, 5);
    struct mesh_end *end = mesh_end_of(author, reader);
    size_t first = 0, last = 0;

    end->faults = slow;
    for (int k = 0; k < 100; k++) { /* 1 MiB/s, of which 32 KiB/s go through */
        last = mesh_publish(author, MESH_GOOD, 100 * 1024);
        first = k == 0 ? last : first;
        mesh_run(mesh, 100);
        assert_in_range(mesh_row(author, reader).queued_bytes, 0, gossip_defaults.queue_bytes_max);
    }
    assert_true(mesh_row(author, reader).dropped > 0);
    assert_in_range(mesh_counters(author).slow_peers, 1, 100);
    mesh_run(mesh, 2000);
    for (size_t number = first; number <= last; number++)
        assert_int_equal(mesh_missing(mesh, number), 0); /* the others forward to it what it did not get here */
    mesh_free(mesh);
}

/* --- the simulator itself ----------------------------------------------------------------------------- */

static uint64_t
trace_of(uint64_t seed)
{
    const struct mesh_faults bad = { .delay_low_ms = 1, .delay_high_ms = 100, .drop = 100000, .duplicate = 50000, .reorder = 100000 };
    struct mesh *mesh = running_mesh(seed, 20, 5);
    uint64_t hash;

    mesh_set_all_faults(mesh, &bad);
    for (int k = 0; k < 20; k++) {
        mesh_publish(any_node(mesh), MESH_GOOD, 100);
        mesh_run(mesh, 200);
        if (k % 5 == 0)
            mesh_stop(any_node(mesh));
    }
    hash = sim_trace_hash(mesh_sim(mesh));
    mesh_free(mesh);
    return hash;
}

static void
same_trace(uint64_t seed)
{
    uint64_t first = trace_of(seed);

    assert_true(trace_of(seed) == first);
    assert_true(trace_of(seed + 1) != first);
}

#define SEEDS_TEST(name, usual, fn)                                                                          \
    static void name(void **state)                                                                           \
    {                                                                                                        \
        (void)state;                                                                                         \
        sim_each_seed(usual, fn);                                                                            \
    }

SEEDS_TEST(the_same_seed_gives_the_same_run, 2, same_trace)
SEEDS_TEST(forged_messages_cost_a_few_checks, 1, forged_messages)
SEEDS_TEST(rejected_messages_cost_a_few_checks, 1, rejected_messages)
SEEDS_TEST(promises_that_are_not_kept_are_not_believed_for_long, 1, broken_promises)
SEEDS_TEST(questions_are_answered_a_few_times, 1, questions)
SEEDS_TEST(grafts_against_the_rules_shut_him_out, 1, grafts)
SEEDS_TEST(subscriptions_take_a_bounded_place, 1, subscriptions)
SEEDS_TEST(unwanted_ids_take_a_bounded_place, 1, unwanted)
SEEDS_TEST(copies_are_checked_and_forwarded_once, 1, copies)
SEEDS_TEST(garbage_disturbs_nobody, 1, garbage)
SEEDS_TEST(who_reads_slowly_holds_up_nobody, 1, slow_reader)

int
main(void)
{
#define TEST(name) cmocka_unit_test_teardown(name, sim_teardown)
    const struct CMUnitTest tests[] = {
        TEST(the_same_seed_gives_the_same_run),
        TEST(every_message_reaches_every_node_of_2_to_200),
        TEST(meshes_keep_to_their_size),
        TEST(what_links_lose_is_repaired_by_gossip),
        TEST(the_mesh_heals_after_churn),
        TEST(two_halves_that_meet_again_are_one_mesh),
        TEST(forged_messages_cost_a_few_checks),
        TEST(rejected_messages_cost_a_few_checks),
        TEST(promises_that_are_not_kept_are_not_believed_for_long),
        TEST(questions_are_answered_a_few_times),
        TEST(grafts_against_the_rules_shut_him_out),
        TEST(subscriptions_take_a_bounded_place),
        TEST(unwanted_ids_take_a_bounded_place),
        TEST(copies_are_checked_and_forwarded_once),
        TEST(garbage_disturbs_nobody),
        TEST(who_reads_slowly_holds_up_nobody),
    };

    sim_choose_tests();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
