#include "config.h"

#include "attach/ssh_agent.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "attach/ssh_string.h"
#include "base/clock.h"
#include "base/text.h"

#define REQUEST_IDENTITIES 11
#define IDENTITIES_ANSWER 12
#define SIGN_REQUEST 13
#define SIGN_RESPONSE 14
#define ANSWER_MAX 262144

/* --- bytes ----------------------------------------------------------------------------------------- */

static void
write_u32(uint8_t out[4], size_t value)
{
    for (int i = 0; i < 4; i++)
        out[i] = (uint8_t)(value >> (24 - 8 * i));
}

static enum lat_err
put_string(struct lat_buf *out, const uint8_t *data, size_t len)
{
    uint8_t head[4];
    enum lat_err err;

    write_u32(head, len);
    err = lat_buf_add(out, head, sizeof(head));
    return err ? err : lat_buf_add(out, data, len);
}

enum lat_err
ssh_agent_read_keys(const uint8_t *answer, size_t len, struct ssh_agent_keys *out)
{
    struct ssh_view v = { answer + 1, answer + len };
    const uint8_t *blob, *comment;
    uint32_t count, blob_len, comment_len;

    out->count = 0;
    if (len < 1 || answer[0] != IDENTITIES_ANSWER || !ssh_take_u32(&v, &count))
        return LAT_MALFORMED;
    for (; count > 0 && out->count < SSH_AGENT_KEYS_MAX; count--) {
        struct ssh_agent_key *key = &out->keys[out->count];

        key->blob = NULL;
        if (ssh_take_string(&v, &blob, &blob_len) && ssh_take_string(&v, &comment, &comment_len) && blob_len > 0)
            key->blob = malloc(blob_len);
        if (key->blob == NULL) {
            ssh_agent_keys_fini(out);
            return LAT_MALFORMED;
        }
        memcpy(key->blob, blob, blob_len);
        key->len = blob_len;
        lat_escape(comment, comment_len, key->comment, sizeof(key->comment));
        out->count++;
    }
    return LAT_OK;
}

void
ssh_agent_keys_fini(struct ssh_agent_keys *keys)
{
    for (size_t i = 0; i < keys->count; i++)
        free(keys->keys[i].blob);
    keys->count = 0;
}

/* --- the socket ------------------------------------------------------------------------------------ */

static enum lat_err
wait_ready(int fd, short events, uint64_t deadline_ms)
{
    struct pollfd pfd = { .fd = fd, .events = events };
    uint64_t now = lat_mono_ms();

    if (now >= deadline_ms || poll(&pfd, 1, (int)(deadline_ms - now)) <= 0)
        return LAT_TIMEOUT;
    return LAT_OK;
}

static enum lat_err
open_agent(const char *path, int *fd)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };

    if (!lat_copy(address.sun_path, sizeof(address.sun_path), path))
        return LAT_CLOSED;
    *fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (*fd < 0)
        return LAT_CLOSED;
    if (connect(*fd, (struct sockaddr *)&address, sizeof(address)) == 0)
        return LAT_OK;
    close(*fd);
    return LAT_CLOSED;
}

static enum lat_err
send_all(int fd, const uint8_t *data, size_t len, uint64_t deadline_ms)
{
    enum lat_err err = LAT_OK;

    while (len > 0 && !err) {
        ssize_t n = send(fd, data, len, MSG_NOSIGNAL);

        if (n > 0) {
            data += n;
            len -= (size_t)n;
        } else if (errno == EAGAIN) {
            err = wait_ready(fd, POLLOUT, deadline_ms);
        } else if (errno != EINTR) {
            err = LAT_CLOSED;
        }
    }
    return err;
}

/* Exactly len bytes more. */
static enum lat_err
receive(int fd, size_t len, struct lat_buf *out, uint64_t deadline_ms)
{
    uint8_t block[4096];
    enum lat_err err = LAT_OK;

    while (len > 0 && !err) {
        ssize_t n = recv(fd, block, len < sizeof(block) ? len : sizeof(block), 0);

        if (n > 0) {
            err = lat_buf_add(out, block, (size_t)n);
            len -= (size_t)n;
        } else if (n < 0 && errno == EAGAIN) {
            err = wait_ready(fd, POLLIN, deadline_ms);
        } else if (n == 0 || errno != EINTR) {
            err = LAT_CLOSED;
        }
    }
    return err;
}

/* One message there, one back; both without their length. */
static enum lat_err
ask(const char *path, const struct lat_buf *message, struct lat_buf *answer, unsigned wait_ms)
{
    uint64_t deadline = lat_mono_ms() + wait_ms;
    uint8_t head[4];
    struct ssh_view v;
    uint32_t len = 0;
    int fd;
    enum lat_err err = open_agent(path, &fd);

    if (err)
        return err;
    write_u32(head, message->len);
    err = send_all(fd, head, sizeof(head), deadline);
    if (!err)
        err = send_all(fd, message->data, message->len, deadline);
    if (!err)
        err = receive(fd, 4, answer, deadline);
    if (!err) {
        v = (struct ssh_view){ answer->data, answer->data + 4 };
        err = ssh_take_u32(&v, &len) && len > 0 && len <= ANSWER_MAX ? LAT_OK : LAT_MALFORMED;
        lat_buf_clear(answer);
    }
    if (!err)
        err = receive(fd, len, answer, deadline);
    close(fd);
    return err;
}

enum lat_err
ssh_agent_list(const char *socket_path, struct ssh_agent_keys *out)
{
    struct lat_buf message, answer;
    enum lat_err err;

    out->count = 0;
    lat_buf_init(&message, 16);
    lat_buf_init(&answer, ANSWER_MAX);
    err = lat_buf_add_u8(&message, REQUEST_IDENTITIES);
    if (!err)
        err = ask(socket_path, &message, &answer, SSH_AGENT_LIST_MS);
    if (!err)
        err = ssh_agent_read_keys(answer.data, answer.len, out);
    lat_buf_fini(&message);
    lat_buf_fini(&answer);
    return err;
}

/* A string that holds two: the method's name and the signature. */
static enum lat_err
read_signature(const struct lat_buf *answer, uint8_t **sig, size_t *sig_len)
{
    struct ssh_view v = { answer->data + 1, answer->data + answer->len };
    const uint8_t *part;
    uint32_t len;

    if (answer->len < 1 || answer->data[0] != SIGN_RESPONSE)
        return LAT_AUTH;
    if (!ssh_take_string(&v, &part, &len))
        return LAT_MALFORMED;
    v = (struct ssh_view){ part, part + len };
    if (!ssh_take_string(&v, &part, &len) || !ssh_take_string(&v, &part, &len) || len == 0)
        return LAT_MALFORMED;
    *sig = malloc(len);
    if (*sig == NULL)
        return LAT_NOMEM;
    memcpy(*sig, part, len);
    *sig_len = len;
    return LAT_OK;
}

enum lat_err
ssh_agent_sign(const char *socket_path, const struct ssh_agent_key *key, const uint8_t *data, size_t len, uint8_t **sig, size_t *sig_len)
{
    static const uint8_t no_flags[4] = { 0 };
    struct lat_buf message, answer;
    enum lat_err err;

    lat_buf_init(&message, ANSWER_MAX);
    lat_buf_init(&answer, ANSWER_MAX);
    err = lat_buf_add_u8(&message, SIGN_REQUEST);
    if (!err)
        err = put_string(&message, key->blob, key->len);
    if (!err)
        err = put_string(&message, data, len);
    if (!err)
        err = lat_buf_add(&message, no_flags, sizeof(no_flags));
    if (!err)
        err = ask(socket_path, &message, &answer, SSH_AGENT_SIGN_MS);
    if (!err)
        err = read_signature(&answer, sig, sig_len);
    lat_buf_fini(&message);
    lat_buf_fini(&answer);
    return err;
}
