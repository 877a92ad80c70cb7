#include "config.h"

#include "base/rate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const struct rate_limit five = { 5, 10 };

static void
a_burst_goes_through_and_then_so_many_a_second(void **state)
{
    struct rate rate = { 0 };

    (void)state;
    for (int i = 0; i < 10; i++)
        assert_true(rate_take(&rate, &five, 1, 1000));
    assert_false(rate_take(&rate, &five, 1, 1000));
    assert_false(rate_take(&rate, &five, 1, 1199));
    assert_true(rate_take(&rate, &five, 1, 1200));
    assert_false(rate_take(&rate, &five, 1, 1399));
    assert_true(rate_take(&rate, &five, 1, 1400));
}

static void
what_is_refused_costs_nothing(void **state)
{
    struct rate rate = { 0 };

    (void)state;
    assert_true(rate_take(&rate, &five, 9, 0));
    for (int i = 0; i < 100; i++)
        assert_false(rate_take(&rate, &five, 2, 0));
    assert_true(rate_take(&rate, &five, 1, 0));
}

static void
a_cost_over_the_burst_never_goes_through(void **state)
{
    struct rate rate = { 0 };

    (void)state;
    assert_false(rate_allows(&rate, &five, 11, UINT64_MAX));
    assert_false(rate_allows(&rate, &five, UINT64_MAX, UINT64_MAX));
    assert_true(rate_allows(&rate, &five, 10, UINT64_MAX));
}

static void
a_long_quiet_time_gives_one_burst_and_no_more(void **state)
{
    struct rate rate = { 0 };

    (void)state;
    assert_true(rate_take(&rate, &five, 10, 0));
    assert_true(rate_take(&rate, &five, 10, UINT64_MAX));
    assert_false(rate_take(&rate, &five, 1, UINT64_MAX));
}

static void
a_clock_that_steps_back_gives_nothing(void **state)
{
    struct rate rate = { 0 };

    (void)state;
    assert_true(rate_take(&rate, &five, 9, 5000));
    assert_true(rate_take(&rate, &five, 1, 4000));
    assert_false(rate_take(&rate, &five, 1, 5199));
    assert_true(rate_take(&rate, &five, 1, 5200));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_burst_goes_through_and_then_so_many_a_second),
        cmocka_unit_test(what_is_refused_costs_nothing),
        cmocka_unit_test(a_cost_over_the_burst_never_goes_through),
        cmocka_unit_test(a_long_quiet_time_gives_one_burst_and_no_more),
        cmocka_unit_test(a_clock_that_steps_back_gives_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
