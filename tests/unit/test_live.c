/*
 * Who is live, by each form of a root exchange; how that ends; what is shown; what a stranger cannot do.
 */
#include "config.h"

#include "node/live.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/le.h"
#include "support/random.h"
#include "wire/pubkey_proto.h"

/* Peers by number. We trust A, B and C; the stranger has a key that nobody trusts, the relay one that is no Ed25519 key. */
enum { A, B, C, STRANGER, RELAY, PEOPLE };

#define START 1000000
#define XDEAD 30000
#define OURS 1
#define THEIRS 2

static struct live *live;
static struct lung_constants k;
static struct trust trust;
static struct peerid ids[PEOPLE];
static uint8_t keys[PEOPLE][32];
static uint64_t now;
static uint64_t next_id;

static struct topic_state
state_of(uint8_t root)
{
    struct topic_state state = { .count = root, .hlc = 1000u + root };

    memset(state.root, root, sizeof(state.root));
    return state;
}

static void
make_person(int i)
{
    uint8_t seed[32], proto[PUBKEY_PROTO_ED25519_LEN], long_key[PEERID_INLINE_MAX + 1] = { 1 };
    struct key *key;

    memset(seed, i + 1, sizeof(seed));
    assert_int_equal(key_from_seed(seed, &key), LAT_OK);
    memcpy(keys[i], key_public(key), 32);
    key_free(key);
    pubkey_proto_ed25519(keys[i], proto);
    peerid_of_key(proto, sizeof(proto), &ids[i]);
    if (i == RELAY)
        peerid_of_key(long_key, sizeof(long_key), &ids[i]);
}

static int
set_up(void **state)
{
    static const uint8_t own[32] = { 9 }, siphash_key[16] = { 4 };
    struct topic_state ours = state_of(OURS);

    (void)state;
    for (int i = 0; i < PEOPLE; i++)
        make_person(i);
    trust_init(&trust, own);
    for (int i = A; i <= C; i++)
        assert_int_equal(trust_add(&trust, keys[i], TRUST_NOT_RETIRED), LAT_OK);
    k = lung_defaults();
    now = START;
    live = live_new(&k, &trust, siphash_key);
    assert_non_null(live);
    live_own_state(live, &ours, NULL, now);
    return 0;
}

static int
tear_down(void **state)
{
    (void)state;
    live_free(live);
    return 0;
}

/* A judged root of author, over the link of `link`; as topic_judge would have it. Returns its id. */
static uint64_t
hear_as(int author, int link, uint8_t root, enum topic_line line)
{
    struct topic_message m = { .type = TOPIC_ROOT, .author = ids[author], .has_key = true, .has_state = true, .every_ms = 5000 };
    struct topic_judgement said = { .line = line, .verdict = topic_line_verdict(line) };
    uint64_t id = ++next_id;

    m.state = state_of(root);
    memcpy(m.key, keys[author], 32);
    m.borrowed_key = author == RELAY;
    said.trusted = topic_trusts_nobody(&trust) || trust_attests(&trust, m.key);
    said.is_claim = line == TOPIC_LINE_NONE || line == TOPIC_LINE_UNTRUSTED || line == TOPIC_LINE_CLOCK;
    live_message(live, &m, &said, (const uint8_t *)&id, sizeof(id), &ids[link], now);
    return id;
}

static uint64_t
hear(int author, int link, uint8_t root)
{
    bool counts = topic_trusts_nobody(&trust) || trust_attests(&trust, keys[author]);

    return hear_as(author, link, root, counts ? TOPIC_LINE_NONE : TOPIC_LINE_UNTRUSTED);
}

static void
hear_copy(uint64_t id, int link)
{
    live_copy(live, (const uint8_t *)&id, sizeof(id), &ids[link], now);
}

static void
status(int peer, const uint8_t *key, uint8_t root)
{
    struct live_status said = { .key = key, .state = state_of(root), .time_ms = 1700000000000, .wall_ms = 1700000000000 };

    live_status(live, &ids[peer], &said, now);
}

static uint32_t
count_live(void)
{
    struct lung_peers peers;
    enum lung_reason why;

    live_tick(live, now);
    live_count(live, 7, &peers, &why);
    assert_int_equal(peers.known, 7);
    return peers.live;
}

static enum lung_reason
lost_why(void)
{
    struct lung_peers peers;
    enum lung_reason why;

    live_tick(live, now);
    live_count(live, 0, &peers, &why);
    return why;
}

static struct live_row
row(int peer)
{
    struct live_row out;

    live_tick(live, now);
    assert_true(live_row(live, &ids[peer], now, &out));
    assert_true(out.live == (out.why_not[0] == '\0'));
    return out;
}

static void
own_root(uint8_t root)
{
    struct topic_state state = state_of(root);

    live_own_state(live, &state, NULL, now);
}

/* --- the forms of an exchange --------------------------------------------------------------------------------- */

static void
a_connection_alone_is_no_live_peer(void **state)
{
    (void)state;
    live_up(live, &ids[A], now);
    assert_int_equal(count_live(), 0);
    assert_string_equal(row(A).why_not, "connected, no state");
    now += 3600000;
    assert_int_equal(count_live(), 0);
}

static void
a_root_of_its_own_makes_a_peer_live_whatever_it_holds(void **state)
{
    (void)state;
    live_up(live, &ids[A], now);
    hear(A, A, THEIRS);
    assert_int_equal(count_live(), 1);
    assert_int_equal(live_last_exchange(live), now);
}

static void
a_peers_own_root_counts_on_its_own_connection_only(void **state)
{
    (void)state;
    live_up(live, &ids[A], now);
    live_up(live, &ids[B], now);
    hear(A, B, THEIRS); /* B relayed what A said: A's connection may be dead, and B holds back what led to that root */
    assert_int_equal(count_live(), 0);
    hear(A, B, OURS);
    assert_int_equal(count_live(), 1);
    assert_true(row(B).live);
    assert_false(row(A).live);
}

static void
a_root_equal_to_ours_makes_its_relay_live(void **state)
{
    (void)state;
    live_up(live, &ids[STRANGER], now);
    hear(A, STRANGER, OURS);
    assert_int_equal(count_live(), 1);
}

static void
a_relay_that_passes_roots_and_holds_back_records_carries_nothing(void **state)
{
    (void)state;
    live_up(live, &ids[STRANGER], now);
    for (int i = 0; i < 100; i++) {
        now += 5000;
        hear(A, STRANGER, THEIRS);
        assert_int_equal(count_live(), 0);
    }
}

static void
a_record_that_was_applied_makes_a_relay_live_for_what_it_relays(void **state)
{
    (void)state;
    live_up(live, &ids[STRANGER], now);
    live_applied(live, &ids[STRANGER], now);
    assert_int_equal(count_live(), 0); /* a record is no root exchange */
    now += XDEAD - 1;
    hear(A, STRANGER, THEIRS);
    assert_int_equal(count_live(), 1);
    now += 1; /* the record is too old now */
    hear(A, STRANGER, THEIRS);
    now += XDEAD - 1;
    assert_int_equal(count_live(), 0);
}

static void
a_root_counts_also_when_the_record_is_applied_after_it_came(void **state)
{
    (void)state;
    live_up(live, &ids[STRANGER], now);
    hear(A, STRANGER, THEIRS);
    now += 50;
    live_applied(live, &ids[STRANGER], now);
    assert_int_equal(count_live(), 1);
    assert_int_equal(row(STRANGER).exchange_ms, now - 50); /* from when it came */
}

static void
a_root_counts_also_when_it_becomes_ours_after_it_came(void **state)
{
    (void)state;
    live_up(live, &ids[STRANGER], now);
    live_up(live, &ids[RELAY], now);
    hear(A, STRANGER, THEIRS);
    now += 50;
    own_root(THEIRS);
    assert_int_equal(count_live(), 1);
    assert_true(row(STRANGER).live);
}

static void
a_root_that_we_left_within_a_heartbeat_is_still_ours(void **state)
{
    (void)state;
    live_up(live, &ids[STRANGER], now);
    own_root(3);
    now += 4999;
    hear(A, STRANGER, OURS);
    assert_int_equal(count_live(), 1);
    live_down(live, &ids[STRANGER], SWARM_RESET);
    live_up(live, &ids[STRANGER], now);
    now += 1;
    hear(A, STRANGER, OURS);
    assert_int_equal(count_live(), 0);
}

static void
a_status_comparison_makes_a_peer_live_on_either_side(void **state)
{
    (void)state;
    live_up(live, &ids[A], now);
    live_up(live, &ids[B], now);
    status(A, keys[A], THEIRS); /* it answered */
    status(B, NULL, THEIRS);    /* it asked */
    assert_int_equal(count_live(), 2);
    live_up(live, &ids[STRANGER], now);
    live_up(live, &ids[RELAY], now);
    status(STRANGER, keys[STRANGER], OURS);
    status(STRANGER, NULL, OURS);
    status(RELAY, NULL, OURS);
    assert_int_equal(count_live(), 2);
}

static void
a_status_with_the_key_of_another_proves_nothing(void **state)
{
    (void)state;
    live_up(live, &ids[STRANGER], now);
    live_up(live, &ids[B], now);
    status(STRANGER, keys[A], OURS); /* handed on from A, to whom it asked our challenge */
    status(B, keys[A], OURS);
    assert_int_equal(count_live(), 0);
    assert_string_equal(row(B).why_not, "what it attested did not hold");
}

static void
a_borrowed_key_counts_as_what_is_relayed_does(void **state)
{
    (void)state;
    memcpy(keys[RELAY], keys[A], 32); /* it states A's key; perhaps it copied what A attested */
    live_up(live, &ids[RELAY], now);
    hear(RELAY, RELAY, THEIRS);
    status(RELAY, keys[A], THEIRS);
    assert_int_equal(count_live(), 0);
    hear(RELAY, RELAY, OURS);
    assert_int_equal(count_live(), 1);
    now += XDEAD;
    assert_int_equal(count_live(), 0);
    status(RELAY, keys[A], OURS);
    assert_int_equal(count_live(), 1);
}

static void
a_proof_event_counts_by_its_flat_root(void **state)
{
    struct topic_message m = { .type = TOPIC_PROOF_EVENT, .author = ids[A], .has_key = true, .has_flat = true };
    struct topic_judgement said = { .trusted = true, .is_claim = true };
    struct topic_state ours = state_of(OURS);
    uint8_t flat[32] = { 77 };

    (void)state;
    memcpy(m.key, keys[A], 32);
    memcpy(m.flat, flat, 32);
    live_up(live, &ids[A], now);
    live_up(live, &ids[STRANGER], now);
    live_message(live, &m, &said, (const uint8_t *)"1", 1, &ids[A], now);
    assert_true(row(A).live && row(A).flat_only);
    assert_int_equal(row(A).agreement, LIVE_UNKNOWN); /* ours is not at hand */
    live_message(live, &m, &said, (const uint8_t *)"2", 1, &ids[STRANGER], now);
    assert_int_equal(count_live(), 1);
    live_own_state(live, &ours, flat, now);
    live_message(live, &m, &said, (const uint8_t *)"3", 1, &ids[STRANGER], now);
    assert_int_equal(count_live(), 2);
    assert_int_equal(row(A).agreement, LIVE_EQUAL);
    m.has_flat = said.is_claim = false; /* null */
    live_down(live, &ids[A], SWARM_CLOSED);
    live_up(live, &ids[A], now);
    live_message(live, &m, &said, (const uint8_t *)"4", 1, &ids[A], now);
    assert_int_equal(count_live(), 1);
}

/* --- counting once ---------------------------------------------------------------------------------------------- */

static void
a_message_counts_once_on_each_connection(void **state)
{
    uint64_t id;

    (void)state;
    live_up(live, &ids[A], now);
    live_up(live, &ids[STRANGER], now);
    id = hear(A, A, OURS);
    now += 10000;
    hear_copy(id, A); /* it counted there */
    hear_copy(id, STRANGER);
    assert_int_equal(row(A).exchange_ms, START);
    assert_int_equal(row(STRANGER).exchange_ms, START + 10000);
    now += 10000;
    hear_copy(id, STRANGER);
    assert_int_equal(row(STRANGER).exchange_ms, START + 10000);
}

static void
a_copy_counts_only_while_the_message_is_young(void **state)
{
    uint64_t id;

    (void)state;
    live_up(live, &ids[STRANGER], now);
    live_up(live, &ids[RELAY], now);
    id = hear(A, B, OURS); /* B is not even connected any more */
    now += XDEAD - 1;
    hear_copy(id, STRANGER);
    now += 1;
    hear_copy(id, RELAY);
    assert_int_equal(count_live(), 1);
    assert_true(row(STRANGER).live);
}

static void
replaying_one_message_does_not_keep_a_peer_live(void **state)
{
    uint64_t id;

    (void)state;
    live_up(live, &ids[STRANGER], now);
    id = hear(A, STRANGER, OURS);
    for (int i = 0; i < 300; i++) {
        hear_copy(id, STRANGER);
        now += 100;
    }
    assert_int_equal(count_live(), 0);
    assert_string_equal(row(STRANGER).why_not, "zombie: no exchange for 30 s");
}

static void
a_copy_that_came_before_the_message_was_judged_counts_too(void **state)
{
    uint64_t id = next_id + 1;

    (void)state;
    live_up(live, &ids[STRANGER], now);
    live_up(live, &ids[RELAY], now);
    hear_copy(id, RELAY);
    assert_int_equal(count_live(), 0);
    assert_int_equal(hear(A, STRANGER, OURS), id);
    assert_int_equal(count_live(), 2);
}

static void
a_new_connection_counts_anew(void **state)
{
    uint64_t id;

    (void)state;
    live_up(live, &ids[STRANGER], now);
    id = hear(A, STRANGER, OURS);
    live_down(live, &ids[STRANGER], SWARM_RESET);
    now += 1000;
    live_up(live, &ids[STRANGER], now);
    assert_int_equal(count_live(), 0);
    hear_copy(id, STRANGER);
    assert_int_equal(count_live(), 1);
    assert_int_equal(row(STRANGER).exchange_ms, now);
}

static void
places_of_peers_that_went_are_used_again_without_their_past(void **state)
{
    uint64_t id;

    (void)state;
    live_up(live, &ids[STRANGER], now);
    id = hear(A, STRANGER, OURS);
    live_applied(live, &ids[STRANGER], now);
    live_down(live, &ids[STRANGER], SWARM_RESET);
    live_up(live, &ids[RELAY], now);
    assert_int_equal(count_live(), 0);
    own_root(THEIRS);
    own_root(OURS); /* looked at again: it did not come over this connection */
    assert_int_equal(count_live(), 0);
    hear_copy(id, RELAY);
    assert_int_equal(count_live(), 1);
}

/* --- trust -------------------------------------------------------------------------------------------------------- */

static void
what_a_peer_told_is_remembered_when_it_is_gone(void **state)
{
    struct topic_message m = { .type = TOPIC_ROOT, .author = ids[A], .has_key = true, .has_state = true, .name = "madrid-3" };
    struct topic_judgement said = { .line = TOPIC_LINE_NONE, .verdict = topic_line_verdict(TOPIC_LINE_NONE), .trusted = true,
                                    .is_claim = true };
    struct live_row row;

    (void)state;
    assert_false(live_last(live, &ids[A], &row));
    assert_true(row.trusted); /* by the key inside its id: no connection is needed for that */
    assert_false(live_last(live, &ids[STRANGER], &row));
    assert_false(row.trusted);
    live_up(live, &ids[A], now);
    m.state = state_of(THEIRS);
    memcpy(m.key, keys[A], 32);
    live_message(live, &m, &said, (const uint8_t *)"id", 2, &ids[A], now);
    live_down(live, &ids[A], SWARM_SILENT);
    assert_false(live_row(live, &ids[A], now + 12000, &row));
    assert_true(live_last(live, &ids[A], &row));
    assert_string_equal(row.name, "madrid-3");
    assert_true(row.trusted && row.has_state && !row.live);
    assert_int_equal(row.agreement, LIVE_UNKNOWN);
    assert_int_equal(row.state.count, THEIRS);
    assert_int_equal(row.heard_ms, now);
    assert_int_equal(row.exchange_ms, now);
    live_up(live, &ids[A], now + 20000); /* back, and nothing said yet: its name is known, the rest is what it said before */
    assert_true(live_row(live, &ids[A], now + 20000, &row));
    assert_string_equal(row.name, "madrid-3");
    assert_int_equal(row.heard_ms, 0);
    live_down(live, &ids[A], SWARM_CLOSED);
    assert_true(live_last(live, &ids[A], &row));
    assert_int_equal(row.heard_ms, now);
}

/* So many that its place would be needed: it is kept, for its key counts. */
static void
strangers_do_not_make_us_forget_whom_we_trust(void **state)
{
    struct live_row row;

    (void)state;
    live_up(live, &ids[A], now);
    hear(A, A, THEIRS);
    live_clear(live);
    for (int i = 0; i < LIVE_GONE_MAX + 10; i++) {
        struct peerid id = ids[STRANGER];

        id.bytes[id.len - 1] ^= (uint8_t)(i + 1);
        id.bytes[id.len - 2] ^= (uint8_t)(i / 128);
        live_up(live, &id, now + 1 + (uint64_t)i);
        live_status(live, &id, &(struct live_status){ .state = state_of(THEIRS) }, now + 1 + (uint64_t)i);
        live_down(live, &id, SWARM_CLOSED);
        assert_true(live_last(live, &id, &row));
    }
    assert_true(live_last(live, &ids[A], &row));
    assert_int_equal(row.heard_ms, now);
}

static void
strangers_cannot_hold_off_the_fallback(void **state)
{
    (void)state;
    live_up(live, &ids[STRANGER], now);
    for (int i = 0; i < 100; i++) {
        now += 1000;
        hear(STRANGER, STRANGER, OURS);
        status(STRANGER, keys[STRANGER], OURS);
        live_applied(live, &ids[STRANGER], now);
        assert_int_equal(count_live(), 0);
    }
    assert_string_equal(row(STRANGER).why_not, "key not trusted");
    assert_false(row(STRANGER).trusted);
    assert_int_equal(row(STRANGER).agreement, LIVE_EQUAL); /* shown all the same */
}

static void
while_nobody_is_trusted_everyone_counts(void **state)
{
    (void)state;
    trust_init(&trust, trust.own);
    live_reload(live, &k, &trust, now);
    live_up(live, &ids[STRANGER], now);
    live_up(live, &ids[RELAY], now);
    hear(STRANGER, STRANGER, THEIRS);
    status(RELAY, keys[RELAY], THEIRS);
    assert_int_equal(count_live(), 2);
}

static void
keys_that_are_no_longer_trusted_stop_counting_at_once(void **state)
{
    (void)state;
    live_up(live, &ids[A], now);
    live_up(live, &ids[STRANGER], now);
    hear(A, A, THEIRS);
    now += 1000;
    hear(B, STRANGER, OURS);
    hear(A, STRANGER, OURS);
    assert_int_equal(count_live(), 2);
    trust_init(&trust, trust.own);
    assert_int_equal(trust_add(&trust, keys[B], TRUST_NOT_RETIRED), LAT_OK);
    live_reload(live, &k, &trust, now);
    assert_int_equal(count_live(), 1); /* the relay has B's root as well */
    assert_true(row(STRANGER).live);
    assert_string_equal(row(A).why_not, "key not trusted");
    assert_int_equal(lost_why(), LUNG_BY_LAST_PEER_INVALID);
    trust_init(&trust, trust.own);
    assert_int_equal(trust_add(&trust, keys[C], TRUST_NOT_RETIRED), LAT_OK);
    live_reload(live, &k, &trust, now);
    assert_int_equal(count_live(), 0);
}

static void
a_key_that_becomes_trusted_is_asked_at_once(void **state)
{
    struct peerid peer;

    (void)state;
    live_up(live, &ids[STRANGER], now);
    assert_true(live_next_ask(live, now, &peer));
    hear(STRANGER, STRANGER, OURS);
    assert_false(live_next_ask(live, now, &peer));
    assert_int_equal(trust_add(&trust, keys[STRANGER], TRUST_NOT_RETIRED), LAT_OK);
    live_reload(live, &k, &trust, now);
    assert_true(live_next_ask(live, now, &peer));
    assert_int_equal(peerid_compare(&peer, &ids[STRANGER]), 0);
}

/* --- the end of being live ------------------------------------------------------------------------------------------ */

static void
without_an_exchange_for_t_xdead_a_peer_is_a_zombie(void **state)
{
    (void)state;
    live_up(live, &ids[A], now);
    hear(A, A, OURS);
    now += XDEAD - 1;
    assert_int_equal(count_live(), 1);
    now += 1;
    assert_int_equal(count_live(), 0);
    assert_int_equal(lost_why(), LUNG_BY_LAST_PEER_STALE);
    now += 10000;
    assert_string_equal(row(A).why_not, "zombie: no exchange for 40 s");
    hear(A, A, OURS);
    assert_int_equal(count_live(), 1);
}

static void
a_peer_that_states_a_longer_period_has_more_time(void **state)
{
    struct topic_message m = { .type = TOPIC_ROOT, .author = ids[A], .has_key = true, .has_state = true, .every_ms = 20000 };
    struct topic_judgement said = { .trusted = true, .is_claim = true };

    (void)state;
    memcpy(m.key, keys[A], 32);
    live_up(live, &ids[A], now);
    live_message(live, &m, &said, (const uint8_t *)"x", 1, &ids[A], now);
    now += 119999;
    assert_int_equal(count_live(), 1);
    now += 1;
    assert_int_equal(count_live(), 0);
}

static void
the_reason_is_that_of_the_last_live_peer_that_was_lost(void **state)
{
    static const struct {
        enum swarm_reason went;
        enum lung_reason why;
    } cases[] = { { SWARM_RESET, LUNG_BY_LAST_PEER_RESET },
                  { SWARM_CLOSED, LUNG_BY_LAST_PEER_CLOSED },
                  { SWARM_SILENT, LUNG_BY_LAST_PEER_SILENT },
                  { SWARM_INVALID, LUNG_BY_LAST_PEER_INVALID } };

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        live_up(live, &ids[A], now);
        live_up(live, &ids[B], now);
        hear(A, A, OURS);
        assert_int_equal(count_live(), 1);
        live_down(live, &ids[A], cases[i].went);
        live_down(live, &ids[B], cases[(i + 1) % 4].went); /* was not live */
        assert_int_equal(count_live(), 0);
        assert_int_equal(lost_why(), cases[i].why);
    }
}

static void
a_wrong_attestation_ends_it_until_a_good_one(void **state)
{
    (void)state;
    live_up(live, &ids[A], now);
    hear(A, A, OURS);
    assert_int_equal(count_live(), 1);
    hear_as(A, B, OURS, TOPIC_LINE_ATTESTATION); /* whoever brought it: the author is verified */
    assert_int_equal(count_live(), 0);
    assert_int_equal(lost_why(), LUNG_BY_LAST_PEER_INVALID);
    assert_string_equal(row(A).why_not, "what it attested did not hold");
    hear(A, A, OURS);
    assert_int_equal(count_live(), 1);
}

static void
messages_that_were_not_accepted_prove_nothing(void **state)
{
    static const enum topic_line lines[] = { TOPIC_LINE_OLD, TOPIC_LINE_AUTHOR_RATE, TOPIC_LINE_LINK_RATE, TOPIC_LINE_CLOCK,
                                             TOPIC_LINE_UNCHECKED };

    (void)state;
    live_up(live, &ids[A], now);
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        hear_copy(hear_as(A, A, OURS, lines[i]), A);
        assert_int_equal(count_live(), 0);
    }
}

static void
our_own_messages_prove_nothing(void **state)
{
    struct topic_message m = { .type = TOPIC_ROOT, .author = ids[A], .has_key = true, .has_state = true, .every_ms = 5000 };
    struct topic_judgement said = { .trusted = true, .by_trusted = true, .is_claim = true, .is_own = true };

    (void)state;
    m.state = state_of(OURS);
    memcpy(m.key, keys[A], 32);
    live_up(live, &ids[STRANGER], now);
    live_message(live, &m, &said, (const uint8_t *)"x", 1, &ids[STRANGER], now);
    assert_int_equal(count_live(), 0);
}

static void
changes_are_told_once_and_not_of_peers_that_went(void **state)
{
    struct live_change change;

    (void)state;
    live_up(live, &ids[A], now);
    hear(A, A, OURS);
    live_tick(live, now);
    assert_true(live_next_change(live, &change));
    assert_true(change.live && change.why == LUNG_BY_PEER_LIVE && peerid_compare(&change.peer, &ids[A]) == 0);
    assert_false(live_next_change(live, &change));
    now += XDEAD;
    live_tick(live, now);
    assert_true(live_next_change(live, &change));
    assert_true(!change.live && change.why == LUNG_BY_LAST_PEER_STALE);
    hear(A, A, OURS);
    live_tick(live, now);
    live_down(live, &ids[A], SWARM_RESET);
    assert_false(live_next_change(live, &change));
}

static void
the_lung_that_was_switched_off_has_nobody(void **state)
{
    (void)state;
    live_up(live, &ids[A], now);
    hear(A, A, OURS);
    live_clear(live);
    assert_int_equal(count_live(), 0);
    assert_null(live_peer(live, 0));
    live_up(live, &ids[A], now);
    assert_int_equal(count_live(), 0);
    assert_string_equal(row(A).why_not, "connected, no state");
}

static void
degraded_is_told_when_every_live_peer_has_a_ping_unanswered(void **state)
{
    struct lung_peers peers;
    enum lung_reason why;

    (void)state;
    for (int i = A; i <= C; i++)
        live_up(live, &ids[i], now);
    hear(A, A, OURS);
    hear(B, B, OURS);
    live_unanswered(live, &ids[A], true);
    live_unanswered(live, &ids[C], true);
    live_tick(live, now);
    live_count(live, 9, &peers, &why);
    assert_true(peers.live == 2 && peers.connected == 3 && peers.known == 9 && !peers.unanswered);
    live_unanswered(live, &ids[B], true);
    live_count(live, 9, &peers, &why);
    assert_true(peers.unanswered);
    live_unanswered(live, &ids[A], false);
    live_count(live, 9, &peers, &why);
    assert_false(peers.unanswered);
}

/* --- STATUS is asked -------------------------------------------------------------------------------------------------- */

static void
status_is_asked_of_a_new_connection_and_after_half_of_t_xdead_without_an_exchange(void **state)
{
    struct peerid peer;

    (void)state;
    live_up(live, &ids[A], now);
    assert_true(live_next_ask(live, now, &peer));
    assert_false(live_next_ask(live, now, &peer));
    now += 14999;
    assert_false(live_next_ask(live, now, &peer));
    now += 1;
    assert_int_equal(live_next_deadline(live), now);
    assert_true(live_next_ask(live, now, &peer));
    assert_false(live_next_ask(live, now, &peer));
    now += 10000;
    hear(A, A, OURS);
    live_tick(live, now);
    assert_int_equal(live_next_deadline(live), now + 15000);
    now += 14999;
    assert_false(live_next_ask(live, now, &peer));
    now += 1;
    assert_true(live_next_ask(live, now, &peer));
}

static void
a_connection_that_took_anothers_place_keeps_the_proof_and_is_asked(void **state)
{
    struct peerid peer;

    (void)state;
    live_up(live, &ids[A], now);
    assert_true(live_next_ask(live, now, &peer));
    hear(A, A, OURS);
    live_up(live, &ids[A], now);
    assert_int_equal(count_live(), 1);
    assert_true(live_next_ask(live, now, &peer));
}

static void
after_a_change_of_the_network_everyone_is_asked(void **state)
{
    struct peerid peer;

    (void)state;
    live_up(live, &ids[A], now);
    live_up(live, &ids[B], now);
    while (live_next_ask(live, now, &peer))
        ;
    live_hurry(live);
    assert_true(live_next_ask(live, now, &peer));
    assert_true(live_next_ask(live, now, &peer));
    assert_false(live_next_ask(live, now, &peer));
}

/* --- clocks and stalls ------------------------------------------------------------------------------------------------- */

static void
our_own_delay_kills_nobody(void **state)
{
    (void)state;
    live_up(live, &ids[A], now);
    hear(A, A, OURS);
    now += 29000;
    assert_int_equal(count_live(), 1);
    live_stall(live, 5000);
    now += 5000;
    assert_int_equal(count_live(), 1);
    now += 999;
    assert_int_equal(count_live(), 1);
    now += 1;
    assert_int_equal(count_live(), 0);
}

static void
shorter_constants_count_from_the_same_instant(void **state)
{
    (void)state;
    live_up(live, &ids[A], now);
    live_up(live, &ids[B], now);
    status(A, keys[A], OURS);
    now += 10000;
    status(B, keys[B], OURS);
    k.exchange_ms = 1000;
    live_reload(live, &k, &trust, now);
    assert_int_equal(count_live(), 1);
    assert_true(row(B).live);
}

static uint64_t
hear_clock(int author, int link, int64_t off, enum topic_line line)
{
    struct topic_message m = { .type = TOPIC_ROOT, .author = ids[author], .has_key = true, .has_state = true, .every_ms = 5000 };
    struct topic_judgement said = { .line = line, .trusted = author <= C, .is_claim = true, .clock_ms = off };

    memcpy(m.key, keys[author], 32);
    live_message(live, &m, &said, (const uint8_t *)&off, sizeof(off), &ids[link], now);
    return 0;
}

static void
most_peers_whose_clock_is_off_say_that_ours_is(void **state)
{
    int64_t off = 0;

    (void)state;
    assert_false(live_clock_is_off(live, &off));
    for (int i = A; i < PEOPLE; i++)
        live_up(live, &ids[i], now);
    hear_clock(A, A, 31000, TOPIC_LINE_NONE);
    assert_true(live_clock_is_off(live, &off));
    assert_int_equal(off, 31000);
    hear_clock(B, B, 30000, TOPIC_LINE_NONE);
    assert_false(live_clock_is_off(live, &off)); /* one of two */
    hear_clock(STRANGER, STRANGER, 90000, TOPIC_LINE_UNTRUSTED);
    assert_false(live_clock_is_off(live, &off)); /* whose clock does not matter */
    hear_clock(C, A, 40000, TOPIC_LINE_NONE);
    assert_false(live_clock_is_off(live, &off)); /* relayed: may have waited */
    hear_clock(C, C, 400000, TOPIC_LINE_CLOCK);
    assert_true(live_clock_is_off(live, &off));
    assert_int_equal(off, 31000);
    assert_string_equal(row(C).why_not, "its clock is 400 s ahead of ours");
    hear_clock(A, A, -31000, TOPIC_LINE_NONE);
    assert_false(live_clock_is_off(live, &off)); /* one ahead, one behind */
}

/* --- agreement ------------------------------------------------------------------------------------------------------------ */

static void
agreement_is_told_with_its_beginning_and_its_checks(void **state)
{
    (void)state;
    live_up(live, &ids[A], now);
    assert_int_equal(row(A).agreement, LIVE_UNKNOWN);
    hear(A, A, THEIRS);
    assert_int_equal(row(A).agreement, LIVE_DIFFERS);
    assert_int_equal(row(A).state.count, THEIRS);
    now += 1000;
    hear(A, B, THEIRS); /* by any way: the author is verified */
    assert_int_equal(row(A).checks, 2);
    assert_int_equal(row(A).agreement_ms, START);
    assert_int_equal(row(A).heard_ms, START + 1000);
    now += 1000;
    own_root(THEIRS);
    assert_int_equal(row(A).agreement, LIVE_EQUAL);
    assert_int_equal(row(A).agreement_ms, START + 2000);
    assert_int_equal(row(A).checks, 1);
}

static void
a_root_that_we_left_agrees_for_a_heartbeat_more(void **state)
{
    (void)state;
    live_up(live, &ids[A], now);
    hear(A, A, OURS);
    own_root(THEIRS);
    assert_int_equal(row(A).agreement, LIVE_EQUAL);
    now += 5000;
    assert_int_equal(row(A).agreement, LIVE_DIFFERS);
}

static void
the_request_of_a_peer_keeps_the_hlc_that_it_told_for_this_root(void **state)
{
    struct live_status asked = { .state = state_of(THEIRS) };

    (void)state;
    asked.state.hlc = 0;
    live_up(live, &ids[A], now);
    hear(A, A, THEIRS);
    live_status(live, &ids[A], &asked, now);
    assert_int_equal(row(A).state.hlc, 1000 + THEIRS);
    asked.state = state_of(OURS);
    asked.state.hlc = 0;
    live_status(live, &ids[A], &asked, now);
    assert_int_equal(row(A).state.hlc, 0);
}

/* --- bounds --------------------------------------------------------------------------------------------------------------- */

static void
a_flood_of_messages_and_copies_is_bounded(void **state)
{
    uint64_t seed = 5;

    (void)state;
    for (int i = 0; i < PEOPLE; i++)
        live_up(live, &ids[i], now);
    for (int i = 0; i < 30000; i++) {
        int author = (int)random_below(&seed, PEOPLE), link = (int)random_below(&seed, PEOPLE);

        now += 10;
        hear_copy(random_u64(&seed), link);
        hear(author, link, OURS);
        if (i % 100 == 0)
            own_root((uint8_t)random_below(&seed, 3));
    }
    assert_true(count_live() >= 3);
    for (int i = 0; i < 2000; i++)
        own_root((uint8_t)(i % 200));
    live_tick(live, now);
}

static void
all_places_can_be_taken(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < LIVE_PEERS_MAX + 10; i++) {
        uint8_t bytes[34] = { 0x12, 0x20 };
        struct peerid id;

        lat_put_u32le(bytes + 2, i);
        assert_int_equal(peerid_from_bytes(bytes, sizeof(bytes), &id), LAT_OK);
        live_up(live, &id, now);
    }
    assert_non_null(live_peer(live, LIVE_PEERS_MAX - 1));
    assert_null(live_peer(live, LIVE_PEERS_MAX));
}

/*
 * Any order of events: a peer is live only if, within T_XDEAD, something happened that could prove it.
 */
static void
nobody_is_live_without_a_proof_in_any_order_of_events(void **state)
{
    uint64_t seed = 11, proof[PEOPLE] = { 0 };
    bool up[PEOPLE] = { false };

    (void)state;
    for (int i = 0; i < 20000; i++) {
        int who = (int)random_below(&seed, PEOPLE), link = (int)random_below(&seed, PEOPLE);

        now += random_below(&seed, 4000);
        switch (random_below(&seed, 6)) {
        case 0:
            live_up(live, &ids[who], now);
            up[who] = true;
            break;
        case 1:
            live_down(live, &ids[who], SWARM_RESET);
            up[who] = false;
            proof[who] = 0;
            break;
        case 2:
            hear(who, link, THEIRS);
            if (who == link && who <= C)
                proof[who] = now;
            break;
        case 3:
            hear(who, link, OURS);
            if (who <= C)
                proof[link] = now;
            break;
        case 4:
            status(who, keys[link], OURS);
            if (link <= C && (who == link || who == RELAY)) /* the relay's id holds no key: it may show another's, with our root */
                proof[who] = now;
            break;
        default:
            live_stall(live, 0);
        }
        live_tick(live, now);
        for (int p = 0; p < PEOPLE; p++) {
            struct live_row r;

            assert_true(live_row(live, &ids[p], now, &r) == up[p]);
            if (up[p] && r.live)
                assert_true(proof[p] > 0 && now - proof[p] < XDEAD);
        }
    }
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(a_connection_alone_is_no_live_peer),
        T(a_root_of_its_own_makes_a_peer_live_whatever_it_holds),
        T(a_peers_own_root_counts_on_its_own_connection_only),
        T(a_root_equal_to_ours_makes_its_relay_live),
        T(a_relay_that_passes_roots_and_holds_back_records_carries_nothing),
        T(a_record_that_was_applied_makes_a_relay_live_for_what_it_relays),
        T(a_root_counts_also_when_the_record_is_applied_after_it_came),
        T(a_root_counts_also_when_it_becomes_ours_after_it_came),
        T(a_root_that_we_left_within_a_heartbeat_is_still_ours),
        T(a_status_comparison_makes_a_peer_live_on_either_side),
        T(a_status_with_the_key_of_another_proves_nothing),
        T(a_borrowed_key_counts_as_what_is_relayed_does),
        T(a_proof_event_counts_by_its_flat_root),
        T(a_message_counts_once_on_each_connection),
        T(a_copy_counts_only_while_the_message_is_young),
        T(replaying_one_message_does_not_keep_a_peer_live),
        T(a_copy_that_came_before_the_message_was_judged_counts_too),
        T(a_new_connection_counts_anew),
        T(places_of_peers_that_went_are_used_again_without_their_past),
        T(what_a_peer_told_is_remembered_when_it_is_gone),
        T(strangers_do_not_make_us_forget_whom_we_trust),
        T(strangers_cannot_hold_off_the_fallback),
        T(while_nobody_is_trusted_everyone_counts),
        T(keys_that_are_no_longer_trusted_stop_counting_at_once),
        T(a_key_that_becomes_trusted_is_asked_at_once),
        T(without_an_exchange_for_t_xdead_a_peer_is_a_zombie),
        T(a_peer_that_states_a_longer_period_has_more_time),
        T(the_reason_is_that_of_the_last_live_peer_that_was_lost),
        T(a_wrong_attestation_ends_it_until_a_good_one),
        T(messages_that_were_not_accepted_prove_nothing),
        T(our_own_messages_prove_nothing),
        T(changes_are_told_once_and_not_of_peers_that_went),
        T(the_lung_that_was_switched_off_has_nobody),
        T(degraded_is_told_when_every_live_peer_has_a_ping_unanswered),
        T(status_is_asked_of_a_new_connection_and_after_half_of_t_xdead_without_an_exchange),
        T(a_connection_that_took_anothers_place_keeps_the_proof_and_is_asked),
        T(after_a_change_of_the_network_everyone_is_asked),
        T(our_own_delay_kills_nobody),
        T(shorter_constants_count_from_the_same_instant),
        T(most_peers_whose_clock_is_off_say_that_ours_is),
        T(agreement_is_told_with_its_beginning_and_its_checks),
        T(a_root_that_we_left_agrees_for_a_heartbeat_more),
        T(the_request_of_a_peer_keeps_the_hlc_that_it_told_for_this_root),
        T(a_flood_of_messages_and_copies_is_bounded),
        T(all_places_can_be_taken),
        T(nobody_is_live_without_a_proof_in_any_order_of_events),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
