#include "config.h"

#include "support/heal_pair.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "state/store.h"
#include "support/random.h"

#define MESSAGE_MS 5

void
pair_init(struct heal_pair *pair, uint64_t seed)
{
    static const int trusted[2][2] = { { 1, 3 }, { 0, 3 } };

    memset(pair, 0, sizeof(*pair));
    pair->seed = seed;
    pair->now_ms = 1000;
    world_init(&pair->world);
    for (int i = 0; i < 2; i++) {
        struct heal_node *node = &pair->nodes[i];

        trust_init(&node->trust, key_public(pair->world.keys[i]));
        for (int k = 0; k < 2; k++)
            assert_int_equal(trust_add(&node->trust, key_public(pair->world.keys[trusted[i][k]]), TRUST_NOT_RETIRED),
                             LAT_OK);
        memory_init(&node->state, &pair->world.network, pair->world.keys[i], &node->trust, WORLD_NOW_MS);
        heal_peer_init(&node->peer);
    }
}

void
pair_fini(struct heal_pair *pair)
{
    for (int i = 0; i < 2; i++) {
        heal_peer_fini(&pair->nodes[i].peer);
        memory_fini(&pair->nodes[i].state);
    }
    world_fini(&pair->world);
}

void
pair_wait(struct heal_pair *pair, uint64_t ms)
{
    pair->now_ms += ms;
    pair->nodes[0].state.view.now_ms += ms;
    pair->nodes[1].state.view.now_ms += ms;
}

struct recon_status
pair_status(const struct heal_pair *pair, int node)
{
    const struct heal_node *n = &pair->nodes[node];
    struct recon_status status = { .count = n->state.view.count, .hlc = n->state.view.hlc };
    const uint8_t *challenge = heal_challenge(&pair->nodes[!node].peer.heal);

    memcpy(status.root, n->state.view.root, 32);
    memcpy(status.key, key_public(pair->world.keys[node]), 32);
    if (challenge != NULL)
        memcpy(status.challenge, challenge, 16);
    else
        memset(status.challenge, (int)(pair->now_ms % 251), 16);
    trust_digest(&n->trust, status.challenge, status.trust_digest);
    return status;
}

void
pair_look(struct heal_pair *pair, int node)
{
    struct heal_node *n = &pair->nodes[node];
    struct recon_status status = pair_status(pair, !node);
    const struct heal_own own = { .root = n->state.view.root,
                                  .trusted_count = n->trust.count,
                                  .view = heal_peer_needs_view(&n->peer) ? &n->state.view : NULL };

    heal_peer_note_status(&n->peer, &status, &n->trust);
    heal_peer_compare(&n->peer, status.root, &own, pair->now_ms);
}

static bool
happens(struct heal_pair *pair, unsigned percent)
{
    return random_u64(&pair->seed) % 100 < percent;
}

/* The other side answers, or the answer does not come. */
static void
exchange(struct heal_pair *pair, int node, const struct lat_buf *request)
{
    struct heal_node *n = &pair->nodes[node], *other = &pair->nodes[!node];
    struct lat_buf reply;

    lat_buf_init(&reply, RECON_MESSAGE_MAX);
    pair_wait(pair, MESSAGE_MS);
    pair->bytes += request->len;
    pair->messages++;
    if (happens(pair, pair->weather.doubled))
        world_serve(&pair->world, &other->state, &other->state.view, request->data, request->len, &reply);
    world_serve(&pair->world, &other->state, &other->state.view, request->data, request->len, &reply);
    pair->bytes += reply.len;
    if (pair->weather.bend != NULL)
        pair->weather.bend(pair->weather.arg, &reply);
    if (happens(pair, pair->weather.lost))
        heal_fail(&n->peer.heal, "lost", pair->now_ms);
    else if (heal_take(&n->peer.heal, &n->state.view, reply.data, reply.len, pair->now_ms))
        assert_int_equal(n->peer.heal.state, HEAL_OVER);
    lat_buf_fini(&reply);
}

static void
apply(struct heal_pair *pair, struct heal_node *n)
{
    struct heal *heal = &n->peer.heal;
    uint8_t *verdicts = calloc(heal->batch_count, 1);

    assert_non_null(verdicts);
    world_apply(&pair->world, &n->state, heal->batch.data, heal->batch_count, verdicts);
    heal_verdicts(heal, verdicts, heal->batch_count, pair->now_ms);
    free(verdicts);
}

static void
step(struct heal_pair *pair, int node)
{
    struct heal_node *n = &pair->nodes[node];
    struct recon_status status;
    struct lat_buf request;

    switch (n->peer.heal.state) {
    case HEAL_ASK:
        lat_buf_init(&request, RECON_MESSAGE_MAX);
        assert_int_equal(heal_ask(&n->peer.heal, &n->state.view, pair->now_ms, &request), LAT_OK);
        if (n->peer.heal.state == HEAL_WAIT)
            exchange(pair, node, &request);
        lat_buf_fini(&request);
        break;
    case HEAL_APPLY:
        heal_batch_sent(&n->peer.heal);
        break;
    case HEAL_VERDICTS:
        apply(pair, n);
        break;
    case HEAL_COMPARE:
        status = pair_status(pair, !node);
        pair->messages++;
        pair_wait(pair, MESSAGE_MS);
        heal_compare(&n->peer.heal, &status, &n->state.view, pair->now_ms);
        break;
    case HEAL_WAIT:
    case HEAL_OVER:
        fail_msg("nothing to carry in state %d", n->peer.heal.state);
    }
}

enum heal_end
pair_session(struct heal_pair *pair, int node)
{
    struct heal_node *n = &pair->nodes[node];
    struct recon_status status = pair_status(pair, !node);
    uint8_t salt[HEAL_SALT_LEN];

    random_fill(&pair->seed, salt, sizeof(salt));
    pair->bytes = pair->messages = 0;
    n->peer.healing = true;
    heal_start(&n->peer.heal, &status, &n->state.view, salt, pair->now_ms);
    while (n->peer.heal.state != HEAL_OVER) {
        step(pair, node);
        assert_true(pair->messages <= HEAL_MESSAGES_MAX);
        assert_true(pair->bytes <= HEAL_BYTES_MAX + 2 * RECON_MESSAGE_MAX);
    }
    pair->all_bytes += pair->bytes;
    pair->sessions++;
    heal_peer_healed(&n->peer, 0, pair->now_ms);
    return n->peer.heal.end;
}

void
pair_heal(struct heal_pair *pair, unsigned most)
{
    for (unsigned i = 0, idle = 0; idle < 2; i++) {
        int node = (int)(i % 2);
        struct heal_peer *peer = &pair->nodes[node].peer;

        pair_look(pair, node);
        idle = heal_peer_due_at(peer) == UINT64_MAX ? idle + 1 : 0;
        if (idle > 0)
            continue;
        if (!heal_peer_is_due(peer, pair->now_ms))
            pair_wait(pair, heal_peer_due_at(peer) - pair->now_ms);
        if (i >= 2 * most)
            fail_msg("no agreement after %u sessions; the last ended %d: %s", most, peer->heal.end,
                     peer->heal.why.text);
        pair_session(pair, node);
    }
}

bool
pair_refuses(const struct heal_pair *pair, int node, const struct record *record)
{
    const struct heal_node *n = &pair->nodes[node];

    return !trust_accepts(&n->trust, record->author, record->hlc) ||
           HLC_MS(record->hlc) > n->state.view.now_ms + RECORD_FUTURE_MAX_MS;
}

/* One key that is on one side alone, or differs: does the side that has the loser refuse the winner? */
static void
check_key(const struct heal_pair *pair, const struct record *a, const struct record *b)
{
    int loser = a == NULL ? 0 : b == NULL ? 1 : record_compare(a, b) > 0;
    const struct record *winner = loser == 0 ? b : a;

    if (!pair_refuses(pair, loser, winner))
        fail_msg("key %.*s differs, though node %d accepts what wins", (int)winner->key_len,
                 (const char *)winner->key, loser);
}

size_t
pair_check(const struct heal_pair *pair)
{
    const struct memory_view *a = &pair->nodes[0].state, *b = &pair->nodes[1].state;
    size_t i = 0, k = 0, differing = 0;

    while (i < a->count || k < b->count) {
        int order = i == a->count   ? 1
                    : k == b->count ? -1
                                    : memcmp(a->records[i].keyhash, b->records[k].keyhash, 32);
        const struct record *x = order <= 0 ? &a->records[i++] : NULL, *y = order >= 0 ? &b->records[k++] : NULL;

        if (x != NULL && y != NULL && memcmp(x->leaf, y->leaf, 32) == 0)
            continue;
        check_key(pair, x, y);
        differing++;
    }
    return differing;
}
