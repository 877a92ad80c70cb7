#include "config.h"

#include "p2p/identify.h"

#include <stdlib.h>
#include <string.h>

#include "base/cursor.h"
#include "base/text.h"
#include "base/varint.h"
#include "wire/identify.pb-c.h"
#include "wire/peer_record.h"
#include "wire/proto.h"

/* --- our message ----------------------------------------------------------------------------------- */

/* Lists in the form of the generated struct; the bytes stay where they are. */
struct said {
    ProtobufCBinaryData addrs[IDENTIFY_ADDRS_MAX];
    struct multiaddr_ref refs[IDENTIFY_ADDRS_MAX];
    char *protocols[CONN_PROTOCOLS_MAX];
    struct multiaddr observed;
    struct lat_buf record;
};

static ProtobufCBinaryData
binary(const uint8_t *data, size_t len)
{
    return (ProtobufCBinaryData){ .len = len, .data = (uint8_t *)(uintptr_t)data };
}

static void
list_addresses(const struct identify *self, struct said *said, Identify *message)
{
    for (size_t i = 0; i < self->addr_count; i++) {
        said->refs[i] = (struct multiaddr_ref){ self->addrs[i].bytes, self->addrs[i].len };
        said->addrs[i] = binary(self->addrs[i].bytes, self->addrs[i].len);
    }
    message->listenaddrs = said->addrs;
    message->n_listenaddrs = self->addr_count;
}

static void
list_protocols(const struct conn *conn, struct said *said, Identify *message)
{
    size_t n = 0;

    for (const struct protocol *const *p = conn_protocols(conn); *p && n < CONN_PROTOCOLS_MAX; p++) {
        if ((*p)->inbound_max > 0)
            said->protocols[n++] = (char *)(uintptr_t)(*p)->id;
    }
    message->protocols = said->protocols;
    message->n_protocols = n;
}

static enum lat_err
write_framed(const Identify *message, struct lat_buf *out)
{
    uint8_t len[VARINT_LEN_MAX];
    struct lat_buf body;
    enum lat_err err;

    lat_buf_init(&body, IDENTIFY_MAX);
    err = proto_pack(&message->base, &body);
    if (!err)
        err = lat_buf_add(out, len, varint_encode(body.len, len));
    if (!err)
        err = lat_buf_add(out, body.data, body.len);
    lat_buf_fini(&body);
    return err;
}

enum lat_err
identify_write(const struct identify *self, const struct conn *conn, struct lat_buf *out)
{
    Identify message = IDENTIFY__INIT;
    struct said said;
    enum lat_err err;

    lat_buf_init(&said.record, IDENTIFY_MAX);
    list_addresses(self, &said, &message);
    list_protocols(conn, &said, &message);
    message.has_publickey = 1;
    message.publickey = binary(self->identity->public_key, sizeof(self->identity->public_key));
    message.agentversion = (char *)(uintptr_t)self->agent;
    message.protocolversion = (char *)(uintptr_t)self->version;
    if (self->address_of(self->arg, conn, &said.observed)) {
        message.has_observedaddr = 1;
        message.observedaddr = binary(said.observed.bytes, said.observed.len);
    }
    err = peer_record_seal(self->identity->key, self->record_seq, said.refs, self->addr_count, &said.record);
    if (!err) {
        message.has_signedpeerrecord = 1;
        message.signedpeerrecord = binary(said.record.data, said.record.len);
        err = write_framed(&message, out);
    }
    lat_buf_fini(&said.record);
    return err;
}

/* --- their message --------------------------------------------------------------------------------- */

/* The messages of an answer joined into one: repeated fields add up, of others the last counts, as protobuf merges. */
static enum lat_err
unframe(const uint8_t *in, size_t len, struct lat_buf *joined)
{
    struct lat_cursor cursor;
    enum lat_err err = LAT_OK;

    lat_cursor_init(&cursor, in, len);
    while (!err && cursor.left > 0) {
        uint64_t part = lat_take_varint(&cursor);
        const uint8_t *bytes = lat_take(&cursor, part);

        if (cursor.bad)
            return LAT_MALFORMED;
        err = lat_buf_add(joined, bytes, (size_t)part);
    }
    return err;
}

static void
read_texts(const Identify *m, struct identify_info *info)
{
    info->has_agent = m->agentversion != NULL;
    info->has_version = m->protocolversion != NULL;
    lat_escape_str(m->agentversion ? m->agentversion : "", info->agent, sizeof(info->agent));
    lat_escape_str(m->protocolversion ? m->protocolversion : "", info->version, sizeof(info->version));
    info->has_protocols = m->n_protocols > 0;
    for (size_t i = 0; i < m->n_protocols && i < IDENTIFY_PROTOCOLS_MAX; i++)
        info->protocols[info->protocol_count++] = m->protocols[i];
}

/* Addresses that are some; others are passed over, for newer transports must not disturb. */
static void
add_address(struct identify_info *info, const uint8_t *bytes, size_t len)
{
    struct multiaddr checked;

    if (info->addr_count < IDENTIFY_ADDRS_MAX && multiaddr_from_bytes(bytes, len, &checked) == LAT_OK)
        info->addrs[info->addr_count++] = (struct multiaddr_ref){ bytes, len };
}

/* A record that does not hold, or speaks of another peer, is as if it were not there. */
static struct peer_record *
read_record(const Identify *m, const struct peerid *peer)
{
    struct peer_record *record;

    if (!m->has_signedpeerrecord || peer_record_open(m->signedpeerrecord.data, m->signedpeerrecord.len, &record))
        return NULL;
    if (peerid_compare(&record->peer, peer) == 0)
        return record;
    peer_record_free(record);
    return NULL;
}

static void
read_addresses(const Identify *m, const struct peer_record *record, struct identify_info *info)
{
    struct multiaddr checked;

    info->signed_record = record != NULL;
    for (size_t i = 0; record && i < record->addr_count; i++)
        add_address(info, record->addrs[i].bytes, record->addrs[i].len);
    for (size_t i = 0; !record && i < m->n_listenaddrs; i++)
        add_address(info, m->listenaddrs[i].data, m->listenaddrs[i].len);
    info->has_addrs = record != NULL || m->n_listenaddrs > 0;
    if (m->has_observedaddr && multiaddr_from_bytes(m->observedaddr.data, m->observedaddr.len, &checked) == LAT_OK)
        info->observed = (struct multiaddr_ref){ m->observedaddr.data, m->observedaddr.len };
}

enum lat_err
identify_read(const struct peerid *peer, bool pushed, const uint8_t *in, size_t len,
              void (*fn)(void *arg, const struct identify_info *info), void *arg)
{
    struct identify_info info = { .pushed = pushed };
    ProtobufCMessage *message = NULL;
    struct peer_record *record;
    struct lat_buf joined;
    enum lat_err err;

    lat_buf_init(&joined, IDENTIFY_MAX);
    err = unframe(in, len, &joined);
    if (!err)
        err = proto_unpack(&identify__descriptor, joined.data, joined.len, &message);
    if (!err) {
        record = read_record((const Identify *)message, peer);
        read_texts((const Identify *)message, &info);
        read_addresses((const Identify *)message, record, &info);
        fn(arg, &info);
        peer_record_free(record);
    }
    proto_free(message);
    lat_buf_fini(&joined);
    return err;
}

/* --- the streams ----------------------------------------------------------------------------------- */

/* The side that reads: what has come so far. */
static bool
begin_reading(struct conn_stream *stream)
{
    struct lat_buf *buf = calloc(1, sizeof(*buf));

    if (buf == NULL)
        return false;
    lat_buf_init(buf, IDENTIFY_MAX + 16 * VARINT_LEN_MAX);
    stream_set_state(stream, buf);
    return true;
}

/* The side that speaks: everything at once, then the end. */
static bool
speak(struct conn_stream *stream)
{
    struct conn *conn = stream_conn(stream);
    struct lat_buf message;
    bool ok;

    lat_buf_init(&message, IDENTIFY_MAX + VARINT_LEN_MAX);
    ok = identify_write(conn_identify(conn), conn, &message) == LAT_OK &&
         stream_write(stream, message.data, message.len) == message.len;
    lat_buf_fini(&message);
    if (ok)
        stream_end(stream);
    return ok;
}

/* identify: the opened side speaks. */
static bool
begin_identify(struct conn_stream *stream)
{
    if (stream_is_inbound(stream))
        return speak(stream);
    stream_end(stream);
    return begin_reading(stream);
}

/* push: the opener speaks. */
static bool
begin_push(struct conn_stream *stream)
{
    return stream_is_inbound(stream) ? begin_reading(stream) : speak(stream);
}

static void
data(struct conn_stream *stream, const uint8_t *bytes, size_t len)
{
    struct lat_buf *buf = stream_state(stream);

    if (buf == NULL || lat_buf_add(buf, bytes, len))
        stream_reset(stream); /* talks where it should listen, or too much */
}

static void
tell(void *arg, const struct identify_info *info)
{
    struct conn *conn = arg;
    struct identify *self = conn_identify(conn);

    self->told(self->arg, conn, info);
}

static void
ended(struct conn_stream *stream)
{
    struct lat_buf *buf = stream_state(stream);
    struct conn *conn = stream_conn(stream);

    if (buf && buf->len > 0 &&
        identify_read(conn_remote_id(conn), stream_is_inbound(stream), buf->data, buf->len, tell, conn)) {
        stream_reset(stream);
        return;
    }
    stream_end(stream);
}

static void
closed(struct conn_stream *stream, bool clean)
{
    struct lat_buf *buf = stream_state(stream);

    (void)clean;
    if (buf)
        lat_buf_fini(buf);
    free(buf);
}

#define IDLE_MS 30000

const struct protocol identify_protocol = { .id = "/ipfs/id/1.0.0", .inbound_max = 2, .idle_ms = IDLE_MS, .begin = begin_identify,
                                            .data = data, .ended = ended, .closed = closed };
const struct protocol identify_push_protocol = { .id = "/ipfs/id/push/1.0.0", .inbound_max = 1, .idle_ms = IDLE_MS,
                                                 .begin = begin_push, .data = data, .ended = ended, .closed = closed };

enum lat_err
identify_ask(struct conn *conn)
{
    struct conn_stream *stream;

    return conn_open_stream(conn, &identify_protocol, NULL, &stream);
}

enum lat_err
identify_push(struct conn *conn)
{
    struct conn_stream *stream;

    return conn_open_stream(conn, &identify_push_protocol, NULL, &stream);
}
