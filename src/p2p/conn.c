/*
 * conn.c - the stack: which layer the bytes belong to, and when the next one begins.
 *
 * One input buffer: what a layer leaves at its end belongs to the next. Once the secure channel is open, decrypted bytes have a buffer of
 * their own, handled in the same way by the muxer's negotiation and the muxer.
 */
#include "config.h"

#include "p2p/conn.h"

#include <stdlib.h>
#include <string.h>

#include "p2p/conn_parts.h"

static const char noise_id[] = "/noise";
static const char yamux_id[] = "/yamux/1.0.0";
static const char *const security[] = { noise_id, NULL };
static const char *const muxers[] = { yamux_id, NULL };

#define SEAL_PIECE 16384 /* small frames are gathered up to this; a full data frame goes alone */

/* --- life ------------------------------------------------------------------------------------------ */

static enum lat_err
make_noise(struct conn *c)
{
    const struct noise_config config = {
        .own = c->config.own,
        .muxers = c->config.early_muxer ? muxers : NULL,
        .verify = c->config.verify,
        .verify_arg = c->config.verify_arg,
        .random = c->config.random,
        .deadline_ms = c->deadline_ms,
    };

    return c->config.dialer ? noise_dial(&config, &c->noise) : noise_listen(&config, &c->noise);
}

/* Dialer: header, proposal and the first message of Noise, in one segment. */
static enum lat_err
start(struct conn *c)
{
    enum lat_err err;

    if (!c->config.dialer) {
        negotiate_listen(&c->negotiate, negotiate_find_in_list, security, c->deadline_ms);
        return LAT_OK;
    }
    negotiate_dial(&c->negotiate, security, c->deadline_ms);
    err = negotiate_start(&c->negotiate, &c->out);
    if (!err)
        err = noise_start(c->noise, &c->out);
    negotiate_set_payload(&c->negotiate);
    return err;
}

enum lat_err
conn_new(const struct conn_config *config, uint64_t now_ms, struct conn **out)
{
    struct conn *c = calloc(1, sizeof(*c));
    enum lat_err err;

    if (c == NULL)
        return LAT_NOMEM;
    c->config = *config;
    c->now_ms = c->last_in_ms = now_ms;
    c->deadline_ms = now_ms + CONN_HANDSHAKE_MS;
    lat_buf_init(&c->in, CONN_INPUT_MAX + NOISE_FRAME_MAX);
    lat_buf_init(&c->plain, CONN_INPUT_MAX + NOISE_PLAIN_MAX);
    lat_buf_init(&c->out, 4 * NOISE_HANDSHAKE_MAX);
    lat_buf_init(&c->sealing, SEAL_PIECE + YAMUX_HEADER_LEN + YAMUX_DATA_MAX + YAMUX_CONTROL_MAX);
    err = make_noise(c);
    if (!err)
        err = start(c);
    if (err)
        conn_free(c);
    else
        *out = c;
    return err;
}

void
conn_free(struct conn *c)
{
    if (c == NULL)
        return;
    yamux_free(c->yamux);
    conn_bury_streams(c);
    noise_free(c->noise);
    lat_buf_fini(&c->in);
    lat_buf_fini(&c->plain);
    lat_buf_fini(&c->out);
    lat_buf_fini(&c->sealing);
    free(c);
}

/* --- the phases ------------------------------------------------------------------------------------ */

static enum lat_err
fail(struct conn *c, enum lat_err err, struct lat_msg *why, const char *layer)
{
    c->phase = CONN_FAILED;
    if (why && why->text[0] == '\0')
        lat_msg_set(why, "%s: %s", layer, lat_err_text(err));
    return err;
}

/* The channel is there and the muxer known: streams may be opened. */
static enum lat_err
open_up(struct conn *c, struct lat_msg *why)
{
    const uint8_t *key;
    size_t len;

    key = noise_remote_key(c->noise, &len);
    peerid_of_key(key, len, &c->remote);
    c->yamux = yamux_new(c->config.dialer, &conn_yamux_ops, c, c->config.budget);
    if (c->yamux == NULL)
        return fail(c, LAT_NOMEM, why, "multiplexer");
    c->phase = CONN_OPEN;
    c->last_in_ms = c->now_ms;
    if (!c->config.ops->up(c->config.arg, c)) {
        lat_msg_set(why, "not wanted");
        yamux_goaway(c->yamux, YAMUX_NORMAL);
        return fail(c, LAT_LIMIT, why, "connection");
    }
    return LAT_OK;
}

static enum lat_err
step_security(struct conn *c, struct lat_msg *why)
{
    enum lat_err err = negotiate_step(&c->negotiate, &c->in, &c->out, c->now_ms, why);

    if (!err)
        c->phase = CONN_HANDSHAKE;
    return err;
}

static enum lat_err
begin_muxer(struct conn *c)
{
    c->phase = CONN_MUXER;
    if (c->config.dialer) {
        negotiate_dial(&c->negotiate, muxers, c->deadline_ms);
        return negotiate_start(&c->negotiate, &c->sealing);
    }
    negotiate_listen(&c->negotiate, negotiate_find_in_list, muxers, c->deadline_ms);
    return LAT_OK;
}

static enum lat_err
step_handshake(struct conn *c, struct lat_msg *why)
{
    enum lat_err err = noise_step(c->noise, &c->in, &c->out, c->now_ms, why);

    if (err)
        return err;
    return noise_muxer(c->noise) ? open_up(c, why) : begin_muxer(c);
}

/* Decrypt what is there, as far as there is room. */
static enum lat_err
decrypt(struct conn *c, struct lat_msg *why)
{
    enum lat_err err = noise_open(c->noise, &c->in, &c->plain);

    if (err == LAT_LIMIT)
        return LAT_OK; /* the rest when the muxer has taken some */
    if (err)
        lat_msg_set(why, "secure channel: %s", lat_err_text(err));
    return err;
}

static enum lat_err
step_muxer(struct conn *c, struct lat_msg *why)
{
    enum lat_err err = decrypt(c, why);

    if (!err)
        err = negotiate_step(&c->negotiate, &c->plain, &c->sealing, c->now_ms, why);
    return err ? err : open_up(c, why);
}

static enum lat_err
step_open(struct conn *c, struct lat_msg *why)
{
    size_t before;
    enum lat_err err;

    do {
        before = c->in.len;
        err = decrypt(c, why);
        if (!err)
            err = yamux_input(c->yamux, &c->plain, c->now_ms, why);
        if (err == LAT_CLOSED) {
            c->went_away = true;
            err = LAT_OK;
        }
    } while (!err && c->in.len < before && c->in.len > 0);
    if (!err && c->went_away && c->stream_count == 0) {
        lat_msg_set(why, "the other side said goodbye");
        return LAT_CLOSED;
    }
    return err ? err : LAT_SHORT;
}

/* One step of the present layer. LAT_OK: the next layer may have something to do. */
static enum lat_err
step(struct conn *c, struct lat_msg *why)
{
    switch (c->phase) {
    case CONN_SECURITY:
        return step_security(c, why);
    case CONN_HANDSHAKE:
        return step_handshake(c, why);
    case CONN_MUXER:
        return step_muxer(c, why);
    case CONN_OPEN:
        return step_open(c, why);
    case CONN_FAILED:
        return LAT_CLOSED;
    }
    return LAT_CLOSED;
}

static enum lat_err
run(struct conn *c, struct lat_msg *why)
{
    static const char *const layers[] = { "security negotiation", "handshake", "multiplexer negotiation", "connection", "connection" };
    enum lat_err err;

    do
        err = step(c, why);
    while (err == LAT_OK);
    return err == LAT_SHORT ? LAT_OK : fail(c, err, why, layers[c->phase]);
}

enum lat_err
conn_input(struct conn *c, const uint8_t *data, size_t len, uint64_t now_ms, struct lat_msg *why)
{
    struct lat_msg text = { "" };
    enum lat_err err = LAT_OK;
    size_t piece;

    c->now_ms = now_ms;
    c->bytes_in += len;
    if (len > 0) {
        c->last_in_ms = now_ms;
        c->probe_until_ms = 0;
    }
    while (!err && len > 0) {
        piece = len < CONN_INPUT_MAX ? len : CONN_INPUT_MAX;
        if (c->in.len + piece > c->in.max)
            piece = c->in.max - c->in.len;
        if (piece == 0) {
            lat_msg_set(&text, "more bytes than the present step can need");
            err = fail(c, LAT_MALFORMED, &text, "connection");
            break;
        }
        err = lat_buf_add(&c->in, data, piece);
        data += piece;
        len -= piece;
        if (!err)
            err = run(c, &text);
    }
    conn_bury_streams(c);
    if (err && why)
        *why = text;
    return err;
}

/* --- output ---------------------------------------------------------------------------------------- */

static enum lat_err
move(struct lat_buf *from, struct lat_buf *to)
{
    enum lat_err err = lat_buf_add(to, from->data, from->len);

    if (!err)
        lat_buf_clear(from);
    return err;
}

/* Frames of the muxer into frames of the channel. */
static enum lat_err
seal_some(struct conn *c, struct lat_buf *out)
{
    enum lat_err err = LAT_OK;

    if (c->yamux)
        err = yamux_output(c->yamux, SEAL_PIECE, &c->sealing);
    if (err || c->sealing.len == 0)
        return err;
    err = noise_seal(c->noise, c->sealing.data, c->sealing.len, out);
    if (!err)
        lat_buf_clear(&c->sealing);
    return err;
}

static bool
has_output(const struct conn *c)
{
    return c->sealing.len > 0 || (c->yamux && yamux_wants_output(c->yamux));
}

enum lat_err
conn_output(struct conn *c, struct lat_buf *out, uint64_t now_ms)
{
    size_t before = out->len;
    enum lat_err err = LAT_OK;

    c->now_ms = now_ms;
    if (c->out.len > 0)
        err = move(&c->out, out);
    while (!err && noise_is_open(c->noise) && has_output(c) && out->len < CONN_OUTPUT_MAX / 2)
        err = seal_some(c, out);
    conn_bury_streams(c);
    c->bytes_out += out->len - before;
    return err == LAT_LIMIT ? LAT_OK : err;
}

/* --- time ------------------------------------------------------------------------------------------ */

/* Any byte is a sign of life; silence for idle_ms asks for one, every idle_ms. */
static void
keep_alive(struct conn *c)
{
    if (c->now_ms - c->last_in_ms < c->config.idle_ms || c->now_ms - c->pinged_ms < c->config.idle_ms)
        return;
    c->pinged_ms = c->now_ms;
    yamux_ping(c->yamux, c->now_ms);
}

enum lat_err
conn_tick(struct conn *c, uint64_t now_ms, struct lat_msg *why)
{
    c->now_ms = now_ms;
    if (c->phase == CONN_FAILED)
        return LAT_CLOSED;
    if (c->phase != CONN_OPEN) {
        if (now_ms < c->deadline_ms)
            return LAT_OK;
        lat_msg_set(why, "no %s within %d s", conn_phase_name(c->phase), CONN_HANDSHAKE_MS / 1000);
        return fail(c, LAT_TIMEOUT, why, "connection");
    }
    if (now_ms - c->last_in_ms >= c->config.dead_ms || (c->probe_until_ms > 0 && now_ms >= c->probe_until_ms)) {
        lat_msg_set(why, "silent for %.1f s", (double)(now_ms - c->last_in_ms) / 1000);
        return fail(c, LAT_TIMEOUT, why, "connection");
    }
    keep_alive(c);
    conn_tick_streams(c);
    conn_bury_streams(c);
    return LAT_OK;
}

void
conn_grace(struct conn *c, uint64_t late_ms)
{
    c->deadline_ms += late_ms;
    c->last_in_ms += late_ms;
    if (c->probe_until_ms > 0)
        c->probe_until_ms += late_ms;
    conn_grace_streams(c, late_ms);
}

void
conn_set_times(struct conn *c, uint64_t idle_ms, uint64_t dead_ms, uint64_t now_ms)
{
    bool shorter = dead_ms < c->config.dead_ms;

    c->now_ms = now_ms;
    c->config.idle_ms = idle_ms;
    c->config.dead_ms = dead_ms;
    if (!shorter || c->phase != CONN_OPEN)
        return;
    if (c->last_in_ms + dead_ms < now_ms + 2 * idle_ms)
        c->last_in_ms = now_ms + 2 * idle_ms - dead_ms; /* T_DEAD is longer than 2 * T_IDLE: this lies in the past */
    yamux_ping(c->yamux, now_ms);
}

void
conn_probe(struct conn *c, uint64_t within_ms, uint64_t now_ms)
{
    c->now_ms = now_ms;
    if (c->phase != CONN_OPEN)
        return;
    c->probe_until_ms = now_ms + within_ms;
    yamux_ping(c->yamux, now_ms);
}

void
conn_goaway(struct conn *c)
{
    if (c->yamux)
        yamux_goaway(c->yamux, YAMUX_NORMAL);
}

/* --- plain ----------------------------------------------------------------------------------------- */

enum conn_phase
conn_phase(const struct conn *c)
{
    return c->phase;
}

const char *
conn_phase_name(enum conn_phase phase)
{
    static const char *const names[] = { [CONN_SECURITY] = "agreement on security", [CONN_HANDSHAKE] = "secure handshake",
                                         [CONN_MUXER] = "agreement on a multiplexer", [CONN_OPEN] = "open",
                                         [CONN_FAILED] = "failed" };

    return names[phase];
}

struct identify *
conn_identify(const struct conn *c)
{
    return c->config.identify;
}

void *
conn_user(const struct conn *c)
{
    return c->config.user;
}

bool
conn_is_dialer(const struct conn *c)
{
    return c->config.dialer;
}

const struct protocol *const *
conn_protocols(const struct conn *c)
{
    return c->config.protocols;
}

const uint8_t *
conn_remote_key(const struct conn *c, size_t *len)
{
    return noise_remote_key(c->noise, len);
}

const struct peerid *
conn_remote_id(const struct conn *c)
{
    return &c->remote;
}

void
conn_stats(const struct conn *c, struct conn_stats *out)
{
    *out = (struct conn_stats){
        .bytes_in = c->bytes_in,
        .bytes_out = c->bytes_out,
        .last_in_ms = c->last_in_ms,
        .rtt_ms = c->rtt_ms,
        .has_rtt = c->has_rtt,
        .unanswered = c->yamux && yamux_ping_sent_ms(c->yamux) > 0,
        .streams = c->stream_count,
    };
}

void
conn_note_rtt(struct conn *c, uint64_t rtt_ms)
{
    c->rtt_ms = rtt_ms;
    c->has_rtt = true;
    yamux_set_rtt(c->yamux, rtt_ms);
    c->config.ops->pong(c->config.arg, c, rtt_ms);
}

uint64_t
conn_now(const struct conn *c)
{
    return c->now_ms;
}

void
conn_random(const struct conn *c, void *out, size_t len)
{
    c->config.random(out, len);
}
