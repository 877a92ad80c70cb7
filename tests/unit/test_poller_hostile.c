/* The HTTP lung with sources that hang, lie, drip, redirect, flood and send nonsense: each ends in a
 * sentence, in bounded time and memory. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/le.h"
#include "base/text.h"
#include "support/poll_stage.h"

#define OCTETS "application/octet-stream"
#define EMPTY_ROOT "2e1cfa82b035c26cbbbdae632cea070514eb8b773f616aaeaf668e2f0be8f10d"

static int
open_one(void **state)
{
    struct stage *stage = malloc(sizeof(*stage));

    stage_open(stage, 1);
    *state = stage;
    return 0;
}

static int
close_stage(void **state)
{
    stage_close(*state);
    free(*state);
    return 0;
}

static void
assert_text_is_safe(const char *text)
{
    const uint8_t *at = (const uint8_t *)text;
    size_t left = strlen(text);

    while (left > 0) {
        uint32_t code_point;
        size_t len = lat_utf8_next(at, left, &code_point);

        assert_true(len > 0);
        assert_false(lat_is_unsafe(code_point));
        at += len;
        left -= len;
    }
}

/* A round fails in time, and the row says why, in words that are safe to show. */
static void
assert_fails(struct stage *stage, const char *words)
{
    uint64_t begin = lat_mono_ms();
    struct snapshot_source row;

    stage_round(stage, POLLER_CARRY);
    row = stage_row(stage, 0);
    assert_true(lat_mono_ms() - begin < STAGE_TOTAL_MS + 2000);
    assert_false(stage->done_ok);
    assert_false(row.usable);
    assert_text_is_safe(row.stand.error);
    assert_text_is_safe(stage->done_error);
    if (strstr(row.stand.error, words) == NULL)
        fail_msg("'%s' does not say '%s'", row.stand.error, words);
    assert_int_equal(stage->applies + stage->imports, 0);
    assert_false(poller_is_usable(stage->poller));
}

/* --- documents that are none ----------------------------------------------------------------------- */

static void
documents_that_are_no_state_are_refused_with_their_reason(void **state)
{
    static const struct {
        const char *document, *words;
    } cases[] = {
        { "", "" },
        { "[]", "" },
        { "{}", "\"success\" of the answer is missing" },
        { "{\"success\":true", "" },
        { "{\"success\":true,\"merkle_root\":\"" EMPTY_ROOT "\",\"state\":{\"a\":NaN},\"signed\":false}",
          "byte" },
        { "{\"success\":true,\"merkle_root\":\"" EMPTY_ROOT "\",\"state\":{\"a\":1e400},\"signed\":false}",
          "" },
        { "{\"success\":true,\"merkle_root\":\"" EMPTY_ROOT "\",\"state\":{\"a\\ud800\":1},\"signed\":false}",
          "surrogate" },
        { "{\"success\":true,\"merkle_root\":\"" EMPTY_ROOT
          "\",\"state\":{\"a\":\"\\udc00\"},\"signed\":false}",
          "surrogate" },
        { "{\"success\":true,\"merkle_root\":\"" EMPTY_ROOT "\",\"state\":{\"a\":1},\"signed\":false}",
          "has the root" },
        { "{\"success\":true,\"merkle_root\":null,\"state\":{},\"signed\":false}", "announces no root" },
        { "{\"success\":true,\"merkle_root\":\"\x1b]0;owned\x07\",\"state\":{},\"signed\":false}", "" },
        { "{\"success\":true,\"merkle_root\":\"aa\\n[STARTUP] forged\",\"state\":{},\"signed\":false}",
          "merkle_root" },
        { "{\"success\":false,\"\x1b[2J\":1}", "" },
        { "{\"sync\":\"\\u001b[31m\",\"success\":true}", "" },
    };
    struct stage *stage = *state;

    poller_set_carrying(stage->poller, true);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        stage->sites[0].document = cases[i].document;
        assert_fails(stage, cases[i].words);
        assert_true(stage_row(stage, 0).stand.error[0]);
    }
    assert_int_equal(stage_row(stage, 0).failures, sizeof(cases) / sizeof(cases[0]));
}

static void
a_bomb_of_brackets_is_refused(void **state)
{
    struct stage *stage = *state;
    static char bomb[1000001];

    memset(bomb, '[', sizeof(bomb) - 1);
    stage->sites[0].document = bomb;
    assert_fails(stage, "");
    memcpy(bomb, "{\"state\":", 9);
    assert_fails(stage, "");
}

/* --- answers that are none ------------------------------------------------------------------------- */

static void
hang(void *arg, struct http_exchange *x)
{
    (void)arg;
    while (http_wait(x, 1000))
        ;
}

static void
drip(void *arg, struct http_exchange *x)
{
    (void)arg;
    http_send_text(x, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 5000\r\n\r\n");
    while (http_wait(x, 20) && http_send(x, "{", 1))
        ;
}

static void
pour(void *arg, struct http_exchange *x)
{
    static char block[65536];

    (void)arg;
    memset(block, ' ', sizeof(block));
    http_send_text(x, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n");
    for (int i = 0; i < 4800 && http_send(x, block, sizeof(block)); i++)
        ; /* 300 MiB */
    x->close = true;
}

static void
redirect_away(void *arg, struct http_exchange *x)
{
    (void)arg;
    http_reply(x, 302, "text/html", "Location: http://evil.example/\r\n", "", 0);
}

static void
answer_html(void *arg, struct http_exchange *x)
{
    (void)arg;
    http_reply(x, 200, "text/html", NULL, "<html>", 6);
}

static void
compress(void *arg, struct http_exchange *x)
{
    (void)arg;
    http_reply(x, 200, "application/json", "Content-Encoding: gzip\r\n", "\x1f\x8b", 2);
}

static void
stop_short(void *arg, struct http_exchange *x)
{
    (void)arg;
    http_send_text(x, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{");
    x->close = true;
}

static void
break_off(void *arg, struct http_exchange *x)
{
    (void)arg;
    x->close = true;
}

static void
speak_otherwise(void *arg, struct http_exchange *x)
{
    (void)arg;
    http_send_text(x, "220 \x1b[31mmail.example ESMTP\r\n");
    x->close = true;
}

static void
say_teapot(void *arg, struct http_exchange *x)
{
    (void)arg;
    http_reply(x, 418, "application/json", NULL, "{}", 2);
}

/* Memory of this process at its highest, KiB. */
static long
peak_kib(void)
{
    FILE *f = fopen("/proc/self/status", "re");
    char line[256];
    long kib = 0;

    while (f && fgets(line, sizeof(line), f))
        if (sscanf(line, "VmHWM: %ld", &kib) == 1)
            break;
    if (f)
        fclose(f);
    return kib;
}

static void
answers_that_are_none_end_in_bounded_time_and_memory(void **state)
{
    static const struct {
        http_handler_fn handler;
        const char *words;
    } cases[] = {
        { hang, "no whole answer within 0.7 s" },
        { drip, "of 5000 bytes came" },
        { pour, "answer is over 2097152 bytes: cut off" },
        { redirect_away, "redirects to another host (evil.example): not followed" },
        { answer_html, "answers text/html, not application/json" },
        { compress, "compressed" },
        { stop_short, "ended early" },
        { break_off, "connection closed" },
        { speak_otherwise, "" },
        { say_teapot, "HTTP status 418" },
    };
    struct stage *stage = *state;
    long before = peak_kib();

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        stage->sites[0].on_summary = cases[i].handler;
        assert_fails(stage, cases[i].words);
        assert_true(stage_row(stage, 0).stand.error[0]);
    }
    assert_true(peak_kib() - before < 64 * 1024);
}

/* --- sync messages that are none ------------------------------------------------------------------- */

static void
echo(void *arg, struct http_exchange *x)
{
    (void)arg;
    http_reply(x, 200, OCTETS, NULL, x->body, x->body_len);
}

static void
answer_nothing(void *arg, struct http_exchange *x)
{
    (void)arg;
    http_reply(x, 200, OCTETS, NULL, "", 0);
}

static void
answer_json(void *arg, struct http_exchange *x)
{
    (void)arg;
    http_reply(x, 200, "application/json", NULL, "{}", 2);
}

/* The same answer again and again: our challenge has changed. */
static void
replay(void *arg, struct http_exchange *x)
{
    static uint8_t kept[4096];
    static size_t kept_len;
    struct site *site = arg;
    struct recon_view view = site->state.view;
    struct lat_buf reply;

    if (kept_len == 0) {
        lat_buf_init(&reply, sizeof(kept));
        view.now_ms = lat_wall_ms();
        assert_int_equal(recon_handle(&view, x->body, x->body_len, NULL, 0, &reply), LAT_OK);
        memcpy(kept, reply.data, reply.len);
        kept_len = reply.len;
        kept[20] ^= 1; /* and another root, so that not even the first counts */
        lat_buf_fini(&reply);
    }
    http_reply(x, 200, OCTETS, NULL, kept, kept_len);
}

static void
answer_for_another_network(void *arg, struct http_exchange *x)
{
    struct site *site = arg;
    struct recon_view view = site->state.view;
    struct network other;
    struct lat_buf reply;

    assert_int_equal(network_init(&other, "another"), LAT_OK);
    view.network = &other;
    view.now_ms = lat_wall_ms();
    lat_buf_init(&reply, 4096);
    assert_int_equal(recon_handle(&view, x->body, x->body_len, NULL, 0, &reply), LAT_OK);
    http_reply(x, 200, OCTETS, NULL, reply.data, reply.len);
    lat_buf_fini(&reply);
}

static void
refuse_with_escapes(void *arg, struct http_exchange *x)
{
    struct site *site = arg;
    struct lat_buf reply;

    lat_buf_init(&reply, 4096);
    assert_int_equal(
        recon_error_message(&site->stage->world.network, RECON_E_NOT_ALLOWED, 0, "\x1b[31mno\x07", &reply),
        LAT_OK);
    http_reply(x, 200, OCTETS, NULL, reply.data, reply.len);
    lat_buf_fini(&reply);
}

static void
flood_sync(void *arg, struct http_exchange *x)
{
    static uint8_t much[100000];

    (void)arg;
    http_reply(x, 200, OCTETS, NULL, much, sizeof(much));
}

static void
sync_messages_that_are_none_are_refused_with_their_reason(void **state)
{
    static const struct {
        http_handler_fn handler;
        const char *words;
    } cases[] = {
        { echo, "malformed" },
        { answer_nothing, "malformed" },
        { answer_json, "answers application/json, not application/octet-stream" },
        { replay, "the attestation does not fit" },
        { answer_for_another_network, "other network" },
        { refuse_with_escapes, "refused: ?[31mno?" },
        { flood_sync, "answer is over 4096 bytes: cut off" },
        { hang, "no whole answer within 0.7 s" },
    };
    struct stage *stage = *state;

    poller_set_carrying(stage->poller, true);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        stage->sites[0].on_sync = cases[i].handler;
        assert_fails(stage, cases[i].words);
    }
}

static void
clocks_and_keys_that_are_not_right_are_named(void **state)
{
    struct stage *stage = *state;
    struct site *site = &stage->sites[0];
    struct poller_config config;

    site->clock_off_ms = 3 * 3600000;
    assert_fails(stage, "its clock is 3 h ahead of ours");
    site->clock_off_ms = -3 * 3600000;
    assert_fails(stage, "its clock is 3 h behind ours");
    site->clock_off_ms = 0;
    site->key = 0;
    assert_fails(stage, "answers with our own key");
    site->key = 1;
    site->is_incomplete = true;
    assert_fails(stage, "is being filled itself");
    site->is_incomplete = false;
    stage->sources[0].bound = true;
    memcpy(stage->sources[0].key, key_public(stage->world.keys[3]), 32);
    config = stage_config(stage);
    assert_int_equal(poller_configure(stage->poller, &config), LAT_OK);
    assert_fails(stage, "which is bound to it");
    site->key = 3;
    stage_round(stage, POLLER_CARRY);
    assert_true(stage->done_ok);
}

static void
an_untrusted_source_shows_divergence_and_only_signed_records_are_taken(void **state)
{
    struct stage *stage = *state;
    struct snapshot_lung lung = { 0 };
    struct snapshot_source row;

    stage->sites[0].key = 2;
    world_put(&stage->world, &stage->sites[0].state, 2, "theirs", "1", HLC_OF_MS(WORLD_NOW_MS));
    world_put(&stage->world, &stage->sites[0].state, 1, "a friend's", "1", HLC_OF_MS(WORLD_NOW_MS));
    poller_set_carrying(stage->poller, true);
    stage_round(stage, POLLER_CARRY);
    row = stage_row(stage, 0);
    assert_true(stage->done_ok);
    assert_true(row.usable);
    assert_false(row.trusted);
    assert_int_equal(stage->here.count, 1);
    assert_int_equal(row.stand.heal_applied, 1);
    assert_int_equal(row.stand.heal_refused, 1);
    assert_int_equal(row.stand.agreement, AGREE_BUT);
    assert_non_null(strstr(row.stand.error, "not trusted here"));
    assert_int_equal(stage->filling_on, 0); /* an empty node is not filled by a stranger's word */
    poller_fill_lung(stage->poller, lat_mono_ms(), &lung);
    assert_true(lung.http_untrusted);
    assert_string_equal(lung.http_error, "");
    assert_string_equal(lung.http_source, row.url);
}

static void
without_trusted_keys_nothing_is_taken_from_anyone(void **state)
{
    struct stage *stage = *state;
    struct poller_config config = stage_config(stage);

    world_fill(&stage->world, &stage->sites[0].state, 1, "key", 5, 30);
    trust_init(&stage->world.trust, key_public(stage->world.keys[0]));
    assert_int_equal(poller_configure(stage->poller, &config), LAT_OK);
    poller_set_carrying(stage->poller, true);
    for (int i = 0; i < 4; i++)
        stage_round(stage, POLLER_CARRY);
    assert_int_equal(stage->sites[0].ranges, 0);
    assert_int_equal(stage_row(stage, 0).stand.agreement, AGREE_HELD);
    assert_non_null(strstr(stage_row(stage, 0).stand.error, "LATTICE_TRUSTED_KEYS"));
    assert_true(stage->done_ok);
}

/* --- within a session ------------------------------------------------------------------------------ */

static void
bend_ranges(void *arg, struct http_exchange *x)
{
    static const uint8_t nonsense[300] = { 134, 1 };
    struct site *site = arg;

    if (x->body[0] == RECON_RANGE)
        http_reply(x, 200, OCTETS, NULL, nonsense, sizeof(nonsense));
    else
        site_sync(site, x);
}

static void
hang_on_ranges(void *arg, struct http_exchange *x)
{
    if (x->body[0] == RECON_RANGE)
        hang(arg, x);
    else
        site_sync(arg, x);
}

static void
refuse_ranges(void *arg, struct http_exchange *x)
{
    struct site *site = arg;
    struct lat_buf reply;

    if (x->body[0] != RECON_RANGE) {
        site_sync(site, x);
        return;
    }
    lat_buf_init(&reply, 4096);
    assert_int_equal(recon_error_message(&site->stage->world.network, RECON_E_BUSY, 500, "later", &reply),
                     LAT_OK);
    http_reply(x, 200, OCTETS, NULL, reply.data, reply.len);
    lat_buf_fini(&reply);
}

static void
sessions_that_go_wrong_end_and_after_three_healing_pauses(void **state)
{
    static const struct {
        http_handler_fn handler;
        const char *words;
    } cases[] = {
        { bend_ranges, "malformed" },
        { hang_on_ranges, "no whole answer within 0.7 s" },
        { refuse_ranges, "refused: later" },
    };
    struct stage *stage = *state;

    world_fill(&stage->world, &stage->sites[0].state, 1, "key", 5, 30);
    poller_set_carrying(stage->poller, true);
    for (size_t i = 0; i < 3; i++) {
        struct snapshot_source row;

        stage->sites[0].on_sync = cases[i].handler;
        stage_round(stage, POLLER_CARRY);
        row = stage_row(stage, 0);
        assert_true(row.usable); /* its STATUS is right */
        assert_int_equal(row.stand.agreement, AGREE_DIFFERS);
        if (strstr(row.stand.error, cases[i].words) == NULL)
            fail_msg("'%s' does not say '%s'", row.stand.error, cases[i].words);
    }
    assert_in_range(stage_row(stage, 0).stand.backoff_ms, 1, 2000);
    stage->sites[0].on_sync = NULL;
    stage_run(stage, 600); /* Retry-After of the last one */
    stage_round(stage, POLLER_CARRY);
    assert_int_equal(stage->applies, 0);   /* it pauses */
    stage_wait(stage, &stage->applies, 1); /* and goes on by itself, without another poll */
    stage_run(stage, 50);
    assert_int_equal(stage_row(stage, 0).stand.agreement, AGREE_EQUAL);
    assert_int_equal(stage_row(stage, 0).stand.backoff_ms, 0);
}

static void
lies_about_root_or_count_are_found_and_named(void **state)
{
    struct stage *stage = *state;
    struct site *site = &stage->sites[0];

    world_fill(&stage->world, &site->state, 1, "key", 5, 30);
    world_fill(&stage->world, &stage->here, 1, "key", 5, 30);
    poller_set_carrying(stage->poller, true);
    site->lies_about_root = true;
    stage_round(stage, POLLER_CARRY);
    assert_string_equal(stage_row(stage, 0).stand.error, "shows the records that we have, under another root");
    site->lies_about_count = true;
    stage_round(stage, POLLER_CARRY);
    assert_string_equal(stage_row(stage, 0).stand.error, "announces 1005 records and shows 5");
    stage_round(stage, POLLER_CARRY);
    assert_in_range(stage_row(stage, 0).stand.backoff_ms, 1, 2000);
    assert_int_equal(stage->applies, 0);
}

/* --- being asked to wait --------------------------------------------------------------------------- */

static void
ask_for_two_seconds(void *arg, struct http_exchange *x)
{
    (void)arg;
    http_reply(x, 503, "application/json", "Retry-After: 2\r\n", "{}", 2);
}

static void
a_source_that_asks_to_be_left_alone_is(void **state)
{
    struct stage *stage = *state;
    unsigned requests;

    stage->sites[0].on_summary = ask_for_two_seconds;
    assert_fails(stage, "HTTP status 503: busy, or not ready");
    requests = http_server_requests(stage->sites[0].server);
    stage_round(stage, POLLER_CARRY);
    assert_false(stage->done_ok);
    assert_non_null(strstr(stage->done_error, "asked to be left alone for 2 s more"));
    assert_int_equal(http_server_requests(stage->sites[0].server), requests);
}

static void
an_error_message_that_asks_for_time_gets_it(void **state)
{
    struct stage *stage = *state;
    unsigned requests;

    stage->sites[0].on_sync = refuse_ranges;
    world_fill(&stage->world, &stage->sites[0].state, 1, "key", 5, 30);
    poller_set_carrying(stage->poller, true);
    stage_round(stage, POLLER_CARRY);
    requests = http_server_requests(stage->sites[0].server);
    stage_round(stage, POLLER_CARRY);
    assert_int_equal(http_server_requests(stage->sites[0].server), requests);
    assert_non_null(strstr(stage->done_error, "asked to be left alone for 1 s more"));
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_one, close_stage)
    const struct CMUnitTest tests[] = {
        TEST(documents_that_are_no_state_are_refused_with_their_reason),
        TEST(a_bomb_of_brackets_is_refused),
        TEST(answers_that_are_none_end_in_bounded_time_and_memory),
        TEST(sync_messages_that_are_none_are_refused_with_their_reason),
        TEST(clocks_and_keys_that_are_not_right_are_named),
        TEST(an_untrusted_source_shows_divergence_and_only_signed_records_are_taken),
        TEST(without_trusted_keys_nothing_is_taken_from_anyone),
        TEST(sessions_that_go_wrong_end_and_after_three_healing_pauses),
        TEST(lies_about_root_or_count_are_found_and_named),
        TEST(a_source_that_asks_to_be_left_alone_is),
        TEST(an_error_message_that_asks_for_time_gets_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
