/*
 * test_sim_lungs.c - the bounds of STATE-MACHINE section 7, watched in every turn of whole nodes while ways break off, fall silent, come back
 * and flap, sources go and return, and a stranger announces roots all along (section 12, item 4).
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "sim/resident.h"

#define TRUSTED 3
#define STRANGERS 1
#define EPISODES 12
#define SLACK_MS 100      /* deadlines are looked at so often at least */
#define DELIVERY_MS 1500  /* handshakes and a STATUS over the slowest way */
#define REDIAL_MS 30000
#define SOURCE_BACK_MS 12000
#define AGE_MS 100000
#define NEVER UINT64_MAX

/* What is known of a resident from outside its machine; instants, NEVER: it is not so. */
struct watched {
    struct resident *r;
    uint64_t lonely_ms;      /* no live peer since */
    uint64_t cut_ms;         /* no way to anyone trusted is open since */
    uint64_t refused_ms;     /* and all of them break off */
    uint64_t way_ms[TRUSTED + STRANGERS]; /* open since */
    uint64_t source_ms;      /* a source answers since */
    uint64_t recovering_ms;
};

static struct watched watched[TRUSTED];
static unsigned seen[16]; /* states that were entered, over all seeds */

/* Since when is it so? */
static void
note(uint64_t *since_ms, bool is_so, uint64_t now_ms)
{
    if (!is_so)
        *since_ms = NEVER;
    else if (*since_ms == NEVER)
        *since_ms = now_ms;
}

static bool
lasts(uint64_t since_ms, uint64_t ms, uint64_t now_ms)
{
    return since_ms != NEVER && now_ms - since_ms > ms;
}

static enum world_way
way_to(const struct resident *r, size_t to)
{
    return r->town->world.ways[r->index][to];
}

static bool
waits(const struct resident *r)
{
    return r->lung.state == LUNG_STARTING || r->lung.state == LUNG_COUNTDOWN;
}

/* --- what is so --------------------------------------------------------------------------------------- */

static void
look_at_ways(struct watched *w, uint64_t now_ms)
{
    bool any_open = false, any_silent = false;

    for (size_t to = 0; to < TRUSTED; to++) {
        if (to == w->r->index)
            continue;
        any_open = any_open || way_to(w->r, to) == WORLD_OPEN;
        any_silent = any_silent || way_to(w->r, to) == WORLD_SILENT;
        note(&w->way_ms[to], way_to(w->r, to) == WORLD_OPEN, now_ms);
    }
    note(&w->cut_ms, !any_open, now_ms);
    note(&w->refused_ms, !any_open && !any_silent, now_ms);
}

static void
look_at_sources(struct watched *w, uint64_t now_ms)
{
    bool answers = false;

    for (size_t i = 0; i < TRUSTED; i++)
        answers = answers || (i != w->r->index && !w->r->town->residents[i].http_down);
    note(&w->source_ms, answers, now_ms);
}

/* --- what must be so ---------------------------------------------------------------------------------- */

static void
check_states(const struct watched *w, uint64_t now_ms)
{
    const struct resident *r = w->r;
    const struct lung *lung = &r->lung;

    if (r->peers.live > 0)
        assert_true(lung->state == LUNG_P2P || lung->state == LUNG_RECOVERING);
    else
        assert_true(lung->state != LUNG_P2P && lung->state != LUNG_RECOVERING);
    if (lung->state == LUNG_HTTP || lung->state == LUNG_RECOVERING)
        assert_true(lung->usable && r->carrying);
    if (lung->state == LUNG_P2P || lung->state == LUNG_ISOLATED)
        assert_false(lung->usable);
    assert_false(waits(r) && lasts(w->lonely_ms, lung->k.fallback_ms + 500, now_ms)); /* the countdown ends */
    assert_false(lasts(w->recovering_ms, lung_hold_ms(&lung->k, lung->flaps) + SLACK_MS, now_ms));
}

static void
check_bounds(const struct watched *w, uint64_t now_ms)
{
    const struct resident *r = w->r;
    const struct lung *lung = &r->lung;
    uint64_t compared = live_last_exchange(r->live);

    if (lasts(w->refused_ms, SLACK_MS, now_ms))
        assert_int_equal(r->peers.live, 0); /* a reset is noticed at once, stranger or not */
    if (lasts(w->cut_ms, lung->k.dead_ms + 500, now_ms))
        assert_int_equal(r->peers.live, 0); /* and silence after T_DEAD */
    for (size_t to = 0; to < TRUSTED; to++) {
        if (to != r->index && lasts(w->way_ms[to], REDIAL_MS + DELIVERY_MS, now_ms))
            assert_true(r->peers.live > 0); /* redialling never ends */
    }
    if (lasts(w->source_ms, SOURCE_BACK_MS, now_ms))
        assert_true(lung->state != LUNG_ISOLATED);
    if (r->http.succeeded && r->http.ok_ms > compared)
        compared = r->http.ok_ms;
    if (lasts(w->source_ms, AGE_MS, now_ms))
        assert_true(now_ms - compared <= AGE_MS);
}

static void
watch(struct town *town)
{
    uint64_t now_ms = town_now_ms(town);

    for (size_t i = 0; i < TRUSTED; i++) {
        struct watched *w = &watched[i];

        look_at_ways(w, now_ms);
        look_at_sources(w, now_ms);
        note(&w->lonely_ms, w->r->peers.live == 0, now_ms);
        note(&w->recovering_ms, w->r->lung.state == LUNG_RECOVERING, now_ms);
        check_states(w, now_ms);
        check_bounds(w, now_ms);
    }
}

/* A transition; lonely_ms is as of the turn before. */
static void
on_moved(struct resident *r, const struct lung_step *step)
{
    const struct watched *w = &watched[r->index];
    uint64_t now_ms = town_now_ms(r->town);
    bool waited = step->from == LUNG_STARTING || step->from == LUNG_COUNTDOWN;

    seen[step->to]++;
    if (waited && (step->to == LUNG_HTTP || step->to == LUNG_ISOLATED)) /* never early */
        assert_in_range(now_ms - w->lonely_ms + TOWN_TURN_MS, r->lung.k.fallback_ms, r->lung.k.fallback_ms + 500);
    if (step->from == LUNG_HTTP || step->from == LUNG_RECOVERING) /* no gap after HTTP has carried */
        assert_false(step->to == LUNG_COUNTDOWN || step->to == LUNG_STARTING);
    if (step->from == LUNG_ISOLATED) /* no countdown, no hold */
        assert_true(step->to == LUNG_P2P || step->to == LUNG_HTTP);
}

/* --- what happens to them ----------------------------------------------------------------------------- */

static struct town *
town_to_watch(uint64_t seed, const struct lung_constants *k)
{
    struct town *town = town_new(seed, TRUSTED, STRANGERS, k);

    for (size_t i = 0; i < TRUSTED; i++) {
        watched[i] = (struct watched){ .r = &town->residents[i], .lonely_ms = town_now_ms(town), .cut_ms = NEVER,
                                       .refused_ms = NEVER, .source_ms = NEVER, .recovering_ms = NEVER };
        for (size_t to = 0; to < TRUSTED + STRANGERS; to++)
            watched[i].way_ms[to] = NEVER;
        town->residents[i].moved = on_moved;
        if (i > 0) /* the stranger knows the first alone: else he would be a way for the others, and a good one */
            world_set_way(town->residents[TRUSTED].place, town->residents[i].place, WORLD_REFUSING);
    }
    return town;
}

static void
set_ways(struct town *town, size_t of, enum world_way way)
{
    for (size_t to = 0; to < TRUSTED; to++) {
        if (to != of)
            world_set_way(town->residents[of].place, town->residents[to].place, way);
    }
}

static void
all_ways(struct town *town, enum world_way way)
{
    for (size_t of = 0; of < TRUSTED; of++)
        set_ways(town, of, way);
}

static void
all_sources(struct town *town, bool down)
{
    for (size_t i = 0; i < TRUSTED; i++)
        town->residents[i].http_down = down;
}

/* Ways that come and go faster than anything settles. */
static void
flap(struct town *town)
{
    size_t of = sim_below(town->sim, TRUSTED);

    for (int k = 0; k < 8; k++) {
        set_ways(town, of, (enum world_way)sim_below(town->sim, 3));
        town_run(town, sim_between(town->sim, 50, 15000), watch);
    }
}

static void
one_episode(struct town *town)
{
    struct sim *sim = town->sim;
    size_t one = sim_below(sim, TRUSTED), other = (one + 1 + sim_below(sim, TRUSTED - 1)) % TRUSTED;

    switch (sim_below(sim, 8)) {
    case 0:
        set_ways(town, one, (enum world_way)sim_below(sim, 3));
        break;
    case 1:
        world_set_way(town->residents[one].place, town->residents[other].place, (enum world_way)sim_below(sim, 3));
        break;
    case 2:
    case 3:
        all_ways(town, (enum world_way)sim_below(sim, 3));
        break;
    case 4:
        all_sources(town, sim_below(sim, 2));
        break;
    case 5:
        town->residents[one].http_down = !town->residents[one].http_down;
        break;
    case 6:
        flap(town);
        break;
    default:
        town->residents[one].place->latency_ms = sim_between(sim, 10, 150);
    }
    resident_put(&town->residents[one], (unsigned)sim_below(sim, 20), (unsigned)sim_below(sim, 1000));
    town_run(town, sim_between(sim, 1000, sim_below(sim, 2) ? 20000 : 110000), watch);
}

static void
assert_agreement(const struct town *town)
{
    for (size_t i = 1; i < town->count; i++)
        assert_true(residents_agree(&town->residents[0], &town->residents[i]));
}

static uint64_t
run_town(uint64_t seed)
{
    const struct lung_constants k = lung_defaults();
    struct town *town = town_to_watch(seed, &k);
    uint64_t hash;

    for (int i = 0; i < EPISODES; i++)
        one_episode(town);
    all_ways(town, WORLD_OPEN);
    all_sources(town, false);
    town_run(town, REDIAL_MS + 20000, watch);
    assert_agreement(town);
    town_run(town, k.hold_max_ms, watch);
    for (size_t i = 0; i < TRUSTED; i++)
        assert_int_equal(town->residents[i].lung.state, LUNG_P2P);
    hash = sim_trace_hash(town->sim);
    town_free(town);
    return hash;
}

static void
keep_bounds(uint64_t seed)
{
    (void)run_town(seed);
}

static void
the_bounds_of_section_7_hold_whatever_the_links_do(void **state)
{
    (void)state;
    memset(seen, 0, sizeof(seen));
    if (sim_each_seed(3, keep_bounds))
        assert_true(seen[LUNG_P2P] && seen[LUNG_COUNTDOWN] && seen[LUNG_HTTP]); /* rarer ones are the other tests' */
}

/* --- the scenarios of the mission ---------------------------------------------------------------------- */

static void
assert_all(const struct town *town, enum lung_state state)
{
    for (size_t i = 0; i < TRUSTED; i++)
        assert_int_equal(town->residents[i].lung.state, state);
}

static void
scenarios(uint64_t seed)
{
    const struct lung_constants k = lung_defaults();
    struct town *town = town_to_watch(seed, &k);

    town_run(town, 3000, watch); /* normal */
    assert_all(town, LUNG_P2P);
    resident_put(&town->residents[0], 1, 1);
    town_run(town, 500, watch);
    assert_agreement(town);

    all_ways(town, sim_below(town->sim, 2) ? WORLD_REFUSING : WORLD_SILENT); /* P2P blocked */
    town_run(town, k.dead_ms + 500, watch);
    assert_all(town, LUNG_COUNTDOWN);
    resident_put(&town->residents[0], 2, 2);
    town_run(town, k.fallback_ms + 500, watch);
    assert_all(town, LUNG_HTTP);
    town_run(town, 2 * k.poll_ms, watch);
    assert_true(residents_agree(&town->residents[0], &town->residents[1]));
    assert_true(residents_agree(&town->residents[0], &town->residents[2]));

    all_sources(town, true); /* both blocked */
    town_run(town, k.http_dead_ms + 1000, watch);
    assert_all(town, LUNG_ISOLATED);
    all_sources(town, false);
    town_run(town, SOURCE_BACK_MS, watch);
    assert_all(town, LUNG_HTTP);

    resident_put(&town->residents[1], 3, 3);
    all_ways(town, WORLD_OPEN); /* P2P restored */
    town_run(town, REDIAL_MS + DELIVERY_MS + k.hold_ms + SLACK_MS, watch);
    assert_all(town, LUNG_P2P);
    assert_agreement(town);
    town_free(town);
}

static void
the_scenarios_of_the_mission_end_as_they_should(void **state)
{
    (void)state;
    sim_each_seed(3, scenarios);
}

static void
peers_first(uint64_t seed)
{
    const struct lung_constants k = lung_defaults();
    struct town *town = town_to_watch(seed, &k);

    town_run(town, 3000, watch);
    all_sources(town, true);
    all_ways(town, WORLD_REFUSING);
    town_run(town, k.fallback_ms + 12000, watch);
    assert_all(town, LUNG_ISOLATED);
    seen[LUNG_RECOVERING] = 0;
    all_ways(town, WORLD_OPEN);
    town_run(town, REDIAL_MS + DELIVERY_MS, watch);
    assert_all(town, LUNG_P2P);
    assert_int_equal(seen[LUNG_RECOVERING], 0);
    town_free(town);
}

static void
from_isolation_peers_lead_back_at_once(void **state)
{
    (void)state;
    sim_each_seed(2, peers_first);
}

/* Of a few, or of many records: what it lost comes back from its peers, while they go on writing. */
static void
start_empty(uint64_t seed)
{
    const struct lung_constants k = lung_defaults();
    struct town *town = town_to_watch(seed, &k);
    struct resident *lost = &town->residents[sim_below(town->sim, TRUSTED)];
    const struct resident *other = &town->residents[(lost->index + 1) % TRUSTED];
    unsigned records = seed % 2 ? 20 : 600;

    town_run(town, 3000, watch);
    for (unsigned i = 0; i < records; i++) {
        resident_put(&town->residents[i % TRUSTED], i, i);
        if (i % 20 == 0)
            town_run(town, 100, watch);
    }
    town_run(town, 5000, watch);
    assert_agreement(town);
    assert_int_equal(other->state.count, records);
    resident_restart(lost);
    assert_int_equal(lost->state.count, 0);
    for (unsigned i = 0; i < 50; i++) {
        resident_put(&town->residents[other->index], records + i, i);
        town_run(town, 100, watch);
    }
    town_run(town, 5000, watch);
    assert_int_equal(lost->state.count, records + 50);
    assert_agreement(town);
    assert_int_equal(lost->http_heals, 0); /* P2P alone did it */
    town_free(town);
}

static void
who_starts_empty_is_healed_over_p2p(void **state)
{
    (void)state;
    sim_each_seed(2, start_empty);
}

static void
same_trace(uint64_t seed)
{
    assert_true(run_town(seed) == run_town(seed));
}

static void
the_same_seed_gives_the_same_run(void **state)
{
    (void)state;
    sim_each_seed(1, same_trace);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_teardown(name, sim_teardown)
    const struct CMUnitTest tests[] = {
        TEST(the_scenarios_of_the_mission_end_as_they_should),
        TEST(from_isolation_peers_lead_back_at_once),
        TEST(who_starts_empty_is_healed_over_p2p),
        TEST(the_bounds_of_section_7_hold_whatever_the_links_do),
        TEST(the_same_seed_gives_the_same_run),
    };

    sim_choose_tests();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
