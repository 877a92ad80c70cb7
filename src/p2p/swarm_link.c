/*
 * swarm_link.c - one link from its begin to its end, and which of two stays.
 *
 * A link ends in link_end alone, which is called only where none of its connection's functions is running: `up` refuses by its return value,
 * and what operators wish during a callback is marked (hangup) and done when the call has returned.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "p2p/swarm_parts.h"

/* --- life ------------------------------------------------------------------------------------------ */

struct link *
link_new(struct swarm *swarm, bool dialer, enum link_state state)
{
    struct link *link = calloc(1, sizeof(*link));

    if (link == NULL)
        return NULL;
    link->swarm = swarm;
    link->dialer = dialer;
    link->state = state;
    link->begun_ms = swarm->now_ms;
    link->next = swarm->links;
    if (link->next)
        link->next->prev = link;
    swarm->links = link;
    return link;
}

static void
free_link(struct link *link)
{
    if (link->prev)
        link->prev->next = link->next;
    else
        link->swarm->links = link->next;
    if (link->next)
        link->next->prev = link->prev;
    conn_free(link->conn);
    free(link);
}

struct link *
link_of(const struct swarm *swarm, const struct peers_entry *peer)
{
    for (struct link *l = swarm->links; l; l = l->next) {
        if (l->state == LINK_OPEN && l->peer == peer)
            return l;
    }
    return NULL;
}

static enum lat_err
make_conn(struct link *link)
{
    struct swarm *swarm = link->swarm;
    const struct conn_config config = {
        .dialer = link->dialer,
        .own = swarm->config.noise,
        .verify = identity_verify,
        .verify_arg = &link->check,
        .early_muxer = swarm->config.early_muxer,
        .protocols = swarm->config.protocols,
        .identify = &swarm->identify,
        .budget = &swarm->budget,
        .random = swarm->config.random,
        .idle_ms = swarm->config.idle_ms,
        .dead_ms = swarm->config.dead_ms,
        .ops = &link_conn_ops,
        .arg = link,
        .user = link,
    };

    link->check.dialed = link->wanted.len > 0 ? &link->wanted : NULL;
    return conn_new(&config, swarm->now_ms, &link->conn);
}

static void
wake(struct link *link)
{
    link->swarm->config.ops->wake(link->swarm->config.arg, link->socket);
}

/* --- the end --------------------------------------------------------------------------------------- */

/* Send what is still to be said, and let go of the socket. */
static void
close_socket(struct link *link)
{
    const struct swarm_config *config = &link->swarm->config;
    struct lat_buf last;

    if (link->state == LINK_DIALING) {
        config->ops->give_up(config->arg, link->socket);
        return;
    }
    lat_buf_init(&last, CONN_OUTPUT_MAX * 2);
    if (link->conn && conn_output(link->conn, &last, link->swarm->now_ms))
        lat_buf_clear(&last);
    config->ops->close(config->arg, link->socket, last.data, last.len);
    lat_buf_fini(&last);
}

/* A dial of ours came to nothing. Refused connections are everyday; one that answers and is not our peer is worth a warning, once. */
static void
end_dial(struct link *link, const char *why)
{
    struct swarm *swarm = link->swarm;
    bool answered = link->state == LINK_HANDSHAKE;
    bool is_new = true;

    swarm->failed_total++;
    if (link->dialing)
        is_new = peers_failed(swarm->peers, link->peer, link->dialing, why, swarm->now_ms);
    swarm_log(swarm, answered ? &swarm->strangers : NULL, link->address, strlen(link->address),
              answered && is_new ? LAT_WARNING : LAT_DEBUG, "[P2P] no connection to %s: %s", link->address, why);
    if (link->dialing == NULL && swarm->config.ops->failed)
        swarm->config.ops->failed(swarm->config.arg, link->address, why);
}

static void
end_stranger(struct link *link, const char *why)
{
    struct swarm *swarm = link->swarm;
    struct conn_stats stats;

    conn_stats(link->conn, &stats);
    if (stats.bytes_in == 0)
        swarm_log(swarm, &swarm->strangers, link->place, sizeof(link->place), LAT_NOTICE,
                  "[P2P] %s connected and said nothing: %s", link->remote, why);
    else
        swarm_log(swarm, &swarm->strangers, link->place, sizeof(link->place), LAT_NOTICE,
                  "[P2P] %s is no peer: %s", link->remote, why);
}

/* The other connection to this peer, which was to end, if nobody has been told of that yet. */
static struct link *
find_spare(const struct swarm *swarm, const struct peerid *id)
{
    for (struct link *l = swarm->links; l; l = l->next) {
        if (l->state == LINK_LEAVING && l->goodbye_ms > 0 && peerid_compare(conn_remote_id(l->conn), id) == 0)
            return l;
    }
    return NULL;
}

static void
promote(struct link *spare, struct peers_entry *peer)
{
    const struct swarm_config *config = &spare->swarm->config;

    spare->state = LINK_OPEN;
    spare->peer = peer;
    config->ops->up(config->arg, &peer->id, spare->conn);
    wake(spare);
}

static void
end_peer(struct swarm *swarm, struct peers_entry *peer, struct peerid id, const char *address, uint64_t open_ms,
         enum swarm_reason reason, const char *why)
{
    char text[PEERID_TEXT_MAX];

    peerid_text(&id, text);
    peers_down(swarm->peers, peer, peers_address_of(peer, address), why, swarm->now_ms);
    swarm_log(swarm, &swarm->known, id.bytes, id.len, LAT_INFO, "[P2P] %s is gone: %s reason=%s address=%s after_s=%.1f", text,
              why, swarm_reason_name(reason), address, (double)(swarm->now_ms - open_ms) / 1000);
    swarm->config.ops->down(swarm->config.arg, &id, reason);
}

void
link_end(struct link *link, enum swarm_reason reason, const char *why, bool socket_ended)
{
    struct swarm *swarm = link->swarm;
    struct link before = *link; /* what is to be told when the link is gone */
    struct peerid id = { .len = 0 };
    struct link *spare;

    if (link->state >= LINK_OPEN)
        id = *conn_remote_id(link->conn);
    if (!socket_ended)
        close_socket(link);
    if (link->state < LINK_OPEN && link->dialer)
        end_dial(link, why);
    else if (link->state < LINK_OPEN)
        end_stranger(link, why);
    free_link(link);
    if (before.state == LINK_OPEN) {
        spare = find_spare(swarm, &id);
        if (spare)
            promote(spare, before.peer);
        else
            end_peer(swarm, before.peer, id, before.address, before.open_ms, reason, why);
    }
    swarm->config.ops->changed(swarm->config.arg);
}

void
link_part(struct link *link)
{
    if (link->dialing)
        peers_dropped(link->swarm->peers, link->peer, link->dialing);
    if (link->conn)
        conn_goaway(link->conn);
    close_socket(link);
    free_link(link);
}

/* --- a peer is there ------------------------------------------------------------------------------- */

/* Of two open connections to a peer: does the newer one stay? See swarm.h. */
static bool
newer_stays(const struct link *old, const struct link *new)
{
    const struct swarm *swarm = new->swarm;
    bool ours_is_lower = peerid_compare(&swarm->config.identity->peer, conn_remote_id(new->conn)) < 0;

    if (old->dialer == new->dialer || swarm->now_ms - old->open_ms > SWARM_SIMULTANEOUS_MS)
        return true;
    return new->dialer == ours_is_lower;
}

static void
leave(struct link *link)
{
    link->state = LINK_LEAVING;
    link->peer = NULL;
    link->goodbye_ms = link->swarm->now_ms + LINK_GOODBYE_MS;
    link->leave_ms = link->swarm->now_ms + SWARM_LEAVE_MS;
}

/* Dials to the same peer that have not finished: see swarm.h why both ends agree. */
static void
drop_other_dials(struct link *link)
{
    struct link *next;

    for (struct link *l = link->swarm->links; l; l = next) {
        next = l->next;
        if (l != link && l->dialer && l->state < LINK_OPEN && l->peer == link->peer)
            link_part(l);
    }
}

static void
welcome(struct link *link, bool first)
{
    struct swarm *swarm = link->swarm;
    char id[PEERID_TEXT_MAX];

    peerid_text(&link->peer->id, id);
    swarm_log(swarm, &swarm->known, link->peer->id.bytes, link->peer->id.len, first ? LAT_INFO : LAT_DEBUG,
              "[P2P] [OK] connected to %s address=%s direction=%s", id, link->address, link->dialer ? "out" : "in");
    if (identify_ask(link->conn))
        swarm_log(swarm, NULL, NULL, 0, LAT_DEBUG, "[P2P] %s cannot be asked who it is", id);
    conn_probe(link->conn, swarm->config.dead_ms, swarm->now_ms);
    swarm->config.ops->up(swarm->config.arg, &link->peer->id, link->conn);
    swarm->config.ops->changed(swarm->config.arg);
}

/* A conn_ops up: who it is has been proved. */
static bool
on_up(void *arg, struct conn *conn)
{
    struct link *link = arg;
    struct swarm *swarm = link->swarm;
    const struct peerid *id = conn_remote_id(conn);
    struct peers_entry *peer;
    struct link *old;

    link->refused = NULL;
    if (peerid_compare(id, &swarm->config.identity->peer) == 0) {
        link->refused = "it is this node itself";
        return false;
    }
    peer = peers_enter(swarm->peers, id);
    if (peer == NULL) {
        link->refused = "no room for another peer";
        return false;
    }
    old = link_of(swarm, peer);
    link->peer = peer;
    link->state = LINK_OPEN;
    link->open_ms = swarm->now_ms;
    peers_up(swarm->peers, peer, link->dialing, swarm->now_ms);
    link->dialing = NULL;
    if (old && !newer_stays(old, link)) {
        leave(link);
        return true;
    }
    if (old)
        leave(old);
    drop_other_dials(link);
    welcome(link, old == NULL);
    return true;
}

static void
on_pong(void *arg, struct conn *conn, uint64_t rtt_ms)
{
    struct link *link = arg;

    (void)conn;
    (void)rtt_ms;
    link->swarm->config.ops->changed(link->swarm->config.arg);
}

const struct conn_ops link_conn_ops = { .up = on_up, .pong = on_pong };

/* --- dials ----------------------------------------------------------------------------------------- */

enum lat_err
link_dial(struct swarm *swarm, struct peers_entry *peer, struct peers_address *address, const struct multiaddr *to,
          const struct peerid *wanted, struct lat_msg *why)
{
    struct link *link = link_new(swarm, true, LINK_DIALING);
    enum lat_err err;

    if (link == NULL)
        return LAT_NOMEM;
    link->peer = peer;
    link->dialing = address;
    link->wanted = *wanted;
    swarm->dialed_total++;
    err = peers_address_text(to, link->address, NULL);
    if (!err)
        err = swarm->config.ops->dial(swarm->config.arg, link, to, &link->socket, why);
    if (err)
        free_link(link);
    return err;
}

void
swarm_dialed(struct link *link, void *socket, const struct multiaddr *address, uint64_t now_ms)
{
    struct swarm *swarm = link->swarm;
    struct link *next;

    swarm->now_ms = now_ms;
    link->socket = socket;
    link->state = LINK_HANDSHAKE;
    if (limits_place(link, address) || make_conn(link)) {
        link_end(link, SWARM_CLOSED, "out of memory", false);
        return;
    }
    if (link->dialing) {
        peers_answered(link->peer);
        for (struct link *l = swarm->links; l; l = next) {
            next = l->next;
            if (l != link && l->state == LINK_DIALING && l->dialing && l->peer == link->peer)
                link_part(l); /* this address was faster */
        }
    }
    wake(link);
}

void
swarm_dial_failed(struct link *link, const char *error, uint64_t now_ms)
{
    link->swarm->now_ms = now_ms;
    link_end(link, SWARM_CLOSED, error, true);
}

/* --- sockets --------------------------------------------------------------------------------------- */

enum lat_err
swarm_accepted(struct swarm *swarm, void *socket, const struct multiaddr *address, uint64_t now_ms, struct link **out)
{
    const char *why = "out of memory";
    struct link *link;
    enum lat_err err;

    swarm->now_ms = now_ms;
    link = link_new(swarm, false, LINK_HANDSHAKE);
    if (link == NULL)
        return LAT_NOMEM;
    link->socket = socket;
    err = limits_place(link, address);
    lat_copy(link->address, sizeof(link->address), link->remote);
    if (!err)
        err = limits_admit(swarm, link, &why);
    if (!err)
        err = make_conn(link);
    if (err) {
        swarm->refused_total++;
        swarm_log(swarm, &swarm->strangers, link->place, sizeof(link->place), LAT_WARNING, "[P2P] [WARN] %s was not let in: %s",
                  link->remote, why);
        free_link(link);
        return err;
    }
    swarm->accepted_total++;
    *out = link;
    return LAT_OK;
}

static enum swarm_reason
reason_of(enum lat_err err)
{
    if (err == LAT_TIMEOUT)
        return SWARM_SILENT;
    return err == LAT_CLOSED || err == LAT_NOMEM ? SWARM_CLOSED : SWARM_INVALID;
}

void
link_failed(struct link *link, enum lat_err err, const struct lat_msg *text)
{
    char shown[PEERS_ERROR_LEN];
    const char *why = text->text[0] ? text->text : lat_err_text(err);

    link_end(link, reason_of(err), lat_escape_str(link->refused ? link->refused : why, shown, sizeof(shown)), false);
}

void
swarm_input(struct link *link, const uint8_t *data, size_t len, uint64_t now_ms)
{
    struct lat_msg why = { "" };
    enum lat_err err = LAT_OK;
    size_t piece;

    link->swarm->now_ms = now_ms;
    while (!err && len > 0 && !link->hangup) {
        piece = link->state < LINK_OPEN && len > SWARM_HALF_OPEN_PIECE ? SWARM_HALF_OPEN_PIECE : len;
        err = conn_input(link->conn, data, piece, now_ms, &why);
        data += piece;
        len -= piece;
    }
    if (err)
        link_failed(link, err, &why);
    else if (link->hangup)
        link_end(link, SWARM_CLOSED, "ended by us", false);
    else
        wake(link);
}

void
swarm_output(struct link *link, struct lat_buf *out, uint64_t now_ms)
{
    struct lat_msg why = { "" };
    enum lat_err err;

    link->swarm->now_ms = now_ms;
    if (link->conn == NULL)
        return;
    err = conn_output(link->conn, out, now_ms);
    if (err)
        link_failed(link, err, &why);
}

void
swarm_ended(struct link *link, enum swarm_reason reason, const char *error, uint64_t now_ms)
{
    link->swarm->now_ms = now_ms;
    link_end(link, reason, error ? error : "the other side closed the connection", true);
}
