/* host.c - life of the host, its one timer, and what the node asks of it. */
#include "config.h"

#include "p2p/host.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "crypto/rand.h"
#include "p2p/host_parts.h"

/* --- turns of the loop ----------------------------------------------------------------------------- */

uint64_t
host_now(struct host *host)
{
    uint64_t now_ms = lat_mono_ms();
    uint64_t since = now_ms - host->turn_ms;

    host->turn_ms = now_ms;
    if (host->swarm && since > HOST_STALL_MS + HOST_TICK_MS)
        swarm_stall(host->swarm, since - HOST_TICK_MS, now_ms);
    return now_ms;
}

void
host_flush_all(struct host *host)
{
    struct hsock *sock;

    if (host->flushing)
        return;
    host->flushing = true;
    while ((sock = host->waking) != NULL) {
        host->waking = sock->waking;
        sock->wakes = false;
        hsock_flush(sock);
    }
    host->flushing = false;
}

void
host_log(struct host *host, enum lat_level level, const char *fmt, ...)
{
    char text[LAT_LOG_LINE_MAX];
    va_list args;

    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    if (host->ops->log)
        host->ops->log(host->arg, level, text);
    else
        lat_log(level, "%s", text);
}

/* --- what the swarm wants -------------------------------------------------------------------------- */

static enum lat_err
on_dial(void *arg, struct link *link, const struct multiaddr *address, void **socket, struct lat_msg *why)
{
    return hdial_begin(arg, link, address, socket, why);
}

static void
on_give_up(void *arg, void *socket)
{
    (void)arg;
    hdial_give_up(socket);
}

static void
on_wake(void *arg, void *socket)
{
    (void)arg;
    hsock_wake(socket);
}

static void
on_close(void *arg, void *socket, const uint8_t *last, size_t len)
{
    (void)arg;
    hsock_close(socket, last, len);
}

static void
on_up(void *arg, const struct peerid *id, struct conn *conn)
{
    struct host *host = arg;

    host->ops->up(host->arg, id, conn);
}

static void
on_down(void *arg, const struct peerid *id, enum swarm_reason reason)
{
    struct host *host = arg;

    host->ops->down(host->arg, id, reason);
}

static void
on_identified(void *arg, struct conn *conn, const struct identify_info *info)
{
    struct host *host = arg;

    if (host->ops->identified)
        host->ops->identified(host->arg, conn, info);
}

static void
on_failed(void *arg, const char *address, const char *why)
{
    struct host *host = arg;

    if (host->ops->failed)
        host->ops->failed(host->arg, address, why);
}

static void
on_changed(void *arg)
{
    struct host *host = arg;

    host->ops->changed(host->arg);
}

static void
on_log(void *arg, enum lat_level level, const char *text)
{
    host_log(arg, level, "%s", text);
}

static const struct swarm_ops ops = { .dial = on_dial, .give_up = on_give_up, .wake = on_wake, .close = on_close,
                                      .up = on_up, .down = on_down, .identified = on_identified, .failed = on_failed,
                                      .changed = on_changed, .log = on_log };

/* --- time ------------------------------------------------------------------------------------------ */

static void
on_tick(uv_timer_t *timer)
{
    struct host *host = timer->data;
    uint64_t now_ms = host_now(host);

    host_listen_tick(host, now_ms);
    hdial_tick(host, now_ms);
    host_mdns_tick(host, now_ms);
    swarm_tick(host->swarm, now_ms);
    host_flush_all(host);
}

/* --- the end --------------------------------------------------------------------------------------- */

void
host_hold(struct host *host)
{
    host->handles++;
}

void
host_release(struct host *host)
{
    if (--host->handles > 0 || !host->closing)
        return;
    if (host->closed)
        host->closed(host->closed_arg);
    free(host->mdns);
    free(host);
}

static void
on_tick_closed(uv_handle_t *handle)
{
    host_release(handle->data);
}

void
host_close(struct host *host, void (*fn)(void *arg), void *arg)
{
    host->closing = true;
    host->closed = fn;
    host->closed_arg = arg;
    swarm_free(host->swarm);
    host->swarm = NULL;
    host_listen_close(host);
    host_mdns_close(host);
    uv_close((uv_handle_t *)&host->tick, on_tick_closed);
}

/* --- the begin ------------------------------------------------------------------------------------- */

static enum lat_err
parse_bootstrap(const char *const *list, struct multiaddr **out, size_t *count, struct lat_msg *why)
{
    struct multiaddr_tcp tcp;
    struct multiaddr *addresses;
    char shown[PEERS_ADDRESS_LEN];
    size_t n = 0;

    while (list && list[n])
        n++;
    addresses = calloc(n + 1, sizeof(*addresses));
    if (addresses == NULL)
        return LAT_NOMEM;
    for (size_t i = 0; i < n; i++) {
        if (multiaddr_parse(list[i], &addresses[i]) == LAT_OK && multiaddr_is_dialable(&addresses[i]) &&
            multiaddr_is_tcp(&addresses[i], &tcp) && tcp.has_peer)
            continue;
        lat_msg_set(why, "'%s' is no peer's address; use /ip4/ADDRESS/tcp/PORT/p2p/ID (or ip6, dns, dns4, dns6)",
                    lat_escape_str(list[i], shown, sizeof(shown)));
        free(addresses);
        return LAT_MALFORMED;
    }
    *out = addresses;
    *count = n;
    return LAT_OK;
}

/* The own address among them (one list for all nodes of a fleet) is no fault. */
static enum lat_err
set_bootstrap(struct host *host, const char *const *list, struct lat_msg *why)
{
    struct multiaddr *addresses;
    size_t count, refused;
    enum lat_err err = parse_bootstrap(list, &addresses, &count, why);

    if (err)
        return err;
    err = peers_configure(swarm_peers(host->swarm), addresses, count, &refused);
    if (!err && refused > 0)
        host_log(host, LAT_INFO, "[STARTUP] P2P: %zu of %zu bootstrap addresses are this node's own or one too many", refused, count);
    free(addresses);
    return err;
}

static void
remember(struct host *host, const char *text)
{
    struct lat_msg why = { "" };

    if (text && peers_parse(swarm_peers(host->swarm), text, strlen(text), lat_mono_ms(), lat_wall_ms(), &why))
        host_log(host, LAT_WARNING, "[STARTUP] [WARN] P2P: %s", why.text[0] ? why.text : "out of memory for remembered peers");
}

static enum lat_err
make_swarm(struct host *host, const struct host_options *options)
{
    const struct swarm_config config = {
        .identity = options->identity,
        .noise = options->noise,
        .protocols = options->protocols,
        .early_muxer = options->early_muxer,
        .agent = options->agent,
        .idle_ms = options->idle_ms,
        .dead_ms = options->dead_ms,
        .redial_min_ms = options->redial_min_ms,
        .redial_max_ms = options->redial_max_ms,
        .redial = options->redial,
        .random = rand_bytes,
        .ops = &ops,
        .arg = host,
    };

    host->swarm = swarm_new(&config, host->turn_ms);
    return host->swarm ? LAT_OK : LAT_NOMEM;
}

static enum lat_err
begin(struct host *host, const struct host_options *options, struct lat_msg *why)
{
    enum lat_err err = make_swarm(host, options);

    if (!err)
        err = set_bootstrap(host, options->bootstrap, why);
    if (err)
        return err;
    remember(host, options->remembered);
    for (size_t i = 0; !err && options->listen && options->listen[i]; i++)
        err = host_listen_add(host, options->listen[i], why);
    if (!err)
        host_announce(host);
    return !err && options->mdns ? host_mdns_open(host, &options->identity->peer) : err;
}

enum lat_err
host_new(uv_loop_t *loop, const struct host_options *options, struct host **out, struct lat_msg *why)
{
    struct host *host = calloc(1, sizeof(*host));
    enum lat_err err;

    if (host == NULL)
        return LAT_NOMEM;
    host->loop = loop;
    host->ops = options->ops;
    host->arg = options->arg;
    host->dead_ms = options->dead_ms;
    host->turn_ms = lat_mono_ms();
    if (uv_timer_init(loop, &host->tick) != 0) {
        free(host);
        return LAT_NOMEM;
    }
    host->tick.data = host;
    host_hold(host);
    err = begin(host, options, why);
    if (err) {
        host_close(host, NULL, NULL);
        return err;
    }
    (void)uv_timer_start(&host->tick, on_tick, 0, HOST_TICK_MS);
    *out = host;
    return LAT_OK;
}

/* --- wishes and figures ---------------------------------------------------------------------------- */

enum lat_err
host_reconfigure(struct host *host, const char *const *bootstrap, uint64_t idle_ms, uint64_t dead_ms, struct lat_msg *why)
{
    enum lat_err err = set_bootstrap(host, bootstrap, why);

    if (err)
        return err;
    host->dead_ms = dead_ms;
    swarm_set_times(host->swarm, idle_ms, dead_ms, host_now(host));
    for (struct hsock *sock = host->socks; sock; sock = sock->next)
        hsock_set_dead(sock);
    host_flush_all(host);
    return LAT_OK;
}

const char *const *
host_addresses(const struct host *host)
{
    return host->addresses;
}

const char *
host_error(const struct host *host)
{
    for (size_t i = 0; i < host->listener_count; i++) {
        if (host->listeners[i].error[0])
            return host->listeners[i].error;
    }
    return "";
}

size_t
host_fill(const struct host *host, struct swarm_row *rows, size_t max, size_t *total)
{
    return swarm_rows(host->swarm, rows, max, lat_mono_ms(), total);
}

void
host_count(const struct host *host, struct swarm_counts *out)
{
    swarm_count(host->swarm, out);
}

enum lat_err
host_peers_text(const struct host *host, struct lat_buf *out)
{
    return peers_text(swarm_peers(host->swarm), lat_mono_ms(), lat_wall_ms(), out);
}

enum lat_err
host_dial(struct host *host, const char *address, struct lat_msg *why)
{
    struct multiaddr parsed;

    if (multiaddr_parse(address, &parsed)) {
        lat_msg_set(why, "not a multiaddr; use /ip4/ADDRESS/tcp/PORT, with /p2p/ID behind it where the peer is known");
        return LAT_MALFORMED;
    }
    return swarm_dial(host->swarm, &parsed, host_now(host), why);
}

enum lat_err
host_suggest(struct host *host, const struct conn *by, const struct peerid *id, const uint8_t *record, size_t len)
{
    (void)host_now(host);
    return swarm_suggest(by, id, record, len);
}

bool
host_hangup(struct host *host, const struct peerid *id)
{
    return swarm_hangup(host->swarm, id, host_now(host));
}

void
host_note_live(struct host *host, const struct peerid *id, bool live)
{
    swarm_note_live(host->swarm, id, live, host_now(host));
}

struct conn *
host_conn(const struct host *host, const struct peerid *id)
{
    return swarm_conn(host->swarm, id);
}

void
host_flush(struct host *host, struct conn *conn)
{
    swarm_wake(conn);
    host_flush_all(host);
}

void
host_send(struct host *host)
{
    host_flush_all(host);
}

void
host_netchange(struct host *host)
{
    uint64_t now_ms = host_now(host);

    host_announce(host);
    swarm_netchange(host->swarm, now_ms);
    host_mdns_refresh(host, true, now_ms);
    host_flush_all(host);
}

void
host_resume(struct host *host)
{
    uint64_t now_ms = host_now(host);

    swarm_resume(host->swarm, now_ms);
    host_mdns_refresh(host, true, now_ms);
    host_flush_all(host);
}
