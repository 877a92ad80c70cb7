#include "config.h"

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/log.h"
#include "support/temp.h"

#define STAMP_LEN (sizeof("2026-03-14T14:03:27.120Z ") - 1)

static void
open_log(const char *name, bool json, enum lat_level level)
{
    struct lat_log_options options = { .path = temp_path(name), .json = json, .level = level };

    assert_int_equal(lat_log_open(&options), LAT_OK);
}

/* The content of a file, into out. */
static const char *
content(const char *name, struct lat_buf *out)
{
    lat_buf_init(out, 4 << 20);
    assert_int_equal(lat_file_read(temp_path(name), out), LAT_OK);
    return lat_buf_str(out);
}

static void
assert_content(const char *name, const char *behind_stamp)
{
    struct lat_buf buf;
    const char *text = content(name, &buf);

    assert_true(strlen(text) > STAMP_LEN);
    assert_int_equal(text[10], 'T');
    assert_int_equal(text[STAMP_LEN - 2], 'Z');
    assert_string_equal(text + STAMP_LEN, behind_stamp);
    lat_buf_fini(&buf);
}

static void
a_text_line_has_time_level_and_text(void **state)
{
    (void)state;
    open_log("text.log", false, LAT_INFO);
    errno = ENOENT;
    lat_log(LAT_DEBUG, "not wanted");
    lat_log(LAT_WARNING, "[P2P_HEARTBEAT] [TIMER] %ds left peers=%d", 45, 0);
    assert_int_equal(errno, ENOENT); /* a log call in between changes nothing */
    assert_content("text.log", "warning [P2P_HEARTBEAT] [TIMER] 45s left peers=0\n");
}

static void
a_json_line_has_the_fields_as_members(void **state)
{
    struct lat_buf buf;
    const char *text;

    (void)state;
    open_log("json.log", true, LAT_INFO);
    lat_log(LAT_NOTICE,
            "[HTTP_SYNC] a \"b\" x=1 c\\d event=lung peers_live=0 root=007 ratio=-3 big=1234567890123456");
    text = content("json.log", &buf);
    assert_memory_equal(text, "{\"time\":\"20", 11);
    assert_string_equal(
        strchr(text, ',') + 1,
        "\"level\":\"notice\",\"source\":\"http_sync\",\"text\":\"[HTTP_SYNC] a \\\"b\\\" x=1 c\\\\d\","
        "\"event\":\"lung\",\"peers_live\":0,\"root\":\"007\",\"ratio\":-3,\"big\":\"1234567890123456\"}\n");
    lat_buf_fini(&buf);
}

static void
a_field_cannot_stand_for_another_member(void **state)
{
    struct lat_buf buf;
    const char *text;

    (void)state;
    open_log("members.log", true, LAT_INFO);
    lat_log(LAT_NOTICE, "[A] a=0 level=x a=1 b=\"2\"");
    text = content("members.log", &buf);
    assert_non_null(strstr(text, "\"text\":\"[A] a=0 level=x\",\"a\":1,\"b\":\"\\\"2\\\"\"}"));
    lat_buf_fini(&buf);
}

static void
control_characters_do_not_pass(void **state)
{
    (void)state;
    open_log("control.log", false, LAT_INFO);
    lat_log(LAT_ERROR, "[A] two\nlines \x1b[2J \xff");
    assert_content("control.log", "error [A] two?lines ?[2J ?\n");
}

static void
a_long_line_is_cut(void **state)
{
    char longer[5000];
    struct lat_buf buf;
    const char *text;

    (void)state;
    memset(longer, '"', sizeof(longer));
    longer[sizeof(longer) - 1] = 0;
    open_log("long.log", false, LAT_INFO);
    lat_log(LAT_INFO, "%s", longer);
    text = content("long.log", &buf);
    assert_true(buf.len < LAT_LOG_LINE_MAX);
    assert_string_equal(text + buf.len - 5, "\"...\n");
    lat_buf_fini(&buf);
    open_log("long.json", true, LAT_INFO);
    lat_log(LAT_INFO, "%s", longer);
    text = content("long.json", &buf);
    assert_string_equal(text + buf.len - 8, "\\\"...\"}\n");
    lat_buf_fini(&buf);
}

static void
the_ring_keeps_the_newest_lines(void **state)
{
    static struct lat_log_line lines[LAT_LOG_RING + 10];
    uint64_t before, total;

    (void)state;
    open_log("ring.log", false, LAT_INFO);
    lat_log_recent(lines, 0, &before);
    for (int i = 1; i <= LAT_LOG_RING + 5; i++)
        lat_log(LAT_INFO, "[MERKLE DB] line %d", i);
    assert_int_equal(lat_log_recent(lines, LAT_LOG_RING + 10, &total), LAT_LOG_RING);
    assert_true(total == before + LAT_LOG_RING + 5);
    assert_true(lines[0].seq == before + 6);
    assert_string_equal(lines[0].text, "[MERKLE DB] line 6");
    assert_string_equal(lines[0].source, "merkle_db");
    assert_int_equal(lat_log_recent(lines, 2, &total), 2);
    assert_true(lines[1].seq == total);
    assert_true(lines[0].wall_ms > 1700000000000u);
    assert_string_equal(lines[1].text, "[MERKLE DB] line 517");
}

static void
the_source_is_the_first_tag_cut_to_its_field(void **state)
{
    struct lat_log_line line;
    uint64_t total;

    (void)state;
    lat_log(LAT_INFO, "no tag");
    assert_int_equal(lat_log_recent(&line, 1, &total), 1);
    assert_string_equal(line.source, "");
    lat_log(LAT_INFO, "[A_VERY_LONG_TAG_INDEED] x");
    assert_int_equal(lat_log_recent(&line, 1, &total), 1);
    assert_string_equal(line.source, "a_very_long_tag");
}

static void
reopening_goes_on_in_a_new_file(void **state)
{
    (void)state;
    open_log("moved.log", false, LAT_INFO);
    lat_log(LAT_INFO, "one");
    assert_int_equal(rename(temp_path("moved.log"), temp_path("moved.log.1")), 0);
    open_log("moved.log", false, LAT_ERROR);
    lat_log(LAT_INFO, "below the level");
    lat_log_set_level(LAT_INFO);
    lat_log(LAT_INFO, "two");
    assert_content("moved.log.1", "info one\n");
    assert_content("moved.log", "info two\n");
}

static void
a_file_emptied_by_rotation_goes_on_at_its_start(void **state)
{
    (void)state;
    open_log("emptied.log", false, LAT_INFO);
    lat_log(LAT_INFO, "one");
    assert_int_equal(truncate(temp_path("emptied.log"), 0), 0);
    lat_log(LAT_INFO, "two");
    assert_content("emptied.log", "info two\n");
}

static void
a_sink_that_does_not_open_leaves_the_former(void **state)
{
    struct lat_log_options options = { .path = temp_path("no/such/folder.log"),
                                       .json = true,
                                       .level = LAT_ERROR };

    (void)state;
    open_log("former.log", false, LAT_INFO);
    assert_int_equal(lat_log_open(&options), LAT_SYS);
    lat_log(LAT_INFO, "still here");
    assert_content("former.log", "info still here\n");
}

static void
a_log_file_is_private(void **state)
{
    struct stat st;

    (void)state;
    open_log("private.log", false, LAT_INFO);
    assert_int_equal(stat(temp_path("private.log"), &st), 0);
    assert_int_equal(st.st_mode & 0077, 0);
}

static void *
write_many(void *arg)
{
    for (int i = 0; i < 500; i++)
        lat_log(LAT_INFO, "[T] %s", (const char *)arg);
    return NULL;
}

static void
lines_of_threads_do_not_mix(void **state)
{
    static char words[4][301];
    pthread_t threads[4];
    struct lat_buf buf;
    const char *line;
    size_t count = 0;

    (void)state;
    open_log("threads.log", false, LAT_INFO);
    for (int i = 0; i < 4; i++) {
        memset(words[i], 'a' + i, 300);
        assert_int_equal(pthread_create(&threads[i], NULL, write_many, words[i]), 0);
    }
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    for (line = content("threads.log", &buf); *line; line = strchr(line, '\n') + 1, count++) {
        const char *word = line + STAMP_LEN + sizeof("info [T] ") - 1;

        assert_true(*word >= 'a' && *word <= 'd');
        assert_memory_equal(word, words[*word - 'a'], 300);
        assert_int_equal(word[300], '\n');
    }
    assert_int_equal(count, 2000);
    lat_buf_fini(&buf);
}

static void
levels_have_names(void **state)
{
    enum lat_level level = LAT_ERROR;

    (void)state;
    assert_int_equal(lat_level_parse("debug", &level), LAT_OK);
    assert_int_equal(level, LAT_DEBUG);
    assert_int_equal(lat_level_parse("loud", &level), LAT_MALFORMED);
    assert_int_equal(level, LAT_DEBUG);
    assert_string_equal(lat_level_name(LAT_WARNING), "warning");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_text_line_has_time_level_and_text),
        cmocka_unit_test(a_json_line_has_the_fields_as_members),
        cmocka_unit_test(a_field_cannot_stand_for_another_member),
        cmocka_unit_test(control_characters_do_not_pass),
        cmocka_unit_test(a_long_line_is_cut),
        cmocka_unit_test(the_ring_keeps_the_newest_lines),
        cmocka_unit_test(the_source_is_the_first_tag_cut_to_its_field),
        cmocka_unit_test(reopening_goes_on_in_a_new_file),
        cmocka_unit_test(a_file_emptied_by_rotation_goes_on_at_its_start),
        cmocka_unit_test(a_sink_that_does_not_open_leaves_the_former),
        cmocka_unit_test(a_log_file_is_private),
        cmocka_unit_test(lines_of_threads_do_not_mix),
        cmocka_unit_test(levels_have_names),
    };

    return cmocka_run_group_tests(tests, temp_make, temp_remove);
}
