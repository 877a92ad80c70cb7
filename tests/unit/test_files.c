#include "config.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/text.h"
#include "node/files.h"
#include "support/temp.h"

static const char seed_hex[] = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";
static const char public_hex[] = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";

static mode_t
mode_of(const char *name)
{
    struct stat st;

    assert_int_equal(stat(temp_path(name), &st), 0);
    return st.st_mode & 0777;
}

static void
put_private(const char *name, const char *text)
{
    temp_write(name, text);
    assert_int_equal(chmod(temp_path(name), 0600), 0);
}

static void
assert_public(struct key *key, const char *expected)
{
    char hex[2 * KEY_PUBLIC_LEN + 1];

    lat_hex(key_public(key), KEY_PUBLIC_LEN, hex);
    assert_string_equal(hex, expected);
}

static void
the_directory_is_made_private(void **state)
{
    struct lat_msg why;
    int fd = -1;

    (void)state;
    assert_int_equal(files_lock(temp_path("new/state"), &fd, &why), LAT_OK);
    assert_int_equal(mode_of("new/state"), 0700);
    assert_int_equal(mode_of("new/state/lock"), 0600);
    files_unlock(fd);
    assert_int_equal(chmod(temp_path("new/state"), 0755), 0);
    assert_int_equal(files_lock(temp_path("new/state"), &fd, &why), LAT_OK);
    assert_int_equal(mode_of("new/state"), 0700); /* closed to readers */
    files_unlock(fd);
}

static void
a_directory_that_others_write_to_is_refused(void **state)
{
    struct lat_msg why = { "" };
    int fd = 7;

    (void)state;
    assert_int_equal(mkdir(temp_path("open"), 0700), 0);
    assert_int_equal(chmod(temp_path("open"), 0770), 0);
    assert_int_equal(files_lock(temp_path("open"), &fd, &why), LAT_AUTH);
    assert_non_null(strstr(why.text, "chmod 700 "));
    assert_int_equal(fd, 7); /* outputs untouched on error */
    put_private("plain", "");
    assert_int_equal(files_lock(temp_path("plain"), &fd, &why), LAT_SYS);
    assert_non_null(strstr(why.text, "--state-dir"));
}

/* In a child, so that it is another process that holds the lock. Returns its pid; *ready is readable when it
 * does. */
static pid_t
hold_in_child(const char *dir, int *ready)
{
    int ends[2];
    pid_t child;

    assert_int_equal(pipe(ends), 0);
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        int fd;
        char held = files_lock(dir, &fd, NULL) ? 'n' : 'y';

        if (write(ends[1], &held, 1) != 1)
            _exit(1);
        pause();
        _exit(0);
    }
    close(ends[1]);
    *ready = ends[0];
    return child;
}

static void
a_second_process_is_told_who_holds_it(void **state)
{
    struct lat_msg why = { "" };
    char expected[64], hint[400], held = 0;
    int ready, fd = -1;
    pid_t child;

    (void)state;
    child = hold_in_child(temp_path("held"), &ready);
    assert_int_equal(read(ready, &held, 1), 1);
    assert_int_equal(held, 'y');
    assert_int_equal(files_lock(temp_path("held"), &fd, &why), LAT_BUSY);
    snprintf(expected, sizeof(expected), "held by process %ld since 20", (long)child);
    assert_non_null(strstr(why.text, expected));
    snprintf(hint, sizeof(hint), "'lattice attach --state-dir %s'", temp_path("held")); /* without it another node would be asked */
    assert_non_null(strstr(why.text, hint));
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, NULL, 0), child);
    close(ready);
    assert_int_equal(files_lock(temp_path("held"), &fd, &why), LAT_OK); /* a killed holder leaves no lock */
    files_unlock(fd);
}

static void
a_strange_lock_file_is_not_shown_as_it_is(void **state)
{
    struct lat_msg why = { "" };
    int fd = -1, second = -1;

    (void)state;
    assert_int_equal(files_lock(temp_path("strange"), &fd, &why), LAT_OK);
    temp_write("strange/lock", "\x1b[2J 12\x1b[31m");
    assert_int_equal(files_lock(temp_path("strange"), &second, &why), LAT_BUSY);
    assert_null(strchr(why.text, '\x1b'));
    temp_write("strange/lock", "12 \x1b[31m");
    assert_int_equal(files_lock(temp_path("strange"), &second, &why), LAT_BUSY);
    assert_non_null(strstr(why.text, "held by process 12 since ?[31m;"));
    temp_write("strange/lock", "");
    assert_int_equal(files_lock(temp_path("strange"), &second, &why), LAT_BUSY);
    assert_non_null(strstr(why.text, "held by another process"));
    files_unlock(fd);
}

static void
a_key_is_made_once_and_kept(void **state)
{
    char first[2 * KEY_PUBLIC_LEN + 1];
    struct key *key = NULL;
    struct lat_msg why;

    (void)state;
    assert_int_equal(mkdir(temp_path("fresh"), 0700), 0);
    assert_int_equal(files_key_load(temp_path("fresh"), NULL, &key, &why), LAT_NOTFOUND);
    assert_int_equal(files_key(temp_path("fresh"), NULL, &key, &why), LAT_OK);
    assert_int_equal(mode_of("fresh/node.key"), 0600);
    lat_hex(key_public(key), KEY_PUBLIC_LEN, first);
    key_free(key);
    assert_int_equal(files_key(temp_path("fresh"), NULL, &key, &why), LAT_OK);
    assert_public(key, first);
    key_free(key);
    assert_int_equal(files_key_make(temp_path("fresh"), &key, &why), LAT_CONFLICT);
}

static void
the_seed_of_the_configuration_wins(void **state)
{
    uint8_t seed[KEY_SEED_LEN];
    struct key *key = NULL;
    struct lat_msg why;

    (void)state;
    assert_int_equal(lat_unhex(seed_hex, seed, sizeof(seed)), LAT_OK);
    assert_int_equal(mkdir(temp_path("seeded"), 0700), 0);
    assert_int_equal(files_key(temp_path("seeded"), seed, &key, &why), LAT_OK);
    assert_public(key, public_hex);
    key_free(key);
    assert_int_equal(access(temp_path("seeded/node.key"), F_OK), -1);
}

static void
a_key_file_is_read_with_white_space_around_it(void **state)
{
    char text[100];
    struct key *key = NULL;
    struct lat_msg why;

    (void)state;
    snprintf(text, sizeof(text), " %s\r\n", seed_hex);
    put_private("node.key", text);
    assert_int_equal(files_key_load(temp_folder, NULL, &key, &why), LAT_OK);
    assert_public(key, public_hex);
    key_free(key);
}

static void
a_key_that_others_can_read_is_refused(void **state)
{
    struct lat_msg why = { "" };
    struct key *key = NULL;

    (void)state;
    put_private("node.key", seed_hex);
    assert_int_equal(chmod(temp_path("node.key"), 0644), 0);
    assert_int_equal(files_key(temp_folder, NULL, &key, &why), LAT_AUTH);
    assert_non_null(strstr(why.text, "chmod 600 "));
    assert_null(strstr(why.text, seed_hex));
    assert_int_equal(mode_of("node.key"), 0644); /* and left alone */
}

static void
a_broken_key_is_refused_and_left_alone(void **state)
{
    static const char *const bad[] = {
        "",
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f6",
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f6g",
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60 x",
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60000000000000000000000000000000000000"
        "0",
    };
    struct lat_msg why = { "" };
    struct key *key = NULL;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct stat st;

        put_private("node.key", bad[i]);
        assert_int_equal(files_key(temp_folder, NULL, &key, &why), LAT_MALFORMED);
        assert_non_null(strstr(why.text, "64 hex digits"));
        assert_int_equal(stat(temp_path("node.key"), &st), 0);
        assert_int_equal(st.st_size, strlen(bad[i]));
    }
}

static void
each_start_makes_another_cookie(void **state)
{
    char first[FILES_COOKIE_MAX], second[FILES_COOKIE_MAX], read[FILES_COOKIE_MAX];
    struct lat_msg why;

    (void)state;
    assert_int_equal(files_cookie_make(temp_folder, first, &why), LAT_OK);
    assert_int_equal(files_cookie_make(temp_folder, second, &why), LAT_OK);
    assert_string_not_equal(first, second);
    assert_int_equal(strlen(second), 64);
    assert_int_equal(mode_of("cookie"), 0600);
    assert_int_equal(files_cookie_read(temp_folder, read, &why), LAT_OK);
    assert_string_equal(read, second);
    assert_int_equal(files_cookie_read(temp_path("nowhere"), read, &why), LAT_NOTFOUND);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_directory_is_made_private),
        cmocka_unit_test(a_directory_that_others_write_to_is_refused),
        cmocka_unit_test(a_second_process_is_told_who_holds_it),
        cmocka_unit_test(a_strange_lock_file_is_not_shown_as_it_is),
        cmocka_unit_test(a_key_is_made_once_and_kept),
        cmocka_unit_test(the_seed_of_the_configuration_wins),
        cmocka_unit_test(a_key_file_is_read_with_white_space_around_it),
        cmocka_unit_test(a_key_that_others_can_read_is_refused),
        cmocka_unit_test(a_broken_key_is_refused_and_left_alone),
        cmocka_unit_test(each_start_makes_another_cookie),
    };

    return cmocka_run_group_tests(tests, temp_make, temp_remove);
}
