/* test_recent.c - a set that forgets: against one that remembers everything. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "p2p/recent.h"
#include "support/random.h"

#define NUMBERS 500

static void
it_holds_what_came_until_it_is_too_old(void **state)
{
    struct recent r;

    (void)state;
    recent_init(&r, 1024, 100);
    assert_false(recent_has(&r, 7));
    assert_true(recent_add(&r, 7, 1000));
    assert_false(recent_add(&r, 7, 1050)); /* and keeps its time */
    assert_true(recent_add(&r, 0, 1060));
    assert_true(recent_has(&r, 0));
    recent_expire(&r, 1099);
    assert_true(recent_has(&r, 7));
    recent_expire(&r, 1100);
    assert_false(recent_has(&r, 7));
    assert_true(recent_has(&r, 0));
    recent_fini(&r);
}

static void
when_it_is_full_the_oldest_go(void **state)
{
    struct recent r;

    (void)state;
    recent_init(&r, 128, 1000);
    for (uint64_t i = 1; i <= 1000; i++)
        assert_true(recent_add(&r, i * 64, i)); /* many share their last bits */
    assert_int_equal(r.count, 128);
    assert_int_equal(r.cap, 128);
    for (uint64_t i = 1; i <= 1000; i++)
        assert_int_equal(recent_has(&r, i * 64), i > 872);
    recent_fini(&r);
}

/* Random steps beside an array of the times at which each number came. */
static void
it_agrees_with_a_simple_model(void **state)
{
    uint64_t came[NUMBERS] = { 0 }, seed = 1, now = 1000;
    struct recent r;

    (void)state;
    recent_init(&r, 4096, 300);
    for (int step = 0; step < 200000; step++) {
        size_t i = random_below(&seed, NUMBERS);
        uint64_t number = (i + 1) * (i % 3 ? 1024 : 1);

        now += random_below(&seed, 3) == 0;
        switch (random_below(&seed, 4)) {
        case 0:
            recent_remove(&r, number);
            came[i] = 0;
            break;
        case 1:
            recent_expire(&r, now);
            for (size_t j = 0; j < NUMBERS; j++)
                came[j] = came[j] && now - came[j] >= 300 ? 0 : came[j];
            break;
        default:
            assert_int_equal(recent_add(&r, number, now), came[i] == 0);
            came[i] = came[i] ? came[i] : now;
            now++; /* one that was taken out and came again has another time */
            break;
        }
        assert_int_equal(recent_has(&r, number), came[i] != 0);
    }
    recent_fini(&r);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_holds_what_came_until_it_is_too_old),
        cmocka_unit_test(when_it_is_full_the_oldest_go),
        cmocka_unit_test(it_agrees_with_a_simple_model),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
