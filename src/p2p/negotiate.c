/*
 * A line is its length as an uvarint, its text, a newline. The first line of both sides is fixed, so it is
 * compared byte by byte as it arrives: whoever speaks something else is known by the first wrong byte, not by
 * the deadline.
 */
#include "config.h"

#include "p2p/negotiate.h"

#include <assert.h>
#include <string.h>

#include "base/text.h"
#include "base/varint.h"

static const char header[] = "/multistream/1.0.0";
static const char header_line[] = "\x13/multistream/1.0.0\n";
#define HEADER_LINE_LEN (sizeof(header_line) - 1)

static const char refusal[] = "na";
static const char list_request[] = "ls";

struct line {
    const char *text; /* without the newline; borrowed from the input buffer */
    size_t len;
    size_t used; /* bytes of the whole line, to be dropped */
};

static enum lat_err
put_line(struct lat_buf *out, const char *text)
{
    uint8_t len_bytes[VARINT_LEN_MAX];
    size_t len = strlen(text);
    enum lat_err err;

    err = lat_buf_add(out, len_bytes, varint_encode(len + 1, len_bytes));
    if (!err)
        err = lat_buf_add(out, text, len);
    if (!err)
        err = lat_buf_add_u8(out, '\n');
    return err;
}

/* Look at the line at the front of `in`, which may come in pieces but whose length is judged at once. */
static enum lat_err
peek_line(const struct lat_buf *in, struct line *line)
{
    uint64_t len;
    size_t prefix;
    enum lat_err err = varint_decode(in->data, in->len, &len, &prefix);

    if (err == LAT_SHORT && in->len >= 2)
        return LAT_MALFORMED; /* three bytes of length: over the limit, whatever the third one is */
    if (err)
        return err;
    if (len == 0 || len > NEGOTIATE_LINE_MAX)
        return LAT_MALFORMED;
    if (in->len - prefix < len)
        return LAT_SHORT;
    line->text = (const char *)in->data + prefix;
    line->len = (size_t)len - 1;
    line->used = prefix + (size_t)len;
    return line->text[line->len] == '\n' ? LAT_OK : LAT_MALFORMED;
}

static bool
line_is(const struct line *line, const char *text)
{
    return line->len == strlen(text) && memcmp(line->text, text, line->len) == 0;
}

/* The escaped start of what came instead of what was expected. */
static void
say_unexpected(struct lat_msg *why, const char *expected, const void *got, size_t len)
{
    char text[64];

    lat_msg_set(why, "the other side does not follow multistream-select: expected %s, got \"%s\"", expected,
                lat_escape(got, len, text, sizeof(text)));
}

static enum lat_err
take_header(struct negotiate *n, struct lat_buf *in, struct lat_buf *out, struct lat_msg *why)
{
    size_t seen = in->len < HEADER_LINE_LEN ? in->len : HEADER_LINE_LEN;

    if (seen > 0 && memcmp(in->data, header_line, seen) != 0) {
        say_unexpected(why, header, in->data, in->len);
        return LAT_MALFORMED;
    }
    if (seen < HEADER_LINE_LEN)
        return LAT_SHORT;
    lat_buf_drop(in, HEADER_LINE_LEN);
    if (n->proposals != NULL) {
        n->state = NEGOTIATE_ANSWER_AWAITED;
        return LAT_OK;
    }
    /* Answered without waiting for a proposal: a dialer may send none before it has our header. */
    n->state = NEGOTIATE_PROPOSAL_AWAITED;
    return lat_buf_add(out, header_line, HEADER_LINE_LEN);
}

/* Our proposal was refused: the next one. */
static enum lat_err
propose_next(struct negotiate *n, struct lat_buf *out, struct lat_msg *why)
{
    n->refused++;
    if (n->has_payload || n->proposals[n->refused] == NULL) {
        lat_msg_set(why, "the other side speaks none of the protocols proposed, the last of them %s",
                    n->proposals[n->refused - 1]);
        return LAT_NOTFOUND;
    }
    return put_line(out, n->proposals[n->refused]);
}

static enum lat_err
take_answer(struct negotiate *n, struct lat_buf *in, struct lat_buf *out, struct lat_msg *why)
{
    const char *proposal = n->proposals[n->refused];
    struct line line;
    enum lat_err err = peek_line(in, &line);

    if (err == LAT_OK && line_is(&line, proposal)) {
        n->protocol = proposal;
        n->state = NEGOTIATE_AGREED;
    } else if (err == LAT_OK && line_is(&line, refusal)) {
        err = propose_next(n, out, why);
    } else if (err == LAT_OK || err == LAT_MALFORMED) {
        say_unexpected(why, proposal, in->data, in->len);
        return LAT_MALFORMED;
    }
    if (!err)
        lat_buf_drop(in, line.used);
    return err;
}

static enum lat_err
refuse(struct negotiate *n, struct lat_buf *out, struct lat_msg *why)
{
    if (n->refused == NEGOTIATE_REFUSALS_MAX) {
        lat_msg_set(why, "the other side proposed %d protocols that are not spoken here, and goes on",
                    NEGOTIATE_REFUSALS_MAX);
        return LAT_MALFORMED;
    }
    n->refused++;
    return put_line(out, refusal);
}

static enum lat_err
take_proposal(struct negotiate *n, struct lat_buf *in, struct lat_buf *out, struct lat_msg *why)
{
    const char *protocol = NULL;
    struct line line;
    enum lat_err err = peek_line(in, &line);

    if (err == LAT_MALFORMED)
        say_unexpected(why, "a proposal", in->data, in->len);
    if (err)
        return err;
    if (!line_is(&line, list_request))
        protocol = n->find(n->find_arg, line.text, line.len);
    lat_buf_drop(in, line.used);
    if (protocol == NULL)
        return refuse(n, out, why);
    n->protocol = protocol;
    n->state = NEGOTIATE_AGREED;
    return put_line(out, protocol);
}

static enum lat_err
take_lines(struct negotiate *n, struct lat_buf *in, struct lat_buf *out, struct lat_msg *why)
{
    enum lat_err err = LAT_OK;

    while (!err) {
        switch (n->state) {
        case NEGOTIATE_HEADER_AWAITED:
            err = take_header(n, in, out, why);
            break;
        case NEGOTIATE_ANSWER_AWAITED:
            err = take_answer(n, in, out, why);
            break;
        case NEGOTIATE_PROPOSAL_AWAITED:
            err = take_proposal(n, in, out, why);
            break;
        case NEGOTIATE_AGREED:
        case NEGOTIATE_FAILED:
            return LAT_OK;
        }
    }
    return err;
}

void
negotiate_dial(struct negotiate *n, const char *const *proposals, uint64_t deadline_ms)
{
    assert(proposals[0] != NULL);
    for (const char *const *name = proposals; *name != NULL; name++)
        assert(**name != 0 && strlen(*name) <= NEGOTIATE_NAME_MAX);
    *n = (struct negotiate){ .proposals = proposals, .deadline_ms = deadline_ms };
}

void
negotiate_listen(struct negotiate *n, negotiate_find *find, const void *arg, uint64_t deadline_ms)
{
    *n = (struct negotiate){ .find = find, .find_arg = arg, .deadline_ms = deadline_ms };
}

const char *
negotiate_find_in_list(const void *arg, const char *name, size_t len)
{
    const char *const *list = arg;

    for (; *list != NULL; list++) {
        if (strlen(*list) == len && memcmp(*list, name, len) == 0)
            return *list;
    }
    return NULL;
}

enum lat_err
negotiate_start(struct negotiate *n, struct lat_buf *out)
{
    enum lat_err err = lat_buf_add(out, header_line, HEADER_LINE_LEN);

    assert(n->proposals != NULL);
    return err ? err : put_line(out, n->proposals[0]);
}

void
negotiate_set_payload(struct negotiate *n)
{
    n->has_payload = true;
}

enum lat_err
negotiate_step(struct negotiate *n, struct lat_buf *in, struct lat_buf *out, uint64_t now_ms,
               struct lat_msg *why)
{
    enum lat_err err;

    if (n->state == NEGOTIATE_AGREED)
        return LAT_OK;
    if (n->state == NEGOTIATE_FAILED)
        return n->failure;
    if (now_ms >= n->deadline_ms) {
        lat_msg_set(why, "the other side did not agree on a protocol in time");
        err = LAT_TIMEOUT;
    } else {
        err = take_lines(n, in, out, why);
    }
    if (err && err != LAT_SHORT) {
        n->state = NEGOTIATE_FAILED;
        n->failure = err;
    }
    return err;
}

const char *
negotiate_protocol(const struct negotiate *n)
{
    return n->protocol;
}

bool
negotiate_is_void(const struct negotiate *n)
{
    return n->has_payload && n->refused > 0;
}
