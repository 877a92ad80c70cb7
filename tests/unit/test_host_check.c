/* test_host_check.c - signature checks on worker threads: each message is told of once, with what is true of it. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "p2p/host_check.h"
#include "p2p/identity.h"

#define MESSAGES 300

struct fixture {
    uv_loop_t loop;
    struct host_check *check;
    struct key *key;
    struct identity identity;
    struct gossip_message *messages[MESSAGES];
    size_t told[MESSAGES];
    enum lat_err results[MESSAGES];
    size_t count, turns, dropped;
    bool close_on_first;
};

/* Every seventh is forged. */
static void
make_messages(struct fixture *f)
{
    for (size_t i = 0; i < MESSAGES; i++) {
        struct gossip_message *good;

        assert_int_equal(gossip_message_make(&f->identity.peer, i, "topic", "text", 4, identity_sign, &f->identity, &good), LAT_OK);
        if (i % 7 == 0) {
            uint8_t bytes[512];

            memcpy(bytes, good->bytes, good->len);
            bytes[good->len - 1] ^= 1;
            assert_int_equal(gossip_message_read(bytes, good->len, &f->messages[i]), LAT_OK);
            gossip_message_unref(good);
        } else {
            f->messages[i] = good;
        }
    }
}

static void *
examine(void *arg, const struct gossip_message *message)
{
    (void)arg;
    return (void *)(uintptr_t)message->bytes; /* any pointer that says which */
}

static void
checked(void *arg, struct gossip_message *message, enum lat_err result, void *found)
{
    struct fixture *f = arg;

    assert_true(message->seqno < MESSAGES);
    assert_ptr_equal(f->messages[message->seqno], message);
    assert_ptr_equal(found, result ? NULL : (void *)(uintptr_t)message->bytes);
    f->told[message->seqno]++;
    f->results[message->seqno] = result;
    f->count++;
    if (f->close_on_first && f->check) {
        host_check_close(f->check);
        f->check = NULL;
    }
}

static void
turned(void *arg)
{
    struct fixture *f = arg;

    f->turns++;
}

static void
drop(void *found)
{
    assert_non_null(found);
}

static const struct host_check_ops ops = { .examine = examine, .checked = checked, .drop = drop, .turned = turned };

static int
setup(void **state)
{
    static struct fixture f;
    uint8_t seed[KEY_SEED_LEN] = { 3 };

    f = (struct fixture){ .count = 0 };
    assert_int_equal(uv_loop_init(&f.loop), 0);
    assert_int_equal(key_from_seed(seed, &f.key), LAT_OK);
    identity_init(&f.identity, f.key);
    make_messages(&f);
    f.check = host_check_new(&f.loop, 3, &ops, &f);
    assert_non_null(f.check);
    *state = &f;
    return 0;
}

static int
teardown(void **state)
{
    struct fixture *f = *state;

    host_check_close(f->check);
    uv_run(&f->loop, UV_RUN_DEFAULT);
    for (size_t i = 0; i < MESSAGES; i++) {
        assert_int_equal(f->messages[i]->refs, 1); /* all others were given back */
        gossip_message_unref(f->messages[i]);
    }
    key_free(f->key);
    return uv_loop_close(&f->loop);
}

static void
each_is_told_once_and_forged_ones_apart(void **state)
{
    struct fixture *f = *state;

    for (size_t i = 0; i < MESSAGES; i++)
        assert_int_equal(host_check_add(f->check, f->messages[i]), LAT_OK);
    uv_run(&f->loop, UV_RUN_DEFAULT);
    for (size_t i = 0; i < MESSAGES; i++) {
        assert_int_equal(f->told[i], 1);
        assert_int_equal(f->results[i], i % 7 == 0 ? LAT_AUTH : LAT_OK);
    }
    assert_true(f->turns >= MESSAGES / HOST_CHECK_BATCH && f->turns < MESSAGES); /* several a turn */
}

static void
after_the_close_nothing_is_told_and_nothing_kept(void **state)
{
    struct fixture *f = *state;

    f->close_on_first = true;
    for (size_t i = 0; i < MESSAGES; i++)
        assert_int_equal(host_check_add(f->check, f->messages[i]), LAT_OK);
    uv_run(&f->loop, UV_RUN_DEFAULT);
    assert_int_equal(f->count, 1);
    assert_null(f->check);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(each_is_told_once_and_forged_ones_apart, setup, teardown),
        cmocka_unit_test_setup_teardown(after_the_close_nothing_is_told_and_nothing_kept, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
