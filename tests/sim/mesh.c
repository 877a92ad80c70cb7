#include "config.h"

#include "sim/mesh.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/cursor.h"
#include "crypto/hash.h"

#define VERIFY_LOW_MS 0 /* how long a verdict takes */
#define VERIFY_HIGH_MS 3
#define TICK_MS 100
#define HEAD_LEN 16     /* of a message's data: "sim", kind, number, padding */
#define OUTPUT_MAX (4u * 1024 * 1024)

/* A message by its bytes: is its signature right? */
struct known {
    uint8_t digest[32];
    bool used, right;
};

struct message {
    uint64_t published_ms, last_ms;
    uint8_t has[MESH_NODES_MAX / 8];
};

struct mesh {
    struct sim *sim;
    struct mesh_faults faults;
    struct mesh_node *nodes[MESH_NODES_MAX];
    size_t count;
    struct known *known;
    size_t known_cap, known_count;
    struct message *messages;
    size_t message_count, message_cap;
    struct mesh_totals totals;
};

struct arrival {
    struct mesh_end *to;
    uint64_t life;
    size_t len;
    bool lost;
};

struct verdict {
    struct mesh_node *node;
    uint64_t life;
    struct gossip_message *message;
    enum gossip_verdict verdict;
};

/* --- messages ---------------------------------------------------------------------------------------- */

static struct known *
known_place(struct known *table, size_t cap, const uint8_t digest[32])
{
    size_t at;

    memcpy(&at, digest, sizeof(at));
    for (at &= cap - 1; table[at].used && memcmp(table[at].digest, digest, 32) != 0; at = (at + 1) & (cap - 1))
        continue;
    return &table[at];
}

static void
grow_known(struct mesh *mesh)
{
    size_t cap = mesh->known_cap ? 2 * mesh->known_cap : 1024;
    struct known *table = calloc(cap, sizeof(*table));

    assert_non_null(table);
    for (size_t i = 0; i < mesh->known_cap; i++) {
        if (mesh->known[i].used)
            *known_place(table, cap, mesh->known[i].digest) = mesh->known[i];
    }
    free(mesh->known);
    mesh->known = table;
    mesh->known_cap = cap;
}

/* Once for all nodes. */
static bool
is_right(struct mesh *mesh, const struct gossip_message *message)
{
    uint8_t digest[32];
    struct known *known;

    mesh->totals.asked++;
    if (2 * mesh->known_count >= mesh->known_cap)
        grow_known(mesh);
    sha256_of(message->bytes, message->len, digest);
    known = known_place(mesh->known, mesh->known_cap, digest);
    if (!known->used) {
        *known = (struct known){ .used = true, .right = gossip_message_verify(message) == LAT_OK };
        memcpy(known->digest, digest, 32);
        mesh->known_count++;
        mesh->totals.verified++;
    }
    return known->right;
}

static size_t
new_message(struct mesh *mesh, enum mesh_kind kind, uint8_t *data, size_t len)
{
    size_t number = mesh->message_count++;

    if (number == mesh->message_cap) {
        mesh->message_cap = mesh->message_cap ? 2 * mesh->message_cap : 256;
        mesh->messages = realloc(mesh->messages, mesh->message_cap * sizeof(struct message));
        assert_non_null(mesh->messages);
    }
    mesh->messages[number] = (struct message){ .published_ms = sim_now_ms(mesh->sim) };
    assert_true(len >= HEAD_LEN);
    sim_fill(mesh->sim, data, len);
    memcpy(data, "sim", 3);
    data[3] = (uint8_t)kind;
    for (int i = 0; i < 8; i++)
        data[4 + i] = (uint8_t)(number >> (8 * i));
    return number;
}

static void
note_has(struct mesh_node *node, size_t number)
{
    struct message *message = &node->mesh->messages[number];

    message->has[node->index / 8] |= (uint8_t)(1u << (node->index % 8));
    message->last_ms = sim_now_ms(node->mesh->sim);
    sim_trace(node->mesh->sim, "has", node->index, number);
}

bool
mesh_has(const struct mesh_node *node, size_t number)
{
    return node->mesh->messages[number].has[node->index / 8] >> (node->index % 8) & 1;
}

size_t
mesh_missing(const struct mesh *mesh, size_t number)
{
    size_t missing = 0;

    for (size_t i = 0; i < mesh->count; i++)
        missing += mesh->nodes[i]->g != NULL && !mesh_has(mesh->nodes[i], number);
    return missing;
}

uint64_t
mesh_spread_ms(const struct mesh *mesh, size_t number)
{
    return mesh->messages[number].last_ms - mesh->messages[number].published_ms;
}

/* --- what a router wants ----------------------------------------------------------------------------- */

static void
give_verdict(void *arg, void *bytes, size_t len)
{
    struct verdict v;

    (void)arg;
    assert_int_equal(len, sizeof(v));
    memcpy(&v, bytes, sizeof(v));
    if (v.node->life != v.life)
        return;
    if (v.verdict == GOSSIP_ACCEPT) {
        struct lat_cursor data;

        lat_cursor_init(&data, v.message->data + 4, 8);
        note_has(v.node, (size_t)lat_take_u64le(&data));
    }
    gossip_verdict(v.node->g, v.message, v.verdict, sim_now_ms(v.node->mesh->sim));
    mesh_flush(v.node);
}

static enum gossip_verdict
judge(struct mesh *mesh, const struct gossip_message *message)
{
    if (!is_right(mesh, message))
        return GOSSIP_FORGED;
    if (message->data_len < HEAD_LEN || memcmp(message->data, "sim", 3) != 0 || message->data[3] == MESH_REJECTED)
        return GOSSIP_REJECT;
    return message->data[3] == MESH_IGNORED ? GOSSIP_IGNORE : GOSSIP_ACCEPT;
}

static void
on_check(void *arg, struct gossip_message *message)
{
    struct mesh_node *node = arg;
    struct sim *sim = node->mesh->sim;
    const struct verdict v = { .node = node, .life = node->life, .message = message, .verdict = judge(node->mesh, message) };

    sim_at(sim, sim_now_ms(sim) + sim_between(sim, VERIFY_LOW_MS, VERIFY_HIGH_MS), give_verdict, NULL, &v, sizeof(v));
}

static void
on_wake(void *arg, struct gossip_peer *peer)
{
    struct mesh_end *end = gossip_peer_user(peer);

    (void)arg;
    end->woken = true;
}

static void
on_event(void *arg, const struct gossip_event *event)
{
    struct mesh_node *node = arg;
    static const char *const names[] = { "subscribed", "unsubscribed", "grafted", "pruned", "candidate" };

    sim_trace(node->mesh->sim, names[event->kind], node->index, event->by_us);
}

static const struct gossip_ops ops = { .check = on_check, .wake = on_wake, .event = on_event, .sign = identity_sign };

/* --- links ------------------------------------------------------------------------------------------- */

static void
arrive(void *arg, void *bytes, size_t len)
{
    struct arrival a;
    struct mesh_end *to;

    (void)arg;
    memcpy(&a, bytes, sizeof(a));
    to = a.to;
    if (a.life != to->life || !to->up)
        return;
    to->other->in_flight -= a.len;
    if (!a.lost && to->node->stranger && to->node->heard)
        to->node->heard(to->node, to, (uint8_t *)bytes + sizeof(a), len - sizeof(a));
    /* A malformed RPC costs the stream, which the peer opens again. */
    if (!a.lost && to->peer && gossip_input(to->peer, (uint8_t *)bytes + sizeof(a), len - sizeof(a), sim_now_ms(to->node->mesh->sim)))
        sim_trace(to->node->mesh->sim, "malformed", to->node->index, to->other->node->index);
    if (to->node->g)
        mesh_flush(to->node);
    if (to->other->node->g)
        mesh_flush(to->other->node); /* there is room again */
}

/* One copy on its way. Lost or not, it takes its place in the window for its time. */
static void
send_copy(struct mesh_end *end, const uint8_t *rpc, size_t len, bool lost)
{
    struct sim *sim = end->node->mesh->sim;
    const struct arrival a = { .to = end->other, .life = end->life, .len = len, .lost = lost };
    uint64_t at = sim_now_ms(sim) + sim_between(sim, end->faults.delay_low_ms, end->faults.delay_high_ms);
    uint8_t *bytes = malloc(sizeof(a) + len);

    assert_non_null(bytes);
    if (!sim_chance(sim, end->faults.reorder)) {
        at = at > end->last_arrival_ms ? at : end->last_arrival_ms;
        end->last_arrival_ms = at;
    }
    end->in_flight += len;
    memcpy(bytes, &a, sizeof(a));
    memcpy(bytes + sizeof(a), rpc, len);
    sim_at(sim, at, arrive, NULL, bytes, sizeof(a) + len);
    free(bytes);
}

void
mesh_say(struct mesh_end *end, const uint8_t *rpc, size_t len)
{
    struct sim *sim = end->node->mesh->sim;

    if (!end->up)
        return;
    end->rpcs++;
    end->bytes += len;
    send_copy(end, rpc, len, end->cut || sim_chance(sim, end->faults.drop));
    if (sim_chance(sim, end->faults.duplicate))
        send_copy(end, rpc, len, end->cut);
}

static void
flush_end(struct mesh_end *end)
{
    uint64_t now_ms = sim_now_ms(end->node->mesh->sim);
    struct lat_buf out;

    lat_buf_init(&out, OUTPUT_MAX);
    while (end->up && end->peer && (end->faults.window == 0 || end->in_flight < end->faults.window)) {
        struct lat_cursor rpc;
        uint64_t len;

        lat_buf_clear(&out);
        if (gossip_output(end->peer, &out, now_ms)) {
            end->woken = false;
            break;
        }
        lat_cursor_init(&rpc, out.data, out.len);
        len = lat_take_varint(&rpc);
        assert_true(!rpc.bad && len == rpc.left);
        mesh_say(end, rpc.at, rpc.left);
    }
    lat_buf_fini(&out);
}

void
mesh_flush(struct mesh_node *node)
{
    for (struct mesh_end *end = node->ends; end; end = end->next) {
        if (end->woken)
            flush_end(end);
    }
}

struct mesh_end *
mesh_end_of(const struct mesh_node *a, const struct mesh_node *b)
{
    struct mesh_end *end = a->ends;

    while (end && end->other->node != b)
        end = end->next;
    return end;
}

static struct mesh_end *
new_end(struct mesh_node *node)
{
    struct mesh_end *end = calloc(1, sizeof(*end));

    assert_non_null(end);
    end->node = node;
    end->next = node->ends;
    node->ends = end;
    return end;
}

/* The streams are open. */
static void
open_end(void *arg, void *bytes, size_t len)
{
    struct mesh_end *end = arg;
    const struct mesh_node *other = end->other->node;
    uint64_t life;

    memcpy(&life, bytes, len);
    if (!end->up || end->life != life)
        return;
    gossip_peer_opened(end->peer, other->version < end->node->version ? other->version : end->node->version,
                       sim_now_ms(end->node->mesh->sim));
    mesh_flush(end->node);
}

static void
bring_up(struct mesh_end *end, bool outbound)
{
    struct mesh_node *node = end->node;
    struct sim *sim = node->mesh->sim;

    end->up = true;
    end->outbound = outbound;
    end->woken = end->cut = false;
    end->faults = node->mesh->faults;
    end->life++;
    end->in_flight = 0;
    end->last_arrival_ms = 0;
    if (node->g == NULL)
        return;
    assert_int_equal(gossip_peer_up(node->g, &end->other->node->identity.peer, outbound, NULL, end, sim_now_ms(sim), &end->peer),
                     LAT_OK);
    sim_at(sim, sim_now_ms(sim) + end->faults.delay_high_ms, open_end, end, &end->life, sizeof(end->life));
}

struct mesh_end *
mesh_connect(struct mesh_node *a, struct mesh_node *b)
{
    struct mesh_end *end = mesh_end_of(a, b);

    assert_true(a != b && a->mesh == b->mesh);
    if (end == NULL) {
        end = new_end(a);
        end->other = new_end(b);
        end->other->other = end;
    }
    if (!end->up) {
        bring_up(end, true);
        bring_up(end->other, false);
    }
    return end;
}

static void
take_down(struct mesh_end *end)
{
    end->up = false;
    if (end->peer)
        gossip_peer_down(end->peer, sim_now_ms(end->node->mesh->sim));
    end->peer = NULL;
}

void
mesh_disconnect(struct mesh_end *end)
{
    if (!end->up)
        return;
    take_down(end);
    take_down(end->other);
    if (end->node->g)
        mesh_flush(end->node);
    if (end->other->node->g)
        mesh_flush(end->other->node);
}

void
mesh_cut(struct mesh_end *end, bool cut)
{
    end->cut = end->other->cut = cut;
}

void
mesh_connect_all(struct mesh *mesh, size_t dials)
{
    for (size_t i = 0; i < mesh->count; i++) {
        struct mesh_node *node = mesh->nodes[i];

        for (size_t k = 0; node->g && k < dials; k++) {
            size_t to = dials + 1 >= mesh->count ? (i + 1 + k) % mesh->count : (size_t)sim_below(mesh->sim, mesh->count);

            if (to != i && mesh->nodes[to]->g)
                mesh_connect(node, mesh->nodes[to]);
        }
    }
}

/* --- nodes ------------------------------------------------------------------------------------------- */

static void
tick(void *arg, void *bytes, size_t len)
{
    struct mesh_node *node = arg;
    struct sim *sim = node->mesh->sim;
    uint64_t life;

    memcpy(&life, bytes, len);
    if (node->life != life)
        return;
    gossip_tick(node->g, sim_now_ms(sim));
    mesh_flush(node);
    sim_at(sim, sim_now_ms(sim) + TICK_MS, tick, node, &life, sizeof(life));
}

void
mesh_start(struct mesh_node *node)
{
    struct sim *sim = node->mesh->sim;
    struct gossip_config config = { .self = node->identity.peer, .ops = &ops, .arg = node, .sign_arg = &node->identity };

    config.first_seqno = sim_wall_ms(sim) * 1000000;
    sim_fill(sim, config.seed, sizeof(config.seed));
    node->life++;
    node->g = gossip_new(&config, sim_now_ms(sim));
    assert_non_null(node->g);
    assert_int_equal(gossip_subscribe(node->g, MESH_TOPIC, sim_now_ms(sim)), LAT_OK);
    sim_at(sim, sim_now_ms(sim) + sim_below(sim, TICK_MS), tick, node, &node->life, sizeof(node->life));
}

void
mesh_stop(struct mesh_node *node)
{
    for (struct mesh_end *end = node->ends; end; end = end->next)
        mesh_disconnect(end);
    gossip_free(node->g);
    node->g = NULL;
    node->life++;
}

static struct mesh_node *
new_node(struct mesh *mesh)
{
    struct mesh_node *node = calloc(1, sizeof(*node));
    uint8_t seed[32] = { 1 };

    assert_non_null(node);
    assert_true(mesh->count < MESH_NODES_MAX);
    node->mesh = mesh;
    node->index = mesh->count;
    seed[1] = (uint8_t)node->index;
    assert_int_equal(key_from_seed(seed, &node->key), LAT_OK);
    identity_init(&node->identity, node->key);
    mesh->nodes[mesh->count++] = node;
    return node;
}

struct mesh_node *
mesh_add(struct mesh *mesh, enum gossip_version version)
{
    struct mesh_node *node = new_node(mesh);

    node->version = version;
    mesh_start(node);
    return node;
}

struct mesh_node *
mesh_add_stranger(struct mesh *mesh)
{
    struct mesh_node *node = new_node(mesh);

    node->stranger = true;
    node->version = GOSSIP_1_2;
    return node;
}

static void
free_node(struct mesh_node *node)
{
    struct mesh_end *end;

    gossip_free(node->g);
    while ((end = node->ends) != NULL) {
        node->ends = end->next;
        free(end);
    }
    key_free(node->key);
    free(node);
}

struct mesh *
mesh_new(uint64_t seed)
{
    struct mesh *mesh = calloc(1, sizeof(*mesh));

    assert_non_null(mesh);
    mesh->sim = sim_new(seed);
    mesh->faults = (struct mesh_faults){ .delay_low_ms = 1, .delay_high_ms = 20 };
    return mesh;
}

void
mesh_free(struct mesh *mesh)
{
    for (size_t i = 0; i < mesh->count; i++)
        free_node(mesh->nodes[i]);
    sim_free(mesh->sim);
    free(mesh->known);
    free(mesh->messages);
    free(mesh);
}

struct sim *
mesh_sim(struct mesh *mesh)
{
    return mesh->sim;
}

struct mesh_node *
mesh_node(const struct mesh *mesh, size_t index)
{
    return mesh->nodes[index];
}

size_t
mesh_count(const struct mesh *mesh)
{
    return mesh->count;
}

void
mesh_set_faults(struct mesh *mesh, const struct mesh_faults *faults)
{
    mesh->faults = *faults;
}

void
mesh_set_all_faults(struct mesh *mesh, const struct mesh_faults *faults)
{
    mesh->faults = *faults;
    for (size_t i = 0; i < mesh->count; i++) {
        for (struct mesh_end *end = mesh->nodes[i]->ends; end; end = end->next)
            end->faults = *faults;
    }
}

void
mesh_run(struct mesh *mesh, uint64_t ms)
{
    sim_run(mesh->sim, ms);
}

/* --- publishing -------------------------------------------------------------------------------------- */

size_t
mesh_publish(struct mesh_node *node, enum mesh_kind kind, size_t len)
{
    uint8_t *data = malloc(len);
    size_t number, count;

    assert_non_null(data);
    number = new_message(node->mesh, kind, data, len);
    assert_int_equal(gossip_publish(node->g, MESH_TOPIC, data, len, sim_now_ms(node->mesh->sim), NULL, 0, &count), LAT_OK);
    free(data);
    note_has(node, number);
    mesh_flush(node);
    return number;
}

size_t
mesh_make(struct mesh_node *author, enum mesh_kind kind, size_t len, bool forged, struct lat_buf *out)
{
    uint8_t *data = malloc(len);
    struct gossip_message *message;
    size_t number;

    assert_non_null(data);
    number = new_message(author->mesh, kind, data, len);
    author->sent_us++;
    assert_int_equal(gossip_message_make(&author->identity.peer, sim_wall_ms(author->mesh->sim) * 1000000 + author->sent_us, MESH_TOPIC,
                                         data, len, identity_sign, &author->identity, &message),
                     LAT_OK);
    assert_int_equal(lat_buf_add(out, message->bytes, message->len), LAT_OK);
    if (forged)
        out->data[out->len - message->len + (size_t)(message->signature - message->bytes)] ^= 1;
    gossip_message_unref(message);
    free(data);
    return number;
}

/* --- looking ----------------------------------------------------------------------------------------- */

void
mesh_total(const struct mesh *mesh, struct mesh_totals *out)
{
    *out = mesh->totals;
    for (size_t i = 0; i < mesh->count; i++) {
        for (const struct mesh_end *end = mesh->nodes[i]->ends; end; end = end->next) {
            out->rpcs += end->rpcs;
            out->bytes += end->bytes;
        }
    }
}

struct gossip_counters
mesh_counters(const struct mesh_node *node)
{
    struct gossip_counters counters;

    gossip_count(node->g, &counters);
    return counters;
}

size_t
mesh_degree(const struct mesh_node *node)
{
    return gossip_mesh(node->g, MESH_TOPIC, NULL, 0);
}

static struct mesh_node *
node_of(const struct mesh *mesh, const struct peerid *id)
{
    for (size_t i = 0; i < mesh->count; i++) {
        if (peerid_compare(&mesh->nodes[i]->identity.peer, id) == 0)
            return mesh->nodes[i];
    }
    return NULL;
}

bool
mesh_is_whole(const struct mesh *mesh)
{
    const struct mesh_node *todo[MESH_NODES_MAX];
    bool reached[MESH_NODES_MAX] = { false };
    size_t running = 0, found = 0, looked = 0;

    for (size_t i = 0; i < mesh->count; i++) {
        if (mesh->nodes[i]->g && running++ == 0)
            todo[found++] = mesh->nodes[i];
    }
    if (running > 0)
        reached[todo[0]->index] = true;
    while (looked < found) {
        struct peerid ids[MESH_NODES_MAX];
        size_t count = gossip_mesh(todo[looked++]->g, MESH_TOPIC, ids, MESH_NODES_MAX);

        for (size_t i = 0; i < count; i++) {
            const struct mesh_node *node = node_of(mesh, &ids[i]);

            if (node && node->g && !reached[node->index]) {
                reached[node->index] = true;
                todo[found++] = node;
            }
        }
    }
    return found == running;
}

struct gossip_peer_row
mesh_row(const struct mesh_node *node, const struct mesh_node *of)
{
    struct gossip_peer_row row;

    assert_int_equal(gossip_peer_show(node->g, &of->identity.peer, MESH_TOPIC, &row), LAT_OK);
    return row;
}
