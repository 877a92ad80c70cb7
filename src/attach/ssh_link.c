#include "config.h"

#include "attach/ssh_link_parts.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"

/*
 * No SHA-1, no CBC, no group exchange. Of Terrapin's two preconditions (chacha20-poly1305, CBC with encrypt-then-MAC) this list has none.
 */
#define METHODS_KEX "curve25519-sha256,curve25519-sha256@libssh.org,ecdh-sha2-nistp256,ecdh-sha2-nistp384"
#define METHODS_CIPHER "aes256-ctr,aes128-ctr"
#define METHODS_MAC "hmac-sha2-256,hmac-sha2-512"

#define OTHER_WAY "go on by 'ssh -N -L 8000:127.0.0.1:8000 HOST' and http://127.0.0.1:8000"

/* The host, then what is to say of it; cut at the end. */
static void
say(struct ssh_link *link, const char *fmt, va_list args)
{
    size_t len;

    lat_copy(link->error, sizeof(link->error), link->hop->shown);
    len = strlen(link->error);
    lat_copy(link->error + len, sizeof(link->error) - len, ": ");
    len = strlen(link->error);
    vsnprintf(link->error + len, sizeof(link->error) - len, fmt, args);
}

void
link_note(struct ssh_link *link, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    say(link, fmt, args);
    va_end(args);
}

bool
link_fail(struct ssh_link *link, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    say(link, fmt, args);
    va_end(args);
    link->step = SSH_DEAD;
    return true;
}

const char *
link_reason(struct ssh_link *link, char *out, size_t out_size)
{
    char *text = NULL;
    int len = 0;

    libssh2_session_last_error(link->session, &text, &len, 0);
    return lat_escape(text ? text : "", len > 0 ? (size_t)len : 0, out, out_size);
}

enum ssh_answer
link_ask(struct ssh_link *link, char *secret)
{
    enum ssh_answer answer = SSH_ANSWER_NO;

    if (link->asker && link->asker->ask)
        answer = link->asker->ask(link->asker->arg, &link->question, secret);
    link->asking = answer == SSH_ANSWER_LATER;
    link->now_ms = lat_mono_ms(); /* the answer may have taken its time */
    link->deadline_ms = link->asking ? UINT64_MAX : link->now_ms + SSH_AUTH_MS;
    return answer;
}

/* --- connecting ------------------------------------------------------------------------------------ */

/* Try this address, or one behind it. */
static bool
try_address(struct ssh_link *link)
{
    const int on = 1;

    for (; link->address; link->address = link->address->ai_next) {
        link->fd = socket(link->address->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (link->fd < 0)
            continue;
        setsockopt(link->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
        if (connect(link->fd, link->address->ai_addr, link->address->ai_addrlen) == 0 || errno == EINPROGRESS)
            return true;
        close(link->fd);
        link->fd = -1;
    }
    return link_fail(link, "cannot connect: %s", strerror(errno));
}

static bool
turn_resolve(struct ssh_link *link)
{
    const char *why;

    if (!resolve_done(link->resolve, &link->address, &why))
        return false;
    if (link->address == NULL)
        return link_fail(link, "its name is not found: %s", why);
    link->step = SSH_CONNECT; /* its deadline counts from the beginning */
    return try_address(link);
}

static bool
begin_session(struct ssh_link *link)
{
    link->session = libssh2_session_init_ex(NULL, NULL, NULL, link);
    if (link->session == NULL)
        return link_fail(link, "out of memory");
    libssh2_session_set_blocking(link->session, 0);
    if (libssh2_session_method_pref(link->session, LIBSSH2_METHOD_KEX, METHODS_KEX) ||
        libssh2_session_method_pref(link->session, LIBSSH2_METHOD_CRYPT_CS, METHODS_CIPHER) ||
        libssh2_session_method_pref(link->session, LIBSSH2_METHOD_CRYPT_SC, METHODS_CIPHER) ||
        libssh2_session_method_pref(link->session, LIBSSH2_METHOD_MAC_CS, METHODS_MAC) ||
        libssh2_session_method_pref(link->session, LIBSSH2_METHOD_MAC_SC, METHODS_MAC))
        return link_fail(link, "this libssh2 lacks the methods that are asked for");
    host_key_prefer(link);
    link_enter(link, SSH_HANDSHAKE, SSH_HANDSHAKE_MS);
    return true;
}

static bool
turn_connect(struct ssh_link *link)
{
    struct pollfd pfd = { .fd = link->fd, .events = POLLOUT };
    socklen_t len = sizeof(int);
    int error = 0;

    if (poll(&pfd, 1, 0) != 1)
        return false;
    if (getsockopt(link->fd, SOL_SOCKET, SO_ERROR, &error, &len) != 0 || error == 0)
        return begin_session(link);
    close(link->fd);
    link->fd = -1;
    link->address = link->address->ai_next;
    errno = error;
    return try_address(link);
}

/* --- the session ----------------------------------------------------------------------------------- */

static bool
turn_handshake(struct ssh_link *link)
{
    char reason[160];
    int rc = libssh2_session_handshake(link->session, link->fd);

    if (rc == LIBSSH2_ERROR_EAGAIN)
        return false;
    if (rc == 0) {
        link_enter(link, SSH_HOST_KEY, SSH_HANDSHAKE_MS);
        return true;
    }
    link_reason(link, reason, sizeof(reason));
    if (rc == LIBSSH2_ERROR_KEX_FAILURE || rc == LIBSSH2_ERROR_METHOD_NONE || rc == LIBSSH2_ERROR_HOSTKEY_INIT)
        return link_fail(link, "no common methods, or the host has only an RSA key (libssh2 1.10 knows its SHA-1 signatures alone): %s; "
                               "give the host an Ed25519 key by 'ssh-keygen -A' there, or %s", reason, OTHER_WAY);
    return link_fail(link, "no SSH there: %s", reason);
}

/* Which part of the way took too long. */
static bool
time_out(struct ssh_link *link)
{
    switch (link->step) {
    case SSH_RESOLVE:
        return link_fail(link, "its name is not resolved in time");
    case SSH_CONNECT:
        return link_fail(link, "does not answer in time");
    case SSH_HANDSHAKE:
    case SSH_HOST_KEY:
        return link_fail(link, "the SSH handshake takes too long");
    case SSH_AUTH:
        return link_fail(link, "no answer to the keys in time");
    case SSH_UP:
        return link_fail(link, "no answer to opening a channel in time");
    case SSH_DEAD:
        break;
    }
    return false;
}

bool
ssh_link_turn(struct ssh_link *link, uint64_t now_ms)
{
    link->now_ms = now_ms;
    if (link->step != SSH_DEAD && now_ms >= link->deadline_ms)
        return time_out(link);
    switch (link->step) {
    case SSH_RESOLVE:
        return turn_resolve(link);
    case SSH_CONNECT:
        return turn_connect(link);
    case SSH_HANDSHAKE:
        return turn_handshake(link);
    case SSH_HOST_KEY:
        return host_key_turn(link);
    case SSH_AUTH:
        return auth_turn(link);
    case SSH_UP:
        return pipes_turn(link);
    case SSH_DEAD:
        pipes_fini(link); /* who waits at the near side hears of it */
        break;
    }
    return false;
}

/* --- from outside ---------------------------------------------------------------------------------- */

struct ssh_link *
ssh_link_new(const struct ssh_hop *hop, const struct ssh_asker *asker, int fd, uint64_t now_ms)
{
    struct ssh_link *link = calloc(1, sizeof(*link));
    uint64_t within = hop->config.connect_timeout_s > 0 ? hop->config.connect_timeout_s * 1000ull : SSH_CONNECT_MS;

    if (link == NULL) {
        if (fd >= 0)
            close(fd);
        return NULL;
    }
    link->hop = hop;
    link->asker = asker;
    link->fd = fd;
    link->now_ms = link->heard_ms = now_ms;
    link_enter(link, SSH_RESOLVE, within);
    if (fd >= 0)
        begin_session(link);
    else if (resolve_start(hop->config.host, hop->config.port, hop->config.family, &link->resolve))
        link_fail(link, "out of memory or threads");
    return link;
}

/* A socket that is shut takes nothing and gives nothing, so that no call of libssh2 waits for the server. */
void
ssh_link_free(struct ssh_link *link)
{
    if (link == NULL)
        return;
    if (link->fd >= 0)
        shutdown(link->fd, SHUT_RDWR);
    pipes_fini(link);
    auth_fini(link);
    if (link->session) {
        for (int tries = 0; tries < 100 && libssh2_session_free(link->session) == LIBSSH2_ERROR_EAGAIN; tries++)
            ;
    }
    if (link->fd >= 0)
        close(link->fd);
    resolve_free(link->resolve);
    free(link);
}

enum ssh_step
ssh_link_step(const struct ssh_link *link)
{
    return link->step;
}

const char *
ssh_link_error(const struct ssh_link *link)
{
    return link->error;
}

bool
ssh_link_is_final(const struct ssh_link *link)
{
    return link->step == SSH_DEAD && link->final;
}

bool
ssh_link_asks(const struct ssh_link *link)
{
    return link->asking;
}

uint64_t
ssh_link_heard_ms(const struct ssh_link *link)
{
    return link->heard_ms;
}

/* What the session's own socket waits for. */
static short
socket_events(const struct ssh_link *link)
{
    int wants = link->session ? libssh2_session_block_directions(link->session) : 0;
    short events = 0;

    if (link->step == SSH_CONNECT)
        return POLLOUT;
    if (link->step == SSH_UP || wants & LIBSSH2_SESSION_BLOCK_INBOUND)
        events |= POLLIN;
    if (wants & LIBSSH2_SESSION_BLOCK_OUTBOUND)
        events |= POLLOUT;
    return events;
}

/* Room in its buffer: what the caller writes is wanted. Bytes in it: the caller may take them. */
static short
pipe_events(const struct ssh_pipe *pipe)
{
    short events = 0;

    if (pipe->state == PIPE_OPEN && pipe->out_len == 0 && !pipe->local_end)
        events |= POLLIN;
    if (pipe->in_len > 0)
        events |= POLLOUT;
    return events;
}

size_t
ssh_link_fds(const struct ssh_link *link, struct pollfd fds[SSH_LINK_FDS_MAX])
{
    size_t count = 0;

    if (link->step == SSH_RESOLVE)
        fds[count++] = (struct pollfd){ .fd = resolve_fd(link->resolve), .events = POLLIN };
    else if (link->step != SSH_DEAD && !link->asking)
        fds[count++] = (struct pollfd){ .fd = link->fd, .events = socket_events(link) };
    for (size_t i = 0; i < PIPES_MAX && link->step == SSH_UP; i++) {
        const struct ssh_pipe *pipe = link->pipes[i];

        if (pipe && pipe->fd >= 0 && pipe_events(pipe))
            fds[count++] = (struct pollfd){ .fd = pipe->fd, .events = pipe_events(pipe) };
    }
    return count;
}

uint64_t
ssh_link_due_ms(const struct ssh_link *link)
{
    if (link->step == SSH_DEAD)
        return UINT64_MAX;
    if (link->asking)
        return link->now_ms + 100;
    if (link->step == SSH_UP && link->alive_ms < link->deadline_ms)
        return link->alive_ms;
    return link->deadline_ms;
}
