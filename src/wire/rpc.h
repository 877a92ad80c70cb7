/*
 * rpc.h - the RPC of pubsub and gossipsub: subscriptions, messages, control.
 * Spec: libp2p/specs pubsub/README.md "The RPC"; gossipsub-v1.0.md, v1.1 (PRUNE's peers and back-off), v1.2 (IDONTWANT).
 *
 * Read entry by entry from the bytes as they are, since a message must be kept as it came, and an RPC may hold half a million ids. Fields that
 * are not known are skipped, also known ones of another wire type. Pure; any thread.
 */
#ifndef LAT_WIRE_RPC_H
#define LAT_WIRE_RPC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "wire/fields.h"

enum rpc_kind { RPC_SUBSCRIBE, RPC_UNSUBSCRIBE, RPC_MESSAGE, RPC_IHAVE, RPC_IWANT, RPC_GRAFT, RPC_PRUNE, RPC_IDONTWANT };

struct rpc_entry {
    enum rpc_kind kind;
    const uint8_t *topic; /* of all but messages, IWANT and IDONTWANT; NULL: left out. Borrowed, like all that follows */
    size_t topic_len;
    const uint8_t *body;  /* the entry's own protobuf: a Message; for rpc_ids_init and rpc_px_init */
    size_t body_len;
    bool has_backoff;     /* PRUNE */
    uint64_t backoff_s;
};

typedef void rpc_fn(void *arg, const struct rpc_entry *entry);

/* LAT_MALFORMED: no RPC, down to the last nested message; fn was not called. Else fn gets each entry, in their order. */
LAT_MUST_CHECK enum lat_err rpc_read(const uint8_t *in, size_t len, rpc_fn *fn, void *arg);

/* The message ids of an IHAVE, IWANT or IDONTWANT. */
struct rpc_ids {
    struct fields fields;
    uint32_t number;
};
void rpc_ids_init(struct rpc_ids *ids, const struct rpc_entry *entry);
bool rpc_ids_next(struct rpc_ids *ids, const uint8_t **id, size_t *len);

/* The peers that a PRUNE hands out. id, record: NULL where left out. */
void rpc_px_init(struct fields *px, const struct rpc_entry *entry);
bool rpc_px_next(struct fields *px, const uint8_t **id, size_t *id_len, const uint8_t **record, size_t *record_len);

/* --- writing: LAT_LIMIT, LAT_NOMEM ------------------------------------------------------------------- */

/* Append to an RPC. */
LAT_MUST_CHECK enum lat_err rpc_put_subscription(struct lat_buf *rpc, const void *topic, size_t len, bool subscribe);
LAT_MUST_CHECK enum lat_err rpc_put_message(struct lat_buf *rpc, const uint8_t *message, size_t len);
LAT_MUST_CHECK enum lat_err rpc_put_control(struct lat_buf *rpc, const struct lat_buf *control);

/* Append to a control message, which goes into an RPC by rpc_put_control. */
LAT_MUST_CHECK enum lat_err rpc_put_graft(struct lat_buf *control, const void *topic, size_t len);
/* backoff_s: 0 leaves it out (gossipsub 1.0). */
LAT_MUST_CHECK enum lat_err rpc_put_prune(struct lat_buf *control, const void *topic, size_t len, uint64_t backoff_s);
/* kind: RPC_IHAVE, RPC_IWANT, RPC_IDONTWANT; ids: of rpc_put_id for this kind; topic: NULL but for IHAVE. */
LAT_MUST_CHECK enum lat_err rpc_put_ids(struct lat_buf *control, enum rpc_kind kind, const void *topic, size_t len,
                                        const struct lat_buf *ids);
LAT_MUST_CHECK enum lat_err rpc_put_id(struct lat_buf *ids, enum rpc_kind kind, const uint8_t *id, size_t len);

#endif
