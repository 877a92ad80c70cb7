/*
 * One attempt with one source, from the first request to the comparison. All of its requests share one
 * deadline. First contact asks for the summary, which a v3.0.3 node takes for a request of its whole state;
 * one of ours says that it speaks sync and is asked STATUS from then on, until it answers 404.
 */
#include "config.h"

#include "http/poller_parts.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "base/le.h"
#include "base/log.h"

static void on_status(void *arg, struct http_answer *answer);

/* --- how an attempt ends --------------------------------------------------------------------------- */

static void
end(struct peer *peer, const char *error)
{
    peer->asking = false;
    poller_note(peer, error);
    poller_changed(peer->p);
    poller_wake(peer->p);
}

static void
failed(struct peer *peer, const char *error, uint64_t retry_after_ms)
{
    uint64_t now = lat_mono_ms();
    unsigned changes = source_failed(&peer->s, error, retry_after_ms, now);

    lat_log(LAT_DEBUG, "[HTTP_SYNC] %s failed: %s", peer->s.shown_url, peer->s.error);
    poll_log_changes(&peer->s, changes, NULL, now);
    heal_unstage(peer);
    end(peer, peer->s.error);
}

struct source_own
ask_own(struct peer *peer, enum source_kind kind, const struct poller_head *head)
{
    struct poller *p = peer->p;
    struct source_own own = { .hlc = head->hlc,
                              .trust_number = p->trust_number,
                              .trusted_count = p->trust.count,
                              .lost = kind == SOURCE_LATTICE ? head->lost : 0 };

    if (!head->readable)
        return own;
    if (kind == SOURCE_LATTICE)
        own.root = head->root;
    else if (head->has_flat_root)
        own.root = head->flat_root;
    else
        p->ops.want_flat_root(p->arg);
    return own;
}

/* Agreement may be more than equal roots: then our own state is looked at. */
static unsigned
compare(struct peer *peer, const struct source_shown *shown, struct source_own *own, uint64_t now_ms)
{
    struct poller *p = peer->p;
    struct recon_view view;
    bool looks = own->root != NULL && peer->s.kind == SOURCE_LATTICE && heal_peer_needs_view(&peer->s.h) &&
                 p->ops.view_begin(p->arg, &view) == LAT_OK;
    unsigned changes;

    if (looks) {
        view.trust = &p->trust;
        view.now_ms = lat_wall_ms();
        own->view = &view;
    }
    changes = source_compare(&peer->s, shown, own, now_ms);
    if (looks)
        p->ops.view_end(p->arg, &view);
    own->view = NULL;
    return changes;
}

/* shown: NULL for a good answer that is not to be compared. */
static void
succeeded(struct peer *peer, enum source_kind kind, const struct source_shown *shown)
{
    uint64_t now = lat_mono_ms();
    unsigned changes = source_succeeded(&peer->s, kind, (uint32_t)(now - peer->begun_ms), now);
    struct source_own own = { 0 };
    struct poller_head head;

    if (shown) {
        peer->p->ops.head(peer->p->arg, &head);
        own = ask_own(peer, kind, &head);
        changes |= compare(peer, shown, &own, now);
    }
    if (peer->p->mode == POLLER_STANDBY)
        peer->s.h.wants = false;
    if (peer->s.h.equal)
        heal_note_filled(peer);
    poll_log_changes(&peer->s, changes, own.root, now);
    end(peer, NULL);
}

/* --- requests -------------------------------------------------------------------------------------- */

/* What is left of the attempt's time; at least a millisecond, so that the answer is a timeout and not a
 * refusal. */
static uint64_t
left_ms(const struct peer *peer)
{
    uint64_t gone = lat_mono_ms() - peer->begun_ms;

    return gone < peer->p->total_ms ? peer->p->total_ms - gone : 1;
}

static bool
send_request(struct peer *peer, const char *path, struct http_request *request, http_done_fn fn)
{
    char url[HTTP_URL_MAX];

    snprintf(url, sizeof(url), "%s%s", peer->s.url, path);
    request->url = url;
    return http_client_send(peer->p->client, request, fn, peer, &peer->transfer) == LAT_OK;
}

bool
ask_sync(struct peer *peer, const struct lat_buf *message, size_t answer_max, uint64_t total_ms,
         http_done_fn fn)
{
    struct http_request request = { .body = message->data,
                                    .body_len = message->len,
                                    .type = SYNC_TYPE,
                                    .body_max = answer_max,
                                    .total_ms = total_ms };

    return send_request(peer, SYNC_PATH, &request, fn);
}

bool
ask_status(struct peer *peer, uint64_t total_ms, http_done_fn fn)
{
    struct poller *p = peer->p;
    const uint8_t *kept;
    struct poller_head head;
    struct lat_buf message;
    bool sent = false;

    p->ops.head(p->arg, &head);
    kept = heal_challenge(&peer->s.h.heal);
    if (kept != NULL)
        memcpy(peer->challenge, kept, sizeof(peer->challenge));
    else
        p->ops.random(p->arg, peer->challenge, sizeof(peer->challenge));
    lat_buf_init(&message, STATUS_ANSWER_MAX);
    if (recon_ask_status(&p->network, peer->challenge, head.root, head.count, false, &message) == LAT_OK)
        sent = ask_sync(peer, &message, STATUS_ANSWER_MAX, total_ms, fn);
    lat_buf_fini(&message);
    return sent;
}

void
ask_count(struct peer *peer, const struct http_answer *answer)
{
    peer->transfer = NULL;
    peer->s.bytes_in += answer->bytes_in;
    peer->s.bytes_out += answer->bytes_out;
}

void
ask_say_status(long status, struct lat_msg *why)
{
    const char *meaning = "";

    if (status == 401 || status == 403)
        meaning = ": it does not let us in (LATTICE_HTTP_TOKEN_FILE)";
    else if (status == 404)
        meaning = ": no lattice node there?";
    else if (status == 429 || status == 503)
        meaning = ": busy, or not ready";
    lat_msg_set(why, "HTTP status %ld%s", status, meaning);
}

uint64_t
ask_retry_ms(const struct lat_buf *reply)
{
    if (reply->len < 16 || reply->data[0] != RECON_ERROR)
        return 0;
    return lat_get_u32le(reply->data + 12);
}

/* --- first contact, and v3.0.3 --------------------------------------------------------------------- */

static void
look_at_state(struct peer *peer, struct poll_state *done)
{
    struct source_shown shown;
    enum lat_err err = done->err;

    if (!err)
        err = source_judge_state(&done->state, done->verdict, done->key, &peer->p->trust, &shown, &done->why);
    if (err) {
        failed(peer, done->why.text, 0);
        return;
    }
    heal_stage(peer, &done->state);
    succeeded(peer, SOURCE_LEGACY, &shown);
    if (!peer->s.h.wants)
        heal_unstage(peer);
}

static void
on_state_read(void *arg, struct poll_state *done)
{
    struct peer *peer = poller_settle(arg);

    if (peer == NULL)
        return;
    if (done->is_ours && done->name[0])
        lat_copy(peer->s.name, sizeof(peer->s.name), done->name);
    if (!done->is_ours)
        look_at_state(peer, done);
    else if (!ask_status(peer, left_ms(peer), on_status))
        failed(peer, "out of memory", 0);
}

/* The body goes to a worker: it may be long. */
static void
read_state(struct peer *peer, struct lat_buf *body)
{
    struct poller *p = peer->p;
    struct owed *owed = poller_owe(peer);
    size_t len = body->len;

    if (owed &&
        poll_state_read(p->loop, body, p->state_max, &p->trust, peer->s.bound ? peer->s.bound_key : NULL,
                        lat_wall_ms(), on_state_read, owed) == LAT_OK) {
        http_client_hold(p->client, len);
        owed->held = len;
        return;
    }
    if (owed)
        poller_settle(owed);
    failed(peer, "out of memory", 0);
}

static void
on_first(void *arg, struct http_answer *answer)
{
    struct peer *peer = arg;
    struct lat_msg why;

    ask_count(peer, answer);
    if (answer->err) {
        failed(peer, answer->why.text, answer->retry_after_ms);
    } else if (answer->status != 200) {
        ask_say_status(answer->status, &why);
        failed(peer, why.text, answer->retry_after_ms);
    } else {
        read_state(peer, &answer->body);
    }
}

static void
ask_first(struct peer *peer)
{
    struct http_request request = { .type = STATE_TYPE,
                                    .body_max = peer->p->state_max,
                                    .total_ms = left_ms(peer) };

    if (!send_request(peer, STATE_PATH, &request, on_first))
        failed(peer, "out of memory", 0);
}

/* --- one of ours ----------------------------------------------------------------------------------- */

/* Time of the last attestation of a key, whichever source showed it. */
static uint64_t
last_time(const struct poller *p, const uint8_t key[32])
{
    uint64_t last = 0;

    for (size_t i = 0; i < p->peer_count; i++) {
        const struct source_shown *shown = &p->peers[i]->s.shown;

        if (p->peers[i]->s.has_shown && memcmp(shown->key, key, 32) == 0 && shown->time_ms > last)
            last = shown->time_ms;
    }
    return last;
}

enum lat_err
ask_read_status(struct peer *peer, const struct http_answer *answer, struct recon_status *status,
                struct source_shown *shown, struct lat_msg *why)
{
    struct poller *p = peer->p;
    enum lat_err err =
        recon_read_status(&p->network, peer->challenge, answer->body.data, answer->body.len, status, why);

    if (err)
        return err;
    return source_judge_status(&peer->s, status, &p->trust, last_time(p, status->key), lat_wall_ms(), shown,
                               why);
}

static void
take_status(struct peer *peer, const struct http_answer *answer)
{
    struct recon_status status;
    struct source_shown shown;
    struct lat_msg why = { "" };
    enum lat_err err = ask_read_status(peer, answer, &status, &shown, &why);

    if (err == LAT_CONFLICT) {
        succeeded(peer, SOURCE_LATTICE, NULL);
    } else if (err) {
        failed(peer, why.text[0] ? why.text : lat_err_text(err), ask_retry_ms(&answer->body));
    } else {
        peer->status = status;
        heal_peer_note_status(&peer->s.h, &status, &peer->p->trust);
        if (peer->p->ops.attested && !status.incomplete)
            peer->p->ops.attested(peer->p->arg, &status);
        succeeded(peer, SOURCE_LATTICE, &shown);
    }
}

/* It spoke sync once, or said that it does: 404 and 405 mean that another program answers there now. */
static bool
is_gone(const struct http_answer *answer)
{
    return !answer->err && (answer->status == 404 || answer->status == 405);
}

static void
on_status(void *arg, struct http_answer *answer)
{
    struct peer *peer = arg;
    struct lat_msg why;

    ask_count(peer, answer);
    if (is_gone(answer) && !peer->fell_back) {
        peer->fell_back = true;
        peer->s.kind = SOURCE_UNKNOWN;
        ask_first(peer);
    } else if (answer->err) {
        failed(peer, answer->why.text, answer->retry_after_ms);
    } else if (answer->status != 200) {
        ask_say_status(answer->status, &why);
        failed(peer, why.text, answer->retry_after_ms);
    } else {
        take_status(peer, answer);
    }
}

/* --- begin and give up ----------------------------------------------------------------------------- */

void
ask_begin(struct peer *peer)
{
    uint64_t now = lat_mono_ms();

    peer->asking = true;
    peer->fell_back = peer->s.kind != SOURCE_LATTICE;
    peer->begun_ms = now;
    source_begin(&peer->s, now);
    if (peer->s.kind != SOURCE_LATTICE)
        ask_first(peer);
    else if (!ask_status(peer, left_ms(peer), on_status))
        failed(peer, "out of memory", 0);
}

void
ask_give_up(struct peer *peer)
{
    if (!peer->asking)
        return;
    http_transfer_cancel(peer->transfer);
    peer->transfer = NULL;
    if (peer->owed)
        peer->owed->peer = NULL;
    peer->owed = NULL;
    peer->asking = peer->in_round = false;
}
