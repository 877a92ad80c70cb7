/* What is shown and told beside the panels: copies, captions, privacy, recordings, what rings. */
#include "config.h"

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "alarm.h"
#include "caption.h"
#include "cast.h"
#include "copy.h"
#include "privacy.h"
#include "recorder.h"
#include "render.h"
#include "sentences.h"
#include "silence.h"
#include "support/snapshots.h"
#include "support/temp.h"
#include "view/json.h"

static void
each_state_has_a_caption_of_its_own(void **state)
{
    char captions[LUNG_STATE_COUNT][CAPTION_MAX];

    (void)state;
    for (int i = 0; i < LUNG_STATE_COUNT; i++) {
        struct snapshot *s = sample_snapshot((enum lung_state)i);

        caption_text(s, captions[i]);
        assert_in_range(strlen(captions[i]), 20, 110);
        for (int j = 0; j < i; j++)
            assert_string_not_equal(captions[i], captions[j]);
        snapshot_unref(s);
    }
}

static void
the_cursor_stands_on_the_selected_line_where_that_is_wanted(void **state)
{
    struct snapshot *s = sample_snapshot(LUNG_COUNTDOWN);
    struct caps caps = { .charset = charset_ascii() };
    struct canvas *canvas = canvas_new(80, 24, false);
    struct model model;

    (void)state;
    model_init(&model);
    model.now_ms = s->mono_ms;
    model.places[PANEL_PEERS].selected = 1;
    render(&model, s, &caps, canvas);
    assert_int_equal(canvas->cursor_x, -1);
    model.settings.cursor = true;
    render(&model, s, &caps, canvas);
    assert_int_equal(canvas->cursor_x, 0);
    assert_int_equal(canvas_cell(canvas, 0, canvas->cursor_y)->ch, '>');
    canvas_free(canvas);
    snapshot_unref(s);
}

static void
a_cast_paints_each_picture_whole(void **state)
{
    struct snapshot *s = sample_snapshot(LUNG_COUNTDOWN);
    struct caps caps = { .unicode = true, .colour = true, .colours = 256, .charset = charset_unicode() };
    struct canvas *canvas = canvas_new(80, 24, true);
    struct model model;
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    cJSON *line;

    (void)state;
    model_init(&model);
    model.now_ms = s->mono_ms;
    render(&model, s, &caps, canvas);
    cast_begin(out, 80, 24, s->wall_ms);
    assert_int_equal(cast_frame(out, canvas, THEME_DEFAULT, 1250), LAT_OK);
    fclose(out);
    line = cJSON_Parse(strchr(text, '\n') + 1);
    assert_non_null(line);
    assert_true(cJSON_GetArrayItem(line, 0)->valuedouble > 1.24 && cJSON_GetArrayItem(line, 0)->valuedouble < 1.26);
    assert_non_null(strstr(cJSON_GetArrayItem(line, 2)->valuestring, "LATTICE"));
    assert_non_null(strstr(cJSON_GetArrayItem(line, 2)->valuestring, "\033[24;1H"));
    assert_non_null(strstr(cJSON_GetArrayItem(line, 2)->valuestring, "\033[0;1;33m")); /* attention */
    cJSON_Delete(line);
    free(text);
    canvas_free(canvas);
    snapshot_unref(s);
}

static void
a_copy_has_every_line_of_the_panel_and_no_keys(void **state)
{
    struct snapshot *s = sample_snapshot(LUNG_COUNTDOWN);
    struct caps caps = { .charset = charset_ascii() };
    struct model model;
    char *text;

    (void)state;
    model_init(&model);
    model.rows = 12;
    model.now_ms = s->mono_ms;
    model.focus = PANEL_EVENTS;
    text = copy_text(&model, s, &caps);
    assert_non_null(text);
    for (uint32_t i = 0; i < s->event_count; i++)
        assert_non_null(strstr(text, s->events[i].source));
    assert_null(strstr(text, "quit"));
    assert_null(strchr(text, '\033'));
    free(text);
    model.focus = PANEL_PEERS;
    model.detail = true;
    model.places[PANEL_PEERS].selected = 2;
    text = copy_text(&model, s, &caps);
    assert_non_null(strstr(text, "https://rio-2.lattice.example"));
    free(text);
    snapshot_unref(s);
}

/* No secret of the sample may be left anywhere. */
static void
assert_hidden(const struct snapshot *s)
{
    static const char *const secrets[] = { "12D3KooW", "10.1.0.", "http://", "https://", "acct/settle", "/ip4/", "10.9.9.9" };
    cJSON *json = snapshot_to_json(s);
    char *text = cJSON_PrintUnformatted(json);

    for (size_t i = 0; i < sizeof(secrets) / sizeof(secrets[0]); i++)
        if (strstr(text, secrets[i]))
            fail_msg("'%s' is still there: %.60s", secrets[i], strstr(text, secrets[i]));
    cJSON_free(text);
    cJSON_Delete(json);
}

static void
privacy_hides_addresses_ids_and_keys_under_stable_names(void **state)
{
    struct snapshot *s = sample_snapshot(LUNG_P2P);
    struct privacy *privacy = privacy_new();
    const struct snapshot *masked, *again;

    (void)state;
    sample_diverge(s);
    snprintf(s->events[0].text, sizeof(s->events[0].text),
             "[P2P] peer 12D3KooWPjceQrSwdWXPyLLeABRXmuqt69Rg3sBYbU1Nft9HyQ6X at 10.9.9.9:4001, key acct/settle/0091, "
             "asked http://10.1.0.11:8000. Then address=/ip4/10.1.0.11/tcp/9000 of author 6c1f9d02.. went.");
    snprintf(s->alerts[0].text, sizeof(s->alerts[0].text), "10.1.0.33:8000 refuses");
    masked = privacy_apply(privacy, s);
    assert_hidden(masked);
    assert_string_equal(masked->name, s->name);
    assert_string_equal(masked->peers[0].name, "porto-1");
    assert_non_null(strstr(masked->events[0].text, ", key key-1, asked url-1. Then address=addr-1 of author peer-"));
    assert_null(strstr(masked->events[0].text, "6c1f9d02"));
    again = privacy_apply(privacy, s);
    assert_string_equal(again->events[0].text, masked->events[0].text);
    assert_string_equal(again->sources[1].url, masked->sources[1].url);
    snapshot_unref(again);
    snapshot_unref(masked);
    privacy_free(privacy);
    snapshot_unref(s);
}

static void
a_party_has_one_name_in_privacy_whatever_of_it_is_said(void **state)
{
    struct snapshot *s = sample_snapshot(LUNG_P2P);
    struct privacy *privacy = privacy_new();
    struct snapshot_peer *peer = &s->peers[1];
    const struct snapshot *masked;
    char expected[300];

    (void)state;
    snprintf(peer->id, sizeof(peer->id), "12D3KooWPjceQrSwdWXPyLLeABRXmuqt69Rg3sBYbU1Nzzv6T5ZA");
    snprintf(peer->name, sizeof(peer->name), "..%s", peer->id + strlen(peer->id) - 8);
    snprintf(peer->public_key, sizeof(peer->public_key), "8590ac19%056d", 7);
    snprintf(s->sources[0].public_key, sizeof(s->sources[0].public_key), "%s", peer->public_key);
    s->sources[0].stand.key_count = 1;
    snprintf(s->sources[0].stand.keys[0].theirs_author, sizeof(s->sources[0].stand.keys[0].theirs_author), "8590ac1900000000");
    snprintf(s->events[0].text, sizeof(s->events[0].text), "%.64s is gone; author 8590ac19.. not trusted; %.64s", peer->id, peer->name);
    masked = privacy_apply(privacy, s);
    assert_memory_equal(masked->peers[1].id, "peer-", 5);
    assert_string_equal(masked->peers[1].name, masked->peers[1].id);
    assert_string_equal(masked->peers[1].public_key, masked->peers[1].id);
    assert_string_equal(masked->sources[0].public_key, masked->peers[1].id);
    assert_string_equal(masked->sources[0].stand.keys[0].theirs_author, masked->peers[1].id);
    snprintf(expected, sizeof(expected), "%s is gone; author %s not trusted; %s", masked->peers[1].id, masked->peers[1].id,
             masked->peers[1].id);
    assert_string_equal(masked->events[0].text, expected);
    assert_string_not_equal(masked->peers[0].id, masked->peers[1].id);
    snapshot_unref(masked);
    privacy_free(privacy);
    snapshot_unref(s);
}

static void
of_a_node_that_says_nothing_it_is_told_for_how_long_and_why(void **state)
{
    struct snapshot *s = sample_snapshot(LUNG_P2P);
    char text[SILENCE_MAX];
    struct model model;

    (void)state;
    model_init(&model);
    model.asked_ms = 1000;
    model.now_ms = 13000;
    assert_false(silence_text(&model, NULL, text)); /* a node in this process starts */
    snprintf(model.trouble, sizeof(model.trouble), "connection refused, retry in 4 s");
    assert_true(silence_text(&model, NULL, text));
    assert_string_equal(text, "no answer for 00:12: connection refused, retry in 4 s");
    model.now_ms = 2000;
    assert_false(silence_text(&model, NULL, text)); /* the first answer may be on its way */
    model.now_ms = s->mono_ms + 3000;
    assert_false(silence_text(&model, s, text));
    model.now_ms = s->mono_ms + 20000;
    assert_true(silence_text(&model, s, text));
    assert_string_equal(text, "no answer for 00:20: connection refused, retry in 4 s");
    snapshot_unref(s);
}

static void
a_recording_reads_back_line_by_line(void **state)
{
    struct snapshot *s = sample_snapshot(LUNG_HTTP), *back;
    struct recorder *recorder;
    char line[1 << 17];
    FILE *in;

    (void)state;
    assert_int_equal(recorder_open("/nowhere/at/all", &recorder), LAT_SYS);
    assert_int_equal(recorder_open(temp_path("record"), &recorder), LAT_OK);
    assert_int_equal(recorder_take(recorder, s), LAT_OK);
    s->state.keys = 4711;
    assert_int_equal(recorder_take(recorder, s), LAT_OK);
    recorder_close(recorder);
    in = fopen(temp_path("record"), "r");
    assert_non_null(in);
    assert_non_null(fgets(line, sizeof(line), in));
    assert_non_null(fgets(line, sizeof(line), in));
    assert_int_equal(snapshot_from_json(line, strlen(line), 5, &back), LAT_OK);
    assert_int_equal(back->state.keys, 4711);
    assert_null(fgets(line, sizeof(line), in));
    fclose(in);
    snapshot_unref(back);
    snapshot_unref(s);
    assert_int_equal(recorder_take(NULL, NULL), LAT_OK);
}

static char *
told(const struct snapshot *before, const struct snapshot *now)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);

    assert_non_null(out);
    sentences_of_change(before, now, out);
    fclose(out);
    return text;
}

static void
sentences_tell_what_changed_and_nothing_else(void **state)
{
    struct snapshot *before = sample_snapshot(LUNG_COUNTDOWN), *now = sample_snapshot(LUNG_COUNTDOWN);
    char *text;

    (void)state;
    text = told(NULL, before);
    assert_non_null(strstr(text, "Lungs: NO PEERS. HTTP in 00:13, source ready.\n"));
    assert_non_null(strstr(text, "Alert F1: no peers over P2P.\n"));
    free(text);
    now->wall_ms += 1000;
    now->lung.fallback_in_ms -= 1000;
    text = told(before, now);
    assert_string_equal(text, "");
    free(text);
    now->lung.fallback_in_ms = 9500;
    sample_diverge(now);
    text = told(before, now);
    assert_string_equal(text, "14:03:28 HTTP takes over in 10 s.\n"
                              "14:03:28 Alert D1: rio-2 diverges: 3 keys.\n"
                              "14:03:28 Source rio-2: differs 00:42, 3 BOTH.\n");
    free(text);
    text = told(now, before);
    assert_non_null(strstr(text, "Ended D1: rio-2 diverges: 3 keys.\n"));
    free(text);
    snapshot_unref(before);
    snapshot_unref(now);
    before = sample_snapshot(LUNG_P2P);
    now = sample_snapshot(LUNG_HTTP);
    text = told(before, now);
    assert_non_null(strstr(text, "Lungs: HTTP. in place of P2P; answered 14:03:19"));
    assert_non_null(strstr(text, "Peer porto-1 is gone.\n"));
    free(text);
    snapshot_unref(before);
    snapshot_unref(now);
}

static void
each_answer_is_whole_sentences(void **state)
{
    struct snapshot *s = sample_snapshot(LUNG_ISOLATED);
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);

    (void)state;
    sample_diverge(s);
    sentences_of_state(s, out);
    sentences_of_peers(s, out);
    sentences_of_divergence(s, out);
    sentences_of_events(s, out);
    sentences_of_alerts(s, out);
    fclose(out);
    assert_non_null(strstr(text, "  Key acct/settle/0107: only they have it.\n"));
    assert_non_null(strstr(text, "ALARM F3: both lungs down"));
    assert_non_null(strstr(text, "14:03:20 error: [LATTICE_P2P] listen failed"));
    assert_null(strchr(text, '\033'));
    free(text);
    snapshot_unref(s);
}

static void
only_what_is_new_rings(void **state)
{
    struct snapshot *s = sample_snapshot(LUNG_COUNTDOWN);
    struct alarm alarm = { 0 };
    const struct snapshot_alert *fresh;

    (void)state;
    assert_null(alarm_follow(&alarm, s)); /* what was there at the start */
    sample_diverge(s);
    fresh = alarm_follow(&alarm, s);
    assert_non_null(fresh);
    assert_string_equal(fresh->code, "D1");
    snprintf(s->alerts[1].text, sizeof(s->alerts[1].text), "rio-2 diverges: 4 keys"); /* a figure has changed */
    assert_null(alarm_follow(&alarm, s));
    s->alert_count = 1;
    assert_null(alarm_follow(&alarm, s));
    s->alert_count = 2;
    assert_non_null(alarm_follow(&alarm, s)); /* again, after it had ended */
    assert_true(alarm_rings(BELL_ALL, &s->alerts[1]));
    assert_false(alarm_rings(BELL_ALARM, &s->alerts[1]));
    s->alerts[1].severity = ALERT_ALARM;
    assert_true(alarm_rings(BELL_ALARM, &s->alerts[1]));
    assert_false(alarm_rings(BELL_OFF, &s->alerts[1]));
    snapshot_unref(s);
}

static bool
comes(const char *path)
{
    for (int i = 0; i < 500; i++) {
        if (access(path, R_OK) == 0)
            return true;
        usleep(10000);
    }
    return false;
}

static void
the_operators_command_gets_the_alert_and_is_not_run_too_often(void **state)
{
    struct alarm alarm = { 0 };
    struct settings settings;
    struct snapshot_alert alert = { .code = "D1", .severity = ALERT_ALARM, .text = "rio-2 diverges; $(touch no)" };
    char line[256] = "";
    FILE *in;

    (void)state;
    settings_defaults(&settings);
    alarm_run(&alarm, &settings, "lisbon-1", &alert, 1000); /* nothing is configured */
    snprintf(settings.on_alert, sizeof(settings.on_alert),
             "echo \"$LATTICE_ALERT_CODE/$LATTICE_ALERT_SEVERITY/$LATTICE_ALERT_NODE/$LATTICE_ALERT_TEXT\" > %s.tmp; mv %s.tmp %s$LATTICE_ALERT_CODE",
             temp_path("a"), temp_path("a"), temp_path("a"));
    alarm_run(&alarm, &settings, "lisbon-1", &alert, 2000);
    assert_true(comes(temp_path("aD1")));
    in = fopen(temp_path("aD1"), "r");
    assert_non_null(in);
    assert_non_null(fgets(line, sizeof(line), in));
    fclose(in);
    assert_string_equal(line, "D1/alarm/lisbon-1/rio-2 diverges; $(touch no)\n");
    snprintf(alert.code, sizeof(alert.code), "F3");
    alarm_run(&alarm, &settings, "lisbon-1", &alert, 3000); /* too soon: it waits */
    assert_string_equal(alarm.waiting.code, "F3");
    alarm_run(&alarm, &settings, "rio-2", NULL, 2000 + ALARM_PAUSE_MS); /* the alert keeps its node */
    assert_true(comes(temp_path("aF3")));
    in = fopen(temp_path("aF3"), "r");
    assert_non_null(in);
    assert_non_null(fgets(line, sizeof(line), in));
    fclose(in);
    assert_non_null(strstr(line, "/lisbon-1/"));
    assert_string_equal(alarm.waiting.code, "");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_state_has_a_caption_of_its_own),
        cmocka_unit_test(the_cursor_stands_on_the_selected_line_where_that_is_wanted),
        cmocka_unit_test(a_cast_paints_each_picture_whole),
        cmocka_unit_test(a_copy_has_every_line_of_the_panel_and_no_keys),
        cmocka_unit_test(privacy_hides_addresses_ids_and_keys_under_stable_names),
        cmocka_unit_test(a_party_has_one_name_in_privacy_whatever_of_it_is_said),
        cmocka_unit_test(of_a_node_that_says_nothing_it_is_told_for_how_long_and_why),
        cmocka_unit_test(a_recording_reads_back_line_by_line),
        cmocka_unit_test(sentences_tell_what_changed_and_nothing_else),
        cmocka_unit_test(each_answer_is_whole_sentences),
        cmocka_unit_test(only_what_is_new_rings),
        cmocka_unit_test(the_operators_command_gets_the_alert_and_is_not_run_too_often),
    };

    setlocale(LC_CTYPE, "C.UTF-8");
    return cmocka_run_group_tests(tests, temp_make, temp_remove);
}
