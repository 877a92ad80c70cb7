/*
 * The disk fails: the n-th write or sync of a short script returns an error, for every n. pwrite, writev and
 * fdatasync below stand before those of libc for all of this program, the LMDB library included.
 */
#include "config.h"

#include "state/store.h"

#include <dlfcn.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "support/random.h"
#include "support/temp.h"
#include "support/temp_store.h"

static struct key *me, *alice;

/* Calls until the one that fails, counted down; 0: none does. */
static atomic_int calls_left;
static atomic_int calls_seen;
static atomic_int failures; /* how many in a row */
static atomic_int error_wanted;

static bool
fails_now(void)
{
    atomic_fetch_add(&calls_seen, 1);
    if (atomic_load(&calls_left) == 0 || atomic_fetch_sub(&calls_left, 1) > 1)
        return false;
    if (atomic_fetch_sub(&failures, 1) > 1)
        atomic_store(&calls_left, 1);
    errno = atomic_load(&error_wanted);
    return true;
}

static void *
real(const char *name)
{
    void *function = dlsym(RTLD_NEXT, name);

    if (function == NULL)
        abort();
    return function;
}

ssize_t
pwrite(int fd, const void *data, size_t len, off_t offset)
{
    static ssize_t (*next)(int, const void *, size_t, off_t);

    if (next == NULL)
        *(void **)&next = real("pwrite");
    return fails_now() ? -1 : next(fd, data, len, offset);
}

ssize_t
writev(int fd, const struct iovec *parts, int count)
{
    static ssize_t (*next)(int, const struct iovec *, int);

    if (next == NULL)
        *(void **)&next = real("writev");
    return fails_now() ? -1 : next(fd, parts, count);
}

int
fdatasync(int fd)
{
    static int (*next)(int);

    if (next == NULL)
        *(void **)&next = real("fdatasync");
    return fails_now() ? -1 : next(fd);
}

static void
fail_call(int n, int count, int error)
{
    atomic_store(&error_wanted, error);
    atomic_store(&failures, count);
    atomic_store(&calls_seen, 0);
    atomic_store(&calls_left, n);
}

/* --- the script -------------------------------------------------------------------------------------- */

enum { STEPS = 6 };

/* What each step wrote, if it was acknowledged. */
struct acknowledged {
    bool step[STEPS];
    uint8_t root[32]; /* of the last acknowledged step */
};

static enum lat_err
run_step(struct store *store, unsigned step)
{
    const char *pairs[] = { "imported", "[1, 2]", NULL };
    char key[16], value[16];

    snprintf(key, sizeof(key), "k%u", step);
    snprintf(value, sizeof(value), "%u", step);
    if (step == 3) {
        struct lat_buf list;
        uint8_t verdict;
        enum lat_err err;

        lat_buf_init(&list, 4096);
        add_record(&list, alice, 0, HLC_OF_MS(STORE_NOW_MS), key, value);
        err = merge_records(store, &list, 1, &verdict);
        lat_buf_fini(&list);
        return err;
    }
    if (step == 4)
        return import_pairs(store, 1, STORE_NOW_MS, pairs).err;
    return put_value(store, key, value).err;
}

static void
run_script(struct store *store, struct acknowledged *done)
{
    struct store_head head;

    store_head(store, &head);
    memcpy(done->root, head.root, 32);
    for (unsigned i = 0; i < STEPS; i++) {
        done->step[i] = run_step(store, i) == LAT_OK;
        store_head(store, &head);
        if (done->step[i])
            memcpy(done->root, head.root, 32);
        else
            assert_true(head.read_only && head.error[0] != 0);
    }
}

/* Everything acknowledged is there; what is there is whole. */
static void
check_store(struct store *store, const struct acknowledged *done)
{
    struct store_head head;
    struct reader *reader;
    uint64_t damaged = 0;

    for (unsigned i = 0; i < STEPS; i++) {
        char key[16];

        snprintf(key, sizeof(key), i == 4 ? "imported" : "k%u", i);
        if (done->step[i])
            assert_non_null(value_of(store, key));
    }
    store_head(store, &head);
    assert_false(head.damaged);
    assert_root_is_sound(store);
    assert_int_equal(reader_begin(store, &reader), LAT_OK);
    assert_int_equal(reader_verify(reader, NULL, NULL, &damaged), LAT_OK);
    assert_int_equal(damaged, 0);
    reader_end(reader);
}

/* Fail the n-th call of the script. Returns whether it came to that call. */
static bool
fail_nth(int n, int count, int error)
{
    struct store_options options;
    struct acknowledged done = { 0 };
    struct store *store;
    struct store_head head;
    char name[64];
    bool reached;

    snprintf(name, sizeof(name), "fault-%d-%d-%d", error, count, n);
    store_clock_set(STORE_NOW_MS);
    options = store_options_for(temp_path(name), me);
    store = open_store(&options);
    fail_call(n, count, error);
    run_script(store, &done);
    reached = atomic_load(&calls_left) == 0 || atomic_load(&failures) < count;
    fail_call(0, 0, 0);
    store_head(store, &head);
    /* In one case alone a batch may stand that was not acknowledged: when LMDB could not take its own
     * description back. */
    if (memcmp(head.root, done.root, 32) != 0)
        assert_true(reached);
    check_store(store, &done);
    store_close(store);
    store = open_store(&options);
    check_store(store, &done);
    for (unsigned i = 0; i < STEPS; i++)
        assert_int_equal(run_step(store, i), LAT_OK);
    check_store(store, &(struct acknowledged){ .step = { 1, 1, 1, 1, 1, 1 } });
    store_close(store);
    return reached;
}

static void
check_every_call(int count, int error)
{
    int n = 1;

    while (fail_nth(n, count, error))
        n++;
    assert_true(n > STEPS * 2); /* each step has writes and a sync */
}

static void
a_full_disk_at_any_call_loses_nothing_acknowledged(void **state)
{
    (void)state;
    check_every_call(1, ENOSPC);
}

static void
a_broken_disk_at_any_call_loses_nothing_acknowledged(void **state)
{
    (void)state;
    check_every_call(1, EIO);
    check_every_call(2, EIO); /* the second failure hits LMDB's attempt to take its description back */
}

static void
a_disk_that_becomes_read_only_loses_nothing_acknowledged(void **state)
{
    (void)state;
    check_every_call(1, EROFS);
}

/* Nothing can be written for this reason; then it can again. */
static void
check_recovery(const char *name, int error, enum lat_err expected, const char *reason)
{
    const struct timespec pause = { .tv_nsec = 100000000 };
    struct store_options options = store_options_for(temp_path(name), me);
    struct store *store = open_store(&options);
    struct store_written written;
    struct store_head before, head;

    assert_int_equal(put_value(store, "before", "1").err, LAT_OK);
    store_head(store, &before);
    fail_call(1, 1000000, error);
    written = put_value(store, "k", "1");
    assert_int_equal(written.err, expected);
    assert_non_null(strstr(written.text, reason));
    assert_memory_equal(written.root, before.root, 32);
    assert_int_equal(put_value(store, "k", "1").err, expected);
    store_head(store, &head);
    assert_true(head.read_only && strstr(head.error, reason));
    assert_null(value_of(store, "k"));
    assert_string_equal(value_of(store, "before"), "1");
    fail_call(0, 0, 0);
    for (unsigned i = 0; i < 80; i++) {
        store_head(store, &head);
        if (!head.read_only)
            break;
        nanosleep(&pause, NULL);
    }
    assert_false(head.read_only);
    assert_memory_equal(head.root, before.root, 32);
    assert_int_equal(put_value(store, "k", "1").err, LAT_OK);
    assert_root_is_sound(store);
    store_close(store);
}

static void
a_full_disk_makes_the_store_read_only_until_there_is_room(void **state)
{
    (void)state;
    check_recovery("room", ENOSPC, LAT_FULL, "make room");
}

static void
a_broken_or_read_only_disk_makes_the_store_read_only_until_it_is_back(void **state)
{
    (void)state;
    check_recovery("broken", EIO, LAT_READONLY, "Input/output error");
    check_recovery("locked", EROFS, LAT_READONLY, "Read-only file system");
}

static int
setup(void **state)
{
    me = seed_key(1);
    alice = seed_key(2);
    return temp_make(state);
}

static int
teardown(void **state)
{
    key_free(me);
    key_free(alice);
    return temp_remove(state);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_full_disk_at_any_call_loses_nothing_acknowledged),
        cmocka_unit_test(a_broken_disk_at_any_call_loses_nothing_acknowledged),
        cmocka_unit_test(a_disk_that_becomes_read_only_loses_nothing_acknowledged),
        cmocka_unit_test(a_full_disk_makes_the_store_read_only_until_there_is_room),
        cmocka_unit_test(a_broken_or_read_only_disk_makes_the_store_read_only_until_it_is_back),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
