/* Signed envelopes, and the peer records in them. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/vectors.h"
#include "wire/envelope.h"
#include "wire/peer_record.h"

static const uint8_t type[] = { 0x03, 0x01 }, other_type[] = { 0x03, 0x02 };
static const struct envelope_kind kind = { "libp2p-peer-record", type, sizeof(type) };
static const struct envelope_kind other_domain = { "libp2p-routing-state", type, sizeof(type) };
static const struct envelope_kind other_kind = { "libp2p-peer-record", other_type, sizeof(other_type) };

struct fixture {
    cJSON *vectors;
    const cJSON *record;
    struct key *key;
    uint8_t *bytes; /* the vector's envelope */
    size_t len;
};

static int
setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    uint8_t seed[KEY_SEED_LEN];

    assert_non_null(f);
    f->vectors = vectors_load("libp2p/identify.json");
    f->record = vectors_member(f->vectors, "peer_record");
    f->bytes = vectors_bytes(f->record, "envelope", &f->len);
    vectors_copy(f->vectors, "ed25519_seed", seed, sizeof(seed));
    assert_int_equal(key_from_seed(seed, &f->key), LAT_OK);
    *state = f;
    return 0;
}

static int
teardown(void **state)
{
    struct fixture *f = *state;

    cJSON_Delete(f->vectors);
    key_free(f->key);
    free(f->bytes);
    free(f);
    return 0;
}

static enum lat_err
try_open(const uint8_t *bytes, size_t len, const struct envelope_kind *as)
{
    struct peerid signer;
    struct lat_buf payload;
    enum lat_err err;

    lat_buf_init(&payload, ENVELOPE_MAX);
    err = envelope_open(bytes, len, as, &signer, &payload);
    assert_true(err == LAT_OK || payload.len == 0);
    lat_buf_fini(&payload);
    return err;
}

static enum lat_err
try_record(const uint8_t *bytes, size_t len)
{
    struct peer_record *record = NULL;
    enum lat_err err = peer_record_open(bytes, len, &record);

    peer_record_free(record);
    return err;
}

static void
the_envelope_of_the_vectors_opens(void **state)
{
    struct fixture *f = *state;
    struct peerid signer;
    struct lat_buf payload;
    char text[PEERID_TEXT_MAX];
    size_t len;
    uint8_t *bytes = vectors_bytes(f->record, "payload", &len);

    lat_buf_init(&payload, len);
    assert_int_equal(envelope_open(f->bytes, f->len, &kind, &signer, &payload), LAT_OK);
    assert_int_equal(payload.len, len);
    assert_memory_equal(payload.data, bytes, len);
    peerid_text(&signer, text);
    assert_string_equal(text, vectors_text(f->record, "peer_id"));
    assert_int_equal(envelope_open(f->bytes, f->len, &kind, &signer, &payload), LAT_LIMIT); /* no room */
    assert_int_equal(try_open(f->bytes, f->len, &other_domain), LAT_AUTH);
    assert_int_equal(try_open(f->bytes, f->len, &other_kind), LAT_MALFORMED);
    lat_buf_fini(&payload);
    free(bytes);
}

static void
the_record_of_the_vectors_opens(void **state)
{
    struct fixture *f = *state;
    const cJSON *addrs = vectors_member(f->record, "addrs");
    struct peer_record *record;
    char text[PEERID_TEXT_MAX];

    assert_int_equal(peer_record_open(f->bytes, f->len, &record), LAT_OK);
    peerid_text(&record->peer, text);
    assert_string_equal(text, vectors_text(f->record, "peer_id"));
    assert_int_equal(record->seq, strtoull(vectors_text(f->record, "seq"), NULL, 10));
    assert_int_equal(record->addr_count, cJSON_GetArraySize(addrs));
    for (size_t i = 0; i < record->addr_count; i++) {
        struct multiaddr addr;
        char out[MULTIADDR_TEXT_MAX];

        assert_int_equal(multiaddr_from_bytes(record->addrs[i].bytes, record->addrs[i].len, &addr), LAT_OK);
        assert_int_equal(multiaddr_text(&addr, out, sizeof(out)), LAT_OK);
        assert_string_equal(out, cJSON_GetArrayItem(addrs, (int)i)->valuestring);
    }
    peer_record_free(record);
}

/* Ed25519 signs one way only, and fields are written in order: so the bytes are the same. */
static void
our_record_is_that_of_the_vectors(void **state)
{
    struct fixture *f = *state;
    const cJSON *addrs = vectors_member(f->record, "addrs");
    struct multiaddr parsed[2];
    struct multiaddr_ref refs[2];
    struct lat_buf out;

    for (int i = 0; i < 2; i++) {
        assert_int_equal(multiaddr_parse(cJSON_GetArrayItem(addrs, i)->valuestring, &parsed[i]), LAT_OK);
        refs[i] = (struct multiaddr_ref){ parsed[i].bytes, parsed[i].len };
    }
    lat_buf_init(&out, f->len);
    assert_int_equal(peer_record_seal(f->key, 1700000000000, refs, 2, &out), LAT_OK);
    assert_int_equal(out.len, f->len);
    assert_memory_equal(out.data, f->bytes, f->len);
    assert_int_equal(peer_record_seal(f->key, 1700000000000, refs, 2, &out), LAT_LIMIT); /* no room */
    assert_int_equal(out.len, f->len);
    lat_buf_fini(&out);
}

static void
a_cut_or_changed_envelope_opens_never(void **state)
{
    struct fixture *f = *state;

    for (size_t cut = 0; cut < f->len; cut++)
        assert_int_not_equal(try_record(f->bytes, cut), LAT_OK);
    for (size_t i = 0; i < f->len; i++) {
        for (int bit = 0; bit < 8; bit++) {
            f->bytes[i] ^= (uint8_t)(1 << bit);
            assert_int_not_equal(try_record(f->bytes, f->len), LAT_OK);
            f->bytes[i] ^= (uint8_t)(1 << bit);
        }
    }
    assert_int_equal(try_record(f->bytes, f->len), LAT_OK);
}

static void
unknown_fields_pass_and_groups_do_not(void **state)
{
    struct fixture *f = *state;
    static const uint8_t field[] = { 0x52, 0x01, 'x' }, group[] = { 0x53, 0x54 };
    struct lat_buf bytes;

    lat_buf_init(&bytes, ENVELOPE_MAX);
    assert_int_equal(lat_buf_add(&bytes, f->bytes, f->len), LAT_OK);
    assert_int_equal(lat_buf_add(&bytes, field, sizeof(field)), LAT_OK);
    assert_int_equal(try_record(bytes.data, bytes.len), LAT_OK);
    assert_int_equal(lat_buf_add(&bytes, group, sizeof(group)), LAT_OK);
    assert_int_equal(try_record(bytes.data, bytes.len), LAT_MALFORMED);
    lat_buf_fini(&bytes);
}

static void
a_record_speaks_of_its_signer_only(void **state)
{
    struct fixture *f = *state;
    uint8_t seed[KEY_SEED_LEN] = { 2 };
    struct key *other;
    struct lat_buf out;
    size_t len;
    uint8_t *payload = vectors_bytes(f->record, "payload", &len);

    assert_int_equal(key_from_seed(seed, &other), LAT_OK);
    lat_buf_init(&out, ENVELOPE_MAX);
    assert_int_equal(envelope_seal(other, &kind, payload, len, &out), LAT_OK);
    assert_int_equal(try_open(out.data, out.len, &kind), LAT_OK);
    assert_int_equal(try_record(out.data, out.len), LAT_AUTH);
    lat_buf_fini(&out);
    key_free(other);
    free(payload);
}

/* The payload signed by the vector's key, opened as a record. */
static enum lat_err
try_payload(const struct fixture *f, const char *hex, struct peer_record **record)
{
    struct lat_buf out;
    size_t len;
    uint8_t *payload = vectors_unhex(hex, &len);
    enum lat_err err;

    lat_buf_init(&out, ENVELOPE_MAX);
    assert_int_equal(envelope_seal(f->key, &kind, payload, len, &out), LAT_OK);
    err = peer_record_open(out.data, out.len, record);
    lat_buf_fini(&out);
    free(payload);
    return err;
}

#define PEER_FIELD "0a260024080112208a88e3dd7409f195fd52db2d3cba5d72ca6709bf1d94121bf3748801b40f6f5c"

static void
addresses_that_are_none_are_left_out(void **state)
{
    struct fixture *f = *state;
    struct peer_record *record = NULL;

    assert_int_equal(try_payload(f, "", &record), LAT_MALFORMED);
    assert_int_equal(try_payload(f, "10011a0a0a08047f000001060fa1", &record), LAT_MALFORMED); /* whose? */
    assert_int_equal(try_payload(f, PEER_FIELD, &record), LAT_OK); /* no zeros are written */
    assert_int_equal(record->seq, 0);
    assert_int_equal(record->addr_count, 0);
    peer_record_free(record);
    assert_int_equal(try_payload(f, PEER_FIELD "1a001a040a02047f1a0a0a08047f000001060fa11a020a00", &record), LAT_OK);
    assert_int_equal(record->addr_count, 1);
    assert_int_equal(record->addrs[0].len, 8);
    assert_int_equal(record->addrs[0].bytes[7], 0xa1);
    peer_record_free(record);
}

static void
addresses_and_sizes_are_bounded(void **state)
{
    struct fixture *f = *state;
    static const uint8_t bytes[ENVELOPE_MAX + 1] = { 0x0a };
    struct multiaddr addr;
    struct multiaddr_ref refs[PEER_RECORD_ADDRS_MAX + 1];
    struct peer_record *record;
    struct lat_buf out;
    char hex[sizeof(PEER_FIELD) + 200 * sizeof("1a050a03060001")] = PEER_FIELD;

    multiaddr_of_tcp((const uint8_t *)"\x7f\x00\x00\x01", 4, 1, &addr);
    for (size_t i = 0; i < PEER_RECORD_ADDRS_MAX + 1; i++)
        refs[i] = (struct multiaddr_ref){ addr.bytes, addr.len };
    lat_buf_init(&out, 2 * ENVELOPE_MAX);
    assert_int_equal(peer_record_seal(f->key, 1, refs, PEER_RECORD_ADDRS_MAX + 1, &out), LAT_LIMIT);
    assert_int_equal(envelope_seal(f->key, &kind, bytes, ENVELOPE_MAX - 100, &out), LAT_LIMIT);
    assert_int_equal(envelope_seal(f->key, &kind, bytes, ENVELOPE_MAX + 1, &out), LAT_LIMIT);
    assert_int_equal(out.len, 0);
    assert_int_equal(peer_record_seal(f->key, 1, refs, PEER_RECORD_ADDRS_MAX, &out), LAT_OK);
    assert_int_equal(peer_record_open(out.data, out.len, &record), LAT_OK);
    assert_int_equal(record->addr_count, PEER_RECORD_ADDRS_MAX);
    peer_record_free(record);
    lat_buf_fini(&out);
    assert_int_equal(try_open(bytes, ENVELOPE_MAX + 1, &kind), LAT_LIMIT);
    for (int i = 0; i < 200; i++)
        strcat(hex, "1a050a03060001");
    assert_int_equal(try_payload(f, hex, &record), LAT_OK);
    assert_int_equal(record->addr_count, PEER_RECORD_ADDRS_MAX);
    peer_record_free(record);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_envelope_of_the_vectors_opens),
        cmocka_unit_test(the_record_of_the_vectors_opens),
        cmocka_unit_test(our_record_is_that_of_the_vectors),
        cmocka_unit_test(a_cut_or_changed_envelope_opens_never),
        cmocka_unit_test(unknown_fields_pass_and_groups_do_not),
        cmocka_unit_test(a_record_speaks_of_its_signer_only),
        cmocka_unit_test(addresses_that_are_none_are_left_out),
        cmocka_unit_test(addresses_and_sizes_are_bounded),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
