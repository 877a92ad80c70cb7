/* test_heal_memory.c - peers that come and go: their back-off lasts, a healthy one's slate is clean, and strangers fill no memory. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "state/heal_memory.h"

#define T0 1000000

static struct heal_memory memory;
static struct heal_peer gone, back;

static int
begin(void **state)
{
    (void)state;
    heal_memory_clear(&memory);
    heal_peer_init(&gone);
    heal_peer_init(&back);
    return 0;
}

static int
end(void **state)
{
    (void)state;
    heal_peer_fini(&gone);
    heal_peer_fini(&back);
    return 0;
}

static void
fail_sessions(struct heal_peer *p, int count)
{
    for (int i = 0; i < count; i++)
        heal_peer_count(p, false, T0);
}

static void
one_that_comes_back_waits_as_long_as_if_it_had_stayed(void **state)
{
    (void)state;
    fail_sessions(&gone, 5);
    assert_int_equal(gone.pause_until_ms, T0 + 8000);
    heal_memory_keep(&memory, "porto", 5, &gone, T0 + 100);
    heal_memory_recall(&memory, "porto", 5, &back, T0 + 200);
    assert_int_equal(back.pause_until_ms, T0 + 8000);
    assert_int_equal(back.fruitless, 5);
    back.compared = back.wants = true;
    assert_false(heal_peer_is_due(&back, T0 + 7999));
    assert_true(heal_peer_is_due(&back, T0 + 8000));
}

static void
another_one_is_not_taken_for_it(void **state)
{
    (void)state;
    fail_sessions(&gone, 5);
    heal_memory_keep(&memory, "porto", 5, &gone, T0);
    heal_memory_recall(&memory, "porta", 5, &back, T0);
    heal_memory_recall(&memory, "port", 4, &back, T0);
    assert_int_equal(back.pause_until_ms, 0);
    assert_int_equal(back.fruitless, 0);
}

/* Three fruitless sessions make a pause, also when it goes after each of them. */
static void
coming_and_going_does_not_start_the_count_anew(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        struct heal_peer p;

        heal_peer_init(&p);
        heal_memory_recall(&memory, "porto", 5, &p, T0);
        assert_int_equal(p.fruitless, i);
        fail_sessions(&p, 1);
        heal_memory_keep(&memory, "porto", 5, &p, T0);
        heal_peer_fini(&p);
    }
    heal_memory_recall(&memory, "porto", 5, &back, T0);
    assert_int_equal(back.pause_until_ms, T0 + 2000);
}

static void
it_is_forgotten_in_time_by_progress_and_by_wish(void **state)
{
    (void)state;
    fail_sessions(&gone, 3);
    heal_memory_keep(&memory, "porto", 5, &gone, T0);
    heal_memory_recall(&memory, "porto", 5, &back, T0 + HEAL_PAUSE_MAX_MS);
    assert_int_equal(back.fruitless, 0);
    heal_memory_keep(&memory, "porto", 5, &gone, T0);
    heal_memory_clear(&memory);
    heal_memory_recall(&memory, "porto", 5, &back, T0);
    assert_int_equal(back.fruitless, 0);
    heal_peer_count(&gone, true, T0);
    heal_memory_keep(&memory, "porto", 5, &gone, T0);
    assert_int_equal(memory.count, 0);
}

static void
strangers_take_no_more_than_the_table(void **state)
{
    (void)state;
    fail_sessions(&gone, 20); /* a long pause: the last one to be given up */
    gone.pause_until_ms = T0 + 2 * HEAL_PAUSE_MAX_MS;
    heal_memory_keep(&memory, "porto", 5, &gone, T0);
    gone.pause_until_ms = 0;
    for (uint32_t i = 0; i < 5 * HEAL_MEMORY_MAX; i++)
        heal_memory_keep(&memory, &i, sizeof(i), &gone, T0 + i);
    assert_int_equal(memory.count, HEAL_MEMORY_MAX);
    heal_memory_recall(&memory, "porto", 5, &back, T0);
    assert_int_equal(back.fruitless, 20);
    heal_memory_keep(&memory, memory.rows, HEAL_MEMORY_ID_MAX + 1, &gone, T0);
    assert_int_equal(memory.count, HEAL_MEMORY_MAX - 1);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(one_that_comes_back_waits_as_long_as_if_it_had_stayed, begin, end),
        cmocka_unit_test_setup_teardown(another_one_is_not_taken_for_it, begin, end),
        cmocka_unit_test_setup_teardown(coming_and_going_does_not_start_the_count_anew, begin, end),
        cmocka_unit_test_setup_teardown(it_is_forgotten_in_time_by_progress_and_by_wish, begin, end),
        cmocka_unit_test_setup_teardown(strangers_take_no_more_than_the_table, begin, end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
