#include "config.h"

#include "state/legacy.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "state/json_pick.h"

/* --- attestation --------------------------------------------------------------------------------- */

#define TEXT_SIZE (2 * SHA256_LEN + 1 + 20 + 1) /* root in hex, ':', seconds, zero */

/* ASCII "merkle_root:seconds"; returns its length. */
static size_t
attested_text(const uint8_t root[SHA256_LEN], uint64_t unix_s, char out[TEXT_SIZE])
{
    char hex[2 * SHA256_LEN + 1];

    lat_hex(root, SHA256_LEN, hex);
    return (size_t)snprintf(out, TEXT_SIZE, "%s:%" PRIu64, hex, unix_s);
}

enum lat_err
legacy_attest_sign(const struct key *key, const uint8_t flat_root[SHA256_LEN], uint64_t unix_s,
                   uint8_t out[KEY_SIGNATURE_LEN])
{
    char text[TEXT_SIZE];
    size_t len = attested_text(flat_root, unix_s, text);

    return key_sign(key, text, len, out);
}

/* --- the document -------------------------------------------------------------------------------- */

enum member { SUCCESS, MERKLE_ROOT, STATE, TIMESTAMP, SIGNATURE, SIGNED, MEMBER_COUNT };

static const char *const member_names[MEMBER_COUNT] = { "success",   "merkle_root", "state",
                                                        "timestamp", "signature",   "signed" };

struct document {
    struct json_raw members[MEMBER_COUNT];
    struct lat_msg *why;
};

static enum lat_err
wrong_member(const struct document *document, enum member member, const char *expected)
{
    lat_msg_set(document->why, "\"%s\" of the answer is %s, not %s", member_names[member],
                document->members[member].len > 0 ? "something else" : "missing", expected);
    return LAT_MALFORMED;
}

/* A string of exactly 2 * len lower-case hex digits. */
static enum lat_err
read_hex(const struct document *document, enum member member, uint8_t *out, size_t len)
{
    char expected[48];

    snprintf(expected, sizeof(expected), "text of %zu lower-case hex digits", 2 * len);
    if (json_raw_hex(&document->members[member], out, len))
        return wrong_member(document, member, expected);
    return LAT_OK;
}

static enum lat_err
read_time(const struct document *document, uint64_t *seconds)
{
    if (json_raw_number(&document->members[TIMESTAMP], UINT64_MAX, seconds))
        return wrong_member(document, TIMESTAMP, "Unix seconds");
    return LAT_OK;
}

static enum lat_err
read_signature(const struct document *document, struct legacy_state *state)
{
    const struct json_raw *raw = &document->members[SIGNED];
    enum lat_err err;

    if (raw->len == 0 || json_raw_is(raw, "false"))
        return LAT_OK; /* unsigned; a signature beside it is of no account, as in v3.0.3 */
    if (!json_raw_is(raw, "true"))
        return wrong_member(document, SIGNED, "true or false");
    err = read_time(document, &state->time_s);
    if (!err)
        err = read_hex(document, SIGNATURE, state->signature, sizeof(state->signature));
    state->is_signed = !err;
    return err;
}

static enum lat_err
read_root(const struct document *document, struct legacy_state *state)
{
    if (json_raw_is(&document->members[MERKLE_ROOT], "null"))
        return LAT_OK;
    state->has_root = true;
    return read_hex(document, MERKLE_ROOT, state->root, sizeof(state->root));
}

static enum lat_err
read_entries(const struct document *document, size_t memory_max, struct legacy_state *state)
{
    const struct json_raw *raw = &document->members[STATE];
    enum lat_err err;

    if (raw->len == 0 || raw->text[0] != '{')
        return wrong_member(document, STATE, "an object");
    err = entries_parse(raw->text, raw->len, memory_max, &state->entries, document->why);
    if (err)
        return err;
    err = entries_flat_root(&state->entries, state->computed);
    if (err)
        lat_msg_set(document->why, "%s", lat_err_text(err));
    return err;
}

enum lat_err
legacy_state_parse(const char *text, size_t len, size_t memory_max, struct legacy_state *out,
                   struct lat_msg *why)
{
    struct document document = { .why = why };
    struct legacy_state state = { 0 };
    enum lat_err err = json_pick(text, len, member_names, MEMBER_COUNT, document.members, why);

    if (!err && !json_raw_is(&document.members[SUCCESS], "true"))
        err = wrong_member(&document, SUCCESS, "true");
    if (!err)
        err = read_root(&document, &state);
    if (!err)
        err = read_signature(&document, &state);
    if (!err)
        err = read_entries(&document, memory_max, &state);
    if (err) {
        legacy_state_fini(&state);
        return err;
    }
    *out = state;
    return LAT_OK;
}

void
legacy_state_fini(struct legacy_state *state)
{
    entries_fini(&state->entries);
}

/* --- judgement ----------------------------------------------------------------------------------- */

static bool
has_signed(const struct legacy_state *state, const uint8_t key[KEY_PUBLIC_LEN])
{
    char text[TEXT_SIZE];
    size_t len = attested_text(state->root, state->time_s, text);

    return key_verify(key, text, len, state->signature) == LAT_OK;
}

/* The key that signed, of those that may attest; NULL: none. */
static const uint8_t *
find_signer(const struct legacy_state *state, const struct trust *trust, const uint8_t *bound)
{
    if (bound)
        return trust_attests(trust, bound) && has_signed(state, bound) ? bound : NULL;
    if (has_signed(state, trust->own))
        return trust->own;
    for (size_t i = 0; i < trust->count; i++) {
        const uint8_t *key = trust->entries[i].key;

        if (trust_attests(trust, key) && has_signed(state, key))
            return key;
    }
    return NULL;
}

static void
say_not_trusted(const struct trust *trust, const uint8_t *bound, struct lat_msg *why)
{
    if (trust->count == 0)
        lat_msg_set(why, "the state is signed, but no key is trusted here: nothing foreign is accepted");
    else if (bound && !trust_attests(trust, bound))
        lat_msg_set(why, "the key bound to this source is not on the trust list, or retired");
    else if (bound)
        lat_msg_set(why, "the signature is not of the key that is bound to this source");
    else
        lat_msg_set(why, "the signature is of none of the %zu trusted keys", trust->count);
}

static void
say_root_differs(const struct legacy_state *state, struct lat_msg *why)
{
    char announced[2 * SHA256_LEN + 1], computed[2 * SHA256_LEN + 1];

    lat_hex(state->root, SHA256_LEN, announced);
    lat_hex(state->computed, SHA256_LEN, computed);
    lat_msg_set(why, "the state has the root %s, the answer announces %s", computed, announced);
}

static bool
is_fresh(uint64_t time_s, uint64_t now_ms, struct lat_msg *why)
{
    uint64_t now_s = now_ms / 1000;

    if (time_s > now_s && time_s - now_s > LEGACY_CLOCK_MAX_S) {
        lat_msg_set(why, "the signature is %" PRIu64 " s ahead of our clock, at most %d s are taken",
                    time_s - now_s, LEGACY_CLOCK_MAX_S);
        return false;
    }
    if (now_s > time_s && now_s - time_s > LEGACY_CLOCK_MAX_S) {
        lat_msg_set(why, "the signature is %" PRIu64 " s old, at most %d s are taken", now_s - time_s,
                    LEGACY_CLOCK_MAX_S);
        return false;
    }
    return true;
}

enum legacy_verdict
legacy_state_judge(const struct legacy_state *state, const struct trust *trust,
                   const uint8_t bound[KEY_PUBLIC_LEN], uint64_t now_ms, uint8_t key[KEY_PUBLIC_LEN],
                   struct lat_msg *why)
{
    const uint8_t *signer;

    assert(trust != NULL);
    if (!state->has_root) {
        lat_msg_set(why, "the answer announces no root (merkle_root is null): there is nothing to check its "
                         "state against");
        return LEGACY_NO_ROOT;
    }
    if (memcmp(state->root, state->computed, SHA256_LEN) != 0) {
        say_root_differs(state, why);
        return LEGACY_ROOT_DIFFERS;
    }
    if (!state->is_signed) {
        lat_msg_set(why, "the state is not signed: set a signing key on that node");
        return LEGACY_UNSIGNED;
    }
    signer = find_signer(state, trust, bound);
    if (signer == NULL) {
        say_not_trusted(trust, bound, why);
        return LEGACY_NOT_TRUSTED;
    }
    memcpy(key, signer, KEY_PUBLIC_LEN);
    return is_fresh(state->time_s, now_ms, why) ? LEGACY_ATTESTED : LEGACY_STALE;
}
