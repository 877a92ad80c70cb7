/*
 * A sync stream in the hands of a stranger: byte 0 says which end he has, then come pieces, a length byte (0: he ends) before each. What
 * is handed to the owner are the messages that a second, simpler reading finds, in order, up to the first broken rule; and then
 * the stream is gone.
 */
#include "config.h"

#include "fuzz/fuzz.h"

#include <stdbool.h>
#include <string.h>

#include "p2p/sync.h"
#include "support/conn_pair.h"

#define HEARD_MAX 65536

/* The messages of one run, each behind its length (two bytes). */
struct heard {
    uint8_t bytes[HEARD_MAX];
    size_t len;
};

static struct conn_pair pair;
static bool has_pair; /* made once: keys and handshake cost more than most inputs */
static struct sync *sync_of_node;
static const struct protocol *node_protocols[2];
static struct conn_stream *stranger; /* his stream; NULL: gone */
static struct sync_session *session;
static struct heard heard, expected;

static void
note(struct heard *list, const uint8_t *bytes, size_t len)
{
    FUZZ_CHECK(len > 0 && len <= 0xffff && list->len + len + 2 <= HEARD_MAX);
    list->bytes[list->len++] = (uint8_t)(len >> 8);
    list->bytes[list->len++] = (uint8_t)len;
    memcpy(list->bytes + list->len, bytes, len);
    list->len += len;
}

static void
on_asked(void *arg, struct sync_ticket *ticket)
{
    size_t len;
    const uint8_t *request = sync_ticket_request(ticket, &len);

    (void)arg;
    note(&heard, request, len);
    FUZZ_CHECK(sync_answer(ticket, request, 1) == pair.b.conn);
}

static void
on_reply(void *arg, struct sync_session *s, const uint8_t *bytes, size_t len)
{
    (void)arg;
    note(&heard, bytes, len);
    if (sync_ask(s, (const uint8_t *)"?", 1)) /* the 257th */
        FUZZ_CHECK(sync_session_exchanges(s) == SYNC_EXCHANGES_MAX);
}

static void
on_closed(void *arg, struct sync_session *s, enum lat_err reason)
{
    (void)arg;
    FUZZ_CHECK(s == session && (reason == LAT_MALFORMED || reason == LAT_CLOSED));
    session = NULL;
}

static bool
begin(struct conn_stream *stream)
{
    stranger = stream;
    return true;
}

static void
data(struct conn_stream *stream, const uint8_t *bytes, size_t len)
{
    (void)stream;
    (void)bytes;
    (void)len;
}

static void
ended(struct conn_stream *stream)
{
    (void)stream;
}

static void
closed(struct conn_stream *stream, bool clean)
{
    (void)stream;
    (void)clean;
    stranger = NULL;
}

static const struct protocol stranger_protocol = { .id = "/lattice/sync/1.0.0", .inbound_max = 4, .begin = begin,
                                                   .data = data, .ended = ended, .closed = closed };
static const struct protocol *const stranger_protocols[] = { &stranger_protocol, NULL };

/* The second reading: all that was said so far, from the front; a message must end where a piece does. false: a rule is broken. */
static bool
read_all(const uint8_t *said, size_t len, const bool *piece_ends)
{
    size_t at = 0, messages = 0;

    expected.len = 0;
    while (at < len) {
        size_t length = 0, head = 0;

        if (messages++ == SYNC_EXCHANGES_MAX)
            return false;
        do {
            if (at + head == len)
                return true;
            length |= (size_t)(said[at + head] & 0x7f) << (7 * head);
        } while ((said[at + head++] & 0x80) && head < 3);
        if (said[at + head - 1] & 0x80)
            return false;
        if (length == 0 || length > SYNC_MESSAGE_MAX || (head > 1 && said[at + head - 1] == 0))
            return false;
        if (length > len - at - head)
            return true;
        if (!piece_ends[at + head + length - 1])
            return false;
        note(&expected, said + at + head, length);
        at += head + length;
    }
    return true;
}

static void
start(bool answers)
{
    struct conn_stream *stream;

    if (!has_pair) {
        sync_of_node = sync_new(on_asked, NULL);
        FUZZ_CHECK(sync_of_node != NULL);
        node_protocols[0] = sync_protocol(sync_of_node);
        conn_pair_init(&pair, 1, stranger_protocols, 2, node_protocols);
        has_pair = true;
    }
    heard.len = 0;
    if (answers) {
        static const struct sync_session_ops ops = { .reply = on_reply, .closed = on_closed };

        FUZZ_CHECK(sync_open(sync_of_node, pair.b.conn, &ops, NULL, &session) == LAT_OK);
        FUZZ_CHECK(sync_ask(session, (const uint8_t *)"?", 1) == LAT_OK);
    } else {
        FUZZ_CHECK(conn_open_stream(pair.a.conn, &stranger_protocol, NULL, &stream) == LAT_OK);
    }
    conn_pair_settle(&pair);
    FUZZ_CHECK(stranger != NULL);
}

static void
finish(bool answers)
{
    if (stranger)
        stream_reset(stranger);
    conn_pair_settle(&pair);
    FUZZ_CHECK(stranger == NULL && session == NULL);
    FUZZ_CHECK(answers || sync_answered(sync_of_node) == 0);
    FUZZ_CHECK(pair.a.err == LAT_OK && pair.b.err == LAT_OK);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data_in, size_t size)
{
    static uint8_t said[4096];
    static bool piece_ends[4096];
    size_t len = 0;
    bool answers, right = true;

    if (size < 2 || size > sizeof(said))
        return 0;
    answers = (data_in[0] & 1) != 0;
    start(answers);
    memset(piece_ends, 0, sizeof(piece_ends));
    for (size_t at = 1; at < size && right && data_in[at] > 0;) {
        size_t piece = data_in[at] < size - at - 1 ? data_in[at] : size - at - 1;

        if (piece == 0)
            break;
        memcpy(said + len, data_in + at + 1, piece);
        len += piece;
        piece_ends[len - 1] = true;
        FUZZ_CHECK(stream_write(stranger, data_in + at + 1, piece) == piece);
        conn_pair_settle(&pair);
        right = read_all(said, len, piece_ends);
        FUZZ_CHECK(right == (stranger != NULL));
        if (right || !answers) /* an opener hears nothing of a piece that breaks a rule; an answerer has answered what came before it */
            FUZZ_CHECK(heard.len == expected.len && memcmp(heard.bytes, expected.bytes, heard.len) == 0);
        at += 1 + piece;
    }
    if (stranger) {
        stream_end(stranger);
        conn_pair_settle(&pair);
    }
    finish(answers);
    return 0;
}
