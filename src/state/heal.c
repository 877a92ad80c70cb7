/*
 * What bounds a liar: a stream must ascend, a descent must get deeper with each step, a sketch has so many cells; 4
 * MiB without progress end a session, as do 256 messages, 64 MiB, 30 s and 3 bad signatures. Records that are the
 * same as ours, or lose to ours, are bounded by what our side and trusted authors ever signed; settled differences by
 * the size of their table.
 */
#include "config.h"

#include "state/heal_parts.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/le.h"
#include "base/text.h"

#define RECORDS_MAX (RECON_MESSAGE_MAX / RECORD_OVERHEAD) /* that fit one answer */
#define EXCHANGE_LEAST 1024                               /* so much waits: exchanged before more is looked for */

static const uint8_t last_key[32] = {
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
};

void
heal_init(struct heal *heal)
{
    *heal = (struct heal){ .state = HEAL_OVER, .most_bytes = HEAL_RANGE_BYTES };
    lat_buf_init(&heal->batch, RECON_MESSAGE_MAX + 4 * RECORDS_MAX);
    lat_buf_init(&heal->slots, RECORDS_MAX * sizeof(struct heal_slot));
    lat_buf_init(&heal->spans, HEAL_SPANS_MAX * sizeof(struct heal_span));
    lat_buf_init(&heal->wants, HEAL_QUEUE_MAX * sizeof(struct heal_want));
    lat_buf_init(&heal->gifts, HEAL_QUEUE_MAX * sizeof(struct heal_gift));
    lat_buf_init(&heal->sent, RECON_ITEMS_MAX * sizeof(struct heal_sent));
    settled_init(&heal->settled);
}

/* What only a session needs. */
static void
let_go(struct heal *heal)
{
    heal_cells_end(heal);
    heal->batch_count = 0;
    lat_buf_fini(&heal->batch);
    lat_buf_fini(&heal->slots);
    lat_buf_fini(&heal->spans);
    lat_buf_fini(&heal->wants);
    lat_buf_fini(&heal->gifts);
    lat_buf_fini(&heal->sent);
}

void
heal_fini(struct heal *heal)
{
    let_go(heal);
    settled_fini(&heal->settled);
}

/* --- begin and end ------------------------------------------------------------------------------------- */

/* An answer of a stream that was not decided to its last record will be asked for again: nothing of it has been
 * counted. */
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

void
heal_end_session(struct heal *heal, enum heal_end end, uint64_t now_ms)
{
    if (heal->pending)
        go_back(heal);
    if (end == HEAL_EQUAL || end == HEAL_BUT)
        heal->given_total = heal->sketch_failures = 0;
    heal->state = HEAL_OVER;
    heal->end = end;
    heal->ended_ms = now_ms;
    let_go(heal);
}

void
heal_watch_root(struct heal *heal, const uint8_t root[32], uint64_t count)
{
    memcpy(heal->batch_root, root, 32);
    if (memcmp(heal->root, root, 32) == 0 && heal->announced == count)
        return;
    heal->steady = false;
    memcpy(heal->root, root, 32);
    heal->announced = count;
}

static void
begin_pass(struct heal *heal, const struct recon_status *theirs, const struct recon_view *own)
{
    memcpy(heal->root, theirs->root, 32);
    memcpy(heal->own_root, own->root, 32);
    heal->announced = theirs->count;
    heal->own_count = own->count;
    heal->steady = true;
    heal->estimate = 0;
    heal->exact = false;
    heal->same = heal->applied = heal->ours = heal->only_ours = heal->refused = 0;
    heal->held = heal->untrusted = heal->bad_signatures = heal->malformed = 0;
    heal->below_horizon = heal->not_stored = 0;
    heal->given = heal->given_taken = heal->given_refused = heal->undelivered = 0;
    heal->key_total = heal->key_count = heal->deleted = 0;
    memset(heal->directions, 0, sizeof(heal->directions));
    memset(heal->subtrees, 0, sizeof(heal->subtrees));
    heal->keeps_nothing = theirs->read_only;
}

static uint64_t
distance(uint64_t a, uint64_t b)
{
    return a > b ? a - b : b - a;
}

/* How to look for the difference, as far as the counts alone tell. */
static enum heal_tier
tier_of(const struct heal *heal, uint64_t now_ms)
{
    uint64_t ours = heal->own_count, theirs = heal->announced, most = ours > theirs ? ours : theirs;

    if (ours == 0 || theirs == 0 || distance(ours, theirs) > most / 4)
        return HEAL_TIER_STREAM;
    if (distance(ours, theirs) > HEAL_SKETCH_MAX || now_ms < heal->sketch_pause_until_ms)
        return HEAL_TIER_DESCENT;
    return HEAL_TIER_SKETCH;
}

static void
begin_session(struct heal *heal, const uint8_t salt[HEAL_SALT_LEN], uint64_t now_ms)
{
    heal->state = HEAL_ASK;
    heal->end = HEAL_NONE;
    heal->why.text[0] = '\0';
    memcpy(heal->salt, salt, HEAL_SALT_LEN);
    heal->begun_ms = now_ms;
    heal->bytes = heal->stall_bytes = heal->session_useful = 0;
    heal->messages = heal->session_applied = heal->session_given = 0;
    heal->session_settled = heal->session_bad = 0;
    heal->cut = heal->named = false;
    heal->cells_have = 0;
}

static enum lat_err
want(void *arg, const uint8_t keyhash[32])
{
    return heal_add_want(arg, keyhash, 32);
}

/* Records that are damaged here are in the root all the same: no difference would ask for them. */
static enum lat_err
want_lost(struct heal *heal, const struct recon_view *own)
{
    return own->each_lost ? own->each_lost(own->arg, want, heal) : LAT_OK;
}

void
heal_start(struct heal *heal, const struct recon_status *theirs, const struct recon_view *own,
           const uint8_t salt[HEAL_SALT_LEN], uint64_t now_ms)
{
    bool agrees;
    size_t but;

    assert(heal->state == HEAL_OVER);
    if (heal->pass_open)
        heal_watch_root(heal, theirs->root, theirs->count);
    else
        begin_pass(heal, theirs, own);
    memcpy(heal->batch_root, theirs->root, 32);
    memcpy(heal->start_root, theirs->root, 32);
    begin_session(heal, salt, now_ms);
    heal->tier = heal->pass_open ? HEAL_TIER_STREAM : tier_of(heal, now_ms);
    if (want_lost(heal, own)) {
        heal_fail(heal, "our own damaged records could not be listed", now_ms);
        return;
    }
    if (heal_agrees(heal, own, theirs->root, &agrees, &but) == LAT_OK && agrees) {
        heal->tier = HEAL_TIER_NONE; /* by now: nothing more is to be asked */
        return;
    }
    if (heal->tier == HEAL_TIER_STREAM && !heal->pass_open)
        heal_stream_begin(heal);
    else if (heal->tier == HEAL_TIER_DESCENT && heal_descend_begin(heal))
        heal_fail(heal, "out of memory", now_ms);
}

bool
heal_had_progress(const struct heal *heal)
{
    if (heal->session_applied > 0 || heal->session_settled > 0)
        return true;
    /* Nothing needs to be given twice: a node that says so often that it has applied what we give it, lies. */
    if (heal->session_given > 0 && heal->given_total <= heal->own_count + heal->session_given)
        return true;
    switch (heal->end) {
    case HEAL_EQUAL:
    case HEAL_BUT:
    case HEAL_ALL_TAKEN:
    case HEAL_BUDGET:
        return true;
    case HEAL_NONE:
    case HEAL_INCOMPATIBLE:
    case HEAL_REFUSED:
    case HEAL_MOVED:
    case HEAL_STALLED:
    case HEAL_LIED:
    case HEAL_FAILED:
        break;
    }
    return false;
}

/* A limit: on with the next session if this one was of use. Records that agree have been checked: that is of use. */
static void
end_on_budget(struct heal *heal, const char *limit, uint64_t now_ms)
{
    bool of_use = heal->session_useful > 0;

    lat_msg_set(&heal->why, "healing session at its limit of %s%s", limit, of_use ? "" : " without progress");
    heal_end_session(heal, of_use ? HEAL_BUDGET : HEAL_STALLED, now_ms);
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
    heal_end_session(heal, HEAL_FAILED, now_ms);
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
    if (heal->settled.overflow) {
        lat_msg_set(&heal->why, "differs in more than %d keys that one side refuses: incompatible", SETTLED_MAX);
        heal_end_session(heal, HEAL_INCOMPATIBLE, now_ms);
    } else if (heal->bytes + 2 * RECON_MESSAGE_MAX > HEAL_BYTES_MAX)
        end_on_budget(heal, "64 MiB", now_ms);
    else if (heal->messages + 1 >= HEAL_MESSAGES_MAX)
        end_on_budget(heal, "256 messages", now_ms);
    else if (now_ms - heal->begun_ms >= HEAL_MS_MAX)
        end_on_budget(heal, "30 s", now_ms);
    else if (heal->stall_bytes > HEAL_STALL_BYTES_MAX)
        heal_end_session(heal, HEAL_STALLED, now_ms);
    if (heal->end == HEAL_STALLED && heal->why.text[0] == '\0')
        lat_msg_set(&heal->why, "4 MiB were exchanged without progress");
    return heal->state == HEAL_OVER;
}

/* --- what comes next ----------------------------------------------------------------------------------- */

/* Is there more to be found? */
static bool
is_finding(const struct heal *heal)
{
    switch (heal->tier) {
    case HEAL_TIER_SKETCH:
        return !heal->named;
    case HEAL_TIER_DESCENT:
        return heal->spans.len > 0;
    case HEAL_TIER_STREAM:
        return !heal->last;
    case HEAL_TIER_NONE:
        break;
    }
    return false;
}

static enum heal_phase
next_phase(const struct heal *heal)
{
    static const enum heal_phase finding[] = { [HEAL_TIER_NONE] = HEAL_PHASE_CHECK,
                                               [HEAL_TIER_SKETCH] = HEAL_PHASE_CELLS,
                                               [HEAL_TIER_DESCENT] = HEAL_PHASE_SPANS,
                                               [HEAL_TIER_STREAM] = HEAL_PHASE_RANGE };
    size_t waiting = heal_wants(heal) + heal_gifts(heal);

    if (waiting >= EXCHANGE_LEAST || (waiting > 0 && !is_finding(heal)))
        return HEAL_PHASE_RECORDS;
    return is_finding(heal) ? finding[heal->tier] : HEAL_PHASE_CHECK;
}

static void
end_equal(struct heal *heal, const struct recon_view *own, uint64_t now_ms)
{
    bool whole = memcmp(own->root, heal->batch_root, 32) == 0;

    memcpy(heal->end_own, own->root, 32);
    if (!whole)
        heal_settled_text(heal, heal->why.text, sizeof(heal->why.text));
    heal->pass_open = false;
    heal_end_session(heal, whole ? HEAL_EQUAL : HEAL_BUT, now_ms);
}

/* Is their root another one than they attested, though nothing was exchanged? */
static bool
is_hearsay(const struct heal *heal)
{
    return memcmp(heal->batch_root, heal->start_root, 32) != 0 &&
           heal->session_applied + heal->session_given + heal->session_settled == 0;
}

/* Everything that was found is exchanged. Their root as they last told it needs no asking again if it is ours. */
static void
check(struct heal *heal, const struct recon_view *own, const struct recon_view *seen, uint64_t now_ms)
{
    if (memcmp(seen->root, heal->batch_root, 32) != 0 || is_hearsay(heal)) {
        heal->state = HEAL_COMPARE;
        return;
    }
    end_equal(heal, own, now_ms);
}

static enum lat_err
ask_next(struct heal *heal, const struct recon_view *own, const struct recon_view *seen, uint64_t now_ms,
         struct lat_buf *out)
{
    heal->phase = next_phase(heal);
    switch (heal->phase) {
    case HEAL_PHASE_CELLS:
        return heal_cells_ask(heal, seen, now_ms, out);
    case HEAL_PHASE_SPANS:
        return heal_descend_ask(heal, seen, out);
    case HEAL_PHASE_RANGE:
        return recon_ask_range(own->network, heal->from, last_key, heal->most_bytes, out);
    case HEAL_PHASE_RECORDS:
        return heal_records_ask(heal, own, out);
    case HEAL_PHASE_CHECK:
        check(heal, own, seen, now_ms);
        break;
    }
    return LAT_OK;
}

static enum lat_err
fail_on(struct heal *heal, enum lat_err err, uint64_t now_ms)
{
    if (heal->why.text[0] == '\0')
        lat_msg_set(&heal->why, "our own state could not be compared: %s", lat_err_text(err));
    heal_end_session(heal, HEAL_FAILED, now_ms);
    return err;
}

enum lat_err
heal_ask(struct heal *heal, const struct recon_view *own, uint64_t now_ms, struct lat_buf *out)
{
    struct settled_view seen;
    enum lat_err err;

    assert(heal->state == HEAL_ASK);
    lat_buf_clear(out);
    if (is_over_budget(heal, now_ms))
        return LAT_OK;
    err = settled_look(&heal->settled, own, &seen);
    while (!err && heal->state == HEAL_ASK && out->len == 0)
        err = ask_next(heal, own, &seen.view, now_ms, out);
    if (err)
        return fail_on(heal, err, now_ms);
    if (heal->state != HEAL_ASK)
        return LAT_OK;
    heal->messages++;
    heal->bytes += out->len;
    if (heal->phase != HEAL_PHASE_RANGE)
        heal->stall_bytes += out->len;
    heal->state = HEAL_WAIT;
    return LAT_OK;
}

/* --- an answer ------------------------------------------------------------------------------------- */

static enum lat_err
take_range(struct heal *heal, const struct recon_view *own, const struct recon_view *seen, const uint8_t *reply,
           size_t len)
{
    struct recon_range range;
    enum lat_err err = recon_read_range(own->network, heal->from, last_key, reply, len, &range, &heal->why);

    heal->most_bytes = heal->most_bytes < HEAL_RANGE_BYTES / 2 ? 2 * heal->most_bytes : HEAL_RANGE_BYTES;
    if (err)
        return err;
    heal->pending = true;
    heal->mark = (struct heal_mark){ heal->seen,      heal->same,      heal->ours,
                                     heal->only_ours, heal->key_total, heal->key_count };
    err = heal_walk(heal, own, seen, &range);
    if (!err)
        heal_watch_root(heal, range.root, range.total);
    return err;
}

static enum lat_err
take(struct heal *heal, const struct recon_view *own, const struct recon_view *seen, const uint8_t *reply, size_t len,
     uint64_t now_ms)
{
    switch (heal->phase) {
    case HEAL_PHASE_CELLS:
        return heal_cells_take(heal, seen, reply, len, now_ms);
    case HEAL_PHASE_SPANS:
        return heal_descend_take(heal, seen, reply, len);
    case HEAL_PHASE_RANGE:
        return take_range(heal, own, seen, reply, len);
    case HEAL_PHASE_RECORDS:
        return heal_records_take(heal, own, reply, len);
    case HEAL_PHASE_CHECK:
        break;
    }
    return LAT_MALFORMED;
}

/* An answer is decided to its last record: a stream has come so far. */
static void
settle(struct heal *heal)
{
    if (heal->pending)
        memcpy(heal->from, heal->next, 32);
    heal->pending = false;
    heal->state = HEAL_ASK;
}

enum lat_err
heal_take(struct heal *heal, const struct recon_view *own, const uint8_t *reply, size_t len, uint64_t now_ms)
{
    struct settled_view seen;
    enum lat_err err;

    assert(heal->state == HEAL_WAIT);
    heal->bytes += len;
    if (heal->phase != HEAL_PHASE_RANGE)
        heal->stall_bytes += len;
    err = settled_look(&heal->settled, own, &seen);
    if (!err)
        err = take(heal, own, &seen.view, reply, len, now_ms);
    if (err)
        return fail_on(heal, err, now_ms);
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

/* Does the session end with these verdicts? What our store did not take must be asked for again: the stream is
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
        heal_end_session(heal, HEAL_STALLED, now_ms);
    }
}

void
heal_verdicts(struct heal *heal, const uint8_t *verdicts, size_t count, uint64_t now_ms)
{
    const struct heal_slot *slots = (const struct heal_slot *)heal->slots.data;
    const uint8_t *at = heal->batch.data;
    uint32_t not_stored = heal->not_stored;
    enum lat_err err = LAT_OK;

    assert(heal->state == HEAL_VERDICTS && count == heal->batch_count);
    for (size_t i = 0; i < count && !err; i++) {
        size_t len = lat_get_u32le(at);

        err = heal_count_verdict(heal, verdicts[i], at + 4, len, &slots[i]);
        at += 4 + len;
    }
    heal->batch_count = 0;
    lat_buf_clear(&heal->batch);
    lat_buf_clear(&heal->slots);
    settle(heal);
    if (err)
        heal_fail(heal, lat_err_text(err), now_ms);
    else
        check_session(heal, heal->not_stored > not_stored, now_ms);
}

/* --- the end ------------------------------------------------------------------------------------------- */

/* No record differs, and neither root has moved. */
static bool
found_nothing(const struct heal *heal, const struct recon_view *own)
{
    return heal->applied + heal->refused + heal->ours + heal->only_ours + heal->given == 0 && !heal->cut &&
           memcmp(own->root, heal->own_root, 32) == 0;
}

static enum heal_end
say_lie(struct heal *heal)
{
    lat_msg_set(&heal->why, "shows the records that we have, under another root");
    return HEAL_LIED;
}

/* The roots differ after all was compared with one steady root: why? */
static enum heal_end
explain_steady(struct heal *heal, const struct recon_view *own)
{
    if (heal->tier != HEAL_TIER_STREAM)
        return found_nothing(heal, own) ? say_lie(heal) : HEAL_MOVED;
    if (heal->seen != heal->announced) {
        lat_msg_set(&heal->why, "announces %" PRIu64 " records and shows %" PRIu64, heal->announced, heal->seen);
        return HEAL_LIED;
    }
    return found_nothing(heal, own) ? say_lie(heal) : HEAL_MOVED;
}

/* Everything that was found is exchanged, and the roots differ. */
static enum heal_end
explain(struct heal *heal, const struct recon_view *own)
{
    enum heal_end end = HEAL_MOVED;

    if (heal->undelivered > 0) {
        lat_msg_set(&heal->why, "advertises %" PRIu32 " records that it does not deliver", heal->undelivered);
        return HEAL_FAILED;
    }
    if (heal->steady)
        end = explain_steady(heal, own);
    if (end == HEAL_MOVED && heal->refused > heal->session_settled) {
        heal_refused_text(heal, heal->why.text, sizeof(heal->why.text));
        return HEAL_REFUSED;
    }
    if (end == HEAL_MOVED && (heal->keeps_nothing || heal->given_refused > 0)) {
        lat_msg_set(&heal->why, "all that it has is here; it does not take %" PRIu32 " records of ours%s",
                    heal->given - heal->given_taken + heal->only_ours + heal->ours,
                    heal->keeps_nothing ? ": it cannot store now" : "");
        return HEAL_ALL_TAKEN;
    }
    return end;
}

/* It has settled, and what it named explains nothing: elements that collide, or a liar. The trees will tell. */
static bool
sketch_misled(const struct heal *heal)
{
    return heal->tier == HEAL_TIER_SKETCH && heal->steady && !heal->keeps_nothing &&
           heal->applied + heal->given_taken + heal->refused == 0;
}

void
heal_compare(struct heal *heal, const struct recon_status *theirs, const struct recon_view *own, uint64_t now_ms)
{
    struct settled_view seen;

    assert(heal->state == HEAL_COMPARE);
    heal->messages++;
    heal_watch_root(heal, theirs->root, theirs->count);
    if (settled_look(&heal->settled, own, &seen)) {
        heal_fail(heal, "our own state cannot be read", now_ms);
        return;
    }
    heal->pass_open = false;
    if (memcmp(theirs->root, seen.view.root, 32) == 0) {
        end_equal(heal, own, now_ms);
    } else if (heal->settled.overflow) {
        heal->state = HEAL_ASK; /* which ends it */
    } else if (sketch_misled(heal)) {
        heal_cells_failed(heal, now_ms);
        heal->state = HEAL_ASK;
        if (heal_descend_begin(heal))
            heal_fail(heal, "out of memory", now_ms);
    } else {
        heal_end_session(heal, explain(heal, own), now_ms);
    }
}

/* --- around sessions ----------------------------------------------------------------------------------- */

enum lat_err
heal_agrees(struct heal *heal, const struct recon_view *own, const uint8_t root[32], bool *agrees, size_t *but)
{
    struct settled_view seen;
    enum lat_err err;

    *but = 0;
    *agrees = memcmp(own->root, root, 32) == 0;
    if (*agrees || heal->settled.count == 0)
        return LAT_OK;
    err = settled_look(&heal->settled, own, &seen);
    if (err)
        return err;
    *agrees = memcmp(seen.view.root, root, 32) == 0;
    *but = *agrees ? heal->settled.count : 0;
    return LAT_OK;
}

bool
heal_note_status(struct heal *heal, const struct recon_status *theirs, const struct trust *trust)
{
    bool same_challenge = memcmp(heal->challenge, theirs->challenge, sizeof(heal->challenge)) == 0;
    uint8_t own[8];

    trust_digest(trust, theirs->challenge, own);
    if (heal->keeps_challenge && same_challenge &&
        (memcmp(heal->their_trust, theirs->trust_digest, 8) != 0 || memcmp(heal->own_trust, own, 8) != 0))
        settled_clear(&heal->settled);
    memcpy(heal->challenge, theirs->challenge, sizeof(heal->challenge));
    memcpy(heal->their_trust, theirs->trust_digest, 8);
    memcpy(heal->own_trust, own, 8);
    heal->keeps_challenge = true;
    return memcmp(own, theirs->trust_digest, 8) != 0;
}

const uint8_t *
heal_challenge(const struct heal *heal)
{
    bool needed = heal->settled.count > 0 || heal->settled.overflow;

    return needed && heal->keeps_challenge ? heal->challenge : NULL;
}

void
heal_forget(struct heal *heal)
{
    settled_clear(&heal->settled);
    heal->sketch_pause_until_ms = 0;
    heal->sketch_failures = 0;
    heal->given_total = 0;
}
