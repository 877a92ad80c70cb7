/*
 * A source that answers a healing session with any bytes: the session ends, within its budgets and with a reason; what it hands
 * on to be applied are whole records, and no more than it has shown.
 *
 * Input: answers, each with its length (u16, little endian) in front. The last byte of an answer also says what becomes of
 * the records that were taken from it; the size of all says how the session looks for the difference.
 */
#include "config.h"

#include "fuzz/fuzz.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/le.h"
#include "base/text.h"
#include "state/heal.h"
#include "state/store.h"
#include "support/sync_world.h"

static struct sync_world world;
static struct memory_view here;
static bool is_set_up;

static void
set_up(void)
{
    world_init(&world);
    memory_init(&here, &world.network, world.keys[0], &world.trust, WORLD_NOW_MS);
    world_fill(&world, &here, 0, "ours/", 40, 20);
    world_put(&world, &here, 1, "theirs/newer", "1", 5);
    is_set_up = true;
}

static void
check_batch(const struct heal *heal)
{
    const struct heal_slot *slots = (const struct heal_slot *)heal->slots.data;
    const uint8_t *at = heal->batch.data, *end = at + heal->batch.len;
    struct record record;

    FUZZ_CHECK(heal->batch_count > 0 && heal->slots.len == heal->batch_count * sizeof(struct heal_slot));
    for (size_t i = 0; i < heal->batch_count; i++) {
        size_t len;

        FUZZ_CHECK(end - at >= 4);
        len = lat_get_u32le(at);
        at += 4;
        FUZZ_CHECK(len <= (size_t)(end - at) && record_parse_trusted(&world.network, at, len, &record) == LAT_OK);
        FUZZ_CHECK(slots[i].name == 255 || slots[i].name < heal->key_count);
        FUZZ_CHECK(memcmp(slots[i].keyhash, record.keyhash, 32) == 0 && memcmp(slots[i].theirs, record.leaf, 32) == 0);
        at += len;
    }
    FUZZ_CHECK(at == end);
}

static void
check_counts(const struct heal *heal)
{
    FUZZ_CHECK(heal->key_count <= HEAL_KEYS_MAX && heal->key_count <= heal->key_total);
    FUZZ_CHECK(heal->bytes <= HEAL_BYTES_MAX && heal->messages <= HEAL_MESSAGES_MAX);
    FUZZ_CHECK(heal_percent(heal) <= 100);
    FUZZ_CHECK(heal->settled.count <= SETTLED_MAX && heal->spans.len <= HEAL_SPANS_MAX * sizeof(struct heal_span));
    for (uint32_t i = 0; i < heal->key_count; i++) {
        const char *key = heal->keys[i].key;

        FUZZ_CHECK(lat_utf8_valid((const uint8_t *)key, strlen(key)));
        for (; *key; key++)
            FUZZ_CHECK((unsigned char)*key >= 0x20 && *key != 0x7f);
    }
}

/* Its verdicts on the batch: each of them, the first as the input says. */
static void
decide(struct heal *heal, uint8_t first, uint64_t now_ms)
{
    static uint8_t verdicts[RECON_MESSAGE_MAX / RECORD_OVERHEAD + 1];

    for (size_t i = 0; i < heal->batch_count; i++)
        verdicts[i] = (uint8_t)((first + i) % (VERDICT_VERSION + 1));
    heal_verdicts(heal, verdicts, heal->batch_count, now_ms);
}

/* One step with the answer that is next; false: it was not wanted, the session is over. */
static void
answer(struct heal *heal, const uint8_t *reply, size_t len, uint64_t now_ms)
{
    struct recon_status status = { .count = len };
    struct lat_buf request;

    lat_buf_init(&request, RECON_MESSAGE_MAX);
    FUZZ_CHECK(heal_ask(heal, &here.view, now_ms, &request) == LAT_OK);
    FUZZ_CHECK((heal->state == HEAL_WAIT) == (request.len > 0) || heal->state == HEAL_OVER);
    lat_buf_fini(&request);
    if (heal->state == HEAL_WAIT && heal_take(heal, &here.view, reply, len, now_ms))
        FUZZ_CHECK(heal->state == HEAL_OVER && heal->end == HEAL_FAILED && heal->why.text[0] != 0);
    if (heal->state == HEAL_APPLY) {
        check_batch(heal);
        heal_batch_sent(heal);
        decide(heal, len > 0 ? reply[len - 1] : 0, now_ms);
    }
    if (heal->state == HEAL_COMPARE)
        heal_compare(heal, &status, &here.view, now_ms);
    check_counts(heal);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *end = data + size;
    static const uint8_t salt[HEAL_SALT_LEN] = { 5 };
    struct recon_status theirs = { .count = 50 };
    struct heal heal;
    uint64_t now_ms = 1000;

    if (!is_set_up)
        set_up();
    heal_init(&heal);
    memset(theirs.root, 7, sizeof(theirs.root));
    theirs.count = size % 3 == 0 ? 5000 : 50; /* stream; sketch; descent */
    heal.sketch_pause_until_ms = size % 3 == 1 ? UINT64_MAX : 0;
    heal_start(&heal, &theirs, &here.view, salt, now_ms);
    while (heal.state == HEAL_ASK && end - data >= 2) {
        size_t len = (size_t)data[0] | (size_t)data[1] << 8;

        data += 2;
        len = len < (size_t)(end - data) ? len : (size_t)(end - data);
        answer(&heal, data, len, now_ms);
        data += len;
        now_ms += 100;
    }
    FUZZ_CHECK(heal.state == HEAL_ASK || (heal.state == HEAL_OVER && heal.end != HEAL_NONE));
    heal_fail(&heal, "no answer", now_ms);
    FUZZ_CHECK(heal.state == HEAL_OVER && heal.batch_count == 0 && heal.batch.len == 0);
    heal_fini(&heal);
    return 0;
}
