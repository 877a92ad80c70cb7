#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "base/file.h"
#include "support/temp.h"

static void
what_is_written_is_read(void **state)
{
    struct lat_buf buf;
    struct stat st;

    (void)state;
    lat_buf_init(&buf, 100);
    assert_int_equal(lat_buf_add(&buf, ">", 1), LAT_OK);
    assert_int_equal(lat_file_write(temp_path("a"), 0640, "one", 3), LAT_OK);
    assert_int_equal(lat_file_write(temp_path("a"), 0600, "second", 6), LAT_OK);
    assert_int_equal(lat_file_read(temp_path("a"), &buf), LAT_OK);
    assert_string_equal(lat_buf_str(&buf), ">second"); /* appended */
    assert_int_equal(stat(temp_path("a"), &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    lat_buf_fini(&buf);
}

static int
files_here(void)
{
    DIR *dir = opendir(temp_folder);
    int count = 0;

    assert_non_null(dir);
    while (readdir(dir) != NULL)
        count++;
    closedir(dir);
    return count;
}

static void
a_write_that_fails_leaves_the_old_file_and_nothing_else(void **state)
{
    struct lat_buf buf;
    int before;

    (void)state;
    assert_int_equal(mkdir(temp_path("folder"), 0700), 0);
    assert_int_equal(mkdir(temp_path("folder/inside"), 0700), 0);
    before = files_here();
    assert_int_equal(lat_file_write(temp_path("folder"), 0600, "x", 1), LAT_SYS);
    assert_int_equal(files_here(), before);
    assert_int_equal(lat_file_write(temp_path("no/such"), 0600, "x", 1), LAT_SYS);
    assert_int_equal(errno, ENOENT);
    lat_buf_init(&buf, 100);
    assert_int_equal(lat_file_read(temp_path("folder"), &buf), LAT_MALFORMED);
    lat_buf_fini(&buf);
}

static void
reading_stops_at_the_limit_and_leaves_the_buffer(void **state)
{
    struct lat_buf buf;
    char text[9001];

    (void)state;
    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = 0;
    temp_write("big", text);
    lat_buf_init(&buf, 9000);
    assert_int_equal(lat_file_read(temp_path("big"), &buf), LAT_OK);
    assert_int_equal(buf.len, 9000);
    lat_buf_fini(&buf);
    lat_buf_init(&buf, 8999);
    assert_int_equal(lat_buf_add(&buf, "", 0), LAT_OK);
    assert_int_equal(lat_file_read(temp_path("big"), &buf), LAT_LIMIT);
    assert_int_equal(buf.len, 0);
    assert_int_equal(lat_file_read("/dev/zero", &buf), LAT_MALFORMED);
    assert_int_equal(lat_file_read(temp_path("missing"), &buf), LAT_NOTFOUND);
    lat_buf_fini(&buf);
}

static void
a_fifo_is_no_file_and_does_not_block(void **state)
{
    struct lat_buf buf;

    (void)state;
    lat_buf_init(&buf, 10);
    assert_int_equal(mkfifo(temp_path("fifo"), 0600), 0);
    assert_int_equal(lat_file_read(temp_path("fifo"), &buf), LAT_MALFORMED);
    lat_buf_fini(&buf);
}

static void
folders_are_made_with_those_above(void **state)
{
    struct stat st;

    (void)state;
    assert_int_equal(lat_mkdir_all(temp_path("p/q//r/"), 0700), LAT_OK);
    assert_int_equal(lat_mkdir_all(temp_path("p/q//r"), 0700), LAT_OK);
    assert_int_equal(stat(temp_path("p/q/r"), &st), 0);
    assert_true(S_ISDIR(st.st_mode));
    assert_int_equal(st.st_mode & 0777, 0700);
    temp_write("plain", "");
    assert_int_equal(lat_mkdir_all(temp_path("plain"), 0700), LAT_SYS);
    assert_int_equal(errno, ENOTDIR);
    assert_int_equal(lat_mkdir_all(temp_path("plain/x"), 0700), LAT_SYS);
}

static void
a_secret_that_others_can_open_is_refused_with_the_remedy(void **state)
{
    static const mode_t open_modes[] = { 0604, 0602, 0640, 0620, 0666 };
    struct lat_msg why = { "" };
    const char *path;

    (void)state;
    temp_write("secret", "x");
    path = temp_path("secret");
    assert_int_equal(chmod(path, 0600), 0);
    assert_int_equal(lat_file_check_secret(path, &why), LAT_OK);
    assert_int_equal(chmod(path, 0400), 0);
    assert_int_equal(lat_file_check_secret(path, &why), LAT_OK);
    for (size_t i = 0; i < sizeof(open_modes) / sizeof(open_modes[0]); i++) {
        assert_int_equal(chmod(path, open_modes[i]), 0);
        assert_int_equal(lat_file_check_secret(path, &why), LAT_AUTH);
        assert_non_null(strstr(why.text, "chmod 600 "));
        assert_non_null(strstr(why.text, "/secret"));
    }
    assert_int_equal(lat_file_check_secret(temp_path("missing"), &why), LAT_NOTFOUND);
    assert_int_equal(lat_file_check_secret(temp_folder, &why), LAT_AUTH);
    assert_int_equal(lat_file_check_secret(temp_path("missing"), NULL), LAT_NOTFOUND);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read),
        cmocka_unit_test(a_write_that_fails_leaves_the_old_file_and_nothing_else),
        cmocka_unit_test(reading_stops_at_the_limit_and_leaves_the_buffer),
        cmocka_unit_test(a_fifo_is_no_file_and_does_not_block),
        cmocka_unit_test(folders_are_made_with_those_above),
        cmocka_unit_test(a_secret_that_others_can_open_is_refused_with_the_remedy),
    };

    return cmocka_run_group_tests(tests, temp_make, temp_remove);
}
