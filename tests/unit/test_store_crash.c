/*
 * A process that writes is killed at a random moment, again and again on one store. Whatever it had
 * acknowledged (through a pipe, written by the store's answer) must stand when the next one opens it.
 */
#include "config.h"

#include "state/store.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "support/random.h"
#include "support/temp.h"
#include "support/temp_store.h"

enum { ROUNDS = 20, ROUNDS_IN_CI = 200, KEYS = 200 };

static struct key *me;

/* --- the process that is killed ---------------------------------------------------------------------- */

struct sent {
    int fd;
    uint32_t key, number;
};

static void
acknowledge(void *arg, const struct store_written *written)
{
    struct sent *sent = arg;
    uint32_t note[2] = { sent->key, sent->number };

    if (written->err == LAT_OK && write(sent->fd, note, sizeof(note)) != sizeof(note))
        _exit(1);
    free(sent);
}

/* Write without end: `number` goes up, so a value tells which write it came from. */
static void
write_until_killed(const struct store_options *options, int fd, uint64_t seed, uint32_t number)
{
    const struct timespec pause = { .tv_nsec = 200000 };
    struct store *store = NULL;
    struct lat_msg why;

    if (store_open(options, &store, &why) != LAT_OK)
        _exit(1);
    for (;;) {
        struct sent *sent = malloc(sizeof(*sent));
        char key[16], value[400];
        int len;

        if (sent == NULL)
            _exit(1);
        *sent = (struct sent){ .fd = fd, .key = (uint32_t)random_below(&seed, KEYS), .number = number };
        snprintf(key, sizeof(key), "k%u", sent->key);
        len = snprintf(value, sizeof(value), "[%u, \"%0*u\"]", number, (int)random_below(&seed, 300) + 1, 0u);
        if (store_write(store, (const uint8_t *)key, strlen(key), (const uint8_t *)value, (size_t)len,
                        STORE_MATCH_ANY, NULL, acknowledge, sent) == LAT_OK)
            number++;
        else
            free(sent);
        if (random_below(&seed, 20) == 0)
            nanosleep(&pause, NULL);
    }
}

/* --- the one that looks ------------------------------------------------------------------------------ */

struct expected {
    uint32_t acknowledged[KEYS]; /* number of the last write that was; 0: none */
};

static size_t
read_notes(int fd, struct expected *expected)
{
    uint32_t note[2];
    size_t count = 0;

    while (read(fd, note, sizeof(note)) == sizeof(note)) {
        assert_true(note[0] < KEYS && note[1] > expected->acknowledged[note[0]]);
        expected->acknowledged[note[0]] = note[1];
        count++;
    }
    return count;
}

/* Returns the greatest number that stands. */
static uint32_t
check_store(const struct store_options *options, const struct expected *expected)
{
    struct store *store = open_store(options);
    struct store_head head;
    struct reader *reader;
    uint32_t newest = 0;
    uint64_t damaged = 0;

    store_head(store, &head);
    assert_false(head.damaged);
    for (uint32_t i = 0; i < KEYS; i++) {
        char key[16];
        const char *value;
        uint32_t number = 0;

        snprintf(key, sizeof(key), "k%u", i);
        value = value_of(store, key);
        if (value != NULL)
            assert_int_equal(sscanf(value, "[%u,", &number), 1);
        assert_true(number >= expected->acknowledged[i]);
        newest = number > newest ? number : newest;
    }
    assert_root_is_sound(store);
    assert_int_equal(reader_begin(store, &reader), LAT_OK);
    assert_int_equal(reader_verify(reader, NULL, NULL, &damaged), LAT_OK);
    assert_int_equal(damaged, 0);
    reader_end(reader);
    store_close(store);
    return newest;
}

static void
kill_at_some_moment(pid_t child, uint64_t *seed)
{
    const struct timespec wait = { .tv_nsec = (long)(1 + random_below(seed, 80)) * 1000000 };
    int status;

    nanosleep(&wait, NULL);
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

static void
nothing_acknowledged_is_lost_to_a_kill(void **state)
{
    struct store_options options = store_options_for(temp_path("killed"), me);
    static struct expected expected;
    uint64_t seed = 5;
    uint32_t number = 1;
    size_t acknowledged = 0;
    unsigned rounds = getenv("CI") != NULL ? ROUNDS_IN_CI : ROUNDS;

    (void)state;
    for (unsigned round = 0; round < rounds; round++) {
        int ends[2];
        pid_t child;

        assert_int_equal(pipe(ends), 0);
        fflush(NULL);
        child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            close(ends[0]);
            write_until_killed(&options, ends[1], seed + round, number);
        }
        close(ends[1]);
        kill_at_some_moment(child, &seed);
        acknowledged += read_notes(ends[0], &expected);
        close(ends[0]);
        number = check_store(&options, &expected) + 1;
    }
    print_message("%zu writes acknowledged over %u kills\n", acknowledged, rounds);
    assert_true(acknowledged > rounds);
}

static int
setup(void **state)
{
    me = seed_key(1);
    return temp_make(state);
}

static int
teardown(void **state)
{
    key_free(me);
    return temp_remove(state);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_acknowledged_is_lost_to_a_kill),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
