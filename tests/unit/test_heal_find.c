/*
 * How a session finds what differs: by a sketch, by a descent, from gossip alone; at what cost; and what it makes of a
 * peer that lies.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/le.h"
#include "state/heal_parts.h"
#include "state/sketch.h"
#include "support/heal_pair.h"
#include "support/random.h"

#define MANY 3000

static int
setup(void **state)
{
    struct heal_pair *pair = calloc(1, sizeof(*pair));

    assert_non_null(pair);
    pair_init(pair, 17);
    *state = pair;
    return 0;
}

static int
teardown(void **state)
{
    struct heal_pair *pair = *state;

    pair_fini(pair);
    free(pair);
    return 0;
}

/* The same records on both sides; a state is sealed when something is put into it. */
static void
fill_both(struct heal_pair *pair, size_t count)
{
    world_fill(&pair->world, &pair->nodes[0].state, 3, "key", count, 40);
    world_fill(&pair->world, &pair->nodes[1].state, 3, "key", count, 40);
}

/* `count` of the common keys are changed there. */
static void
change_there(struct heal_pair *pair, size_t count)
{
    struct lat_buf bytes;
    char key[32];

    lat_buf_init(&bytes, RECORD_LEN_MAX);
    for (size_t i = 0; i < count; i++) {
        snprintf(key, sizeof(key), "key%zu", i * 7 % MANY);
        lat_buf_clear(&bytes);
        world_record(&pair->world, 1, key, "\"changed\"", HLC_OF_MS(WORLD_NOW_MS) + i, &bytes);
        memory_put(&pair->nodes[1].state, bytes.data, bytes.len);
    }
    lat_buf_fini(&bytes);
    memory_seal(&pair->nodes[1].state);
}

static struct heal *
healing(struct heal_pair *pair)
{
    return &pair->nodes[0].peer.heal;
}

static void
no_sketch(struct heal_pair *pair)
{
    healing(pair)->sketch_pause_until_ms = UINT64_MAX;
}

static void
a_sketch_names_what_differs_in_two_or_three_exchanges(void **state)
{
    static const size_t changed[] = { 1, 10, 60, 300 };

    for (size_t i = 0; i < sizeof(changed) / sizeof(changed[0]); i++) {
        struct heal_pair *pair;

        setup((void **)&pair);
        fill_both(pair, MANY);
        change_there(pair, changed[i]);
        assert_int_equal(pair_session(pair, 0), HEAL_EQUAL);
        assert_int_equal(healing(pair)->tier, HEAL_TIER_SKETCH);
        assert_int_equal(healing(pair)->applied, changed[i]);
        assert_true(healing(pair)->exact);
        assert_int_equal(healing(pair)->estimate, 2 * changed[i]);
        assert_true(pair->messages <= 4);
        assert_true(pair->bytes < 900 + changed[i] * 400);
        teardown((void **)&pair);
    }
    (void)state;
}

static void
a_descent_finds_the_same_at_the_cost_of_the_difference(void **state)
{
    static const size_t changed[] = { 1, 10, 60, 300 };

    for (size_t i = 0; i < sizeof(changed) / sizeof(changed[0]); i++) {
        struct heal_pair *pair;

        setup((void **)&pair);
        fill_both(pair, MANY);
        change_there(pair, changed[i]);
        no_sketch(pair);
        assert_int_equal(pair_session(pair, 0), HEAL_EQUAL);
        assert_int_equal(healing(pair)->tier, HEAL_TIER_DESCENT);
        assert_int_equal(healing(pair)->applied, changed[i]);
        assert_true(pair->messages <= 8);
        assert_true(pair->bytes < 1500 + changed[i] * 1500);
        teardown((void **)&pair);
    }
    (void)state;
}

/* States so small that lists stand near the top, where they do not show enough of a keyhash to ask for a record. */
static void
a_descent_heals_small_states_too(void **state)
{
    (void)state;
    for (size_t common = 0; common < 40; common++) {
        struct heal_pair *pair;

        setup((void **)&pair);
        fill_both(pair, 60);
        world_fill(&pair->world, &pair->nodes[0].state, 0, "a", common % 7, 20);
        world_fill(&pair->world, &pair->nodes[1].state, 1, "b", common % 5, 20);
        world_put(&pair->world, &pair->nodes[1].state, 1, "key3", NULL, HLC_OF_MS(WORLD_NOW_MS));
        no_sketch(pair);
        assert_int_equal(pair_session(pair, 0), HEAL_EQUAL);
        assert_int_equal(healing(pair)->tier, HEAL_TIER_DESCENT);
        assert_int_equal(healing(pair)->given_taken, common % 7);
        assert_int_equal(healing(pair)->applied, 1 + common % 5);
        teardown((void **)&pair);
    }
}

static void
the_first_cells_of_a_node(const struct memory_view *memory, struct lat_buf *out)
{
    struct sketch_cell cells[HEAL_HINT_CELLS];
    uint8_t of[32];
    uint64_t records;

    assert_int_equal(
        memory->view.cells(memory->view.arg, memory->view.root, HEAL_HINT_CELLS, cells, of, &records), LAT_OK);
    lat_buf_init(out, 1000);
    assert_int_equal(sketch_write(cells, 0, HEAL_HINT_CELLS, records, out), LAT_OK);
}

static void
gossip_names_a_changed_key_without_a_question_and_heals_it_with_one(void **state)
{
    struct heal_pair *pair = *state;
    const struct recon_view *there = &pair->nodes[1].state.view, *here = &pair->nodes[0].state.view;
    struct lat_buf cells;

    fill_both(pair, 300);
    world_put(&pair->world, &pair->nodes[1].state, 1, "key7", "2", HLC_OF_MS(WORLD_NOW_MS));
    the_first_cells_of_a_node(&pair->nodes[1].state, &cells);
    assert_int_equal(heal_preview(healing(pair), here), LAT_NOTFOUND);
    assert_int_equal(heal_hint(healing(pair), there->root, there->count, cells.data, cells.len), LAT_OK);
    assert_int_equal(heal_preview(healing(pair), here), LAT_OK);
    assert_int_equal(healing(pair)->key_count, 1);
    assert_int_equal(healing(pair)->key_total, 1);
    assert_int_equal(healing(pair)->estimate, 2);
    assert_string_equal(healing(pair)->keys[0].key, "key7");
    assert_int_equal(pair_session(pair, 0), HEAL_EQUAL);
    assert_int_equal(pair->messages, 1);
    lat_buf_fini(&cells);
}

static void
gossip_says_when_too_much_differs_or_its_cells_are_none(void **state)
{
    struct heal_pair *pair = *state;
    const struct recon_view *there = &pair->nodes[1].state.view, *here = &pair->nodes[0].state.view;
    struct lat_buf cells;

    fill_both(pair, 300);
    change_there(pair, 200);
    the_first_cells_of_a_node(&pair->nodes[1].state, &cells);
    assert_int_equal(heal_hint(healing(pair), there->root, there->count, cells.data, cells.len), LAT_OK);
    assert_int_equal(heal_preview(healing(pair), here), LAT_LIMIT);
    for (size_t len = 0; len < cells.len; len++)
        assert_int_equal(heal_hint(healing(pair), there->root, there->count, cells.data, len), LAT_MALFORMED);
    assert_int_equal(heal_hint(healing(pair), there->root, UINT64_MAX, cells.data, cells.len), LAT_MALFORMED);
    lat_buf_fini(&cells);
}

/* --- a sketch that leads nowhere -------------------------------------------------------------------------- */

static void
bend_cells(void *arg, struct lat_buf *reply)
{
    (void)arg;
    if (reply->data[0] == RECON_CELLS + RECON_REPLY)
        for (size_t i = 56; i < reply->len; i += 17)
            reply->data[i] ^= 0x55; /* sums whose checks do not hold */
}

static void
a_sketch_that_does_not_settle_gives_way_to_a_descent_and_twice_to_a_pause(void **state)
{
    struct heal_pair *pair = *state;

    fill_both(pair, MANY);
    change_there(pair, 20);
    pair->weather.bend = bend_cells;
    assert_int_equal(pair_session(pair, 0), HEAL_EQUAL);
    assert_int_equal(healing(pair)->tier, HEAL_TIER_DESCENT);
    assert_int_equal(healing(pair)->sketch_pause_until_ms, 0);
    healing(pair)->sketch_failures = 1;
    world_put(&pair->world, &pair->nodes[1].state, 1, "key7", "2", HLC_OF_MS(WORLD_NOW_MS) + 900000);
    assert_int_equal(pair_session(pair, 0), HEAL_EQUAL);
    assert_in_range(healing(pair)->sketch_pause_until_ms, pair->now_ms + HEAL_SKETCH_PAUSE_MS - 1000,
                    pair->now_ms + HEAL_SKETCH_PAUSE_MS);
    pair->weather.bend = NULL;
    world_put(&pair->world, &pair->nodes[1].state, 1, "key8", "2", HLC_OF_MS(WORLD_NOW_MS) + 900000);
    assert_int_equal(pair_session(pair, 0), HEAL_EQUAL);
    assert_int_equal(healing(pair)->tier, HEAL_TIER_DESCENT);
    pair_wait(pair, HEAL_SKETCH_PAUSE_MS);
    world_put(&pair->world, &pair->nodes[1].state, 1, "key9", "2", HLC_OF_MS(WORLD_NOW_MS) + 900000);
    assert_int_equal(pair_session(pair, 0), HEAL_EQUAL);
    assert_int_equal(healing(pair)->tier, HEAL_TIER_SKETCH);
}

static void
refuse_cells(void *arg, struct lat_buf *reply)
{
    struct heal_pair *pair = arg;

    if (reply->data[0] == RECON_CELLS + RECON_REPLY)
        assert_int_equal(recon_error_message(&pair->world.network, RECON_E_BUSY, 1000, "no cells yet", reply), LAT_OK);
}

static void
a_node_without_cells_is_compared_by_its_tree(void **state)
{
    struct heal_pair *pair = *state;

    fill_both(pair, 500);
    change_there(pair, 5);
    pair->weather.bend = refuse_cells;
    pair->weather.arg = pair;
    assert_int_equal(pair_session(pair, 0), HEAL_EQUAL);
    assert_int_equal(healing(pair)->tier, HEAL_TIER_DESCENT);
    assert_int_equal(healing(pair)->sketch_failures, 0);
}

/* --- liars ------------------------------------------------------------------------------------------------ */

/* Every subtree of it seems to differ, with other digests each time. */
static enum lat_err
endless_subtree(void *arg, const uint8_t prefix[32], unsigned bits, uint64_t *count, uint8_t hash[32])
{
    static uint64_t seed = 1;

    (void)arg;
    (void)prefix;
    *count = bits > 240 ? 1 : 1000000;
    random_fill(&seed, hash, 32);
    return LAT_OK;
}

static enum lat_err
no_cells(void *arg, const uint8_t root[32], size_t count, struct sketch_cell *out, uint8_t of[32], uint64_t *records)
{
    (void)arg, (void)root, (void)count, (void)out, (void)of, (void)records;
    return LAT_BUSY;
}

static void
a_tree_without_end_costs_four_mib_and_then_pauses(void **state)
{
    struct heal_pair *pair = *state;
    struct recon_view *there = &pair->nodes[1].state.view;

    fill_both(pair, 500);
    world_put(&pair->world, &pair->nodes[1].state, 1, "key7", "2", HLC_OF_MS(WORLD_NOW_MS));
    there->subtree = endless_subtree;
    there->cells = no_cells;
    for (unsigned i = 0; i < HEAL_FRUITLESS_MAX; i++) {
        enum heal_end end = pair_session(pair, 0);

        assert_true(end == HEAL_STALLED || end == HEAL_FAILED);
        assert_true(pair->bytes < HEAL_STALL_BYTES_MAX + 2 * RECON_MESSAGE_MAX);
    }
    assert_true(pair->nodes[0].peer.pause_until_ms > pair->now_ms);
    assert_int_equal(pair->nodes[0].state.count, 500);
}

static void
withhold(void *arg, struct lat_buf *reply)
{
    struct heal_pair *pair = arg;
    struct lat_cursor in;
    uint64_t served;

    if (reply->data[0] != RECON_RECORDS + RECON_REPLY)
        return;
    lat_cursor_init(&in, reply->data + 10, reply->len - 10);
    assert_int_equal(lat_take_varint(&in), 0);
    served = lat_take_varint(&in);
    lat_buf_clear(reply);
    assert_int_equal(recon_add_head(&pair->world.network, RECON_RECORDS + RECON_REPLY, reply), LAT_OK);
    assert_int_equal(recon_add_varint(reply, 0), LAT_OK);
    assert_int_equal(recon_add_varint(reply, served), LAT_OK);
    assert_int_equal(recon_add_varint(reply, 0), LAT_OK);
    assert_int_equal(recon_add_root(&pair->nodes[1].state.view, reply), LAT_OK);
}

static void
records_that_are_advertised_and_not_delivered_are_counted(void **state)
{
    struct heal_pair *pair = *state;

    fill_both(pair, 500);
    change_there(pair, 12);
    pair->weather.bend = withhold;
    pair->weather.arg = pair;
    no_sketch(pair);
    assert_int_equal(pair_session(pair, 0), HEAL_FAILED);
    assert_string_equal(healing(pair)->why.text, "advertises 12 records that it does not deliver");
    assert_false(heal_had_progress(healing(pair)));
}

/* Says that it has applied what it is given, and keeps nothing of it. */
static void
a_node_that_takes_the_same_gifts_again_and_again_is_found_out(void **state)
{
    struct heal_pair *pair = *state;
    struct heal *heal = healing(pair);
    struct heal_sent sent = { .keyhash = { 1 }, .ours = { 2 } };
    unsigned sessions = 0;

    heal->own_count = 10;
    do {
        heal->session_given = 0;
        heal->end = HEAL_MOVED;
        assert_int_equal(heal_count_gift(heal, VERDICT_APPLIED, &sent, WORLD_NOW_MS), LAT_OK);
        sessions++;
    } while (sessions < 100 && heal_had_progress(heal));
    assert_int_equal(sessions, 12); /* ten records, and one more */
}

/* --- trust ------------------------------------------------------------------------------------------------ */

static void
a_difference_in_trust_costs_one_session_until_a_list_changes(void **state)
{
    struct heal_pair *pair = *state;
    struct heal_peer *peer = &pair->nodes[0].peer;

    fill_both(pair, 100);
    world_fill(&pair->world, &pair->nodes[1].state, 2, "strange", 5, 20);
    pair_look(pair, 0);
    assert_int_equal(pair_session(pair, 0), HEAL_BUT);
    for (int i = 0; i < 100; i++) {
        pair_wait(pair, 30000);
        pair_look(pair, 0);
        assert_true(peer->equal);
        assert_int_equal(peer->but, 5);
        assert_int_equal(heal_peer_due_at(peer), UINT64_MAX);
    }
    assert_string_equal(peer->trouble, "agrees but for 5: 5 of author ed4928c6.. not trusted here");
    /* The other side changes its list: nothing changes here, but it is looked at again. */
    assert_int_equal(trust_add(&pair->nodes[1].trust, key_public(pair->world.keys[2]), TRUST_NOT_RETIRED), LAT_OK);
    pair_look(pair, 0);
    assert_true(heal_peer_is_due(peer, pair->now_ms));
    assert_true(peer->trust_differs);
    assert_int_equal(pair_session(pair, 0), HEAL_BUT);
    /* We change ours: the records come. */
    assert_int_equal(trust_add(&pair->nodes[0].trust, key_public(pair->world.keys[2]), TRUST_NOT_RETIRED), LAT_OK);
    pair_look(pair, 0);
    assert_false(peer->trust_differs);
    assert_int_equal(pair_session(pair, 0), HEAL_EQUAL);
    assert_int_equal(healing(pair)->applied, 5);
}

static void
a_settled_key_that_changes_is_compared_again(void **state)
{
    struct heal_pair *pair = *state;

    fill_both(pair, 100);
    world_put(&pair->world, &pair->nodes[1].state, 2, "key7", "2", HLC_OF_MS(WORLD_NOW_MS));
    pair_look(pair, 0);
    assert_int_equal(pair_session(pair, 0), HEAL_BUT);
    world_put(&pair->world, &pair->nodes[0].state, 0, "key7", "3", HLC_OF_MS(WORLD_NOW_MS) + 1);
    pair_look(pair, 0);
    assert_true(heal_peer_is_due(&pair->nodes[0].peer, pair->now_ms));
    assert_int_equal(pair_session(pair, 0), HEAL_EQUAL);
    assert_int_equal(healing(pair)->settled.count, 0);
}

static void
more_settled_keys_than_a_table_holds_are_incompatible(void **state)
{
    struct heal_pair *pair = *state;

    fill_both(pair, 10);
    world_fill(&pair->world, &pair->nodes[1].state, 2, "strange", SETTLED_MAX + 1, 20);
    pair_look(pair, 0);
    while (pair_session(pair, 0) == HEAL_BUDGET || healing(pair)->end == HEAL_MOVED)
        ;
    assert_int_equal(healing(pair)->end, HEAL_INCOMPATIBLE);
    pair_look(pair, 0);
    assert_true(heal_peer_is_incompatible(&pair->nodes[0].peer));
    assert_int_equal(heal_peer_due_at(&pair->nodes[0].peer), UINT64_MAX);
    assert_int_equal(trust_add(&pair->nodes[0].trust, key_public(pair->world.keys[2]), TRUST_NOT_RETIRED), LAT_OK);
    pair_look(pair, 0);
    assert_true(heal_peer_is_due(&pair->nodes[0].peer, pair->now_ms));
}

/* --- bent answers ------------------------------------------------------------------------------------------ */

struct bender {
    uint64_t seed;
    unsigned percent;
};

/* A byte, a stretch, or the end of the answer is another. */
static void
bend(void *arg, struct lat_buf *reply)
{
    struct bender *b = arg;
    uint64_t how = random_u64(&b->seed);

    if (how % 100 >= b->percent || reply->len < 12)
        return;
    how /= 100;
    switch (how % 4) {
    case 0:
        reply->data[random_u64(&b->seed) % reply->len] ^= (uint8_t)(1 + random_u64(&b->seed) % 255);
        break;
    case 1:
        reply->len = random_u64(&b->seed) % reply->len;
        break;
    case 2:
        random_fill(&b->seed, reply->data + 10, reply->len - 10 < 40 ? reply->len - 10 : 40);
        break;
    default:
        for (unsigned i = 0; i < 8; i++)
            reply->data[10 + random_u64(&b->seed) % (reply->len - 10)] = (uint8_t)random_u64(&b->seed);
    }
}

/* Whatever came: every record is signed, by somebody whom this node trusts. */
static void
assert_sound(const struct heal_pair *pair, int node)
{
    const struct memory_view *memory = &pair->nodes[node].state;

    for (size_t i = 0; i < memory->count; i++) {
        assert_true(trust_accepts(&pair->nodes[node].trust, memory->records[i].author, memory->records[i].hlc));
        assert_int_equal(record_verify(&pair->world.network, &memory->records[i]), LAT_OK);
    }
}

static void
whoever_bends_answers_gets_nothing_in_and_no_session_over_its_budget(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 40; seed++) {
        struct bender bender = { .seed = seed, .percent = 30 };
        struct heal_pair *pair;

        setup((void **)&pair);
        world_fill(&pair->world, &pair->nodes[0].state, 3, "key", 20 + seed * 20, 40);
        world_fill(&pair->world, &pair->nodes[1].state, 3, "key", 20 + seed * 20, 40);
        world_fill(&pair->world, &pair->nodes[1].state, 1, "new", seed * 3, 40);
        world_fill(&pair->world, &pair->nodes[0].state, 0, "own", seed, 40);
        if (seed % 2)
            no_sketch(pair);
        pair->weather.bend = bend;
        pair->weather.arg = &bender;
        for (int i = 0; i < 20; i++) {
            pair_look(pair, 0);
            pair_session(pair, 0); /* asserts its budget */
        }
        assert_sound(pair, 0);
        pair->weather.bend = NULL;
        heal_peer_forget_pause(&pair->nodes[0].peer);
        pair_heal(pair, 10);
        assert_int_equal(pair_check(pair), 0);
        teardown((void **)&pair);
    }
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sketch_names_what_differs_in_two_or_three_exchanges),
        cmocka_unit_test(a_descent_finds_the_same_at_the_cost_of_the_difference),
        cmocka_unit_test(a_descent_heals_small_states_too),
        T(gossip_names_a_changed_key_without_a_question_and_heals_it_with_one),
        T(gossip_says_when_too_much_differs_or_its_cells_are_none),
        T(a_sketch_that_does_not_settle_gives_way_to_a_descent_and_twice_to_a_pause),
        T(a_node_without_cells_is_compared_by_its_tree),
        T(a_tree_without_end_costs_four_mib_and_then_pauses),
        T(records_that_are_advertised_and_not_delivered_are_counted),
        T(a_node_that_takes_the_same_gifts_again_and_again_is_found_out),
        T(a_difference_in_trust_costs_one_session_until_a_list_changes),
        T(a_settled_key_that_changes_is_compared_again),
        T(more_settled_keys_than_a_table_holds_are_incompatible),
        cmocka_unit_test(whoever_bends_answers_gets_nothing_in_and_no_session_over_its_budget),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
