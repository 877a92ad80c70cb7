#include "config.h"

#include "support/wire_states.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/cursor.h"

static void
put_named(struct wire_states *w, struct memory_view *state, const char *name)
{
    const cJSON *record;

    cJSON_ArrayForEach(record, vectors_member(w->wire, "records"))
    {
        size_t len;
        uint8_t *bytes;

        if (strcmp(vectors_text(record, "name"), name) != 0)
            continue;
        bytes = vectors_bytes(record, "record", &len);
        assert_true(memory_put(state, bytes, len));
        free(bytes);
        return;
    }
    fail_msg("no record %s", name);
}

/* The n-th of "trees". */
static void
put_tree(struct wire_states *w, enum wire_state which, int n)
{
    const cJSON *tree = cJSON_GetArrayItem(vectors_member(w->wire, "trees"), n), *name;
    uint8_t root[32];

    cJSON_ArrayForEach(name, vectors_member(tree, "records"))
        put_named(w, &w->states[which], cJSON_GetStringValue(name));
    memory_seal(&w->states[which]);
    vectors_copy(tree, "root", root, 32);
    assert_memory_equal(w->states[which].view.root, root, 32);
}

static void
put_big(struct wire_states *w, enum wire_state which, unsigned count, const char *root_name)
{
    uint8_t root[32];

    for (unsigned i = 0; i < count; i++) {
        char key[16], value[16];
        struct record_content content = { .key = (const uint8_t *)key, .value = (const uint8_t *)value };
        struct lat_buf record;

        content.hlc = UINT64_C(0x018bcfe568000000) + HLC_OF_MS(100 + i);
        content.key_len = (size_t)snprintf(key, sizeof(key), "big/%03u", i);
        content.value_len = (size_t)snprintf(value, sizeof(value), "%u", i);
        lat_buf_init(&record, RECORD_LEN_MAX);
        assert_int_equal(record_make(&w->network, w->keys[0], &content, &record), LAT_OK);
        assert_true(memory_put(&w->states[which], record.data, record.len));
        lat_buf_fini(&record);
    }
    memory_seal(&w->states[which]);
    vectors_copy(vectors_member(w->wire, "big"), root_name, root, 32);
    assert_memory_equal(w->states[which].view.root, root, 32);
}

void
wire_states_init(struct wire_states *w)
{
    memset(w, 0, sizeof(*w));
    w->wire = vectors_load("state/wire.json");
    assert_int_equal(network_init(&w->network, "lattice-test"), LAT_OK);
    for (int i = 0; i < 3; i++) {
        uint8_t seed[KEY_SEED_LEN];

        vectors_copy(cJSON_GetArrayItem(vectors_member(w->wire, "keys"), i), "seed", seed, sizeof(seed));
        assert_int_equal(key_from_seed(seed, &w->keys[i]), LAT_OK);
    }
    trust_init(&w->trust, key_public(w->keys[1]));
    assert_int_equal(trust_add(&w->trust, key_public(w->keys[0]), TRUST_NOT_RETIRED), LAT_OK);
    assert_int_equal(trust_add(&w->trust, key_public(w->keys[2]), TRUST_NOT_RETIRED), LAT_OK);
    for (int i = 0; i < WIRE_STATES; i++)
        memory_init(&w->states[i], &w->network, w->keys[i == WIRE_B], &w->trust, WIRE_NOW_MS);
    put_tree(w, WIRE_EMPTY, 0);
    put_tree(w, WIRE_ONE, 1);
    put_tree(w, WIRE_THREE, 3);
    put_tree(w, WIRE_A, 4);
    put_tree(w, WIRE_B, 5);
    put_big(w, WIRE_BIG_400, 400, "root_400");
    put_big(w, WIRE_BIG_399, 399, "root_399");
}

void
wire_states_fini(struct wire_states *w)
{
    for (int i = 0; i < WIRE_STATES; i++)
        memory_fini(&w->states[i]);
    for (int i = 0; i < 3; i++)
        key_free(w->keys[i]);
    cJSON_Delete(w->wire);
}

const cJSON *
wire_exchange(const struct wire_states *w, int n)
{
    return cJSON_GetArrayItem(vectors_member(w->wire, "sync"), n);
}

enum wire_state
wire_answerer(int n)
{
    static const enum wire_state answerers[WIRE_EXCHANGES] = {
        WIRE_B, WIRE_B,     WIRE_B,   WIRE_BIG_399, WIRE_BIG_399, WIRE_B, WIRE_THREE, WIRE_THREE,
        WIRE_A, WIRE_EMPTY, WIRE_ONE, WIRE_A,       WIRE_A,       WIRE_B, WIRE_B,
    };

    assert_true(n >= 0 && n < WIRE_EXCHANGES);
    return answerers[n];
}

/* Merge the pushes of a request as the node would, one verdict each. */
static void
decide(struct memory_view *state, const struct recon_pushes *pushes, uint8_t *verdicts)
{
    struct lat_cursor c;

    lat_cursor_init(&c, pushes->records.data, pushes->records.len);
    for (size_t i = 0; i < pushes->count; i++) {
        size_t len = lat_take_u32le(&c);
        const uint8_t *record = lat_take(&c, len);

        assert_non_null(record);
        verdicts[i] = memory_put(state, record, len) ? 0 : 2;
    }
    assert_true(lat_cursor_is_done(&c));
    memory_seal(state);
}

void
wire_serve(const struct wire_states *w, struct memory_view *state, const uint8_t *request, size_t len,
           struct lat_buf *reply)
{
    uint8_t verdicts[RECON_ITEMS_MAX];
    struct recon_pushes pushes;
    enum lat_err err;

    lat_buf_init(&pushes.records, RECON_PUSHES_MAX);
    err = recon_inspect(&w->network, request, len, &pushes, reply);
    if (!err) {
        decide(state, &pushes, verdicts);
        err = recon_handle(&state->view, request, len, verdicts, pushes.count, reply);
        assert_int_equal(err, LAT_OK);
    }
    assert_true(err == LAT_OK || err == LAT_MALFORMED);
    lat_buf_fini(&pushes.records);
}
