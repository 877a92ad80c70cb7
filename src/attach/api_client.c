#include "config.h"

#include "attach/api_client.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cjson/cJSON.h>
#include <curl/curl.h>

#include "base/text.h"
#include "base/wipe.h"

#define CONNECT_TIMEOUT_MS 3000L
#define STALL_SECONDS 30L /* no byte for so long: the node is not answering */

struct api_client {
    CURL *curl;
    struct api_target target;
    char error[CURL_ERROR_SIZE];
};

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

enum lat_err
api_target_parse(const char *text, struct api_target *target, struct lat_msg *why)
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
        lat_msg_set(why, "target '%s': not a URL; use http://host[:port] or https://host[:port]", shown);
    else if (strcmp(scheme, "http") != 0 && strcmp(scheme, "https") != 0)
        lat_msg_set(why, "target '%s': only http:// and https:// are spoken", shown);
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

struct api_client *
api_client_new(const struct api_target *target, struct lat_msg *why)
{
    struct api_client *client;

    if (target->token[0] && strncmp(target->base, "https:", 6) != 0 && !is_loopback(target->base)) {
        lat_msg_set(why, "%s: a token would cross the network in the clear; use https", target->base);
        return NULL;
    }
    client = calloc(1, sizeof(*client));
    if (client == NULL || (client->curl = curl_easy_init()) == NULL) {
        lat_msg_set(why, "out of memory");
        free(client);
        return NULL;
    }
    client->target = *target;
    return client;
}

void
api_client_free(struct api_client *client)
{
    if (client == NULL)
        return;
    curl_easy_cleanup(client->curl);
    lat_wipe(&client->target, sizeof(client->target));
    free(client);
}

static size_t
take_body(char *data, size_t size, size_t count, void *arg)
{
    struct api_answer *answer = arg;

    return lat_buf_add(&answer->body, data, size * count) ? 0 : size * count;
}

/* "ETag: "abc"" - the tag without its quotes. */
static size_t
take_header(char *data, size_t size, size_t count, void *arg)
{
    struct api_answer *answer = arg;
    size_t len = size * count;
    const char *open, *close;

    if (len > 5 && strncasecmp(data, "etag:", 5) == 0 && (open = memchr(data, '"', len)) != NULL) {
        close = memchr(open + 1, '"', len - (size_t)(open + 1 - data));
        if (close && (size_t)(close - open) <= sizeof(answer->etag))
            lat_escape(open + 1, (size_t)(close - open - 1), answer->etag, sizeof(answer->etag));
    }
    return len;
}

static struct curl_slist *
headers_of(const struct api_client *client, const struct api_request *request)
{
    struct curl_slist *list = NULL, *longer;
    char bearer[API_TOKEN_MAX + 32];
    const char *lines[3] = { "Expect:", request->header, NULL };

    if (client->target.token[0]) {
        snprintf(bearer, sizeof(bearer), "Authorization: Bearer %s", client->target.token);
        lines[2] = bearer;
    }
    for (size_t i = 0; i < 3; i++) {
        if (lines[i] == NULL)
            continue;
        longer = curl_slist_append(list, lines[i]);
        if (longer)
            list = longer;
    }
    lat_wipe(bearer, sizeof(bearer));
    return list;
}

static void
set_options(struct api_client *client, const struct api_request *request, const char *url, struct api_answer *answer)
{
    CURL *curl = client->curl;

    curl_easy_reset(curl);
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request->method);
    curl_easy_setopt(curl, CURLOPT_PROXY, "");
    curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_TIMEOUT_MS);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, STALL_SECONDS);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, client->error);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, answer);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_header);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, answer);
    if (client->target.socket[0])
        curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, client->target.socket);
    if (client->target.ca_file[0])
        curl_easy_setopt(curl, CURLOPT_CAINFO, client->target.ca_file);
    if (strcmp(request->method, "GET") != 0) {
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request->body ? request->body : "");
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body_len);
    }
}

static enum lat_err
call_once(struct api_client *client, const struct api_request *request, struct api_answer *answer, struct lat_msg *why)
{
    struct lat_buf url;
    struct curl_slist *headers;
    enum lat_err err;
    CURLcode rc;

    *answer = (struct api_answer){ 0 };
    lat_buf_init(&answer->body, API_ANSWER_MAX);
    lat_buf_init(&url, 8192);
    err = lat_buf_printf(&url, "%s%s", client->target.base, request->path);
    if (err) {
        lat_buf_fini(&url);
        return err;
    }
    client->error[0] = '\0';
    set_options(client, request, lat_buf_str(&url), answer);
    headers = headers_of(client, request);
    curl_easy_setopt(client->curl, CURLOPT_HTTPHEADER, headers);
    rc = curl_easy_perform(client->curl);
    curl_easy_getinfo(client->curl, CURLINFO_RESPONSE_CODE, &answer->status);
    curl_slist_free_all(headers);
    lat_buf_fini(&url);
    if (rc == CURLE_OK)
        return LAT_OK;
    lat_buf_fini(&answer->body);
    lat_msg_set(why, "no answer from %s: %s; is the node running there? (lattice node, or name it by --api)",
                client->target.base, client->error[0] ? client->error : curl_easy_strerror(rc));
    return LAT_CLOSED;
}

enum lat_err
api_call(struct api_client *client, const struct api_request *request, struct api_answer *answer, struct lat_msg *why)
{
    enum lat_err err = call_once(client, request, answer, why);

    if (err || answer->status != 401 || !client->target.token_is_guess || client->target.token[0] == '\0')
        return err;
    lat_wipe(client->target.token, sizeof(client->target.token));
    lat_buf_fini(&answer->body);
    return call_once(client, request, answer, why);
}

enum lat_err
api_entry_path(const void *key, size_t key_len, struct lat_buf *out)
{
    const unsigned char *bytes = key;
    enum lat_err err = lat_buf_printf(out, "/api/lattice/state/");

    for (size_t i = 0; i < key_len && !err; i++) {
        if (isalnum(bytes[i]) || (bytes[i] && strchr("-._~/:", bytes[i])))
            err = lat_buf_add_u8(out, bytes[i]);
        else
            err = lat_buf_printf(out, "%%%02X", bytes[i]);
    }
    return err;
}

void
api_error_text(const struct api_answer *answer, char *out, size_t out_size)
{
    cJSON *json = cJSON_ParseWithLength((const char *)answer->body.data, answer->body.len);
    const cJSON *detail = cJSON_GetObjectItemCaseSensitive(json, "detail");

    if (!cJSON_IsString(detail))
        detail = cJSON_GetObjectItemCaseSensitive(json, "message");
    if (cJSON_IsString(detail))
        lat_escape_str(detail->valuestring, out, out_size);
    else
        snprintf(out, out_size, "the node answered with HTTP status %ld", answer->status);
    cJSON_Delete(json);
}
