/*
 * A session that is fed any bytes: it opens no more streams than it may, each of which is told closed once; nothing but whole
 * frames comes out of it, and not more of them than its header promises; the budget is whole again at its end. Without an owner
 * who answers in between, the pieces in which the bytes came make no difference.
 *
 * Input: a byte (bit 0: we dial; 1: the owner deals with what comes and answers; 2: he refuses every third stream; 3: we
 * open two streams before; the rest: how long the pieces are), then what the other side wrote.
 */
#include "config.h"

#include "fuzz/fuzz.h"

#include <stdbool.h>
#include <string.h>

#include "p2p/yamux.h"

#define OUT_MAX (64u << 20)

struct run {
    struct yamux *y;
    struct yamux_budget budget;
    struct lat_buf in, out, events; /* events: what the owner was told, bytes of data without their borders */
    uint8_t flags;
    unsigned opened, refused, closed, of_ours;
    uint32_t last_data; /* the stream of the last event if that was data, else 0 */
    enum lat_err err;
};

static bool
is_lively(const struct run *run)
{
    return (run->flags & 2) != 0;
}

static void
note(struct run *run, char what, uint32_t stream)
{
    run->last_data = 0;
    FUZZ_CHECK(lat_buf_printf(&run->events, "%c%u ", what, stream) == LAT_OK);
}

static bool
on_opened(void *arg, struct ystream *s)
{
    struct run *run = arg;

    note(run, 'o', ystream_id(s));
    FUZZ_CHECK(ystream_is_inbound(s) && ystream_id(s) != 0 && (ystream_id(s) % 2 == 0) == ((run->flags & 1) != 0));
    run->opened++;
    FUZZ_CHECK(run->opened - run->closed <= YAMUX_STREAMS_MAX + 2);
    ystream_set_owner(s, run);
    if ((run->flags & 4) == 0 || run->opened % 3 != 0)
        return true;
    run->refused++;
    return false;
}

static void
on_data(void *arg, struct ystream *s, const uint8_t *data, size_t len)
{
    struct run *run = arg;

    FUZZ_CHECK(len > 0 && ystream_owner(s) == run);
    if (run->last_data != ystream_id(s))
        note(run, 'd', ystream_id(s));
    run->last_data = ystream_id(s);
    FUZZ_CHECK(lat_buf_add(&run->events, data, len) == LAT_OK);
    if (!is_lively(run))
        return;
    ystream_write(s, data, len);
    if (data[0] == 'R')
        ystream_reset(s);
    else
        ystream_consume(s, len, 1000);
}

static void
on_ended(void *arg, struct ystream *s)
{
    struct run *run = arg;

    note(run, 'e', ystream_id(s));
    if (is_lively(run))
        ystream_end(s);
}

static void
on_writable(void *arg, struct ystream *s)
{
    FUZZ_CHECK(ystream_room(s) > 0 && arg != NULL);
}

static void
on_closed(void *arg, struct ystream *s, bool clean)
{
    struct run *run = arg;

    note(run, clean ? 'c' : 'r', ystream_id(s));
    run->closed++;
}

static void
on_pong(void *arg, uint64_t rtt_ms)
{
    note(arg, 'p', (uint32_t)rtt_ms);
}

static const struct yamux_ops ops = { on_opened, on_data, on_ended, on_writable, on_closed, on_pong };

static void
begin(struct run *run, uint8_t flags)
{
    struct ystream *s;

    *run = (struct run){ .flags = flags, .budget = { .max = 1 << 20 } };
    lat_buf_init(&run->in, 1 << 20);
    lat_buf_init(&run->out, OUT_MAX);
    lat_buf_init(&run->events, OUT_MAX);
    run->y = yamux_new((flags & 1) != 0, &ops, run, &run->budget);
    FUZZ_CHECK(run->y != NULL);
    for (int i = 0; (flags & 8) != 0 && i < 2; i++) {
        FUZZ_CHECK(yamux_open(run->y, run, &s) == LAT_OK);
        FUZZ_CHECK(ystream_write(s, (const uint8_t *)"hello", 5) == 5);
        run->of_ours++;
    }
    yamux_ping(run->y, 900);
}

/* piece 0: all at once. Frames go out between the pieces only where an owner answers. */
static void
feed(struct run *run, const uint8_t *data, size_t size, size_t piece)
{
    struct lat_msg why = { "" };

    do {
        size_t len = piece == 0 || piece > size ? size : piece;

        FUZZ_CHECK(lat_buf_add(&run->in, data, len) == LAT_OK);
        run->err = yamux_input(run->y, &run->in, 1000, &why);
        FUZZ_CHECK(run->err == LAT_OK || why.text[0] != 0);
        if (run->err == LAT_CLOSED)
            run->err = LAT_OK; /* GoAway: what is open goes on */
        if (is_lively(run))
            FUZZ_CHECK(yamux_output(run->y, run->out.len + YAMUX_DATA_MAX, &run->out) == LAT_OK);
        data += len;
        size -= len;
    } while (size > 0 && !run->err);
    FUZZ_CHECK(run->err == LAT_OK || run->err == LAT_MALFORMED);
    FUZZ_CHECK(run->err || run->in.len < YAMUX_HEADER_LEN);
    FUZZ_CHECK(run->budget.used <= run->budget.max);
    FUZZ_CHECK(yamux_stream_count(run->y) == run->of_ours + run->opened - run->closed);
    while (yamux_wants_output(run->y) && run->out.len < OUT_MAX / 2) {
        size_t before = run->out.len;

        FUZZ_CHECK(yamux_output(run->y, before + YAMUX_DATA_MAX, &run->out) == LAT_OK);
        FUZZ_CHECK(run->out.len > before);
    }
}

/* Whole frames that read back; the last word of a broken session is that it is broken. */
static void
check_output(const struct run *run)
{
    uint8_t again[YAMUX_HEADER_LEN];
    struct yamux_header h = { 0 };
    bool said_so = false;

    for (size_t at = 0; at < run->out.len;) {
        FUZZ_CHECK(run->out.len - at >= YAMUX_HEADER_LEN);
        FUZZ_CHECK(yamux_header_read(run->out.data + at, &h) == LAT_OK);
        yamux_header_write(&h, again);
        FUZZ_CHECK(memcmp(again, run->out.data + at, sizeof(again)) == 0);
        at += YAMUX_HEADER_LEN;
        if (h.type == YAMUX_DATA) {
            FUZZ_CHECK(h.length > 0 && h.length <= YAMUX_DATA_MAX && h.length <= run->out.len - at);
            at += h.length;
        }
        said_so = said_so || (h.type == YAMUX_GOAWAY && h.length == YAMUX_PROTOCOL_ERROR);
    }
    FUZZ_CHECK((run->err == LAT_MALFORMED) == said_so);
}

static void
end(struct run *run)
{
    yamux_free(run->y);
    FUZZ_CHECK(run->budget.used == 0 && run->closed == run->opened + run->of_ours);
    lat_buf_fini(&run->in);
    lat_buf_fini(&run->out);
    lat_buf_fini(&run->events);
}

static void
check_same(const struct lat_buf *a, const struct lat_buf *b)
{
    FUZZ_CHECK(a->len == b->len && (a->len == 0 || memcmp(a->data, b->data, a->len) == 0));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct run whole, pieces;
    uint8_t flags;

    if (size < 1 || size > 1 << 19)
        return 0;
    flags = *data++;
    size--;
    begin(&whole, flags);
    begin(&pieces, flags);
    feed(&whole, data, size, 0);
    feed(&pieces, data, size, 1 + (flags >> 4));
    check_output(&whole);
    check_output(&pieces);
    if (!is_lively(&whole)) {
        FUZZ_CHECK(whole.err == pieces.err);
        check_same(&whole.events, &pieces.events);
        check_same(&whole.out, &pieces.out);
    }
    end(&whole);
    end(&pieces);
    return 0;
}
