/*
 * host_socket.c - one socket: bytes to and from its link.
 *
 * Output is pulled: the connection makes it when the socket has taken what was made before. So it never piles up here, a pong overtakes
 * what streams have queued, and a reader that is slow stops the streams, not the node. Reading never stops: two ends that both
 * wait for the other to read would wait for ever, and what reading costs is bounded by the streams' windows and queues.
 */
#include "config.h"

#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>

#include "p2p/host_parts.h"

#define ROUNDS_MAX 8                 /* pieces that one socket sends before others have their turn */
#define UNSENT_MAX (128 * 1024)      /* what the kernel keeps unsent: a pong waits no longer than this takes */

/* --- addresses ------------------------------------------------------------------------------------- */

enum lat_err
host_multiaddr(const struct sockaddr *address, struct multiaddr *out)
{
    if (address->sa_family == AF_INET) {
        const struct sockaddr_in *ip4 = (const struct sockaddr_in *)(const void *)address;

        multiaddr_of_tcp((const uint8_t *)&ip4->sin_addr, 4, ntohs(ip4->sin_port), out);
        return LAT_OK;
    }
    if (address->sa_family == AF_INET6) {
        const struct sockaddr_in6 *ip6 = (const struct sockaddr_in6 *)(const void *)address;

        multiaddr_of_tcp((const uint8_t *)&ip6->sin6_addr, 16, ntohs(ip6->sin6_port), out);
        return LAT_OK;
    }
    return LAT_MALFORMED;
}

enum lat_err
host_sockaddr(const struct multiaddr_tcp *tcp, struct sockaddr_storage *out)
{
    int result = -1;

    memset(out, 0, sizeof(*out));
    if (tcp->kind == MULTIADDR_IP4)
        result = uv_ip4_addr(tcp->host, tcp->port, (struct sockaddr_in *)(void *)out);
    else if (tcp->kind == MULTIADDR_IP6)
        result = uv_ip6_addr(tcp->host, tcp->port, (struct sockaddr_in6 *)(void *)out);
    return result == 0 ? LAT_OK : LAT_MALFORMED;
}

enum lat_err
hsock_remote(const struct hsock *sock, struct multiaddr *out)
{
    struct sockaddr_storage address;
    int len = sizeof(address);

    if (uv_tcp_getpeername(&sock->tcp, (struct sockaddr *)(void *)&address, &len) != 0)
        return LAT_SYS;
    return host_multiaddr((struct sockaddr *)(void *)&address, out) ? LAT_SYS : LAT_OK;
}

/* --- life ------------------------------------------------------------------------------------------ */

struct hsock *
hsock_new(struct host *host)
{
    struct hsock *sock = calloc(1, sizeof(*sock));

    if (sock == NULL)
        return NULL;
    sock->host = host;
    if (uv_tcp_init(host->loop, &sock->tcp) != 0) {
        free(sock);
        return NULL;
    }
    sock->tcp.data = sock;
    sock->next = host->socks;
    if (sock->next)
        sock->next->prev = sock;
    host->socks = sock;
    lat_buf_init(&sock->out, 2 * CONN_OUTPUT_MAX);
    host_hold(host);
    return sock;
}

static void
on_closed(uv_handle_t *handle)
{
    struct hsock *sock = handle->data;
    struct host *host = sock->host;

    lat_buf_fini(&sock->out);
    free(sock);
    host_release(host);
}

static void
leave_waking(struct hsock *sock)
{
    struct hsock **at = &sock->host->waking;

    while (*at && *at != sock)
        at = &(*at)->waking;
    if (*at)
        *at = sock->waking;
    sock->wakes = false;
}

static void
leave_list(struct hsock *sock)
{
    if (sock->prev)
        sock->prev->next = sock->next;
    else
        sock->host->socks = sock->next;
    if (sock->next)
        sock->next->prev = sock->prev;
    if (sock->wakes)
        leave_waking(sock);
}

/* What was written is sent after the close; what the socket does not take now is lost. */
static void
try_send(struct hsock *sock, const uint8_t *data, size_t len)
{
    uv_buf_t piece = uv_buf_init((char *)(uintptr_t)data, (unsigned)len);

    if (len > 0)
        (void)uv_try_write((uv_stream_t *)&sock->tcp, &piece, 1);
}

void
hsock_close(struct hsock *sock, const uint8_t *last, size_t len)
{
    if (uv_is_closing((uv_handle_t *)&sock->tcp))
        return;
    if (sock->link && !sock->writing && sock->host->gate == HOST_GATE_OPEN) {
        try_send(sock, sock->out.data ? sock->out.data + sock->sent : NULL, sock->out.len - sock->sent);
        try_send(sock, last, len);
    }
    sock->link = NULL;
    sock->dial = NULL;
    leave_list(sock);
    uv_close((uv_handle_t *)&sock->tcp, on_closed);
}

void
hsock_break(struct hsock *sock, uint64_t now_ms)
{
    struct link *link = sock->link;

    sock->link = NULL;
    if (uv_tcp_close_reset(&sock->tcp, on_closed) == 0)
        leave_list(sock);
    else
        hsock_close(sock, NULL, 0);
    swarm_ended(link, SWARM_RESET, uv_strerror(UV_ECONNRESET), now_ms);
}

/* --- the end from outside -------------------------------------------------------------------------- */

static void
end(struct hsock *sock, int status, uint64_t now_ms)
{
    struct link *link = sock->link;
    enum swarm_reason reason = SWARM_RESET;

    if (status == UV_EOF)
        reason = SWARM_CLOSED;
    else if (status == UV_ETIMEDOUT)
        reason = SWARM_SILENT;
    hsock_close(sock, NULL, 0);
    swarm_ended(link, reason, status == UV_EOF ? NULL : uv_strerror(status), now_ms);
}

/* --- output ---------------------------------------------------------------------------------------- */

static void
on_written(uv_write_t *request, int status)
{
    struct hsock *sock = request->data;

    sock->writing = false;
    if (sock->link == NULL)
        return;
    lat_buf_clear(&sock->out);
    sock->sent = 0;
    if (status < 0)
        end(sock, status, host_now(sock->host));
    else
        hsock_wake(sock);
    host_flush_all(sock->host);
}

/* Let libuv write the rest and call back. */
static void
write_rest(struct hsock *sock)
{
    uv_buf_t rest = uv_buf_init((char *)sock->out.data + sock->sent, (unsigned)(sock->out.len - sock->sent));
    int status;

    sock->write.data = sock;
    status = uv_write(&sock->write, (uv_stream_t *)&sock->tcp, &rest, 1, on_written);
    if (status < 0)
        end(sock, status, host_now(sock->host));
    else
        sock->writing = true;
}

/* One piece, made and written. False: nothing more to do for now. */
static bool
send_piece(struct hsock *sock, bool last)
{
    struct link *link = sock->link;
    uv_buf_t piece;
    int status;

    if (link == NULL)
        return false;
    lat_buf_clear(&sock->out);
    sock->sent = 0;
    swarm_output(link, &sock->out, host_now(sock->host));
    if (sock->link != link || sock->out.len == 0)
        return false;
    piece = uv_buf_init((char *)sock->out.data, (unsigned)sock->out.len);
    status = last ? 0 : uv_try_write((uv_stream_t *)&sock->tcp, &piece, 1);
    if (status < 0 && status != UV_EAGAIN) {
        end(sock, status, host_now(sock->host));
        return false;
    }
    sock->sent = status > 0 ? (size_t)status : 0;
    if (sock->sent == sock->out.len)
        return true;
    write_rest(sock);
    return false;
}

void
hsock_flush(struct hsock *sock)
{
    int round = 0;

    if (sock->host->gate != HOST_GATE_OPEN)
        return;
    while (!sock->writing && send_piece(sock, round == ROUNDS_MAX))
        round++;
}

void
hsock_wake(struct hsock *sock)
{
    if (sock->wakes || sock->link == NULL)
        return;
    sock->wakes = true;
    sock->waking = sock->host->waking;
    sock->host->waking = sock;
}

/* --- input ----------------------------------------------------------------------------------------- */

/* libuv fills the buffer and hands it back at once, so one serves all. */
static void
on_room(uv_handle_t *handle, size_t suggested, uv_buf_t *out)
{
    struct hsock *sock = handle->data;

    (void)suggested;
    *out = uv_buf_init((char *)sock->host->read_buffer, HOST_READ_LEN);
}

static void
on_read(uv_stream_t *stream, ssize_t len, const uv_buf_t *buffer)
{
    struct hsock *sock = stream->data;
    struct host *host = sock->host;
    uint64_t now_ms = host_now(host);

    if (len == 0 || sock->link == NULL)
        return;
    if (len < 0)
        end(sock, (int)len, now_ms);
    else
        swarm_input(sock->link, (const uint8_t *)buffer->base, (size_t)len, now_ms);
    host_flush_all(host);
}

void
hsock_set_dead(struct hsock *sock)
{
    unsigned timeout_ms = (unsigned)sock->host->dead_ms;
    unsigned idle_s = (unsigned)(sock->host->dead_ms / 2000) + 1;
    uv_os_fd_t fd;

    (void)uv_tcp_keepalive(&sock->tcp, 1, idle_s);
    if (uv_fileno((uv_handle_t *)&sock->tcp, &fd) == 0)
        (void)setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &timeout_ms, sizeof(timeout_ms));
}

/* What fails here costs speed or a second net, no more: the connection goes on without it. */
static void
set_options(struct hsock *sock)
{
    unsigned unsent = UNSENT_MAX;
    uv_os_fd_t fd;

    (void)uv_tcp_nodelay(&sock->tcp, 1);
    hsock_set_dead(sock);
    if (uv_fileno((uv_handle_t *)&sock->tcp, &fd) != 0)
        return;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &unsent, sizeof(unsent));
}

void
hsock_read(struct hsock *sock)
{
    int status = uv_read_start((uv_stream_t *)&sock->tcp, on_room, on_read);

    if (status < 0 && status != UV_EALREADY)
        end(sock, status, host_now(sock->host));
}

void
hsock_pause(struct hsock *sock)
{
    (void)uv_read_stop((uv_stream_t *)&sock->tcp);
}

void
hsock_begin(struct hsock *sock)
{
    set_options(sock);
    if (sock->host->gate == HOST_GATE_OPEN)
        hsock_read(sock);
}
