/* cmd_transfer.c - `lattice list`, `export` and `import`: many entries, through the node's API. */
#include "config.h"

#include "cli/cli.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cjson/cJSON.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include "state/json.h"
#include "wire/peerid.h"

#define LIST_PAGE 1000
#define PROGRESS_MS 500

/* --- list ------------------------------------------------------------------------------------------ */

static enum lat_err
add_parameter(struct lat_buf *path, const char *name, const char *value)
{
    enum lat_err err = lat_buf_printf(path, "&%s=", name);

    for (const char *c = value; *c && !err; c++)
        err = lat_buf_printf(path, "%%%02X", (unsigned char)*c);
    return err;
}

/* An author in the form that the API takes: 64 hex digits, also where a peer id was given. */
static const char *
author_hex(const char *author, char out[2 * 32 + 1])
{
    uint8_t key[32];

    if (peerid_ed25519_key(author, key))
        return author;
    lat_hex(key, sizeof(key), out);
    return out;
}

static void
print_keys(const struct cli *cli, const cJSON *keys)
{
    const cJSON *entry;

    cJSON_ArrayForEach(entry, keys)
    {
        const cJSON *key = cJSON_GetObjectItemCaseSensitive(entry, "key");
        char shown[1100];
        char *text;

        if (!cJSON_IsString(key))
            continue;
        if (!cli->options->json) {
            puts(lat_escape_str(key->valuestring, shown, sizeof(shown)));
        } else if ((text = cJSON_PrintUnformatted(entry)) != NULL) {
            struct api_answer line = { 0 };

            lat_buf_init(&line.body, API_ANSWER_MAX);
            if (lat_buf_add(&line.body, text, strlen(text)) == LAT_OK)
                (void)cli_print_json(&line);
            lat_buf_fini(&line.body);
            cJSON_free(text);
        }
    }
}

/* One page; *after becomes the key to go on from, or NULL at the end. */
static int
list_page(const struct cli *cli, struct api_client *client, char **after)
{
    struct api_request request = { .method = "GET" };
    struct api_answer answer = { 0 };
    struct lat_buf path;
    char author[65];
    cJSON *json;
    const cJSON *next;
    enum lat_err err;
    int code;

    lat_buf_init(&path, 16384);
    err = lat_buf_printf(&path, "/api/lattice/keys?limit=%d", LIST_PAGE);
    if (!err && cli->options->arg_count > 0)
        err = add_parameter(&path, "prefix", cli->options->args[0]);
    if (!err && cli->options->author)
        err = add_parameter(&path, "author", author_hex(cli->options->author, author));
    if (!err && *after)
        err = add_parameter(&path, "after", *after);
    free(*after);
    *after = NULL;
    request.path = lat_buf_str(&path);
    code = err ? cli_fail(EXIT_USAGE, "list: the prefix is longer than a key may be") : cli_call(client, &request, &answer);
    lat_buf_fini(&path);
    if (code != EXIT_DONE)
        return code;
    json = cJSON_ParseWithLength((const char *)answer.body.data, answer.body.len);
    if (answer.status != 200) {
        code = cli_refused("list", &answer);
    } else {
        print_keys(cli, cJSON_GetObjectItemCaseSensitive(json, "keys"));
        next = cJSON_GetObjectItemCaseSensitive(json, "next");
        if (cJSON_IsString(next))
            *after = strdup(next->valuestring);
    }
    cJSON_Delete(json);
    lat_buf_fini(&answer.body);
    return code;
}

int
cli_list(const struct cli *cli)
{
    struct api_client *client;
    char *after = NULL;
    int code = cli_connect(cli, 1, &client);

    if (code != EXIT_DONE)
        return code;
    do
        code = list_page(cli, client, &after);
    while (code == EXIT_DONE && after);
    free(after);
    api_client_free(client);
    return code;
}

/* --- export ---------------------------------------------------------------------------------------- */

struct span {
    const char *at;
    size_t len;
};

/* The member `state` of the whole state document. */
static enum lat_err
pick_state(void *arg, const uint8_t *key, size_t key_len, const char *value, size_t value_len)
{
    struct span *state = arg;

    if (key_len == 5 && memcmp(key, "state", 5) == 0) {
        state->at = value;
        state->len = value_len;
    }
    return LAT_OK;
}

int
cli_export(const struct cli *cli)
{
    const struct api_request request = { .method = "GET", .path = "/api/lattice/state", .slow = true };
    struct span state = { NULL, 0 };
    struct lat_msg why = { "" };
    struct api_client *client;
    struct api_answer answer;
    int code = cli_connect(cli, 0, &client);

    if (code != EXIT_DONE)
        return code;
    code = cli_call(client, &request, &answer);
    api_client_free(client);
    if (code != EXIT_DONE)
        return code;
    if (answer.status != 200)
        code = cli_refused("export", &answer);
    else if (json_each_member((const char *)answer.body.data, answer.body.len, pick_state, &state, &why) || !state.at)
        code = cli_fail(EXIT_FAILED, "export: the node's answer is no state: %s", why.text);
    else if (fwrite(state.at, 1, state.len, stdout) == state.len) /* main looks whether all was written */
        putchar('\n');
    lat_buf_fini(&answer.body);
    return code;
}

/* --- import ---------------------------------------------------------------------------------------- */

struct import {
    struct api_client *client;
    bool force;
    bool dry; /* first pass: count and name what would be overwritten */
    uint64_t seen, written, same, overwritten;
    uint64_t shown_ms; /* last progress line */
    int code;
};

#define IMPORT_NAMED_MAX 20 /* overwritten keys listed by name */

static void
show_progress(struct import *import)
{
    uint64_t now = lat_mono_ms();

    if (!isatty(STDERR_FILENO) || now - import->shown_ms < PROGRESS_MS)
        return;
    import->shown_ms = now;
    fprintf(stderr, "\r%s %llu entries", import->dry ? "compared" : "written", (unsigned long long)import->seen);
}

static int
call_entry(struct import *import, const char *method, const uint8_t *key, size_t key_len, const struct lat_buf *body,
           struct api_answer *answer)
{
    struct api_request request = { .method = method, .slow = true };
    struct lat_buf path;
    int code;

    *answer = (struct api_answer){ 0 };
    lat_buf_init(&path, 8000);
    if (api_entry_path(key, key_len, &path)) {
        lat_buf_fini(&path);
        return cli_fail(EXIT_FAILED, "import: a key is longer than 1024 bytes");
    }
    request.path = lat_buf_str(&path);
    if (body) {
        request.body = body->data;
        request.body_len = body->len;
    }
    code = cli_call(import->client, &request, answer);
    lat_buf_fini(&path);
    return code;
}

/* Compare with what the node has: counts it as same, new, or (named) to be overwritten. */
static void
compare_entry(struct import *import, const uint8_t *key, size_t key_len, const struct lat_buf *value, bool *is_same)
{
    struct api_answer answer;
    char shown[80];

    import->code = call_entry(import, "GET", key, key_len, NULL, &answer);
    if (import->code != EXIT_DONE)
        return;
    *is_same = answer.status == 200 && answer.body.len == value->len &&
               memcmp(answer.body.data, value->data, value->len) == 0;
    if (answer.status != 200 && answer.status != 404)
        import->code = cli_refused("import", &answer);
    else if (answer.status == 200 && !*is_same && ++import->overwritten <= IMPORT_NAMED_MAX && import->dry)
        fprintf(stderr, "%s '%s' has another value\n", import->force ? "overwrites:" : "would overwrite:",
                lat_escape(key, key_len, shown, sizeof(shown)));
    lat_buf_fini(&answer.body);
}

static void
write_entry(struct import *import, const uint8_t *key, size_t key_len, const struct lat_buf *value)
{
    struct api_answer answer;
    char shown[80];

    import->code = call_entry(import, "PUT", key, key_len, value, &answer);
    if (import->code != EXIT_DONE)
        return;
    if (answer.status == 200 || answer.status == 201) {
        import->written++;
    } else {
        import->code = cli_refused("import", &answer);
        cli_fail(0, "import: stopped at '%s'; %llu entries were written", lat_escape(key, key_len, shown, sizeof(shown)),
                 (unsigned long long)import->written);
    }
    lat_buf_fini(&answer.body);
}

static enum lat_err
import_member(void *arg, const uint8_t *key, size_t key_len, const char *text, size_t len)
{
    struct import *import = arg;
    struct lat_msg why = { "" };
    struct lat_buf value;
    bool same = false;
    char shown[80];

    import->seen++;
    show_progress(import);
    lat_buf_init(&value, 1024 * 1024);
    if (json_store_form(text, len, &value, &why)) {
        lat_escape(key, key_len, shown, sizeof(shown));
        import->code = cli_fail(EXIT_FAILED, "import: value of '%s': %s", shown, why.text);
    } else {
        compare_entry(import, key, key_len, &value, &same);
        import->same += same;
        if (import->code == EXIT_DONE && !same && !import->dry)
            write_entry(import, key, key_len, &value);
    }
    lat_buf_fini(&value);
    return import->code == EXIT_DONE ? LAT_OK : LAT_CLOSED;
}

static int
run_pass(struct import *import, struct lat_buf *file, bool dry)
{
    struct lat_msg why = { "" };
    enum lat_err err;

    import->dry = dry;
    import->seen = import->same = import->overwritten = 0;
    err = json_each_member(lat_buf_str(file), file->len, import_member, import, &why);
    if (isatty(STDERR_FILENO) && import->shown_ms)
        fputc('\n', stderr);
    if (err && err != LAT_CLOSED)
        return cli_fail(EXIT_FAILED, "import: the file is no JSON object: %s; nothing was written", why.text);
    return import->code;
}

/* A file, a pipe, or (-) standard input. */
static int
read_file(const char *name, struct lat_buf *out)
{
    bool is_stdin = strcmp(name, "-") == 0;
    int fd = is_stdin ? STDIN_FILENO : open(name, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    enum lat_err err = fd < 0 ? LAT_SYS : lat_fd_read(fd, out);
    const char *why = err == LAT_SYS ? strerror(errno) : lat_err_text(err);
    char shown[160];

    if (fd >= 0 && !is_stdin)
        close(fd);
    return err ? cli_fail(EXIT_FAILED, "import: '%s': %s", lat_escape_str(name, shown, sizeof(shown)), why) : EXIT_DONE;
}

int
cli_import(const struct cli *cli)
{
    struct import import = { .force = cli->options->force };
    struct lat_buf file;
    int code;

    if (cli->options->arg_count < 1)
        return cli_fail(EXIT_USAGE, "import: which file? lattice import FILE [--force]");
    lat_buf_init(&file, API_ANSWER_MAX);
    code = read_file(cli->options->args[0], &file);
    if (code == EXIT_DONE)
        code = cli_connect(cli, 1, &import.client);
    if (code == EXIT_DONE) {
        code = run_pass(&import, &file, true);
        if (code == EXIT_DONE && import.overwritten > 0 && !import.force)
            code = cli_fail(EXIT_FAILED, "import: %llu of %llu entries exist with other values; nothing was written; "
                            "--force overwrites them", (unsigned long long)import.overwritten, (unsigned long long)import.seen);
        else if (code == EXIT_DONE && (code = run_pass(&import, &file, false)) == EXIT_DONE)
            printf("%llu written (%llu of them over other values), %llu already there\n", (unsigned long long)import.written,
                   (unsigned long long)import.overwritten, (unsigned long long)import.same);
        api_client_free(import.client);
    }
    lat_buf_fini(&file);
    return code;
}
