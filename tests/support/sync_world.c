#include "config.h"

#include "support/sync_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/le.h"
#include "state/store.h"

void
world_init(struct sync_world *world)
{
    uint8_t seed[KEY_SEED_LEN];

    assert_int_equal(network_init(&world->network, "lattice-test"), LAT_OK);
    for (int i = 0; i < WORLD_AUTHORS; i++) {
        memset(seed, i + 1, sizeof(seed));
        assert_int_equal(key_from_seed(seed, &world->keys[i]), LAT_OK);
    }
    trust_init(&world->trust, key_public(world->keys[0]));
    assert_int_equal(trust_add(&world->trust, key_public(world->keys[1]), TRUST_NOT_RETIRED), LAT_OK);
    assert_int_equal(trust_add(&world->trust, key_public(world->keys[3]), TRUST_NOT_RETIRED), LAT_OK);
}

void
world_fini(struct sync_world *world)
{
    for (int i = 0; i < WORLD_AUTHORS; i++)
        key_free(world->keys[i]);
}

void
world_record(const struct sync_world *world, int author, const char *key, const char *value, uint64_t hlc,
             struct lat_buf *out)
{
    struct record_content content = { .hlc = hlc,
                                      .key = (const uint8_t *)key,
                                      .key_len = strlen(key),
                                      .value = (const uint8_t *)value,
                                      .value_len = value ? strlen(value) : 0 };

    assert_int_equal(record_make(&world->network, world->keys[author], &content, out), LAT_OK);
}

static void
put(const struct sync_world *world, struct memory_view *state, int author, const char *key, const char *value,
    uint64_t hlc)
{
    struct lat_buf bytes;

    lat_buf_init(&bytes, RECORD_LEN_MAX);
    world_record(world, author, key, value, hlc, &bytes);
    memory_put(state, bytes.data, bytes.len);
    lat_buf_fini(&bytes);
}

void
world_put(const struct sync_world *world, struct memory_view *state, int author, const char *key,
          const char *value, uint64_t hlc)
{
    put(world, state, author, key, value, hlc);
    memory_seal(state);
}

void
world_fill(const struct sync_world *world, struct memory_view *state, int author, const char *prefix,
           size_t count, size_t value_len)
{
    char *value = malloc(value_len + 1), key[64];

    assert_non_null(value);
    memset(value, 'x', value_len);
    value[0] = value[value_len - 1] = '"';
    value[value_len] = '\0';
    for (size_t i = 0; i < count; i++) {
        snprintf(key, sizeof(key), "%s%zu", prefix, i);
        put(world, state, author, key, value, HLC_OF_MS(WORLD_NOW_MS - 100000) + i);
    }
    memory_seal(state);
    free(value);
}

static enum store_verdict
apply_one(const struct sync_world *world, struct memory_view *state, const uint8_t *bytes, size_t len)
{
    struct record record, ours;

    if (record_parse(&world->network, bytes, len, &record, NULL))
        return VERDICT_MALFORMED;
    if (!trust_accepts(state->view.trust, record.author, record.hlc))
        return VERDICT_NOT_TRUSTED;
    if (HLC_MS(record.hlc) > state->view.now_ms + RECORD_FUTURE_MAX_MS)
        return VERDICT_HELD;
    if (record_verify(&world->network, &record))
        return VERDICT_BAD_SIGNATURE;
    if (state->view.get(state->view.arg, record.keyhash, &ours) == LAT_OK &&
        memcmp(ours.leaf, record.leaf, 32) == 0)
        return VERDICT_HAD_IT;
    return memory_put(state, bytes, len) ? VERDICT_APPLIED : VERDICT_OURS_WINS;
}

void
world_apply(const struct sync_world *world, struct memory_view *state, const uint8_t *records, size_t count,
            uint8_t *verdicts)
{
    for (size_t i = 0; i < count; i++) {
        size_t len = lat_get_u32le(records);

        verdicts[i] = (uint8_t)apply_one(world, state, records + 4, len);
        records += 4 + len;
    }
    memory_seal(state);
}

void
world_serve(const struct sync_world *world, struct memory_view *state, const struct recon_view *view,
            const uint8_t *request, size_t len, struct lat_buf *reply)
{
    struct recon_view now = *view;
    struct recon_pushes pushes;
    uint8_t *verdicts;

    lat_buf_init(&pushes.records, RECON_PUSHES_MAX);
    if (recon_inspect(&world->network, request, len, &pushes, reply) == LAT_OK) {
        verdicts = calloc(pushes.count + 1, 1);
        assert_non_null(verdicts);
        if (pushes.count > 0) {
            world_apply(world, state, pushes.records.data, pushes.count, verdicts);
            memcpy(now.root, state->view.root, 32);
            now.count = state->view.count;
            now.hlc = state->view.hlc;
        }
        assert_int_equal(recon_handle(&now, request, len, verdicts, pushes.count, reply), LAT_OK);
        free(verdicts);
    }
    lat_buf_fini(&pushes.records);
}
