/* test_peers.c - the address book: who is dialed when, what is kept, what peers.json holds. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "p2p/peers.h"
#include "support/random.h"

#define MIN_MS 1000
#define MAX_MS 30000
#define WALL_MS UINT64_C(1773500000000)

static uint64_t seed;

static void
draw(void *out, size_t len)
{
    random_fill(&seed, out, len);
}

static struct peerid
id_of(unsigned n)
{
    uint8_t key[36] = { 0x08, 0x01, 0x12, 0x20, (uint8_t)n, (uint8_t)(n >> 8) };
    struct peerid id;

    peerid_of_key(key, sizeof(key), &id);
    return id;
}

static struct peers *
new_book(uint64_t from)
{
    const struct peers_config config = { .own = id_of(60000), .redial_min_ms = MIN_MS, .redial_max_ms = MAX_MS, .random = draw };

    seed = from;
    return peers_new(&config);
}

static enum lat_err
add(struct peers *book, unsigned peer, const char *text, enum peers_source source)
{
    struct peerid id = id_of(peer);
    struct multiaddr address;

    assert_int_equal(multiaddr_parse(text, &address), LAT_OK);
    return peers_add(book, &id, &address, source);
}

static void
configure(struct peers *book, unsigned peer, const char *text)
{
    char id[PEERID_TEXT_MAX], full[PEERS_ADDRESS_LEN];
    struct multiaddr address;
    struct peerid bytes = id_of(peer);
    size_t refused;

    peerid_text(&bytes, id);
    snprintf(full, sizeof(full), "%s/p2p/%s", text, id);
    assert_int_equal(multiaddr_parse(full, &address), LAT_OK);
    assert_int_equal(peers_configure(book, &address, 1, &refused), LAT_OK);
    assert_int_equal(refused, 0);
}

/* --- back-off -------------------------------------------------------------------------------------- */

static void
back_off_has_full_jitter_and_never_ends(void **state)
{
    (void)state;
    for (uint64_t from = 1; from <= 50; from++) {
        struct peers *book = new_book(from);
        uint64_t now = 1000, longest = 0, sum = 0;
        struct peers_address *address;
        struct peers_entry *peer;

        assert_int_equal(add(book, 1, "/ip4/192.0.2.1/tcp/9000", PEERS_CONFIGURED), LAT_OK);
        for (unsigned n = 1; n <= 200; n++) {
            uint64_t most = n < 6 ? (uint64_t)MIN_MS << (n - 1) : MAX_MS;

            assert_true(peers_next(book, 0, now, &peer, &address));
            assert_int_equal(peers_failed(book, peer, address, "refused", now), n == 1);
            assert_true(address->due_ms >= now && address->due_ms <= now + most);
            if (address->due_ms > now)
                assert_false(peers_next(book, 0, address->due_ms - 1, &peer, &address));
            address = peers_find(book, &peer->id)->addresses[0];
            if (n >= 6) {
                longest = address->due_ms - now > longest ? address->due_ms - now : longest;
                sum += address->due_ms - now;
            }
            now = address->due_ms;
        }
        assert_true(longest > MAX_MS / 2 && longest <= MAX_MS);
        assert_true(sum / 195 > MAX_MS / 3 && sum / 195 < MAX_MS * 2 / 3); /* uniform: about the half */
        peers_free(book);
    }
}

static void
a_peer_that_connects_and_drops_is_not_dialed_in_a_circle(void **state)
{
    struct peers *book = new_book(7);
    struct peers_address *address;
    struct peers_entry *peer;
    uint64_t now = 0, begin;
    unsigned dials = 0;

    (void)state;
    assert_int_equal(add(book, 1, "/ip4/192.0.2.1/tcp/9000", PEERS_CONFIGURED), LAT_OK);
    for (now = 0; now < 600000; now += 10) {
        if (!peers_next(book, 0, now, &peer, &address))
            continue;
        dials++;
        peers_answered(peer);
        peers_up(book, peer, address, now);
        peers_down(book, peer, address, "reset", now);
    }
    assert_true(dials > 600000 / MAX_MS && dials < 100);

    /* One that lived is dialed again within the first step. */
    while (!peers_next(book, 0, now, &peer, &address))
        now += 10;
    peers_up(book, peer, address, now);
    begin = now + MAX_MS;
    peers_down(book, peer, address, "reset", begin);
    assert_true(address->due_ms <= begin + MIN_MS);
    peers_free(book);
}

static void
others_rest_longer_while_someone_is_live_and_wake_when_nobody_is(void **state)
{
    struct peers *book = new_book(3);
    struct peers_address *address, *waiting;
    struct peers_entry *peer, *live;
    struct peerid id = id_of(2);
    uint64_t now = 0, longest = 0;

    (void)state;
    live = peers_enter(book, &id);
    peers_up(book, live, NULL, 0);
    peers_set_live(book, live, true, 0);
    assert_int_equal(peers_live_count(book), 1);
    assert_int_equal(add(book, 1, "/ip4/192.0.2.1/tcp/9000", PEERS_REMEMBERED), LAT_OK);
    id = id_of(1);
    waiting = peers_find(book, &id)->addresses[0];
    for (int n = 0; n < 100; n++) {
        assert_true(peers_next(book, 1, now, &peer, &address));
        peers_failed(book, peer, address, "refused", now);
        longest = address->due_ms - now > longest ? address->due_ms - now : longest;
        now = address->due_ms;
    }
    assert_true(longest > 5 * MAX_MS && longest <= 10 * MAX_MS);
    waiting->due_ms = now + 10 * MAX_MS;
    peers_down(book, live, NULL, "reset", now);
    assert_int_equal(peers_live_count(book), 0);
    assert_true(waiting->due_ms <= now + MAX_MS);
    peers_free(book);
}

static void
a_changed_network_makes_everything_due(void **state)
{
    struct peers *book = new_book(9);
    struct peers_address *address;
    struct peers_entry *peer;
    uint64_t now = 50;

    (void)state;
    assert_int_equal(add(book, 1, "/ip4/192.0.2.1/tcp/9000", PEERS_REMEMBERED), LAT_OK);
    for (int n = 0; n < 20; n++, now = address->due_ms) {
        assert_true(peers_next(book, 0, now, &peer, &address));
        peers_failed(book, peer, address, "refused", now);
    }
    now = address->tried_ms;
    assert_false(peers_next(book, 0, now, &peer, &address));
    peers_forget_backoff(book);
    assert_true(peers_next(book, 0, now, &peer, &address));
    peers_free(book);
}

/* --- who is next ----------------------------------------------------------------------------------- */

static void
at_most_eight_dials_run_at_once_and_nobody_starves(void **state)
{
    struct peers *book = new_book(11);
    unsigned tried[100] = { 0 };
    struct peers_entry *peer, *running[PEERS_DIALS_MAX + 1];
    struct peers_address *address[PEERS_DIALS_MAX + 1];
    char text[64];

    (void)state;
    for (unsigned n = 0; n < 100; n++) {
        snprintf(text, sizeof(text), "/ip4/192.0.2.%u/tcp/9000", n + 1);
        assert_int_equal(add(book, n, text, PEERS_REMEMBERED), LAT_OK);
    }
    for (uint64_t now = 0; now < 600000; now += 1000) { /* every dial takes a second to fail */
        size_t n = 0;

        while (peers_next(book, 0, now, &peer, &address[n])) {
            assert_true(n < PEERS_DIALS_MAX);
            running[n++] = peer;
        }
        for (size_t i = 0; i < n; i++) {
            tried[running[i]->id.bytes[6]]++;
            peers_failed(book, running[i], address[i], "no answer", now + 1000);
        }
    }
    for (unsigned n = 0; n < 100; n++)
        assert_true(tried[n] >= 10);
    peers_free(book);
}

static void
families_of_a_peer_take_turns(void **state)
{
    struct peers *book = new_book(1);
    struct peers_address *first, *second, *third;
    struct peers_entry *peer;

    (void)state;
    assert_int_equal(add(book, 1, "/ip4/192.0.2.1/tcp/1", PEERS_CONFIGURED), LAT_OK);
    assert_int_equal(add(book, 1, "/ip4/192.0.2.2/tcp/1", PEERS_CONFIGURED), LAT_OK);
    assert_int_equal(add(book, 1, "/ip6/2001:db8::1/tcp/1", PEERS_CONFIGURED), LAT_OK);
    assert_int_equal(add(book, 1, "/dns6/example.org/tcp/1", PEERS_CONFIGURED), LAT_OK);
    assert_true(peers_next(book, 0, 1000, &peer, &first));
    assert_false(peers_next(book, 0, 1000 + PEERS_STAGGER_MS - 1, &peer, &second));
    assert_true(peers_next(book, 0, 1000 + PEERS_STAGGER_MS, &peer, &second));
    assert_true(first->ip6 != second->ip6);
    assert_false(peers_next(book, 0, 5000, &peer, &third)); /* two at once are enough */
    peers_failed(book, peer, first, "refused", 5000);
    assert_true(peers_next(book, 0, 5000, &peer, &third));
    assert_true(third != first && third != second);

    peers_answered(peer); /* one is connected: the others wait for what becomes of it */
    peers_dropped(book, peer, third);
    assert_false(peers_next(book, 0, 60000, &peer, &first));
    peers_up(book, peer, second, 60000);
    assert_false(peers_next(book, 0, 90000, &peer, &first));
    assert_int_equal(peer->in_flight, 0);
    peers_free(book);
}

static void
an_answer_that_comes_to_nothing_lets_the_other_addresses_go_on(void **state)
{
    struct peers *book = new_book(1);
    struct peers_address *first, *second;
    struct peers_entry *peer;

    (void)state;
    assert_int_equal(add(book, 1, "/ip4/192.0.2.1/tcp/1", PEERS_CONFIGURED), LAT_OK);
    assert_int_equal(add(book, 1, "/ip4/192.0.2.2/tcp/1", PEERS_CONFIGURED), LAT_OK);
    assert_true(peers_next(book, 0, 1000, &peer, &first));
    peers_answered(peer);
    assert_false(peers_next(book, 0, 9000, &peer, &second));
    peers_failed(book, peer, first, "not the peer", 9000);
    assert_true(peers_next(book, 0, 9000, &peer, &second));
    assert_true(first != second);
    peers_free(book);
}

static void
many_connections_leave_dials_to_the_configured_once_someone_is_live(void **state)
{
    struct peers *book = new_book(1);
    struct peers_address *address;
    struct peers_entry *peer, *live;
    struct peerid id = id_of(9);

    (void)state;
    assert_int_equal(add(book, 1, "/ip4/192.0.2.1/tcp/1", PEERS_IDENTIFIED), LAT_OK);
    live = peers_enter(book, &id);
    peers_up(book, live, NULL, 0);
    peers_set_live(book, live, true, 0);
    assert_false(peers_next(book, PEERS_WANTED, 0, &peer, &address));
    peers_set_live(book, live, false, 0);
    assert_true(peers_next(book, PEERS_WANTED, 0, &peer, &address)); /* nobody is live: everybody is dialed */
    peers_dropped(book, peer, address);
    peers_set_live(book, live, true, 0);
    configure(book, 1, "/ip4/192.0.2.1/tcp/1");
    assert_true(peers_next(book, PEERS_WANTED, 0, &peer, &address));
    peers_free(book);
}

/* --- bounds ---------------------------------------------------------------------------------------- */

static void
what_can_not_be_dialed_is_refused(void **state)
{
    struct peers *book = new_book(1);

    (void)state;
    assert_int_equal(add(book, 1, "/ip4/192.0.2.1/udp/9000", PEERS_IDENTIFIED), LAT_MALFORMED);
    assert_int_equal(add(book, 1, "/ip4/192.0.2.1/tcp/0", PEERS_IDENTIFIED), LAT_MALFORMED);
    assert_int_equal(add(book, 1, "/ip4/192.0.2.1/tcp/80/ws", PEERS_IDENTIFIED), LAT_MALFORMED);
    assert_int_equal(add(book, 60000, "/ip4/192.0.2.1/tcp/9000", PEERS_CONFIGURED), LAT_CONFLICT);
    assert_int_equal(peers_count(book), 0);
    peers_free(book);
}

static void
an_address_is_kept_once_whatever_stands_behind_it(void **state)
{
    struct peers *book = new_book(1);
    struct peerid id = id_of(1);
    char text[PEERID_TEXT_MAX], full[200];

    (void)state;
    peerid_text(&id, text);
    snprintf(full, sizeof(full), "/ip6/2001:DB8:0::1/tcp/9000/p2p/%s", text);
    assert_int_equal(add(book, 1, "/ip6/2001:db8::1/tcp/9000", PEERS_IDENTIFIED), LAT_OK);
    assert_int_equal(add(book, 1, full, PEERS_CONFIGURED), LAT_OK);
    assert_int_equal(peers_find(book, &id)->address_count, 1);
    assert_int_equal(peers_find(book, &id)->addresses[0]->source, PEERS_CONFIGURED);
    peers_free(book);
}

static void
addresses_of_a_peer_are_bounded_and_new_ones_replace_what_fails(void **state)
{
    struct peers *book = new_book(1);
    struct peers_address *address;
    struct peers_entry *peer;
    char text[64];

    (void)state;
    for (int n = 0; n < 2 * PEERS_ADDRESSES_MAX; n++) {
        snprintf(text, sizeof(text), "/ip4/192.0.2.1/tcp/%d", 1000 + n);
        assert_int_equal(add(book, 1, text, PEERS_IDENTIFIED), n < PEERS_ADDRESSES_MAX ? LAT_OK : LAT_LIMIT);
    }
    assert_true(peers_next(book, 0, 0, &peer, &address));
    snprintf(text, sizeof(text), "%s", address->text);
    assert_int_equal(add(book, 1, "/ip4/192.0.2.9/tcp/1", PEERS_IDENTIFIED), LAT_LIMIT);
    peers_failed(book, peer, address, "refused", 0);
    assert_int_equal(add(book, 1, "/ip4/192.0.2.9/tcp/1", PEERS_IDENTIFIED), LAT_OK);
    assert_null(peers_address_of(peer, text));
    assert_int_equal(peer->address_count, PEERS_ADDRESSES_MAX);
    peers_free(book);
}

static void
a_full_book_forgets_the_least_useful_and_never_the_configured(void **state)
{
    struct peers *book = new_book(1);
    struct peers_entry *peer;
    struct peerid id;

    (void)state;
    configure(book, 0, "/ip4/192.0.2.1/tcp/1");
    for (unsigned n = 1; n < PEERS_MAX; n++) {
        id = id_of(n);
        peer = peers_enter(book, &id);
        assert_non_null(peer);
        if (n < 10)
            peers_up(book, peer, NULL, 0);
        else if (n < 20)
            peer->connected_total_ms = n;
    }
    for (unsigned n = 0; n < 3000; n++) {
        assert_int_equal(add(book, 2000 + n, "/ip4/192.0.2.1/tcp/1", PEERS_IDENTIFIED), LAT_OK);
        assert_int_equal(peers_count(book), PEERS_MAX);
    }
    for (unsigned n = 0; n < 20; n++) {
        id = id_of(n);
        assert_non_null(peers_find(book, &id));
    }
    peers_free(book);
}

static void
former_configured_peers_are_forgotten_unless_connected(void **state)
{
    struct peers *book = new_book(1);
    struct peers_address *address;
    struct peers_entry *peer;
    struct peerid one = id_of(1), two = id_of(2);

    (void)state;
    configure(book, 1, "/ip4/192.0.2.1/tcp/1");
    assert_true(peers_next(book, 0, 0, &peer, &address));
    configure(book, 2, "/ip4/192.0.2.2/tcp/1");
    assert_non_null(peers_find(book, &one)); /* in flight */
    peers_up(book, peer, address, 0);
    assert_true(peers_find(book, &one)->connected);
    assert_true(peers_is_configured(peers_find(book, &two)));
    configure(book, 3, "/ip4/192.0.2.3/tcp/1");
    assert_null(peers_find(book, &two));
    assert_non_null(peers_find(book, &one));
    peers_free(book);
}

/* --- candidates ------------------------------------------------------------------------------------ */

static enum lat_err
suggest(struct peers *book, unsigned peer, const char *text, enum peers_source source)
{
    struct peerid id = id_of(peer);
    struct multiaddr address;

    assert_int_equal(multiaddr_parse(text, &address), LAT_OK);
    return peers_suggest(book, &id, &address, source);
}

/* Dial all that is due until each address has failed so often. Times rise by more than any back-off. */
static void
fail_all(struct peers *book, uint64_t *now, unsigned times)
{
    struct peers_address *address;
    struct peers_entry *peer;

    for (unsigned n = 0; n < times; n++) {
        *now += 20 * MAX_MS;
        while (peers_next(book, 0, *now, &peer, &address))
            peers_failed(book, peer, address, "refused", *now);
    }
}

static void
candidates_have_places_of_their_own_and_make_room_only_for_each_other(void **state)
{
    struct peers *book = new_book(3);
    uint64_t now = 0;
    unsigned taken = 0;

    (void)state;
    configure(book, 0, "/ip4/192.0.2.1/tcp/1");
    assert_int_equal(add(book, 1, "/ip4/192.0.2.2/tcp/1", PEERS_REMEMBERED), LAT_OK);
    for (unsigned n = 100; n < 400; n++)
        taken += suggest(book, n, "/ip4/10.0.0.1/tcp/1", PEERS_FOUND) == LAT_OK;
    assert_int_equal(taken, PEERS_CANDIDATES_MAX);
    for (unsigned n = 400; n < 700; n++)
        taken += suggest(book, n, "/ip4/10.0.0.1/tcp/1", PEERS_EXCHANGED) == LAT_OK;
    assert_int_equal(taken, 2 * PEERS_CANDIDATES_MAX);
    assert_int_equal(peers_count(book), 2 + 2 * PEERS_CANDIDATES_MAX);
    fail_all(book, &now, PEERS_CANDIDATE_TRIES - 1);
    assert_int_equal(suggest(book, 1000, "/ip4/10.0.0.1/tcp/1", PEERS_FOUND), LAT_LIMIT);
    fail_all(book, &now, 1);
    assert_int_equal(suggest(book, 1000, "/ip4/10.0.0.1/tcp/1", PEERS_FOUND), LAT_OK);
    assert_int_equal(suggest(book, 1001, "/ip4/10.0.0.1/tcp/1", PEERS_EXCHANGED), LAT_OK);
    assert_int_equal(peers_count(book), 2 + 2 * PEERS_CANDIDATES_MAX);
    for (unsigned n = 0; n < 2; n++) {
        struct peerid id = id_of(n);

        assert_non_null(peers_find(book, &id)); /* they failed as often */
    }
    peers_free(book);
}

static void
a_candidate_of_both_sources_counts_for_the_better_one_and_a_connected_one_for_none(void **state)
{
    struct peers *book = new_book(3);
    struct peerid id = id_of(100);
    struct peers_entry *peer;

    (void)state;
    for (unsigned n = 100; n < 100 + PEERS_CANDIDATES_MAX; n++)
        assert_int_equal(suggest(book, n, "/ip4/10.0.0.1/tcp/1", PEERS_EXCHANGED), LAT_OK);
    assert_int_equal(suggest(book, 500, "/ip4/10.0.0.1/tcp/1", PEERS_EXCHANGED), LAT_LIMIT);
    assert_int_equal(suggest(book, 100, "/ip4/10.0.0.1/tcp/1", PEERS_FOUND), LAT_OK); /* moves over */
    assert_int_equal(suggest(book, 500, "/ip4/10.0.0.1/tcp/1", PEERS_EXCHANGED), LAT_OK);
    for (unsigned n = 601; n < 600 + PEERS_CANDIDATES_MAX; n++)
        assert_int_equal(suggest(book, n, "/ip4/10.0.0.1/tcp/1", PEERS_FOUND), LAT_OK);
    assert_int_equal(suggest(book, 700, "/ip4/10.0.0.1/tcp/1", PEERS_FOUND), LAT_LIMIT);
    peer = peers_find(book, &id);
    peers_up(book, peer, NULL, 0);
    assert_int_equal(suggest(book, 700, "/ip4/10.0.0.1/tcp/1", PEERS_FOUND), LAT_OK);
    peers_down(book, peer, NULL, "closed", 1);
    assert_non_null(peers_find(book, &id));
    peers_free(book);
}

static void
hearsay_does_not_push_out_addresses_that_are_known_from_better_sources(void **state)
{
    struct peers *book = new_book(3);
    struct peerid id = id_of(1);
    struct peers_entry *peer;
    uint64_t now = 0;
    char text[64];

    (void)state;
    for (int n = 0; n < PEERS_ADDRESSES_MAX - 1; n++) {
        snprintf(text, sizeof(text), "/ip4/192.0.2.1/tcp/%d", 1000 + n);
        assert_int_equal(add(book, 1, text, PEERS_IDENTIFIED), LAT_OK);
    }
    fail_all(book, &now, 2 * PEERS_CANDIDATE_TRIES);
    for (int n = 0; n < 40; n++) {
        snprintf(text, sizeof(text), "/ip4/10.0.0.1/tcp/%d", 1000 + n);
        assert_int_equal(suggest(book, 1, text, PEERS_FOUND), n == 0 ? LAT_OK : LAT_LIMIT);
    }
    assert_int_equal(suggest(book, 2, "/ip4/10.0.0.1/tcp/1", PEERS_FOUND), LAT_OK);
    for (int n = 0; n < 40; n++) {
        snprintf(text, sizeof(text), "/ip4/10.0.0.2/tcp/%d", 1000 + n);
        assert_int_equal(suggest(book, 2, text, PEERS_FOUND), n < PEERS_CANDIDATE_ADDRESSES - 1 ? LAT_OK : LAT_LIMIT);
    }
    peer = peers_find(book, &id);
    for (int n = 0; n < PEERS_ADDRESSES_MAX - 1; n++) {
        snprintf(text, sizeof(text), "/ip4/192.0.2.1/tcp/%d", 1000 + n);
        assert_non_null(peers_address_of(peer, text));
    }
    assert_int_equal(suggest(book, 60000, "/ip4/10.0.0.1/tcp/1", PEERS_FOUND), LAT_CONFLICT);
    peers_free(book);
}

static void
a_full_book_takes_no_candidate_unless_one_goes(void **state)
{
    struct peers *book = new_book(3);
    uint64_t now = 0;

    (void)state;
    for (unsigned n = 0; n < PEERS_MAX - 1; n++)
        assert_int_equal(add(book, n, "/ip4/192.0.2.1/tcp/1", PEERS_REMEMBERED), LAT_OK);
    assert_int_equal(suggest(book, 2000, "/ip4/10.0.0.1/tcp/1", PEERS_FOUND), LAT_OK);
    assert_int_equal(suggest(book, 2001, "/ip4/10.0.0.1/tcp/1", PEERS_FOUND), LAT_LIMIT);
    fail_all(book, &now, PEERS_CANDIDATE_TRIES);
    assert_int_equal(suggest(book, 2001, "/ip4/10.0.0.1/tcp/1", PEERS_FOUND), LAT_OK);
    for (unsigned n = 0; n < PEERS_MAX - 1; n++) {
        struct peerid id = id_of(n);

        assert_non_null(peers_find(book, &id));
    }
    peers_free(book);
}

/* --- peers.json ------------------------------------------------------------------------------------ */

static struct lat_buf
text_of(const struct peers *book, uint64_t now, uint64_t wall)
{
    struct lat_buf out;

    lat_buf_init(&out, PEERS_TEXT_MAX);
    assert_int_equal(peers_text(book, now, wall, &out), LAT_OK);
    return out;
}

/* Peers 1 .. 4: 3 was live longest, then 1; 2 was connected longest; 4 never. */
static struct peers *
lived_book(void)
{
    struct peers *book = new_book(5);
    struct peers_entry *peer;
    struct peerid id;

    for (unsigned n = 1; n <= 4; n++) {
        char text[64];

        snprintf(text, sizeof(text), "/ip4/192.0.2.%u/tcp/9000", n);
        assert_int_equal(add(book, n, text, PEERS_IDENTIFIED), LAT_OK);
    }
    for (unsigned n = 1; n <= 3; n++) {
        id = id_of(n);
        peer = peers_find(book, &id);
        peers_up(book, peer, NULL, 1000);
        if (n != 2)
            peers_set_live(book, peer, true, 2000);
        peers_down(book, peer, NULL, "closed", n == 2 ? 900000 : 100000 * (uint64_t)n);
    }
    return book;
}

static void
a_written_book_is_read_back_with_the_longest_live_first(void **state)
{
    struct peers *book = lived_book(), *again = new_book(6);
    struct lat_buf text = text_of(book, 1000000, WALL_MS), second;
    struct peers_address *address;
    struct peers_entry *peer;
    struct lat_msg why = { "" };
    struct peerid id;

    (void)state;
    assert_int_equal(peers_parse(again, (const char *)text.data, text.len, 5000, WALL_MS + 60000, &why), LAT_OK);
    assert_int_equal(peers_count(again), 3);
    for (unsigned n = 0; n < 3; n++) {
        static const unsigned order[] = { 3, 1, 2 };

        assert_true(peers_next(again, 0, 5000, &peer, &address));
        id = id_of(order[n]);
        assert_int_equal(peerid_compare(&peer->id, &id), 0);
        assert_int_equal(address->source, PEERS_REMEMBERED);
        peers_dropped(again, peer, address);
        peers_up(again, peer, NULL, 5000); /* out of the way */
        peer->connected = false;
        peer->hold = true;
    }
    assert_int_equal(peer->last_ms, 5000 - (60000 + 100000)); /* of 2: seen 100 s before the writing */
    second = text_of(again, 5000, WALL_MS + 60000);
    assert_int_equal(second.len, text.len);
    assert_memory_equal(second.data, text.data, text.len);
    lat_buf_fini(&second);
    lat_buf_fini(&text);
    peers_free(again);
    peers_free(book);
}

static void
configured_addresses_are_left_to_the_configuration(void **state)
{
    struct peers *book = lived_book();
    struct lat_buf text;

    (void)state;
    configure(book, 1, "/ip4/192.0.2.1/tcp/9000");
    text = text_of(book, 1000000, WALL_MS);
    assert_null(strstr(lat_buf_str(&text), "/ip4/192.0.2.1/"));
    assert_non_null(strstr(lat_buf_str(&text), "/ip4/192.0.2.3/tcp/9000"));
    lat_buf_fini(&text);
    peers_free(book);
}

static void
a_damaged_file_is_refused_at_every_cut(void **state)
{
    struct peers *book = lived_book();
    struct lat_buf text = text_of(book, 1000000, WALL_MS);
    struct lat_msg why;

    (void)state;
    for (size_t cut = 0; cut + 2 < text.len; cut++) { /* without its last brace */
        struct peers *again = new_book(1);
        char *copy = malloc(cut + 1); /* its own, so that a look beyond the end is seen */

        memcpy(copy, text.data, cut);
        why.text[0] = '\0';
        assert_int_equal(peers_parse(again, copy, cut, 0, WALL_MS, &why), LAT_MALFORMED);
        assert_true(why.text[0] != '\0');
        free(copy);
        peers_free(again);
    }
    lat_buf_fini(&text);
    peers_free(book);
}

static void
noise_in_a_file_does_no_harm(void **state)
{
    struct peers *book = lived_book();
    struct lat_buf text = text_of(book, 1000000, WALL_MS);
    uint64_t from = 77;
    struct lat_msg why;

    (void)state;
    for (int n = 0; n < 3000; n++) {
        struct peers *again = new_book(1);
        char *copy = malloc(text.len);

        memcpy(copy, text.data, text.len);
        for (int k = 0; k < 3; k++)
            copy[random_below(&from, text.len)] = "\"\\{}[],:0a\xff\0"[random_below(&from, 12)];
        (void)!peers_parse(again, copy, text.len, 0, WALL_MS, &why);
        assert_true(peers_count(again) <= 4);
        free(copy);
        peers_free(again);
    }
    lat_buf_fini(&text);
    peers_free(book);
}

static void
unknown_members_are_passed_over(void **state)
{
    static const char text[] = "{\"version\": 2, \"more\": [1, {\"a\": [true, null, -1.5e3]}, \"]\\\"}\"],\n"
                               "\"peers\": [{\"id\": \"none\", \"addresses\": []}, {\"new\": {\"x\": []},\n"
                               "\"id\": \"12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA\", \"live_s\": 99999999999999999999,\n"
                               "\"addresses\": [\"/ip4/192.0.2.1/udp/1\", \"bad\", \"/ip4/192.0.2.1/tcp/1\"]}]}\n";
    struct peers *book = new_book(1);
    struct lat_msg why;

    (void)state;
    assert_int_equal(peers_parse(book, text, sizeof(text) - 1, 0, WALL_MS, &why), LAT_OK);
    assert_int_equal(peers_count(book), 1);
    assert_int_equal(peers_at(book, 0)->address_count, 1);
    assert_false(peers_at(book, 0)->was_connected);
    peers_free(book);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(back_off_has_full_jitter_and_never_ends),
        cmocka_unit_test(a_peer_that_connects_and_drops_is_not_dialed_in_a_circle),
        cmocka_unit_test(others_rest_longer_while_someone_is_live_and_wake_when_nobody_is),
        cmocka_unit_test(a_changed_network_makes_everything_due),
        cmocka_unit_test(at_most_eight_dials_run_at_once_and_nobody_starves),
        cmocka_unit_test(families_of_a_peer_take_turns),
        cmocka_unit_test(an_answer_that_comes_to_nothing_lets_the_other_addresses_go_on),
        cmocka_unit_test(many_connections_leave_dials_to_the_configured_once_someone_is_live),
        cmocka_unit_test(what_can_not_be_dialed_is_refused),
        cmocka_unit_test(an_address_is_kept_once_whatever_stands_behind_it),
        cmocka_unit_test(addresses_of_a_peer_are_bounded_and_new_ones_replace_what_fails),
        cmocka_unit_test(a_full_book_forgets_the_least_useful_and_never_the_configured),
        cmocka_unit_test(former_configured_peers_are_forgotten_unless_connected),
        cmocka_unit_test(candidates_have_places_of_their_own_and_make_room_only_for_each_other),
        cmocka_unit_test(a_candidate_of_both_sources_counts_for_the_better_one_and_a_connected_one_for_none),
        cmocka_unit_test(hearsay_does_not_push_out_addresses_that_are_known_from_better_sources),
        cmocka_unit_test(a_full_book_takes_no_candidate_unless_one_goes),
        cmocka_unit_test(a_written_book_is_read_back_with_the_longest_live_first),
        cmocka_unit_test(configured_addresses_are_left_to_the_configuration),
        cmocka_unit_test(a_damaged_file_is_refused_at_every_cut),
        cmocka_unit_test(noise_in_a_file_does_no_harm),
        cmocka_unit_test(unknown_members_are_passed_over),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
