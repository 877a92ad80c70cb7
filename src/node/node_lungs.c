/*
 * node_lungs.c - the driver of both lungs: tells the machine (lung.h) what happened, carries out what it asks for, begins the rounds
 * that lung_http.h finds due, and gives the poller what it needs of the node.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "crypto/rand.h"
#include "node/node_parts.h"
#include "state/recon_reader.h"

static uint32_t
random_u32(void)
{
    return (uint32_t)rand_u64();
}

/* --- steps of the machine -------------------------------------------------------------------------- */

/* What log lines tell beyond the machine. The errors stand in `lung`, which must outlive the call. */
static struct heartbeat_facts
facts_of(const struct node *node, struct snapshot_lung *lung)
{
    memset(lung, 0, sizeof(*lung));
    poller_fill_lung(node->poller, uv_now(&node->loop), lung);
    lung_http_fill(&node->http, uv_now(&node->loop), lung);
    return (struct heartbeat_facts){ .p2p_error = node_p2p_error(node),
                                     .http_error = lung->http_error,
                                     .sources = lung->http_sources,
                                     .http_usable = lung->http_usable };
}

static void
carry_out(struct node *node, uint32_t actions)
{
    if (actions & (LUNG_DO_HTTP_DISCARD | LUNG_DO_HTTP_STANDBY | LUNG_DO_HTTP_WARM | LUNG_DO_ISOLATED))
        poller_set_carrying(node->poller, false);
    if (actions & (LUNG_DO_HTTP_OFF | LUNG_DO_STOP)) {
        poller_set_carrying(node->poller, false);
        poller_cancel(node->poller);
    }
    if (actions & LUNG_DO_HTTP_STANDBY)
        poller_drop_staged(node->poller);
    if (actions & (LUNG_DO_P2P_OFF | LUNG_DO_STOP))
        node_p2p_stop(node);
    if (actions & (LUNG_DO_P2P_ON | LUNG_DO_P2P_RETRY))
        node_p2p_start(node);
    if (actions & LUNG_DO_HTTP_CARRY) {
        poller_set_carrying(node->poller, true);
        poller_apply_staged(node->poller);
    }
}

void
node_lungs_follow(struct node *node, const struct lung_step *step)
{
    uint64_t now = uv_now(&node->loop);
    bool ran = node->http.running;
    struct snapshot_lung lung;
    struct heartbeat_facts facts;

    carry_out(node, step->actions);
    lung_http_follow(&node->http, &node->lung.k, step, now, random_u32());
    if (ran && !node->http.running)
        poller_cancel_round(node->poller);
    facts = facts_of(node, &lung);
    heartbeat_step(&node->heartbeat, &node->lung, step, &facts, now);
    node->changed = node->changed || step->moved;
    node_p2p_tell_failure(node);
}

/* H may have changed: let the machine know. */
static void
tell_round(struct node *node)
{
    struct lung_step step = lung_round(&node->lung, lung_http_is_usable(&node->http), lung_http_why(&node->http),
                                       uv_now(&node->loop));

    node_lungs_follow(node, &step);
}

/* --- rounds ---------------------------------------------------------------------------------------- */

static enum poller_mode
mode_of(enum lung_http_mode mode)
{
    switch (mode) {
    case LUNG_HTTP_OFF:
    case LUNG_HTTP_STANDBY:
        return POLLER_STANDBY;
    case LUNG_HTTP_WARM:
    case LUNG_HTTP_SEEK:
        return POLLER_PROBE;
    case LUNG_HTTP_CARRY:
        return POLLER_CARRY;
    }
    return POLLER_STANDBY;
}

/* HTTP forced but down: it carries at the first success. */
static bool
carries_when_found(const struct node *node)
{
    return node->lung.state == LUNG_FHTTP_DOWN;
}

static void
begin_rounds(struct node *node)
{
    uint64_t now = uv_now(&node->loop);

    if (!lung_http_is_due(&node->http, now))
        return;
    lung_http_begin(&node->http, now);
    poller_round(node->poller, carries_when_found(node) ? POLLER_CARRY : mode_of(node->http.mode));
}

void
node_lungs_tick(struct node *node)
{
    uint64_t now = uv_now(&node->loop);
    struct lung_step step;
    struct snapshot_lung lung;
    struct heartbeat_facts facts;

    node_p2p_tick(node);
    if (lung_http_tick(&node->http, &node->lung.k, now))
        tell_round(node);
    step = lung_tick(&node->lung, now);
    node_lungs_follow(node, &step);
    begin_rounds(node);
    facts = facts_of(node, &lung);
    heartbeat_tick(&node->heartbeat, &node->lung, &facts, now);
}

void
node_lungs_hurry(struct node *node)
{
    poller_forget_backoff(node->poller);
    node_sync_hurry(node);
    lung_http_hurry(&node->http, uv_now(&node->loop));
}

/* --- what the poller asks of the node -------------------------------------------------------------- */

static void
on_good(void *arg)
{
    struct node *node = arg;

    lung_http_success(&node->http, uv_now(&node->loop));
    tell_round(node);
}

static void
on_round_done(void *arg, bool ok, const char *error)
{
    struct node *node = arg;

    (void)ok;
    (void)error; /* stands in the poller's rows and in poller_fill_lung */
    lung_http_end(&node->http, &node->lung.k, uv_now(&node->loop), random_u32());
    tell_round(node);
    node->changed = true;
}

static void
on_changed(void *arg)
{
    struct node *node = arg;

    node->changed = true;
}

static void
tell_head(void *arg, struct poller_head *out)
{
    struct node *node = arg;
    struct store_head head;

    store_head(node->store, &head);
    *out = (struct poller_head){ .count = head.count, .hlc = head.hlc, .lost = head.lost, .readable = !head.damaged, .incomplete = head.incomplete };
    memcpy(out->root, head.root, sizeof(out->root));
    out->has_flat_root = statedocs_flat_root(node->docs, head.root, out->flat_root);
}

enum lat_err
node_view_begin(struct node *node, struct recon_view *out)
{
    struct reader *reader;
    enum lat_err err = reader_begin(node->store, &reader);

    if (!err)
        recon_view_of_reader(node->store, reader, out);
    return err;
}

void
node_view_end(struct recon_view *view)
{
    reader_end(view->arg);
}

static enum lat_err
begin_view(void *arg, struct recon_view *out)
{
    return node_view_begin(arg, out);
}

static void
end_view(void *arg, struct recon_view *view)
{
    (void)arg;
    node_view_end(view);
}

static enum lat_err
take_records(void *arg, const uint8_t *records, size_t len, size_t count, poller_applied_fn fn, void *fn_arg)
{
    struct node *node = arg;

    return apply_records(node->apply, APPLY_FROM_HTTP, records, len, count, fn, fn_arg);
}

static void
discard_records(void *arg)
{
    struct node *node = arg;

    apply_discard(node->apply, APPLY_FROM_HTTP);
}

static enum lat_err
take_state(void *arg, const uint8_t source_id[32], const struct store_foreign *entries, size_t count, uint64_t attested_ms,
           poller_imported_fn fn, void *fn_arg)
{
    struct node *node = arg;

    return apply_import(node->apply, source_id, entries, count, attested_ms, fn, fn_arg);
}

static void
set_filling(void *arg, bool incomplete)
{
    struct node *node = arg;

    store_set_incomplete(node->store, incomplete);
}

static void
want_flat_root(void *arg)
{
    struct node *node = arg;

    (void)statedocs_ask(node->docs, false);
}

static void
on_attested(void *arg, const struct recon_status *status)
{
    node_live_attested_http(arg, status);
}

static void
give_random(void *arg, void *out, size_t len)
{
    (void)arg;
    rand_bytes(out, len);
}

static void
on_healed(void *arg, const struct healing *healing)
{
    struct node *node = arg;

    healings_add(node->healings, healing);
}

static const struct poller_ops poller_ops = {
    .head = tell_head,
    .view_begin = begin_view,
    .view_end = end_view,
    .apply = take_records,
    .discard = discard_records,
    .import = take_state,
    .filling = set_filling,
    .want_flat_root = want_flat_root,
    .good = on_good,
    .round_done = on_round_done,
    .changed = on_changed,
    .attested = on_attested,
    .healed = on_healed,
    .random = give_random,
};

/* --- start, reload, end ---------------------------------------------------------------------------- */

/* The poller's part of the configuration. rows: room for the sources. */
static struct poller_config
poller_config_of(const struct node *node, struct poller_source rows[CONFIG_SOURCES_MAX])
{
    const struct config *c = node->config;

    for (size_t i = 0; i < c->source_count; i++) {
        rows[i] = (struct poller_source){ .url = c->sources[i].url, .bound = c->sources[i].bound };
        memcpy(rows[i].key, c->sources[i].key, sizeof(rows[i].key));
    }
    return (struct poller_config){ .network = store_network(node->store),
                                   .trust = &node->trust->trust,
                                   .sources = rows,
                                   .source_count = c->source_count,
                                   .ca_file = c->http_ca,
                                   .token_file = c->http_token_file,
                                   .connect_ms = c->lung.connect_ms,
                                   .total_ms = c->lung.total_ms };
}

static void
write_line(void *arg, enum lat_level level, const char *text)
{
    (void)arg;
    lat_log(level, "%s", text);
}

static void
start_machine(struct node *node)
{
    const struct config *c = node->config;
    uint64_t now = uv_now(&node->loop);
    struct snapshot_lung lung;
    struct heartbeat_facts facts;
    struct lung_step step;

    heartbeat_init(&node->heartbeat, write_line, node);
    lung_http_init(&node->http, (uint32_t)c->source_count);
    step = lung_start(&node->lung, &c->lung, c->policy, c->p2p_enabled, now);
    if (c->policy != LUNG_POLICY_AUTO)
        lat_copy(node->forced_by, sizeof(node->forced_by), "configuration");
    node_lungs_follow(node, &step);
    facts = facts_of(node, &lung);
    heartbeat_start(&node->heartbeat, &node->lung, &facts, now);
}

enum lat_err
node_lungs_start(struct node *node, struct lat_msg *why)
{
    struct poller_source rows[CONFIG_SOURCES_MAX];
    struct poller_config config = poller_config_of(node, rows);
    enum lat_err err = node_p2p_open(node);

    if (!err)
        err = apply_new(&node->loop, node->store, node->trust, &node->apply);
    if (!err)
        err = poller_new(&node->loop, &config, &poller_ops, node, &node->poller);
    if (err) {
        lat_msg_set(why, "node: the lungs cannot be made: %s", lat_err_text(err));
        return err;
    }
    start_machine(node);
    return LAT_OK;
}

void
node_lungs_reload(struct node *node)
{
    struct poller_source rows[CONFIG_SOURCES_MAX];
    struct poller_config config = poller_config_of(node, rows);

    apply_set_trust(node->apply, node->trust);
    if (poller_configure(node->poller, &config))
        lat_log(LAT_ERROR, "[HTTP_SYNC] [WARN] the HTTP lung keeps its former sources: out of memory");
    node_p2p_reload(node);
    lung_reload(&node->lung, &node->config->lung);
    if (lung_http_reload(&node->http, (uint32_t)node->config->source_count, poller_is_usable(node->poller),
                         uv_now(&node->loop)))
        tell_round(node);
    node_lungs_tick(node);
}

static void
apply_is_closed(void *arg)
{
    struct node *node = arg;

    node->apply = NULL;
    node_p2p_close(node, node->on_lungs_closed);
}

static void
poller_is_closed(void *arg)
{
    struct node *node = arg;

    node->poller = NULL;
    apply_close(node->apply, apply_is_closed, node);
}

void
node_lungs_close(struct node *node, void (*fn)(struct node *node))
{
    node->on_lungs_closed = fn;
    node_gossip_quiet(node);
    poller_close(node->poller, poller_is_closed, node);
}
