#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "support/conn_pair.h"

#include "crypto/rand.h"
#include "support/random.h"

static bool
on_up(void *arg, struct conn *conn)
{
    (void)arg;
    (void)conn;
    return true;
}

static void
on_pong(void *arg, struct conn *conn, uint64_t rtt_ms)
{
    (void)arg;
    (void)conn;
    (void)rtt_ms;
}

void
conn_end_init(struct conn_end *end, uint8_t seed_byte, bool dialer, const struct protocol *const *protocols)
{
    static const struct conn_ops ops = { .up = on_up, .pong = on_pong };
    uint8_t seed[32];

    *end = (struct conn_end){ 0 };
    memset(seed, seed_byte, sizeof(seed));
    assert_int_equal(key_from_seed(seed, &end->key), LAT_OK);
    identity_init(&end->identity, end->key);
    memset(seed, seed_byte ^ 0x80, sizeof(seed));
    assert_int_equal(noise_static_new(seed, end->identity.public_key, sizeof(end->identity.public_key), identity_sign,
                                      &end->identity, &end->own),
                     LAT_OK);
    end->config = (struct conn_config){ .dialer = dialer, .own = end->own, .verify = identity_verify, .verify_arg = &end->check,
                                        .early_muxer = true, .protocols = protocols, .random = rand_bytes, .idle_ms = 3000,
                                        .dead_ms = 10000, .ops = &ops, .arg = end };
    lat_buf_init(&end->wire, 64u * 1024 * 1024);
}

void
conn_end_start(struct conn_end *end, uint64_t now_ms)
{
    assert_int_equal(conn_new(&end->config, now_ms, &end->conn), LAT_OK);
}

void
conn_end_fini(struct conn_end *end)
{
    conn_free(end->conn);
    noise_static_free(end->own);
    key_free(end->key);
    lat_buf_fini(&end->wire);
}

void
conn_end_speak(struct conn_end *end, uint64_t now_ms)
{
    enum lat_err err = conn_output(end->conn, &end->wire, now_ms);

    assert_true(err == LAT_OK || end->err);
}

bool
conn_pair_carry(struct conn_pair *pair, struct conn_end *from, struct conn_end *to)
{
    size_t at = 0;

    conn_end_speak(from, pair->now_ms);
    if (from->wire.len == 0)
        return false;
    from->flights++;
    while (at < from->wire.len && !to->err) {
        size_t piece = 1 + random_below(&pair->seed, pair->piece_max);

        piece = piece < from->wire.len - at ? piece : from->wire.len - at;
        to->err = conn_input(to->conn, from->wire.data + at, piece, pair->now_ms, &to->why);
        at += piece;
    }
    lat_buf_clear(&from->wire);
    return true;
}

void
conn_pair_settle(struct conn_pair *pair)
{
    for (bool moved = true; moved;) {
        moved = conn_pair_carry(pair, &pair->a, &pair->b);
        moved = (!pair->a_is_deaf && conn_pair_carry(pair, &pair->b, &pair->a)) || moved;
    }
}

static void
tick(struct conn_pair *pair, struct conn_end *end)
{
    if (!end->err)
        end->err = conn_tick(end->conn, pair->now_ms, &end->why);
}

void
conn_pair_wait(struct conn_pair *pair, uint64_t ms)
{
    for (uint64_t until = pair->now_ms + ms; pair->now_ms < until;) {
        pair->now_ms += until - pair->now_ms < 100 ? until - pair->now_ms : 100;
        tick(pair, &pair->a);
        tick(pair, &pair->b);
        conn_pair_settle(pair);
    }
}

void
conn_pair_init(struct conn_pair *pair, uint8_t a_seed, const struct protocol *const *a, uint8_t b_seed,
               const struct protocol *const *b)
{
    *pair = (struct conn_pair){ .now_ms = 100000, .seed = 1, .piece_max = 1u << 20 };
    conn_end_init(&pair->a, a_seed, true, a);
    conn_end_init(&pair->b, b_seed, false, b);
    pair->a.check.dialed = &pair->b.identity.peer;
    conn_end_start(&pair->a, pair->now_ms);
    conn_end_start(&pair->b, pair->now_ms);
    conn_pair_settle(pair);
    assert_int_equal(conn_phase(pair->a.conn), CONN_OPEN);
    assert_int_equal(conn_phase(pair->b.conn), CONN_OPEN);
}

void
conn_pair_fini(struct conn_pair *pair)
{
    conn_end_fini(&pair->a);
    conn_end_fini(&pair->b);
}
