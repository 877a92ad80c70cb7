/*
 * heal_cost.c - what it costs two nodes to find in which keys they differ, and to heal: bytes, round trips and CPU time of
 * both sides, by sketch and by descent, for states and differences of many sizes; and by stream into an empty node.
 * Messages go from one to the other in memory; records carry no signatures, which are no part of this.
 *
 *   heal_cost COUNT...
 *
 * The rival is negentropy, of which the bytes are known for ids placed by key: figures of its message sizes at one
 * million, and 40 ms of CPU time.
 */
#include "config.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/le.h"
#include "bench/bench.h"
#include "state/heal.h"
#include "state/tree.h"

#define INDEX_BITS 20
#define CLOCK_MS UINT64_C(1700000000000)

struct leaf {
    uint8_t keyhash[32], leaf[32];
    uint32_t number, version;
};

struct node {
    struct leaf *leaves; /* ascending */
    size_t count;
    size_t *index;
    struct tree *tree;
    uint64_t pinned;
    struct sketch_cell *cells;
    struct recon_view view;
    uint8_t record[RECORD_OVERHEAD + BENCH_KEY_MAX + BENCH_VALUE_MAX];
};

static struct network network;
static uint8_t sketch_hash_key[SIPHASH_KEY_LEN];

/* --- made-up records ------------------------------------------------------------------------------------- */

static size_t
make_record(uint64_t number, uint64_t version, uint8_t *out)
{
    char key[BENCH_KEY_MAX], value[BENCH_VALUE_MAX];
    size_t key_len = bench_key(number, key), value_len = bench_value(number + version * 7, value);
    uint8_t *at = out;

    memset(out, 0, 56);
    *at++ = 1;
    *at++ = 0;
    at = lat_put_u16le(at, (uint16_t)key_len);
    at = lat_put_u32le(at, (uint32_t)value_len);
    lat_put_u64le(at, HLC_OF_MS(CLOCK_MS) + number + version);
    memset(out + 24, 7, 32);
    at = lat_put_bytes(out + 56, (const uint8_t *)key, key_len);
    at = lat_put_bytes(at, (const uint8_t *)value, value_len);
    memset(at, 9, 64);
    return (size_t)(at - out) + 64;
}

static void
read_record(const uint8_t *bytes, size_t len, struct record *out)
{
    if (record_parse_trusted(&network, bytes, len, out))
        bench_fail("record", "not well-formed");
}

/* --- the view of a node ------------------------------------------------------------------------------------ */

static size_t
slot_of(const uint8_t keyhash[32])
{
    return (size_t)(keyhash[0] << 16 | keyhash[1] << 8 | keyhash[2]) >> (24 - INDEX_BITS);
}

static size_t
place_of(const struct node *node, const uint8_t keyhash[32])
{
    size_t at = node->index[slot_of(keyhash)];

    while (at < node->count && memcmp(node->leaves[at].keyhash, keyhash, 32) < 0)
        at++;
    return at;
}

static enum lat_err
tree_leaves(void *arg, const uint8_t from[32], tree_leaf_fn fn, void *fn_arg)
{
    const struct node *node = arg;
    enum lat_err err = LAT_OK;

    for (size_t at = place_of(node, from); at < node->count && !err; at++)
        err = fn(fn_arg, node->leaves[at].keyhash, node->leaves[at].leaf);
    return err;
}

static enum lat_err
each_leaf(void *arg, const uint8_t from[32], recon_leaf_fn fn, void *fn_arg)
{
    const struct node *node = arg;
    enum lat_err err = LAT_OK;

    for (size_t at = place_of(node, from); at < node->count && !err; at++)
        err = fn(fn_arg, node->leaves[at].keyhash, node->leaves[at].leaf, 1);
    return err;
}

static enum lat_err
each(void *arg, const uint8_t from[32], recon_record_fn fn, void *fn_arg)
{
    struct node *node = arg;
    enum lat_err err = LAT_OK;

    for (size_t at = place_of(node, from); at < node->count && !err; at++) {
        struct record record;

        read_record(node->record, make_record(node->leaves[at].number, node->leaves[at].version, node->record), &record);
        err = fn(fn_arg, &record);
    }
    return err;
}

static enum lat_err
get(void *arg, const uint8_t keyhash[32], struct record *out)
{
    struct node *node = arg;
    size_t at = place_of(node, keyhash);

    if (at == node->count || memcmp(node->leaves[at].keyhash, keyhash, 32) != 0)
        return LAT_NOTFOUND;
    read_record(node->record, make_record(node->leaves[at].number, node->leaves[at].version, node->record), out);
    return LAT_OK;
}

static enum lat_err
subtree(void *arg, const uint8_t prefix[32], unsigned bits, uint64_t *count, uint8_t hash[32])
{
    struct node *node = arg;
    struct tree_source source = { .each = tree_leaves, .arg = node };

    if (tree_look(node->tree, node->pinned, prefix, bits, count, hash))
        return LAT_OK;
    return tree_fold(&source, prefix, bits, count, hash);
}

static enum lat_err
cells(void *arg, const uint8_t root[32], size_t count, struct sketch_cell *out, uint8_t of[32], uint64_t *records)
{
    const struct node *node = arg;

    (void)root;
    memcpy(out, node->cells, count * sizeof(*out));
    memcpy(of, node->view.root, 32);
    *records = node->view.count;
    return LAT_OK;
}

/* --- making, copying, changing ----------------------------------------------------------------------------- */

static int
compare_leaves(const void *a, const void *b)
{
    return memcmp(a, b, 32);
}

static void
seal(struct node *node)
{
    uint8_t top[32];

    tree_top(node->tree, top);
    node->view.count = node->count;
    tree_root_hash(network.id, node->count, top, node->view.root);
}

static void
toggle(struct node *node, const struct leaf *leaf, int change)
{
    uint8_t element[SKETCH_ELEMENT_LEN];

    sketch_element(leaf->keyhash, leaf->leaf, element);
    sketch_toggle(node->cells, SKETCH_CELLS, sketch_hash_key, element, change);
}

/* Index, tree and sketch of the leaves that it has. */
static void
finish(struct node *node)
{
    struct tree_source source = { .each = tree_leaves, .arg = node };

    node->index = calloc((size_t)1 << INDEX_BITS, sizeof(*node->index));
    node->cells = calloc(SKETCH_CELLS, sizeof(*node->cells));
    if (node->index == NULL || node->cells == NULL)
        bench_fail("node", "out of memory");
    for (size_t slot = 0, at = 0; slot < (size_t)1 << INDEX_BITS; slot++) {
        while (at < node->count && slot_of(node->leaves[at].keyhash) < slot)
            at++;
        node->index[slot] = at;
    }
    for (size_t i = 0; i < node->count; i++)
        toggle(node, &node->leaves[i], 1);
    if (tree_build(&source, node->count, &node->tree))
        bench_fail("tree", "cannot be built");
    node->pinned = tree_pin(node->tree);
    node->view = (struct recon_view){ .network = &network,
                                      .now_ms = CLOCK_MS,
                                      .get = get,
                                      .each = each,
                                      .each_leaf = each_leaf,
                                      .subtree = subtree,
                                      .cells = cells,
                                      .arg = node };
    seal(node);
}

static void
make(struct node *node, size_t count)
{
    *node = (struct node){ .leaves = calloc(count ? count : 1, sizeof(struct leaf)), .count = count };
    if (node->leaves == NULL)
        bench_fail("leaves", "out of memory");
    for (size_t i = 0; i < count; i++) {
        struct record record;

        read_record(node->record, make_record(i, 0, node->record), &record);
        memcpy(node->leaves[i].keyhash, record.keyhash, 32);
        memcpy(node->leaves[i].leaf, record.leaf, 32);
        node->leaves[i].number = (uint32_t)i;
    }
    qsort(node->leaves, count, sizeof(*node->leaves), compare_leaves);
    finish(node);
}

static void
copy(struct node *to, const struct node *from)
{
    *to = (struct node){ .leaves = calloc(from->count, sizeof(struct leaf)), .count = from->count };
    if (to->leaves == NULL)
        bench_fail("leaves", "out of memory");
    memcpy(to->leaves, from->leaves, from->count * sizeof(*to->leaves));
    finish(to);
}

static void
let_go(struct node *node)
{
    tree_unpin(node->tree, node->pinned);
    tree_free(node->tree);
    free(node->leaves);
    free(node->index);
    free(node->cells);
}

/* These leaves have changed. */
static void
fold_again(struct node *node, uint8_t (*touched)[32], size_t count)
{
    struct tree_source source = { .each = tree_leaves, .arg = node };
    struct tree_change *change;

    if (tree_prepare(node->tree, &source, (const uint8_t(*)[32])touched, count, &change))
        bench_fail("tree", "no change");
    tree_unpin(node->tree, node->pinned);
    tree_apply(node->tree, change);
    node->pinned = tree_pin(node->tree);
    seal(node);
}

static void
put(struct node *node, const struct record *record, uint32_t version)
{
    struct leaf *leaf = &node->leaves[place_of(node, record->keyhash)];

    toggle(node, leaf, -1);
    memcpy(leaf->leaf, record->leaf, 32);
    leaf->version = version;
    toggle(node, leaf, 1);
}

/* The next version of `count` records, all over the tree. */
static void
change(struct node *node, size_t count, uint32_t version)
{
    uint8_t(*touched)[32] = calloc(count, sizeof(*touched));

    if (touched == NULL)
        bench_fail("change", "out of memory");
    for (size_t i = 0; i < count; i++) {
        struct record record;
        size_t number = (i * 1000003 + version * 7919) % node->count;

        read_record(node->record, make_record(number, version, node->record), &record);
        memcpy(touched[i], record.keyhash, 32);
        put(node, &record, version);
    }
    fold_again(node, touched, count);
    free(touched);
}

/* --- a session ------------------------------------------------------------------------------------------ */

enum way { WAY_SKETCH, WAY_GOSSIP, WAY_DESCENT, WAYS };
static const char *const way_names[WAYS] = { "sketch", "sketch begun by gossip", "descent" };

struct cost {
    size_t finding, total; /* bytes: of CELLS and DESCEND; of everything */
    unsigned trips;
    double cpu; /* s, both sides; without applying */
};

static void
exchange(struct heal *heal, struct node *here, struct node *there, struct cost *cost)
{
    struct lat_buf request, reply;
    bool finds;

    lat_buf_init(&request, RECON_MESSAGE_MAX);
    lat_buf_init(&reply, RECON_MESSAGE_MAX);
    if (heal_ask(heal, &here->view, 0, &request))
        bench_fail("session", heal->why.text);
    if (heal->state == HEAL_WAIT) {
        if (recon_handle(&there->view, request.data, request.len, NULL, 0, &reply))
            bench_fail("session", "no answer");
        finds = request.data[0] != RECON_RECORDS;
        cost->finding += finds ? request.len + reply.len : 0;
        cost->total += request.len + reply.len;
        cost->trips++;
        if (heal_take(heal, &here->view, reply.data, reply.len, 0))
            bench_fail("session", heal->why.text);
    }
    lat_buf_fini(&request);
    lat_buf_fini(&reply);
}

static void
apply(struct heal *heal, struct node *here, uint32_t version)
{
    size_t count = heal->batch_count;
    uint8_t *verdicts = calloc(count, 1), (*touched)[32] = calloc(count, sizeof(*touched));
    const uint8_t *at = heal->batch.data;

    if (verdicts == NULL || touched == NULL)
        bench_fail("apply", "out of memory");
    for (size_t i = 0; i < count; i++, at += 4 + lat_get_u32le(at)) {
        struct record record;

        read_record(at + 4, lat_get_u32le(at), &record);
        memcpy(touched[i], record.keyhash, 32);
        if (here->count > 0)
            put(here, &record, version);
    }
    if (here->count > 0)
        fold_again(here, touched, count);
    heal_batch_sent(heal);
    heal_verdicts(heal, verdicts, count, 0);
    free(verdicts);
    free(touched);
}

/* The first cells, as a gossip message brings them; returns their bytes. */
static size_t
hint(struct heal *heal, const struct node *there)
{
    struct lat_buf bytes;
    size_t len;

    lat_buf_init(&bytes, 1000);
    if (sketch_write(there->cells, 0, HEAL_HINT_CELLS, there->view.count, &bytes) ||
        heal_hint(heal, there->view.root, there->view.count, bytes.data, bytes.len))
        bench_fail("session", "no cells of a gossip message");
    len = bytes.len;
    lat_buf_fini(&bytes);
    return len;
}

/* One session, timed but for applying. */
static struct cost
run(struct node *here, struct node *there, uint32_t version, enum way way)
{
    static const uint8_t salt[HEAL_SALT_LEN] = "sixteen bytes of";
    struct recon_status status = { .count = there->view.count };
    struct cost cost = { 0 };
    struct heal heal;

    memcpy(status.root, there->view.root, 32);
    heal_init(&heal);
    heal.sketch_pause_until_ms = way == WAY_DESCENT ? UINT64_MAX : 0;
    if (way == WAY_GOSSIP)
        cost.finding += hint(&heal, there);
    cost.cpu -= bench_cpu();
    heal_start(&heal, &status, &here->view, salt, 0);
    while (heal.state == HEAL_ASK || heal.state == HEAL_APPLY) {
        if (heal.state == HEAL_ASK) {
            exchange(&heal, here, there, &cost);
            continue;
        }
        cost.cpu += bench_cpu();
        apply(&heal, here, version);
        cost.cpu -= bench_cpu();
    }
    cost.cpu += bench_cpu();
    if (here->count > 0 && heal.end != HEAL_EQUAL)
        bench_fail("session", heal.why.text[0] ? heal.why.text : "the roots differ after it");
    heal_fini(&heal);
    return cost;
}

/* --- lines for the table ------------------------------------------------------------------------------ */

struct figures {
    struct series finding, total, trips, cpu;
};

static void
add(struct figures *f, const struct cost *cost)
{
    series_add(&f->finding, (double)cost->finding);
    series_add(&f->total, (double)cost->total);
    series_add(&f->trips, cost->trips);
    series_add(&f->cpu, 1e3 * cost->cpu);
}

static void
print(const struct node *node, size_t d, enum way way, struct figures *f)
{
    static const double negentropy[] = { 2500, 20000, 169000, 1410000 }; /* for 1, 10, 100, 1000 of a million */
    bool sketch = way != WAY_DESCENT;
    size_t power = (size_t)(log10((double)d) + 0.5);
    char what[96];

    snprintf(what, sizeof(what), "bytes to find %zu changed of %zu, %s", d, node->count, way_names[way]);
    if (node->count == 1000000)
        bench_line("heal", what, "B", series_at(&f->finding, 0.5), "negentropy", negentropy[power],
                   !sketch ? "<=0.35x" : d == 1 ? "<=0.25x" : "<=0.10x");
    else
        bench_line("heal", what, "B", series_at(&f->finding, 0.5), NULL, 0, "");
    snprintf(what, sizeof(what), "round trips with the data, %zu of %zu, %s", d, node->count, way_names[way]);
    bench_line("heal", what, "", series_at(&f->trips, 0.5), NULL, 0, sketch ? "<=4" : "");
    snprintf(what, sizeof(what), "CPU of both sides, %zu of %zu, %s", d, node->count, way_names[way]);
    if (node->count == 1000000 && d == 100)
        bench_line("heal", what, "ms", series_at(&f->cpu, 0.5), "negentropy", 40, "<=0.1x");
    else
        bench_line("heal", what, "ms", series_at(&f->cpu, 0.5), NULL, 0, "");
    series_free(&f->finding);
    series_free(&f->total);
    series_free(&f->trips);
    series_free(&f->cpu);
}

static void
measure_finding(struct node *here, struct node *there)
{
    static const size_t sizes[] = { 1, 10, 100, 1000 };
    unsigned rounds = bench_setting("BENCH_ROUNDS", 9);
    uint32_t version = 1;

    for (enum way way = WAY_SKETCH; way < WAYS; way++)
        for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
            struct figures f = { 0 };

            for (unsigned round = 0; round < rounds; round++, version++) {
                struct cost cost;

                change(there, sizes[i], version);
                cost = run(here, there, version, way);
                add(&f, &cost);
            }
            print(there, sizes[i], way, &f);
        }
}

/* The whole state into an empty node, a session's worth of it. */
static void
measure_stream(struct node *there)
{
    struct node empty;
    struct cost cost;
    char what[96];

    make(&empty, 0);
    cost = run(&empty, there, 0, WAY_SKETCH);
    snprintf(what, sizeof(what), "%zu records into an empty node, stream, without applying", there->count);
    bench_line("heal", what, "MB", (double)cost.total / 1e6, NULL, 0, "");
    snprintf(what, sizeof(what), "CPU of both sides for it, made-up records included");
    bench_line("heal", what, "s", cost.cpu, NULL, 0, "");
    let_go(&empty);
}

int
main(int argc, char **argv)
{
    if (argc < 2)
        bench_fail("heal", "heal_cost COUNT...");
    if (network_init(&network, "lattice"))
        bench_fail("heal", "no network");
    sketch_key(&network, sketch_hash_key);
    for (int i = 1; i < argc; i++) {
        size_t count = strtoull(argv[i], NULL, 10);
        struct node here, there;

        if (count < 1000)
            bench_fail("heal", "a count of at least 1000");
        make(&here, count);
        copy(&there, &here);
        measure_finding(&here, &there);
        if (count <= 100000)
            measure_stream(&there);
        let_go(&here);
        let_go(&there);
    }
    return 0;
}
