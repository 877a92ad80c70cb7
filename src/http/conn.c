#include "config.h"

#include "http/serve.h"

#include <stdlib.h>

#define WOKEN_AT_ONCE 64

/* Who holds the other end? Over the socket in the file system the kernel has it from connect on. */
struct auth_user
conn_asker(struct conn *conn)
{
    struct auth_user user = { .known = false };
    struct ucred peer;
    socklen_t len = sizeof(peer);

    if (conn->listener->kind == LISTENER_SOCKET) {
        user.known = getsockopt(conn->fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0 && peer.uid != (uid_t)-1;
        user.uid = user.known ? peer.uid : 0;
    } else if (conn->listener->kind == LISTENER_API && !conn->listener->guarded &&
               conn->listener->server->owner != NULL) {
        user.known = sockowner_find(conn->listener->server->owner, conn->fd, &user.uid) == LAT_OK;
    }
    return user;
}

static void
conn_new(struct listener *listener, struct MHD_Connection *mhd, void **socket_context)
{
    struct server *server = listener->server;
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD);
    struct conn *conn = calloc(1, sizeof(*conn));

    if (conn == NULL) {
        if (info != NULL)
            shutdown(info->connect_fd, SHUT_RDWR);
        return;
    }
    conn->listener = listener;
    conn->mhd = mhd;
    conn->fd = info->connect_fd;
    conn->at_accept = conn_asker(conn);
    conn->next = server->conns;
    if (server->conns != NULL)
        server->conns->prev = conn;
    server->conns = conn;
    server->conn_count++;
    listener->connections++;
    *socket_context = conn;
    conn_set_deadline(conn, SERVE_HEADER_MS);
}

static void
conn_end(struct conn *conn)
{
    struct server *server = conn->listener->server;

    if (conn->prev != NULL)
        conn->prev->next = conn->next;
    else
        server->conns = conn->next;
    if (conn->next != NULL)
        conn->next->prev = conn->prev;
    server->conn_count--;
    conn->listener->connections--;
    epoll_ctl(server->deadline_fd, EPOLL_CTL_DEL, conn->fd, NULL); /* finds nothing if it was never idle */
    free(conn);
}

void
conn_notify(void *cls, struct MHD_Connection *mhd, void **socket_context,
            enum MHD_ConnectionNotificationCode code)
{
    if (code == MHD_CONNECTION_NOTIFY_STARTED)
        conn_new(cls, mhd, socket_context);
    else if (*socket_context != NULL)
        conn_end(*socket_context);
}

struct conn *
conn_of(struct MHD_Connection *mhd)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

    return info == NULL ? NULL : info->socket_context;
}

void
conn_set_deadline(struct conn *conn, uint64_t ms_from_now)
{
    conn->deadline_ms = conn->listener->server->now_ms + ms_from_now;
}

void
conn_clear_deadline(struct conn *conn)
{
    conn->deadline_ms = UINT64_MAX;
}

/* Three quarters of the connections are taken: those that do nothing make room. */
static bool
is_crowded(const struct listener *listener)
{
    static const unsigned limits[] = { [LISTENER_API] = SERVE_API_CONNECTIONS,
                                       [LISTENER_SYNC] = SERVE_SYNC_CONNECTIONS,
                                       [LISTENER_SOCKET] = SERVE_SOCKET_CONNECTIONS };

    return listener->connections > limits[listener->kind] / 4 * 3;
}

bool
conn_watch(struct conn *conn, uint32_t what)
{
    struct server *server = conn->listener->server;
    struct epoll_event event = { .events = what | EPOLLONESHOT, .data.ptr = conn };

    return epoll_ctl(server->deadline_fd, EPOLL_CTL_MOD, conn->fd, &event) == 0 ||
           epoll_ctl(server->deadline_fd, EPOLL_CTL_ADD, conn->fd, &event) == 0;
}

void
conn_idle(struct conn *conn)
{
    conn_set_deadline(conn, is_crowded(conn->listener) ? SERVE_CROWDED_IDLE_MS : SERVE_IDLE_MS);
    conn->is_idle = true;
    if (!conn_watch(conn, EPOLLIN))
        conn_set_deadline(conn, SERVE_HEADER_MS); /* its first byte will not be seen: count from now */
}

void
conns_woken(struct server *server)
{
    struct epoll_event events[WOKEN_AT_ONCE];
    struct conn *conn;
    int n = epoll_wait(server->deadline_fd, events, WOKEN_AT_ONCE, 0);

    for (int i = 0; i < n; i++) {
        conn = events[i].data.ptr;
        if (conn->is_idle)
            conn_set_deadline(conn, SERVE_HEADER_MS);
        else
            events_hang_up(conn, events[i].events);
        conn->is_idle = false;
    }
}

void
conns_scan(struct server *server)
{
    if (server->now_ms - server->scanned_ms < SERVE_SCAN_MS)
        return;
    server->scanned_ms = server->now_ms;
    for (struct conn *conn = server->conns; conn != NULL; conn = conn->next) {
        if (conn->is_idle && conn->deadline_ms > server->now_ms + SERVE_CROWDED_IDLE_MS &&
            is_crowded(conn->listener))
            conn_set_deadline(conn, SERVE_CROWDED_IDLE_MS);
        if (server->now_ms < conn->deadline_ms)
            continue;
        shutdown(conn->fd, SHUT_RDWR); /* the library sees the end and closes */
        conn_clear_deadline(conn);
    }
}
