/*
 * Two nodes, seeded: what they hold at first, which of them writes what, whom they trust, how their clocks go, what
 * happens to messages. They end equal, or equal but for exactly what one of them refuses, and then leave each other
 * alone. LATTICE_SEEDS says how many seeds are run (100), LATTICE_SEED which one alone.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/heal_pair.h"
#include "support/random.h"

#define HOUR_MS 3600000

struct run {
    struct heal_pair pair;
    uint64_t hlc;
};

static uint64_t
below(struct run *run, uint64_t limit)
{
    return random_u64(&run->pair.seed) % limit;
}

/* Put a record into one node, or into both, without folding the tree each time. */
static void
put(struct run *run, int nodes, int author, const char *key, const char *value, uint64_t hlc)
{
    struct lat_buf bytes;

    lat_buf_init(&bytes, RECORD_LEN_MAX);
    world_record(&run->pair.world, author, key, value, hlc, &bytes);
    for (int i = 0; i < 2; i++)
        if (nodes & 1 << i)
            memory_put(&run->pair.nodes[i].state, bytes.data, bytes.len);
    lat_buf_fini(&bytes);
}

static void
seal(struct run *run)
{
    memory_seal(&run->pair.nodes[0].state);
    memory_seal(&run->pair.nodes[1].state);
}

/* What both hold: from nothing to a few thousand records. */
static void
fill(struct run *run)
{
    size_t count = below(run, 4) == 0 ? below(run, 3000) : below(run, 300);
    char key[32];

    for (size_t i = 0; i < count; i++) {
        snprintf(key, sizeof(key), "key%zu", i);
        put(run, 3, below(run, 2) ? 0 : 3, key, "{\"balance\": 100}", run->hlc++);
    }
}

static int
author_of(struct run *run, int node)
{
    int author = (int)below(run, WORLD_AUTHORS);

    return trust_accepts(&run->pair.nodes[node].trust, key_public(run->pair.world.keys[author]), 1) ? author : node;
}

/* Writes on either side while they do not see each other. */
static void
write_apart(struct run *run, size_t count)
{
    char key[32], value[32];

    for (size_t i = 0; i < count; i++) {
        int node = (int)below(run, 2);

        snprintf(key, sizeof(key), below(run, 2) ? "key%u" : "new%u", (unsigned)below(run, 400));
        snprintf(value, sizeof(value), "%u", (unsigned)below(run, 1000));
        put(run, 1 << node, author_of(run, node), key, below(run, 5) == 0 ? NULL : value, run->hlc++);
    }
    seal(run);
}

/* One side may trust the stranger, author 2, or no longer trust author 3. */
static void
choose_trust(struct run *run)
{
    for (int i = 0; i < 2; i++) {
        struct trust *trust = &run->pair.nodes[i].trust;

        if (below(run, 4) == 0)
            assert_int_equal(trust_add(trust, key_public(run->pair.world.keys[2]), TRUST_NOT_RETIRED), LAT_OK);
        if (below(run, 4) == 0) {
            trust_init(trust, key_public(run->pair.world.keys[i]));
            assert_int_equal(trust_add(trust, key_public(run->pair.world.keys[!i]), TRUST_NOT_RETIRED), LAT_OK);
        }
    }
}

static void
choose_weather(struct run *run)
{
    if (below(run, 2) == 0)
        return;
    run->pair.weather.lost = (unsigned)below(run, 25);
    run->pair.weather.doubled = (unsigned)below(run, 40);
}

/*
 * What healing may cost: so much a session, so much for each of d keys that differ, and, where they are a quarter of all, each
 * record of both sides once.
 */
static void
assert_cheap(const struct run *run, size_t d)
{
    const struct heal_pair *pair = &run->pair;
    size_t n = pair->nodes[0].state.count + pair->nodes[1].state.count;
    size_t bound = pair->sessions * 2500 + d * 1500 + (8 * d > n ? n * 400 : 0);

    if (pair->weather.lost == 0 && pair->weather.doubled == 0 && pair->all_bytes > bound)
        fail_msg("%zu bytes in %zu sessions for %zu differences among %zu records: over %zu", pair->all_bytes, pair->sessions,
                 d, n, bound);
}

/* A record of tomorrow: held until then. */
static void
write_ahead(struct run *run)
{
    int node = (int)below(run, 2);

    put(run, 1 << node, node, "tomorrow", "1", HLC_OF_MS(WORLD_NOW_MS + 24 * (uint64_t)HOUR_MS) + below(run, 9));
    seal(run);
}

/* An hour of looks: not one session. */
static void
assert_peace(struct run *run)
{
    for (int i = 0; i < 60; i++) {
        int node = i % 2;

        pair_wait(&run->pair, 1000);
        pair_look(&run->pair, node);
        if (heal_peer_due_at(&run->pair.nodes[node].peer) != UINT64_MAX)
            fail_msg("another session is wanted: %s", run->pair.nodes[node].peer.heal.why.text);
    }
}

static void
run_seed(uint64_t seed)
{
    struct run *run = calloc(1, sizeof(*run));
    bool skewed;

    assert_non_null(run);
    pair_init(&run->pair, seed);
    run->hlc = HLC_OF_MS(WORLD_NOW_MS - 24 * (uint64_t)HOUR_MS);
    if (below(run, 3) == 0)
        choose_trust(run);
    skewed = below(run, 4) == 0;
    if (skewed)
        run->pair.nodes[below(run, 2)].state.view.now_ms -= below(run, 5 * HOUR_MS);
    fill(run);
    seal(run);
    choose_weather(run);
    for (unsigned round = 0; round < 3; round++) {
        size_t writes = below(run, 3) == 0 ? below(run, 200) : below(run, 6);

        write_apart(run, writes);
        if (skewed && round == 1)
            write_ahead(run);
        run->pair.all_bytes = run->pair.sessions = 0;
        pair_heal(&run->pair, 100);
        assert_cheap(run, writes + 1 + run->pair.nodes[0].peer.heal.settled.count + run->pair.nodes[1].peer.heal.settled.count);
        pair_check(&run->pair);
    }
    assert_peace(run);
    if (skewed) {
        pair_wait(&run->pair, 48 * (uint64_t)HOUR_MS); /* tomorrow has come */
        pair_heal(&run->pair, 100);
        pair_check(&run->pair);
    }
    pair_fini(&run->pair);
    free(run);
}

static void
two_nodes_end_equal_but_for_what_one_of_them_refuses(void **state)
{
    const char *text = getenv("LATTICE_SEEDS"), *one = getenv("LATTICE_SEED");
    uint64_t count = text != NULL ? strtoull(text, NULL, 10) : 100;

    (void)state;
    if (one != NULL) {
        run_seed(strtoull(one, NULL, 10));
        return;
    }
    for (uint64_t seed = 1; seed <= count; seed++) {
        if (seed % 100 == 1)
            print_message("seeds from %llu\n", (unsigned long long)seed);
        run_seed(seed);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_nodes_end_equal_but_for_what_one_of_them_refuses),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
