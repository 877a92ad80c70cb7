#include "config.h"

#include "support/swarm_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/rand.h"
#include "p2p/perf.h"
#include "p2p/ping.h"

struct chunk {
    struct chunk *next;
    uint64_t due_ms;
    size_t len;
    uint8_t bytes[];
};

static const struct protocol *const common_protocols[] = { &identify_protocol, &identify_push_protocol, &ping_protocol,
                                                           &perf_protocol };
#define COMMON_COUNT (sizeof(common_protocols) / sizeof(common_protocols[0]))

/* --- ends ------------------------------------------------------------------------------------------ */

static struct world_end *
new_end(struct world *world, struct world_node *node)
{
    struct world_end *end = calloc(1, sizeof(*end));

    assert_non_null(end);
    end->world = world;
    end->node = node;
    end->next = world->ends;
    world->ends = end;
    return end;
}

static void
send_bytes(struct world_end *end, const uint8_t *bytes, size_t len)
{
    struct chunk **at = &end->chunks, *chunk;

    if (end->black_hole || end->ended || len == 0)
        return;
    chunk = calloc(1, sizeof(*chunk) + len);
    assert_non_null(chunk);
    chunk->due_ms = end->world->now_ms + (end->node ? end->node->latency_ms : 0);
    chunk->len = len;
    memcpy(chunk->bytes, bytes, len);
    while (*at)
        at = &(*at)->next;
    *at = chunk;
}

static void
free_end(struct world_end *end)
{
    struct chunk *chunk;

    while ((chunk = end->chunks) != NULL) {
        end->chunks = chunk->next;
        free(chunk);
    }
    free(end);
}

/* --- what a swarm wants ---------------------------------------------------------------------------- */

static struct world_node *
node_at(struct world *world, const char *address)
{
    for (size_t i = 0; i < world->node_count; i++) {
        if (strcmp(world->nodes[i].address, address) == 0)
            return &world->nodes[i];
    }
    return NULL;
}

static enum lat_err
on_dial(void *arg, struct link *link, const struct multiaddr *address, void **socket, struct lat_msg *why)
{
    struct world_node *node = arg;
    struct world_end *end = new_end(node->world, node);

    (void)why;
    assert_int_equal(peers_address_text(address, end->to, NULL), LAT_OK);
    if (node->dialed < 4096)
        node->dial_ms[node->dialed] = node->world->now_ms;
    node->dialed++;
    end->link = link;
    end->target = node_at(node->world, end->to);
    end->outcome_ms = node->world->now_ms + node->latency_ms;
    *socket = end;
    return LAT_OK;
}

static void
on_give_up(void *arg, void *socket)
{
    struct world_end *end = socket;

    (void)arg;
    assert_false(end->given_up);
    end->given_up = true;
    end->link = NULL;
    end->ended = true;
}

static void
on_wake(void *arg, void *socket)
{
    struct world_end *end = socket;

    (void)arg;
    assert_non_null(end->link);
    end->woken = true;
}

static void
on_close(void *arg, void *socket, const uint8_t *last, size_t len)
{
    struct world_end *end = socket;

    (void)arg;
    assert_non_null(end->link);
    send_bytes(end, last, len);
    end->link = NULL;
    end->ended = true;
}

static void
on_up(void *arg, const struct peerid *id, struct conn *conn)
{
    struct world_node *node = arg;

    assert_ptr_equal(swarm_conn(node->swarm, id), conn);
    node->ups++;
    node->last_up = *id;
    if (node->hooks && node->hooks->up)
        node->hooks->up(node, id, conn);
}

static void
on_down(void *arg, const struct peerid *id, enum swarm_reason reason)
{
    struct world_node *node = arg;

    assert_null(swarm_conn(node->swarm, id));
    node->downs++;
    node->last_reason = reason;
    if (node->hooks && node->hooks->down)
        node->hooks->down(node, id, reason);
}

static void
on_identified(void *arg, struct conn *conn, const struct identify_info *info)
{
    struct world_node *node = arg;

    (void)conn;
    (void)info;
    node->identified++;
}

static void
on_failed(void *arg, const char *address, const char *why)
{
    struct world_node *node = arg;

    assert_true(address[0] == '/' && why[0] != '\0');
    node->failed++;
}

static void
on_changed(void *arg)
{
    struct world_node *node = arg;

    node->changes++;
}

static void
on_log(void *arg, enum lat_level level, const char *text)
{
    struct world_node *node = arg;

    if (level == LAT_DEBUG)
        return;
    snprintf(node->lines[node->line_count % WORLD_LINES_MAX], sizeof(node->lines[0]), "%s", text);
    node->line_count++;
}

static const struct swarm_ops ops = { .dial = on_dial, .give_up = on_give_up, .wake = on_wake, .close = on_close,
                                      .up = on_up, .down = on_down, .identified = on_identified, .failed = on_failed,
                                      .changed = on_changed, .log = on_log };

/* --- nodes ----------------------------------------------------------------------------------------- */

static void
list_protocols(struct world_node *node)
{
    size_t count = 0;

    for (; count < COMMON_COUNT; count++)
        node->served[count] = common_protocols[count];
    for (const struct protocol *const *p = node->protocols; p && *p && count < CONN_PROTOCOLS_MAX; p++)
        node->served[count++] = *p;
    node->served[count] = NULL;
}

void
world_start(struct world_node *node, bool redial)
{
    const struct swarm_config config = { .identity = &node->identity, .noise = node->own, .protocols = node->served,
                                         .early_muxer = true, .agent = "lattice/test", .idle_ms = 3000, .dead_ms = 10000,
                                         .redial_min_ms = 1000, .redial_max_ms = 30000, .redial = redial,
                                         .random = node->world->random ? node->world->random : rand_bytes, .ops = &ops,
                                         .arg = node };
    struct multiaddr listen;

    list_protocols(node);
    node->swarm = swarm_new(&config, node->world->now_ms);
    assert_non_null(node->swarm);
    assert_int_equal(multiaddr_parse(node->address, &listen), LAT_OK);
    swarm_set_listen(node->swarm, &listen, 1, 1000 + node->world->now_ms, node->world->now_ms);
}

struct world_node *
world_place(struct world *world, uint8_t key_byte)
{
    struct world_node *node = &world->nodes[world->node_count];
    char id[PEERID_TEXT_MAX], address[64];
    uint8_t seed[32];

    node->world = world;
    memset(seed, key_byte, sizeof(seed));
    assert_int_equal(key_from_seed(seed, &node->key), LAT_OK);
    identity_init(&node->identity, node->key);
    seed[0]++;
    assert_int_equal(noise_static_new(seed, node->identity.public_key, sizeof(node->identity.public_key), identity_sign,
                                      &node->identity, &node->own),
                     LAT_OK);
    snprintf(address, sizeof(address), "/ip4/127.0.0.1/tcp/%zu", 9000 + world->node_count);
    memcpy(node->address, address, sizeof(address));
    peerid_text(&node->identity.peer, id);
    snprintf(node->full, sizeof(node->full), "%s/p2p/%s", address, id);
    node->latency_ms = WORLD_STEP_MS;
    world->node_count++;
    return node;
}

struct world_node *
world_add(struct world *world, uint8_t key_byte, bool redial)
{
    struct world_node *node = world_place(world, key_byte);

    world_start(node, redial);
    return node;
}

void
world_stop(struct world_node *node)
{
    swarm_free(node->swarm);
    node->swarm = NULL;
}

void
world_restart(struct world_node *node, bool quiet)
{
    for (struct world_end *e = node->world->ends; e; e = e->next)
        e->black_hole = e->black_hole || (quiet && e->node == node);
    swarm_free(node->swarm);
    for (struct world_end *e = node->world->ends; e; e = e->next) {
        if (e->node == node && quiet) {
            e->ended = false; /* the other end hears nothing of it */
            e->told = true;
        }
    }
    world_start(node, true);
}

void
world_init(struct world *world, uint64_t seed)
{
    memset(world, 0, sizeof(*world));
    world->now_ms = 1000000;
    world->seed = seed;
}

void
world_fini(struct world *world)
{
    struct world_end *end;

    for (size_t i = 0; i < world->node_count; i++) {
        world_stop(&world->nodes[i]);
        noise_static_free(world->nodes[i].own);
        key_free(world->nodes[i].key);
    }
    while ((end = world->ends) != NULL) {
        world->ends = end->next;
        assert_null(end->node ? end->link : NULL);
        free_end(end);
    }
}

void
world_introduce(struct world_node *a, const struct world_node *b)
{
    struct multiaddr address;
    size_t refused;

    assert_int_equal(multiaddr_parse(b->full, &address), LAT_OK);
    assert_int_equal(peers_configure(swarm_peers(a->swarm), &address, 1, &refused), LAT_OK);
    assert_int_equal(refused, 0);
}

/* --- time ------------------------------------------------------------------------------------------ */

static void
connect_ends(struct world_end *from, struct world_node *to)
{
    struct world *world = from->world;
    struct world_end *end = new_end(world, to);
    struct multiaddr remote;
    char address[64];

    static unsigned port;
    snprintf(address, sizeof(address), "/ip4/127.0.0.1/tcp/%u", 20000 + port++ % 40000);
    assert_int_equal(multiaddr_parse(address, &remote), LAT_OK);
    from->other = end;
    end->other = from;
    if (swarm_accepted(to->swarm, end, &remote, world->now_ms, &end->link))
        end->ended = true;
    assert_int_equal(multiaddr_parse(from->to, &remote), LAT_OK);
    swarm_dialed(from->link, from, &remote, world->now_ms);
}

static enum world_way
way_of(const struct world_node *a, const struct world_node *b)
{
    return a && b ? a->world->ways[a - a->world->nodes][b - b->world->nodes] : WORLD_OPEN;
}

static void
settle_dial(struct world_end *end)
{
    struct world *world = end->world;
    enum world_way way = way_of(end->node, end->target);

    if (end->link == NULL || end->other || end->outcome_ms == 0 || world->now_ms < end->outcome_ms)
        return;
    if (end->target && (end->target->silent_dials || way == WORLD_SILENT))
        return;
    end->outcome_ms = 0;
    if (end->target && end->target->swarm && !end->target->refuses && way == WORLD_OPEN) {
        connect_ends(end, end->target);
    } else {
        swarm_dial_failed(end->link, "connection refused", world->now_ms);
        end->link = NULL;
        end->ended = true;
    }
}

static void
hear(struct world_end *end, const uint8_t *bytes, size_t len)
{
    if (end->link) {
        end->node->heard_ms = end->world->now_ms;
        swarm_input(end->link, bytes, len, end->world->now_ms);
    } else if (end->node == NULL && end->heard_len + len <= sizeof(end->heard)) {
        memcpy(end->heard + end->heard_len, bytes, len);
        end->heard_len += len;
    }
}

/* What has come through from the other end, then its end. */
static void
deliver(struct world_end *end)
{
    struct world_end *from = end->other;
    struct chunk *chunk;

    if (from && way_of(end->node, from->node) == WORLD_SILENT)
        return;
    while (from && (chunk = from->chunks) != NULL && chunk->due_ms <= end->world->now_ms) {
        from->chunks = chunk->next;
        hear(end, chunk->bytes, chunk->len);
        free(chunk);
    }
    if (from && from->chunks == NULL && from->ended && !end->told && !from->black_hole && end->link) {
        end->told = true;
        swarm_ended(end->link, SWARM_CLOSED, NULL, end->world->now_ms);
        end->link = NULL;
        end->ended = true;
    }
}

static void
flush(struct world_end *end)
{
    struct lat_buf out;

    if (!end->woken || end->link == NULL)
        return;
    end->woken = false;
    lat_buf_init(&out, 4 * CONN_OUTPUT_MAX);
    swarm_output(end->link, &out, end->world->now_ms);
    send_bytes(end, out.data, out.len);
    lat_buf_fini(&out);
}

static bool
runs(const struct world_end *end)
{
    return end->node == NULL || !end->node->stopped;
}

static void
drop_dead_ends(struct world *world)
{
    struct world_end **at = &world->ends;

    while (*at) {
        struct world_end *end = *at;
        bool dead = end->node && end->link == NULL && end->other == NULL && end->ended;

        if (end->node && end->other && end->other->node && end->link == NULL && end->other->link == NULL && end->chunks == NULL &&
            end->other->chunks == NULL) {
            end->other->other = NULL;
            end->other->ended = true;
            dead = true;
        }
        if (!dead) {
            at = &end->next;
            continue;
        }
        *at = end->next;
        free_end(end);
    }
}

static void
step(struct world *world)
{
    bool ticks = world->now_ms >= world->tick_ms;

    for (struct world_end *e = world->ends; e; e = e->next) {
        if (runs(e))
            settle_dial(e);
    }
    for (struct world_end *e = world->ends; e; e = e->next) {
        if (runs(e))
            deliver(e);
    }
    for (size_t i = 0; ticks && i < world->node_count; i++) {
        if (!world->nodes[i].stopped && world->nodes[i].swarm)
            swarm_tick(world->nodes[i].swarm, world->now_ms);
    }
    if (ticks)
        world->tick_ms = world->now_ms + 100;
    for (struct world_end *e = world->ends; e; e = e->next) {
        if (runs(e))
            flush(e);
    }
    drop_dead_ends(world);
}

void
world_run(struct world *world, uint64_t ms)
{
    uint64_t until = world->now_ms + ms;

    while (world->now_ms < until) {
        step(world);
        world->now_ms += WORLD_STEP_MS;
    }
}

/* --- strangers ------------------------------------------------------------------------------------- */

struct world_end *
world_stranger(struct world *world, struct world_node *to, const char *address)
{
    struct world_end *end = new_end(world, to), *stranger;
    struct multiaddr remote;

    assert_int_equal(multiaddr_parse(address, &remote), LAT_OK);
    if (swarm_accepted(to->swarm, end, &remote, world->now_ms, &end->link)) {
        end->ended = true;
        return NULL;
    }
    stranger = new_end(world, NULL);
    stranger->other = end;
    end->other = stranger;
    return stranger;
}

void
world_say(struct world_end *stranger, const void *bytes, size_t len)
{
    send_bytes(stranger, bytes, len);
}

void
world_leave(struct world_end *stranger)
{
    stranger->ended = true;
}

void
world_black_hole(struct world *world)
{
    for (struct world_end *e = world->ends; e; e = e->next)
        e->black_hole = true;
}

static bool
is_between(const struct world_end *end, const struct world_node *a, const struct world_node *b)
{
    return end->other && ((end->node == a && end->other->node == b) || (end->node == b && end->other->node == a));
}

/* Its connection is reset: what was on its way is lost. */
static void
break_off(struct world_end *end)
{
    struct link *link = end->link;

    for (struct chunk *chunk; (chunk = end->chunks) != NULL; free(chunk))
        end->chunks = chunk->next;
    end->link = NULL;
    end->ended = end->told = true;
    if (link)
        swarm_ended(link, SWARM_RESET, "connection reset by peer", end->world->now_ms);
}

void
world_set_way(struct world_node *a, struct world_node *b, enum world_way way)
{
    struct world *world = a->world;

    world->ways[a - world->nodes][b - world->nodes] = world->ways[b - world->nodes][a - world->nodes] = way;
    for (struct world_end *e = world->ends; e && way == WORLD_REFUSING; e = e->next) {
        if (is_between(e, a, b))
            break_off(e);
    }
}

/* --- looking --------------------------------------------------------------------------------------- */

size_t
world_open_ends(const struct world_node *node)
{
    size_t count = 0;

    for (const struct world_end *e = node->world->ends; e; e = e->next)
        count += e->node == node && e->link != NULL;
    return count;
}

struct swarm_counts
world_counts(const struct world_node *node)
{
    struct swarm_counts counts;

    swarm_count(node->swarm, &counts);
    return counts;
}

struct swarm_row
world_row(const struct world_node *node, const struct world_node *of)
{
    struct swarm_row *rows = calloc(PEERS_MAX, sizeof(*rows)), row = { .id = { .len = 0 } };
    size_t total, count;

    assert_non_null(rows);
    count = swarm_rows(node->swarm, rows, PEERS_MAX, node->world->now_ms, &total);
    for (size_t i = 0; i < count; i++) {
        if (peerid_compare(&rows[i].id, &of->identity.peer) == 0)
            row = rows[i];
    }
    free(rows);
    return row;
}

size_t
world_lines(const struct world_node *node, const char *text)
{
    size_t count = 0, kept = node->line_count < WORLD_LINES_MAX ? node->line_count : WORLD_LINES_MAX;

    for (size_t i = 0; i < kept; i++)
        count += strstr(node->lines[i], text) != NULL;
    return count;
}
