#include "config.h"

#include "http/heal_rows.h"

#include <stdio.h>

#include "base/text.h"

static void
fill_side(const struct heal_side *side, uint64_t *hlc, char author[17], char value[SNAPSHOT_VALUE_MAX])
{
    *hlc = side->hlc;
    author[0] = value[0] = '\0';
    if (side->hlc == 0)
        return;
    lat_hex(side->author, 8, author);
    lat_copy(value, SNAPSHOT_VALUE_MAX, side->value);
}

static void
fill_key(const struct heal_key *key, struct snapshot_key *row)
{
    static const enum key_difference differences[] = {
        [HEAL_KEY_THEIRS_NEWER] = KEY_THEIRS_NEWER, [HEAL_KEY_OURS_NEWER] = KEY_OURS_NEWER,
        [HEAL_KEY_ONLY_THEIRS] = KEY_ONLY_THEIRS,   [HEAL_KEY_ONLY_OURS] = KEY_ONLY_OURS,
        [HEAL_KEY_REFUSED] = KEY_REFUSED,
    };
    static const enum key_reason reasons[] = { [HEAL_WINS_ALONE] = WINS_ALONE,
                                               [HEAL_WINS_NATIVE] = WINS_NATIVE,
                                               [HEAL_WINS_CLOCK] = WINS_CLOCK,
                                               [HEAL_WINS_AUTHOR] = WINS_AUTHOR,
                                               [HEAL_WINS_DIGEST] = WINS_DIGEST };

    lat_copy(row->key, sizeof(row->key), key->key);
    row->difference = differences[key->difference];
    row->reason = reasons[key->reason];
    fill_side(&key->ours, &row->ours_hlc, row->ours_author, row->ours_value);
    fill_side(&key->theirs, &row->theirs_hlc, row->theirs_author, row->theirs_value);
}

/* Subtree 0 in the highest bit of the first digit. */
static void
fill_map(const uint8_t subtrees[32], char out[SNAPSHOT_HEX_LEN])
{
    for (unsigned digit = 0; digit < 64; digit++) {
        unsigned bits = 0;

        for (unsigned i = 0; i < 4; i++) {
            unsigned subtree = 4 * digit + i;

            bits = bits << 1 | (subtrees[subtree / 8] >> subtree % 8 & 1);
        }
        out[digit] = "0123456789abcdef"[bits];
    }
    out[64] = '\0';
}

static void
fill_difference(const struct heal_peer *peer, struct snapshot_difference *row)
{
    static const enum heal_way ways[] = { [HEAL_TIER_NONE] = WAY_NONE,
                                          [HEAL_TIER_SKETCH] = WAY_SKETCH,
                                          [HEAL_TIER_DESCENT] = WAY_DESCENT,
                                          [HEAL_TIER_STREAM] = WAY_STREAM };
    const struct heal *heal = &peer->heal;

    *row = (struct snapshot_difference){
        .way = ways[heal->tier],
        .trust_differs = peer->trust_differs,
        .but = (uint32_t)heal->settled.count,
        .estimate = heal->estimate,
        .exact = heal->exact,
        .theirs_newer = heal->directions[HEAL_KEY_THEIRS_NEWER],
        .ours_newer = heal->directions[HEAL_KEY_OURS_NEWER],
        .only_theirs = heal->directions[HEAL_KEY_ONLY_THEIRS],
        .only_ours = heal->directions[HEAL_KEY_ONLY_OURS],
        .refused = heal->directions[HEAL_KEY_REFUSED],
        .deleted = heal->deleted,
        .given = heal->given,
        .given_taken = heal->given_taken,
        .given_refused = heal->given_refused,
        .undelivered = heal->undelivered,
        .held = heal->held,
        .untrusted = heal->untrusted,
        .bad_signatures = heal->bad_signatures,
        .malformed = heal->malformed,
        .below_horizon = heal->below_horizon,
        .not_stored = heal->not_stored,
        .fruitless = peer->fruitless,
    };
    if (peer->healing || peer->healed_once)
        fill_map(heal->subtrees, row->subtrees);
}

static void
fill_session(const struct heal_peer *peer, bool busy, uint64_t now_ms, struct snapshot_stand *out)
{
    const struct heal *heal = &peer->heal;

    if (!busy && !peer->healed_once)
        return;
    out->heal_percent = heal_percent(heal);
    out->heal_age_ms = busy ? -1 : now_ms > peer->heal_end_ms ? (int64_t)(now_ms - peer->heal_end_ms) : 0;
    out->heal_ms = (uint32_t)(peer->healing ? now_ms - heal->begun_ms : peer->heal_took_ms);
    out->heal_applied = heal->applied;
    out->heal_same = heal->same;
    out->heal_refused = heal->refused;
    out->heal_ours = heal->ours;
    out->heal_bytes = heal->bytes;
    out->key_total = heal->key_total;
    out->key_count = heal->key_count;
    for (uint32_t i = 0; i < heal->key_count; i++)
        fill_key(&heal->keys[i], &out->keys[i]);
}

/* What lies behind two roots that are not the same. */
static enum agreement
behind_difference(const struct heal_peer *peer, const uint8_t *own_root, const struct heal_seen *seen)
{
    size_t but = 0;

    if (own_root && seen->root && heal_peer_agrees(peer, own_root, seen->root, &but))
        return but > 0 ? AGREE_BUT : AGREE_EQUAL;
    if (peer->healing || seen->busy)
        return AGREE_HEALING;
    if (heal_peer_is_incompatible(peer))
        return AGREE_INCOMPATIBLE;
    return peer->held ? AGREE_HELD : AGREE_DIFFERS;
}

static void
fill_healing(const struct heal_peer *peer, const uint8_t *own_root, const struct heal_seen *seen, uint64_t now_ms,
             struct snapshot_stand *out)
{
    bool busy = peer->healing || seen->busy;

    if (out->agreement == AGREE_DIFFERS)
        out->agreement = behind_difference(peer, own_root, seen);
    out->healing = busy;
    out->backoff_ms = peer->pause_until_ms > now_ms ? (int64_t)(peer->pause_until_ms - now_ms) : 0;
    fill_session(peer, busy, now_ms, out);
    fill_difference(peer, &out->difference);
    if (out->agreement != AGREE_EQUAL)
        lat_copy(out->error, sizeof(out->error), peer->trouble);
}

void
heal_rows_fill(const struct heal_peer *peer, const uint8_t *own_root, const struct heal_seen *seen, uint64_t now_ms,
               struct snapshot_stand *out)
{
    snapshot_stand_clear(out);
    out->agreement = seen->agreement;
    if (seen->root) {
        lat_hex(seen->root, 32, out->root);
        out->count = seen->count;
    }
    if (peer)
        fill_healing(peer, own_root, seen, now_ms, out);
    if (seen->error[0])
        lat_copy(out->error, sizeof(out->error), seen->error);
    if (agreement_is_open(out->agreement) && seen->differs_ms >= 0) {
        out->differs_ms = seen->differs_ms;
        out->differs_checks = seen->differs_checks;
    }
}
