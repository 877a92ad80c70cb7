/*
 * test_sim_live.c - live peers (node/live.h) before both lungs: one node among peers that speak, fall silent, become zombies,
 * break off, lose trust and regain it, while its own loop stalls, its operator forces modes and sources come and go
 * (STATE-MACHINE section 12, item 4). No sockets and no signatures: hours go by in a second.
 *
 * Two nodes live through the same hours, but one of them has strangers besides, who connect, announce, answer STATUS, relay roots
 * without records and break off. Both must be in the same state in every turn.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "node/live.h"
#include "node/lung_http.h"
#include "sim/sim.h"
#include "wire/pubkey_proto.h"

#define TRUSTED 3
#define STRANGERS 2
#define PEOPLE (TRUSTED + STRANGERS)
#define TURN_MS 100
#define NEVER UINT64_MAX

enum way { OPEN, SILENT, GONE };

/* One who may be connected; the same for both nodes. */
struct person {
    struct peerid id;
    uint8_t key[32];
    bool trusted;
    enum way way;
    bool speaks, answers; /* announces roots; answers STATUS */
    uint64_t say_ms;      /* says its root next */
    uint64_t silent_ms;   /* since when, while SILENT */
};

/* One of the two nodes. */
struct node {
    bool has_strangers;
    struct lung l;
    struct lung_http http;
    struct live *live;
    struct live_row rows[PEOPLE];
    uint64_t proof_ms[PEOPLE]; /* last exchange that counts while its key is trusted; NEVER: none on this connection */
    bool connected[PEOPLE];
    uint32_t random;
    uint64_t lonely_ms;        /* nobody live since */
};

struct street {
    struct sim *sim;
    struct lung_constants k;
    struct trust trust;
    struct person people[PEOPLE];
    struct node nodes[2];
    uint64_t now, late;        /* late: by which our own loop was, in this turn */
    uint64_t number;           /* of messages */
    bool source_up;
    uint64_t source_ms;        /* up since, policy auto since; NEVER */
};

static unsigned seen[LUNG_STATE_COUNT]; /* states that were entered, over all seeds */

/* --- the street -------------------------------------------------------------------------------------------- */

static void
make_person(struct street *s, int i)
{
    struct person *p = &s->people[i];
    uint8_t seed[KEY_SEED_LEN], proto[PUBKEY_PROTO_ED25519_LEN];
    struct key *key;

    memset(seed, i + 1, sizeof(seed));
    assert_int_equal(key_from_seed(seed, &key), LAT_OK);
    memcpy(p->key, key_public(key), 32);
    key_free(key);
    pubkey_proto_ed25519(p->key, proto);
    peerid_of_key(proto, sizeof(proto), &p->id);
    p->trusted = i < TRUSTED;
    p->way = GONE;
    p->speaks = p->answers = true;
}

static void
make_trust(struct street *s)
{
    static const uint8_t own[32] = { 9 };

    trust_init(&s->trust, own);
    for (int i = 0; i < TRUSTED; i++) {
        if (s->people[i].trusted)
            assert_int_equal(trust_add(&s->trust, s->people[i].key, TRUST_NOT_RETIRED), LAT_OK);
    }
}

static uint32_t
draw(struct node *n)
{
    n->random = n->random * 1664525u + 1013904223u;
    return n->random;
}

static struct topic_state
state_of(uint8_t root)
{
    struct topic_state state = { .count = root, .hlc = root };

    memset(state.root, root, 32);
    return state;
}

static void
follow(struct street *s, struct node *n, struct lung_step step)
{
    lung_http_follow(&n->http, &s->k, &step, s->now, draw(n));
    if (step.moved)
        seen[step.to]++;
    if (step.actions & LUNG_DO_P2P_OFF) {
        live_clear(n->live);
        for (int i = 0; i < PEOPLE; i++)
            n->connected[i] = false;
    }
    if (step.actions & LUNG_DO_P2P_ON) {
        n->lonely_ms = s->now;
        lung_p2p_up(&n->l, s->now);
    }
}

static void
open_street(struct street *s, uint64_t seed)
{
    static const uint8_t siphash_key[16] = { 1 };
    struct topic_state ours = state_of(1);

    memset(s, 0, sizeof(*s));
    s->sim = sim_new(seed);
    s->k = lung_defaults();
    s->now = sim_now_ms(s->sim);
    s->source_up = true;
    s->source_ms = s->now;
    for (int i = 0; i < PEOPLE; i++)
        make_person(s, i);
    make_trust(s);
    for (int i = 0; i < 2; i++) {
        struct node *n = &s->nodes[i];

        n->has_strangers = i == 1;
        n->random = (uint32_t)seed;
        n->lonely_ms = s->now;
        n->live = live_new(&s->k, &s->trust, siphash_key);
        assert_non_null(n->live);
        live_own_state(n->live, &ours, NULL, s->now);
        lung_http_init(&n->http, 1);
        follow(s, n, lung_start(&n->l, &s->k, LUNG_POLICY_AUTO, true, s->now));
    }
}

static void
close_street(struct street *s)
{
    for (int i = 0; i < 2; i++)
        live_free(s->nodes[i].live);
    sim_free(s->sim);
}

/* --- what people do ---------------------------------------------------------------------------------------- */

/* A root of author comes to a node over the link of a person. */
static void
hear(struct street *s, struct node *n, int author, int link, uint8_t root)
{
    const struct person *a = &s->people[author];
    struct topic_message m = { .type = TOPIC_ROOT, .author = a->id, .has_key = true, .has_state = true, .every_ms = 5000 };
    struct topic_judgement said = { .trusted = a->trusted, .is_claim = true };

    m.state = state_of(root);
    memcpy(m.key, a->key, 32);
    said.line = a->trusted ? TOPIC_LINE_NONE : TOPIC_LINE_UNTRUSTED;
    s->number++;
    live_message(n->live, &m, &said, (const uint8_t *)&s->number, sizeof(s->number), &s->people[link].id, s->now);
    if (author == link && a->trusted)
        n->proof_ms[link] = s->now;
}

/* A stranger does all it can: its own roots, and those of trusted ones that it relays without their records. */
static void
pester(struct street *s, struct node *n, int i)
{
    hear(s, n, i, i, 1);
    hear(s, n, (int)sim_below(s->sim, TRUSTED), i, 7);
}

static void
speak(struct street *s, int i)
{
    struct person *p = &s->people[i];

    if (!p->speaks || s->now < p->say_ms)
        return;
    p->say_ms = s->now + lung_http_jitter(5000, (uint32_t)sim_below(s->sim, UINT32_MAX));
    for (int at = 0; at < 2; at++) {
        struct node *n = &s->nodes[at];

        if (!n->connected[i] || p->way != OPEN)
            continue;
        if (i < TRUSTED)
            hear(s, n, i, i, (uint8_t)(1 + sim_below(s->sim, 2)));
        else
            pester(s, n, i);
    }
}

/* Who can be reached is connected; what the swarm notices: a reset at once, silence after T_DEAD. */
static void
connect(struct street *s, struct node *n, int i)
{
    const struct person *p = &s->people[i];
    bool dead = p->way == GONE || (p->way == SILENT && s->now - p->silent_ms >= s->k.dead_ms);

    if (i >= TRUSTED && !n->has_strangers)
        return;
    if (n->connected[i] && dead) {
        live_down(n->live, &p->id, p->way == GONE ? SWARM_RESET : SWARM_SILENT);
        n->connected[i] = false;
    } else if (!n->connected[i] && p->way == OPEN && n->l.running) {
        live_up(n->live, &p->id, s->now);
        n->connected[i] = true;
        n->proof_ms[i] = NEVER;
    }
}

static void
answer_status(struct street *s, struct node *n)
{
    struct peerid id;

    while (live_next_ask(n->live, s->now, &id)) {
        for (int i = 0; i < PEOPLE; i++) {
            const struct person *p = &s->people[i];
            const struct live_status status = { .key = p->key, .state = state_of(2) };

            if (peerid_compare(&p->id, &id) != 0 || p->way != OPEN || !p->answers)
                continue;
            live_status(n->live, &id, &status, s->now);
            if (p->trusted)
                n->proof_ms[i] = s->now;
        }
    }
}

/* --- one turn of the loop ------------------------------------------------------------------------------------ */

static void
turn_http(struct street *s, struct node *n)
{
    if (n->http.running && s->now - n->http.begun_ms >= 300) {
        if (s->source_up)
            lung_http_success(&n->http, s->now);
        lung_http_end(&n->http, &s->k, s->now, draw(n));
        follow(s, n, lung_round(&n->l, lung_http_is_usable(&n->http), lung_http_why(&n->http), s->now));
    }
    if (lung_http_tick(&n->http, &s->k, s->now))
        follow(s, n, lung_round(&n->l, lung_http_is_usable(&n->http), lung_http_why(&n->http), s->now));
}

static void
turn_node(struct street *s, struct node *n)
{
    struct lung_peers peers;
    enum lung_reason why;

    live_tick(n->live, s->now);
    live_count(n->live, PEOPLE, &peers, &why);
    if (peers.live > 0)
        n->lonely_ms = NEVER;
    else if (n->lonely_ms == NEVER)
        n->lonely_ms = s->now;
    peers.connected = peers.known = 0; /* with strangers they are not the same, and need not be */
    follow(s, n, lung_set_peers(&n->l, &peers, why, s->now));
    turn_http(s, n);
    follow(s, n, lung_tick(&n->l, s->now));
    if (lung_http_is_due(&n->http, s->now))
        lung_http_begin(&n->http, s->now);
}

/* Live are those whose proof is young and whose key is trusted, and they alone. */
static void
check_peers(const struct street *s, struct node *n)
{
    for (int i = 0; i < PEOPLE; i++) {
        const struct person *p = &s->people[i];
        bool proved = p->trusted && n->proof_ms[i] != NEVER && s->now - n->proof_ms[i] < lung_xdead_ms(&s->k, 5000);
        struct live_row row;

        assert_int_equal(live_row(n->live, &p->id, s->now, &row), n->connected[i]);
        if (n->connected[i] && row.live != proved)
            fail_msg("at %llu peer %d is %slive: %s", (unsigned long long)s->now, i, row.live ? "" : "not ", row.why_not);
    }
}

static void
check_bounds(const struct street *s, const struct node *n)
{
    const struct lung *l = &n->l;
    uint64_t compared = live_last_exchange(n->live), due = n->lonely_ms == NEVER ? s->now : n->lonely_ms + s->k.fallback_ms;
    bool waits = l->state == LUNG_STARTING || l->state == LUNG_COUNTDOWN;

    if (due < l->since_ms)
        due = l->since_ms; /* the end of a forcing: HTTP has to be asked first */
    assert_false(waits && s->now > due + 500 + s->late);
    if (l->state == LUNG_P2P || l->state == LUNG_RECOVERING || l->state == LUNG_FP2P_UP)
        assert_true(n->lonely_ms == NEVER);
    if (n->http.succeeded && n->http.ok_ms > compared)
        compared = n->http.ok_ms;
    if (s->source_ms != NEVER && s->now - s->source_ms > 100000)
        assert_true(s->now - compared <= 100000 + s->late);
}

/* So far the same: what strangers did has changed nothing. */
static void
check_twins(const struct street *s)
{
    const struct lung *a = &s->nodes[0].l, *b = &s->nodes[1].l;

    if (a->state != b->state)
        fail_msg("with strangers %s, without them %s", lung_state_name(b->state), lung_state_name(a->state));
    assert_int_equal(a->since_ms, b->since_ms);
    assert_int_equal(a->peers.live, b->peers.live);
    assert_int_equal(a->t_zero_ms, b->t_zero_ms);
}

static void
turn(struct street *s)
{
    s->now += TURN_MS;
    for (int i = 0; i < PEOPLE; i++) {
        for (int at = 0; at < 2; at++)
            connect(s, &s->nodes[at], i);
        speak(s, i);
    }
    for (int at = 0; at < 2; at++) {
        answer_status(s, &s->nodes[at]);
        turn_node(s, &s->nodes[at]);
        check_peers(s, &s->nodes[at]);
        check_bounds(s, &s->nodes[at]);
    }
    check_twins(s);
    s->late = 0;
}

static void
run(struct street *s, uint64_t ms)
{
    for (uint64_t end = s->now + ms; s->now < end;)
        turn(s);
}

/* --- what happens -------------------------------------------------------------------------------------------- */

static void
set_way(struct street *s, int i, enum way way)
{
    if (way == SILENT && s->people[i].way != SILENT)
        s->people[i].silent_ms = s->now;
    s->people[i].way = way;
}

/* Our own loop stands still. */
static void
stall(struct street *s, uint64_t ms)
{
    s->now += ms;
    s->late = ms;
    for (int at = 0; at < 2; at++) {
        live_stall(s->nodes[at].live, ms);
        for (int i = 0; i < PEOPLE; i++)
            s->nodes[at].proof_ms[i] += s->nodes[at].proof_ms[i] != NEVER ? ms : 0;
    }
    for (int i = 0; i < PEOPLE; i++)
        s->people[i].silent_ms += ms;
}

/* A key is trusted, or no longer; one always is. */
static void
reload(struct street *s, int i)
{
    int trusted = 0;

    for (int p = 0; p < TRUSTED; p++)
        trusted += s->people[p].trusted;
    if (s->people[i].trusted && trusted == 1)
        return;
    s->people[i].trusted = !s->people[i].trusted;
    make_trust(s);
    for (int at = 0; at < 2; at++) {
        s->nodes[at].proof_ms[i] = NEVER; /* what it said before it was trusted has proved nothing */
        live_reload(s->nodes[at].live, &s->k, &s->trust, s->now);
    }
}

static void
command(struct street *s, enum lung_event_kind kind, uint64_t for_ms)
{
    const struct lung_event event = { .kind = kind, .for_ms = for_ms };

    for (int at = 0; at < 2; at++)
        follow(s, &s->nodes[at], lung_event(&s->nodes[at].l, &event, s->now));
}

static void
note_source(struct street *s)
{
    bool is_auto = s->nodes[0].l.policy == LUNG_POLICY_AUTO;

    if (!s->source_up || !is_auto)
        s->source_ms = NEVER;
    else if (s->source_ms == NEVER)
        s->source_ms = s->now;
}

static void
strangers_move(struct street *s)
{
    for (int i = TRUSTED; i < PEOPLE; i++) {
        if (sim_below(s->sim, 3) == 0)
            set_way(s, i, (enum way)sim_below(s->sim, 3));
    }
}

static void
one_event(struct street *s)
{
    int i = (int)sim_below(s->sim, TRUSTED);

    switch (sim_below(s->sim, 12)) {
    case 0:
    case 1:
        set_way(s, i, (enum way)sim_below(s->sim, 3));
        break;
    case 2:
    case 3:
        for (int p = 0; p < TRUSTED; p++)
            set_way(s, p, (enum way)sim_below(s->sim, 3));
        break;
    case 4: /* a zombie, or one no longer */
        s->people[i].speaks = !s->people[i].speaks;
        s->people[i].answers = s->people[i].speaks;
        break;
    case 5: /* one without our sync protocol, say */
        s->people[i].answers = !s->people[i].answers;
        break;
    case 6:
        s->source_up = !s->source_up;
        break;
    case 7:
        stall(s, sim_between(s->sim, 1000, 20000));
        break;
    case 8:
        reload(s, i);
        break;
    case 9:
        command(s, sim_below(s->sim, 2) ? LUNG_EV_CMD_P2P : LUNG_EV_CMD_HTTP, sim_between(s->sim, 1, 90) * 1000);
        break;
    case 10:
        command(s, LUNG_EV_CMD_AUTO, 0);
        break;
    default:
        for (int at = 0; at < 2; at++)
            live_hurry(s->nodes[at].live);
    }
}

static void
half_an_hour(uint64_t seed)
{
    struct street s;

    open_street(&s, seed);
    for (int i = 0; i < PEOPLE; i++)
        set_way(&s, i, OPEN);
    for (int i = 0; i < 60; i++) {
        for (uint64_t pause = sim_between(s.sim, 1, sim_below(s.sim, 2) ? 50 : 1000); pause > 0; pause--) {
            if (pause % 20 == 0)
                strangers_move(&s);
            note_source(&s);
            turn(&s);
        }
        one_event(&s);
    }
    close_street(&s);
}

static void
who_proves_it_is_live_and_strangers_are_as_if_they_were_not_there(void **state)
{
    (void)state;
    memset(seen, 0, sizeof(seen));
    if (!sim_each_seed(40, half_an_hour))
        return;
    for (int i = LUNG_P2P; i < LUNG_STOPPING; i++)
        assert_true(seen[i] > 0);
}

/* --- cases of their own ------------------------------------------------------------------------------------------ */

static struct street street;

static void
settle(uint64_t seed)
{
    open_street(&street, seed);
    for (int i = 0; i < PEOPLE; i++)
        set_way(&street, i, OPEN);
    run(&street, 10000);
    assert_int_equal(street.nodes[1].l.state, LUNG_P2P);
    assert_int_equal(street.nodes[1].l.peers.live, TRUSTED);
}

static void
peers_that_become_zombies_give_way_to_http(void **state)
{
    uint64_t xdead;

    (void)state;
    settle(1);
    xdead = lung_xdead_ms(&street.k, 5000);
    for (int i = 0; i < TRUSTED; i++)
        street.people[i].speaks = street.people[i].answers = false;
    run(&street, xdead - 6000);
    assert_int_equal(street.nodes[1].l.state, LUNG_P2P);
    run(&street, 6100);
    assert_int_equal(street.nodes[1].l.state, LUNG_COUNTDOWN);
    assert_int_equal(street.nodes[1].l.reason, LUNG_BY_LAST_PEER_STALE);
    run(&street, street.k.fallback_ms + 500);
    assert_int_equal(street.nodes[1].l.state, LUNG_HTTP);
    for (int i = 0; i < TRUSTED; i++)
        street.people[i].answers = true; /* they answer STATUS alone: asked after half of T_XDEAD */
    run(&street, xdead / 2 + 100);
    assert_int_equal(street.nodes[1].l.state, LUNG_RECOVERING);
    run(&street, street.k.hold_ms + 200);
    assert_int_equal(street.nodes[1].l.state, LUNG_P2P);
    close_street(&street);
}

/* Every 100 ms one connects, or breaks off, and says nothing. */
static void
connections_that_carry_nothing_do_not_restart_the_countdown(void **state)
{
    uint64_t zero;

    (void)state;
    settle(2);
    for (int i = 0; i < TRUSTED; i++) {
        street.people[i].speaks = street.people[i].answers = false;
        set_way(&street, i, GONE);
    }
    run(&street, 100);
    assert_int_equal(street.nodes[1].l.state, LUNG_COUNTDOWN);
    assert_int_equal(street.nodes[1].l.reason, LUNG_BY_LAST_PEER_RESET);
    zero = street.now;
    while (street.nodes[1].l.state == LUNG_COUNTDOWN) {
        set_way(&street, (int)sim_below(street.sim, TRUSTED), sim_below(street.sim, 2) ? OPEN : GONE);
        run(&street, 100);
    }
    assert_int_equal(street.nodes[1].l.state, LUNG_HTTP);
    assert_in_range(street.now - zero, street.k.fallback_ms - 100, street.k.fallback_ms + 500);
    close_street(&street);
}

static void
a_reload_that_ends_all_trust_in_the_peers_begins_the_countdown_at_once(void **state)
{
    (void)state;
    settle(3);
    set_way(&street, 1, GONE);
    set_way(&street, 2, GONE);
    run(&street, 200);
    assert_int_equal(street.nodes[1].l.state, LUNG_P2P);
    reload(&street, 0);
    turn(&street);
    assert_int_equal(street.nodes[1].l.state, LUNG_COUNTDOWN);
    assert_int_equal(street.nodes[1].l.reason, LUNG_BY_LAST_PEER_INVALID);
    reload(&street, 0);
    turn(&street); /* asked for STATUS at once, it proves itself again */
    assert_int_equal(street.nodes[1].l.state, LUNG_P2P);
    close_street(&street);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_teardown(name, sim_teardown)
    const struct CMUnitTest tests[] = {
        TEST(peers_that_become_zombies_give_way_to_http),
        TEST(connections_that_carry_nothing_do_not_restart_the_countdown),
        TEST(a_reload_that_ends_all_trust_in_the_peers_begins_the_countdown_at_once),
        TEST(who_proves_it_is_live_and_strangers_are_as_if_they_were_not_there),
    };

    sim_choose_tests();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
