/* host_listen.c - where others reach us: listeners that do not give up, and what is said of them. */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "p2p/host_parts.h"

#define ACCEPT_LOG_MS 60000

/* --- accepting ------------------------------------------------------------------------------------- */

static void
accept_one(struct hlisten *listener, uint64_t now_ms)
{
    struct host *host = listener->host;
    struct hsock *sock = hsock_new(host);
    struct multiaddr remote;

    if (sock == NULL)
        return; /* libuv closes the connection that nobody takes */
    if (uv_accept((uv_stream_t *)&listener->tcp, (uv_stream_t *)&sock->tcp) != 0 || hsock_remote(sock, &remote) ||
        swarm_accepted(host->swarm, sock, &remote, now_ms, &sock->link))
        hsock_close(sock, NULL, 0);
    else if (host->gate == HOST_GATE_RESET)
        hsock_break(sock, now_ms);
    else
        hsock_begin(sock);
}

static void
on_connection(uv_stream_t *stream, int status)
{
    struct hlisten *listener = stream->data;
    struct host *host = listener->host;
    uint64_t now_ms = host_now(host);

    if (status == 0) {
        accept_one(listener, now_ms);
    } else if (host->accept_error_ms == 0 || now_ms - host->accept_error_ms >= ACCEPT_LOG_MS) {
        host->accept_error_ms = now_ms;
        host_log(host, LAT_WARNING, "[P2P] [WARN] a connection to %s could not be taken: %s", listener->text, uv_strerror(status));
    }
    host_flush_all(host);
}

/* --- listening ------------------------------------------------------------------------------------- */

static void
on_closed(uv_handle_t *handle)
{
    struct hlisten *listener = handle->data;

    listener->open = false;
    host_release(listener->host);
}

static void
note_bound(struct hlisten *listener)
{
    struct sockaddr_storage address;
    struct multiaddr bound;
    int len = sizeof(address);

    if (uv_tcp_getsockname(&listener->tcp, (struct sockaddr *)(void *)&address, &len) == 0 &&
        host_multiaddr((struct sockaddr *)(void *)&address, &bound) == LAT_OK &&
        multiaddr_text(&bound, listener->text, sizeof(listener->text)) == LAT_OK)
        return;
    lat_copy(listener->text, sizeof(listener->text), "(unknown)");
}

static int
bind_and_listen(struct hlisten *listener)
{
    struct sockaddr_storage address;
    struct multiaddr_tcp tcp;
    int status;

    if (!multiaddr_is_tcp(&listener->wanted, &tcp) || host_sockaddr(&tcp, &address))
        return UV_EINVAL;
    status = uv_tcp_init(listener->host->loop, &listener->tcp);
    if (status < 0)
        return status;
    listener->open = true;
    listener->tcp.data = listener;
    host_hold(listener->host);
    status = uv_tcp_bind(&listener->tcp, (struct sockaddr *)(void *)&address, tcp.kind == MULTIADDR_IP6 ? UV_TCP_IPV6ONLY : 0);
    if (status == 0)
        status = uv_listen((uv_stream_t *)&listener->tcp, HOST_BACKLOG, on_connection);
    if (status < 0)
        uv_close((uv_handle_t *)&listener->tcp, on_closed);
    return status;
}

static void
refresh_addresses(struct host *host)
{
    size_t count = 0;

    for (size_t i = 0; i < host->listener_count; i++) {
        if (host->listeners[i].listening)
            host->addresses[count++] = host->listeners[i].text;
    }
    host->addresses[count] = NULL;
}

static void
try_listen(struct hlisten *listener, uint64_t now_ms)
{
    struct host *host = listener->host;
    bool first = listener->error[0] == '\0';
    int status = bind_and_listen(listener);

    if (status < 0) {
        listener->retry_ms = now_ms + HOST_RETRY_MS;
        lat_copy(listener->error, sizeof(listener->error), uv_strerror(status));
        if (first)
            host_log(host, LAT_WARNING, "[STARTUP] [WARN] P2P: cannot listen on %s: %s; tried again every %d s", listener->text,
                     listener->error, HOST_RETRY_MS / 1000);
        return;
    }
    listener->listening = true;
    listener->error[0] = '\0';
    note_bound(listener);
    refresh_addresses(host);
    host_log(host, LAT_INFO, "[STARTUP] [OK] P2P listens on %s", listener->text);
}

enum lat_err
host_listen_add(struct host *host, const char *text, struct lat_msg *why)
{
    struct hlisten *listener = &host->listeners[host->listener_count];
    struct multiaddr_tcp tcp;
    char shown[HOST_TEXT_LEN];

    if (host->listener_count == HOST_LISTEN_MAX) {
        lat_msg_set(why, "more than %d addresses to listen on", HOST_LISTEN_MAX);
        return LAT_LIMIT;
    }
    if (multiaddr_parse(text, &listener->wanted) || !multiaddr_is_tcp(&listener->wanted, &tcp) || tcp.has_peer ||
        (tcp.kind != MULTIADDR_IP4 && tcp.kind != MULTIADDR_IP6)) {
        lat_msg_set(why, "'%s' is no address to listen on; use /ip4/ADDRESS/tcp/PORT or /ip6/ADDRESS/tcp/PORT",
                    lat_escape_str(text, shown, sizeof(shown)));
        return LAT_MALFORMED;
    }
    listener->host = host;
    lat_copy(listener->text, sizeof(listener->text), text);
    host->listener_count++;
    try_listen(listener, lat_mono_ms());
    return LAT_OK;
}

void
host_listen_tick(struct host *host, uint64_t now_ms)
{
    bool heard = false;

    for (size_t i = 0; i < host->listener_count; i++) {
        struct hlisten *listener = &host->listeners[i];

        if (listener->listening || listener->open || now_ms < listener->retry_ms)
            continue;
        try_listen(listener, now_ms);
        heard = heard || listener->listening;
    }
    if (heard) {
        host_announce(host);
        host->ops->changed(host->arg);
    }
}

void
host_listen_close(struct host *host)
{
    for (size_t i = 0; i < host->listener_count; i++) {
        struct hlisten *listener = &host->listeners[i];

        listener->listening = false;
        if (listener->open && !uv_is_closing((uv_handle_t *)&listener->tcp))
            uv_close((uv_handle_t *)&listener->tcp, on_closed);
    }
    refresh_addresses(host);
}

/* --- what others are told -------------------------------------------------------------------------- */

struct announcement {
    struct multiaddr addresses[IDENTIFY_ADDRS_MAX];
    size_t count;
};

static void
announce(struct announcement *said, const struct multiaddr *address)
{
    if (said->count < IDENTIFY_ADDRS_MAX)
        said->addresses[said->count++] = *address;
}

static bool
is_any(const struct multiaddr_tcp *tcp)
{
    return strcmp(tcp->host, tcp->kind == MULTIADDR_IP4 ? "0.0.0.0" : "::") == 0;
}

/* In place of "any" the machine's addresses; loopback only where there is no other. */
static void
announce_interfaces(struct announcement *said, const struct multiaddr_tcp *tcp, const uv_interface_address_t *list, int count,
                    bool internal)
{
    int family = tcp->kind == MULTIADDR_IP4 ? AF_INET : AF_INET6;
    struct multiaddr address;

    for (int i = 0; i < count; i++) {
        const struct sockaddr_in6 *ip6 = &list[i].address.address6;

        if (ip6->sin6_family != family || (list[i].is_internal != 0) != internal)
            continue;
        if (family == AF_INET)
            multiaddr_of_tcp((const uint8_t *)&list[i].address.address4.sin_addr, 4, tcp->port, &address);
        else if (IN6_IS_ADDR_LINKLOCAL(&ip6->sin6_addr))
            continue;
        else
            multiaddr_of_tcp((const uint8_t *)&ip6->sin6_addr, 16, tcp->port, &address);
        announce(said, &address);
    }
}

static void
announce_listener(struct announcement *said, const struct hlisten *listener, const uv_interface_address_t *list, int count)
{
    struct multiaddr bound;
    struct multiaddr_tcp tcp;
    size_t before = said->count;

    if (!listener->listening || multiaddr_parse(listener->text, &bound) || !multiaddr_is_tcp(&bound, &tcp))
        return;
    if (!is_any(&tcp)) {
        announce(said, &bound);
        return;
    }
    announce_interfaces(said, &tcp, list, count, false);
    if (said->count == before)
        announce_interfaces(said, &tcp, list, count, true);
}

void
host_announce(struct host *host)
{
    struct announcement said = { .count = 0 };
    uv_interface_address_t *list = NULL;
    int count = 0;

    if (uv_interface_addresses(&list, &count) != 0)
        count = 0;
    for (size_t i = 0; i < host->listener_count; i++)
        announce_listener(&said, &host->listeners[i], list, count);
    if (list)
        uv_free_interface_addresses(list, count);
    swarm_set_listen(host->swarm, said.addresses, said.count, lat_wall_ms(), lat_mono_ms());
    host_mdns_refresh(host, false, lat_mono_ms());
}
