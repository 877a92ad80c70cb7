#include "config.h"

#include "http/listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/text.h"

#define BACKLOG 128
#define HOST_MAX 64
#define SEND_BUFFER 131072 /* in the kernel, of one connection: left alone it grows to megabytes */

/* Split "host:port" at the last colon; brackets around an IPv6 address are taken off. */
static bool
split(const char *text, char host[HOST_MAX], uint64_t *port)
{
    const char *colon = strrchr(text, ':');
    size_t len;

    if (colon == NULL || lat_parse_u64(colon + 1, 65535, port))
        return false;
    len = (size_t)(colon - text);
    if (len >= 2 && text[0] == '[' && colon[-1] == ']') {
        text++;
        len -= 2;
    } else if (memchr(text, ':', len) != NULL) {
        return false; /* an IPv6 address without brackets: where does the port begin? */
    }
    if (len >= HOST_MAX)
        return false;
    memcpy(host, text, len);
    host[len] = 0;
    return true;
}

enum lat_err
listen_parse(const char *text, struct listen_address *out, struct lat_msg *why)
{
    struct sockaddr_in v4 = { .sin_family = AF_INET };
    struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };
    char host[HOST_MAX], shown[HOST_MAX];
    uint64_t port;

    memset(out, 0, sizeof(*out));
    if (!split(text, host, &port))
        goto malformed;
    if (strcmp(host, "localhost") == 0)
        strcpy(host, "127.0.0.1");
    else if (host[0] == 0 || strcmp(host, "*") == 0)
        strcpy(host, "0.0.0.0");
    v4.sin_port = v6.sin6_port = htons((uint16_t)port);
    if (inet_pton(AF_INET, host, &v4.sin_addr) == 1) {
        out->len = sizeof(v4);
        memcpy(&out->storage, &v4, sizeof(v4));
        out->is_loopback = ntohl(v4.sin_addr.s_addr) >> 24 == 127;
        return LAT_OK;
    }
    if (inet_pton(AF_INET6, host, &v6.sin6_addr) == 1) {
        out->len = sizeof(v6);
        memcpy(&out->storage, &v6, sizeof(v6));
        out->is_loopback = IN6_IS_ADDR_LOOPBACK(&v6.sin6_addr);
        return LAT_OK;
    }
malformed:
    lat_msg_set(why, "listen address '%s': not an address of this form; write 127.0.0.1:8000 or [::1]:8000",
                lat_escape_str(text, shown, sizeof(shown)));
    return LAT_MALFORMED;
}

/* Say what failed with errno, close, and choose the code. */
static enum lat_err
failed(int fd, const char *where, struct lat_msg *why)
{
    int reason = errno;
    char shown[120];

    if (fd >= 0)
        close(fd);
    lat_msg_set(why, "cannot listen on %s: %s; another program may use it, or choose another address",
                lat_escape_str(where, shown, sizeof(shown)), strerror(reason));
    errno = reason;
    return reason == EADDRINUSE ? LAT_BUSY : LAT_SYS;
}

static void
address_text(const struct sockaddr_storage *storage, char out[LISTEN_TEXT_MAX])
{
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
    char host[INET6_ADDRSTRLEN] = "";

    out[0] = 0;
    if (storage->ss_family == AF_INET) {
        memcpy(&v4, storage, sizeof(v4));
        inet_ntop(AF_INET, &v4.sin_addr, host, sizeof(host));
        snprintf(out, LISTEN_TEXT_MAX, "%s:%u", host, ntohs(v4.sin_port));
    } else if (storage->ss_family == AF_INET6) {
        memcpy(&v6, storage, sizeof(v6));
        inet_ntop(AF_INET6, &v6.sin6_addr, host, sizeof(host));
        snprintf(out, LISTEN_TEXT_MAX, "[%s]:%u", host, ntohs(v6.sin6_port));
    }
}

enum lat_err
listen_open(const struct listen_address *address, int *out, struct lat_msg *why)
{
    const int yes = 1, send_buffer = SEND_BUFFER;
    char where[LISTEN_TEXT_MAX];
    int fd = socket(address->storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    address_text(&address->storage, where);
    if (fd < 0)
        return failed(fd, where, why);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &send_buffer, sizeof(send_buffer));
    /*
     * An IPv4 client that comes in by an IPv6 socket would have two addresses, and the wrong one to ask the
     * kernel about.
     */
    if (address->storage.ss_family == AF_INET6 &&
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &yes, sizeof(yes)) != 0)
        return failed(fd, where, why);
    if (bind(fd, (const struct sockaddr *)&address->storage, address->len) != 0 || listen(fd, BACKLOG) != 0)
        return failed(fd, where, why);
    *out = fd;
    return LAT_OK;
}

/* Does somebody answer at this socket? */
static bool
is_alive(const struct sockaddr_un *address)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool alive = fd >= 0 && connect(fd, (const struct sockaddr *)address, sizeof(*address)) == 0;

    if (fd >= 0)
        close(fd);
    return alive;
}

enum lat_err
listen_open_path(const char *path, int *out, struct lat_msg *why)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    struct stat st;
    int fd;

    if (!lat_copy(address.sun_path, sizeof(address.sun_path), path)) {
        lat_msg_set(why,
                    "api.sock: the path of the state directory is longer than a socket's may be (%zu bytes)",
                    sizeof(address.sun_path) - 1);
        return LAT_LIMIT;
    }
    if (lstat(path, &st) == 0 && S_ISSOCK(st.st_mode)) {
        if (is_alive(&address)) {
            errno = EADDRINUSE;
            return failed(-1, path, why);
        }
        unlink(path);
    }
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    /* Between bind and chmod the state directory (0700) keeps others out. */
    if (fd < 0 || bind(fd, (const struct sockaddr *)&address, sizeof(address)) != 0 ||
        chmod(path, 0600) != 0 || listen(fd, BACKLOG) != 0)
        return failed(fd, path, why);
    *out = fd;
    return LAT_OK;
}

void
listen_text(int fd, char out[LISTEN_TEXT_MAX])
{
    struct sockaddr_storage storage = { 0 };
    socklen_t len = sizeof(storage);

    out[0] = 0;
    if (getsockname(fd, (struct sockaddr *)&storage, &len) == 0)
        address_text(&storage, out);
}
