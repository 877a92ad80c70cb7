/* What the replies are good for: cells settle, descents end in lists, proofs lead to the attested root. */
#include "config.h"

#include "state/recon.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/cursor.h"
#include "base/le.h"
#include "base/varint.h"
#include "crypto/hash.h"
#include "support/peel.h"
#include "support/sync_check.h"
#include "support/wire_states.h"

#define HEAD 10

static struct wire_states w;

static int
load(void **state)
{
    (void)state;
    wire_states_init(&w);
    return 0;
}

static int
unload(void **state)
{
    (void)state;
    wire_states_fini(&w);
    return 0;
}

/* Is every text of the list the beginning (in hex) of one of count items, and are there as many? */
static void
assert_same_set(const cJSON *texts, const uint8_t *items, size_t count, size_t stride, size_t len)
{
    const cJSON *text;

    assert_int_equal(cJSON_GetArraySize(texts), count);
    cJSON_ArrayForEach(text, texts)
    {
        size_t i = 0, wanted_len;
        uint8_t *wanted = vectors_unhex(cJSON_GetStringValue(text), &wanted_len);

        assert_true(wanted_len >= len);
        while (i < count && memcmp(items + i * stride, wanted, len) != 0)
            i++;
        if (i == count)
            fail_msg("missing: %s", cJSON_GetStringValue(text));
        free(wanted);
    }
}

static void
the_cells_of_the_vectors_settle_against_the_askers(void **state)
{
    const cJSON *exchange = wire_exchange(&w, 1);
    struct sketch_cell cells[16] = { 0 };
    struct memory_view *asker = &w.states[WIRE_A];
    struct peel *peel = calloc(1, sizeof(*peel));
    uint8_t key[SIPHASH_KEY_LEN], element[SKETCH_ELEMENT_LEN];
    size_t len;
    uint8_t *reply = vectors_bytes(exchange, "reply", &len);
    struct lat_cursor c;
    uint64_t count;

    (void)state;
    assert_non_null(peel);
    sketch_key(&w.network, key);
    lat_cursor_init(&c, reply + HEAD, len - HEAD);
    lat_take(&c, 32);
    count = lat_take_u64le(&c);
    assert_int_equal(lat_take_varint(&c), 0);
    assert_int_equal(lat_take_varint(&c), 16);
    for (size_t i = 0; i < 16; i++) {
        lat_take_copy(&c, cells[i].sum, SKETCH_ELEMENT_LEN);
        cells[i].check = lat_take_u32le(&c);
        cells[i].count = varint_unzigzag(lat_take_varint(&c)) + (int64_t)sketch_expected(i, count);
    }
    assert_true(lat_cursor_is_done(&c));
    for (size_t i = 0; i < asker->count; i++) {
        sketch_element(asker->records[i].keyhash, asker->records[i].leaf, element);
        sketch_toggle(cells, 16, key, element, -1);
    }
    assert_int_equal(peel_run(key, cells, 16, peel), cJSON_IsTrue(vectors_member(exchange, "settles")));
    assert_same_set(vectors_member(exchange, "only_answerer"), peel->plus[0], peel->plus_count,
                    SKETCH_ELEMENT_LEN, 12);
    assert_same_set(vectors_member(exchange, "only_asker"), peel->minus[0], peel->minus_count,
                    SKETCH_ELEMENT_LEN, 12);
    free(reply);
    free(peel);
}

struct found {
    uint8_t asker[16][32], answerer[16][32]; /* keyhashes; of the answerer's the bytes shown */
    size_t asker_count, answerer_count;
};

/* Compare one list of the reply with the asker's records in that range. */
static void
compare_list(const struct memory_view *asker, const uint8_t salt[16], struct lat_cursor *c,
             struct found *found)
{
    uint8_t depth = lat_take_u8(c), prefix[32] = { 0 }, kind;
    size_t first = depth / 8, n;
    bool theirs[256] = { false };
    const uint8_t *entries;

    lat_take_copy(c, prefix, (depth + 7u) / 8);
    kind = lat_take_u8(c);
    assert_int_equal(kind, 1);
    n = lat_take_varint(c);
    entries = lat_take(c, n * 13);
    for (size_t i = 0; i < asker->count; i++) {
        const struct record *record = &asker->records[i];
        uint8_t entry[13];
        size_t k = 0;

        if (memcmp(record->keyhash, prefix, first) != 0 ||
            (depth % 8 == 4 && (record->keyhash[first] ^ prefix[first]) >> 4 != 0))
            continue;
        memcpy(entry, record->keyhash + first, 5);
        lat_put_u64le(entry + 5, siphash(salt, record->leaf, 32));
        while (k < n && memcmp(entries + 13 * k, entry, 13) != 0)
            k++;
        if (k < n)
            theirs[k] = true;
        else
            memcpy(found->asker[found->asker_count++], record->keyhash, 32);
    }
    for (size_t k = 0; k < n; k++) {
        if (theirs[k])
            continue;
        memcpy(found->answerer[found->answerer_count], prefix, first);
        memcpy(found->answerer[found->answerer_count++] + first, entries + 13 * k, 5);
    }
}

static void
descents_name_what_each_side_alone_holds(void **state)
{
    static const struct {
        int exchange;
        enum wire_state asker;
    } steps[] = { { 2, WIRE_A }, { 4, WIRE_BIG_400 } };

    (void)state;
    for (size_t s = 0; s < 2; s++) {
        const cJSON *exchange = wire_exchange(&w, steps[s].exchange);
        const cJSON *only_answerer = cJSON_GetObjectItemCaseSensitive(exchange, "only_answerer");
        struct found found = { .asker_count = 0 };
        size_t len, n;
        uint8_t *reply = vectors_bytes(exchange, "reply", &len), salt[16];
        struct lat_cursor c;

        vectors_copy(wire_exchange(&w, 2), "salt", salt, sizeof(salt));
        lat_cursor_init(&c, reply + HEAD, len - HEAD);
        assert_int_equal(lat_take_varint(&c), 1);
        for (n = lat_take_varint(&c); n > 0; n--)
            compare_list(&w.states[steps[s].asker], salt, &c, &found);
        assert_true(lat_cursor_is_done(&c));
        assert_same_set(vectors_member(exchange, "only_asker"), found.asker[0], found.asker_count, 32, 32);
        if (only_answerer != NULL)
            assert_same_set(only_answerer, found.answerer[0], found.answerer_count, 32, 5);
        else
            assert_int_equal(found.answerer_count, 0);
        free(reply);
    }
}

static void
proofs_lead_to_the_attested_root(void **state)
{
    (void)state;
    for (int n = 8; n <= 12; n++) {
        const cJSON *exchange = wire_exchange(&w, n);
        size_t request_len, len;
        uint8_t *request = vectors_bytes(exchange, "request", &request_len);
        uint8_t *reply = vectors_bytes(exchange, "reply", &len);
        const uint8_t *keyhash = request + HEAD, *challenge = request + HEAD + 32;
        unsigned found, levels;

        assert_null(sync_check_proof(&w.network, keyhash, challenge, reply, len, &found, &levels));
        assert_int_equal(found, vectors_number(exchange, "found"));
        assert_int_equal(levels, vectors_number(exchange, "levels"));
        free(request);
        free(reply);
    }
}

static void
a_proof_holds_for_every_key_and_for_absent_ones(void **state)
{
    struct memory_view *b = &w.states[WIRE_BIG_399];
    uint8_t request[HEAD + 32 + 16] = { RECON_PROVE, 1 }, *keyhash = request + HEAD;
    struct lat_buf reply;

    (void)state;
    memcpy(request + 2, w.network.id, 8);
    lat_buf_init(&reply, RECON_MESSAGE_MAX);
    for (size_t i = 0; i < 2 * b->count; i += 7) {
        unsigned found, levels;
        const char *wrong;

        memcpy(keyhash, b->records[i / 2].keyhash, 32);
        keyhash[i % 3] ^= i % 2 ? 0x10 : 0; /* every second is another key */
        wire_serve(&w, b, request, sizeof(request), &reply);
        wrong = sync_check_proof(&w.network, keyhash, keyhash + 32, reply.data, reply.len, &found, &levels);
        if (wrong)
            fail_msg("%s", wrong);
        assert_int_equal(found == 1, i % 2 == 0);
        reply.data[reply.len - 1] ^= 1; /* and no longer when a sibling is another */
        assert_non_null(
            sync_check_proof(&w.network, keyhash, keyhash + 32, reply.data, reply.len, &found, &levels));
    }
    lat_buf_fini(&reply);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_cells_of_the_vectors_settle_against_the_askers),
        cmocka_unit_test(descents_name_what_each_side_alone_holds),
        cmocka_unit_test(proofs_lead_to_the_attested_root),
        cmocka_unit_test(a_proof_holds_for_every_key_and_for_absent_ones),
    };

    return cmocka_run_group_tests(tests, load, unload);
}
