/* test_rpc.c - protobuf by fields, and the RPC of pubsub; vectors by another implementation. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "support/vectors.h"
#include "wire/rpc.h"

/* What was read, the last entry in full. */
struct seen {
    size_t count;
    struct rpc_entry last;
    uint8_t letter; /* of its topic */
};

static void
note(void *arg, const struct rpc_entry *entry)
{
    struct seen *seen = arg;

    seen->count++;
    seen->last = *entry;
    seen->letter = entry->topic_len > 0 ? *entry->topic : 0;
}

static uint8_t *
bytes_of(const cJSON *vectors, const char *what, size_t *len)
{
    const cJSON *rpc;

    cJSON_ArrayForEach(rpc, vectors_member(vectors, "rpcs")) {
        if (strcmp(vectors_text(rpc, "what"), what) == 0)
            return vectors_bytes(rpc, "bytes", len);
    }
    fail_msg("no such vector: %s", what);
    return NULL;
}

/* The vector holds one entry, of this kind, and `out` is the same, to the byte. */
static struct rpc_entry
check_vector(const cJSON *vectors, const char *what, enum rpc_kind kind, struct lat_buf *out, uint8_t **bytes)
{
    struct seen seen = { .count = 0 };
    size_t len;

    *bytes = bytes_of(vectors, what, &len);
    assert_int_equal(rpc_read(*bytes, len, note, &seen), LAT_OK);
    assert_int_equal(seen.count, 1);
    assert_int_equal(seen.last.kind, kind);
    if (out) {
        assert_int_equal(out->len, len);
        assert_memory_equal(out->data, *bytes, len);
        lat_buf_fini(out);
    }
    return seen.last;
}

static void
rpcs_of_another_implementation_are_read_and_written_the_same(void **state)
{
    static const char topic[] = "lattice";
    cJSON *vectors = vectors_load("libp2p/gossipsub-rpc.json");
    struct lat_buf rpc, control;
    struct rpc_entry entry;
    uint8_t *bytes;

    (void)state;
    lat_buf_init(&rpc, 4096);
    lat_buf_init(&control, 4096);
    assert_int_equal(rpc_put_subscription(&rpc, topic, 7, true), LAT_OK);
    entry = check_vector(vectors, "subscribe to lattice", RPC_SUBSCRIBE, &rpc, &bytes);
    assert_memory_equal(entry.topic, topic, entry.topic_len);
    free(bytes);
    assert_int_equal(rpc_put_subscription(&rpc, topic, 7, false), LAT_OK);
    check_vector(vectors, "unsubscribe from lattice", RPC_UNSUBSCRIBE, &rpc, &bytes);
    free(bytes);
    check_vector(vectors, "publish the signed message", RPC_MESSAGE, NULL, &bytes);
    free(bytes);
    assert_int_equal(rpc_put_graft(&control, topic, 7), LAT_OK);
    assert_int_equal(rpc_put_control(&rpc, &control), LAT_OK);
    check_vector(vectors, "graft lattice", RPC_GRAFT, &rpc, &bytes);
    free(bytes);
    lat_buf_clear(&control);
    assert_int_equal(rpc_put_prune(&control, topic, 7, 60), LAT_OK);
    assert_int_equal(rpc_put_control(&rpc, &control), LAT_OK);
    entry = check_vector(vectors, "prune lattice, backoff 60 s", RPC_PRUNE, &rpc, &bytes);
    assert_true(entry.has_backoff);
    assert_int_equal(entry.backoff_s, 60);
    free(bytes);
    lat_buf_fini(&control);
    cJSON_Delete(vectors);
}

static void
peers_of_a_prune_are_found(void **state)
{
    cJSON *vectors = vectors_load("libp2p/gossipsub-rpc.json");
    const uint8_t *id, *record;
    size_t id_len, record_len;
    struct rpc_entry entry;
    struct fields px;
    uint8_t *bytes;

    (void)state;
    entry = check_vector(vectors, "prune lattice, backoff 60 s, one exchanged peer without record", RPC_PRUNE, NULL, &bytes);
    assert_int_equal(entry.backoff_s, 60);
    rpc_px_init(&px, &entry);
    assert_true(rpc_px_next(&px, &id, &id_len, &record, &record_len));
    assert_int_equal(id_len, 38);
    assert_null(record);
    assert_false(rpc_px_next(&px, &id, &id_len, &record, &record_len));
    free(bytes);
    cJSON_Delete(vectors);
}

static void
ids_are_found_in_their_order_and_written_the_same(void **state)
{
    static const struct {
        const char *what;
        enum rpc_kind kind;
        size_t count;
    } cases[] = { { "ihave one id", RPC_IHAVE, 1 }, { "iwant one id", RPC_IWANT, 1 }, { "idontwant two ids", RPC_IDONTWANT, 2 } };
    cJSON *vectors = vectors_load("libp2p/gossipsub-rpc.json");

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct rpc_entry entry;
        struct lat_buf ids_out, control, rpc;
        const uint8_t *id;
        struct rpc_ids ids;
        uint8_t *bytes, *again;
        size_t len, count = 0;

        lat_buf_init(&ids_out, 4096);
        lat_buf_init(&control, 4096);
        lat_buf_init(&rpc, 4096);
        entry = check_vector(vectors, cases[i].what, cases[i].kind, NULL, &bytes);
        rpc_ids_init(&ids, &entry);
        for (; rpc_ids_next(&ids, &id, &len); count++)
            assert_int_equal(rpc_put_id(&ids_out, cases[i].kind, id, len), LAT_OK);
        assert_int_equal(count, cases[i].count);
        assert_int_equal(rpc_put_ids(&control, cases[i].kind, entry.topic, entry.topic_len, &ids_out), LAT_OK);
        assert_int_equal(rpc_put_control(&rpc, &control), LAT_OK);
        check_vector(vectors, cases[i].what, cases[i].kind, &rpc, &again);
        free(bytes);
        free(again);
        lat_buf_fini(&ids_out);
        lat_buf_fini(&control);
    }
    cJSON_Delete(vectors);
}

static enum lat_err
read_bytes(const char *hex, struct seen *seen)
{
    size_t len;
    uint8_t *bytes = vectors_unhex(hex, &len);
    enum lat_err err;

    *seen = (struct seen){ .count = 0 };
    err = rpc_read(bytes, len, note, seen);
    free(bytes);
    return err;
}

static void
what_is_not_known_is_skipped(void **state)
{
    struct seen seen;

    (void)state;
    assert_int_equal(read_bytes("", &seen), LAT_OK);
    assert_int_equal(read_bytes("0807", &seen), LAT_OK);     /* subscriptions as a number: not ours */
    assert_int_equal(read_bytes("7a03010203", &seen), LAT_OK); /* field 15 */
    assert_int_equal(read_bytes("7d01020304", &seen), LAT_OK); /* fixed 32 */
    assert_int_equal(read_bytes("790102030405060708", &seen), LAT_OK); /* fixed 64 */
    assert_int_equal(seen.count, 0);
    assert_int_equal(read_bytes("1a0432003a00", &seen), LAT_OK); /* control of later versions */
    assert_int_equal(seen.count, 0);
    assert_int_equal(read_bytes("8a808080000012017808010a00", &seen), LAT_MALFORMED); /* a key beyond its most bytes is a number too high */
    assert_int_equal(read_bytes("0a0508818000120178", &seen), LAT_MALFORMED); /* length runs into the next field */
    assert_int_equal(read_bytes("0a0708818000120178", &seen), LAT_OK); /* a longer varint than needed */
    assert_int_equal(seen.last.kind, RPC_SUBSCRIBE);
}

static void
control_in_two_pieces_counts_as_one_and_the_last_scalar_holds(void **state)
{
    struct seen seen;

    (void)state;
    assert_int_equal(read_bytes("1a051a030a01611a051a030a0162", &seen), LAT_OK);
    assert_int_equal(seen.count, 2);
    assert_int_equal(read_bytes("0a0908010800120161120162", &seen), LAT_MALFORMED);
    assert_int_equal(read_bytes("0a0a08010800120161120162", &seen), LAT_OK);
    assert_int_equal(seen.last.kind, RPC_UNSUBSCRIBE);
    assert_int_equal(seen.letter, 'b');
}

static void
groups_overlong_lengths_and_cut_fields_are_refused_however_deep(void **state)
{
    static const char *const cases[] = { "0b", "0c", "0e", "0f", "00", "0a", "0a05", "0a0500", "08", "0880", "7a",
                                         "1a031a010b",                  /* a group inside a graft */
                                         "1a0522031201ff",              /* inside a prune's peer */
                                         "1201ff", "0aff", "1a021a01",
                                         "0affffffffffffffffff01", "08ffffffffffffffffffff01", "f8ffffff7f00" };
    struct seen seen;

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        if (read_bytes(cases[i], &seen) != LAT_MALFORMED)
            fail_msg("%s was taken", cases[i]);
        assert_int_equal(seen.count, 0);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rpcs_of_another_implementation_are_read_and_written_the_same),
        cmocka_unit_test(peers_of_a_prune_are_found),
        cmocka_unit_test(ids_are_found_in_their_order_and_written_the_same),
        cmocka_unit_test(what_is_not_known_is_skipped),
        cmocka_unit_test(control_in_two_pieces_counts_as_one_and_the_last_scalar_holds),
        cmocka_unit_test(groups_overlong_lengths_and_cut_fields_are_refused_however_deep),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
