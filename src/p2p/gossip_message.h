/*
 * gossip_message.h - one message of pubsub: its bytes as they came, what stands in them, its signature.
 *
 * The bytes are kept as they were received and forwarded like that: the signature covers the whole protobuf without the fields signature
 * and key, fields that nobody here knows included. Immutable and counted; the counting belongs to the router's thread, reading and
 * gossip_message_verify to any.
 *
 * Spec: libp2p/specs pubsub/README.md, "The Message", "Message Signing" (StrictSign); the id is the default one, from and seqno joined.
 */
#ifndef LAT_P2P_GOSSIP_MESSAGE_H
#define LAT_P2P_GOSSIP_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "wire/peerid.h"

#define GOSSIP_TOPIC_MAX 256                    /* bytes of a topic's name */
#define GOSSIP_MESSAGE_MAX (1024u * 1024 - 64)  /* of a message's protobuf, so that an RPC around it stays within 1 MiB */
#define GOSSIP_SEQNO_LEN 8
#define GOSSIP_ID_MAX (PEERID_MAX + GOSSIP_SEQNO_LEN) /* ids of messages that pass StrictSign */

struct gossip_message {
    const uint8_t *bytes;     /* the Message protobuf */
    size_t len;
    const uint8_t *data;      /* in bytes, like topic, signature and key */
    size_t data_len;
    const char *topic;        /* not terminated; 1 .. GOSSIP_TOPIC_MAX bytes, none of them zero */
    size_t topic_len;
    const uint8_t *signature;
    size_t signature_len;     /* above 0 */
    const uint8_t *key;       /* PublicKey protobuf; NULL: not there */
    size_t key_len;
    struct peerid from;       /* the author; who it really was is known once the signature is verified */
    uint64_t seqno;
    uint8_t id[GOSSIP_ID_MAX];
    size_t id_len;
    struct peerid via;        /* the peer whose link it came by first; len 0: our own */
    uint64_t received_ms;
    uint64_t refs;
};

/*
 * Read a Message protobuf by the rules of StrictSign that need no key: from is a peer id, seqno has 8 bytes, a topic, a signature. Its
 * bytes are copied, once, together with the struct.
 *
 * LAT_MALFORMED  no such message, or one that StrictSign refuses
 * LAT_LIMIT      over GOSSIP_MESSAGE_MAX
 * LAT_NOMEM
 */
LAT_MUST_CHECK enum lat_err gossip_message_read(const uint8_t *in, size_t len, struct gossip_message **out);

/* Signs text; appends the signature. identity_sign is one. */
typedef enum lat_err gossip_sign(void *arg, const uint8_t *text, size_t len, struct lat_buf *signature);

/* Make and sign a message of ours; `key` is left out, so `from` must inline it. LAT_LIMIT, LAT_NOMEM, what sign gives. */
LAT_MUST_CHECK enum lat_err gossip_message_make(const struct peerid *from, uint64_t seqno, const char *topic, const void *data,
                                                size_t len, gossip_sign *sign, void *arg, struct gossip_message **out);

/*
 * Does the signature hold, by the key that belongs to `from`? The costly step; never called by the router. Any thread.
 *
 * LAT_AUTH       no: forged, or `key` is not the author's
 * LAT_MALFORMED  there is no key that could tell
 * LAT_NOMEM
 */
LAT_MUST_CHECK enum lat_err gossip_message_verify(const struct gossip_message *message);

/* The router's thread. NULL is fine for unref. */
struct gossip_message *gossip_message_ref(struct gossip_message *message);
void gossip_message_unref(struct gossip_message *message);

#endif
