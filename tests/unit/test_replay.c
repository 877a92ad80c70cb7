#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "cli/replay.h"
#include "support/snapshots.h"
#include "support/temp.h"
#include "view/json.h"

/* A recording of count pictures, a second apart, with a line of rubbish in it. */
static void
record(const char *name, int count)
{
    struct snapshot *s = sample_snapshot(LUNG_HTTP);
    FILE *file = fopen(temp_path(name), "w");

    assert_non_null(file);
    for (int i = 0; i < count; i++) {
        cJSON *json;
        char *text;

        s->state.keys = (uint64_t)i;
        s->wall_ms += 1000;
        json = snapshot_to_json(s);
        text = cJSON_PrintUnformatted(json);
        fprintf(file, "%s\n%s", text, i == 0 ? "{\"torn\":\n" : "");
        cJSON_free(text);
        cJSON_Delete(json);
    }
    fclose(file);
    snapshot_unref(s);
}

static uint64_t
keys_now(const struct source *source)
{
    const struct snapshot *s = source->ops->latest(source->arg);
    uint64_t keys = s->state.keys;

    snapshot_unref(s);
    return keys;
}

static void
pictures_come_in_their_order_and_the_last_one_stays(void **state)
{
    struct lat_msg why = { "" };
    struct replay *replay = NULL;
    struct source source;
    uint64_t last = 0, until = lat_mono_ms() + 10000;

    (void)state;
    record("play", 5);
    assert_int_equal(replay_start(temp_path("play"), 50, &replay, &why), LAT_OK);
    replay_face(replay, &source);
    assert_false(source.control);
    assert_false(source.embedded);
    while (last < 4 && lat_mono_ms() < until) {
        uint64_t keys = keys_now(&source);

        assert_true(keys >= last);
        last = keys;
        usleep(1000);
    }
    assert_int_equal(last, 4);
    replay_stop(replay);
}

static void
an_early_end_does_not_wait_for_the_recording(void **state)
{
    struct lat_msg why = { "" };
    struct replay *replay = NULL;
    struct source source;

    (void)state;
    record("slow", 3);
    assert_int_equal(replay_start(temp_path("slow"), 0.01, &replay, &why), LAT_OK);
    replay_face(replay, &source);
    assert_int_equal(keys_now(&source), 0); /* the first one is there at once */
    replay_stop(replay);
}

static void
what_is_no_recording_is_refused_with_a_reason(void **state)
{
    struct lat_msg why = { "" };
    struct replay *replay = NULL;

    (void)state;
    assert_int_equal(replay_start(temp_path("none"), 1, &replay, &why), LAT_SYS);
    assert_non_null(strstr(why.text, "No such file"));
    temp_write("words", "no\nsnapshot\nhere\n");
    assert_int_equal(replay_start(temp_path("words"), 1, &replay, &why), LAT_MALFORMED);
    assert_non_null(strstr(why.text, "no snapshot in it"));
    assert_null(replay);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pictures_come_in_their_order_and_the_last_one_stays),
        cmocka_unit_test(an_early_end_does_not_wait_for_the_recording),
        cmocka_unit_test(what_is_no_recording_is_refused_with_a_reason),
    };

    return cmocka_run_group_tests(tests, temp_make, temp_remove);
}
