/*
 * node_sync.c - the asking side of the sync stream: STATUS of each peer when it comes up and whenever it has been silent, and healing from one
 * whose root differs (state/heal.h, state/heal_peer.h: the same as over HTTP).
 *
 *    due (live) ──▶ STATUS ──differs──▶ HEALING: ask, take, apply ... ──▶ STATUS again, in the session ──▶ the end is judged by heal_peer
 *
 * Of two peers that differ the one with the lower id begins, at once after a STATUS and a second after gossip told (which may close the
 * difference by itself); the other one two seconds later. An empty node does not wait.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "crypto/rand.h"
#include "node/node_parts.h"

#define GOSSIP_GRACE_MS 1000 /* what gossip is given to close a difference */
#define SECOND_MS 2000       /* how much later the one with the higher id begins */
#define STATUS_FRESH_MS 1000 /* a session begins from a STATUS no older than this */
#define SILENT_MAX 6         /* a peer that does not answer STATUS is asked every 64 s at least */

enum healer_step { HEALER_IDLE, HEALER_STATUS, HEALER_HEALING };

/* What an answer of the apply finds its healer by: it may be gone. */
struct owed {
    struct healer *healer;
};

/* One connected peer. */
struct healer {
    struct node *node;
    struct peerid id;
    bool first;      /* our id is the lower one */
    enum healer_step step;
    struct sync_session *session; /* NULL when IDLE */
    uint8_t challenge[16];        /* of the STATUS under way */
    bool counts;                  /* its own key is trusted, or none is and so everyone's counts */
    bool trusted;                 /* ... and the key of `status` attests here */
    struct recon_status status;
    uint64_t status_ms;           /* when `status` came; 0: none, or a session has begun from it */
    uint32_t silent;              /* STATUS in a row that were not answered */
    struct heal_peer h;
    uint64_t begin_ms;            /* not to be healed from before */
    struct owed *owed;
};

static void advance(struct healer *healer);

/* --- the peers -------------------------------------------------------------------------------------- */

static struct healer *
find(const struct node *node, const struct peerid *id)
{
    for (size_t i = 0; i < node->healer_count; i++) {
        if (peerid_compare(&node->healers[i]->id, id) == 0)
            return node->healers[i];
    }
    return NULL;
}

/* An answer of the apply that is still to come concerns nobody any more. */
static void
disown(struct healer *healer)
{
    if (healer->owed)
        healer->owed->healer = NULL;
    healer->owed = NULL;
}

static void
free_healer(struct healer *healer)
{
    heal_memory_keep(&healer->node->heal_memory, healer->id.bytes, healer->id.len, &healer->h, node_now(healer->node));
    sync_close(healer->session);
    disown(healer);
    heal_peer_fini(&healer->h);
    free(healer);
}

bool
node_peer_counts(const struct node *node, const struct peerid *id)
{
    const struct trust *trust = &node->trust->trust;
    uint8_t key[32];

    return topic_trusts_nobody(trust) || (peerid_inlined_ed25519(id, key) == LAT_OK && trust_attests(trust, key));
}

void
node_sync_up(struct node *node, const struct peerid *id)
{
    struct healer *healer = find(node, id);

    if (healer || node->healer_count == SWARM_CONNECTIONS_MAX)
        return;
    healer = calloc(1, sizeof(*healer));
    if (healer == NULL)
        return; /* it is not healed from until it connects again */
    healer->node = node;
    healer->id = *id;
    healer->first = peerid_compare(&node->identity.peer, id) < 0;
    healer->counts = node_peer_counts(node, id);
    heal_peer_init(&healer->h);
    heal_memory_recall(&node->heal_memory, id->bytes, id->len, &healer->h, node_now(node));
    node->healers[node->healer_count++] = healer;
}

void
node_sync_down(struct node *node, const struct peerid *id)
{
    for (size_t i = 0; i < node->healer_count; i++) {
        if (peerid_compare(&node->healers[i]->id, id) != 0)
            continue;
        free_healer(node->healers[i]);
        node->healers[i] = node->healers[--node->healer_count];
        return;
    }
}

void
node_sync_clear(struct node *node)
{
    while (node->healer_count > 0)
        free_healer(node->healers[--node->healer_count]);
}

static struct heal_own
own_of(const struct node *node, const struct store_head *head)
{
    return (struct heal_own){ .root = head->root,
                              .trust_number = node->trust_number,
                              .trusted_count = node->trust->trust.count,
                              .lost = head->lost };
}

static bool
see_own(struct node *node, struct recon_view *view)
{
    if (node_view_begin(node, view))
        return false;
    view->trust = &node->trust->trust;
    view->now_ms = lat_wall_ms();
    return true;
}

/* The peer showed a root, by gossip or by the sync stream. grace_ms: how long gossip is given to close a difference. */
static void
compare(struct healer *healer, const uint8_t root[32], uint64_t grace_ms)
{
    struct node *node = healer->node;
    uint64_t now = node_now(node);
    struct store_head head;
    struct recon_view view;
    struct heal_own own;
    unsigned changes;
    bool looks;

    if (healer->step == HEALER_HEALING)
        return; /* its end compares */
    store_head(node->store, &head);
    if (head.damaged)
        return;
    own = own_of(node, &head);
    looks = heal_peer_needs_view(&healer->h) && see_own(node, &view);
    if (looks)
        own.view = &view;
    changes = heal_peer_compare(&healer->h, root, &own, now);
    if (looks)
        node_view_end(&view);
    if ((changes & HEAL_CHANGE_DIVERGED) && healer->silent == 0)
        healer->begin_ms = now + grace_ms + (healer->first || head.count == 0 ? 0 : SECOND_MS);
    node->changed = true;
}

/* One changed key is named at once, before anybody is asked. More than a few are left to the session. */
static void
preview(struct healer *healer)
{
    struct recon_view view;

    if (!see_own(healer->node, &view))
        return;
    if (heal_preview(&healer->h.heal, &view) == LAT_OK)
        healer->node->changed = true;
    node_view_end(&view);
}

void
node_sync_heard(struct node *node, const struct topic_message *said)
{
    struct healer *healer = find(node, &said->author);

    if (healer == NULL)
        return;
    compare(healer, said->state.root, GOSSIP_GRACE_MS);
    if (said->cells_len == 0 || healer->step == HEALER_HEALING || !healer->h.compared || healer->h.equal)
        return;
    if (heal_hint(&healer->h.heal, said->state.root, said->state.count, said->cells, said->cells_len))
        lat_log(LAT_DEBUG, "[LATTICE_P2P] the cells of a root are none");
    else
        preview(healer);
}

void
node_sync_asked(struct node *node, const struct peerid *id, const struct topic_state *theirs)
{
    const struct live_status status = { .state = *theirs };
    struct healer *healer = find(node, id);

    live_status(node->live, id, &status, node_now(node));
    if (healer)
        compare(healer, theirs->root, 0);
}

/* --- what is asked ---------------------------------------------------------------------------------- */

static void
end_stream(struct healer *healer)
{
    sync_close(healer->session);
    healer->session = NULL;
    healer->step = HEALER_IDLE;
}

static bool
send_request(struct healer *healer, const struct lat_buf *message)
{
    if (sync_ask(healer->session, message->data, message->len))
        return false;
    swarm_wake(sync_session_conn(healer->session));
    return true;
}

static bool
ask_status(struct healer *healer)
{
    const uint8_t *kept = heal_challenge(&healer->h.heal);
    struct node *node = healer->node;
    struct store_head head;
    struct lat_buf message;
    bool sent;

    store_head(node->store, &head);
    if (kept != NULL) /* trust digests compare under one challenge */
        memcpy(healer->challenge, kept, sizeof(healer->challenge));
    else
        rand_bytes(healer->challenge, sizeof(healer->challenge));
    lat_buf_init(&message, RECON_MESSAGE_MAX);
    sent = recon_ask_status(store_network(node->store), healer->challenge, head.root, head.count, false, &message) == LAT_OK &&
           send_request(healer, &message);
    lat_buf_fini(&message);
    return sent;
}

/* --- a session -------------------------------------------------------------------------------------- */

/* A whole pass over a peer that may be believed: an empty node is filled. */
static void
note_filled(struct healer *healer)
{
    enum heal_end end = healer->h.heal.end;
    struct store_head head;

    store_head(healer->node->store, &head);
    if (head.incomplete && healer->trusted && (end == HEAL_EQUAL || end == HEAL_BUT || end == HEAL_ALL_TAKEN || end == HEAL_REFUSED))
        store_set_incomplete(healer->node->store, false);
}

static void
log_end(const struct healer *healer, unsigned changes)
{
    const struct heal *heal = &healer->h.heal;
    char name[PEERID_TEXT_MAX];

    peerid_text(&healer->id, name);
    lat_log(node_may_say(healer->node) ? LAT_INFO : LAT_DEBUG, "[LATTICE_P2P] [RECONCILIATION] %s%s: %u taken, %u ours, %u refused, %llu bytes%s%s",
            name, changes & HEAL_CHANGE_AGREES ? " agrees again" : "", heal->applied, heal->ours, heal->refused,
            (unsigned long long)heal->bytes, heal->why.text[0] ? ": " : "", heal->why.text);
}

static void
keep(const struct healer *healer, uint64_t now)
{
    struct healing ended;

    healing_of(&healer->h.heal, lat_wall_ms(), now, &ended);
    ended.p2p = true;
    peerid_text(&healer->id, ended.peer);
    healings_add(healer->node->healings, &ended);
}

static void
end_session(struct healer *healer)
{
    uint64_t now = node_now(healer->node);
    unsigned changes;

    end_stream(healer);
    disown(healer);
    changes = heal_peer_healed(&healer->h, healer->node->trust_number, now);
    keep(healer, now);
    log_end(healer, changes);
    note_filled(healer);
    healer->node->changed = true;
}

static void
fail(struct healer *healer, const char *text)
{
    heal_fail(&healer->h.heal, text, node_now(healer->node));
    end_session(healer);
}

static void
on_applied(void *arg, const uint8_t *verdicts, size_t count, enum lat_err err)
{
    struct owed *owed = arg;
    struct healer *healer = owed->healer;

    free(owed);
    if (healer == NULL)
        return; /* the session has ended meanwhile */
    healer->owed = NULL;
    if (count != healer->h.heal.batch_count) {
        fail(healer, lat_err_text(err ? err : LAT_CLOSED));
        return;
    }
    node_live_applied(healer->node, &healer->id, verdicts, count);
    heal_verdicts(&healer->h.heal, verdicts, count, node_now(healer->node));
    advance(healer);
    node_p2p_flush(healer->node);
}

static void
apply_batch(struct healer *healer)
{
    struct heal *heal = &healer->h.heal;
    struct owed *owed = calloc(1, sizeof(*owed));
    enum lat_err err = LAT_NOMEM;

    if (owed) {
        owed->healer = healer;
        err = apply_records(healer->node->apply, APPLY_FROM_P2P, heal->batch.data, heal->batch.len, heal->batch_count,
                            on_applied, owed);
    }
    if (!err) {
        healer->owed = owed;
        heal_batch_sent(heal);
        return;
    }
    free(owed);
    fail(healer, err == LAT_BUSY ? "too many records wait to be applied here" : lat_err_text(err));
}

static void
ask_next(struct healer *healer)
{
    struct recon_view view;
    struct lat_buf message;
    bool sent = true;

    if (!see_own(healer->node, &view)) {
        fail(healer, "our own state cannot be read");
        return;
    }
    lat_buf_init(&message, RECON_MESSAGE_MAX);
    if (heal_ask(&healer->h.heal, &view, node_now(healer->node), &message))
        lat_buf_clear(&message); /* the session has ended */
    node_view_end(&view);
    if (healer->h.heal.state == HEAL_WAIT)
        sent = send_request(healer, &message);
    lat_buf_fini(&message);
    if (!sent)
        fail(healer, "the next request could not be sent");
    else if (healer->h.heal.state != HEAL_WAIT)
        advance(healer);
}

static void
advance(struct healer *healer)
{
    switch (healer->h.heal.state) {
    case HEAL_ASK:
        ask_next(healer);
        break;
    case HEAL_APPLY:
        apply_batch(healer);
        break;
    case HEAL_COMPARE:
        if (!ask_status(healer))
            fail(healer, "the last comparison could not be asked for");
        break;
    case HEAL_OVER:
        end_session(healer);
        break;
    case HEAL_WAIT:
    case HEAL_VERDICTS:
        break; /* an answer will come */
    }
}

/* --- answers ---------------------------------------------------------------------------------------- */

/* A STATUS that holds: who stands where. */
static void
note_status(struct healer *healer, const struct recon_status *status)
{
    struct node *node = healer->node;
    struct live_status told = { .key = status->key,
                                .state = { .count = status->count, .hlc = status->hlc },
                                .time_ms = status->time_ms,
                                .wall_ms = lat_wall_ms() };

    memcpy(told.state.root, status->root, 32);
    if (!status->incomplete) {
        live_status(node->live, &healer->id, &told, node_now(node));
        node_live_attested(node, status->key, &told.state, status->time_ms);
    }
    heal_peer_note_status(&healer->h, status, &node->trust->trust);
    healer->status = *status;
    healer->status_ms = node_now(node);
    healer->silent = 0;
    healer->trusted = healer->counts && trust_attests(&node->trust->trust, status->key);
}

/* Whoever passes our challenge on can show another node's attestation. */
static bool
is_of_another(const struct healer *healer, const uint8_t key[32])
{
    uint8_t own[32];

    return peerid_inlined_ed25519(&healer->id, own) == LAT_OK && memcmp(own, key, 32) != 0;
}

static bool
take_status(struct healer *healer, const uint8_t *bytes, size_t len, struct lat_msg *why)
{
    struct node *node = healer->node;
    struct recon_status status;
    enum lat_err err = recon_read_status(store_network(node->store), healer->challenge, bytes, len, &status, why);
    uint64_t wall = lat_wall_ms();

    if (!err && is_of_another(healer, status.key)) {
        lat_msg_set(why, "attested by another key than its own");
        err = LAT_AUTH;
    }
    if (err == LAT_AUTH)
        live_invalid(node->live, &healer->id);
    if (!err && !status.incomplete &&
        (status.time_ms > wall + RECON_CLOCK_MAX_MS || status.time_ms + RECON_CLOCK_MAX_MS < wall)) {
        lat_msg_set(why, "its clock stands more than %d s from ours", RECON_CLOCK_MAX_MS / 1000);
        err = LAT_AUTH;
    }
    if (!err)
        note_status(healer, &status);
    return err == LAT_OK;
}

/* The STATUS that a session ends with. */
static void
take_last_status(struct healer *healer, const uint8_t *bytes, size_t len)
{
    struct lat_msg why = { "" };
    struct recon_view view;

    if (!take_status(healer, bytes, len, &why)) {
        fail(healer, why.text[0] ? why.text : "no proper STATUS");
        return;
    }
    if (!see_own(healer->node, &view)) {
        fail(healer, "our own state cannot be read");
        return;
    }
    heal_compare(&healer->h.heal, &healer->status, &view, node_now(healer->node));
    node_view_end(&view);
    advance(healer);
}

static void
take_answer(struct healer *healer, const uint8_t *bytes, size_t len)
{
    struct recon_view view;

    if (healer->h.heal.state == HEAL_COMPARE) {
        take_last_status(healer, bytes, len);
        return;
    }
    if (!see_own(healer->node, &view)) {
        fail(healer, "our own state cannot be read");
        return;
    }
    if (heal_take(&healer->h.heal, &view, bytes, len, node_now(healer->node)))
        lat_log(LAT_DEBUG, "[LATTICE_P2P] a session ends: %s", healer->h.heal.why.text); /* advance sees it over */
    node_view_end(&view);
    healer->node->changed = true;
    advance(healer);
}

/* No STATUS that could be used: it is not asked again at once, however much there is to compare. */
static void
back_off(struct healer *healer)
{
    healer->begin_ms = node_now(healer->node) + (1000u << healer->silent);
    healer->silent += healer->silent < SILENT_MAX;
}

static void
on_reply(void *arg, struct sync_session *session, const uint8_t *bytes, size_t len)
{
    struct healer *healer = arg;
    struct lat_msg why = { "" };

    (void)session;
    if (healer->step == HEALER_HEALING) {
        take_answer(healer, bytes, len);
        return;
    }
    if (take_status(healer, bytes, len, &why)) {
        compare(healer, healer->status.root, 0);
    } else {
        back_off(healer);
        lat_log(LAT_DEBUG, "[LATTICE_P2P] no STATUS: %s", why.text);
    }
    end_stream(healer);
    node_live_turn(healer->node);
    node_sync_turn(healer->node);
}

static void
on_stream_closed(void *arg, struct sync_session *session, enum lat_err reason)
{
    struct healer *healer = arg;
    bool in_session = healer->step == HEALER_HEALING;

    (void)session;
    healer->session = NULL;
    healer->step = HEALER_IDLE;
    if (!in_session) {
        back_off(healer);
        return;
    }
    if (reason == LAT_TIMEOUT)
        heal_slow_down(&healer->h.heal);
    fail(healer, reason == LAT_TIMEOUT ? "no answer in time" : "the stream was closed");
}

static const struct sync_session_ops session_ops = { .reply = on_reply, .closed = on_stream_closed };

/* --- who is next ------------------------------------------------------------------------------------- */

static bool
open_stream(struct healer *healer, enum healer_step step)
{
    struct node *node = healer->node;
    struct conn *conn = host_conn(node->host, &healer->id);

    if (conn == NULL || sync_open(node->sync, conn, &session_ops, healer, &healer->session))
        return false;
    healer->step = step;
    return true;
}

void
node_sync_ask(struct node *node, const struct peerid *id)
{
    struct healer *healer = find(node, id);

    if (healer == NULL || healer->step != HEALER_IDLE || node->host == NULL || !open_stream(healer, HEALER_STATUS))
        return;
    if (!ask_status(healer))
        end_stream(healer);
}

static size_t
healing(const struct node *node)
{
    size_t count = 0;

    for (size_t i = 0; i < node->healer_count; i++)
        count += node->healers[i]->step == HEALER_HEALING;
    return count;
}

static bool
is_healed_elsewhere(const struct node *node, const struct healer *healer)
{
    for (size_t i = 0; i < node->healer_count; i++) {
        const struct healer *other = node->healers[i];

        if (other != healer && other->step == HEALER_HEALING && other->counts >= healer->counts &&
            memcmp(other->status.root, healer->status.root, 32) == 0)
            return true;
    }
    return false;
}

static void
start(struct healer *healer)
{
    struct node *node = healer->node;
    uint8_t salt[HEAL_SALT_LEN];
    struct recon_view view;

    if (!see_own(node, &view))
        return;
    if (!open_stream(healer, HEALER_HEALING)) {
        node_view_end(&view);
        healer->begin_ms = node_now(node) + GOSSIP_GRACE_MS; /* no room for a stream: later */
        return;
    }
    healer->h.healing = true;
    rand_bytes(salt, sizeof(salt));
    heal_start(&healer->h.heal, &healer->status, &view, salt, node_now(node));
    node_view_end(&view);
    if (view.count == 0 && healer->status.count > 0 && healer->trusted && !view.incomplete)
        store_set_incomplete(node->store, true);
    advance(healer);
}

/* A session begins from a STATUS of this moment: gossip may have told another root since the last one. */
static void
begin(struct healer *healer)
{
    if (healer->status_ms == 0 || node_now(healer->node) - healer->status_ms > STATUS_FRESH_MS) {
        node_sync_ask(healer->node, &healer->id);
        return;
    }
    healer->status_ms = 0;
    start(healer);
}

/* Sessions with those whose key counts, or with the others, in turn. */
static void
begin_due(struct node *node, bool counts, size_t most, uint64_t now)
{
    size_t first = node->healer_turn;

    for (size_t i = 0; i < node->healer_count && healing(node) < most; i++) {
        struct healer *healer = node->healers[(first + i) % node->healer_count];

        if (healer->counts != counts || healer->step != HEALER_IDLE || now < healer->begin_ms ||
            !heal_peer_is_due(&healer->h, now) || is_healed_elsewhere(node, healer))
            continue;
        node->healer_turn = first + i + 1;
        begin(healer);
    }
}

void
node_sync_turn(struct node *node)
{
    uint64_t now = node_now(node);
    struct store_head head;

    if (node->host == NULL || node->healer_count == 0)
        return;
    store_head(node->store, &head);
    if (head.damaged)
        return;
    begin_due(node, true, HEAL_SESSIONS_MAX, now);
    begin_due(node, false, HEAL_SESSIONS_MAX - 1, now); /* strangers never take the last place */
}

void
node_sync_hurry(struct node *node)
{
    for (size_t i = 0; i < node->healer_count; i++) {
        struct healer *healer = node->healers[i];

        healer->counts = node_peer_counts(node, &healer->id);
        healer->begin_ms = 0;
        healer->silent = 0;
        if (healer->step != HEALER_HEALING)
            heal_peer_forget_pause(&healer->h);
    }
    heal_memory_clear(&node->heal_memory);
    live_hurry(node->live);
}

/* --- what is shown ----------------------------------------------------------------------------------- */

const struct heal_peer *
node_sync_peer(const struct node *node, const struct peerid *id)
{
    const struct healer *healer = find(node, id);

    return healer ? &healer->h : NULL;
}
