/* test_api_state.c - entries, the whole state and sync messages over HTTP, with a real store behind them. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "state/legacy.h"
#include "state/recon.h"
#include "support/api_world.h"
#include "support/temp.h"
#include "support/temp_store.h"
#include "support/vectors.h"

#define STATE "/api/lattice/state"

static struct api_world world;
static int port;

static int
begin(void **state)
{
    if (temp_make(state) != 0)
        return 1;
    api_world_init(&world, temp_path("state"));
    api_world_start(&world);
    port = api_world_port(&world);
    return 0;
}

static int
end(void **state)
{
    api_world_fini(&world);
    return temp_remove(state);
}

/* The tag of an answer, without its quotes; in one of two buffers used in turn. */
static const char *
tag_of(const struct http_reply *reply)
{
    static char tags[2][80];
    static unsigned next;
    const char *etag = http_header(reply, "ETag");
    char *out = tags[next++ % 2];

    assert_non_null(etag);
    assert_int_equal(strlen(etag), 66);
    snprintf(out, sizeof(tags[0]), "%.64s", etag + 1);
    return out;
}

static int
put_status(const char *target, const char *headers, const char *body)
{
    struct http_reply reply = http_ask(port, "PUT", target, headers, body);
    int status = reply.status;

    http_reply_fini(&reply);
    return status;
}

static void
an_entry_is_written_read_and_deleted(void **state)
{
    struct http_reply put =
        http_ask(port, "PUT", STATE "/account:alice", NULL, "{\"balance\":100, \"x\":[1.0,\"\\u00e4\"]}");
    struct http_reply get, again;
    struct store_head head;
    cJSON *json = http_json(&put);
    char root[65];

    (void)state;
    assert_int_equal(put.status, 200);
    store_head(world.store, &head);
    lat_hex(head.root, 32, root);
    assert_string_equal(vectors_text(json, "root"), root);
    get = http_ask(port, "GET", STATE "/account:alice", NULL, NULL);
    assert_int_equal(get.status, 200);
    assert_string_equal(get.body, "{\"balance\": 100, \"x\": [1.0, \"\\u00e4\"]}"); /* the stored form */
    assert_string_equal(tag_of(&get), tag_of(&put));
    assert_string_equal(http_header(&get, "Content-Type"), "application/json");
    assert_int_equal(strlen(http_header(&get, "Lattice-Author")), 64);
    again = http_ask(port, "DELETE", STATE "/account:alice", NULL, NULL);
    assert_int_equal(again.status, 200);
    assert_int_equal(http_status(port, "GET", STATE "/account:alice"), 404);
    assert_int_equal(http_status(port, "DELETE", STATE "/account:alice"), 404);
    cJSON_Delete(json);
    http_reply_fini(&put);
    http_reply_fini(&get);
    http_reply_fini(&again);
}

static void
a_key_is_everything_behind_state_percent_decoded(void **state)
{
    struct reader *reader;
    struct record record;

    (void)state;
    assert_int_equal(put_status(STATE "/a%2Fb/c%00d/", NULL, "7"), 200);
    assert_int_equal(reader_begin(world.store, &reader), LAT_OK);
    assert_int_equal(reader_get(reader, (const uint8_t *)"a/b/c\0d/", 8, false, &record), LAT_OK);
    reader_end(reader);
    assert_int_equal(http_status(port, "GET", STATE "/a/b/c%00d/"), 200);
    assert_int_equal(put_status(STATE "/%2e%2e/%c3%a4", NULL, "7"), 200);
    assert_int_equal(http_status(port, "GET", STATE "/../\xc3\xa4"), 400); /* not as raw bytes */
}

static void
keys_that_are_none_are_refused(void **state)
{
    char longest[1100] = STATE "/";

    (void)state;
    assert_int_equal(put_status(STATE "/%00horizon", NULL, "7"), 400);
    assert_int_equal(put_status(STATE "/%ff", NULL, "7"), 400);
    assert_int_equal(put_status(STATE "/%ed%a0%80", NULL, "7"), 400);
    assert_int_equal(put_status(STATE "/%4", NULL, "7"), 400);
    assert_int_equal(put_status(STATE "/%zz", NULL, "7"), 400);
    memset(longest + strlen(longest), 'k', 1024);
    assert_int_equal(put_status(longest, NULL, "7"), 200);
    longest[strlen(longest)] = 'k';
    assert_int_equal(put_status(longest, NULL, "7"), 400);
}

static void
values_that_are_not_json_are_refused_with_what_is_wrong(void **state)
{
    static const char *const bad[] = { "",    "NaN",      "{",    "'a'", "[1,]", "\"\\ud800\"",
                                       "1 2", "Infinity", "1e400" };
    struct http_reply reply;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        reply = http_ask(port, "PUT", STATE "/bad", NULL, bad[i]);
        assert_int_equal(reply.status, 400);
        assert_non_null(strstr(reply.body, "\"detail\""));
        http_reply_fini(&reply);
    }
    assert_int_equal(http_status(port, "GET", STATE "/bad"), 404);
}

static void
a_value_over_the_limit_gets_413(void **state)
{
    char *body = calloc(1, 1100000);

    (void)state;
    memset(body, '1', 70000); /* within the route's limit, over LATTICE_VALUE_MAX: the node refuses */
    body[0] = '"';
    body[69999] = '"';
    assert_int_equal(put_status(STATE "/big", NULL, body), 413);
    memset(body, ' ', 1048577); /* over the route's limit by one: drained, so that the answer arrives */
    assert_int_equal(put_status(STATE "/big", NULL, body), 413);
    free(body);
}

/* INTERFACE section 3, "Errors". */
static void
what_the_store_refuses_is_told_by_status(void **state)
{
    static const struct {
        enum lat_err err;
        int status;
        bool retry;
    } rows[] = {
        { LAT_READONLY, 503, true }, { LAT_FULL, 507, false },  { LAT_BUSY, 503, true },
        { LAT_DAMAGED, 503, true },  { LAT_LIMIT, 413, false }, { LAT_NOMEM, 503, true },
        { LAT_CLOSED, 503, true },   { LAT_SYS, 503, true },
    };
    struct http_reply reply;
    cJSON *json;

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        atomic_store(&world.refusing, rows[i].err);
        reply = http_ask(port, "PUT", STATE "/refused", NULL, "1");
        assert_int_equal(reply.status, rows[i].status);
        assert_int_equal(http_header(&reply, "Retry-After") != NULL, rows[i].retry);
        json = http_json(&reply);
        assert_true(strlen(vectors_text(json, "detail")) > 5);
        cJSON_Delete(json);
        http_reply_fini(&reply);
    }
    atomic_store(&world.refusing, LAT_OK);
    assert_int_equal(http_status(port, "GET", STATE "/refused"), 404);
}

static void
a_write_may_demand_what_it_replaces(void **state)
{
    struct http_reply first;
    char match[128], none[128], list[256];

    (void)state;
    assert_int_equal(put_status(STATE "/c", "If-None-Match: *\r\n", "1"), 200);
    assert_int_equal(put_status(STATE "/c", "If-None-Match: *\r\n", "2"), 412);
    first = http_ask(port, "GET", STATE "/c", NULL, NULL);
    assert_string_equal(first.body, "1");
    snprintf(match, sizeof(match), "If-Match: \"%s\"\r\n", tag_of(&first));
    snprintf(none, sizeof(none), "If-None-Match: W/\"%s\"\r\n", tag_of(&first));
    snprintf(list, sizeof(list), "If-Match: \"other\", \"%s\"\r\n", tag_of(&first));
    assert_int_equal(put_status(STATE "/c", none, "2"), 412);
    assert_int_equal(put_status(STATE "/c", list, "2"), 200);
    assert_int_equal(put_status(STATE "/c", match, "3"), 412);
    assert_int_equal(put_status(STATE "/c", none, "3"), 200);
    assert_int_equal(put_status(STATE "/c", "If-Match: *\r\n", "4"), 200);
    assert_int_equal(put_status(STATE "/absent", "If-Match: *\r\n", "4"), 412);
    assert_int_equal(put_status(STATE "/c", "If-Match: abc\r\n", "4"), 400);
    assert_int_equal(put_status(STATE "/c", "If-Match: W/\"x\"\r\n", "4"), 412);
    http_reply_fini(&first);
    first = http_ask(port, "DELETE", STATE "/c", match, NULL);
    assert_int_equal(first.status, 412);
    http_reply_fini(&first);
}

static void
a_read_of_what_one_has_gets_304(void **state)
{
    struct http_reply first, second;
    char header[128];

    (void)state;
    assert_int_equal(put_status(STATE "/e", NULL, "1"), 200);
    first = http_ask(port, "GET", STATE "/e", NULL, NULL);
    snprintf(header, sizeof(header), "If-None-Match: \"%s\"\r\n", tag_of(&first));
    second = http_ask(port, "GET", STATE "/e", header, NULL);
    assert_int_equal(second.status, 304);
    assert_int_equal(second.body_len, 0);
    assert_string_equal(tag_of(&second), tag_of(&first));
    http_reply_fini(&first);
    http_reply_fini(&second);
    first = http_ask(port, "GET", STATE, NULL, NULL);
    snprintf(header, sizeof(header), "If-None-Match: \"%s\"\r\n", tag_of(&first));
    second = http_ask(port, "GET", STATE, header, NULL);
    assert_int_equal(second.status, 304);
    http_reply_fini(&second);
    assert_int_equal(put_status(STATE "/e", NULL, "2"), 200);
    second = http_ask(port, "GET", STATE, header, NULL);
    assert_int_equal(second.status, 200);
    assert_string_not_equal(tag_of(&second), tag_of(&first));
    http_reply_fini(&first);
    http_reply_fini(&second);
}

/* The document passes for what a v3.0.3 node would accept: our own reader of such documents judges it. */
static void
the_whole_state_is_attested_as_v3_0_3_nodes_expect(void **state)
{
    struct http_reply reply = http_ask(port, "GET", STATE, NULL, NULL);
    struct legacy_state parsed;
    struct trust trust;
    struct lat_msg why = { "" };
    struct store_head head;
    uint8_t key[32];
    cJSON *json = http_json(&reply);

    (void)state;
    assert_int_equal(reply.status, 200);
    store_head(world.store, &head);
    assert_int_equal(vectors_number(json, "state_size"), head.keys);
    assert_int_equal(vectors_number(json, "entry_count"), head.keys);
    assert_int_equal(cJSON_GetArraySize(vectors_member(json, "state")), (int)head.keys);
    assert_true(cJSON_IsTrue(vectors_member(json, "signed")));
    trust_init(&trust, key_public(world.key));
    if (legacy_state_parse(reply.body, reply.body_len, 1 << 24, &parsed, &why))
        fail_msg("%s", why.text);
    assert_int_equal(legacy_state_judge(&parsed, &trust, NULL, lat_wall_ms(), key, &why), LEGACY_ATTESTED);
    legacy_state_fini(&parsed);
    cJSON_Delete(json);
    http_reply_fini(&reply);
}

static void
the_summary_says_the_same_without_the_entries(void **state)
{
    struct http_reply whole = http_ask(port, "GET", STATE, NULL, NULL);
    struct http_reply summary = http_ask(port, "GET", STATE "?summary=1", NULL, NULL);
    cJSON *a = http_json(&whole), *b = http_json(&summary);

    (void)state;
    assert_string_equal(vectors_text(a, "merkle_root"), vectors_text(b, "merkle_root"));
    assert_string_equal(vectors_text(a, "root"), vectors_text(b, "root"));
    assert_int_equal(vectors_number(a, "entry_count"), vectors_number(b, "entry_count"));
    assert_int_equal(vectors_number(b, "sync"), 1);
    assert_int_equal(strlen(vectors_text(b, "hlc")), 16);
    assert_null(cJSON_GetObjectItem(b, "state"));
    assert_true(summary.body_len < 700);
    cJSON_Delete(a);
    cJSON_Delete(b);
    http_reply_fini(&whole);
    http_reply_fini(&summary);
}

static void
a_node_that_is_being_filled_vouches_for_nothing(void **state)
{
    struct http_reply reply;

    (void)state;
    store_set_incomplete(world.store, true);
    reply = http_ask(port, "GET", STATE "?summary=1", NULL, NULL);
    assert_non_null(strstr(reply.body, "\"signed\":false"));
    assert_null(strstr(reply.body, "signature"));
    http_reply_fini(&reply);
    store_set_incomplete(world.store, false);
}

/* Follow the pages of /keys; returns how many keys they name. */
static size_t
count_keys(const char *parameters, size_t *pages)
{
    char target[2200], after[1100] = "";
    struct http_reply reply;
    size_t count = 0;
    cJSON *json;
    const cJSON *next;

    *pages = 0;
    do {
        snprintf(target, sizeof(target), "/api/lattice/keys?%s%s%s", parameters, *after ? "&after=" : "",
                 after);
        reply = http_ask(port, "GET", target, NULL, NULL);
        assert_int_equal(reply.status, 200);
        json = http_json(&reply);
        count += (size_t)cJSON_GetArraySize(vectors_member(json, "keys"));
        ++*pages;
        next = vectors_member(json, "next");
        snprintf(after, sizeof(after), "%s", cJSON_IsString(next) ? next->valuestring : "");
        cJSON_Delete(json);
        http_reply_fini(&reply);
    } while (*after != 0 && *pages < 1000);
    return count;
}

static void
keys_are_listed_in_pages_by_prefix_and_author(void **state)
{
    char author[128];
    size_t pages;

    (void)state;
    api_world_fill(&world, "page_", 250);
    assert_int_equal(count_keys("prefix=page_&limit=100", &pages), 250);
    assert_true(pages >= 3);
    assert_int_equal(count_keys("prefix=page_0001&limit=1000", &pages), 10);
    assert_int_equal(count_keys("prefix=nobody", &pages), 0);
    assert_int_equal(pages, 1);
    memcpy(author, "prefix=page_&author=", 20);
    lat_hex(key_public(world.key), 32, author + 20);
    assert_int_equal(count_keys(author, &pages), 250);
    author[20] = author[20] == '0' ? '1' : '0';
    assert_int_equal(count_keys(author, &pages), 0);
    assert_int_equal(http_status(port, "GET", "/api/lattice/keys?limit=0"), 400);
    assert_int_equal(http_status(port, "GET", "/api/lattice/keys?limit=1001"), 400);
    assert_int_equal(http_status(port, "GET", "/api/lattice/keys?author=me"), 400);
}

/* --- sync messages ---------------------------------------------------------------------------------- */

#define OCTETS "Content-Type: application/octet-stream\r\n"

static struct http_reply
send_message(const char *headers, const struct lat_buf *message)
{
    struct http_reply reply;
    char head[300];
    int fd = http_connect(port);

    snprintf(head, sizeof(head),
             "POST /api/lattice/sync HTTP/1.1\r\nHost: localhost\r\n%sContent-Length: %zu\r\n\r\n", headers,
             message->len);
    http_send_text(fd, head);
    http_send(fd, message->data, message->len);
    reply = http_read(fd, false);
    close(fd);
    return reply;
}

static void
status_is_answered_with_an_attested_root(void **state)
{
    uint8_t challenge[16] = "0123456789abcde", root[32] = { 0 };
    struct recon_status status;
    struct lat_msg why = { "" };
    struct http_reply reply;
    struct store_head head;
    struct lat_buf message;

    (void)state;
    lat_buf_init(&message, RECON_MESSAGE_MAX);
    assert_int_equal(recon_ask_status(store_network(world.store), challenge, root, 0, true, &message),
                     LAT_OK);
    reply = send_message(OCTETS, &message);
    assert_int_equal(reply.status, 200);
    assert_string_equal(http_header(&reply, "Content-Type"), "application/octet-stream");
    assert_true(reply.body_len <= 256); /* a poll where nothing differs costs at most this */
    assert_int_equal(recon_read_status(store_network(world.store), challenge, (uint8_t *)reply.body,
                                       reply.body_len, &status, &why),
                     LAT_OK);
    store_head(world.store, &head);
    assert_memory_equal(status.root, head.root, 32);
    assert_int_equal(status.count, head.count);
    http_reply_fini(&reply);
    lat_buf_fini(&message);
}

static void
records_are_served_in_key_order(void **state)
{
    static const uint8_t first[32];
    uint8_t last[32];
    struct recon_range range;
    struct lat_msg why = { "" };
    struct http_reply reply;
    struct store_head head;
    struct lat_buf message;

    (void)state;
    memset(last, 0xff, sizeof(last));
    lat_buf_init(&message, RECON_MESSAGE_MAX);
    assert_int_equal(recon_ask_range(store_network(world.store), first, last, 1000000, &message), LAT_OK);
    reply = send_message(OCTETS, &message);
    assert_int_equal(reply.status, 200);
    assert_int_equal(recon_read_range(store_network(world.store), first, last, (uint8_t *)reply.body,
                                      reply.body_len, &range, &why),
                     LAT_OK);
    store_head(world.store, &head);
    assert_int_equal(range.count, head.count);
    assert_false(range.more);
    http_reply_fini(&reply);
    lat_buf_fini(&message);
}

/* A RECORDS request that pushes one record: head, p = 1, length, record, w = 0. */
static void
push_message(struct lat_buf *message, const struct lat_buf *record)
{
    const uint8_t type_and_version[] = { RECON_RECORDS, 1 };

    assert_int_equal(lat_buf_add(message, type_and_version, 2), LAT_OK);
    assert_int_equal(lat_buf_add(message, store_network(world.store)->id, 8), LAT_OK);
    assert_int_equal(lat_buf_add_u8(message, 1), LAT_OK);
    assert_true(record->len >= 128 && record->len < 16384);
    assert_int_equal(lat_buf_add_u8(message, (uint8_t)(record->len & 127) | 128), LAT_OK);
    assert_int_equal(lat_buf_add_u8(message, (uint8_t)(record->len >> 7)), LAT_OK);
    assert_int_equal(lat_buf_add(message, record->data, record->len), LAT_OK);
    assert_int_equal(lat_buf_add_u8(message, 0), LAT_OK);
}

static void
pushed_records_are_committed_before_the_answer(void **state)
{
    struct record_content content = {
        .key = (const uint8_t *)"pushed", .key_len = 6, .value = (const uint8_t *)"[1, 2]", .value_len = 6
    };
    struct lat_buf record, message;
    struct http_reply reply;

    (void)state;
    content.hlc = HLC_OF_MS(store_clock());
    lat_buf_init(&record, 4096);
    lat_buf_init(&message, 4096);
    assert_int_equal(record_make(store_network(world.store), world.key, &content, &record), LAT_OK);
    push_message(&message, &record);
    reply = send_message(OCTETS, &message);
    assert_int_equal(reply.status, 200);
    assert_true(reply.body_len > 12);
    assert_int_equal((uint8_t)reply.body[0], RECON_RECORDS + RECON_REPLY);
    assert_int_equal(reply.body[10], 1); /* one verdict */
    assert_int_equal(reply.body[11], VERDICT_APPLIED);
    assert_string_equal(value_of(world.store, "pushed"), "[1, 2]");
    http_reply_fini(&reply);
    lat_buf_fini(&record);
    lat_buf_fini(&message);
}

static void
what_is_no_message_gets_an_error_message(void **state)
{
    struct lat_buf message;
    struct http_reply reply;

    (void)state;
    lat_buf_init(&message, 100);
    assert_int_equal(lat_buf_printf(&message, "{\"not\": \"a message\"}"), LAT_OK);
    reply = send_message(OCTETS, &message);
    assert_int_equal(reply.status, 200);
    assert_int_equal((uint8_t)reply.body[0], RECON_ERROR);
    http_reply_fini(&reply);
    reply = send_message("Content-Type: application/json\r\n", &message);
    assert_int_equal(reply.status, 415);
    http_reply_fini(&reply);
    reply = send_message("", &message);
    assert_int_equal(reply.status, 415);
    http_reply_fini(&reply);
    lat_buf_fini(&message);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_entry_is_written_read_and_deleted),
        cmocka_unit_test(a_key_is_everything_behind_state_percent_decoded),
        cmocka_unit_test(keys_that_are_none_are_refused),
        cmocka_unit_test(values_that_are_not_json_are_refused_with_what_is_wrong),
        cmocka_unit_test(a_value_over_the_limit_gets_413),
        cmocka_unit_test(what_the_store_refuses_is_told_by_status),
        cmocka_unit_test(a_write_may_demand_what_it_replaces),
        cmocka_unit_test(a_read_of_what_one_has_gets_304),
        cmocka_unit_test(the_whole_state_is_attested_as_v3_0_3_nodes_expect),
        cmocka_unit_test(the_summary_says_the_same_without_the_entries),
        cmocka_unit_test(a_node_that_is_being_filled_vouches_for_nothing),
        cmocka_unit_test(keys_are_listed_in_pages_by_prefix_and_author),
        cmocka_unit_test(status_is_answered_with_an_attested_root),
        cmocka_unit_test(records_are_served_in_key_order),
        cmocka_unit_test(pushed_records_are_committed_before_the_answer),
        cmocka_unit_test(what_is_no_message_gets_an_error_message),
    };

    return cmocka_run_group_tests(tests, begin, end);
}
