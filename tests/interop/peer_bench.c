/* peer_bench.c - commands of the test peer that send and measure: ping, ping-bench, stream-bench, perf. */
#include "config.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/text.h"
#include "p2p/perf.h"
#include "p2p/ping.h"
#include "tests/interop/peer.h"

#define MIB (1024.0 * 1024)

bool
samples_add(struct samples *samples, uint64_t us)
{
    if (samples->count == samples->max) {
        size_t max = samples->max ? samples->max * 2 : 1024;
        uint64_t *more = max <= PEER_SAMPLES_MAX * 2 ? realloc(samples->us, max * sizeof(*more)) : NULL;

        if (more == NULL)
            return false;
        samples->us = more;
        samples->max = max;
    }
    samples->us[samples->count++] = us;
    return true;
}

/* --- a ping stream --------------------------------------------------------------------------------- */

/* A ping_fn; ok false comes once, last of all. */
static void
on_ping(void *arg, bool ok, uint64_t rtt_ms)
{
    struct pinger *pinger = arg;

    (void)rtt_ms; /* too coarse */
    if (ok && !pinger->ended) {
        pinger->fn(pinger, lat_mono_us() - pinger->sent_us);
    } else if (!ok) {
        if (!pinger->ended)
            pinger->broken(pinger->arg);
        free(pinger);
    }
}

enum lat_err
pinger_open(struct conn *conn, void (*fn)(struct pinger *pinger, uint64_t us), void (*broken)(void *arg), void *arg)
{
    struct pinger *pinger = calloc(1, sizeof(*pinger));
    enum lat_err err;

    if (pinger == NULL)
        return LAT_NOMEM;
    *pinger = (struct pinger){ .fn = fn, .broken = broken, .arg = arg, .sent_us = lat_mono_us() };
    err = ping_open(conn, on_ping, pinger, &pinger->stream);
    if (err)
        free(pinger);
    return err;
}

void
pinger_again(struct pinger *pinger)
{
    pinger->sent_us = lat_mono_us();
    ping_again(pinger->stream);
}

void
pinger_end(struct pinger *pinger)
{
    pinger->ended = true;
    stream_end(pinger->stream);
}

/* --- ping, ping-bench ------------------------------------------------------------------------------ */

static void
on_broken(void *arg)
{
    peer_failed(arg, "the ping stream has ended without an answer");
}

static void
on_one(struct pinger *pinger, uint64_t us)
{
    struct peer *peer = pinger->arg;
    cJSON *fields = say_fields();

    pinger_end(pinger);
    say_number(fields, "ms", (double)us / 1000);
    peer_done(peer, fields);
}

void
run_ping(struct peer *peer, struct conn *conn)
{
    enum lat_err err = pinger_open(conn, on_one, on_broken, peer);

    if (err)
        peer_failed(peer, lat_err_text(err));
}

static void
on_one_of_many(struct pinger *pinger, uint64_t us)
{
    struct peer *peer = pinger->arg;
    struct command *command = &peer->command;
    cJSON *fields;

    if (samples_add(&command->samples, us) && --command->left > 0) {
        pinger_again(pinger);
        return;
    }
    pinger_end(pinger);
    fields = say_fields();
    say_number(fields, "n", (double)command->samples.count);
    cJSON_AddItemToObject(fields, "us", say_quantiles(&command->samples, 1));
    peer_done(peer, fields);
}

/* The number in word i. False: the command has failed. */
static bool
number(struct peer *peer, size_t i, uint64_t least, uint64_t most, uint64_t *out)
{
    if (lat_parse_u64(peer->command.words[i], most, out) == LAT_OK && *out >= least)
        return true;
    peer_failed(peer, "no such number");
    return false;
}

void
run_ping_bench(struct peer *peer, struct conn *conn)
{
    enum lat_err err;

    if (!number(peer, 2, 1, PEER_SAMPLES_MAX, &peer->command.left))
        return;
    err = pinger_open(conn, on_one_of_many, on_broken, peer);
    if (err)
        peer_failed(peer, lat_err_text(err));
}

/* --- stream-bench ---------------------------------------------------------------------------------- */

static void
on_stream(struct pinger *pinger, uint64_t us)
{
    struct peer *peer = pinger->arg;
    struct command *command = &peer->command;
    struct conn *conn = stream_conn(pinger->stream);
    double secs = (double)(lat_mono_us() - command->began_us) / 1e6;
    cJSON *fields;

    (void)us;
    pinger_end(pinger);
    command->samples.count++;
    if (--command->left > 0) {
        if (pinger_open(conn, on_stream, on_broken, peer))
            peer_failed(peer, "no further stream can be opened");
        return;
    }
    fields = say_fields();
    say_number(fields, "n", (double)command->samples.count);
    say_number(fields, "errors", 0);
    say_number(fields, "secs", secs);
    say_number(fields, "per_s", (double)command->samples.count / secs);
    command->samples.count = 0;
    peer_done(peer, fields);
}

void
run_stream_bench(struct peer *peer, struct conn *conn)
{
    enum lat_err err;

    if (!number(peer, 2, 1, PEER_SAMPLES_MAX, &peer->command.left))
        return;
    err = pinger_open(conn, on_stream, on_broken, peer);
    if (err)
        peer_failed(peer, lat_err_text(err));
}

/* --- perf ------------------------------------------------------------------------------------------ */

static void
on_perf(void *arg, bool ok, uint64_t up, uint64_t down)
{
    struct peer *peer = arg;
    double secs = (double)(lat_mono_us() - peer->command.began_us) / 1e6;
    cJSON *fields;

    if (!ok) {
        peer_failed(peer, "the run was broken off");
        return;
    }
    fields = say_fields();
    say_number(fields, "up", (double)up);
    say_number(fields, "down", (double)down);
    say_number(fields, "secs", secs);
    say_number(fields, "mib_s", (double)(up + down) / MIB / secs);
    peer_done(peer, fields);
}

void
run_perf(struct peer *peer, struct conn *conn)
{
    uint64_t up, down;
    enum lat_err err;

    if (!number(peer, 2, 0, 1u << 20, &up) || !number(peer, 3, 0, 1u << 20, &down))
        return;
    err = perf_open(conn, up << 20, down << 20, on_perf, peer);
    if (err)
        peer_failed(peer, lat_err_text(err));
}
