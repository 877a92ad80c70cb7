/* cmd_entry.c - `lattice get`, `put` and `del`: one entry, through the node's API. */
#include "config.h"

#include "cli/cli.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

/* A value on the command line or standard input: the API's limit. */
#define VALUE_MAX (1024u * 1024)

/* Ask about the entry named by the first argument; other answers than `expected` and 404, 412 are said as errors. */
static int
ask_entry(const struct cli *cli, struct api_request *request, struct api_answer *answer)
{
    const char *key = cli->options->args[0];
    struct lat_buf path;
    struct api_client *client;
    int code;

    *answer = (struct api_answer){ 0 };
    if (key[0] == '\0')
        return cli_fail(EXIT_USAGE, "key: is empty; a key has 1 to 1024 bytes");
    lat_buf_init(&path, 8000);
    if (api_entry_path(key, strlen(key), &path)) {
        lat_buf_fini(&path);
        return cli_fail(EXIT_USAGE, "key: longer than an entry's key may be (1024 bytes)");
    }
    if (cli->options->proof && request->body == NULL && lat_buf_add(&path, "?proof=1", 8)) {
        lat_buf_fini(&path);
        return cli_fail(EXIT_FAILED, "out of memory");
    }
    request->path = lat_buf_str(&path);
    code = cli_connect(cli, request->body ? 2 : 1, &client);
    if (code == EXIT_DONE) {
        code = cli_call(client, request, answer);
        api_client_free(client);
    }
    lat_buf_fini(&path);
    return code;
}

static int
say_missing(const char *key)
{
    char shown[160];

    return cli_fail(EXIT_NO_KEY, "no entry '%s'", lat_escape_str(key, shown, sizeof(shown)));
}

int
cli_get(const struct cli *cli)
{
    struct api_request request = { .method = "GET" };
    struct api_answer answer;
    int code;

    if (cli->options->arg_count < 1)
        return cli_fail(EXIT_USAGE, "get: which key? lattice get KEY");
    code = ask_entry(cli, &request, &answer);
    if (code != EXIT_DONE)
        return code;
    if (answer.status == 404) {
        code = say_missing(cli->options->args[0]);
    } else {
        code = answer.status == 200 ? cli_print_json(&answer) : cli_refused("get", &answer);
    }
    lat_buf_fini(&answer.body);
    return code;
}

/* The header line of --if-match or --if-absent; NULL: none. */
static const char *
precondition(const struct options *o, char *out, size_t size)
{
    char shown[80];

    if (o->absent)
        return "If-None-Match: *";
    if (o->if_match == NULL)
        return NULL;
    snprintf(out, size, "If-Match: \"%s\"", lat_escape_str(o->if_match, shown, sizeof(shown)));
    return out;
}

static int
finish_write(const struct cli *cli, const char *what, struct api_answer *answer)
{
    int code = EXIT_DONE;

    if (answer->status == 404)
        code = say_missing(cli->options->args[0]);
    else if (answer->status == 412)
        code = cli_fail(EXIT_FAILED, "%s: the entry is not what was expected; read it again (lattice get)", what);
    else if (answer->status != 200 && answer->status != 201)
        code = cli_refused(what, answer);
    else if (cli->options->json)
        code = cli_print_json(answer);
    else
        printf("durable, tag %s\n", answer->etag);
    lat_buf_fini(&answer->body);
    return code;
}

/* `-`: the value comes from standard input. */
static int
read_stdin(struct lat_buf *out)
{
    uint8_t piece[8192];
    size_t n;

    while ((n = fread(piece, 1, sizeof(piece), stdin)) > 0) {
        if (lat_buf_add(out, piece, n))
            return cli_fail(EXIT_USAGE, "put: the value on standard input is over 1 MiB");
    }
    return ferror(stdin) ? cli_fail(EXIT_FAILED, "put: standard input: %s", strerror(errno)) : EXIT_DONE;
}

int
cli_put(const struct cli *cli)
{
    const struct options *o = cli->options;
    struct api_request request = { .method = "PUT" };
    struct api_answer answer;
    struct lat_buf value;
    char header[128];
    int code = EXIT_DONE;

    if (o->arg_count < 2)
        return cli_fail(EXIT_USAGE, "put: lattice put KEY JSON (or - for standard input); a text needs its quotes: '\"text\"'");
    lat_buf_init(&value, VALUE_MAX);
    if (strcmp(o->args[1], "-") == 0)
        code = read_stdin(&value);
    else if (lat_buf_add(&value, o->args[1], strlen(o->args[1])))
        code = cli_fail(EXIT_USAGE, "put: the value is over 1 MiB");
    if (code == EXIT_DONE) {
        request.body = lat_buf_str(&value);
        request.body_len = value.len;
        request.header = precondition(o, header, sizeof(header));
        code = ask_entry(cli, &request, &answer);
        if (code == EXIT_DONE)
            code = finish_write(cli, "put", &answer);
    }
    lat_buf_fini(&value);
    return code;
}

int
cli_del(const struct cli *cli)
{
    struct api_request request = { .method = "DELETE" };
    struct api_answer answer;
    char header[128];
    int code;

    if (cli->options->arg_count < 1)
        return cli_fail(EXIT_USAGE, "del: which key? lattice del KEY");
    request.header = precondition(cli->options, header, sizeof(header));
    code = ask_entry(cli, &request, &answer);
    return code == EXIT_DONE ? finish_write(cli, "del", &answer) : code;
}
