/*
 * ssh_pipe.c - streams through a session that is UP: a socket pair here, a direct-tcpip channel there, two blocks between.
 *
 * libssh2 keeps a packet that could not be sent whole, and takes nothing else until the same call has sent the rest: `blocked` remembers
 * that call. Opening keeps its state in the session, so one pipe opens at a time. The name of the file is that of the object; pipe(2) is not
 * used.
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "attach/ssh_link_parts.h"
#include "base/text.h"

/* --- one call of libssh2 --------------------------------------------------------------------------- */

static int
call_open(struct ssh_link *link, struct ssh_pipe *pipe)
{
    char reason[120];
    int rc;

    pipe->channel = libssh2_channel_direct_tcpip_ex(link->session, pipe->host, pipe->port, "127.0.0.1", 0);
    rc = pipe->channel ? 0 : libssh2_session_last_errno(link->session);
    if (rc == LIBSSH2_ERROR_EAGAIN)
        return rc;
    link->opening = NULL;
    link->deadline_ms = UINT64_MAX;
    pipe->state = pipe->channel ? PIPE_OPEN : PIPE_ENDING;
    if (rc == LIBSSH2_ERROR_CHANNEL_FAILURE)
        link_note(link, "nothing answers at %s:%u there, or the server allows no forwarding: %s", pipe->host, pipe->port,
                  link_reason(link, reason, sizeof(reason)));
    else if (rc == 0)
        link->error[0] = 0;
    return rc == LIBSSH2_ERROR_CHANNEL_FAILURE ? 0 : rc;
}

static int
call_read(struct ssh_link *link, struct ssh_pipe *pipe)
{
    ssize_t n = libssh2_channel_read(pipe->channel, (char *)pipe->in, sizeof(pipe->in));

    if (n < 0)
        return (int)n;
    if (n > 0) {
        link->heard_ms = link->now_ms;
        pipe->in_at = 0;
        pipe->in_len = (size_t)n;
    }
    if (n == 0 && libssh2_channel_eof(pipe->channel))
        pipe->remote_end = true;
    return n > 0 || pipe->remote_end ? 0 : LIBSSH2_ERROR_EAGAIN;
}

static int
call_write(struct ssh_pipe *pipe)
{
    ssize_t n = libssh2_channel_write(pipe->channel, (const char *)pipe->out + pipe->out_at, pipe->out_len);

    if (n < 0)
        return (int)n;
    pipe->out_at += (size_t)n;
    pipe->out_len -= (size_t)n;
    return 0;
}

static int
call_alive(struct ssh_link *link)
{
    unsigned interval = link->hop->config.alive_interval_s ? link->hop->config.alive_interval_s : SSH_ALIVE_S;
    int next = 0, rc;

    libssh2_keepalive_config(link->session, 0, interval); /* libssh2 1.10 keeps unasked answers for ever */
    rc = libssh2_keepalive_send(link->session, &next);
    if (rc == 0)
        link->alive_ms = link->now_ms + (uint64_t)(next > 0 ? next : (int)interval) * 1000;
    return rc;
}

/* One call for a pipe. 0: it is done. EAGAIN: again later. Another error: the session is lost. */
static int
make_call(struct ssh_link *link, struct ssh_pipe *pipe, enum pipe_call call)
{
    int rc = 0;

    switch (call) {
    case CALL_OPEN:
        rc = call_open(link, pipe);
        break;
    case CALL_READ:
        rc = call_read(link, pipe);
        break;
    case CALL_WRITE:
        rc = call_write(pipe);
        break;
    case CALL_EOF:
        rc = libssh2_channel_send_eof(pipe->channel);
        pipe->end_sent = rc == 0;
        break;
    case CALL_END:
        rc = libssh2_channel_free(pipe->channel);
        if (rc != LIBSSH2_ERROR_EAGAIN)
            pipe->channel = NULL;
        break;
    case CALL_NONE:
    case CALL_ALIVE:
        break;
    }
    return rc;
}

/* A channel that is closed at the other side ends alone; the session goes on. */
static bool
ends_pipe_alone(int rc)
{
    return rc == LIBSSH2_ERROR_CHANNEL_CLOSED || rc == LIBSSH2_ERROR_CHANNEL_EOF_SENT || rc == LIBSSH2_ERROR_CHANNEL_UNKNOWN;
}

/* What a call has come to. True: it is done. False: not now, or the link is DEAD. */
static bool
settle(struct ssh_link *link, struct ssh_pipe *pipe, enum pipe_call call, int rc)
{
    char reason[120];

    if (rc == LIBSSH2_ERROR_EAGAIN) {
        if (libssh2_session_block_directions(link->session) & LIBSSH2_SESSION_BLOCK_OUTBOUND) {
            link->blocked = call;
            link->blocked_pipe = pipe;
        }
        return false;
    }
    if (rc < 0 && pipe && ends_pipe_alone(rc)) {
        pipe->remote_end = true;
        pipe->out_len = 0;
        pipe->state = PIPE_ENDING;
        return true;
    }
    if (rc < 0) {
        link_fail(link, "the connection is lost: %s", link_reason(link, reason, sizeof(reason)));
        return false;
    }
    return true;
}

static bool
run(struct ssh_link *link, struct ssh_pipe *pipe, enum pipe_call call)
{
    return settle(link, pipe, call, make_call(link, pipe, call));
}

static bool
keep_alive(struct ssh_link *link)
{
    return settle(link, NULL, CALL_ALIVE, call_alive(link));
}

/* --- the near side --------------------------------------------------------------------------------- */

static void
close_near(struct ssh_pipe *pipe)
{
    if (pipe->fd >= 0)
        close(pipe->fd);
    pipe->fd = -1;
    pipe->in_len = 0;
    pipe->local_end = true;
}

static bool
take_from_near(struct ssh_pipe *pipe)
{
    ssize_t n;

    if (pipe->fd < 0 || pipe->local_end || pipe->out_len > 0)
        return false;
    n = recv(pipe->fd, pipe->out, sizeof(pipe->out), MSG_DONTWAIT);
    if (n > 0) {
        pipe->out_at = 0;
        pipe->out_len = (size_t)n;
    } else if (n == 0) {
        pipe->local_end = true;
    } else if (errno != EAGAIN && errno != EINTR) {
        close_near(pipe);
    }
    return n >= 0 || pipe->fd < 0;
}

static bool
give_to_near(struct ssh_pipe *pipe)
{
    ssize_t n;

    if (pipe->fd < 0 || pipe->in_len == 0)
        return false;
    n = send(pipe->fd, pipe->in + pipe->in_at, pipe->in_len, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n > 0) {
        pipe->in_at += (size_t)n;
        pipe->in_len -= (size_t)n;
    } else if (errno != EAGAIN && errno != EINTR) {
        close_near(pipe); /* nobody wants it any more */
    }
    return n > 0 || pipe->fd < 0;
}

/* --- turns ----------------------------------------------------------------------------------------- */

static bool
turn_open_pipe(struct ssh_link *link, struct ssh_pipe *pipe)
{
    bool moved = give_to_near(pipe);

    if (pipe->in_len == 0 && !pipe->remote_end)
        moved |= run(link, pipe, CALL_READ);
    if (link->step != SSH_UP || link->blocked || pipe->state != PIPE_OPEN)
        return moved;
    moved |= give_to_near(pipe);
    moved |= take_from_near(pipe);
    if (pipe->out_len > 0)
        moved |= run(link, pipe, CALL_WRITE);
    else if (pipe->local_end && !pipe->end_sent)
        moved |= run(link, pipe, CALL_EOF);
    if (pipe->state == PIPE_OPEN && (pipe->fd < 0 || (pipe->remote_end && pipe->in_len == 0))) {
        pipe->state = PIPE_ENDING;
        moved = true;
    }
    return moved;
}

static bool
turn_pipe(struct ssh_link *link, struct ssh_pipe *pipe)
{
    switch (pipe->state) {
    case PIPE_WAITING:
        if (link->opening)
            return false;
        link->opening = pipe;
        link->deadline_ms = link->now_ms + SSH_CHANNEL_MS;
        pipe->state = PIPE_OPENING;
        return true;
    case PIPE_OPENING:
        return run(link, pipe, CALL_OPEN);
    case PIPE_OPEN:
        return turn_open_pipe(link, pipe);
    case PIPE_ENDING:
        give_to_near(pipe);
        close_near(pipe);
        if (pipe->channel && !run(link, pipe, CALL_END))
            return false;
        pipe->state = PIPE_FREE;
        return true;
    case PIPE_FREE:
        break;
    }
    return false;
}

/* True: nothing is in the way of other calls. */
static bool
clear_blocked(struct ssh_link *link)
{
    enum pipe_call call = link->blocked;

    link->blocked = CALL_NONE;
    if (call == CALL_ALIVE)
        (void)keep_alive(link);
    else if (call != CALL_NONE)
        (void)run(link, link->blocked_pipe, call);
    return link->blocked == CALL_NONE && link->step == SSH_UP;
}

static void
free_pipe(struct ssh_link *link, size_t i)
{
    close_near(link->pipes[i]);
    free(link->pipes[i]);
    link->pipes[i] = NULL;
}

bool
pipes_turn(struct ssh_link *link)
{
    bool moved = false;

    if (!clear_blocked(link))
        return link->step == SSH_DEAD;
    if (link->now_ms >= link->alive_ms && !keep_alive(link))
        return link->step == SSH_DEAD;
    for (size_t i = 0; i < PIPES_MAX && link->step == SSH_UP && !link->blocked; i++) {
        struct ssh_pipe *pipe = link->pipes[i];

        if (pipe == NULL)
            continue;
        moved |= turn_pipe(link, pipe);
        if (pipe->state == PIPE_FREE)
            free_pipe(link, i);
    }
    return moved;
}

/* After the socket has been shut: no call waits. */
void
pipes_fini(struct ssh_link *link)
{
    for (size_t i = 0; i < PIPES_MAX; i++) {
        if (link->pipes[i])
            free_pipe(link, i); /* its channel goes with the session */
    }
}

int
ssh_link_open(struct ssh_link *link, const char *host, uint16_t port)
{
    struct ssh_pipe *pipe;
    int pair[2];
    size_t i = 0;

    while (i < PIPES_MAX && link->pipes[i])
        i++;
    if (i == PIPES_MAX || link->step == SSH_DEAD || (pipe = calloc(1, sizeof(*pipe))) == NULL)
        return -1;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) != 0) {
        free(pipe);
        return -1;
    }
    pipe->state = PIPE_WAITING;
    pipe->fd = pair[0];
    pipe->port = port;
    lat_copy(pipe->host, sizeof(pipe->host), host);
    link->pipes[i] = pipe;
    return pair[1];
}
