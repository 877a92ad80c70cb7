#include "config.h"

#include "state/store.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "support/random.h"
#include "support/temp.h"
#include "support/temp_store.h"

enum { READERS = 8, VALUES = 160, VALUE_LEN = 60000 };

static struct key *me;

/* A JSON string of one digit again and again: the value of number n is n % 10 all through. */
static char *
long_value(unsigned n)
{
    char *value = malloc(VALUE_LEN + 1);

    assert_non_null(value);
    memset(value, (int)('0' + n % 10), VALUE_LEN);
    value[0] = value[VALUE_LEN - 1] = '"';
    value[VALUE_LEN] = 0;
    return value;
}

struct watch {
    struct store *store;
    atomic_bool stop;
    atomic_uint begun, wrong;
};

static enum lat_err
check_value(void *arg, const struct record *record)
{
    struct watch *watch = arg;

    for (size_t i = 1; i + 1 < record->value_len; i++)
        if (record->value[i] != record->value[1])
            atomic_fetch_add(&watch->wrong, 1);
    return LAT_OK;
}

/* Read everything again and again, holding each transaction for a while. */
static void *
watch_store(void *arg)
{
    static const uint8_t zeros[32];
    struct watch *watch = arg;
    const struct timespec pause = { .tv_nsec = 2000000 };

    while (!atomic_load(&watch->stop)) {
        struct reader *reader;
        uint64_t damaged = 0, count, hlc;
        uint8_t root[32], top[32];

        if (reader_begin(watch->store, &reader) != LAT_OK) {
            atomic_fetch_add(&watch->wrong, 1);
            return NULL;
        }
        reader_root(reader, root, &count, &hlc);
        nanosleep(&pause, NULL);
        if (reader_each(reader, zeros, check_value, watch, &damaged) != LAT_OK || damaged > 0)
            atomic_fetch_add(&watch->wrong, 1);
        if (reader_subtree(reader, zeros, 0, &hlc, top) != LAT_OK || hlc != count)
            atomic_fetch_add(&watch->wrong, 1);
        reader_end(reader);
        atomic_fetch_add(&watch->begun, 1);
    }
    return NULL;
}

static void
the_map_grows_under_eight_readers(void **state)
{
    struct store_options options = store_options_for(temp_path("grows"), me);
    struct watch watch = { 0 };
    pthread_t threads[READERS];
    struct store_head head;
    struct store *store;

    (void)state;
    options.map_start = 128 << 10;
    store = watch.store = open_store(&options);
    for (unsigned i = 0; i < READERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, watch_store, &watch), 0);
    for (unsigned i = 0; i < VALUES; i++) {
        char *value = long_value(i), key[16];

        snprintf(key, sizeof(key), "k%u", i);
        assert_int_equal(put_value(store, key, value).err, LAT_OK);
        free(value);
    }
    atomic_store(&watch.stop, true);
    for (unsigned i = 0; i < READERS; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(atomic_load(&watch.wrong), 0);
    assert_true(atomic_load(&watch.begun) >= READERS);
    store_head(store, &head);
    assert_int_equal(head.keys, VALUES);
    assert_true(head.file_bytes > (uint64_t)VALUES * VALUE_LEN);
    assert_root_is_sound(store);
    store_close(store);
}

/* Fill until it refuses; how many fitted. */
static unsigned
fill_up(struct store *store, struct store_written *refused)
{
    unsigned n = 0;

    do {
        char *value = long_value(n), key[16];

        snprintf(key, sizeof(key), "k%u", n);
        *refused = put_value(store, key, value);
        free(value);
        n++;
    } while (!refused->err && n < 1000);
    return n - 1;
}

static void
at_its_limit_the_store_refuses_and_recovers(void **state)
{
    struct store_options options = store_options_for(temp_path("full"), me);
    const struct timespec pause = { .tv_nsec = 100000000 };
    struct store_written refused, written;
    struct store_head before, head;
    struct store *store;
    unsigned fitted;

    (void)state;
    options.map_start = 128 << 10;
    options.map_max = 2 << 20;
    store = open_store(&options);
    fitted = fill_up(store, &refused);
    assert_true(fitted > 10 && fitted < 40);
    assert_int_equal(refused.err, LAT_FULL);
    assert_non_null(strstr(refused.text, "LATTICE_STORE_MAX"));
    store_head(store, &before);
    assert_true(before.read_only);
    assert_int_equal(before.keys, fitted);
    assert_string_equal(before.error, refused.text);
    assert_root_is_sound(store);                                 /* it still serves */
    assert_int_equal(put_value(store, "k0", "1").err, LAT_FULL); /* at once, until the next try is due */
    for (unsigned i = 0; i < 80; i++) {
        store_head(store, &head);
        if (!head.read_only)
            break;
        nanosleep(&pause, NULL);
    }
    assert_false(head.read_only);
    assert_string_equal(head.error, "");
    assert_memory_equal(head.root, before.root, 32);
    written = put_value(store, "k0", NULL); /* room again */
    assert_int_equal(written.err, LAT_OK);
    assert_root_is_sound(store);
    store_close(store);
}

static void
a_map_limit_below_what_is_stored_still_opens(void **state)
{
    struct store_options options = store_options_for(temp_path("smaller"), me);
    struct store *store = open_store(&options);
    struct store_written refused;
    unsigned fitted;

    (void)state;
    options.map_max = 4 << 20;
    store_close(store);
    store = open_store(&options);
    fitted = fill_up(store, &refused);
    store_close(store);
    options.map_max = 1 << 20;
    store = open_store(&options);
    assert_non_null(value_of(store, "k1"));
    assert_true(fitted > 30);
    assert_root_is_sound(store);
    store_close(store);
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define NEED_ADDRESS_SPACE true /* the sanitizers take it all themselves */
#else
#define NEED_ADDRESS_SPACE false
#endif

/* In a process of its own, which may ask for little address space. Exits with 0 when all is well. */
static int
open_within(uint64_t limit, uint64_t map_max)
{
    struct store_options options = store_options_for(temp_path("limited"), me);
    struct rlimit space = { .rlim_cur = limit, .rlim_max = limit };
    struct store *store = NULL;
    struct lat_msg why;

    options.map_max = map_max;
    if (setrlimit(RLIMIT_AS, &space) != 0 || store_open(&options, &store, &why) != LAT_OK)
        return 1;
    if (put_value(store, "k", "1").err != LAT_OK)
        return 2;
    store_close(store);
    return 0;
}

static void
a_limit_of_address_space_halves_the_map(void **state)
{
    int status;
    pid_t child;

    (void)state;
    if (NEED_ADDRESS_SPACE)
        skip();
    fflush(NULL);
    child = fork();
    assert_true(child >= 0);
    if (child == 0)
        _exit(open_within(UINT64_C(5) << 30, UINT64_C(64) << 30));
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
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
        cmocka_unit_test(the_map_grows_under_eight_readers),
        cmocka_unit_test(at_its_limit_the_store_refuses_and_recovers),
        cmocka_unit_test(a_limit_of_address_space_halves_the_map),
        cmocka_unit_test(a_map_limit_below_what_is_stored_still_opens),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
