#include "config.h"

#include "attach/api_client.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <cjson/cJSON.h>
#include <curl/curl.h>

#include "attach/api_parts.h"
#include "base/clock.h"
#include "base/text.h"
#include "base/wipe.h"

struct api_client {
    CURL *curl;
    CURLM *multi; /* with a tunnel, which has to be turned meanwhile */
    struct ssh_tunnel *tunnel;
    struct api_way way;
    struct api_target target;
    char shown[320];
    char error[CURL_ERROR_SIZE];
};

struct api_client *
api_client_new(const struct api_target *target, struct lat_msg *why)
{
    struct api_client *client;

    if (api_target_check(target, why))
        return NULL;
    lat_msg_set(why, "out of memory");
    client = calloc(1, sizeof(*client));
    if (client == NULL)
        return NULL;
    client->target = *target;
    client->curl = curl_easy_init();
    client->multi = target->ssh.host[0] ? curl_multi_init() : NULL;
    api_target_text(target, client->shown, sizeof(client->shown));
    if (client->curl == NULL || (target->ssh.host[0] && (client->multi == NULL || api_target_tunnel(target, target->asker,
                                                                                                       &client->tunnel, why)))) {
        api_client_free(client);
        return NULL;
    }
    api_way_init(&client->way, client->tunnel);
    return client;
}

void
api_client_free(struct api_client *client)
{
    if (client == NULL)
        return;
    curl_easy_cleanup(client->curl);
    curl_multi_cleanup(client->multi);
    if (client->tunnel)
        api_way_fini(&client->way);
    ssh_tunnel_free(client->tunnel);
    lat_wipe(&client->target, sizeof(client->target));
    free(client);
}

/* --- through a tunnel ------------------------------------------------------------------------------ */

/* Until something is ready or due. */
static void
wait_and_turn(struct api_client *client)
{
    struct curl_waitfd fds[SSH_TUNNEL_FDS_MAX];
    unsigned count = api_wait_fds(client->tunnel, fds);
    uint64_t now = lat_mono_ms(), due = ssh_tunnel_due_ms(client->tunnel);
    uint64_t wait = due > now ? due - now : 0;

    curl_multi_poll(client->multi, fds, count, wait < 1000 ? (int)wait : 1000, NULL);
    ssh_tunnel_turn(client->tunnel, lat_mono_ms());
}

static enum lat_err
dig(struct api_client *client, struct lat_msg *why)
{
    if (ssh_tunnel_step(client->tunnel) != SSH_UP)
        ssh_tunnel_start(client->tunnel, lat_mono_ms());
    while (ssh_tunnel_step(client->tunnel) != SSH_UP) {
        if (ssh_tunnel_step(client->tunnel) == SSH_DEAD) {
            lat_msg_set(why, "no way to the node: %s", ssh_tunnel_error(client->tunnel));
            return LAT_CLOSED;
        }
        wait_and_turn(client);
    }
    return LAT_OK;
}

/* curl_easy_perform, with the tunnel turned meanwhile. */
static CURLcode
perform_in_tunnel(struct api_client *client)
{
    CURLcode rc = CURLE_FAILED_INIT;
    const CURLMsg *message;
    int running = 1, left;

    if (curl_multi_add_handle(client->multi, client->curl))
        return rc;
    while (curl_multi_perform(client->multi, &running) == CURLM_OK && running > 0)
        wait_and_turn(client);
    while ((message = curl_multi_info_read(client->multi, &left)) != NULL) {
        if (message->msg == CURLMSG_DONE)
            rc = message->data.result;
    }
    curl_multi_remove_handle(client->multi, client->curl);
    return rc;
}

/* --- one request ----------------------------------------------------------------------------------- */

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

static void
say_no_answer(const struct api_client *client, const struct api_request *request, CURLcode rc, struct lat_msg *why)
{
    char reason[CURL_ERROR_SIZE];
    int seconds = request->slow ? API_SLOW_S : API_PATIENCE_S;

    if (client->tunnel && ssh_tunnel_error(client->tunnel)[0]) {
        lat_msg_set(why, "no answer from %s: %s", client->shown, ssh_tunnel_error(client->tunnel));
        return;
    }
    api_trouble_text(client->curl, rc, client->error, reason, sizeof(reason));
    if (rc == CURLE_OPERATION_TIMEDOUT)
        lat_msg_set(why, "no answer from %s within %d s: %s%s", client->shown, seconds, reason,
                    strcmp(request->method, "GET") == 0 ? "" : "; whether it was done is not known");
    else
        lat_msg_set(why, "no answer from %s: %s; is the node running there? (lattice node, or name it by --api)", client->shown, reason);
}

static enum lat_err
call_once(struct api_client *client, const struct api_request *request, struct api_answer *answer, struct lat_msg *why)
{
    struct curl_slist *headers = NULL;
    enum lat_err err = client->tunnel ? dig(client, why) : LAT_OK;
    CURLcode rc;

    *answer = (struct api_answer){ 0 };
    lat_buf_init(&answer->body, API_ANSWER_MAX);
    if (!err)
        err = api_set_up(client->curl, &client->target, &client->way, request, client->error, &headers);
    if (err)
        return err;
    curl_easy_setopt(client->curl, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(client->curl, CURLOPT_WRITEDATA, answer);
    curl_easy_setopt(client->curl, CURLOPT_HEADERFUNCTION, take_header);
    curl_easy_setopt(client->curl, CURLOPT_HEADERDATA, answer);
    rc = client->tunnel ? perform_in_tunnel(client) : curl_easy_perform(client->curl);
    curl_easy_getinfo(client->curl, CURLINFO_RESPONSE_CODE, &answer->status);
    curl_slist_free_all(headers);
    if (rc == CURLE_OK)
        return LAT_OK;
    lat_buf_fini(&answer->body);
    say_no_answer(client, request, rc, why);
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
