#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "wire/multihash.h"

static void
a_hash_is_code_length_and_digest(void **state)
{
    static const uint8_t bytes[] = { 0x80, 0x02, 0x03, 'a', 'b', 'c' }; /* code 256 */
    uint8_t again[sizeof(bytes) + MULTIHASH_HEADER_MAX];
    struct multihash hash;

    (void)state;
    assert_int_equal(multihash_read(bytes, sizeof(bytes), &hash), LAT_OK);
    assert_int_equal(hash.code, 256);
    assert_int_equal(hash.len, 3);
    assert_memory_equal(hash.digest, "abc", 3);
    assert_int_equal(multihash_write(&hash, again), sizeof(bytes));
    assert_memory_equal(again, bytes, sizeof(bytes));
    for (size_t cut = 0; cut < sizeof(bytes); cut++)
        assert_int_equal(multihash_read(bytes, cut, &hash), LAT_MALFORMED);
}

static void
what_is_no_hash_is_refused(void **state)
{
    static const struct {
        uint8_t bytes[12];
        size_t len;
    } bad[] = {
        { { 0x12, 0x01, 'a', 'b' }, 4 },                                             /* one byte over */
        { { 0x12, 0x81, 0x00, 'a' }, 4 },                                            /* length not shortest */
        { { 0x92, 0x00, 0x01, 'a' }, 4 },                                            /* code not shortest */
        { { 0x12, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f, 'a' }, 11 }, /* 2^63 - 1 bytes */
    };
    struct multihash hash = { .code = 7 };

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_int_equal(multihash_read(bad[i].bytes, bad[i].len, &hash), LAT_MALFORMED);
    assert_int_equal(hash.code, 7); /* outputs untouched on error */
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_hash_is_code_length_and_digest),
        cmocka_unit_test(what_is_no_hash_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
