/*
 * What a side of a negotiation makes of any bytes does not depend on how they were split; it agrees only on
 * what it speaks, takes nothing behind the agreement, and says no more than its header promises.
 *
 * Input: a byte (bit 0: we dial; bit 1: payload was sent; the rest: how long the pieces are), then what the
 * other side wrote.
 */
#include "config.h"

#include "fuzz/fuzz.h"

#include <string.h>

#include "p2p/negotiate.h"

#define OUT_MAX (20 + 4 * NEGOTIATE_REFUSALS_MAX + 2 + NEGOTIATE_LINE_MAX) /* of a listener */

static const char *const names[] = { "/noise", "/yamux/1.0.0", "/ipfs/id/1.0.0", "na", NULL };

struct run {
    struct negotiate n;
    struct lat_buf in, out;
    enum lat_err err;
};

/* piece 0: all at once */
static void
run(struct run *run, uint8_t flags, const uint8_t *data, size_t size, size_t piece)
{
    struct lat_msg why = { "" };

    lat_buf_init(&run->in, size);
    lat_buf_init(&run->out, OUT_MAX);
    if (flags & 1) {
        negotiate_dial(&run->n, names, 1);
        FUZZ_CHECK(negotiate_start(&run->n, &run->out) == LAT_OK);
        if (flags & 2)
            negotiate_set_payload(&run->n);
    } else {
        negotiate_listen(&run->n, negotiate_find_in_list, names, 1);
    }
    do {
        size_t len = piece == 0 || piece > size ? size : piece;

        FUZZ_CHECK(lat_buf_add(&run->in, data, len) == LAT_OK);
        run->err = negotiate_step(&run->n, &run->in, &run->out, 0, &why);
        data += len;
        size -= len;
    } while (size > 0);
    FUZZ_CHECK(negotiate_step(&run->n, &run->in, &run->out, 0, &why) == run->err);
    FUZZ_CHECK(run->err == LAT_OK || run->err == LAT_SHORT || why.text[0] != 0);
}

static void
end(struct run *run)
{
    lat_buf_fini(&run->in);
    lat_buf_fini(&run->out);
}

static void
check_result(const struct run *run, const uint8_t *data, size_t size)
{
    const char *protocol = negotiate_protocol(&run->n);

    FUZZ_CHECK(run->err == LAT_OK || run->err == LAT_SHORT || run->err == LAT_MALFORMED ||
               (run->err == LAT_NOTFOUND && run->n.proposals != NULL));
    FUZZ_CHECK((run->err == LAT_OK) == (protocol != NULL));
    FUZZ_CHECK(run->in.len <= size);
    FUZZ_CHECK(run->in.len == 0 || memcmp(run->in.data, data + size - run->in.len, run->in.len) == 0);
    if (protocol != NULL)
        FUZZ_CHECK(negotiate_find_in_list(names, protocol, strlen(protocol)) == protocol);
    if (negotiate_is_void(&run->n))
        FUZZ_CHECK(run->err == LAT_NOTFOUND && run->n.refused == 1);
    FUZZ_CHECK(run->n.refused <= NEGOTIATE_REFUSALS_MAX);
}

/* A dialer that proposes what this listener agreed on understands its answers. */
static void
check_answers(const struct run *listener)
{
    const char *refused[NEGOTIATE_REFUSALS_MAX + 2];
    struct lat_buf in, out;
    struct negotiate n;

    for (size_t i = 0; i < listener->n.refused; i++)
        refused[i] = "/anything";
    refused[listener->n.refused] = negotiate_protocol(&listener->n);
    refused[listener->n.refused + 1] = NULL;
    lat_buf_init(&in, OUT_MAX);
    lat_buf_init(&out, OUT_MAX);
    negotiate_dial(&n, refused, 1);
    FUZZ_CHECK(lat_buf_add(&in, listener->out.data, listener->out.len) == LAT_OK);
    FUZZ_CHECK(negotiate_step(&n, &in, &out, 0, NULL) == LAT_OK);
    FUZZ_CHECK(in.len == 0 && n.refused == listener->n.refused);
    lat_buf_fini(&in);
    lat_buf_fini(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct run whole, pieces;
    uint8_t flags;

    if (size < 1)
        return 0;
    flags = *data++;
    size--;
    run(&whole, flags, data, size, 0);
    run(&pieces, flags, data, size, 1 + (flags >> 2));
    check_result(&whole, data, size);
    check_result(&pieces, data, size);
    FUZZ_CHECK(whole.err == pieces.err && whole.n.protocol == pieces.n.protocol);
    FUZZ_CHECK(whole.out.len == pieces.out.len);
    FUZZ_CHECK(whole.out.len == 0 || memcmp(whole.out.data, pieces.out.data, whole.out.len) == 0);
    if (whole.err == LAT_OK)
        FUZZ_CHECK(whole.in.len == pieces.in.len);
    if (whole.err == LAT_OK && (flags & 1) == 0)
        check_answers(&whole);
    end(&whole);
    end(&pieces);
    return 0;
}
