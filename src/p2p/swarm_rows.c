/* swarm_rows.c - what is shown of the swarm. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "p2p/swarm_parts.h"

struct sorted {
    const struct peers_entry *peer;
    uint64_t now_ms;
};

static int
by_rank(const void *a, const void *b)
{
    const struct sorted *x = a, *y = b;

    if (x->peer->connected != y->peer->connected)
        return x->peer->connected ? -1 : 1;
    if (x->peer->connected && x->peer->up_ms != y->peer->up_ms)
        return x->peer->up_ms < y->peer->up_ms ? -1 : 1;
    return peers_compare(x->peer, y->peer, x->now_ms);
}

static void
fill_connected(struct swarm_row *row, const struct link *link)
{
    struct conn_stats stats;

    conn_stats(link->conn, &stats);
    row->connected = true;
    row->outbound = link->dialer;
    row->phase = conn_phase(link->conn);
    row->has_rtt = stats.has_rtt;
    row->rtt_ms = stats.rtt_ms;
    row->bytes_in = stats.bytes_in;
    row->bytes_out = stats.bytes_out;
    row->since_ms = link->peer->up_ms;
    lat_copy(row->address, sizeof(row->address), link->address);
    lat_copy(row->agent, sizeof(row->agent), link->agent);
}

/* The last thing that went wrong with the peer. */
static void
tell_why_not(struct swarm_row *row, const struct peers_entry *peer)
{
    const struct peers_address *latest = NULL;

    for (size_t i = 0; i < peer->address_count; i++) {
        const struct peers_address *a = peer->addresses[i];

        if (a->error[0] && (latest == NULL || a->error_ms > latest->error_ms))
            latest = a;
    }
    if (latest && (!peer->was_connected || (int64_t)latest->error_ms >= peer->last_ms))
        lat_copy(row->why_not, sizeof(row->why_not), latest->error);
    else if (peer->down_error[0])
        lat_copy(row->why_not, sizeof(row->why_not), peer->down_error);
    else
        lat_copy(row->why_not, sizeof(row->why_not), peer->address_count == 0 ? "no address is known" : "not dialed yet");
    if (latest)
        lat_copy(row->address, sizeof(row->address), latest->text);
    else if (peer->address_count > 0)
        lat_copy(row->address, sizeof(row->address), peer->addresses[0]->text);
}

static void
fill_dialing(const struct swarm *swarm, struct swarm_row *row, const struct peers_entry *peer)
{
    row->dialing = peer->in_flight > 0;
    row->outbound = true;
    for (const struct link *l = swarm->links; l; l = l->next) {
        if (l->peer == peer && l->conn)
            row->phase = conn_phase(l->conn);
    }
}

size_t
swarm_rows(const struct swarm *swarm, struct swarm_row *rows, size_t max, uint64_t now_ms, size_t *total)
{
    struct sorted *list = calloc(PEERS_MAX, sizeof(*list));
    size_t count = peers_count(swarm->peers), filled = 0;

    *total = count;
    if (list == NULL)
        return 0;
    for (size_t i = 0; i < count; i++)
        list[i] = (struct sorted){ peers_at(swarm->peers, i), now_ms };
    qsort(list, count, sizeof(*list), by_rank);
    for (; filled < count && filled < max; filled++) {
        const struct peers_entry *peer = list[filled].peer;
        const struct link *link = peer->connected ? link_of(swarm, peer) : NULL;
        struct swarm_row *row = &rows[filled];

        memset(row, 0, sizeof(*row));
        row->id = peer->id;
        row->live = peer->live;
        row->configured = peers_is_configured(peer);
        if (link) {
            fill_connected(row, link);
        } else {
            tell_why_not(row, peer);
            fill_dialing(swarm, row, peer);
        }
    }
    free(list);
    return filled;
}

void
swarm_count(const struct swarm *swarm, struct swarm_counts *out)
{
    memset(out, 0, sizeof(*out));
    for (const struct link *l = swarm->links; l; l = l->next) {
        out->connections += l->state >= LINK_OPEN;
        out->half_open += !l->dialer && l->state == LINK_HANDSHAKE;
        out->dialing += l->dialer && l->state < LINK_OPEN;
        out->peers += l->state == LINK_OPEN;
    }
    out->live = peers_live_count(swarm->peers);
    out->known = peers_count(swarm->peers);
    out->accepted_total = swarm->accepted_total;
    out->refused_total = swarm->refused_total;
    out->dialed_total = swarm->dialed_total;
    out->failed_total = swarm->failed_total;
}
