/*
 * What becomes of records. One that a side refuses for a reason that lasts settles the difference of its key; any other
 * end is progress, or none.
 */
#include "config.h"

#include "state/heal_parts.h"

#include <string.h>

#include "base/le.h"
#include "base/text.h"
#include "state/store.h"

#define AUTHOR_AT 24 /* in a record: WIRE section 2 */
#define HLC_AT 8
#define HELD_THERE_MS 300000 /* by their clock; what they hold a restart forgets: offered again after a while */

void
heal_count_useful(struct heal *heal, uint32_t *count)
{
    (*count)++;
    heal->session_useful++;
    heal->stall_bytes = 0;
}

void
heal_mark_subtree(struct heal *heal, const uint8_t keyhash[32])
{
    heal->subtrees[keyhash[0] / 8] |= (uint8_t)(1u << keyhash[0] % 8);
}

void
heal_show_side(const struct record *record, struct heal_side *side)
{
    *side = (struct heal_side){ 0 };
    if (record == NULL)
        return;
    side->hlc = record->hlc;
    side->deleted = record->value == NULL;
    memcpy(side->author, record->author, 32);
    if (!side->deleted)
        lat_escape(record->value, record->value_len, side->value, sizeof(side->value));
}

enum heal_reason
heal_reason_of(const struct record *a, const struct record *b)
{
    if (a == NULL || b == NULL)
        return HEAL_WINS_ALONE;
    if ((a->flags ^ b->flags) & RECORD_IMPORTED)
        return HEAL_WINS_NATIVE;
    if (a->hlc != b->hlc)
        return HEAL_WINS_CLOCK;
    return memcmp(a->author, b->author, 32) != 0 ? HEAL_WINS_AUTHOR : HEAL_WINS_DIGEST;
}

uint8_t
heal_name_key(struct heal *heal, const struct record *ours, const struct record *theirs,
              enum heal_difference difference)
{
    bool ours_wins = difference == HEAL_KEY_OURS_NEWER || difference == HEAL_KEY_ONLY_OURS;
    const struct record *winner = ours_wins ? ours : theirs;
    struct heal_key *key;

    heal_mark_subtree(heal, winner->keyhash);
    heal->key_total++;
    heal->directions[difference]++;
    heal->deleted += winner->value == NULL;
    if (heal->key_count == HEAL_KEYS_MAX)
        return HEAL_NO_NAME;
    key = &heal->keys[heal->key_count];
    lat_escape(winner->key, winner->key_len, key->key, sizeof(key->key));
    key->difference = difference;
    key->reason = heal_reason_of(ours, theirs);
    heal_show_side(ours, &key->ours);
    heal_show_side(theirs, &key->theirs);
    return (uint8_t)heal->key_count++;
}

/* --- theirs --------------------------------------------------------------------------------------------- */

static enum lat_err
add_to_batch(struct heal *heal, const struct record *record, const uint8_t ours[32], uint8_t name)
{
    struct heal_slot slot = { .name = name };
    uint8_t *at;
    enum lat_err err = lat_buf_extend(&heal->batch, 4 + record->len, &at);

    if (err)
        return err;
    at = lat_put_u32le(at, (uint32_t)record->len);
    lat_put_bytes(at, record->bytes, record->len);
    memcpy(slot.keyhash, record->keyhash, 32);
    memcpy(slot.theirs, record->leaf, 32);
    memcpy(slot.ours, ours, 32);
    err = lat_buf_add(&heal->slots, &slot, sizeof(slot));
    if (!err)
        heal->batch_count++;
    return err;
}

enum lat_err
heal_consider(struct heal *heal, const struct recon_view *own, const struct record *theirs, bool same_is_useful)
{
    static const uint8_t nothing[32];
    struct record ours;
    enum lat_err err = own->get(own->arg, theirs->keyhash, &ours);
    uint8_t leaf[32];
    uint64_t count;
    int order;

    if (err == LAT_NOTFOUND)
        return add_to_batch(heal, theirs, nothing, heal_name_key(heal, NULL, theirs, HEAL_KEY_ONLY_THEIRS));
    if (err == LAT_DAMAGED) { /* healed by whatever the store then accepts */
        err = own->subtree(own->arg, theirs->keyhash, 255, &count, leaf);
        return err ? err
                   : add_to_batch(heal, theirs, leaf,
                                  heal_name_key(heal, NULL, theirs, HEAL_KEY_THEIRS_NEWER));
    }
    if (err)
        return err;
    order = record_compare(theirs, &ours);
    if (order == 0) {
        settled_drop(&heal->settled, theirs->keyhash);
        heal->same++;
        heal->session_useful += same_is_useful;
        return LAT_OK;
    }
    if (order > 0)
        return add_to_batch(heal, theirs, ours.leaf,
                            heal_name_key(heal, &ours, theirs, HEAL_KEY_THEIRS_NEWER));
    heal->ours++;
    heal->session_useful += same_is_useful;
    heal_name_key(heal, &ours, theirs, HEAL_KEY_OURS_NEWER);
    return heal->keeps_nothing ? LAT_OK : heal_add_gift(heal, theirs->keyhash, theirs->leaf);
}

/* Both records are known, and one side has refused the other's. LAT_NOMEM. */
static enum lat_err
settle(struct heal *heal, const struct settled_key *key)
{
    enum lat_err err = settled_put(&heal->settled, key);

    if (err == LAT_LIMIT)
        return LAT_OK; /* `overflow` ends the session */
    if (!err)
        heal_count_useful(heal, &heal->session_settled);
    return err;
}

static void
count_refused(struct heal *heal, uint32_t *reason, size_t len, const struct heal_slot *slot)
{
    (*reason)++;
    heal->refused++;
    heal->stall_bytes += len;
    heal->directions[HEAL_KEY_REFUSED]++;
    if (slot->name != HEAL_NO_NAME)
        heal->keys[slot->name].difference = HEAL_KEY_REFUSED;
}

static enum lat_err
settle_theirs(struct heal *heal, enum store_verdict why, const uint8_t *record, const struct heal_slot *slot)
{
    struct settled_key key = { .why = why, .here = true };

    memcpy(key.keyhash, slot->keyhash, 32);
    memcpy(key.ours, slot->ours, 32);
    memcpy(key.theirs, slot->theirs, 32);
    memcpy(key.author, record + AUTHOR_AT, 32);
    if (why == VERDICT_HELD)
        key.due_ms = HLC_MS(lat_get_u64le(record + HLC_AT)) - RECORD_FUTURE_MAX_MS;
    return settle(heal, &key);
}

enum lat_err
heal_count_verdict(struct heal *heal, uint8_t verdict, const uint8_t *record, size_t len, const struct heal_slot *slot)
{
    switch ((enum store_verdict)verdict) {
    case VERDICT_APPLIED:
        heal_count_useful(heal, &heal->applied);
        heal->session_applied++;
        return LAT_OK;
    case VERDICT_HAD_IT:
        heal_count_useful(heal, &heal->same);
        return LAT_OK;
    case VERDICT_OURS_WINS:
        heal_count_useful(heal, &heal->ours);
        return LAT_OK;
    case VERDICT_HELD:
        count_refused(heal, &heal->held, len, slot);
        return settle_theirs(heal, VERDICT_HELD, record, slot);
    case VERDICT_NOT_TRUSTED:
        if (heal->untrusted == 0)
            memcpy(heal->untrusted_author, record + AUTHOR_AT, 32);
        count_refused(heal, &heal->untrusted, len, slot);
        return settle_theirs(heal, VERDICT_NOT_TRUSTED, record, slot);
    case VERDICT_BELOW_HORIZON:
        count_refused(heal, &heal->below_horizon, len, slot);
        return settle_theirs(heal, VERDICT_BELOW_HORIZON, record, slot);
    case VERDICT_BAD_SIGNATURE:
        heal->session_bad++;
        count_refused(heal, &heal->bad_signatures, len, slot);
        return LAT_OK;
    case VERDICT_CANNOT_STORE:
        count_refused(heal, &heal->not_stored, len, slot);
        return LAT_OK;
    case VERDICT_MALFORMED:
    case VERDICT_VERSION:
        break;
    }
    count_refused(heal, &heal->malformed, len, slot);
    return LAT_OK;
}

/* --- ours ----------------------------------------------------------------------------------------------- */

static enum lat_err
settle_ours(struct heal *heal, enum store_verdict why, const struct heal_sent *sent, uint64_t now_ms)
{
    struct settled_key key = { .why = why, .due_ms = why == VERDICT_HELD ? now_ms + HELD_THERE_MS : 0 };

    memcpy(key.keyhash, sent->keyhash, 32);
    memcpy(key.ours, sent->ours, 32);
    memcpy(key.theirs, sent->theirs, 32);
    memcpy(key.author, sent->author, 32);
    heal->given_refused++;
    return settle(heal, &key);
}

enum lat_err
heal_count_gift(struct heal *heal, uint8_t verdict, const struct heal_sent *sent, uint64_t now_ms)
{
    switch ((enum store_verdict)verdict) {
    case VERDICT_APPLIED:
        heal->given_total++;
        heal->session_given++;
        settled_drop(&heal->settled, sent->keyhash);
        heal_count_useful(heal, &heal->given_taken);
        return LAT_OK;
    case VERDICT_HAD_IT: /* somebody else was faster */
        settled_drop(&heal->settled, sent->keyhash);
        return LAT_OK;
    case VERDICT_NOT_TRUSTED:
    case VERDICT_HELD:
    case VERDICT_BELOW_HORIZON:
        return settle_ours(heal, (enum store_verdict)verdict, sent, now_ms);
    case VERDICT_CANNOT_STORE:
        heal->keeps_nothing = true;
        break;
    case VERDICT_OURS_WINS:
    case VERDICT_BAD_SIGNATURE:
    case VERDICT_MALFORMED:
    case VERDICT_VERSION:
        break;
    }
    heal->given_refused++;
    return LAT_OK;
}
