/*
 * cmd_proof.c - `lattice get KEY --proof` and `lattice prove-check`: a proof is fetched here and checked there, by
 * whoever has the network's name and a key or a root that he trusts; no node is asked.
 */
#include "config.h"

#include "cli/cli.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/text.h"
#include "state/proof.h"

#define PROOF_TEXT_MAX (8u * 1024 * 1024)

/* What the file says; the proof itself says it again, and is what counts. */
struct claim {
    cJSON *json;
    const char *key;
    struct network network;
    uint8_t challenge[16];
    uint8_t *reply;
    size_t len;
};

/* shown: the name, for messages. */
static int
read_stream(FILE *in, const char *shown, struct lat_buf *out)
{
    uint8_t piece[8192];
    size_t n;

    while ((n = fread(piece, 1, sizeof(piece), in)) > 0)
        if (lat_buf_add(out, piece, n))
            return cli_fail(EXIT_FAILED, "prove-check: %s: longer than a proof may be", shown);
    return ferror(in) ? cli_fail(EXIT_DISK, "prove-check: %s: %s", shown, strerror(errno)) : EXIT_DONE;
}

static int
read_file(const char *name, struct lat_buf *out)
{
    char shown[200];
    FILE *in;
    int code;

    if (strcmp(name, "-") == 0)
        return read_stream(stdin, "standard input", out);
    lat_escape_str(name, shown, sizeof(shown));
    in = fopen(name, "re");
    if (in == NULL)
        return cli_fail(EXIT_DISK, "prove-check: %s: %s", shown, strerror(errno));
    code = read_stream(in, shown, out);
    (void)fclose(in); /* read only */
    return code;
}

static const char *
text_of(const cJSON *json, const char *name)
{
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, name));
}

/* LAT_OK, or the member that is missing or wrong, in *what. */
static enum lat_err
take_members(struct claim *claim, const char **what)
{
    const char *network = text_of(claim->json, *what = "network"), *hex;

    if (network == NULL || network_init(&claim->network, network))
        return LAT_MALFORMED;
    claim->key = text_of(claim->json, *what = "key");
    if (claim->key == NULL || claim->key[0] == '\0' || strlen(claim->key) > RECORD_KEY_MAX)
        return LAT_MALFORMED;
    hex = text_of(claim->json, *what = "challenge");
    if (hex == NULL || lat_unhex(hex, claim->challenge, sizeof(claim->challenge)))
        return LAT_MALFORMED;
    hex = text_of(claim->json, *what = "proof");
    if (hex == NULL || strlen(hex) % 2 != 0)
        return LAT_MALFORMED;
    claim->len = strlen(hex) / 2;
    claim->reply = malloc(claim->len + 1);
    return claim->reply == NULL ? LAT_NOMEM : lat_unhex(hex, claim->reply, claim->len);
}

static int
take_claim(const char *name, struct claim *claim)
{
    struct lat_buf text;
    const char *what;
    int code;

    lat_buf_init(&text, PROOF_TEXT_MAX);
    code = read_file(name, &text);
    if (code == EXIT_DONE) {
        claim->json = cJSON_ParseWithLength((const char *)text.data, text.len);
        if (!cJSON_IsObject(claim->json))
            code = cli_fail(EXIT_FAILED, "prove-check: not what 'lattice get KEY --proof' prints: no JSON object");
        else if (take_members(claim, &what))
            code = cli_fail(EXIT_FAILED, "prove-check: not what 'lattice get KEY --proof' prints: \"%s\" is missing or wrong",
                            what);
    }
    lat_buf_fini(&text);
    return code;
}

/* Is the root one that is believed: given by --root, or attested by a trusted key? */
static int
believe(const struct cli *cli, const struct proof *proof)
{
    char root[65], key[65];
    uint8_t wanted[32];

    lat_hex(proof->root, 32, root);
    lat_hex(proof->key, 32, key);
    if (cli->options->root != NULL) {
        if (lat_unhex(cli->options->root, wanted, sizeof(wanted)))
            return cli_fail(EXIT_USAGE, "--root: 64 hex digits");
        if (memcmp(wanted, proof->root, 32) != 0)
            return cli_fail(EXIT_FAILED, "prove-check: proves something of the root %s, not of the one given", root);
        return EXIT_DONE;
    }
    if (trust_attests(&cli->trust, proof->key))
        return EXIT_DONE;
    return cli_fail(EXIT_FAILED,
                    "prove-check: the root %s is attested by %s, which is not trusted here; give --root, or name the key in "
                    "LATTICE_TRUSTED_KEYS",
                    root, key);
}

static void
print_time(const char *before, uint64_t ms)
{
    time_t seconds = (time_t)(ms / 1000);
    struct tm tm;
    char text[32];

    if (gmtime_r(&seconds, &tm) == NULL || strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S UTC", &tm) == 0)
        lat_copy(text, sizeof(text), "?");
    printf("%s%s\n", before, text);
}

static void
print_record(const struct cli *cli, const struct record *record)
{
    char author[65], tag[65];

    lat_hex(record->author, 32, author);
    lat_hex(record->digest, 32, tag);
    printf("%.*s\n", (int)record->value_len, (const char *)record->value); /* the stored form: ASCII alone */
    printf("author    %s%s\n", author,
           trust_accepts(&cli->trust, record->author, record->hlc) ? "" : " (not trusted here)");
    print_time("written   ", HLC_MS(record->hlc));
    printf("tag       %s\n", tag);
}

static int
say(const struct cli *cli, const struct claim *claim, const struct proof *proof)
{
    bool there = proof->found && proof->record.value != NULL;
    char shown[2 * RECORD_KEY_MAX], root[65], key[65];

    lat_escape_str(claim->key, shown, sizeof(shown));
    lat_hex(proof->root, 32, root);
    lat_hex(proof->key, 32, key);
    printf("%s: %s\n", there ? "proven" : proof->found ? "proven to be deleted" : "proven to be absent", shown);
    if (there)
        print_record(cli, &proof->record);
    printf("root      %s of %" PRIu64 " records, %u levels up\n", root, proof->count, proof->levels);
    printf("attested  by %s\n", key);
    print_time("          at ", proof->time_ms);
    return there ? EXIT_DONE : EXIT_NO_KEY;
}

int
cli_prove_check(const struct cli *cli)
{
    struct claim claim = { .key = "" };
    struct lat_msg why = { "" };
    struct proof proof;
    uint8_t keyhash[32];
    int code;

    if (cli->options->arg_count < 1)
        return cli_fail(EXIT_USAGE, "prove-check: lattice prove-check FILE (or - for standard input)");
    code = take_claim(cli->options->args[0], &claim);
    if (code == EXIT_DONE) {
        keyhash_of(&claim.network, (const uint8_t *)claim.key, strlen(claim.key), keyhash);
        if (proof_check(&claim.network, keyhash, claim.challenge, claim.reply, claim.len, &proof, &why))
            code = cli_fail(EXIT_FAILED, "prove-check: not proven: %s", why.text);
        else if (strcmp(claim.network.name, cli->network) != 0)
            code = cli_fail(EXIT_FAILED, "prove-check: of another network than ours (LATTICE_NETWORK)");
        else
            code = believe(cli, &proof);
        if (code == EXIT_DONE)
            code = say(cli, &claim, &proof);
    }
    free(claim.reply);
    cJSON_Delete(claim.json);
    return code;
}
