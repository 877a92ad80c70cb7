/*
 * Memory runs out: the n-th allocation of a short script fails, for every n. malloc, calloc and realloc below stand before those
 * of libc for all of this program, LMDB and OpenSSL included.
 */
#include "config.h"

#include "state/store.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "support/temp.h"
#include "support/temp_store.h"

/* A sanitizer has its own malloc, which nothing can stand before. */
#if defined(__GLIBC__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)

void *__libc_malloc(size_t len);
void *__libc_calloc(size_t count, size_t len);
void *__libc_realloc(void *old, size_t len);

static atomic_int allocations_left; /* until the one that fails, counted down; 0: none does */

static bool
fails_now(void)
{
    if (atomic_load(&allocations_left) == 0 || atomic_fetch_sub(&allocations_left, 1) != 1)
        return false;
    errno = ENOMEM;
    return true;
}

void *
malloc(size_t len)
{
    return fails_now() ? NULL : __libc_malloc(len);
}

void *
calloc(size_t count, size_t len)
{
    return fails_now() ? NULL : __libc_calloc(count, len);
}

void *
realloc(void *old, size_t len)
{
    return fails_now() ? NULL : __libc_realloc(old, len);
}

/* --- the script -------------------------------------------------------------------------------------- */

enum { STEPS = 5 };

static struct key *me, *alice;
static struct lat_buf foreign; /* a record of alice, as store_merge takes it */

static const char *const step_keys[STEPS] = { "a", "b", "merged", "imported", "a" };

static enum lat_err
run_step(struct store *store, unsigned step)
{
    const char *pairs[] = { "imported", "[1, 2]", NULL };
    struct lat_buf list = { .len = foreign.len, .cap = foreign.len, .max = foreign.len };
    uint8_t bytes[512], verdict = 255;
    enum lat_err err;

    if (step == 3)
        return import_pairs(store, 1, STORE_NOW_MS, pairs).err;
    if (step != 2)
        return put_value(store, step_keys[step], step == 4 ? "{\"second\": true}" : "1").err;
    memcpy(bytes, foreign.data, foreign.len);
    list.data = bytes;
    err = merge_records(store, &list, 1, &verdict);
    return err ? err : verdict == VERDICT_APPLIED || verdict == VERDICT_HAD_IT ? LAT_OK : LAT_SYS;
}

/* What was acknowledged is there, all of it is sound, and it takes writes. */
static void
check_store(struct store *store, const bool done[STEPS])
{
    struct reader *reader;
    uint64_t damaged = 0;

    for (unsigned i = 0; i < STEPS; i++) {
        if (done[i])
            assert_non_null(value_of(store, step_keys[i]));
    }
    if (done[4])
        assert_string_equal(value_of(store, "a"), "{\"second\": true}");
    assert_root_is_sound(store);
    assert_int_equal(reader_begin(store, &reader), LAT_OK);
    assert_int_equal(reader_verify(reader, NULL, NULL, &damaged), LAT_OK);
    assert_int_equal(damaged, 0);
    reader_end(reader);
}

/* --- the process that runs out of memory --------------------------------------------------------------- */

enum ending { RAN, NEVER_FAILED, STOPPED, ENDINGS };

/* Tells by a byte each what was acknowledged. */
static _Noreturn void
run_script(const struct store_options *options, int n, int fd)
{
    struct store *store = open_store(options);
    enum ending ending;

    atomic_store(&allocations_left, n);
    for (uint8_t i = 0; i < STEPS; i++) {
        enum lat_err err = run_step(store, i), read_err;

        if (err == LAT_OK && write(fd, &i, 1) != 1)
            _exit(ENDINGS);
        read_err = get_err(store, "a");
        if ((err && err != LAT_NOMEM && err != LAT_READONLY) || (read_err && read_err != LAT_NOMEM && read_err != LAT_NOTFOUND))
            _exit(ENDINGS);
    }
    ending = atomic_exchange(&allocations_left, 0) == 0 ? RAN : NEVER_FAILED;
    store_close(store);
    _exit(ending);
}

/* A thread's first hash may need memory, and without it nothing goes on: then the program stops, which must cost nothing either. */
static enum ending
wait_for_ending(pid_t child)
{
    int status;

    assert_int_equal(waitpid(child, &status, 0), child);
    if (WIFSIGNALED(status)) {
        assert_int_equal(WTERMSIG(status), SIGABRT);
        return STOPPED;
    }
    assert_true(WEXITSTATUS(status) < ENDINGS);
    return (enum ending)WEXITSTATUS(status);
}

/* Run it in a process of its own; done: what it has acknowledged. */
static enum ending
run_apart(void (*script)(const struct store_options *, int, int), const struct store_options *options, int n,
          bool done[STEPS])
{
    uint8_t step;
    int ends[2];
    pid_t child;

    assert_int_equal(pipe(ends), 0);
    fflush(NULL);
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        (void)!freopen("/dev/null", "w", stderr);
        script(options, n, ends[1]);
    }
    close(ends[1]);
    while (read(ends[0], &step, 1) == 1)
        done[step] = true;
    close(ends[0]);
    return wait_for_ending(child);
}

static enum ending
fail_nth_of_script(int n)
{
    bool done[STEPS] = { false };
    struct store_options options;
    struct store *store;
    enum ending ending;
    char name[32];

    snprintf(name, sizeof(name), "script-%d", n);
    options = store_options_for(temp_path(name), me);
    ending = run_apart(run_script, &options, n, done);
    store = open_store(&options);
    check_store(store, done);
    for (unsigned i = 0; i < STEPS; i++)
        assert_int_equal(run_step(store, i), LAT_OK);
    check_store(store, (const bool[STEPS]){ true, true, true, true, true });
    store_close(store);
    return ending;
}

static void
memory_that_runs_out_at_any_allocation_loses_nothing_acknowledged(void **state)
{
    int count[ENDINGS] = { 0 };

    (void)state;
    for (int n = 1; count[NEVER_FAILED] == 0; n++)
        count[fail_nth_of_script(n)]++;
    print_message("%d allocations failed and were lived with, %d stopped the program\n", count[RAN], count[STOPPED]);
    assert_true(count[RAN] > STEPS * 4); /* each step has a job, a record, a change of the trie */
    assert_true(count[STOPPED] <= 4);
}

static _Noreturn void
open_once(const struct store_options *options, int n, int fd)
{
    struct lat_msg why = { "" };
    struct store *store;
    enum lat_err err;
    bool reached;

    (void)fd;
    atomic_store(&allocations_left, n);
    err = store_open(options, &store, &why);
    reached = atomic_exchange(&allocations_left, 0) == 0;
    if (err && (!reached || (err != LAT_NOMEM && err != LAT_SYS)))
        _exit(ENDINGS);
    if (!err)
        store_close(store);
    _exit(reached ? RAN : NEVER_FAILED);
}

static void
memory_that_runs_out_while_a_store_is_opened_leaves_it_as_it_was(void **state)
{
    struct store_options options = store_options_for(temp_path("opened"), me);
    struct store *store = open_store(&options);
    int count[ENDINGS] = { 0 };
    bool none[STEPS];

    (void)state;
    assert_int_equal(put_value(store, "a", "1").err, LAT_OK);
    store_close(store);
    for (int n = 1; count[NEVER_FAILED] == 0; n++)
        count[run_apart(open_once, &options, n, none)]++;
    assert_true(count[RAN] > 4);
    store = open_store(&options);
    assert_string_equal(value_of(store, "a"), "1");
    assert_root_is_sound(store);
    store_close(store);
}

static int
setup(void **state)
{
    struct store *store;
    struct store_options options;

    me = seed_key(1);
    alice = seed_key(2);
    store_clock_set(STORE_NOW_MS);
    lat_buf_init(&foreign, 512);
    add_record(&foreign, alice, 0, HLC_OF_MS(STORE_NOW_MS), "merged", "2");
    if (temp_make(state) != 0)
        return -1;
    options = store_options_for(temp_path("first"), me); /* libraries allocate once for all: that is none of the script's */
    store = open_store(&options);
    for (unsigned i = 0; i < STEPS; i++)
        assert_int_equal(run_step(store, i), LAT_OK);
    store_close(store);
    return 0;
}

static int
teardown(void **state)
{
    lat_buf_fini(&foreign);
    key_free(me);
    key_free(alice);
    return temp_remove(state);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_that_runs_out_at_any_allocation_loses_nothing_acknowledged),
        cmocka_unit_test(memory_that_runs_out_while_a_store_is_opened_leaves_it_as_it_was),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}

#else

int
main(void)
{
    puts("skipped: a sanitizer's malloc, or no glibc: allocations cannot be made to fail one by one");
    return 77;
}

#endif
