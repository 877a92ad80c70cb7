/*
 * What bounds a liar: answers must ascend, so a session ends; records that are the same as ours, or lose to
 * ours, are bounded by what our side and trusted authors ever signed; anything else is refused, and 4 MiB of
 * refused records without one of use end the session.
 */
#include "config.h"

#include "state/heal.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/le.h"
#include "base/text.h"
#include "state/heal_walk.h"
#include "state/store.h"

#define RECORDS_MAX (RECON_MESSAGE_MAX / RECORD_OVERHEAD) /* that fit one answer */

static const uint8_t first_key[32];
static const uint8_t last_key[32] = {
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
};

void
heal_init(struct heal *heal)
{
    *heal = (struct heal){ .state = HEAL_OVER, .most_bytes = HEAL_RANGE_BYTES };
    lat_buf_init(&heal->batch, RECON_MESSAGE_MAX + 4 * RECORDS_MAX);
    lat_buf_init(&heal->slots, RECORDS_MAX);
}

void
heal_fini(struct heal *heal)
{
    lat_buf_fini(&heal->batch);
    lat_buf_fini(&heal->slots);
}

/* --- begin and end ------------------------------------------------------------------------------------- */

static struct heal_mark
mark_of(const struct heal *heal)
{
    return (struct heal_mark){ heal->seen,      heal->same,      heal->ours,
                               heal->only_ours, heal->key_total, heal->key_count };
}

/* An answer that was not decided to its last record will be asked for again: nothing of it has been counted.
 */
static void
go_back(struct heal *heal)
{
    heal->pending = false;
    heal->seen = heal->mark.seen;
    heal->same = heal->mark.same;
    heal->ours = heal->mark.ours;
    heal->only_ours = heal->mark.only_ours;
    heal->key_total = heal->mark.key_total;
    heal->key_count = heal->mark.key_count;
}

static void
end_session(struct heal *heal, enum heal_end end, uint64_t now_ms)
{
    if (heal->pending)
        go_back(heal);
    heal->state = HEAL_OVER;
    heal->end = end;
    heal->ended_ms = now_ms;
    heal->batch_count = 0;
    lat_buf_clear(&heal->batch);
    lat_buf_clear(&heal->slots);
}

static void
begin_pass(struct heal *heal, const struct recon_status *theirs, const uint8_t own_root[32])
{
    struct heal before = *heal;

    *heal = (struct heal){ .pass_open = true,
                           .steady = true,
                           .most_bytes = before.most_bytes,
                           .batch = before.batch,
                           .slots = before.slots };
    memcpy(heal->from, first_key, 32);
    memcpy(heal->root, theirs->root, 32);
    memcpy(heal->own_root, own_root, 32);
    heal->announced = theirs->count;
}

/* Another root, or count, than at the begin of the pass: what has been seen so far may be out of date. */
static void
watch_root(struct heal *heal, const uint8_t root[32], uint64_t count)
{
    if (memcmp(heal->root, root, 32) == 0 && heal->announced == count)
        return;
    heal->steady = false;
    memcpy(heal->root, root, 32);
    heal->announced = count;
}

void
heal_start(struct heal *heal, const struct recon_status *theirs, const struct recon_view *own,
           const uint8_t salt[HEAL_SALT_LEN], uint64_t now_ms)
{
    assert(heal->state == HEAL_OVER);
    if (heal->pass_open)
        watch_root(heal, theirs->root, theirs->count);
    else
        begin_pass(heal, theirs, own->root);
    heal->state = HEAL_ASK;
    heal->end = HEAL_NONE;
    heal->why.text[0] = '\0';
    memcpy(heal->salt, salt, HEAL_SALT_LEN);
    heal->begun_ms = now_ms;
    heal->bytes = 0;
    heal->messages = heal->session_applied = heal->session_bad = 0;
    heal->session_useful = 0;
    heal->stall_bytes = 0;
}

bool
heal_had_progress(const struct heal *heal)
{
    if (heal->session_applied > 0)
        return true;
    switch (heal->end) {
    case HEAL_EQUAL:
    case HEAL_ALL_TAKEN:
    case HEAL_BUDGET:
        return true;
    case HEAL_NONE:
    case HEAL_REFUSED:
    case HEAL_MOVED:
    case HEAL_STALLED:
    case HEAL_LIED:
    case HEAL_FAILED:
        break;
    }
    return false;
}

/* A limit: on with the next session if this one was of use. Records that agree have been checked: that is of
 * use. */
static void
end_on_budget(struct heal *heal, const char *limit, uint64_t now_ms)
{
    bool of_use = heal->session_useful > 0;

    lat_msg_set(&heal->why, "healing session at its limit of %s%s", limit, of_use ? "" : " without progress");
    end_session(heal, of_use ? HEAL_BUDGET : HEAL_STALLED, now_ms);
}

void
heal_fail(struct heal *heal, const char *text, uint64_t now_ms)
{
    if (heal->state == HEAL_OVER)
        return;
    if (now_ms - heal->begun_ms >= HEAL_MS_MAX) {
        end_on_budget(heal, "30 s", now_ms);
        return;
    }
    if (text)
        lat_msg_set(&heal->why, "%s", text);
    end_session(heal, HEAL_FAILED, now_ms);
}

void
heal_slow_down(struct heal *heal)
{
    heal->most_bytes /= 4;
    if (heal->most_bytes < HEAL_RANGE_BYTES_MIN)
        heal->most_bytes = HEAL_RANGE_BYTES_MIN;
}

static bool
is_over_budget(struct heal *heal, uint64_t now_ms)
{
    if (heal->bytes + RECON_MESSAGE_MAX > HEAL_BYTES_MAX)
        end_on_budget(heal, "64 MiB", now_ms);
    else if (heal->messages + 1 >= HEAL_MESSAGES_MAX)
        end_on_budget(heal, "256 messages", now_ms);
    else if (now_ms - heal->begun_ms >= HEAL_MS_MAX)
        end_on_budget(heal, "30 s", now_ms);
    return heal->state == HEAL_OVER;
}

enum lat_err
heal_ask(struct heal *heal, const struct recon_view *own, uint64_t now_ms, struct lat_buf *out)
{
    enum lat_err err;

    assert(heal->state == HEAL_ASK);
    if (is_over_budget(heal, now_ms))
        return LAT_OK;
    err = recon_ask_range(own->network, heal->from, last_key, heal->most_bytes, out);
    if (err)
        return err;
    heal->messages++;
    heal->state = HEAL_WAIT;
    return LAT_OK;
}

/* --- an answer ------------------------------------------------------------------------------------- */

/* The answer is decided: the pass has come to its end. */
static void
settle(struct heal *heal)
{
    heal->pending = false;
    memcpy(heal->from, heal->next, 32);
    heal->state = heal->last ? HEAL_COMPARE : HEAL_ASK;
}

static enum lat_err
look_at(struct heal *heal, const struct recon_view *own, const struct recon_range *range)
{
    enum lat_err err;

    heal->pending = true;
    heal->mark = mark_of(heal);
    err = heal_walk(heal, own, range);
    if (err) {
        lat_msg_set(&heal->why, "an answer could not be compared with our state: %s", lat_err_text(err));
        return err;
    }
    heal->last = !range->more;
    memcpy(heal->next, range->more ? range->next : heal->from, 32);
    watch_root(heal, range->root, range->total);
    return LAT_OK;
}

enum lat_err
heal_take(struct heal *heal, const struct recon_view *own, const uint8_t *reply, size_t len, uint64_t now_ms)
{
    struct recon_range range;
    enum lat_err err;

    assert(heal->state == HEAL_WAIT);
    heal->bytes += len;
    heal->most_bytes = heal->most_bytes < HEAL_RANGE_BYTES / 2 ? 2 * heal->most_bytes : HEAL_RANGE_BYTES;
    err = recon_read_range(own->network, heal->from, last_key, reply, len, &range, &heal->why);
    if (!err)
        err = look_at(heal, own, &range);
    if (err) {
        end_session(heal, HEAL_FAILED, now_ms);
        return err;
    }
    if (heal->batch_count > 0)
        heal->state = HEAL_APPLY;
    else
        settle(heal);
    return LAT_OK;
}

/* --- verdicts ------------------------------------------------------------------------------------------ */

void
heal_batch_sent(struct heal *heal)
{
    assert(heal->state == HEAL_APPLY);
    heal->state = HEAL_VERDICTS;
}

static void
count_refused(struct heal *heal, uint32_t *reason, size_t len, uint8_t slot)
{
    (*reason)++;
    heal->refused++;
    heal->stall_bytes += len;
    if (slot != HEAL_NO_SLOT)
        heal->keys[slot].difference = HEAL_KEY_REFUSED;
}

static void
count_verdict(struct heal *heal, uint8_t verdict, const uint8_t *record, size_t len, uint8_t slot)
{
    switch ((enum store_verdict)verdict) {
    case VERDICT_APPLIED:
        heal_count_useful(heal, &heal->applied);
        heal->session_applied++;
        break;
    case VERDICT_HAD_IT:
        heal_count_useful(heal, &heal->same);
        break;
    case VERDICT_OURS_WINS:
        heal_count_useful(heal, &heal->ours);
        break;
    case VERDICT_HELD:
        count_refused(heal, &heal->held, len, slot);
        break;
    case VERDICT_NOT_TRUSTED:
        if (heal->untrusted == 0)
            memcpy(heal->untrusted_author, record + 24, 32);
        count_refused(heal, &heal->untrusted, len, slot);
        break;
    case VERDICT_BAD_SIGNATURE:
        heal->session_bad++;
        count_refused(heal, &heal->bad_signatures, len, slot);
        break;
    case VERDICT_BELOW_HORIZON:
        count_refused(heal, &heal->below_horizon, len, slot);
        break;
    case VERDICT_CANNOT_STORE:
        count_refused(heal, &heal->not_stored, len, slot);
        break;
    case VERDICT_MALFORMED:
    case VERDICT_VERSION:
        count_refused(heal, &heal->malformed, len, slot);
        break;
    }
}

/* Does the session end with these verdicts? What our store did not take must be asked for again: the pass is
 * dropped. */
static void
check_session(struct heal *heal, bool store_refuses, uint64_t now_ms)
{
    if (store_refuses) {
        heal->pass_open = false;
        heal_fail(heal, "our store takes no records now", now_ms);
    } else if (heal->session_bad >= HEAL_BAD_SIGNATURES_MAX) {
        heal_fail(heal, "sends records with bad signatures", now_ms);
    } else if (heal->stall_bytes > HEAL_STALL_BYTES_MAX) {
        heal_refused_text(heal, heal->why.text, sizeof(heal->why.text));
        end_session(heal, HEAL_STALLED, now_ms);
    }
}

void
heal_verdicts(struct heal *heal, const uint8_t *verdicts, size_t count, uint64_t now_ms)
{
    const uint8_t *at = heal->batch.data;
    uint32_t not_stored = heal->not_stored;

    assert(heal->state == HEAL_VERDICTS && count == heal->batch_count);
    for (size_t i = 0; i < count; i++) {
        size_t len = lat_get_u32le(at);

        count_verdict(heal, verdicts[i], at + 4, len, heal->slots.data[i]);
        at += 4 + len;
    }
    heal->batch_count = 0;
    lat_buf_clear(&heal->batch);
    lat_buf_clear(&heal->slots);
    settle(heal);
    check_session(heal, heal->not_stored > not_stored, now_ms);
}

/* --- the end of a pass --------------------------------------------------------------------------------- */

/* The roots differ after a whole pass against one steady root: why? */
static enum heal_end
explain(struct heal *heal, const struct recon_view *own)
{
    if (heal->seen != heal->announced) {
        lat_msg_set(&heal->why, "announces %" PRIu64 " records and shows %" PRIu64, heal->announced,
                    heal->seen);
        return HEAL_LIED;
    }
    if (heal->refused > 0) {
        heal_refused_text(heal, heal->why.text, sizeof(heal->why.text));
        return HEAL_REFUSED;
    }
    if (heal->applied == 0 && heal->ours == 0 && own->count == heal->seen &&
        memcmp(own->root, heal->own_root, 32) == 0) {
        lat_msg_set(&heal->why, "shows the records that we have, under another root");
        return HEAL_LIED;
    }
    return HEAL_ALL_TAKEN;
}

void
heal_compare(struct heal *heal, const struct recon_status *theirs, const struct recon_view *own,
             uint64_t now_ms)
{
    enum heal_end end;

    assert(heal->state == HEAL_COMPARE);
    heal->messages++;
    watch_root(heal, theirs->root, theirs->count);
    heal->pass_open = false;
    if (memcmp(theirs->root, own->root, 32) == 0)
        end = HEAL_EQUAL;
    else if (!heal->steady)
        end = HEAL_MOVED;
    else
        end = explain(heal, own);
    end_session(heal, end, now_ms);
}

uint32_t
heal_percent(const struct heal *heal)
{
    if (heal->announced == 0 || heal->seen >= heal->announced)
        return 100;
    return (uint32_t)(heal->seen * 100 / heal->announced);
}

void
heal_refused_text(const struct heal *heal, char *out, size_t out_size)
{
    char author[9], untrusted[64];
    const struct {
        uint32_t count;
        const char *text;
    } reasons[] = {
        { heal->untrusted, untrusted },
        { heal->held, "ahead of our clock" },
        { heal->bad_signatures, "with a bad signature" },
        { heal->malformed, "malformed" },
        { heal->below_horizon, "below the horizon" },
        { heal->not_stored, "not stored" },
    };
    const char *before = ": ";
    struct lat_buf text;

    out[0] = '\0';
    if (heal->refused == 0)
        return;
    lat_hex(heal->untrusted_author, 4, author);
    snprintf(untrusted, sizeof(untrusted), "of authors not trusted here (first %s..)", author);
    lat_buf_init(&text, out_size);
    if (lat_buf_printf(&text, "%" PRIu32 " of its records refused", heal->refused))
        goto out;
    for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
        if (reasons[i].count == 0)
            continue;
        if (lat_buf_printf(&text, "%s%" PRIu32 " %s", before, reasons[i].count, reasons[i].text))
            break;
        before = ", ";
    }
out:
    if (lat_buf_str(&text))
        lat_copy(out, out_size, (const char *)text.data);
    lat_buf_fini(&text);
}
