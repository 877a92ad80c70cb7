/* cmd_local.c - `lattice id` and `verify`: what needs no running node. */
#include "config.h"

#include "cli/cli.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "state/reader.h"

int
cli_id(const struct cli *cli)
{
    if (cli->peer_id[0] == '\0')
        return cli_fail(EXIT_FAILED, "id: no key in '%s'; 'lattice id new' makes one, and so does the first start of a node",
                        cli->state_dir);
    if (cli->options->json) {
        printf("{\"peer_id\": \"%s\", \"public_key\": \"%s\"}\n", cli->peer_id, cli->public_key);
        return EXIT_DONE;
    }
    printf("peer id     %s\n", cli->peer_id);
    printf("public key  %s\n", cli->public_key);
    printf("p2p listen  %s\n", cli->p2p_listen);
    printf("api listen  %s\n", cli->api_listen);
    printf("state dir   %s\n", cli->state_dir);
    printf("key file    %s/node.key\n", cli->state_dir);
    printf("store       %s/store\n", cli->state_dir);
    return EXIT_DONE;
}

/* Long work shows progress, on a terminal only. */
static void
show_progress(void *arg, uint64_t done, uint64_t total)
{
    uint64_t *shown_ms = arg;
    uint64_t now = lat_mono_ms();

    if (!isatty(STDERR_FILENO) || now - *shown_ms < 500)
        return;
    *shown_ms = now;
    fprintf(stderr, "\r%llu of %llu records", (unsigned long long)done, (unsigned long long)total);
}

static int
report(const struct cli *cli, enum lat_err err, uint64_t damaged, const struct store_head *head)
{
    char root[65];

    lat_hex(head->root, sizeof(head->root), root);
    if (cli->options->json)
        printf("{\"valid\": %s, \"root\": \"%s\", \"records\": %llu, \"damaged\": %llu}\n", err || damaged ? "false" : "true",
               root, (unsigned long long)head->count, (unsigned long long)damaged);
    if (err == LAT_DAMAGED)
        return cli_fail(EXIT_DAMAGE, "verify: the records do not give the stored root %s; restore from peers", root);
    if (err)
        return cli_fail(EXIT_FAILED, "verify: %s", lat_err_text(err));
    if (damaged > 0)
        return cli_fail(EXIT_DAMAGE, "verify: %llu of %llu records are damaged", (unsigned long long)damaged,
                        (unsigned long long)head->count);
    if (!cli->options->json)
        printf("valid: %llu records, root %s\n", (unsigned long long)head->count, root);
    return EXIT_DONE;
}

int
cli_verify(const struct cli *cli)
{
    char dir[4096];
    struct store_options options = { .dir = dir, .network = cli->network, .map_max = cli->store_max, .read_only = true };
    struct lat_msg why = { "" };
    struct store_head head;
    struct store *store = NULL;
    struct reader *reader = NULL;
    uint64_t damaged = 0, shown_ms = lat_mono_ms();
    enum lat_err err;
    int code;

    snprintf(dir, sizeof(dir), "%s/store", cli->state_dir);
    err = store_open(&options, &store, &why);
    if (err)
        return cli_fail(err == LAT_DAMAGED ? EXIT_DAMAGE : EXIT_FAILED, "verify: %s", why.text);
    err = reader_begin(store, &reader);
    if (!err)
        err = reader_verify(reader, show_progress, &shown_ms, &damaged);
    store_head(store, &head);
    code = report(cli, err, damaged, &head);
    reader_end(reader);
    store_close(store);
    return code;
}

int
cli_repair(const struct cli *cli)
{
    char dir[4096], root[65];
    struct store_options options = { .dir = dir, .network = cli->network, .map_max = cli->store_max };
    struct store_repaired repaired = { 0 };
    struct lat_msg why = { "" };
    uint64_t shown_ms = lat_mono_ms();
    enum lat_err err;

    snprintf(dir, sizeof(dir), "%s/store", cli->state_dir);
    err = store_repair(&options, show_progress, &shown_ms, &repaired, &why);
    if (err)
        return cli_fail(err == LAT_DAMAGED ? EXIT_DAMAGE : EXIT_FAILED, "verify --repair: %s", why.text);
    lat_hex(repaired.root, sizeof(repaired.root), root);
    printf("%llu records, root %s%s\n", (unsigned long long)repaired.records, root, repaired.new_root ? " (new)" : "");
    printf("%llu set aside, %llu leaves made anew, %llu dropped\n", (unsigned long long)repaired.set_aside,
           (unsigned long long)repaired.rows_made, (unsigned long long)repaired.rows_dropped);
    if (repaired.set_aside > 0)
        puts("what was set aside is healed from peers once the node runs");
    return EXIT_DONE;
}
