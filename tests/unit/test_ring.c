/* test_ring.c - a queue of bytes beside a plain array. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/ring.h"
#include "support/random.h"

enum { MAX = 1024 };

static void
bytes_come_out_as_they_went_in_however_it_wraps(void **state)
{
    static uint8_t waiting[MAX], piece[MAX], got[MAX];
    struct ring ring;
    size_t count = 0;
    uint64_t seed = 11;
    uint8_t next = 0;

    (void)state;
    ring_init(&ring, MAX);
    for (int i = 0; i < 20000; i++) {
        size_t len = random_below(&seed, random_below(&seed, 8) == 0 ? MAX + 10 : 60);

        for (size_t k = 0; k < len && k < MAX; k++)
            piece[k] = next++;
        if (len <= MAX && ring_write(&ring, piece, len) > 0) {
            memcpy(waiting + count, piece, len);
            count += len;
        } else {
            assert_true(len == 0 || count + len > MAX);
        }
        assert_int_equal(ring.len, count);
        len = random_below(&seed, count + 1);
        ring_take(&ring, got, len);
        assert_memory_equal(got, waiting, len);
        memmove(waiting, waiting + len, count - len);
        count -= len;
    }
    assert_int_equal(ring.cap, MAX);
    ring_fini(&ring);
}

static void
it_takes_all_or_nothing_up_to_its_maximum(void **state)
{
    static const uint8_t zeros[MAX];
    uint8_t out[MAX];
    struct ring ring;

    (void)state;
    ring_init(&ring, MAX);
    assert_int_equal(ring_write(&ring, zeros, MAX), MAX);
    assert_int_equal(ring_write(&ring, zeros, 1), 0);
    ring_take(&ring, out, 1);
    assert_int_equal(ring_write(&ring, zeros, 2), 0);
    assert_int_equal(ring.len, MAX - 1);
    assert_int_equal(ring_write(&ring, zeros, 1), 1);
    ring_fini(&ring);
    assert_int_equal(ring.len, 0);
    assert_int_equal(ring_write(&ring, zeros, 70), 70);
    assert_int_equal(ring.cap, 128);
    ring_fini(&ring);
}

static void
little_costs_little(void **state)
{
    struct ring ring;
    uint8_t byte = 5;

    (void)state;
    ring_init(&ring, 1 << 20);
    assert_null(ring.data);
    for (int i = 0; i < 1000; i++) {
        assert_int_equal(ring_write(&ring, &byte, 1), 1);
        ring_take(&ring, &byte, 1);
    }
    assert_int_equal(byte, 5);
    assert_int_equal(ring.cap, 64);
    ring_fini(&ring);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_come_out_as_they_went_in_however_it_wraps),
        cmocka_unit_test(it_takes_all_or_nothing_up_to_its_maximum),
        cmocka_unit_test(little_costs_little),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
