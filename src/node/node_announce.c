/*
 * node_announce.c - the speaking side of the topic (node/announce.h): our root at each change and at every heartbeat, and the records that this
 * node wrote, once they are durable. They come from the store thread through the outbox.
 */
#include "config.h"

#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "crypto/rand.h"
#include "node/node_parts.h"
#include "state/reader.h"

void
node_outbox_add(struct node *node, const uint8_t keyhash[32])
{
    pthread_mutex_lock(&node->outbox.lock);
    if (node->outbox.count < NODE_OUTBOX_MAX)
        memcpy(node->outbox.keyhash[node->outbox.count++], keyhash, 32);
    pthread_mutex_unlock(&node->outbox.lock);
}

/* --- records ------------------------------------------------------------------------------------------- */

/* The records themselves, as they stand now: another node's may have won meanwhile, which is not ours to tell. */
static void
read_records(struct node *node, uint8_t keyhash[][32], size_t count)
{
    struct reader *reader;
    struct record record;

    if (reader_begin(node->store, &reader))
        return;
    for (size_t i = 0; i < count; i++) {
        if (reader_get_hash(reader, keyhash[i], &record) == LAT_OK && memcmp(record.author, key_public(node->key), 32) == 0)
            (void)announce_record(&node->announce, record.bytes, record.len, node_now(node)); /* else the root makes peers fetch it */
    }
    reader_end(reader);
}

static void
take_outbox(struct node *node)
{
    uint8_t keyhash[NODE_OUTBOX_MAX][32];
    size_t count;

    pthread_mutex_lock(&node->outbox.lock);
    count = node->outbox.count;
    memcpy(keyhash, node->outbox.keyhash, count * sizeof(keyhash[0]));
    node->outbox.count = 0;
    pthread_mutex_unlock(&node->outbox.lock);
    if (count > 0)
        read_records(node, keyhash, count);
}

static void
publish(struct node *node, const struct lat_buf *message)
{
    size_t count;
    enum lat_err err = gossip_publish(node->router, node->config->p2p_topic, message->data, message->len, node_now(node), NULL, 0, &count);

    if (err)
        lat_log(LAT_DEBUG, "[LATTICE_P2P] a message was not published: %s", lat_err_text(err));
}

static void
say_records(struct node *node)
{
    struct lat_buf records, message;
    size_t count = 0;

    lat_buf_init(&records, TOPIC_RECORD_BYTES_MAX + 4 * TOPIC_RECORDS_MAX);
    lat_buf_init(&message, TOPIC_DATA_MAX);
    while (announce_take(&node->announce, &records, &count) == LAT_OK && count > 0) {
        lat_buf_clear(&message);
        if (topic_write_record(store_network(node->store), records.data, records.len, count, NULL, &message) == LAT_OK)
            publish(node, &message);
        lat_buf_clear(&records);
    }
    lat_buf_fini(&message);
    lat_buf_fini(&records);
}

/* --- the root ------------------------------------------------------------------------------------------- */

/* The first cells of the sketch of this root, so that one changed key is named without a question. 0: not at hand. */
static size_t
first_cells(struct node *node, const uint8_t root[32], uint8_t out[TOPIC_CELLS_MAX])
{
    struct sketch_cell cells[TOPIC_CELLS];
    struct lat_buf bytes;
    struct reader *reader;
    uint8_t of[32];
    uint64_t records;
    size_t len = 0;

    if (reader_begin(node->store, &reader))
        return 0;
    lat_buf_init(&bytes, TOPIC_CELLS_MAX);
    if (reader_cells(reader, root, TOPIC_CELLS, cells, of, &records) == LAT_OK && memcmp(of, root, 32) == 0 &&
        sketch_write(cells, 0, TOPIC_CELLS, records, &bytes) == LAT_OK) {
        len = bytes.len;
        memcpy(out, bytes.data, len);
        reader_announced(reader, root);
    }
    lat_buf_fini(&bytes);
    reader_end(reader);
    return len;
}

static void
say_root(struct node *node, const struct store_head *head)
{
    uint64_t now = node_now(node);
    uint8_t flat[32], cells[TOPIC_CELLS_MAX];
    struct topic_root root = { .state = { .count = head->count, .hlc = head->hlc },
                               .every_ms = node->announce.every_ms,
                               .cells = cells,
                               .name = node->config->node_name };
    struct lat_buf message;

    memcpy(root.state.root, head->root, 32);
    if (statedocs_flat_root(node->docs, head->root, flat))
        root.flat = flat;
    root.cells_len = first_cells(node, head->root, cells);
    root.time_ms = announce_root(&node->announce, lat_wall_ms(), now, (uint32_t)rand_u64());
    lat_buf_init(&message, TOPIC_DATA_MAX);
    if (topic_write_root(store_network(node->store), node->key, &root, &message) == LAT_OK)
        publish(node, &message);
    lat_buf_fini(&message);
}

/* Our own state, to whom it concerns, whenever it has changed. */
static void
note_own_state(struct node *node, const struct store_head *head)
{
    struct topic_state state = { .count = head->count, .hlc = head->hlc };
    bool changed = memcmp(node->own_root, head->root, 32) != 0;
    uint8_t flat[32];
    bool has_flat = statedocs_flat_root(node->docs, head->root, flat);

    if (!changed && node->own_flat == has_flat)
        return;
    memcpy(node->own_root, head->root, 32);
    node->own_flat = has_flat;
    memcpy(state.root, head->root, 32);
    live_own_state(node->live, &state, has_flat ? flat : NULL, node_now(node));
    if (changed)
        announce_wish(&node->announce, node_now(node));
}

enum lat_err
node_publish_proof(struct node *node, const char *intent, const char *status, size_t *recipients)
{
    struct store_head head;
    struct lat_buf message;
    uint8_t flat[32];
    bool has_flat;
    enum lat_err err;

    store_head(node->store, &head);
    has_flat = statedocs_flat_root(node->docs, head.root, flat);
    lat_buf_init(&message, TOPIC_DATA_MAX);
    err = topic_write_proof_event(intent, status, has_flat ? flat : NULL, &node->identity.peer, lat_wall_ms(), &message);
    if (!err)
        err = gossip_publish(node->router, node->config->p2p_topic, message.data, message.len, node_now(node), NULL, 0, recipients);
    lat_buf_fini(&message);
    if (!err)
        node_p2p_flush(node);
    return err;
}

void
node_announce_turn(struct node *node)
{
    struct store_head head;

    store_head(node->store, &head);
    note_own_state(node, &head);
    announce_hold(&node->announce, head.incomplete || head.damaged, node_now(node));
    take_outbox(node);
    if (node->host == NULL)
        return;
    say_records(node);
    if (announce_is_due(&node->announce, node_now(node)))
        say_root(node, &head);
}
