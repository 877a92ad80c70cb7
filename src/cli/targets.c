#include "config.h"

#include "cli/targets.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "base/wipe.h"

static int
read_words(const struct cli *cli, int first, struct targets *out)
{
    int count = cli->options->arg_count - first, code = EXIT_DONE;

    if (count > FLEET_ENTRIES_MAX)
        return cli_fail(EXIT_USAGE, "more than %d targets", FLEET_ENTRIES_MAX);
    out->list = calloc(count > 0 ? (size_t)count : 1, sizeof(*out->list));
    if (out->list == NULL)
        return cli_fail(EXIT_FAILED, "out of memory");
    do {
        code = cli_target(cli, first + (int)out->count, &out->list[out->count].target);
        out->count++;
    } while (code == EXIT_DONE && (int)out->count < count);
    return code;
}

static int
take_entry(const struct cli *cli, const struct fleet_entry *entry, struct named_target *out)
{
    struct lat_msg why = { "" };

    *out = (struct named_target){ .readonly = entry->readonly, .confirm = entry->confirm };
    lat_copy(out->name, sizeof(out->name), entry->name);
    lat_copy(out->tags, sizeof(out->tags), entry->tags);
    if (strcmp(entry->target, "local") == 0)
        out->target = cli->local;
    else if (api_target_parse(entry->target, &out->target, &why))
        return cli_fail(EXIT_USAGE, "fleet file: [%s]: %s", entry->name, why.text);
    return cli_target_options(cli, entry->token_file[0] ? entry->token_file : cli->options->token_file,
                              entry->ca[0] ? entry->ca : cli->options->ca_file, &out->target);
}

static int
read_entries(const struct cli *cli, struct fleet_entries *entries)
{
    const char *path = cli->options->fleet;
    struct lat_msg why = { "" };
    struct lat_buf text;
    enum lat_err err;
    int code = EXIT_DONE;

    lat_buf_init(&text, FLEET_FILE_MAX);
    err = lat_file_read(path, &text);
    if (err)
        code = cli_fail(EXIT_USAGE, "fleet file '%s': %s", path, err == LAT_SYS ? strerror(errno) : lat_err_text(err));
    else if (fleet_file_parse((const char *)text.data, text.len, entries, &why))
        code = cli_fail(EXIT_USAGE, "fleet file '%s': %s", path, why.text);
    lat_buf_fini(&text);
    return code;
}

static int
read_fleet(const struct cli *cli, int first, struct targets *out)
{
    struct fleet_entries *entries;
    int code;

    if (cli->options->arg_count > first)
        return cli_fail(EXIT_USAGE, "--fleet and targets exclude each other");
    entries = calloc(1, sizeof(*entries));
    out->list = calloc(FLEET_ENTRIES_MAX, sizeof(*out->list));
    if (entries == NULL || out->list == NULL) {
        free(entries);
        return cli_fail(EXIT_FAILED, "out of memory");
    }
    code = read_entries(cli, entries);
    while (code == EXIT_DONE && out->count < entries->count) {
        code = take_entry(cli, &entries->list[out->count], &out->list[out->count]);
        out->count++;
    }
    free(entries);
    return code;
}

int
targets_read(const struct cli *cli, int first, struct targets *out)
{
    int code;

    *out = (struct targets){ .count = 0 };
    code = cli->options->fleet ? read_fleet(cli, first, out) : read_words(cli, first, out);
    if (code != EXIT_DONE)
        targets_fini(out);
    return code;
}

void
targets_fini(struct targets *targets)
{
    if (targets->list)
        lat_wipe(targets->list, targets->count * sizeof(*targets->list));
    free(targets->list);
    targets->list = NULL;
    targets->count = 0;
}
