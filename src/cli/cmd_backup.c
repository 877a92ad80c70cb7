/* cmd_backup.c - `lattice backup` (beside a running node, or without one) and `restore` (through a running node). */
#include "config.h"

#include "cli/cli.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/le.h"
#include "base/text.h"
#include "cli/backup_file.h"
#include "state/recon.h"

/* --- backup ---------------------------------------------------------------------------------------- */

static int
open_store(const struct cli *cli, struct store **out)
{
    char dir[4096];
    struct store_options options = { .dir = dir, .network = cli->network, .map_max = cli->store_max, .read_only = true };
    struct lat_msg why = { "" };
    enum lat_err err;

    snprintf(dir, sizeof(dir), "%s/store", cli->state_dir);
    err = store_open(&options, out, &why);
    return err ? cli_fail(err == LAT_DAMAGED ? EXIT_DAMAGE : EXIT_FAILED, "backup: %s", why.text) : EXIT_DONE;
}

/* Aside, synced, renamed: a backup that stands is whole. */
static int
write_backup(struct store *store, const char *path)
{
    char aside[4096];
    uint64_t written = 0;
    FILE *file;
    enum lat_err err;

    if (snprintf(aside, sizeof(aside), "%s.part", path) >= (int)sizeof(aside))
        return cli_fail(EXIT_USAGE, "backup: the file name is too long");
    file = fopen(aside, "wx");
    if (file == NULL)
        return cli_fail(EXIT_DISK, "backup: '%s': %s", aside, strerror(errno));
    err = backup_write(store, file, &written);
    if (!err && fsync(fileno(file)) != 0)
        err = LAT_SYS;
    if (fclose(file) != 0 && !err)
        err = LAT_SYS;
    if (!err && rename(aside, path) != 0)
        err = LAT_SYS;
    if (!err) {
        printf("%llu records in %s\n", (unsigned long long)written, path);
        return EXIT_DONE;
    }
    if (err == LAT_SYS)
        cli_fail(EXIT_DISK, "backup: '%s': %s", path, strerror(errno));
    unlink(aside);
    if (err == LAT_DAMAGED)
        return cli_fail(EXIT_DAMAGE, "backup: records are damaged; see 'lattice verify', or back up another node");
    return err == LAT_SYS ? EXIT_DISK : cli_fail(EXIT_FAILED, "backup: %s", lat_err_text(err));
}

int
cli_backup(const struct cli *cli)
{
    struct store *store = NULL;
    int code;

    if (cli->options->arg_count < 1)
        return cli_fail(EXIT_USAGE, "backup: into which file? lattice backup FILE");
    code = open_store(cli, &store);
    if (code == EXIT_DONE)
        code = write_backup(store, cli->options->args[0]);
    store_close(store);
    return code;
}

/* --- restore --------------------------------------------------------------------------------------- */

#define BATCH_BYTES (RECON_MESSAGE_MAX - 4096) /* of records; lengths and head need less than the rest */
#define VERDICTS 10

struct restore {
    struct api_client *client;
    struct network network;
    struct lat_buf batch; /* count times (u32 length, record) */
    size_t count;
    uint64_t done, verdicts[VERDICTS];
    uint64_t total, shown_ms;
    int code;
};

static void
show_progress(struct restore *r)
{
    uint64_t now = lat_mono_ms();

    if (!isatty(STDERR_FILENO) || now - r->shown_ms < 500)
        return;
    r->shown_ms = now;
    fprintf(stderr, "\r%llu of %llu records", (unsigned long long)r->done, (unsigned long long)r->total);
}

static void
count_verdicts(struct restore *r, const uint8_t *verdicts)
{
    for (size_t i = 0; i < r->count; i++)
        r->verdicts[verdicts[i] < VERDICTS ? verdicts[i] : VERDICT_MALFORMED]++;
    r->done += r->count;
    r->count = 0;
    lat_buf_clear(&r->batch);
    show_progress(r);
}

/* One message with what has been gathered. */
static enum lat_err
push_batch(struct restore *r)
{
    struct api_request request = { .method = "POST", .path = "/api/lattice/sync",
                                   .header = "Content-Type: application/octet-stream", .slow = true };
    uint8_t verdicts[RECON_ITEMS_MAX];
    struct api_answer answer = { 0 };
    struct lat_msg why = { "" };
    struct lat_buf message;
    enum lat_err err;

    if (r->count == 0)
        return LAT_OK;
    lat_buf_init(&message, RECON_MESSAGE_MAX);
    err = recon_ask_push(&r->network, r->batch.data, r->batch.len, r->count, &message);
    request.body = message.data;
    request.body_len = message.len;
    r->code = err ? cli_fail(EXIT_FAILED, "restore: %s", lat_err_text(err)) : cli_call(r->client, &request, &answer);
    if (r->code == EXIT_DONE) {
        if (answer.status != 200)
            r->code = cli_refused("restore", &answer);
        else if (recon_read_push(&r->network, answer.body.data, answer.body.len, r->count, verdicts, &why))
            r->code = cli_fail(EXIT_FAILED, "restore: %s", why.text);
        else
            count_verdicts(r, verdicts);
        lat_buf_fini(&answer.body);
    }
    lat_buf_fini(&message);
    return r->code == EXIT_DONE ? LAT_OK : LAT_CLOSED;
}

static enum lat_err
gather(void *arg, const uint8_t *record, size_t len)
{
    struct restore *r = arg;
    uint8_t number[4];
    enum lat_err err = LAT_OK;

    if (r->count == RECON_ITEMS_MAX || r->batch.len + len + 8 > BATCH_BYTES)
        err = push_batch(r);
    lat_put_u32le(number, (uint32_t)len);
    if (!err)
        err = lat_buf_add(&r->batch, number, sizeof(number));
    if (!err)
        err = lat_buf_add(&r->batch, record, len);
    r->count += err == LAT_OK;
    return err;
}

static int
report(const struct restore *r)
{
    static const char *const refused[VERDICTS] = {
        [VERDICT_HELD] = "from the future, held",   [VERDICT_NOT_TRUSTED] = "of authors that are not trusted here",
        [VERDICT_BAD_SIGNATURE] = "with a bad signature", [VERDICT_MALFORMED] = "malformed",
        [VERDICT_BELOW_HORIZON] = "below the horizon",    [VERDICT_CANNOT_STORE] = "that the store did not take",
        [VERDICT_VERSION] = "of an unknown version",
    };
    uint64_t lost = 0;

    printf("%llu restored, %llu already there, %llu older than what the node has\n",
           (unsigned long long)r->verdicts[VERDICT_APPLIED], (unsigned long long)r->verdicts[VERDICT_HAD_IT],
           (unsigned long long)r->verdicts[VERDICT_OURS_WINS]);
    for (size_t i = 0; i < VERDICTS; i++) {
        if (refused[i] && r->verdicts[i] > 0)
            printf("%llu not restored: %s\n", (unsigned long long)r->verdicts[i], refused[i]);
        lost += refused[i] ? r->verdicts[i] : 0;
    }
    return lost > 0 ? EXIT_FAILED : EXIT_DONE;
}

/* The whole file is checked before the first record is sent. */
static int
run_restore(const struct cli *cli, struct restore *r, FILE *file)
{
    struct backup_head head;
    struct lat_msg why = { "" };
    const char *path = cli->options->args[0];
    enum lat_err err = backup_read(file, &head, NULL, NULL, &why);
    char shown[80];

    if (err)
        return cli_fail(EXIT_FAILED, "restore: '%s': %s; nothing was restored", path, why.text[0] ? why.text : lat_err_text(err));
    if (strcmp(head.network, cli->network) != 0)
        return cli_fail(EXIT_CONFIG, "restore: the backup is of network '%s', this node's is '%s' (LATTICE_NETWORK)",
                        lat_escape_str(head.network, shown, sizeof(shown)), cli->network);
    if (network_init(&r->network, head.network))
        return cli_fail(EXIT_FAILED, "restore: the network's name is empty");
    r->total = head.count;
    err = backup_read(file, &head, gather, r, &why);
    if (!err)
        err = push_batch(r);
    if (err)
        return r->code != EXIT_DONE ? r->code : cli_fail(EXIT_FAILED, "restore: '%s': %s", path, why.text);
    return report(r);
}

int
cli_restore(const struct cli *cli)
{
    struct restore r = { 0 };
    FILE *file;
    int code;

    if (cli->options->arg_count < 1)
        return cli_fail(EXIT_USAGE, "restore: from which file? lattice restore FILE");
    file = fopen(cli->options->args[0], "rb");
    if (file == NULL)
        return cli_fail(EXIT_FAILED, "restore: '%s': %s", cli->options->args[0], strerror(errno));
    lat_buf_init(&r.batch, RECON_MESSAGE_MAX);
    code = cli_connect(cli, 1, &r.client);
    if (code == EXIT_DONE) {
        code = run_restore(cli, &r, file);
        api_client_free(r.client);
    }
    lat_buf_fini(&r.batch);
    (void)fclose(file); /* only read */
    return code;
}
