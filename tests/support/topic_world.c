#include "config.h"

#include "support/topic_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "wire/pubkey_proto.h"

void
topic_world_init(struct topic_world *w)
{
    static const uint8_t siphash_key[16] = { 7 };

    memset(w, 0, sizeof(*w));
    assert_int_equal(network_init(&w->network, "lattice-test"), LAT_OK);
    for (int i = 0; i < TOPIC_PEOPLE; i++) {
        uint8_t seed[KEY_SEED_LEN], proto[PUBKEY_PROTO_ED25519_LEN];

        memset(seed, i + 1, sizeof(seed));
        assert_int_equal(key_from_seed(seed, &w->keys[i]), LAT_OK);
        pubkey_proto_ed25519(key_public(w->keys[i]), proto);
        peerid_of_key(proto, sizeof(proto), &w->ids[i]);
    }
    trust_init(&w->trust, key_public(w->keys[0]));
    assert_int_equal(trust_add(&w->trust, key_public(w->keys[1]), TRUST_NOT_RETIRED), LAT_OK);
    assert_int_equal(trust_add(&w->trust, key_public(w->keys[2]), TRUST_NOT_RETIRED), LAT_OK);
    w->setting = (struct topic_setting){
        .trust = &w->trust, .own_hlc = UINT64_MAX, .wall_ms = TOPIC_NOW_MS, .now_ms = 1000000
    };
    w->judge = topic_judge_new(siphash_key);
    assert_non_null(w->judge);
}

void
topic_world_fini(struct topic_world *w)
{
    topic_message_fini(&w->message);
    topic_judge_free(w->judge);
    for (int i = 0; i < TOPIC_PEOPLE; i++)
        key_free(w->keys[i]);
}

void
topic_hear_from(struct topic_world *w, const struct peerid *author, int link, const char *text, size_t len)
{
    topic_message_fini(&w->message);
    assert_int_equal(topic_parse(&w->network, author, text, len, &w->message), LAT_OK);
    topic_check(&w->network, &w->trust, &w->message);
    topic_judge(w->judge, &w->setting, &w->message, &w->ids[link], &w->said);
}

void
topic_hear(struct topic_world *w, int author, int link, const char *text, size_t len)
{
    topic_hear_from(w, &w->ids[author], link, text, len);
}

void
topic_say_root(const struct topic_world *w, int author, uint8_t root, uint64_t time_ms, struct lat_buf *out)
{
    struct topic_root said = { .state = { .count = 17, .hlc = 5 }, .time_ms = time_ms, .every_ms = 5000 };

    memset(said.state.root, root, sizeof(said.state.root));
    lat_buf_init(out, TOPIC_DATA_MAX);
    assert_int_equal(topic_write_root(&w->network, w->keys[author], &said, out), LAT_OK);
}

void
topic_make_record(const struct topic_world *w, int author, const char *key, size_t value_len, uint64_t hlc, struct lat_buf *out)
{
    static char value[RECORD_VALUE_MAX];
    struct record_content content = { .hlc = hlc, .key = (const uint8_t *)key, .key_len = strlen(key), .value_len = value_len };
    size_t len;

    memset(value, 'x', value_len);
    value[0] = value[value_len - 1] = '"';
    content.value = (const uint8_t *)value;
    lat_buf_init(out, RECORD_LEN_MAX + 4);
    assert_int_equal(lat_buf_add(out, "\0\0\0", 4), LAT_OK);
    assert_int_equal(record_make(&w->network, w->keys[author], &content, out), LAT_OK);
    len = out->len - 4;
    for (int i = 0; i < 4; i++)
        out->data[i] = (uint8_t)(len >> 8 * i);
}

struct peerid
topic_hashed_id(uint8_t number)
{
    uint8_t long_key[PEERID_INLINE_MAX + 1];
    struct peerid id;

    memset(long_key, number, sizeof(long_key));
    peerid_of_key(long_key, sizeof(long_key), &id);
    return id;
}
