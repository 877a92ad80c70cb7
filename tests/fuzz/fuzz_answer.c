/*
 * What a v3.0.3 source answers to GET /api/lattice/state, and where a source sends us on to. Of a state that is read, the root that was
 * computed is that of its entries, and a document of these entries reads the same; only what a trusted key signed passes for attested. A
 * redirect that is followed stays on its host.
 *
 * Input: the body of an answer; its first two lines also as two URLs.
 */
#include "config.h"

#include "fuzz/fuzz.h"

#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "http/http_url.h"
#include "state/flat_root.h"
#include "state/json.h"
#include "state/legacy.h"

#define MEMORY_MAX (1 << 20)
#define NOW_S UINT64_C(1700000000)

static struct key *key, *own;
static struct trust trust;

static void
set_up(void)
{
    static const uint8_t seeds[2][KEY_SEED_LEN] = { { 1 }, { 2 } };

    FUZZ_CHECK(key_from_seed(seeds[0], &own) == LAT_OK);
    FUZZ_CHECK(key_from_seed(seeds[1], &key) == LAT_OK);
    trust_init(&trust, key_public(own));
    FUZZ_CHECK(trust_add(&trust, key_public(key), TRUST_NOT_RETIRED) == LAT_OK);
}

/* --- states -------------------------------------------------------------------------------------------- */

/* A document of these entries, signed by a trusted key. */
static void
write_document(const struct legacy_state *state, struct lat_buf *out)
{
    uint8_t signature[KEY_SIGNATURE_LEN];
    char root[2 * SHA256_LEN + 1], hex[2 * KEY_SIGNATURE_LEN + 1];

    FUZZ_CHECK(legacy_attest_sign(key, state->computed, NOW_S, signature) == LAT_OK);
    lat_hex(state->computed, SHA256_LEN, root);
    lat_hex(signature, sizeof(signature), hex);
    FUZZ_CHECK(lat_buf_printf(out, "{\"signed\": true, \"timestamp\": %llu, \"signature\": \"%s\", \"success\": true, "
                              "\"merkle_root\": \"%s\", \"state\": {", (unsigned long long)NOW_S, hex, root) == LAT_OK);
    for (size_t i = 0; i < state->entries.count; i++) {
        const struct store_foreign *entry = &state->entries.list[i];

        FUZZ_CHECK(lat_buf_printf(out, "%s", i > 0 ? ", " : "") == LAT_OK);
        FUZZ_CHECK(json_add_string(out, entry->key, entry->key_len) == LAT_OK);
        FUZZ_CHECK(lat_buf_printf(out, ": %.*s", (int)entry->value_len, entry->value) == LAT_OK);
    }
    FUZZ_CHECK(lat_buf_printf(out, "}}") == LAT_OK);
}

static void
check_document(const struct legacy_state *state)
{
    struct legacy_state again;
    struct lat_buf text;
    struct lat_msg why = { "" };
    uint8_t by[KEY_PUBLIC_LEN];

    lat_buf_init(&text, 8 * MEMORY_MAX);
    write_document(state, &text);
    FUZZ_CHECK(legacy_state_parse((const char *)text.data, text.len, MEMORY_MAX, &again, &why) == LAT_OK);
    FUZZ_CHECK(again.entries.count == state->entries.count && again.has_root && again.is_signed);
    FUZZ_CHECK(memcmp(again.computed, state->computed, SHA256_LEN) == 0);
    FUZZ_CHECK(legacy_state_judge(&again, &trust, NULL, NOW_S * 1000, by, &why) == LEGACY_ATTESTED);
    FUZZ_CHECK(memcmp(by, key_public(key), KEY_PUBLIC_LEN) == 0);
    FUZZ_CHECK(legacy_state_judge(&again, &trust, key_public(own), NOW_S * 1000, by, &why) == LEGACY_NOT_TRUSTED);
    legacy_state_fini(&again);
    lat_buf_fini(&text);
}

static void
check_state(const char *text, size_t size)
{
    struct legacy_state state;
    struct lat_msg why = { "" };
    uint8_t by[KEY_PUBLIC_LEN], root[SHA256_LEN];
    enum legacy_verdict verdict;

    if (legacy_state_parse(text, size, MEMORY_MAX, &state, &why)) {
        FUZZ_CHECK(why.text[0] != 0 && lat_utf8_valid((const uint8_t *)why.text, strlen(why.text)));
        return;
    }
    FUZZ_CHECK(entries_flat_root(&state.entries, root) == LAT_OK && memcmp(root, state.computed, SHA256_LEN) == 0);
    verdict = legacy_state_judge(&state, &trust, NULL, NOW_S * 1000, by, &why);
    FUZZ_CHECK(verdict == LEGACY_ATTESTED || why.text[0] != 0);
    FUZZ_CHECK(verdict < LEGACY_UNSIGNED || memcmp(state.root, state.computed, SHA256_LEN) == 0);
    FUZZ_CHECK(verdict != LEGACY_ATTESTED || memcmp(by, key_public(key), KEY_PUBLIC_LEN) == 0);
    check_document(&state);
    legacy_state_fini(&state);
}

/* --- URLs ---------------------------------------------------------------------------------------------- */

static void
check_shown(const char *text)
{
    FUZZ_CHECK(text[0] != 0 && lat_utf8_valid((const uint8_t *)text, strlen(text)));
    for (const char *c = text; *c; c++)
        FUZZ_CHECK((unsigned char)*c >= 0x20 && *c != 0x7f);
    FUZZ_CHECK(strchr(text, '@') == NULL || strstr(text, "://") == NULL || strchr(strstr(text, "://") + 3, '/') < strchr(text, '@'));
}

static void
check_redirect(const char *from, const char *to)
{
    char shown[2][HTTP_URL_MAX], hosts[2][HTTP_URL_MAX];
    struct lat_msg why = { "" };
    bool upgrade;

    check_shown(http_url_show(to, shown[1], sizeof(shown[1])));
    check_shown(http_url_host(to, hosts[1], sizeof(hosts[1])));
    http_url_show(from, shown[0], sizeof(shown[0]));
    http_url_host(from, hosts[0], sizeof(hosts[0]));
    if (http_url_check_redirect(from, to, &why)) {
        check_shown(why.text[0] ? why.text : "the first is no URL");
        return;
    }
    upgrade = !http_url_is_https(shown[0]) && http_url_is_https(shown[1]);
    FUZZ_CHECK(http_url_is_https(shown[0]) == http_url_is_https(shown[1]) || upgrade);
    FUZZ_CHECK(upgrade || strcasecmp(hosts[0], hosts[1]) == 0);
}

/* The first line of data[0 .. size) as a string; what is behind it is left. */
static const char *
take_line(const uint8_t **data, size_t *size, char out[HTTP_URL_MAX])
{
    const uint8_t *end = *size > 0 ? memchr(*data, '\n', *size) : NULL;
    size_t len = end ? (size_t)(end - *data) : *size;

    snprintf(out, HTTP_URL_MAX, "%.*s", (int)(len < HTTP_URL_MAX ? len : HTTP_URL_MAX - 1), len > 0 ? (const char *)*data : "");
    *data += len;
    *size -= len;
    if (end) {
        ++*data;
        --*size;
    }
    return out;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char from[HTTP_URL_MAX], to[HTTP_URL_MAX];

    if (key == NULL)
        set_up();
    check_state(size > 0 ? (const char *)data : "", size);
    take_line(&data, &size, from);
    take_line(&data, &size, to);
    check_redirect(from, to);
    return 0;
}
