/* api_setup.c - one request as libcurl's options. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "attach/api_parts.h"
#include "base/text.h"
#include "base/wipe.h"

#define CONNECT_TIMEOUT_MS 3000L
#define LEAST_BYTES 100L /* a second: fewer are silence, be it drop by drop */
#define LEAST_BYTES_SLOW 1L

static enum lat_err
add_header(struct curl_slist **list, const char *line)
{
    struct curl_slist *longer = curl_slist_append(*list, line);

    if (longer == NULL)
        return LAT_NOMEM;
    *list = longer;
    return LAT_OK;
}

static enum lat_err
add_headers(const struct api_target *target, const struct api_request *request, struct curl_slist **list)
{
    char bearer[API_TOKEN_MAX + 32];
    enum lat_err err = add_header(list, "Expect:");

    if (!err && request->header)
        err = add_header(list, request->header);
    if (!err && target->token[0]) {
        snprintf(bearer, sizeof(bearer), "Authorization: Bearer %s", target->token);
        err = add_header(list, bearer);
        lat_wipe(bearer, sizeof(bearer));
    }
    return err;
}

/* --- through a tunnel ------------------------------------------------------------------------------ */

/*
 * libcurl connects the socket that it is given, also one that is connected (CURL_SOCKOPT_ALREADY_CONNECTED is not heard by 7.88). So it gets
 * a UDP socket, for which connecting means nothing and sends nothing; before the first byte goes out, the stream takes its place under the
 * same number.
 */
static curl_socket_t
open_stand_in(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct api_way *way = arg;

    (void)purpose;
    api_way_fini(way);
    way->stream = ssh_tunnel_open(way->tunnel);
    if (way->stream < 0)
        return CURL_SOCKET_BAD;
    way->stand_in = socket(address->family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    return way->stand_in;
}

static int
put_stream(void *arg, char *far_ip, char *near_ip, int far_port, int near_port)
{
    struct api_way *way = arg;

    (void)far_ip;
    (void)near_ip;
    (void)far_port;
    (void)near_port;
    if (way->stream >= 0 && dup3(way->stream, way->stand_in, O_CLOEXEC) < 0)
        return CURL_PREREQFUNC_ABORT;
    api_way_fini(way);
    return CURL_PREREQFUNC_OK;
}

void
api_way_init(struct api_way *way, struct ssh_tunnel *tunnel)
{
    *way = (struct api_way){ .tunnel = tunnel, .stream = -1, .stand_in = -1 };
}

void
api_way_fini(struct api_way *way)
{
    if (way->stream >= 0)
        close(way->stream);
    way->stream = -1;
}

/* No name is looked up on this machine: the address that stands for the far end is never sent to. */
static enum lat_err
go_through(CURL *curl, struct api_way *way)
{
    static char address[] = "::127.0.0.1:1";
    static struct curl_slist nowhere = { .data = address, .next = NULL };

    if (curl_easy_setopt(curl, CURLOPT_CONNECT_TO, &nowhere) || curl_easy_setopt(curl, CURLOPT_OPENSOCKETFUNCTION, open_stand_in) ||
        curl_easy_setopt(curl, CURLOPT_OPENSOCKETDATA, way) || curl_easy_setopt(curl, CURLOPT_PREREQFUNCTION, put_stream) ||
        curl_easy_setopt(curl, CURLOPT_PREREQDATA, way))
        return LAT_NOMEM;
    return LAT_OK;
}

unsigned
api_wait_fds(const struct ssh_tunnel *tunnel, struct curl_waitfd fds[SSH_TUNNEL_FDS_MAX])
{
    struct pollfd wanted[SSH_TUNNEL_FDS_MAX];
    size_t count = tunnel ? ssh_tunnel_fds(tunnel, wanted) : 0;

    for (size_t i = 0; i < count; i++) {
        fds[i] = (struct curl_waitfd){ .fd = wanted[i].fd };
        if (wanted[i].events & POLLIN)
            fds[i].events |= CURL_WAIT_POLLIN;
        if (wanted[i].events & POLLOUT)
            fds[i].events |= CURL_WAIT_POLLOUT;
    }
    return (unsigned)count;
}

/* --- the request ----------------------------------------------------------------------------------- */

static void
set_options(CURL *curl, const struct api_target *target, const struct api_request *request, char *error)
{
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request->method);
    curl_easy_setopt(curl, CURLOPT_PROXY, "");
    curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_TIMEOUT_MS);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, request->slow ? LEAST_BYTES_SLOW : LEAST_BYTES);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, request->slow ? (long)API_SLOW_S : (long)API_PATIENCE_S);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, error);
    if (target->socket[0])
        curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, target->socket);
    if (target->ca_file[0])
        curl_easy_setopt(curl, CURLOPT_CAINFO, target->ca_file);
    if (strcmp(request->method, "GET") != 0) {
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request->body ? request->body : "");
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body_len);
    }
}

void
api_trouble_text(CURL *curl, CURLcode rc, const char *error, char *out, size_t out_size)
{
    curl_off_t connected_us = 0;
    long code = 0;

    switch (rc) {
    case CURLE_OPERATION_TIMEDOUT:
        curl_easy_getinfo(curl, CURLINFO_CONNECT_TIME_T, &connected_us);
        lat_copy(out, out_size, connected_us > 0 ? "it takes connections but says nothing" : "no connection comes about in time");
        return;
    case CURLE_COULDNT_CONNECT:
        curl_easy_getinfo(curl, CURLINFO_OS_ERRNO, &code);
        lat_copy(out, out_size, code == ECONNREFUSED ? "connection refused" : code ? strerror((int)code) : "no connection");
        return;
    case CURLE_COULDNT_RESOLVE_HOST:
        lat_copy(out, out_size, "its name cannot be resolved");
        return;
    case CURLE_GOT_NOTHING:
        lat_copy(out, out_size, "it closes connections without an answer");
        return;
    default:
        lat_escape_str(error[0] ? error : curl_easy_strerror(rc), out, out_size);
    }
}

enum lat_err
api_set_up(CURL *curl, const struct api_target *target, struct api_way *way, const struct api_request *request, char *error,
           struct curl_slist **headers)
{
    struct lat_buf url;
    enum lat_err err;

    curl_easy_reset(curl);
    error[0] = 0;
    *headers = NULL;
    lat_buf_init(&url, 8192);
    err = lat_buf_printf(&url, "%s%s", target->base, request->path);
    if (!err)
        err = lat_buf_str(&url) && curl_easy_setopt(curl, CURLOPT_URL, lat_buf_str(&url)) == CURLE_OK ? LAT_OK : LAT_NOMEM;
    lat_buf_fini(&url);
    set_options(curl, target, request, error);
    if (!err)
        err = add_headers(target, request, headers);
    if (!err && way->tunnel)
        err = go_through(curl, way);
    if (!err && curl_easy_setopt(curl, CURLOPT_HTTPHEADER, *headers))
        err = LAT_NOMEM;
    if (err) {
        curl_slist_free_all(*headers);
        *headers = NULL;
    }
    return err;
}
