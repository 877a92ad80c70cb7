/* The unsigned varint: round trips at every border of length, and forms that must be refused. */
#include "config.h"

#include "base/varint.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "support/vectors.h"

static void
the_published_numbers_read_and_write_as_they_stand(void **state)
{
    cJSON *json = vectors_load("libp2p/uvarint.json");
    const cJSON *ok;

    (void)state;
    cJSON_ArrayForEach(ok, vectors_member(json, "ok"))
    {
        uint64_t wanted = strtoull(vectors_text(ok, "value"), NULL, 10), value;
        size_t len, used;
        uint8_t *bytes = vectors_bytes(ok, "bytes", &len), again[VARINT_LEN_MAX];

        assert_int_equal(varint_decode(bytes, len, &value, &used), LAT_OK);
        assert_true(value == wanted && used == len);
        assert_int_equal(varint_encode(wanted, again), len);
        assert_memory_equal(again, bytes, len);
        free(bytes);
    }
    cJSON_Delete(json);
}

static void
the_published_refusals_are_refused(void **state)
{
    cJSON *json = vectors_load("libp2p/uvarint.json");
    const cJSON *bad;

    (void)state;
    cJSON_ArrayForEach(bad, vectors_member(json, "must_reject"))
    {
        uint64_t value;
        size_t len, used;
        uint8_t *bytes = vectors_bytes(bad, "bytes", &len);
        enum lat_err err = varint_decode(bytes, len, &value, &used);

        assert_true(err == LAT_MALFORMED || err == LAT_SHORT);
        free(bytes);
    }
    cJSON_Delete(json);
}

static void
decode_reads_back_every_border(void **state)
{
    (void)state;
    for (unsigned bits = 0; bits <= 63; bits++) {
        uint64_t border = (uint64_t)1 << bits;

        for (uint64_t value = border - 1; value <= border && value <= VARINT_MAX; value++) {
            uint8_t bytes[VARINT_LEN_MAX];
            size_t len = varint_encode(value, bytes), used = 0;
            uint64_t got = ~value;

            assert_int_equal(varint_len(value), len);
            assert_int_equal(varint_decode(bytes, len, &got, &used), LAT_OK);
            assert_true(got == value);
            assert_int_equal(used, len);
        }
    }
}

static void
decode_asks_for_more_at_every_cut(void **state)
{
    uint8_t bytes[VARINT_LEN_MAX];
    uint64_t value = 7;
    size_t used = 7, len = varint_encode(VARINT_MAX, bytes);

    (void)state;
    assert_int_equal(len, VARINT_LEN_MAX);
    for (size_t cut = 0; cut < len; cut++)
        assert_int_equal(varint_decode(bytes, cut, &value, &used), LAT_SHORT);
    assert_int_equal(value, 7); /* outputs untouched on error */
    assert_int_equal(used, 7);
}

static void
decode_refuses_a_longer_form_than_needed(void **state)
{
    static const uint8_t one_in_two_bytes[] = { 0x81, 0x00 }, nothing_in_two[] = { 0x80, 0x00 };
    uint64_t value = 7;
    size_t used = 7;

    (void)state;
    assert_int_equal(varint_decode(one_in_two_bytes, 2, &value, &used), LAT_MALFORMED);
    assert_int_equal(varint_decode(nothing_in_two, 2, &value, &used), LAT_MALFORMED);
    assert_int_equal(value, 7);
}

static void
decode_refuses_a_tenth_byte(void **state)
{
    static const uint8_t ten[] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01 };
    uint64_t value;
    size_t used;

    (void)state;
    assert_int_equal(varint_decode(ten, sizeof(ten), &value, &used), LAT_MALFORMED);
    assert_int_equal(varint_decode(ten, 9, &value, &used), LAT_MALFORMED);
}

static void
decode_leaves_what_follows(void **state)
{
    static const uint8_t three_hundred[] = { 0xac, 0x02, 0xff };
    uint64_t value;
    size_t used;

    (void)state;
    assert_int_equal(varint_decode(three_hundred, sizeof(three_hundred), &value, &used), LAT_OK);
    assert_int_equal(value, 300);
    assert_int_equal(used, 2);
}

static void
zigzag_alternates_and_reads_back(void **state)
{
    static const int64_t borders[] = { 0, -1, 1, -2, 2, INT32_MIN, INT32_MAX, INT64_MIN, INT64_MAX };

    (void)state;
    for (uint64_t n = 0; n < 5; n++)
        assert_int_equal(varint_zigzag(borders[n]), n);
    for (size_t i = 0; i < sizeof(borders) / sizeof(*borders); i++)
        assert_true(varint_unzigzag(varint_zigzag(borders[i])) == borders[i]);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_published_numbers_read_and_write_as_they_stand),
        cmocka_unit_test(the_published_refusals_are_refused),
        cmocka_unit_test(decode_reads_back_every_border),
        cmocka_unit_test(decode_asks_for_more_at_every_cut),
        cmocka_unit_test(decode_refuses_a_longer_form_than_needed),
        cmocka_unit_test(decode_refuses_a_tenth_byte),
        cmocka_unit_test(decode_leaves_what_follows),
        cmocka_unit_test(zigzag_alternates_and_reads_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
