/*
 * Healing as it is carried: the session machine (heal.h) says what to ask and what to apply next, and here it
 * is sent, handed on, and answered. At most HEAL_SESSIONS_MAX at once, sources in turn, and never two
 * against one and the same root, which would fetch everything twice.
 */
#include "config.h"

#include "http/poller_parts.h"

#include <string.h>

#include "base/clock.h"
#include "base/text.h"

static void step(struct peer *peer);

static void
head_of(struct poller *p, struct poller_head *out)
{
    p->ops.head(p->arg, out);
}

/* --- states kept ready ----------------------------------------------------------------------------- */

void
heal_unstage(struct peer *peer)
{
    if (!peer->has_staged)
        return;
    legacy_state_fini(&peer->staged);
    peer->p->staged -= peer->staged_bytes;
    peer->has_staged = false;
}

void
heal_stage(struct peer *peer, struct legacy_state *state)
{
    struct poller *p = peer->p;
    size_t bytes = state->entries.bytes.cap + state->entries.count * sizeof(*state->entries.list);

    heal_unstage(peer);
    if (bytes > p->staged_max - p->staged)
        return; /* asked for again with the next round, when others may have been let go */
    peer->staged = *state;
    peer->staged_bytes = bytes;
    peer->has_staged = true;
    p->staged += bytes;
    *state = (struct legacy_state){ 0 };
}

/* --- what is kept of it ---------------------------------------------------------------------------- */

static void
tell(struct peer *peer, struct healing *healing)
{
    struct poller *p = peer->p;

    lat_copy(healing->peer, sizeof(healing->peer), peer->s.shown_url);
    if (p->ops.healed)
        p->ops.healed(p->arg, healing);
}

static void
tell_import(struct peer *peer, const struct source_import *import, uint64_t now)
{
    uint64_t took = now - peer->s.import_ms;
    struct healing healing = { .way = "import",
                               .result = import->err ? "failed" : "equal",
                               .began_ms = lat_wall_ms() - took,
                               .took_ms = took,
                               .taken = import->made,
                               .refused = import->differing };

    lat_copy(healing.why, sizeof(healing.why), peer->s.h.trouble);
    tell(peer, &healing);
}

static void
tell_session(struct peer *peer, uint64_t now)
{
    struct healing healing;

    healing_of(&peer->s.h.heal, lat_wall_ms(), now, &healing);
    tell(peer, &healing);
}

/* --- imports --------------------------------------------------------------------------------------- */

static void
end_import(struct peer *peer, const struct source_import *import)
{
    uint64_t now = lat_mono_ms();

    heal_unstage(peer);
    source_imported(&peer->s, import, peer->p->trust_number, now);
    tell_import(peer, import, now);
    poll_log_imported(&peer->s, import, now);
    poller_changed(peer->p);
    poller_wake(peer->p);
}

static void
on_imported(void *arg, enum lat_err err, uint64_t made, uint64_t same, uint64_t differing)
{
    struct source_import import = { .err = err, .made = made, .same = same, .differing = differing };
    struct peer *peer = poller_settle(arg);

    if (peer)
        end_import(peer, &import);
}

static void
start_import(struct peer *peer)
{
    struct poller *p = peer->p;
    struct source_import failed = { .err = LAT_NOMEM };
    struct owed *owed = poller_owe(peer);

    peer->s.importing = true;
    peer->s.import_ms = lat_mono_ms();
    poll_log_heal(&peer->s, lat_mono_ms());
    if (owed)
        failed.err = p->ops.import(p->arg, peer->s.id, peer->staged.entries.list, peer->staged.entries.count,
                                   peer->staged.time_s * 1000, on_imported, owed);
    if (failed.err == LAT_OK)
        return;
    if (owed)
        poller_settle(owed);
    end_import(peer, &failed);
}

/* --- an empty node --------------------------------------------------------------------------------- */

void
heal_note_filled(struct peer *peer)
{
    struct poller *p = peer->p;
    struct poller_head head;

    head_of(p, &head);
    if (peer->s.shown.trusted && head.incomplete)
        p->ops.filling(p->arg, false);
}

/* --- sessions -------------------------------------------------------------------------------------- */

/* A whole pass over a source that may be believed: an empty node is filled. */
static void
maybe_filled(struct peer *peer)
{
    enum heal_end end = peer->s.h.heal.end;

    if (end == HEAL_EQUAL || end == HEAL_BUT || end == HEAL_ALL_TAKEN || end == HEAL_REFUSED)
        heal_note_filled(peer);
}

static void
end_session(struct peer *peer)
{
    uint64_t now = lat_mono_ms();
    unsigned changes = source_healed(&peer->s, peer->p->trust_number, now);

    tell_session(peer, now);
    poll_log_healed(&peer->s, changes, now);
    maybe_filled(peer);
    poller_changed(peer->p);
    poller_wake(peer->p);
}

static void
fail(struct peer *peer, const char *text)
{
    heal_fail(&peer->s.h.heal, text, lat_mono_ms());
    end_session(peer);
}

/* Look at our own state; to be let go with view_end. False: it cannot be read, and the session has ended. */
static bool
see_own(struct peer *peer, struct recon_view *view)
{
    struct poller *p = peer->p;

    if (p->ops.view_begin(p->arg, view)) {
        fail(peer, "our own state cannot be read");
        return false;
    }
    view->trust = &p->trust;
    view->now_ms = lat_wall_ms();
    return true;
}

/* An answer within a session that is none: the session ends, and a source that asks to be left alone is. */
static bool
is_no_answer(struct peer *peer, const struct http_answer *answer)
{
    struct lat_msg why = answer->why;

    ask_count(peer, answer);
    if (answer->retry_after_ms)
        peer->s.retry_ms = lat_mono_ms() + answer->retry_after_ms;
    if (!answer->err && answer->status == 200)
        return false;
    if (answer->err == LAT_TIMEOUT)
        heal_slow_down(&peer->s.h.heal);
    if (!answer->err)
        ask_say_status(answer->status, &why);
    fail(peer, why.text);
    return true;
}

static void
on_answer(void *arg, struct http_answer *answer)
{
    struct peer *peer = arg;
    struct poller *p = peer->p;
    struct recon_view view;
    enum lat_err err;
    uint64_t retry_ms = ask_retry_ms(&answer->body);

    if (is_no_answer(peer, answer) || !see_own(peer, &view))
        return;
    err = heal_take(&peer->s.h.heal, &view, answer->body.data, answer->body.len, lat_mono_ms());
    p->ops.view_end(p->arg, &view);
    if (err == LAT_CLOSED && retry_ms > 0)
        peer->s.retry_ms =
            lat_mono_ms() + (retry_ms < SOURCE_RETRY_AFTER_MAX_MS ? retry_ms : SOURCE_RETRY_AFTER_MAX_MS);
    poller_changed(p);
    step(peer);
}

static void
on_last_status(void *arg, struct http_answer *answer)
{
    struct peer *peer = arg;
    struct recon_view view;
    struct source_shown shown;
    struct recon_status status;
    struct lat_msg why = { "" };
    enum lat_err err;

    if (is_no_answer(peer, answer))
        return;
    err = ask_read_status(peer, answer, &status, &shown, &why);
    if (err) {
        fail(peer, why.text[0] ? why.text : lat_err_text(err));
        return;
    }
    peer->status = status;
    peer->s.shown = shown;
    if (!see_own(peer, &view))
        return;
    heal_compare(&peer->s.h.heal, &status, &view, lat_mono_ms());
    peer->p->ops.view_end(peer->p->arg, &view);
    step(peer);
}

static void
on_applied(void *arg, const uint8_t *verdicts, size_t count, enum lat_err err)
{
    struct peer *peer = poller_settle(arg);

    if (peer == NULL)
        return;
    if (count != peer->s.h.heal.batch_count) {
        fail(peer, lat_err_text(err ? err : LAT_CLOSED));
        return;
    }
    heal_verdicts(&peer->s.h.heal, verdicts, count, lat_mono_ms());
    poller_changed(peer->p);
    step(peer);
}

static void
apply_batch(struct peer *peer)
{
    struct poller *p = peer->p;
    struct heal *heal = &peer->s.h.heal;
    struct owed *owed = poller_owe(peer);
    enum lat_err err = LAT_NOMEM;

    if (owed)
        err = p->ops.apply(p->arg, heal->batch.data, heal->batch.len, heal->batch_count, on_applied, owed);
    if (!err) {
        heal_batch_sent(heal);
        return;
    }
    if (owed)
        poller_settle(owed);
    fail(peer, err == LAT_BUSY ? "too many records wait to be applied here" : lat_err_text(err));
}

/* A request of a session has the time of any request, or what is left of the session. */
static uint64_t
request_ms(const struct peer *peer)
{
    uint64_t gone = lat_mono_ms() - peer->s.h.heal.begun_ms;
    uint64_t left = gone < HEAL_MS_MAX ? HEAL_MS_MAX - gone : 1;

    return left < peer->p->total_ms ? left : peer->p->total_ms;
}

static void
ask_next(struct peer *peer)
{
    struct recon_view view;
    struct lat_buf message;
    bool sent = true;

    if (!see_own(peer, &view))
        return;
    lat_buf_init(&message, RECON_MESSAGE_MAX);
    if (heal_ask(&peer->s.h.heal, &view, lat_mono_ms(), &message))
        lat_buf_clear(&message); /* the session has ended */
    peer->p->ops.view_end(peer->p->arg, &view);
    if (peer->s.h.heal.state == HEAL_WAIT)
        sent = ask_sync(peer, &message, RECON_MESSAGE_MAX, request_ms(peer), on_answer);
    lat_buf_fini(&message);
    if (!sent)
        fail(peer, "out of memory");
    else if (peer->s.h.heal.state != HEAL_WAIT)
        step(peer);
}

static void
step(struct peer *peer)
{
    switch (peer->s.h.heal.state) {
    case HEAL_ASK:
        ask_next(peer);
        break;
    case HEAL_APPLY:
        apply_batch(peer);
        break;
    case HEAL_COMPARE:
        if (!ask_status(peer, peer->p->total_ms, on_last_status))
            fail(peer, "out of memory");
        break;
    case HEAL_OVER:
        end_session(peer);
        break;
    case HEAL_WAIT:
    case HEAL_VERDICTS:
        break; /* an answer will come */
    }
}

static void
start_session(struct peer *peer, const struct poller_head *head)
{
    struct poller *p = peer->p;
    uint8_t salt[HEAL_SALT_LEN];
    struct recon_view view;
    uint64_t now = lat_mono_ms();

    if (p->ops.view_begin(p->arg, &view)) {
        peer->s.h.wants = peer->s.h.goes_on = false; /* our own state cannot be read: the next round asks anew */
        return;
    }
    view.trust = &p->trust;
    view.now_ms = lat_wall_ms();
    poll_log_heal(&peer->s, now);
    peer->s.h.healing = true;
    p->ops.random(p->arg, salt, sizeof(salt));
    heal_start(&peer->s.h.heal, &peer->status, &view, salt, now);
    p->ops.view_end(p->arg, &view);
    if (head->count == 0 && peer->status.count > 0 && peer->s.shown.trusted && !head->incomplete)
        p->ops.filling(p->arg, true);
    poller_changed(p);
    step(peer);
}

/* --- who is next ----------------------------------------------------------------------------------- */

/* Ready in every respect but time? */
static bool
could_heal(const struct peer *peer)
{
    return !peer->asking && (peer->s.kind == SOURCE_LATTICE || peer->has_staged);
}

static bool
is_healed_elsewhere(const struct peer *peer)
{
    const struct poller *p = peer->p;

    for (size_t i = 0; i < p->peer_count; i++) {
        const struct poll_source *other = &p->peers[i]->s;

        if ((other->h.healing || other->importing) && memcmp(other->shown.root, peer->s.shown.root, 32) == 0)
            return true;
    }
    return false;
}

/* What it showed before another source was healed from may agree with us by now, and be wanted for nothing else. */
static bool
is_still_wanted(struct peer *peer, const struct poller_head *head)
{
    struct source_own own = ask_own(peer, peer->s.kind, head);
    uint64_t now = lat_mono_ms();
    unsigned changes;

    if (own.root == NULL || own.lost > 0 || memcmp(own.root, peer->s.shown.root, 32) != 0)
        return own.root != NULL;
    changes = source_compare(&peer->s, &peer->s.shown, &own, now);
    poll_log_changes(&peer->s, changes, own.root, now);
    heal_unstage(peer);
    poller_changed(peer->p);
    return false;
}

static size_t
running(const struct poller *p)
{
    size_t count = 0;

    for (size_t i = 0; i < p->peer_count; i++)
        count += p->peers[i]->s.h.healing || p->peers[i]->s.importing;
    return count;
}

/* The next that may go, of those behind the last one first; NULL: none. head: our state as it is now. */
static struct peer *
pick(struct poller *p, struct poller_head *head)
{
    for (size_t i = 0; i < p->peer_count; i++) {
        struct peer *peer = p->peers[(p->turn + i) % p->peer_count];

        if (!source_is_due(&peer->s, lat_mono_ms()) || !could_heal(peer) || is_healed_elsewhere(peer))
            continue;
        head_of(p, head);
        if (!head->readable || !is_still_wanted(peer, head))
            continue;
        p->turn = (p->turn + i + 1) % p->peer_count;
        return peer;
    }
    return NULL;
}

void
heal_next_due(struct poller *p)
{
    struct poller_head head;
    struct peer *peer;

    while (p->carrying && running(p) < HEAL_SESSIONS_MAX && (peer = pick(p, &head)) != NULL) {
        if (peer->s.kind == SOURCE_LATTICE)
            start_session(peer, &head);
        else
            start_import(peer);
    }
}

uint64_t
heal_next_ms(const struct poller *p)
{
    uint64_t next = UINT64_MAX, now = lat_mono_ms();

    for (size_t i = 0; i < p->peer_count; i++) {
        uint64_t due = source_due_at(&p->peers[i]->s);

        /* One that is due already waits for another to end, which wakes us. */
        if (could_heal(p->peers[i]) && due > now && due < next)
            next = due;
    }
    return next;
}

void
heal_give_up(struct peer *peer)
{
    if (!peer->s.h.healing && !peer->s.importing)
        return;
    http_transfer_cancel(peer->transfer);
    peer->transfer = NULL;
    if (peer->owed)
        peer->owed->peer = NULL;
    peer->owed = NULL;
    source_given_up(&peer->s, lat_mono_ms());
    heal_unstage(peer);
    poller_changed(peer->p);
}
