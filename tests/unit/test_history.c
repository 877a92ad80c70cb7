/* The past of a node: frames, the ring of files, which moment a look finds. Clocks are figures of these tests. */
#include "config.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "node/history_ring.h"
#include "node/timeline.h"
#include "support/snapshots.h"
#include "support/temp.h"

#define HOUR UINT64_C(3600000)
#define START (HOUR * 492651) /* some hour */

/* --- frames -------------------------------------------------------------------------------------------- */

/* Texts as alike as those of two seconds are. */
static void
text_at(unsigned second, char *out, size_t size)
{
    snprintf(out, size, "{\"number\":%u,\"root\":\"4f1c9a0377be51d00c6e9b14a3d2f8c1906b1d02e5f7a8443c0d9e1f2a3b4c5d\",\"keys\":%u}", second,
             12000 + second / 7);
}

static void
fill(struct lat_buf *file, unsigned seconds)
{
    struct history_writer writer;
    char text[200];

    history_writer_init(&writer);
    for (unsigned i = 0; i < seconds; i++) {
        text_at(i, text, sizeof(text));
        assert_int_equal(history_write(&writer, text, strlen(text), START + i * 1000, i < 90 ? LUNG_P2P : LUNG_HTTP, file), LAT_OK);
    }
    history_writer_fini(&writer);
}

static void
every_second_reads_back_as_it_was(void **state)
{
    struct history_frame frame, key = { 0 };
    struct lat_buf file, text;
    unsigned second = 0, keys = 0;
    char wanted[200];

    (void)state;
    lat_buf_init(&file, 1 << 20);
    lat_buf_init(&text, 1 << 20);
    fill(&file, 150);
    for (size_t at = 0; history_next(file.data, file.len, at, &frame) == LAT_OK; at = frame.end) {
        if (frame.kind == HISTORY_KEY) {
            key = frame;
            keys++;
        }
        lat_buf_clear(&text);
        assert_int_equal(history_text(file.data, &frame, &key, &text), LAT_OK);
        text_at(second, wanted, sizeof(wanted));
        assert_string_equal(lat_buf_str(&text), wanted);
        assert_int_equal(frame.wall_ms, START + second * 1000);
        second++;
    }
    assert_int_equal(second, 150);
    assert_int_equal(keys, 3); /* one a minute */
    assert_true(file.len < 150 * 70);
    lat_buf_fini(&file);
    lat_buf_fini(&text);
}

static void
a_torn_or_damaged_file_gives_what_is_whole_and_nothing_else(void **state)
{
    struct history_frame frame, key;
    struct lat_buf file, text;

    (void)state;
    lat_buf_init(&file, 1 << 20);
    lat_buf_init(&text, 1 << 20);
    fill(&file, 3);
    assert_int_equal(history_next(file.data, file.len, 0, &key), LAT_OK);
    assert_int_equal(history_next(file.data, file.len, key.end, &frame), LAT_OK);
    for (size_t cut = key.end; cut < frame.end; cut++)
        assert_int_equal(history_next(file.data, cut, key.end, &frame), LAT_SHORT);
    assert_int_equal(history_next(file.data, file.len, key.end, &frame), LAT_OK);
    for (size_t i = frame.at + 12; i < frame.end; i++) {
        file.data[i] ^= 1;
        lat_buf_clear(&text);
        assert_int_equal(history_text(file.data, &frame, &key, &text), LAT_MALFORMED);
        assert_int_equal(text.len, 0);
        file.data[i] ^= 1;
    }
    file.data[key.end + 4] = 0xff; /* a length that nobody wrote */
    file.data[key.end + 7] = 0xff;
    assert_int_equal(history_next(file.data, file.len, key.end, &frame), LAT_MALFORMED);
    lat_buf_fini(&file);
    lat_buf_fini(&text);
}

static uint64_t
choose(const struct lat_buf *file, enum look_step step, uint64_t at_ms)
{
    struct history_chooser chooser;

    history_chooser_init(&chooser, step, at_ms);
    history_choose(&chooser, file->data, file->len);
    return chooser.found ? chooser.frame.wall_ms - START : UINT64_MAX;
}

static void
a_look_finds_its_neighbours_and_the_changes_of_the_lungs(void **state)
{
    struct lat_buf file;

    (void)state;
    lat_buf_init(&file, 1 << 20);
    fill(&file, 120); /* P2P up to 89 s, HTTP from 90 s on */
    assert_int_equal(choose(&file, LOOK_AT, START + 5500), 5000);
    assert_int_equal(choose(&file, LOOK_AT, START - 1), UINT64_MAX);
    assert_int_equal(choose(&file, LOOK_EARLIER, START + 5000), 4000);
    assert_int_equal(choose(&file, LOOK_EARLIER, START), UINT64_MAX);
    assert_int_equal(choose(&file, LOOK_LATER, START + 5000), 6000);
    assert_int_equal(choose(&file, LOOK_LATER, START + 119000), UINT64_MAX);
    assert_int_equal(choose(&file, LOOK_EARLIER_CHANGE, START + 119000), 90000);
    assert_int_equal(choose(&file, LOOK_EARLIER_CHANGE, START + 90000), UINT64_MAX);
    assert_int_equal(choose(&file, LOOK_LATER_CHANGE, START + 3000), 90000);
    assert_int_equal(choose(&file, LOOK_LATER_CHANGE, START + 90000), UINT64_MAX);
    lat_buf_fini(&file);
}

/* --- the ring ------------------------------------------------------------------------------------------ */

static struct history_ring ring;

static int
open_ring(void **state)
{
    (void)state;
    return history_ring_open(&ring, temp_path("state")) != LAT_OK;
}

static int
close_ring(void **state)
{
    char command[600];

    (void)state;
    history_ring_close(&ring);
    snprintf(command, sizeof(command), "rm -rf '%s'", temp_path("state"));
    return system(command) != 0;
}

static void
add(uint64_t wall_ms, enum lung_state state, uint64_t keys)
{
    struct snapshot *s = sample_snapshot(state);

    s->wall_ms = wall_ms;
    s->state.keys = keys;
    assert_int_equal(history_ring_add(&ring, s), LAT_OK);
    snapshot_unref(s);
}

static const struct snapshot *
look(enum look_step step, uint64_t at_ms)
{
    struct snapshot *found = NULL;
    enum lat_err err = history_ring_look(ring.dir, step, at_ms, 77, &found);

    if (err != LAT_NOTFOUND)
        assert_int_equal(err, LAT_OK);
    return found;
}

static void
expect(enum look_step step, uint64_t at_ms, uint64_t wall_ms)
{
    const struct snapshot *found = look(step, at_ms);

    assert_non_null(found);
    assert_int_equal(found->wall_ms, wall_ms);
    assert_int_equal(found->mono_ms, 77);
    snapshot_unref(found);
}

static unsigned
count_files(const char *ending, uint64_t *bytes)
{
    DIR *dir = opendir(ring.dir);
    struct dirent *entry;
    char path[4400];
    struct stat st;
    unsigned count = 0;

    *bytes = 0;
    while ((entry = readdir(dir)) != NULL) {
        snprintf(path, sizeof(path), "%s/%.200s", ring.dir, entry->d_name);
        if (strstr(entry->d_name, ending) && stat(path, &st) == 0) {
            count++;
            *bytes += (uint64_t)st.st_size;
        }
    }
    closedir(dir);
    return count;
}

static void
a_picture_of_the_past_is_the_whole_picture(void **state)
{
    const struct snapshot *found;

    (void)state;
    add(START, LUNG_P2P, 1);
    add(START + 1000, LUNG_COUNTDOWN, 2);
    found = look(LOOK_AT, START + 1000);
    assert_non_null(found);
    assert_int_equal(found->lung.state, LUNG_COUNTDOWN);
    assert_int_equal(found->state.keys, 2);
    assert_int_equal(found->source_count, 3);
    assert_string_equal(found->name, "lisbon-1");
    assert_int_equal(found->event_count, 7);
    snapshot_unref(found);
    assert_null(look(LOOK_EARLIER, START));
    assert_null(look(LOOK_LATER, START + 1000));
}

/* A sparkline of six levels looks the same, and a minute of busy peers takes a fifth less. */
static void
slots_of_traffic_are_kept_coarsely(void **state)
{
    static const uint32_t slots[][2] = { { 0, 0 }, { 7, 7 }, { 12, 10 }, { 14, 15 }, { 99, 100 }, { 1234, 1000 }, { 1260, 1500 },
                                         { 67890, 70000 }, { 9800, 10000 }, { UINT32_MAX, UINT32_MAX },
                                         { UINT32_MAX - 1, UINT32_MAX - 1 } };
    struct snapshot *s = sample_snapshot(LUNG_P2P);
    const struct snapshot *found;
    const size_t count = sizeof(slots) / sizeof(slots[0]);

    (void)state;
    s->wall_ms = START;
    for (size_t i = 0; i < count; i++)
        s->peers[0].traffic.in_5s[i + 1] = s->sources[2].traffic.out_5s[i + 1] = slots[i][0];
    assert_int_equal(history_ring_add(&ring, s), LAT_OK);
    assert_int_equal(s->peers[0].traffic.in_5s[6], 1234); /* the picture that others hold is as it was */
    found = look(LOOK_AT, START);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(found->peers[0].traffic.in_5s[i + 1], slots[i][1]);
        assert_int_equal(found->sources[2].traffic.out_5s[i + 1], slots[i][1]);
    }
    snapshot_unref(found);
    snapshot_unref(s);
}

static void
looks_go_from_hour_to_hour(void **state)
{
    (void)state;
    add(START + HOUR - 1000, LUNG_P2P, 1);
    add(START + HOUR, LUNG_HTTP, 2);
    add(START + 3 * HOUR, LUNG_HTTP, 3);
    add(START + 3 * HOUR + 1000, LUNG_P2P, 4);
    expect(LOOK_EARLIER, START + 3 * HOUR, START + HOUR);
    expect(LOOK_LATER, START + HOUR, START + 3 * HOUR);
    expect(LOOK_LATER_CHANGE, START, START + HOUR); /* against the last frame of the file before */
    expect(LOOK_EARLIER_CHANGE, START + 3 * HOUR + 1000, START + HOUR);
    expect(LOOK_LATER_CHANGE, START + HOUR, START + 3 * HOUR + 1000);
}

static void
a_day_of_seconds_becomes_minutes_and_a_week_ends(void **state)
{
    uint64_t bytes;

    (void)state;
    for (uint64_t s = 0; s < 130; s++)
        add(START + s * 1000, LUNG_P2P, s);
    add(START + (HISTORY_FINE_HOURS + 2) * HOUR, LUNG_P2P, 1);
    assert_int_equal(count_files(".m", &bytes), 1);
    assert_int_equal(count_files(".s", &bytes), 1);
    expect(LOOK_AT, START + 119000, START + 60000); /* the key frame of that minute */
    add(START + (HISTORY_HOURS + 1) * HOUR, LUNG_P2P, 1);
    assert_null(look(LOOK_AT, START + 119000));
}

static void
it_never_grows_over_its_limit(void **state)
{
    uint64_t fine, coarse;

    (void)state;
    ring.bytes_max = 20000;
    for (uint64_t hour = 0; hour < 12; hour++)
        for (uint64_t s = 0; s < 40; s++)
            add(START + hour * HOUR + s * 3000, LUNG_P2P, hour * 100 + s);
    add(START + 12 * HOUR, LUNG_P2P, 0);
    count_files(".s", &fine);
    count_files(".m", &coarse);
    assert_true(fine + coarse <= 20000 + 4000); /* the file of this hour is written on until the next look */
    assert_true(coarse > 0);
    expect(LOOK_AT, START + 12 * HOUR, START + 12 * HOUR);
}

static void
what_others_leave_in_the_folder_is_left_alone(void **state)
{
    char path[4400];
    FILE *file;

    (void)state;
    snprintf(path, sizeof(path), "%s/notes.txt", ring.dir);
    file = fopen(path, "w");
    assert_non_null(file);
    fputs("mine", file);
    fclose(file);
    snprintf(path, sizeof(path), "%s/492650.s", ring.dir);
    file = fopen(path, "w");
    assert_non_null(file);
    for (int i = 0; i < 1000; i++)
        fputc(i * 37 & 0xff, file);
    fclose(file);
    add(START, LUNG_P2P, 1);
    expect(LOOK_AT, START, START);
    assert_null(look(LOOK_EARLIER, START));
    snprintf(path, sizeof(path), "%s/notes.txt", ring.dir);
    assert_int_equal(access(path, R_OK), 0);
}

/* --- the timeline -------------------------------------------------------------------------------------- */

static void
note(struct timeline *timeline, struct snapshot *s, uint64_t second, enum lung_state state, uint32_t peers)
{
    s->wall_ms = START + second * 1000;
    s->lung.state = state;
    s->lung.peers_live = peers;
    timeline_fill(timeline, s);
}

static void
the_timeline_keeps_what_happened_in_a_slot_and_shows_gaps(void **state)
{
    const int last = SNAPSHOT_TIMELINE - 1;
    struct timeline timeline = { 0 };
    struct snapshot *s = sample_snapshot(LUNG_P2P);

    (void)state;
    note(&timeline, s, 0, LUNG_P2P, 3);
    note(&timeline, s, 5, LUNG_COUNTDOWN, 0);
    sample_diverge(s);
    note(&timeline, s, 10, LUNG_P2P, 2);
    assert_int_equal(s->timeline_states[last], 1u << LUNG_P2P | 1u << LUNG_COUNTDOWN);
    assert_int_equal(s->timeline_peers[last], 0);
    assert_int_equal(s->timeline_differ[last], 1);
    assert_int_equal(s->timeline_states[last - 1], 0);
    note(&timeline, s, 3 * SNAPSHOT_SLOT_S, LUNG_HTTP, 0);
    assert_int_equal(s->timeline_states[last], 1u << LUNG_HTTP);
    assert_int_equal(s->timeline_states[last - 1], 0); /* two slots that nobody saw */
    assert_int_equal(s->timeline_states[last - 2], 0);
    assert_int_equal(s->timeline_states[last - 3], 1u << LUNG_P2P | 1u << LUNG_COUNTDOWN);
    note(&timeline, s, 20, LUNG_P2P, 1); /* the clock was set back */
    assert_int_equal(s->timeline_states[last], 1u << LUNG_HTTP | 1u << LUNG_P2P);
    snapshot_unref(s);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_second_reads_back_as_it_was),
        cmocka_unit_test(a_torn_or_damaged_file_gives_what_is_whole_and_nothing_else),
        cmocka_unit_test(a_look_finds_its_neighbours_and_the_changes_of_the_lungs),
        cmocka_unit_test_setup_teardown(a_picture_of_the_past_is_the_whole_picture, open_ring, close_ring),
        cmocka_unit_test_setup_teardown(slots_of_traffic_are_kept_coarsely, open_ring, close_ring),
        cmocka_unit_test_setup_teardown(looks_go_from_hour_to_hour, open_ring, close_ring),
        cmocka_unit_test_setup_teardown(a_day_of_seconds_becomes_minutes_and_a_week_ends, open_ring, close_ring),
        cmocka_unit_test_setup_teardown(it_never_grows_over_its_limit, open_ring, close_ring),
        cmocka_unit_test_setup_teardown(what_others_leave_in_the_folder_is_left_alone, open_ring, close_ring),
        cmocka_unit_test(the_timeline_keeps_what_happened_in_a_slot_and_shows_gaps),
    };

    return cmocka_run_group_tests(tests, temp_make, temp_remove);
}
