/*
 * The messages of the topic: the worked examples, what is written is read again, and each rule of their form.
 */
#include "config.h"

#include "node/topic.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/le.h"
#include "base/text.h"
#include "support/topic_world.h"
#include "support/vectors.h"

static struct topic_world w;

static int
set_up(void **state)
{
    (void)state;
    topic_world_init(&w);
    return 0;
}

static int
tear_down(void **state)
{
    (void)state;
    topic_world_fini(&w);
    return 0;
}

/* --- the worked examples ------------------------------------------------------------------------------ */

static enum topic_verdict
verdict_named(const char *name)
{
    for (int i = TOPIC_ACCEPT; i <= TOPIC_REJECT; i++) {
        if (strcmp(topic_verdict_name((enum topic_verdict)i), name) == 0)
            return (enum topic_verdict)i;
    }
    fail_msg("no verdict %s", name);
    return TOPIC_REJECT;
}

static void
check_verdict(const cJSON *vector)
{
    const char *text = vectors_text(vector, "data_text");
    const cJSON *stranger = cJSON_GetObjectItem(vector, "author_public");
    int author = stranger ? 3 : 0;

    if (strstr(text, "\"record\""))
        author = 1;
    if (cJSON_GetObjectItem(vector, "last_root_time_of_author")) {
        topic_hear(&w, author, 1, text, strlen(text));
        assert_int_equal(w.said.verdict, TOPIC_ACCEPT);
    }
    topic_hear(&w, author, 1, text, strlen(text));
    if (w.said.verdict != verdict_named(vectors_text(vector, "verdict")))
        fail_msg("%s: %s (%s), not %s", vectors_text(vector, "what"), topic_verdict_name(w.said.verdict), w.said.why,
                 vectors_text(vector, "verdict"));
    assert_true((w.said.why[0] == '\0') == (w.said.verdict == TOPIC_ACCEPT));
}

static void
every_verdict_is_that_of_the_vectors(void **state)
{
    cJSON *wire = vectors_load("state/wire.json");
    const cJSON *vector;
    int count = 0;

    cJSON_ArrayForEach(vector, vectors_member(wire, "gossip_verdicts"))
    {
        tear_down(state);
        set_up(state);
        check_verdict(vector);
        count++;
    }
    assert_int_equal(count, 27);
    cJSON_Delete(wire);
}

static void
the_messages_of_the_vectors_are_written_byte_for_byte(void **state)
{
    cJSON *wire = vectors_load("state/wire.json");
    const cJSON *gossip = vectors_member(wire, "gossip");

    (void)state;
    assert_int_equal(cJSON_GetArraySize(gossip), 3);
    for (int i = 0; i < 3; i++) {
        const cJSON *vector = cJSON_GetArrayItem(gossip, i);
        const char *text = vectors_text(vector, "data_text");
        const struct topic_message *m = &w.message;
        struct topic_root root;
        struct lat_buf out;

        topic_hear(&w, (int)vectors_number(vector, "author"), 1, text, strlen(text));
        assert_int_equal(w.said.verdict, TOPIC_ACCEPT);
        lat_buf_init(&out, TOPIC_DATA_MAX);
        root = (struct topic_root){ .state = m->state, .time_ms = m->time_ms, .every_ms = m->every_ms, .name = m->name };
        root.flat = m->has_flat ? m->flat : NULL;
        root.cells = m->cells_len > 0 ? m->cells : NULL;
        root.cells_len = m->cells_len;
        if (m->type == TOPIC_ROOT)
            assert_int_equal(topic_write_root(&w.network, w.keys[0], &root, &out), LAT_OK);
        else
            assert_int_equal(topic_write_record(&w.network, m->records.data, m->records.len, m->record_count, &m->state, &out), LAT_OK);
        assert_string_equal(lat_buf_str(&out), text);
        lat_buf_fini(&out);
        w.setting.wall_ms += 1000; /* the second root is later, its time the same */
        topic_judge_free(w.judge);
        w.judge = topic_judge_new((const uint8_t[16]){ 1 });
    }
    cJSON_Delete(wire);
}

static void
a_proof_event_is_written_as_the_predecessor_writes_it(void **state)
{
    cJSON *vector = vectors_load("predecessor/gossip-proof-event.json");
    const cJSON *json = vectors_member(vector, "data_json");
    uint8_t root[32];
    struct lat_buf out;
    char id[PEERID_TEXT_MAX], *wanted = strdup(vectors_text(vector, "data_text")), *at;

    (void)state;
    vectors_copy(json, "merkle_root", root, sizeof(root));
    lat_buf_init(&out, TOPIC_DATA_MAX);
    assert_int_equal(topic_write_proof_event("transfer", "PROVED", root, &w.ids[0], 1700000000123, &out), LAT_OK);
    /* The vector's peer id is a placeholder, and its time has microseconds. */
    peerid_text(&w.ids[0], id);
    at = strstr(wanted, "12D3KooWPlaceholderPeerId");
    assert_non_null(at);
    assert_memory_equal(out.data, wanted, (size_t)(at - wanted));
    assert_memory_equal(out.data + (at - wanted), id, strlen(id));
    assert_string_equal(lat_buf_str(&out) + (at - wanted) + strlen(id),
                        "\", \"timestamp\": 1700000000.123, \"type\": \"proof_event\"}");
    topic_hear(&w, 1, 1, vectors_text(vector, "data_text"), strlen(wanted));
    assert_int_equal(w.said.verdict, TOPIC_ACCEPT);
    assert_true(w.message.has_flat && w.said.is_claim);
    assert_memory_equal(w.message.flat, root, 32);
    assert_string_equal(w.message.intent, "transfer");
    assert_string_equal(w.message.status, "PROVED");
    lat_buf_fini(&out);
    free(wanted);
    cJSON_Delete(vector);
}

/* --- proof_event ---------------------------------------------------------------------------------------- */

static void
text_of_an_operator_is_escaped_in_a_proof_event(void **state)
{
    struct lat_buf out;

    (void)state;
    lat_buf_init(&out, TOPIC_DATA_MAX);
    assert_int_equal(topic_write_proof_event("a\"b\\\n\xc3\xa9", "\x1b[31m", NULL, &w.ids[1], 1700000061000, &out), LAT_OK);
    assert_non_null(strstr(lat_buf_str(&out), "{\"merkle_root\": null, \"payload\": {\"intent\": \"a\\\"b\\\\\\n\\u00e9\", \"status\": "
                                              "\"\\u001b[31m\"}"));
    assert_non_null(strstr(lat_buf_str(&out), "\"timestamp\": 1700000061.0,"));
    topic_hear(&w, 1, 1, lat_buf_str(&out), out.len);
    assert_int_equal(w.said.verdict, TOPIC_ACCEPT);
    assert_false(w.message.has_flat || w.said.is_claim);
    assert_string_equal(w.message.status, "?[31m"); /* never to a terminal as it came */
    out.len = 0;
    assert_int_equal(topic_write_proof_event("\xff", "PROVED", NULL, &w.ids[1], 1, &out), LAT_MALFORMED);
    assert_int_equal(out.len, 0);
    lat_buf_fini(&out);
}

static void
a_message_that_finds_no_room_leaves_the_buffer_as_it_was(void **state)
{
    struct lat_buf out;

    (void)state;
    lat_buf_init(&out, 60);
    assert_int_equal(lat_buf_add(&out, "before", 6), LAT_OK);
    assert_int_equal(topic_write_proof_event("transfer", "PROVED", NULL, &w.ids[1], 1, &out), LAT_LIMIT);
    assert_int_equal(out.len, 6);
    lat_buf_fini(&out);
}

/* --- each rule of the form ------------------------------------------------------------------------------- */

#define HEX64 "1dce96599cae390abbdb8aa15f67d526966bfdef4e5fcf427bfea9eb65c40b19"
#define ENVELOPE "\"v\":1,\"network\":\"0ed562a790863150\""
#define STATE "\"root\":\"" HEX64 "\",\"count\":17,\"hlc\":\"018bcfe5681a0000\""
#define REST "\"time\":1700000060000,\"every\":5000,\"attestation\":\"" HEX64 HEX64 "\""
#define ROOT_OF(more) "{\"type\":\"root\"," ENVELOPE "," STATE "," REST more "}"
#define CELLS_8 "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" \
                "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define SIXTY_FOUR "0123456789012345678901234567890123456789012345678901234567890123"

struct form_case {
    const char *text;
    enum topic_line form;
};

static const struct form_case form_cases[] = {
    { ROOT_OF(""), TOPIC_LINE_NONE },
    { "", TOPIC_LINE_FORM },
    { "null", TOPIC_LINE_FORM },
    { "\xef\xbb\xbf" ROOT_OF(""), TOPIC_LINE_FORM }, /* a byte order mark */
    { ROOT_OF("") "x", TOPIC_LINE_FORM },
    { ROOT_OF("") " ", TOPIC_LINE_NONE },
    { "{\"type\":\"ro\\u006ft\"," ENVELOPE "," STATE "," REST "}", TOPIC_LINE_NONE }, /* the same text, spelled differently */
    { "{\"type\":1}", TOPIC_LINE_FORM },
    { "{\"type\":null}", TOPIC_LINE_FORM },
    { ROOT_OF(",\"x\":\"\xff\""), TOPIC_LINE_FORM }, /* no UTF-8 */
    { ROOT_OF(",\"x\":NaN"), TOPIC_LINE_FORM },
    { ROOT_OF(",\"typ\\u0065\":\"root\""), TOPIC_LINE_FORM }, /* a member twice, spelled differently */
    { ROOT_OF(",\"x\":{\"a\":1,\"a\":1}"), TOPIC_LINE_FORM }, /* ... and deeper */
    { ROOT_OF(",\"x\":{\"a\":1,\"b\":[{\"a\":1}]}"), TOPIC_LINE_NONE },
    { ROOT_OF(",\"x\":[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]"), TOPIC_LINE_NONE }, /* 16 deep */
    { ROOT_OF(",\"x\":[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]"), TOPIC_LINE_FORM },
    { "{\"type\":\"Root\"," ENVELOPE "}", TOPIC_LINE_UNKNOWN },
    { "{\"type\":\"root\",\"v\":2,\"network\":7}", TOPIC_LINE_UNKNOWN },
    { "{\"type\":\"root\",\"network\":\"0011223344556677\"}", TOPIC_LINE_UNKNOWN },
    { "{\"type\":\"root\",\"network\":\"0ed562a790863150\"," STATE "," REST "}", TOPIC_LINE_MEMBER },
    { "{\"type\":\"root\",\"v\":\"1\",\"network\":\"0ed562a790863150\"," STATE "," REST "}", TOPIC_LINE_MEMBER },
    { "{\"type\":\"root\",\"v\":1.0,\"network\":\"0ed562a790863150\"," STATE "," REST "}", TOPIC_LINE_MEMBER },
    { "{\"type\":\"root\",\"v\":1,\"network\":\"0ED562A790863150\"," STATE "," REST "}", TOPIC_LINE_MEMBER },
    { "{\"type\":\"root\",\"v\":1," STATE "," REST "}", TOPIC_LINE_MEMBER },
    { "{\"type\":\"root\"," ENVELOPE ",\"root\":\"" HEX64 "\",\"count\":17," REST "}", TOPIC_LINE_MEMBER },
    { "{\"type\":\"root\"," ENVELOPE ",\"root\":\"" HEX64 "\",\"count\":17,\"hlc\":\"18bcfe5681a0000\"," REST "}", TOPIC_LINE_MEMBER },
    { "{\"type\":\"root\"," ENVELOPE "," STATE ",\"time\":1,\"every\":199,\"attestation\":\"" HEX64 HEX64 "\"}", TOPIC_LINE_MEMBER },
    { "{\"type\":\"root\"," ENVELOPE "," STATE ",\"time\":1,\"every\":200,\"attestation\":\"" HEX64 HEX64 "\"}", TOPIC_LINE_NONE },
    { "{\"type\":\"root\"," ENVELOPE "," STATE ",\"time\":1,\"every\":60000,\"attestation\":\"" HEX64 HEX64 "\"}", TOPIC_LINE_NONE },
    { "{\"type\":\"root\"," ENVELOPE "," STATE ",\"time\":1,\"every\":60001,\"attestation\":\"" HEX64 HEX64 "\"}", TOPIC_LINE_MEMBER },
    { "{\"type\":\"root\"," ENVELOPE "," STATE ",\"time\":9007199254740991,\"every\":200,\"attestation\":\"" HEX64 HEX64 "\"}",
      TOPIC_LINE_NONE },
    { ROOT_OF(",\"key\":\"" HEX64 "\""), TOPIC_LINE_NONE },
    { ROOT_OF(",\"key\":\"1d\""), TOPIC_LINE_MEMBER },
    { ROOT_OF(",\"merkle_root\":\"" HEX64 "\""), TOPIC_LINE_NONE },
    { ROOT_OF(",\"merkle_root\":null"), TOPIC_LINE_MEMBER },
    { ROOT_OF(",\"cells\":\"" CELLS_8 "AA==\""), TOPIC_LINE_NONE },
    { ROOT_OF(",\"cells\":\"" CELLS_8 "AB==\""), TOPIC_LINE_MEMBER }, /* bits behind the last byte */
    { ROOT_OF(",\"cells\":\"" CELLS_8 "AA\""), TOPIC_LINE_MEMBER },   /* no padding */
    { ROOT_OF(",\"cells\":\"" CELLS_8 "AAA=\""), TOPIC_LINE_MEMBER }, /* a byte more */
    { ROOT_OF(",\"cells\":\"" CELLS_8 "\""), TOPIC_LINE_MEMBER },     /* a byte less */
    { ROOT_OF(",\"cells\":\"\""), TOPIC_LINE_MEMBER },
    { ROOT_OF(",\"cells\":null"), TOPIC_LINE_MEMBER },
    { ROOT_OF(",\"name\":\"" SIXTY_FOUR "\""), TOPIC_LINE_NONE },
    { ROOT_OF(",\"name\":\"" SIXTY_FOUR "4\""), TOPIC_LINE_MEMBER },
    { ROOT_OF(",\"name\":7"), TOPIC_LINE_MEMBER },
    { ROOT_OF(",\"records\":[],\"payload\":1"), TOPIC_LINE_NONE }, /* not listed for a root */
    { "{\"type\":\"record\"," ENVELOPE "}", TOPIC_LINE_MEMBER },
    { "{\"type\":\"record\"," ENVELOPE ",\"records\":{}}", TOPIC_LINE_MEMBER },
    { "{\"type\":\"record\"," ENVELOPE ",\"records\":[7]}", TOPIC_LINE_MEMBER },
    { "{\"type\":\"record\"," ENVELOPE ",\"records\":[\"\"]}", TOPIC_LINE_MEMBER },
    { "{\"type\":\"record\"," ENVELOPE ",\"records\":[\"AQAA\"]}", TOPIC_LINE_MEMBER }, /* no whole record */
    { "{\"type\":\"proof_event\"}", TOPIC_LINE_NONE },
    { "{\"type\":\"proof_event\",\"v\":9,\"network\":1}", TOPIC_LINE_NONE },
    { "{\"type\":\"proof_event\",\"merkle_root\":\"1d\"}", TOPIC_LINE_MEMBER },
    { "{\"type\":\"proof_event\",\"merkle_root\":7}", TOPIC_LINE_MEMBER },
    { "{\"type\":\"proof_event\",\"timestamp\":\"now\"}", TOPIC_LINE_MEMBER },
    { "{\"type\":\"proof_event\",\"timestamp\":-1.5e3}", TOPIC_LINE_NONE },
    { "{\"type\":\"proof_event\",\"peer_id\":7}", TOPIC_LINE_MEMBER },
    { "{\"type\":\"proof_event\",\"payload\":7}", TOPIC_LINE_MEMBER },
    { "{\"type\":\"proof_event\",\"payload\":{}}", TOPIC_LINE_NONE },
    { "{\"type\":\"proof_event\",\"payload\":{\"intent\":7}}", TOPIC_LINE_MEMBER },
    { "{\"type\":\"proof_event\",\"payload\":{\"status\":null}}", TOPIC_LINE_MEMBER },
};

static void
each_rule_of_the_form_is_kept(void **state)
{
    struct topic_message m;

    (void)state;
    for (size_t i = 0; i < sizeof(form_cases) / sizeof(form_cases[0]); i++) {
        const struct form_case *c = &form_cases[i];

        assert_int_equal(topic_parse(&w.network, &w.ids[1], c->text, strlen(c->text), &m), LAT_OK);
        if (m.form != c->form)
            fail_msg("%s: line \"%s\" (%s), not \"%s\"", c->text, topic_line_name(m.form), m.why, topic_line_name(c->form));
        assert_true((m.why[0] == '\0') == (m.form == TOPIC_LINE_NONE));
        topic_message_fini(&m);
    }
}

static void
a_message_has_at_most_60000_bytes(void **state)
{
    static const char text[] = ROOT_OF("");
    char *padded = malloc(TOPIC_DATA_MAX + 1);
    struct topic_message m;

    (void)state;
    assert_non_null(padded);
    memset(padded, ' ', TOPIC_DATA_MAX + 1);
    memcpy(padded, text, sizeof(text) - 1);
    assert_int_equal(topic_parse(&w.network, &w.ids[1], padded, TOPIC_DATA_MAX, &m), LAT_OK);
    assert_int_equal(m.form, TOPIC_LINE_NONE);
    assert_int_equal(m.len, TOPIC_DATA_MAX);
    topic_message_fini(&m);
    assert_int_equal(topic_parse(&w.network, &w.ids[1], padded, TOPIC_DATA_MAX + 1, &m), LAT_OK);
    assert_int_equal(m.form, TOPIC_LINE_FORM);
    topic_message_fini(&m);
    free(padded);
}

static void
a_reason_with_text_of_a_stranger_is_escaped(void **state)
{
    static const char text[] = "{\"type\":\"root\",\"\x1b[2J";
    struct topic_message m;

    (void)state;
    assert_int_equal(topic_parse(&w.network, &w.ids[1], text, sizeof(text) - 1, &m), LAT_OK);
    assert_int_equal(m.form, TOPIC_LINE_FORM);
    assert_null(strchr(m.why, 0x1b));
    topic_message_fini(&m);
}

/* --- the key that attests ---------------------------------------------------------------------------------- */

static void
no_member_overrides_the_key_inside_the_authors_id(void **state)
{
    char text[2000], hex[65];
    struct topic_message m;

    (void)state;
    lat_hex(key_public(w.keys[1]), 32, hex);
    snprintf(text, sizeof(text), "%.*s,\"key\":\"%s\"}", (int)(sizeof(ROOT_OF("")) - 2), ROOT_OF(""), hex);
    assert_int_equal(topic_parse(&w.network, &w.ids[3], text, strlen(text), &m), LAT_OK);
    assert_int_equal(m.form, TOPIC_LINE_NONE);
    assert_true(m.has_key && !m.borrowed_key);
    assert_memory_equal(m.key, key_public(w.keys[3]), 32);
    topic_message_fini(&m);
}

static void
an_author_without_such_a_key_states_one(void **state)
{
    struct peerid rsa = topic_hashed_id(9);
    struct lat_buf text;
    char more[80], hex[65];

    (void)state;
    topic_say_root(&w, 1, 5, TOPIC_NOW_MS, &text);
    topic_hear_from(&w, &rsa, 1, lat_buf_str(&text), text.len);
    assert_false(w.message.has_key);
    assert_int_equal(w.said.line, TOPIC_LINE_UNTRUSTED); /* it states none */
    lat_hex(key_public(w.keys[1]), 32, hex);
    text.len--; /* the brace */
    snprintf(more, sizeof(more), ",\"key\":\"%s\"}", hex);
    assert_int_equal(lat_buf_add(&text, more, strlen(more)), LAT_OK);
    topic_hear_from(&w, &rsa, 1, lat_buf_str(&text), text.len);
    assert_int_equal(w.said.verdict, TOPIC_ACCEPT);
    assert_true(w.message.borrowed_key);
    assert_memory_equal(w.message.key, key_public(w.keys[1]), 32);
    lat_buf_fini(&text);
}

/* --- records ------------------------------------------------------------------------------------------------ */

/* A message of n records of one size by person 1; of their author's key another if `author` says so. */
static void
hear_records(size_t n, size_t value_len, int author)
{
    struct lat_buf all, text;

    lat_buf_init(&all, 1u << 20);
    lat_buf_init(&text, 1u << 20);
    for (size_t i = 0; i < n; i++) {
        struct lat_buf record;
        char key[24];

        snprintf(key, sizeof(key), "k%03zu", i);
        topic_make_record(&w, author, key, value_len, i + 1, &record);
        assert_int_equal(lat_buf_add(&all, record.data, record.len), LAT_OK);
        lat_buf_fini(&record);
    }
    assert_int_equal(topic_write_record(&w.network, all.data, all.len, n, NULL, &text), LAT_OK);
    topic_hear(&w, 1, 1, lat_buf_str(&text), text.len);
    if (w.said.verdict == TOPIC_ACCEPT) {
        assert_int_equal(w.message.records.len, all.len);
        assert_memory_equal(w.message.records.data, all.data, all.len);
    }
    lat_buf_fini(&all);
    lat_buf_fini(&text);
}

static void
sixty_four_records_are_the_most_of_a_message(void **state)
{
    (void)state;
    hear_records(64, 3, 1);
    assert_int_equal(w.said.verdict, TOPIC_ACCEPT);
    assert_int_equal(w.message.record_count, 64);
    assert_false(w.message.has_state);
    hear_records(65, 3, 1);
    assert_int_equal(w.said.line, TOPIC_LINE_MEMBER);
}

static void
records_of_a_message_take_at_most_44000_bytes(void **state)
{
    (void)state;
    hear_records(1, TOPIC_RECORD_BYTES_MAX - RECORD_OVERHEAD - 4, 1);
    assert_int_equal(w.said.verdict, TOPIC_ACCEPT);
    hear_records(1, TOPIC_RECORD_BYTES_MAX - RECORD_OVERHEAD - 3, 1);
    assert_int_equal(w.said.line, TOPIC_LINE_FORM);
    hear_records(4, TOPIC_RECORD_BYTES_MAX / 4 - RECORD_OVERHEAD - 4, 1);
    assert_int_equal(w.said.verdict, TOPIC_ACCEPT);
    hear_records(4, TOPIC_RECORD_BYTES_MAX / 4 - RECORD_OVERHEAD - 3, 1);
    assert_int_equal(w.said.line, TOPIC_LINE_FORM);
}

static void
the_state_behind_records_is_told_whole_or_not_at_all(void **state)
{
    struct topic_state said = { .count = 3, .hlc = UINT64_C(0xfedcba9876543210) };
    struct lat_buf record, text;
    char *cut;

    (void)state;
    topic_make_record(&w, 1, "k", 3, 1, &record);
    lat_buf_init(&text, TOPIC_DATA_MAX);
    assert_int_equal(topic_write_record(&w.network, record.data, record.len, 1, &said, &text), LAT_OK);
    topic_hear(&w, 1, 1, lat_buf_str(&text), text.len);
    assert_true(w.message.has_state && w.message.state.count == 3 && w.message.state.hlc == said.hlc);
    cut = strstr((char *)text.data, ",\"hlc\"");
    assert_non_null(cut);
    strcpy(cut, "}");
    topic_hear(&w, 1, 1, (char *)text.data, strlen((char *)text.data));
    assert_int_equal(w.said.line, TOPIC_LINE_MEMBER);
    lat_buf_clear(&text);
    assert_int_equal(topic_write_record(&w.network, record.data, record.len - 1, 1, NULL, &text), LAT_MALFORMED);
    assert_int_equal(topic_write_record(&w.network, record.data, record.len, 2, NULL, &text), LAT_MALFORMED);
    assert_int_equal(text.len, 0);
    lat_buf_fini(&text);
    lat_buf_fini(&record);
}

static void
a_name_is_cut_between_characters_when_written(void **state)
{
    struct topic_root root = { .time_ms = TOPIC_NOW_MS, .every_ms = 5000 };
    struct lat_buf text;
    char name[80];

    (void)state;
    memset(name, 'n', 63);
    strcpy(name + 63, "\xc3\xa9"); /* of two bytes: the 64th and the 65th */
    root.name = name;
    lat_buf_init(&text, TOPIC_DATA_MAX);
    assert_int_equal(topic_write_root(&w.network, w.keys[1], &root, &text), LAT_OK);
    topic_hear(&w, 1, 1, lat_buf_str(&text), text.len);
    assert_int_equal(w.said.verdict, TOPIC_ACCEPT);
    name[63] = '\0';
    assert_string_equal(w.message.name, name);
    lat_buf_fini(&text);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_verdict_is_that_of_the_vectors, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_messages_of_the_vectors_are_written_byte_for_byte, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_proof_event_is_written_as_the_predecessor_writes_it, set_up, tear_down),
        cmocka_unit_test_setup_teardown(text_of_an_operator_is_escaped_in_a_proof_event, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_message_that_finds_no_room_leaves_the_buffer_as_it_was, set_up, tear_down),
        cmocka_unit_test_setup_teardown(each_rule_of_the_form_is_kept, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_message_has_at_most_60000_bytes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_reason_with_text_of_a_stranger_is_escaped, set_up, tear_down),
        cmocka_unit_test_setup_teardown(no_member_overrides_the_key_inside_the_authors_id, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_author_without_such_a_key_states_one, set_up, tear_down),
        cmocka_unit_test_setup_teardown(sixty_four_records_are_the_most_of_a_message, set_up, tear_down),
        cmocka_unit_test_setup_teardown(records_of_a_message_take_at_most_44000_bytes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_state_behind_records_is_told_whole_or_not_at_all, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_name_is_cut_between_characters_when_written, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
