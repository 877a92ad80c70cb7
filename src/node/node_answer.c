/*
 * node_answer.c - the answering side of the sync stream: who may read what, records that a request pushes, and the reply put together by one of
 * libuv's workers from a read transaction begun after they were committed.
 *
 *    asked ──▶ may it? ──▶ records pushed: node/apply ──▶ worker: recon_answer ──▶ sync_answer
 *
 * Peers outside LATTICE_P2P_READERS get STATUS and nothing else.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "node/node_parts.h"
#include "state/recon_reader.h"

/* One request on its way. */
struct answering {
    uv_work_t work;
    struct node *node;
    struct sync_ticket *ticket;
    struct trust_set *trust;
    const uint8_t *request; /* the ticket's */
    size_t len;
    uint8_t *verdicts;
    size_t verdict_count;
    struct lat_buf reply; /* empty: none could be made */
    bool asking;          /* node_answer is still running, within the connection's own function */
};

static void
end_answering(struct answering *a)
{
    trust_set_unref(a->trust);
    free(a->verdicts);
    lat_buf_fini(&a->reply);
    free(a);
}

/* Give the ticket back. */
static void
send_reply(struct answering *a)
{
    struct node *node = a->node;
    struct conn *conn = a->reply.len > 0 ? sync_answer(a->ticket, a->reply.data, a->reply.len) : sync_refuse(a->ticket);

    if (conn && node->host && !a->asking)
        host_flush(node->host, conn);
    end_answering(a);
}

/* --- the worker ------------------------------------------------------------------------------------ */

static bool
flat_root(void *docs, const uint8_t root[32], uint8_t out[32])
{
    return statedocs_flat_root(docs, root, out);
}

static void
make_reply(uv_work_t *work)
{
    struct answering *a = work->data;
    const struct recon_local local = { .key = a->node->key,
                                       .trust = &a->trust->trust,
                                       .now_ms = lat_wall_ms(),
                                       .flat_root = flat_root,
                                       .arg = a->node->docs };

    if (recon_answer(a->node->store, &local, a->request, a->len, a->verdicts, a->verdict_count, &a->reply))
        lat_buf_clear(&a->reply);
}

static void
reply_is_made(uv_work_t *work, int status)
{
    struct answering *a = work->data;

    (void)status; /* only what was never begun is cancelled, and nobody cancels */
    a->asking = false;
    send_reply(a);
}

static void
begin_reply(struct answering *a)
{
    a->work.data = a;
    if (uv_queue_work(&a->node->loop, &a->work, make_reply, reply_is_made) != 0)
        send_reply(a);
}

/* --- on the loop ----------------------------------------------------------------------------------- */

static void
on_pushed(void *arg, const uint8_t *verdicts, size_t count, enum lat_err err)
{
    struct answering *a = arg;

    a->asking = false;
    if (err == LAT_CLOSED) { /* discarded: the lung is being switched off */
        send_reply(a);
        return;
    }
    a->verdicts = malloc(count ? count : 1);
    if (a->verdicts == NULL) {
        send_reply(a);
        return;
    }
    memcpy(a->verdicts, verdicts, count);
    a->verdict_count = count;
    node_live_applied(a->node, sync_ticket_peer(a->ticket), verdicts, count);
    begin_reply(a);
}

static void
refuse(struct answering *a, enum recon_error code, uint32_t retry_ms, const char *text)
{
    if (recon_error_message(store_network(a->node->store), code, retry_ms, text, &a->reply))
        lat_buf_clear(&a->reply);
    send_reply(a);
}

/* Take what the request pushes, if it pushes anything, and go on. */
static void
take_pushes(struct answering *a)
{
    struct recon_pushes pushes = { 0 };
    enum lat_err err;

    lat_buf_init(&pushes.records, RECON_PUSHES_MAX);
    err = recon_inspect(store_network(a->node->store), a->request, a->len, &pushes, &a->reply);
    if (err) /* a->reply says why, unless memory ran out */
        send_reply(a);
    else if (pushes.count == 0)
        begin_reply(a);
    else if (apply_records(a->node->apply, APPLY_FROM_P2P, pushes.records.data, pushes.records.len, pushes.count, on_pushed, a))
        refuse(a, RECON_E_BUSY, 1000, "too many records wait here");
    lat_buf_fini(&pushes.records);
}

void
node_answer(void *arg, struct sync_ticket *ticket)
{
    struct node *node = arg;
    const struct peerid *peer = sync_ticket_peer(ticket);
    struct answering *a = calloc(1, sizeof(*a));
    struct topic_state theirs = { 0 };

    if (a == NULL) {
        (void)sync_refuse(ticket);
        return;
    }
    a->node = node;
    a->ticket = ticket;
    a->asking = true;
    a->trust = trust_set_ref(node->trust);
    a->request = sync_ticket_request(ticket, &a->len);
    lat_buf_init(&a->reply, RECON_MESSAGE_MAX);
    if (recon_asked_status(store_network(node->store), a->request, a->len, theirs.root, &theirs.count))
        node_sync_asked(node, peer, &theirs);
    else if (!node->config->p2p_readers_all && !node_peer_counts(node, peer)) {
        refuse(a, RECON_E_NOT_ALLOWED, 0, "your key is not trusted here, and records are read by trusted peers alone");
        return;
    }
    take_pushes(a);
}
