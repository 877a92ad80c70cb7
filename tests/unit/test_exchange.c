/* test_exchange.c - the meeting point of the threads: newest snapshot, bounded queue, tickets. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "view/exchange.h"
#include "view/source.h"

static struct snapshot *
numbered(uint64_t number)
{
    struct snapshot *s = snapshot_new();

    assert_non_null(s);
    s->number = number;
    return s;
}

static bool
readable(int fd)
{
    struct pollfd p = { .fd = fd, .events = POLLIN };

    return poll(&p, 1, 0) == 1;
}

static void
the_newest_snapshot_replaces_the_former_and_wakes_watchers(void **state)
{
    struct exchange *x = exchange_new();
    const struct snapshot *first, *second;
    int fd = exchange_watch(x);

    (void)state;
    assert_null(exchange_latest(x));
    assert_false(readable(fd));
    exchange_publish(x, numbered(1));
    assert_true(readable(fd));
    first = exchange_latest(x);
    exchange_publish(x, numbered(2));
    second = exchange_latest(x);
    assert_int_equal(first->number, 1); /* a held reference never changes */
    assert_int_equal(second->number, 2);
    snapshot_unref(first);
    snapshot_unref(second);
    exchange_unwatch(x, fd);
    exchange_free(x);
}

static void
a_full_queue_refuses_and_the_caller_keeps_the_command(void **state)
{
    struct exchange *x = exchange_new();
    struct command *extra = command_new(COMMAND_POLL);

    (void)state;
    for (int i = 0; i < EXCHANGE_QUEUE_MAX; i++)
        assert_int_equal(exchange_submit(x, command_new(COMMAND_POLL)), LAT_OK);
    assert_int_equal(exchange_submit(x, extra), LAT_BUSY);
    command_free(extra);
    exchange_free(x);
}

static void
closing_answers_what_waits(void **state)
{
    struct exchange *x = exchange_new();
    struct command *command = command_new(COMMAND_PUT);
    struct ticket *ticket = ticket_new(NULL, NULL);

    (void)state;
    command->ticket = ticket;
    assert_int_equal(exchange_submit(x, command), LAT_OK);
    assert_null(ticket_reply(ticket));
    exchange_close(x);
    assert_int_equal(ticket_reply(ticket)->err, LAT_CLOSED);
    command = command_new(COMMAND_POLL);
    assert_int_equal(exchange_submit(x, command), LAT_CLOSED);
    command_free(command);
    ticket_unref(ticket);
    exchange_free(x);
}

static void *
answer_one(void *arg)
{
    struct exchange *x = arg;
    struct command *command;
    struct reply reply = { .err = LAT_OK, .text = "done" };

    while ((command = exchange_take(x)) == NULL)
        usleep(1000);
    ticket_complete(command->ticket, &reply);
    command->ticket = NULL;
    command_free(command);
    return NULL;
}

static void
a_ticket_brings_the_answer_from_another_thread(void **state)
{
    struct exchange *x = exchange_new();
    struct command *command = command_new(COMMAND_DELETE);
    struct ticket *ticket = ticket_new(NULL, NULL);
    pthread_t thread;

    (void)state;
    command->ticket = ticket;
    assert_null(ticket_wait(ticket, 10)); /* nobody has answered */
    assert_int_equal(exchange_submit(x, command), LAT_OK);
    pthread_create(&thread, NULL, answer_one, x);
    assert_non_null(ticket_wait(ticket, 5000));
    assert_string_equal(ticket_reply(ticket)->text, "done");
    pthread_join(thread, NULL);
    ticket_unref(ticket);
    exchange_free(x);
}

static void
the_condition_follows_the_state_of_the_lungs(void **state)
{
    struct snapshot *s = snapshot_new();

    (void)state;
    s->trusted_keys = 1;
    s->lung.state = LUNG_P2P;
    assert_int_equal(snapshot_condition(s), 0);
    s->lung.degraded = true;
    assert_int_equal(snapshot_condition(s), 1);
    s->lung.state = LUNG_HTTP;
    assert_int_equal(snapshot_condition(s), 1);
    s->lung.state = LUNG_ISOLATED;
    assert_int_equal(snapshot_condition(s), 2);
    s->lung.state = LUNG_HTTP;
    s->source_count = 1;
    s->sources[0].stand.differs_ms = 61000;
    assert_int_equal(snapshot_condition(s), 2);
    snapshot_unref(s);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_newest_snapshot_replaces_the_former_and_wakes_watchers),
        cmocka_unit_test(a_full_queue_refuses_and_the_caller_keeps_the_command),
        cmocka_unit_test(closing_answers_what_waits),
        cmocka_unit_test(a_ticket_brings_the_answer_from_another_thread),
        cmocka_unit_test(the_condition_follows_the_state_of_the_lungs),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
