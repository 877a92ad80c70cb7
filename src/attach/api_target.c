/* api_target.c - where a node's API is: the words for it, and who may be told a secret there. */
#include "config.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "attach/api_parts.h"
#include "base/text.h"
#include "base/wipe.h"

/* Is the host of this base URL on this machine? */
static bool
is_loopback(const char *base)
{
    const char *host = strstr(base, "://");
    struct in_addr v4;
    char name[256];

    if (host == NULL)
        return false;
    lat_copy(name, sizeof(name), host + 3);
    name[strcspn(name, name[0] == '[' ? "]/" : ":/")] = '\0'; /* without port and path */
    if (inet_pton(AF_INET, name, &v4) == 1)
        return ntohl(v4.s_addr) >> 24 == 127;
    return strcmp(name, "[::1") == 0 || strcasecmp(name, "localhost") == 0;
}

/* "http(s)://host[:port]": into target->base. */
static enum lat_err
parse_url(const char *text, struct api_target *target, struct lat_msg *why)
{
    CURLU *url = curl_url();
    char *scheme = NULL, *user = NULL, *path = NULL, *query = NULL;
    enum lat_err err = LAT_MALFORMED;
    char shown[160];
    size_t len;

    lat_escape_str(text, shown, sizeof(shown));
    if (url == NULL)
        return LAT_NOMEM;
    if (curl_url_set(url, CURLUPART_URL, text, 0) || curl_url_get(url, CURLUPART_SCHEME, &scheme, 0) ||
        curl_url_get(url, CURLUPART_PATH, &path, 0))
        lat_msg_set(why, "target '%s': not a URL; use http(s)://host[:port] or ssh://[user@]host[:port]", shown);
    else if (strcmp(scheme, "http") != 0 && strcmp(scheme, "https") != 0)
        lat_msg_set(why, "target '%s': only http://, https:// and ssh:// are spoken", shown);
    else if (curl_url_get(url, CURLUPART_USER, &user, 0) == CURLUE_OK)
        lat_msg_set(why, "target: a URL with a user name is refused; give the token by --token-file");
    else if (strcmp(path, "/") != 0 || curl_url_get(url, CURLUPART_QUERY, &query, 0) == CURLUE_OK)
        lat_msg_set(why, "target '%s': ends with the port, without a path", shown);
    else if (!lat_copy(target->base, sizeof(target->base), text))
        lat_msg_set(why, "target: longer than %zu bytes", sizeof(target->base) - 1);
    else
        err = LAT_OK;
    len = strlen(target->base);
    if (!err && target->base[len - 1] == '/')
        target->base[len - 1] = '\0';
    curl_free(scheme);
    curl_free(user);
    curl_free(path);
    curl_free(query);
    curl_url_cleanup(url);
    return err;
}

/* What is asked at the far end of a tunnel: the address in the Host header is the node's own. */
static enum lat_err
parse_ssh(const char *text, struct api_target *target, struct lat_msg *why)
{
    enum lat_err err = ssh_target_parse(text, &target->ssh, why);
    bool v6;

    if (err)
        return err;
    v6 = strchr(target->ssh.api_host, ':') != NULL;
    if ((size_t)snprintf(target->base, sizeof(target->base), "http://%s%s%s:%u", v6 ? "[" : "", target->ssh.api_host, v6 ? "]" : "",
                         target->ssh.api_port) < sizeof(target->base))
        return LAT_OK;
    lat_msg_set(why, "target: longer than %zu bytes", sizeof(target->base) - 1);
    return LAT_MALFORMED;
}

enum lat_err
api_target_parse(const char *text, struct api_target *target, struct lat_msg *why)
{
    return strncmp(text, "ssh://", 6) == 0 ? parse_ssh(text, target, why) : parse_url(text, target, why);
}

/* The path, cut at its front where there is no room for it: the end tells the nodes of one machine apart. */
static void
socket_text(const struct api_target *target, char *out, size_t out_size)
{
    char text[4 * sizeof(target->socket)];
    const char *at = text;
    size_t len;

    lat_escape_str(target->socket, text, sizeof(text));
    len = strlen(text);
    if (len >= out_size) {
        at += len - (out_size - 3);
        while (((unsigned char)*at & 0xc0) == 0x80)
            at++; /* no half of a letter */
    }
    snprintf(out, out_size, "%s%s", at == text ? "" : "..", at);
}

void
api_target_text(const struct api_target *target, char *out, size_t out_size)
{
    char text[SSH_TARGET_HOST_MAX + SSH_TARGET_USER_MAX + 16] = "ssh://";

    if (target->socket[0] || target->ssh.host[0] == 0) {
        if (target->socket[0])
            socket_text(target, out, out_size);
        else
            lat_escape_str(target->base, out, out_size);
        return;
    }
    ssh_target_text(&target->ssh, text + 6, sizeof(text) - 6);
    lat_escape_str(text, out, out_size);
}

enum lat_err
api_target_check(const struct api_target *target, struct lat_msg *why)
{
    if (target->token[0] == 0 || target->insecure_http || target->ssh.host[0] || strncmp(target->base, "https:", 6) == 0 ||
        is_loopback(target->base))
        return LAT_OK;
    lat_msg_set(why, "%s: a token would cross the network in the clear; use https, ssh, or --insecure-http if nobody can listen",
                target->base);
    return LAT_AUTH;
}

enum lat_err
api_target_tunnel(const struct api_target *target, const struct ssh_asker *asker, struct ssh_tunnel **out, struct lat_msg *why)
{
    struct ssh_route route;
    enum lat_err err = ssh_route_load(&target->ssh, target->ssh_config[0] ? target->ssh_config : NULL, &route, why);

    if (err)
        return err;
    *out = ssh_tunnel_new(&route, asker);
    return *out ? LAT_OK : LAT_NOMEM;
}

bool
api_target_use_socket(struct api_target *target, const char *state_dir)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int len = snprintf(address.sun_path, sizeof(address.sun_path), "%s/api.sock", state_dir);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    bool answers = fd >= 0 && len > 0 && (size_t)len < sizeof(address.sun_path) &&
                   (connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0 || errno == EAGAIN);

    if (fd >= 0)
        close(fd);
    if (answers) {
        lat_copy(target->socket, sizeof(target->socket), address.sun_path);
        lat_wipe(target->token, sizeof(target->token));
    }
    return answers;
}

