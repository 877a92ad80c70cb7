/* cmd_publish.c - `lattice publish`: a proof_event on the gossip topic, through the node's API. */
#include "config.h"

#include "cli/cli.h"

#include <string.h>

#include <cjson/cJSON.h>

#include "base/text.h"
#include "state/json.h"

#define BODY_MAX (64 * 1024) /* what the API takes */

/* {"intent": INTENT, "status": STATUS} */
static enum lat_err
write_body(const struct options *o, struct lat_buf *out)
{
    static const char *const heads[] = { "{\"intent\": ", ", \"status\": " };
    enum lat_err err = LAT_OK;

    for (int i = 0; i < 2 && !err; i++) {
        err = lat_buf_add(out, heads[i], strlen(heads[i]));
        if (!err)
            err = json_add_string(out, (const uint8_t *)o->args[i], strlen(o->args[i]));
    }
    return err ? err : lat_buf_add(out, "}", 1);
}

static int
print_published(const struct cli *cli, const struct api_answer *answer)
{
    char text[256];
    cJSON *json;

    if (cli->options->json)
        return cli_print_json(answer);
    json = cJSON_ParseWithLength((const char *)answer->body.data, answer->body.len);
    printf("%s\n", cli_member(json, "message", text, sizeof(text)));
    cJSON_Delete(json);
    return EXIT_DONE;
}

static int
ask(const struct cli *cli, const struct lat_buf *body)
{
    const struct api_request request = {
        .method = "POST", .path = "/api/lattice/p2p/publish", .body = body->data, .body_len = body->len
    };
    struct api_client *client;
    struct api_answer answer;
    int code = cli_connect(cli, 2, &client);

    if (code != EXIT_DONE)
        return code;
    code = cli_call(client, &request, &answer);
    if (code == EXIT_DONE) {
        code = answer.status == 200 ? print_published(cli, &answer) : cli_refused("publish", &answer);
        lat_buf_fini(&answer.body);
    }
    api_client_free(client);
    return code;
}

int
cli_publish(const struct cli *cli)
{
    struct lat_buf body;
    enum lat_err err;
    int code;

    if (cli->options->arg_count < 2)
        return cli_fail(EXIT_USAGE, "publish: lattice publish INTENT STATUS [TARGET], such as: lattice publish transfer PROVED");
    lat_buf_init(&body, BODY_MAX);
    err = write_body(cli->options, &body);
    if (err == LAT_MALFORMED)
        code = cli_fail(EXIT_USAGE, "publish: INTENT and STATUS must be UTF-8");
    else if (err == LAT_LIMIT)
        code = cli_fail(EXIT_USAGE, "publish: INTENT and STATUS are over 64 KiB");
    else
        code = err ? cli_fail(EXIT_FAILED, "publish: %s", lat_err_text(err)) : ask(cli, &body);
    lat_buf_fini(&body);
    return code;
}
