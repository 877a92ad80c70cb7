#include "config.h"

#include "wire/peer_record.h"

#include <stdlib.h>
#include <string.h>

#include "wire/peer_record.pb-c.h"
#include "wire/proto.h"
#include "wire/pubkey_proto.h"

static const uint8_t record_type[] = { 0x03, 0x01 };
static const struct envelope_kind record_kind = {
    .domain = "libp2p-peer-record",
    .type = record_type,
    .type_len = sizeof(record_type),
};

/* --- ours --- */

/* The addresses as messages, and the list of them that protobuf-c wants. */
struct outgoing {
    PeerRecord__AddressInfo infos[PEER_RECORD_ADDRS_MAX];
    PeerRecord__AddressInfo *list[PEER_RECORD_ADDRS_MAX];
    uint8_t bytes[]; /* of all addresses */
};

static struct outgoing *
copy_addrs(const struct multiaddr_ref *addrs, size_t count)
{
    struct outgoing *copy;
    uint8_t *at;
    size_t total = 0;

    for (size_t i = 0; i < count; i++)
        total += addrs[i].len;
    copy = malloc(sizeof(*copy) + total);
    if (copy == NULL)
        return NULL;
    at = copy->bytes;
    for (size_t i = 0; i < count; i++) {
        peer_record__address_info__init(&copy->infos[i]);
        copy->infos[i].has_multiaddr = 1;
        copy->infos[i].multiaddr = (ProtobufCBinaryData){ .data = at, .len = addrs[i].len };
        copy->list[i] = &copy->infos[i];
        memcpy(at, addrs[i].bytes, addrs[i].len);
        at += addrs[i].len;
    }
    return copy;
}

enum lat_err
peer_record_seal(const struct key *key, uint64_t seq, const struct multiaddr_ref *addrs, size_t addr_count,
                 struct lat_buf *out)
{
    PeerRecord record = PEER_RECORD__INIT;
    uint8_t public_key[PUBKEY_PROTO_ED25519_LEN];
    struct peerid peer;
    struct outgoing *outgoing;
    struct lat_buf payload;
    enum lat_err err;

    if (addr_count > PEER_RECORD_ADDRS_MAX)
        return LAT_LIMIT;
    outgoing = copy_addrs(addrs, addr_count);
    if (outgoing == NULL)
        return LAT_NOMEM;
    pubkey_proto_ed25519(key_public(key), public_key);
    peerid_of_key(public_key, sizeof(public_key), &peer);
    record.has_peer_id = record.has_seq = 1;
    record.peer_id = (ProtobufCBinaryData){ .data = peer.bytes, .len = peer.len };
    record.seq = seq;
    record.n_addresses = addr_count;
    record.addresses = outgoing->list;
    lat_buf_init(&payload, ENVELOPE_MAX);
    err = proto_pack(&record.base, &payload);
    if (!err)
        err = envelope_seal(key, &record_kind, payload.data, payload.len, out);
    lat_buf_fini(&payload);
    free(outgoing);
    return err;
}

/* --- another's --- */

/* One block: the record, its list, the bytes of the addresses. */
static struct peer_record *
copy_record(const PeerRecord *message, const struct peerid *peer)
{
    struct multiaddr checked;
    struct peer_record *record;
    uint8_t *at;
    size_t total = 0, most = message->n_addresses;

    if (most > PEER_RECORD_ADDRS_MAX)
        most = PEER_RECORD_ADDRS_MAX;
    for (size_t i = 0; i < most; i++)
        total += message->addresses[i]->multiaddr.len;
    record = calloc(1, sizeof(*record) + most * sizeof(record->addrs[0]) + total);
    if (record == NULL)
        return NULL;
    record->peer = *peer;
    record->seq = message->seq;
    at = (uint8_t *)&record->addrs[most];
    for (size_t i = 0; i < most; i++) {
        const ProtobufCBinaryData *addr = &message->addresses[i]->multiaddr;

        if (multiaddr_from_bytes(addr->data, addr->len, &checked))
            continue;
        memcpy(at, addr->data, addr->len);
        record->addrs[record->addr_count++] = (struct multiaddr_ref){ .bytes = at, .len = addr->len };
        at += addr->len;
    }
    return record;
}

static enum lat_err
read_record(const struct lat_buf *payload, const struct peerid *signer, struct peer_record **out)
{
    ProtobufCMessage *message = NULL;
    const PeerRecord *record;
    struct peerid peer;
    enum lat_err err = proto_unpack(&peer_record__descriptor, payload->data, payload->len, &message);

    if (err)
        return err;
    record = (const PeerRecord *)message;
    if (peerid_from_bytes(record->peer_id.data, record->peer_id.len, &peer))
        err = LAT_MALFORMED;
    else if (peerid_compare(&peer, signer) != 0)
        err = LAT_AUTH;
    else if ((*out = copy_record(record, &peer)) == NULL)
        err = LAT_NOMEM;
    proto_free(message);
    return err;
}

enum lat_err
peer_record_open(const uint8_t *in, size_t len, struct peer_record **out)
{
    struct peer_record *record = NULL;
    struct peerid signer;
    struct lat_buf payload;
    enum lat_err err;

    lat_buf_init(&payload, ENVELOPE_MAX);
    err = envelope_open(in, len, &record_kind, &signer, &payload);
    if (!err)
        err = read_record(&payload, &signer, &record);
    lat_buf_fini(&payload);
    if (!err)
        *out = record;
    return err;
}

void
peer_record_free(struct peer_record *record)
{
    free(record);
}
