/*
 * Any bytes as a message of the topic, of four authors and none: one judgement, the same each time; what is accepted can be
 * written again and is then accepted again with the same content, within the limit of a message.
 */
#include "config.h"

#include "fuzz/fuzz.h"

#include <string.h>

#include "base/le.h"
#include "node/topic_judge.h"
#include "wire/pubkey_proto.h"

#define PEOPLE 3

static struct network network;
static struct key *keys[PEOPLE];
static struct peerid ids[PEOPLE + 1]; /* the last one holds no key */
static struct trust trust;

static void
set_up(void)
{
    uint8_t long_key[PEERID_INLINE_MAX + 1] = { 1 };

    FUZZ_CHECK(network_init(&network, "lattice-test") == LAT_OK);
    for (int i = 0; i < PEOPLE; i++) {
        uint8_t seed[KEY_SEED_LEN], proto[PUBKEY_PROTO_ED25519_LEN];

        memset(seed, i + 1, sizeof(seed));
        FUZZ_CHECK(key_from_seed(seed, &keys[i]) == LAT_OK);
        pubkey_proto_ed25519(key_public(keys[i]), proto);
        peerid_of_key(proto, sizeof(proto), &ids[i]);
    }
    peerid_of_key(long_key, sizeof(long_key), &ids[PEOPLE]);
    trust_init(&trust, key_public(keys[0]));
    FUZZ_CHECK(trust_add(&trust, key_public(keys[1]), TRUST_NOT_RETIRED) == LAT_OK);
}

/* Parsed and checked. The caller ends the message. */
static void
hear(const struct peerid *author, const void *data, size_t size, struct topic_message *m)
{
    FUZZ_CHECK(topic_parse(&network, author, data, size, m) == LAT_OK);
    topic_check(&network, &trust, m);
}

static void
check_form(const struct topic_message *m, const struct topic_judgement *said)
{
    size_t at = 0;

    FUZZ_CHECK((m->form == TOPIC_LINE_NONE) == (m->why[0] == '\0'));
    FUZZ_CHECK((said->verdict == TOPIC_ACCEPT) == (said->why[0] == '\0'));
    FUZZ_CHECK(m->form == TOPIC_LINE_NONE || said->line == m->form);
    FUZZ_CHECK(strlen(m->name) <= TOPIC_NAME_MAX && memchr(m->name, 0x1b, sizeof(m->name)) == NULL);
    if (m->form != TOPIC_LINE_NONE)
        return;
    FUZZ_CHECK(m->type != TOPIC_RECORD || m->record_count >= 1 || said->verdict != TOPIC_ACCEPT);
    for (size_t i = 0; i < m->record_count; i++) {
        FUZZ_CHECK(m->record[i].at == at + 4 && lat_get_u32le(m->records.data + at) == m->record[i].len);
        at += 4 + m->record[i].len;
    }
    FUZZ_CHECK(at == m->records.len && at <= TOPIC_RECORD_BYTES_MAX + 4 * TOPIC_RECORDS_MAX);
}

/* What was taken of a message, written by its author anew, tells the same. */
static void
check_again(int author, const struct topic_message *m)
{
    struct topic_message again;
    struct topic_root root = { .state = m->state, .time_ms = m->time_ms, .every_ms = m->every_ms, .name = m->name };
    struct lat_buf text;
    enum lat_err err = LAT_OK;

    lat_buf_init(&text, TOPIC_DATA_MAX);
    root.flat = m->has_flat ? m->flat : NULL;
    root.cells = m->cells_len > 0 ? m->cells : NULL;
    root.cells_len = m->cells_len;
    if (m->type == TOPIC_ROOT)
        err = topic_write_root(&network, keys[author], &root, &text);
    else if (m->type == TOPIC_RECORD)
        err = topic_write_record(&network, m->records.data, m->records.len, m->record_count, m->has_state ? &m->state : NULL, &text);
    else
        err = topic_write_proof_event(m->intent, m->status, root.flat, &ids[author], 1700000061000, &text);
    FUZZ_CHECK(err == LAT_OK);
    hear(&ids[author], text.data, text.len, &again);
    FUZZ_CHECK(again.form == TOPIC_LINE_NONE && again.type == m->type && again.attested == m->attested);
    for (size_t i = 0; i < again.record_count; i++)
        FUZZ_CHECK(again.record[i].finding == TOPIC_RECORD_GOOD);
    FUZZ_CHECK(memcmp(&again.state, &m->state, sizeof(m->state)) == 0 && again.time_ms == m->time_ms && again.every_ms == m->every_ms);
    FUZZ_CHECK(again.has_flat == m->has_flat && memcmp(again.flat, m->flat, sizeof(m->flat)) == 0);
    FUZZ_CHECK(again.cells_len == m->cells_len && memcmp(again.cells, m->cells, m->cells_len) == 0);
    FUZZ_CHECK(strcmp(again.name, m->name) == 0 && strcmp(again.intent, m->intent) == 0);
    FUZZ_CHECK(again.records.len == m->records.len && again.record_count == m->record_count);
    FUZZ_CHECK(m->records.len == 0 || memcmp(again.records.data, m->records.data, m->records.len) == 0);
    topic_message_fini(&again);
    lat_buf_fini(&text);
}

/* Each author is new to this judge, which has heard nothing before this input. */
static void
check_author(struct topic_judge *judge, int author, const uint8_t *data, size_t size)
{
    const struct topic_setting setting = { .trust = &trust, .wall_ms = 1700000061000, .now_ms = 5000 };
    struct topic_message m, same;
    struct topic_judgement said;

    hear(&ids[author], data, size, &m);
    hear(&ids[author], data, size, &same);
    FUZZ_CHECK(m.form == same.form && m.attested == same.attested && strcmp(m.why, same.why) == 0);
    topic_judge(judge, &setting, &m, &ids[1], &said);
    check_form(&m, &said);
    if (said.verdict == TOPIC_ACCEPT && author < PEOPLE)
        check_again(author, &m);
    topic_message_fini(&m);
    topic_message_fini(&same);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t siphash_key[16];
    struct topic_judge *judge;

    if (keys[0] == NULL)
        set_up();
    judge = topic_judge_new(siphash_key);
    FUZZ_CHECK(judge != NULL);
    for (int author = 0; author <= PEOPLE; author++)
        check_author(judge, author, data, size);
    topic_judge_free(judge);
    return 0;
}
