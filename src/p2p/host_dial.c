/*
 * host_dial.c - from an address to a connected socket. A name may have several addresses: they are tried in the order the system gives, families
 * in turn, each HOST_STAGGER_MS after the one before or as soon as that one fails; the first that connects is taken.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "p2p/host_parts.h"

/* --- life ------------------------------------------------------------------------------------------ */

static struct hdial *
new_dial(struct host *host, struct link *link, uint16_t port)
{
    struct hdial *dial = calloc(1, sizeof(*dial));

    if (dial == NULL)
        return NULL;
    dial->host = host;
    dial->link = link;
    dial->port = port;
    dial->next = host->dials;
    if (dial->next)
        dial->next->prev = dial;
    host->dials = dial;
    return dial;
}

/* Freed when the lookup has called back, if one is under way. */
static void
end_dial(struct hdial *dial)
{
    dial->link = NULL;
    for (size_t i = 0; i < dial->begun; i++) {
        if (dial->trying[i])
            hsock_close(dial->trying[i], NULL, 0);
        dial->trying[i] = NULL;
    }
    dial->trying_count = 0;
    if (dial->looking)
        return;
    if (dial->prev)
        dial->prev->next = dial->next;
    else
        dial->host->dials = dial->next;
    if (dial->next)
        dial->next->prev = dial->prev;
    free(dial);
}

void
hdial_fail_all(struct host *host, const char *why, uint64_t now_ms)
{
    struct hdial *dial = host->dials;

    while (dial) {
        struct link *link = dial->link;

        if (link == NULL) {
            dial = dial->next;
            continue;
        }
        hdial_give_up(dial);
        swarm_dial_failed(link, why, now_ms);
        dial = host->dials; /* others may have gone with it */
    }
}

void
hdial_give_up(struct hdial *dial)
{
    if (dial->looking)
        (void)uv_cancel((uv_req_t *)&dial->lookup); /* calls back in any case */
    end_dial(dial);
}

/* --- trying ---------------------------------------------------------------------------------------- */

static void begin_next(struct hdial *dial, uint64_t now_ms);

static void
note_error(struct hdial *dial, int status)
{
    lat_copy(dial->error, sizeof(dial->error), uv_strerror(status));
}

/* Nothing is left to try: say so. False: the dial goes on. */
static bool
is_over(struct hdial *dial, uint64_t now_ms)
{
    struct link *link = dial->link;
    char error[PEERS_ERROR_LEN];

    if (dial->trying_count > 0 || dial->begun < dial->address_count)
        return false;
    lat_copy(error, sizeof(error), dial->error[0] ? dial->error : "the name has no address");
    end_dial(dial);
    swarm_dial_failed(link, error, now_ms);
    return true;
}

static void
take(struct hsock *sock, struct hdial *dial, uint64_t now_ms)
{
    struct link *link = dial->link;
    struct multiaddr remote;

    end_dial(dial); /* sock is out of its list */
    sock->dial = NULL;
    if (hsock_remote(sock, &remote)) {
        hsock_close(sock, NULL, 0);
        swarm_dial_failed(link, "the connection was gone at once", now_ms);
        return;
    }
    sock->link = link;
    swarm_dialed(link, sock, &remote, now_ms);
    if (sock->link)
        hsock_begin(sock);
}

static void
on_connected(uv_connect_t *request, int status)
{
    struct hsock *sock = request->data;
    struct host *host = sock->host;
    struct hdial *dial = sock->dial;
    uint64_t now_ms = host_now(host);

    if (dial == NULL)
        return;
    for (size_t i = 0; i < dial->begun; i++) {
        if (dial->trying[i] == sock)
            dial->trying[i] = NULL;
    }
    dial->trying_count--;
    if (status == 0) {
        take(sock, dial, now_ms);
    } else {
        note_error(dial, status);
        hsock_close(sock, NULL, 0);
        if (!is_over(dial, now_ms))
            begin_next(dial, now_ms);
    }
    host_flush_all(host);
}

static bool
try_address(struct hdial *dial, size_t i)
{
    struct hsock *sock = hsock_new(dial->host);
    int status;

    if (sock == NULL) {
        lat_copy(dial->error, sizeof(dial->error), "out of memory or descriptors");
        return false;
    }
    sock->connect.data = sock;
    status = uv_tcp_connect(&sock->connect, &sock->tcp, (struct sockaddr *)(void *)&dial->addresses[i], on_connected);
    if (status < 0) {
        note_error(dial, status);
        hsock_close(sock, NULL, 0);
        return false;
    }
    sock->dial = dial;
    dial->trying[i] = sock;
    dial->trying_count++;
    return true;
}

/* The next address that can be tried at all. */
static void
begin_next(struct hdial *dial, uint64_t now_ms)
{
    bool begun = false;

    while (!begun && dial->begun < dial->address_count)
        begun = try_address(dial, dial->begun++);
    dial->next_ms = now_ms + HOST_STAGGER_MS;
}

void
hdial_tick(struct host *host, uint64_t now_ms)
{
    struct hdial *next;

    for (struct hdial *dial = host->dials; dial; dial = next) {
        next = dial->next;
        if (dial->link && !dial->looking && dial->begun < dial->address_count && now_ms >= dial->next_ms) {
            begin_next(dial, now_ms);
            (void)is_over(dial, now_ms);
        }
    }
}

/* --- names ----------------------------------------------------------------------------------------- */

static void
keep_address(struct hdial *dial, const struct addrinfo *info)
{
    struct sockaddr_storage *at = &dial->addresses[dial->address_count++];

    memcpy(at, info->ai_addr, info->ai_addrlen);
    if (info->ai_family == AF_INET)
        ((struct sockaddr_in *)(void *)at)->sin_port = htons(dial->port);
    else
        ((struct sockaddr_in6 *)(void *)at)->sin6_port = htons(dial->port);
}

/* The next of the list from `from` on that is of this family, or is not. */
static const struct addrinfo *
find_family(const struct addrinfo *from, int family, bool same)
{
    while (from && ((from->ai_family == family) != same || (from->ai_family != AF_INET && from->ai_family != AF_INET6)))
        from = from->ai_next;
    return from;
}

/* Families in turn, beginning with the one that the system prefers. */
static void
keep_addresses(struct hdial *dial, const struct addrinfo *list)
{
    int family = list ? list->ai_family : 0;
    const struct addrinfo *of[2] = { find_family(list, family, true), find_family(list, family, false) };

    for (size_t turn = 0; (of[0] || of[1]) && dial->address_count < HDIAL_ADDRESSES_MAX; turn = 1 - turn) {
        if (of[turn] == NULL)
            continue;
        keep_address(dial, of[turn]);
        of[turn] = find_family(of[turn]->ai_next, family, turn == 0);
    }
}

static void
on_looked_up(uv_getaddrinfo_t *request, int status, struct addrinfo *list)
{
    struct hdial *dial = request->data;
    struct host *host = dial->host;
    uint64_t now_ms = host_now(host);

    dial->looking = false;
    if (dial->link == NULL) {
        end_dial(dial);
    } else {
        if (status < 0)
            note_error(dial, status);
        else
            keep_addresses(dial, list);
        begin_next(dial, now_ms);
        (void)is_over(dial, now_ms);
    }
    uv_freeaddrinfo(list);
    host_flush_all(host);
    host_release(host);
}

static enum lat_err
look_up(struct hdial *dial, const struct multiaddr_tcp *tcp)
{
    struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_family = AF_UNSPEC };

    if (tcp->kind == MULTIADDR_DNS4)
        hints.ai_family = AF_INET;
    else if (tcp->kind == MULTIADDR_DNS6)
        hints.ai_family = AF_INET6;
    dial->lookup.data = dial;
    if (uv_getaddrinfo(dial->host->loop, &dial->lookup, on_looked_up, tcp->host, NULL, &hints) != 0)
        return LAT_NOMEM;
    dial->looking = true;
    host_hold(dial->host);
    return LAT_OK;
}

/* --- begin ----------------------------------------------------------------------------------------- */

enum lat_err
hdial_begin(struct host *host, struct link *link, const struct multiaddr *address, void **socket, struct lat_msg *why)
{
    struct multiaddr_tcp tcp;
    struct hdial *dial;
    enum lat_err err = LAT_OK;

    if (!multiaddr_is_tcp(address, &tcp))
        return LAT_MALFORMED;
    if (host->gate == HOST_GATE_RESET) {
        lat_msg_set(why, "%s", uv_strerror(UV_ECONNREFUSED));
        return LAT_SYS;
    }
    dial = new_dial(host, link, tcp.port);
    if (dial == NULL)
        return LAT_NOMEM;
    if (host->gate == HOST_GATE_DROP) {
        *socket = dial; /* without an address: it has no outcome until the swarm gives it up */
        return LAT_OK;
    }
    if (host_sockaddr(&tcp, &dial->addresses[0]) == LAT_OK) {
        dial->address_count = 1;
        begin_next(dial, 0);
        err = dial->trying_count > 0 ? LAT_OK : LAT_SYS;
    } else {
        err = look_up(dial, &tcp);
    }
    if (err) {
        lat_msg_set(why, "%s", dial->error[0] ? dial->error : lat_err_text(err));
        end_dial(dial);
        return err;
    }
    *socket = dial;
    return LAT_OK;
}
