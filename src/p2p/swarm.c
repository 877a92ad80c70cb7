/* swarm.c - the swarm as a whole: life, time, wishes, what peers say of themselves. */
#include "config.h"

#include "p2p/swarm.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "p2p/swarm_parts.h"
#include "wire/peer_record.h"

#define KNOWN_LINES 6 /* a peer's comings and goings in a minute */
#define STALL_LOG_MS 60000

const char *
swarm_reason_name(enum swarm_reason reason)
{
    static const char *const names[] = { [SWARM_RESET] = "reset", [SWARM_CLOSED] = "closed", [SWARM_SILENT] = "silent",
                                         [SWARM_INVALID] = "invalid" };

    return names[reason];
}

void
swarm_log(struct swarm *swarm, struct lines *lines, const void *key, size_t key_len, enum lat_level level, const char *fmt, ...)
{
    char text[LAT_LOG_LINE_MAX];
    uint32_t held = 0;
    va_list args;
    size_t len;

    if (lines && !lines_allow(lines, key, key_len, swarm->now_ms, &held))
        return;
    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    len = strlen(text);
    if (held > 0)
        snprintf(text + len, sizeof(text) - len, " suppressed=%u", (unsigned)held);
    swarm->config.ops->log(swarm->config.arg, level, text);
}

/* --- what peers say of themselves ------------------------------------------------------------------ */

/* Addresses that mean another machine to us than to it are of no use. */
static bool
is_of_use(const struct link *link, const struct multiaddr_tcp *tcp)
{
    bool loopback = tcp->kind == MULTIADDR_IP4 ? strncmp(tcp->host, "127.", 4) == 0 : strcmp(tcp->host, "::1") == 0;
    bool nowhere = strcmp(tcp->host, "0.0.0.0") == 0 || strcmp(tcp->host, "::") == 0;

    return !nowhere && (!loopback || link->loopback);
}

static void
note_addresses(struct link *link, const struct identify_info *info)
{
    struct multiaddr address;
    struct multiaddr_tcp tcp;

    for (size_t i = 0; i < info->addr_count; i++) {
        if (multiaddr_from_bytes(info->addrs[i].bytes, info->addrs[i].len, &address) || !multiaddr_is_tcp(&address, &tcp))
            continue;
        if (tcp.has_peer && peerid_compare(&tcp.peer, conn_remote_id(link->conn)) != 0)
            continue;
        if (is_of_use(link, &tcp) && peers_add(link->swarm->peers, conn_remote_id(link->conn), &address, PEERS_IDENTIFIED))
            swarm_log(link->swarm, NULL, NULL, 0, LAT_DEBUG, "[P2P] an address of %s is not kept", link->remote);
    }
}

static void
on_told(void *arg, struct conn *conn, const struct identify_info *info)
{
    struct swarm *swarm = arg;
    struct link *link = conn_user(conn);

    if (info->has_agent)
        lat_copy(link->agent, sizeof(link->agent), info->agent);
    if (info->has_addrs && swarm->config.redial)
        note_addresses(link, info);
    if (swarm->config.ops->identified)
        swarm->config.ops->identified(swarm->config.arg, conn, info);
    swarm->config.ops->changed(swarm->config.arg);
}

bool
swarm_address(const struct conn *conn, struct multiaddr *out)
{
    const struct link *link = conn_user(conn);

    return multiaddr_parse(link->remote, out) == LAT_OK;
}

static bool
on_address_of(void *arg, const struct conn *conn, struct multiaddr *out)
{
    (void)arg;
    return swarm_address(conn, out);
}

static bool
same_addresses(const struct multiaddr *a, const struct multiaddr *b, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (a[i].len != b[i].len || memcmp(a[i].bytes, b[i].bytes, a[i].len) != 0)
            return false;
    }
    return true;
}

void
swarm_set_listen(struct swarm *swarm, const struct multiaddr *addresses, size_t count, uint64_t wall_ms, uint64_t now_ms)
{
    struct identify *self = &swarm->identify;

    swarm->now_ms = now_ms;
    count = count < IDENTIFY_ADDRS_MAX ? count : IDENTIFY_ADDRS_MAX;
    if (count == self->addr_count && same_addresses(self->addrs, addresses, count) && self->record_seq > 0)
        return;
    self->addr_count = count;
    if (self->addr_count > 0)
        memcpy(self->addrs, addresses, self->addr_count * sizeof(*addresses));
    self->record_seq = wall_ms > self->record_seq ? wall_ms : self->record_seq + 1;
    for (struct link *l = swarm->links; l; l = l->next) {
        if (l->state == LINK_OPEN && identify_push(l->conn) == LAT_OK)
            swarm->config.ops->wake(swarm->config.arg, l->socket);
    }
}

/* --- life ------------------------------------------------------------------------------------------ */

struct swarm *
swarm_new(const struct swarm_config *config, uint64_t now_ms)
{
    const struct peers_config peers = { .own = config->identity->peer,
                                        .redial_min_ms = config->redial_min_ms,
                                        .redial_max_ms = config->redial_max_ms,
                                        .random = config->random };
    struct swarm *swarm = calloc(1, sizeof(*swarm));

    if (swarm == NULL)
        return NULL;
    swarm->config = *config;
    swarm->now_ms = now_ms;
    swarm->budget.max = SWARM_WINDOWS_MAX;
    swarm->identify.identity = config->identity;
    swarm->identify.agent = config->agent;
    swarm->identify.version = SWARM_PROTOCOL_VERSION;
    swarm->identify.told = on_told;
    swarm->identify.address_of = on_address_of;
    swarm->identify.arg = swarm;
    lines_init(&swarm->strangers, 1);
    lines_init(&swarm->known, KNOWN_LINES);
    swarm->peers = peers_new(&peers);
    if (swarm->peers == NULL) {
        free(swarm);
        return NULL;
    }
    return swarm;
}

void
swarm_free(struct swarm *swarm)
{
    if (swarm == NULL)
        return;
    while (swarm->links)
        link_part(swarm->links);
    peers_free(swarm->peers);
    free(swarm);
}

struct peers *
swarm_peers(struct swarm *swarm)
{
    return swarm->peers;
}

/* --- time ------------------------------------------------------------------------------------------ */

static void
begin_dials(struct swarm *swarm)
{
    struct peers_address *address;
    struct peers_entry *peer;
    struct lat_msg why = { "" };
    struct multiaddr to;

    while (swarm->config.redial && limits_links(swarm) < SWARM_CONNECTIONS_MAX &&
           peers_next(swarm->peers, limits_links(swarm), swarm->now_ms, &peer, &address)) {
        enum lat_err err = multiaddr_parse(address->text, &to);

        if (!err)
            err = link_dial(swarm, peer, address, &to, &peer->id, &why);
        if (err)
            peers_failed(swarm->peers, peer, address, why.text[0] ? why.text : lat_err_text(err), swarm->now_ms);
        swarm->config.ops->changed(swarm->config.arg);
    }
}

/* A connection that lost to another: say goodbye after a moment, end when nothing runs on it. */
static bool
tick_leaving(struct link *link)
{
    struct conn_stats stats;

    if (link->goodbye_ms > 0 && link->swarm->now_ms >= link->goodbye_ms) {
        link->goodbye_ms = 0;
        conn_goaway(link->conn);
    }
    conn_stats(link->conn, &stats);
    return link->swarm->now_ms < link->leave_ms && (link->goodbye_ms > 0 || stats.streams > 0);
}

/* May end the link. */
static void
tick_link(struct link *link)
{
    struct swarm *swarm = link->swarm;
    struct lat_msg why = { "" };
    enum lat_err err;

    if (link->state == LINK_DIALING) {
        if (swarm->now_ms - link->begun_ms >= SWARM_DIAL_MS)
            link_end(link, SWARM_SILENT, "no answer", false);
        return;
    }
    err = conn_tick(link->conn, swarm->now_ms, &why);
    if (err)
        link_failed(link, err, &why);
    else if (link->hangup || (link->state == LINK_LEAVING && !tick_leaving(link)))
        link_end(link, SWARM_CLOSED, "ended by us", false);
    else
        swarm->config.ops->wake(swarm->config.arg, link->socket);
}

void
swarm_tick(struct swarm *swarm, uint64_t now_ms)
{
    struct link *next;

    swarm->now_ms = now_ms;
    for (struct link *l = swarm->links; l; l = next) {
        next = l->next; /* ending one link ends no other */
        tick_link(l);
    }
    begin_dials(swarm);
}

void
swarm_stall(struct swarm *swarm, uint64_t late_ms, uint64_t now_ms)
{
    swarm->now_ms = now_ms;
    for (struct link *l = swarm->links; l; l = l->next) {
        l->begun_ms += late_ms;
        l->leave_ms += late_ms;
        if (l->goodbye_ms > 0)
            l->goodbye_ms += late_ms;
        if (l->conn)
            conn_grace(l->conn, late_ms);
    }
    if (swarm->stall_logged_ms > 0 && now_ms - swarm->stall_logged_ms < STALL_LOG_MS)
        return;
    swarm->stall_logged_ms = now_ms;
    swarm_log(swarm, NULL, NULL, 0, LAT_WARNING, "[P2P] [WARN] this node stood still; its peers are given the time late_ms=%llu",
              (unsigned long long)late_ms);
}

/* What was begun over the old network is begun anew; who is connected must show it. */
static void
start_afresh(struct swarm *swarm, uint64_t within_ms)
{
    struct link *next;

    for (struct link *l = swarm->links; l; l = next) {
        next = l->next;
        if (l->state == LINK_DIALING && l->dialing) {
            link_part(l);
        } else if (l->state == LINK_OPEN) {
            conn_probe(l->conn, within_ms, swarm->now_ms);
            swarm->config.ops->wake(swarm->config.arg, l->socket);
        }
    }
    peers_forget_backoff(swarm->peers);
    begin_dials(swarm);
}

void
swarm_netchange(struct swarm *swarm, uint64_t now_ms)
{
    swarm->now_ms = now_ms;
    swarm_log(swarm, &swarm->known, "net", 3, LAT_INFO, "[P2P] the network has changed: dialing at once");
    start_afresh(swarm, swarm->config.dead_ms);
}

void
swarm_resume(struct swarm *swarm, uint64_t now_ms)
{
    swarm->now_ms = now_ms;
    swarm_log(swarm, &swarm->known, "net", 3, LAT_INFO, "[P2P] the machine has slept: dialing at once");
    start_afresh(swarm, 2 * swarm->config.idle_ms);
}

/* --- wishes ---------------------------------------------------------------------------------------- */

enum lat_err
swarm_dial(struct swarm *swarm, const struct multiaddr *address, uint64_t now_ms, struct lat_msg *why)
{
    static const struct peerid anyone = { .len = 0 };
    const struct peers_entry *peer;
    struct multiaddr_tcp tcp;

    swarm->now_ms = now_ms;
    if (!multiaddr_is_dialable(address) || !multiaddr_is_tcp(address, &tcp)) {
        lat_msg_set(why, "not an address that can be dialed over TCP");
        return LAT_MALFORMED;
    }
    peer = tcp.has_peer ? peers_find(swarm->peers, &tcp.peer) : NULL;
    if (tcp.has_peer && (peerid_compare(&tcp.peer, &swarm->config.identity->peer) == 0 || (peer && peer->connected))) {
        lat_msg_set(why, peer ? "already connected" : "that is this node itself");
        return LAT_CONFLICT;
    }
    if (limits_links(swarm) >= SWARM_CONNECTIONS_MAX) {
        lat_msg_set(why, "too many connections");
        return LAT_LIMIT;
    }
    return link_dial(swarm, NULL, NULL, address, tcp.has_peer ? &tcp.peer : &anyone, why);
}

static enum lat_err
suggest_addresses(struct link *by, const struct peer_record *record)
{
    enum lat_err err = LAT_OK;
    struct multiaddr address;
    struct multiaddr_tcp tcp;
    size_t taken = 0;

    for (size_t i = 0; i < record->addr_count && taken < PEERS_CANDIDATE_ADDRESSES && err != LAT_NOMEM; i++) {
        if (multiaddr_from_bytes(record->addrs[i].bytes, record->addrs[i].len, &address) || !multiaddr_is_tcp(&address, &tcp) ||
            !is_of_use(by, &tcp))
            continue;
        err = peers_suggest(by->swarm->peers, &record->peer, &address, PEERS_EXCHANGED);
        taken += err == LAT_OK;
    }
    return taken > 0 ? LAT_OK : err;
}

enum lat_err
swarm_suggest(const struct conn *by, const struct peerid *id, const uint8_t *record, size_t len)
{
    struct link *link = conn_user(by);
    struct peer_record *opened;
    enum lat_err err = link->swarm->config.redial ? peer_record_open(record, len, &opened) : LAT_LIMIT;

    if (err)
        return err;
    err = peerid_compare(&opened->peer, id) == 0 ? suggest_addresses(link, opened) : LAT_AUTH;
    peer_record_free(opened);
    return err;
}

bool
swarm_hangup(struct swarm *swarm, const struct peerid *id, uint64_t now_ms)
{
    const struct peers_entry *peer = peers_find(swarm->peers, id);
    struct link *link = peer ? link_of(swarm, peer) : NULL;

    swarm->now_ms = now_ms;
    if (link == NULL)
        return false;
    conn_goaway(link->conn);
    link->hangup = true; /* a callback of it may be running */
    return true;
}

void
swarm_note_live(struct swarm *swarm, const struct peerid *id, bool live, uint64_t now_ms)
{
    struct peers_entry *peer = peers_find(swarm->peers, id);

    if (peer && (peer->connected || !live))
        peers_set_live(swarm->peers, peer, live, now_ms);
}

void
swarm_wake(struct conn *conn)
{
    struct link *link = conn_user(conn);

    link->swarm->config.ops->wake(link->swarm->config.arg, link->socket);
}

struct conn *
swarm_conn(const struct swarm *swarm, const struct peerid *id)
{
    const struct peers_entry *peer = peers_find(swarm->peers, id);
    const struct link *link = peer ? link_of(swarm, peer) : NULL;

    return link ? link->conn : NULL;
}

void
swarm_set_times(struct swarm *swarm, uint64_t idle_ms, uint64_t dead_ms, uint64_t now_ms)
{
    swarm->now_ms = now_ms;
    swarm->config.idle_ms = idle_ms;
    swarm->config.dead_ms = dead_ms;
    for (struct link *l = swarm->links; l; l = l->next) {
        if (l->conn == NULL)
            continue;
        conn_set_times(l->conn, idle_ms, dead_ms, now_ms);
        swarm->config.ops->wake(swarm->config.arg, l->socket);
    }
}
