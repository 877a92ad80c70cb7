/*
 * Any bytes as a request: one whole reply, the same each time, that the asker's side takes where it has one,
 * and proofs that lead to the root. Any bytes as a reply: what the asker's side takes holds together.
 */
#include "config.h"

#include "fuzz/fuzz.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "state/proof.h"
#include "state/sketch.h"
#include "support/memory_view.h"
#include "support/sync_check.h"

#define HEAD 10
#define RECORDS 330 /* so many that a list of all is too long, and children hold more and less than 16 */

static struct network network;
static struct trust trust;
static struct key *key;
static struct memory_view memory;

static void
set_up(void)
{
    static const uint8_t seed[KEY_SEED_LEN] = { 1 };

    FUZZ_CHECK(network_init(&network, "lattice-test") == LAT_OK);
    FUZZ_CHECK(key_from_seed(seed, &key) == LAT_OK);
    trust_init(&trust, key_public(key));
    memory_init(&memory, &network, key, &trust, 1700000060000);
    for (unsigned i = 0; i < RECORDS; i++) {
        char name[16];
        struct record_content content = { .hlc = i + 1, .key = (const uint8_t *)name, .value_len = 1 };
        struct lat_buf record;

        content.key_len = (size_t)snprintf(name, sizeof(name), "big/%03u", i);
        content.value = (const uint8_t *)"7";
        lat_buf_init(&record, RECORD_LEN_MAX);
        FUZZ_CHECK(record_make(&network, key, &content, &record) == LAT_OK);
        memory_put(&memory, record.data, record.len);
        lat_buf_fini(&record);
    }
    memory_seal(&memory);
}

/* Whoever asked must be able to read what came back. */
static void
check_asker(const uint8_t *request, const struct lat_buf *reply)
{
    const uint8_t *body = request + HEAD;
    struct recon_status status;
    struct recon_range range;
    unsigned found, levels;

    if (request[0] == RECON_STATUS)
        FUZZ_CHECK(recon_read_status(&network, body, reply->data, reply->len, &status, NULL) == LAT_OK);
    if (request[0] == RECON_RANGE)
        FUZZ_CHECK(recon_read_range(&network, body, body + 32, reply->data, reply->len, &range, NULL) ==
                   LAT_OK);
    if (request[0] == RECON_PROVE)
        FUZZ_CHECK(sync_check_proof(&network, body, body + 32, reply->data, reply->len, &found, &levels) ==
                   NULL);
}

static void
check_request(const uint8_t *data, size_t size)
{
    static const uint8_t verdicts[RECON_ITEMS_MAX];
    struct recon_pushes pushes;
    struct lat_buf reply, again;
    enum lat_err err;
    unsigned error;

    lat_buf_init(&pushes.records, RECON_PUSHES_MAX);
    lat_buf_init(&reply, RECON_MESSAGE_MAX);
    lat_buf_init(&again, RECON_MESSAGE_MAX);
    err = recon_inspect(&network, data, size, &pushes, &reply);
    FUZZ_CHECK(err == LAT_OK || err == LAT_MALFORMED);
    FUZZ_CHECK(recon_handle(&memory.view, data, size, verdicts, pushes.count, &again) == LAT_OK);
    FUZZ_CHECK(sync_check_reply(&network, size ? data[0] : 0, again.data, again.len, &error) == NULL);
    FUZZ_CHECK((err == LAT_OK) == (error == 0));
    if (err == LAT_OK) {
        check_asker(data, &again);
        FUZZ_CHECK(recon_handle(&memory.view, data, size, verdicts, pushes.count, &reply) == LAT_OK);
    }
    FUZZ_CHECK(reply.len == again.len && memcmp(reply.data, again.data, reply.len) == 0);
    lat_buf_fini(&pushes.records);
    lat_buf_fini(&reply);
    lat_buf_fini(&again);
}

/* The records of a RANGE that was taken: as many as it says, ascending, and the way goes on behind them. */
static void
check_range(const struct recon_range *range)
{
    const uint8_t *at = range->records, *end = at + range->records_len, *bytes;
    uint8_t last[32] = { 0 };
    size_t len, seen = 0;
    struct record record;

    for (; recon_next_record(&at, end, &bytes, &len); seen++) {
        FUZZ_CHECK(record_parse_trusted(&network, bytes, len, &record) == LAT_OK);
        FUZZ_CHECK(seen == 0 || memcmp(record.keyhash, last, 32) > 0);
        memcpy(last, record.keyhash, 32);
    }
    FUZZ_CHECK(at == end && seen == range->count);
    FUZZ_CHECK(!range->more || (seen > 0 && memcmp(range->next, last, 32) > 0));
}

/* What was taken of CELLS, RECORDS or PROVE holds together. */
static void
check_found(const uint8_t *data, size_t size)
{
    static const uint8_t zeros[32];
    static struct sketch_cell cells[RECON_CELLS_MAX];
    struct recon_cells taken;
    struct recon_given given;
    struct proof proof;
    struct lat_msg why = { "" };

    if (recon_read_cells(&network, zeros, 0, 16, data, size, &taken, &why))
        FUZZ_CHECK(why.text[0] != 0);
    else if (sketch_read(&taken.cells, taken.from, taken.count, taken.records, cells) == LAT_OK)
        FUZZ_CHECK(taken.count <= 16 && taken.from == 0);
    why.text[0] = 0;
    if (recon_read_records(&network, 1, 4, data, size, &given, &why))
        FUZZ_CHECK(why.text[0] != 0);
    else
        FUZZ_CHECK(given.served <= 4 && given.records + given.records_len <= data + size);
    why.text[0] = 0;
    if (proof_check(&network, zeros, zeros, data, size, &proof, &why))
        FUZZ_CHECK(why.text[0] != 0);
    else
        FUZZ_CHECK(!proof.found || memcmp(proof.record.keyhash, zeros, 32) == 0);
}

static void
check_reply(const uint8_t *data, size_t size)
{
    static const uint8_t zeros[32];
    uint8_t ones[32];
    struct recon_status status;
    struct recon_range range;
    struct lat_msg why = { "" };

    memset(ones, 0xff, sizeof(ones));
    if (recon_read_status(&network, zeros, data, size, &status, &why))
        FUZZ_CHECK(why.text[0] != 0);
    why.text[0] = 0;
    if (recon_read_range(&network, zeros, ones, data, size, &range, &why))
        FUZZ_CHECK(why.text[0] != 0);
    else
        check_range(&range);
    check_found(data, size);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (key == NULL)
        set_up();
    check_request(data, size);
    check_reply(data, size);
    return 0;
}
