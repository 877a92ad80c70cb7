#include "config.h"

#include "cli/cli.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "base/wipe.h"
#include "cli/ask.h"
#include "state/json.h"
#include "view/json.h"

int
cli_fail(int code, const char *fmt, ...)
{
    va_list args;

    fflush(stdout);
    fputs("lattice: ", stderr);
    va_start(args, fmt);
    vfprintf(stderr, fmt, args);
    va_end(args);
    fputc('\n', stderr);
    return code;
}

/* The token of --token-file: its first line. */
static int
read_token(const char *path, char token[API_TOKEN_MAX])
{
    struct lat_buf text;
    struct lat_msg why = { "" };
    enum lat_err err = lat_file_check_secret(path, &why);

    if (err == LAT_AUTH)
        return cli_fail(EXIT_CONFIG, "token file: %s", why.text);
    lat_buf_init(&text, API_TOKEN_MAX - 1);
    if (!err)
        err = lat_file_read(path, &text);
    if (!err && lat_buf_str(&text) == NULL)
        err = LAT_NOMEM;
    if (!err) {
        lat_copy(token, API_TOKEN_MAX, lat_buf_str(&text));
        token[strcspn(token, "\r\n")] = '\0';
    }
    if (text.data)
        lat_wipe(text.data, text.cap);
    lat_buf_fini(&text);
    return err ? cli_fail(EXIT_CONFIG, "token file '%s': %s", path, lat_err_text(err)) : EXIT_DONE;
}

int
cli_target_options(const struct cli *cli, const char *token_file, const char *ca_file, struct api_target *target)
{
    static const struct ssh_asker on_terminal = { .ask = ask_on_terminal };
    const struct options *o = cli->options;

    target->insecure_http = o->insecure_http;
    target->asker = o->json ? NULL : &on_terminal; /* a machine reads: nobody is there to be asked */
    if (ca_file && !lat_copy(target->ca_file, sizeof(target->ca_file), ca_file))
        return cli_fail(EXIT_USAGE, "--ca: the name is too long");
    if (o->ssh_config && !lat_copy(target->ssh_config, sizeof(target->ssh_config), o->ssh_config))
        return cli_fail(EXIT_USAGE, "--ssh-config: the name is too long");
    if (token_file == NULL)
        return EXIT_DONE;
    target->token_is_guess = false;
    return read_token(token_file, target->token);
}

int
cli_target(const struct cli *cli, int target_arg, struct api_target *out)
{
    struct lat_msg why = { "" };

    *out = cli->local;
    if (cli->options->arg_count > target_arg) {
        *out = (struct api_target){ 0 };
        if (api_target_parse(cli->options->args[target_arg], out, &why))
            return cli_fail(EXIT_USAGE, "%s", why.text);
    }
    return cli_target_options(cli, cli->options->token_file, cli->options->ca_file, out);
}

int
cli_connect(const struct cli *cli, int target_arg, struct api_client **out)
{
    struct api_target target;
    struct lat_msg why = { "" };
    int code = cli_target(cli, target_arg, &target);

    if (code == EXIT_DONE) {
        *out = api_client_new(&target, &why);
        if (*out == NULL)
            code = cli_fail(EXIT_FAILED, "%s", why.text);
    }
    lat_wipe(&target, sizeof(target));
    return code;
}

int
cli_call(struct api_client *client, const struct api_request *request, struct api_answer *answer)
{
    struct lat_msg why = { "" };
    enum lat_err err = api_call(client, request, answer, &why);

    if (err == LAT_OK)
        return EXIT_DONE;
    if (err == LAT_CLOSED)
        return cli_fail(EXIT_NO_ANSWER, "%s", why.text);
    return cli_fail(EXIT_FAILED, "request: %s", lat_err_text(err));
}

/* In the stored form of the state: ASCII alone. */
static int
print_json(const char *json, size_t len)
{
    struct lat_msg why = { "" };
    struct lat_buf text;
    enum lat_err err;

    lat_buf_init(&text, API_ANSWER_MAX);
    err = json_store_form(json, len, &text, &why);
    if (!err)
        printf("%.*s\n", (int)text.len, (const char *)text.data);
    lat_buf_fini(&text);
    fflush(stdout);
    return err ? cli_fail(EXIT_FAILED, "the node's answer is not JSON: %s", why.text) : EXIT_DONE;
}

int
cli_print_json(const struct api_answer *answer)
{
    return print_json((const char *)answer->body.data, answer->body.len);
}

int
cli_print_snapshot(const struct snapshot *snapshot)
{
    cJSON *json = snapshot_to_json(snapshot);
    char *text = json ? cJSON_PrintUnformatted(json) : NULL;
    int code = text ? print_json(text, strlen(text)) : cli_fail(EXIT_FAILED, "out of memory");

    cJSON_free(text);
    cJSON_Delete(json);
    return code;
}

const char *
cli_member(const cJSON *json, const char *name, char *out, size_t out_size)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(json, name);

    return cJSON_IsString(item) ? lat_escape_str(item->valuestring, out, out_size) : "?";
}

int
cli_refused(const char *what, const struct api_answer *answer)
{
    char text[300];

    api_error_text(answer, text, sizeof(text));
    if (answer->status == 403 || answer->status == 401)
        return cli_fail(EXIT_FAILED, "%s: %s; run it as the node's user, or give --token-file", what, text);
    if (answer->status == 507)
        return cli_fail(EXIT_DISK, "%s: %s", what, text);
    return cli_fail(EXIT_FAILED, "%s: %s", what, text);
}
