/* node.c - the node's life: what is opened in which order, the loop, and the end. */
#include "config.h"

#include "node/node.h"

#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include "base/wipe.h"
#include "node/node_parts.h"
#include "wire/peerid.h"

/* --- the loop -------------------------------------------------------------------------------------- */

static void stop_loop(struct node *node);

static void
on_tick(uv_timer_t *timer)
{
    struct node *node = timer->data;

    if (node->stopping)
        return;
    node_lungs_tick(node);
    node_scrub_tick(node);
    node_snapshot_publish(node);
}

/* Commands, and commits of the store thread. */
static void
on_wake(uv_async_t *wake)
{
    struct node *node = wake->data;

    if (node->closing)
        return;
    node_commands_run(node);
    node->changed = true;
    if (node->stopping) {
        stop_loop(node);
        return;
    }
    node_p2p_turn(node); /* what was written here goes out at once */
    node_snapshot_publish(node);
}

/*
 * Any thread: a command was queued, or (store thread) a commit changed the root or the store's condition. The lock keeps the
 * handle open for the length of the call.
 */
static void
wake_node(void *arg)
{
    struct node *node = arg;

    pthread_mutex_lock(&node->wake_lock);
    if (node->looping)
        uv_async_send(&node->wake);
    pthread_mutex_unlock(&node->wake_lock);
}

static void
set_looping(struct node *node, bool looping)
{
    pthread_mutex_lock(&node->wake_lock);
    node->looping = looping;
    pthread_mutex_unlock(&node->wake_lock);
}

static void
close_loop(struct node *node)
{
    uv_close((uv_handle_t *)&node->wake, NULL);
    uv_close((uv_handle_t *)&node->tick, NULL);
    hostwatch_close(node->hostwatch);
}

/* Both lungs off, a last snapshot that says STOPPING, then the handles go and uv_run returns. */
static void
stop_loop(struct node *node)
{
    const struct lung_event event = { .kind = LUNG_EV_STOP };
    struct lung_step step = lung_event(&node->lung, &event, uv_now(&node->loop));

    node->closing = true;
    node_lungs_follow(node, &step);
    node_snapshot_publish_now(node);
    set_looping(node, false);
    node_lungs_close(node, close_loop);
}

static void *
run_loop(void *arg)
{
    struct node *node = arg;

    uv_run(&node->loop, UV_RUN_DEFAULT);
    return NULL;
}

/* --- start ----------------------------------------------------------------------------------------- */

static void
copy_trust(void *arg, struct trust *out)
{
    struct node *node = arg;

    pthread_mutex_lock(&node->trust_lock);
    *out = node->trust->trust;
    pthread_mutex_unlock(&node->trust_lock);
}

static enum lat_err
open_state(struct node *node, struct lat_msg *why)
{
    const struct config *c = node->config;
    char dir[4096];
    struct store_options options = { .dir = dir, .network = c->network, .map_max = c->store_max,
                                     .on_change = wake_node, .arg = node };
    enum lat_err err = files_lock(c->state_dir, &node->lock_fd, why);

    if (err)
        return err;
    err = files_key(c->state_dir, c->has_seed ? c->seed : NULL, &node->key, why);
    if (err)
        return err;
    err = files_cookie_make(c->state_dir, node->cookie, why);
    if (err)
        return err;
    peerid_of_ed25519(key_public(node->key), node->peer_id);
    if (!node_trust_load(node)) {
        lat_msg_set(why, "node: out of memory");
        return LAT_NOMEM;
    }
    snprintf(dir, sizeof(dir), "%s/store", c->state_dir);
    options.key = node->key;
    err = store_open(&options, &node->store, why);
    if (err)
        return err;
    node->docs = statedocs_new(node->store, c->state_dir);
    node->healings = healings_new();
    if (node->docs && node->healings)
        return LAT_OK;
    lat_msg_set(why, "node: out of memory");
    return LAT_NOMEM;
}

bool
node_trust_load(struct node *node)
{
    struct trust_set *former = node->trust, *fresh;
    struct trust trust;

    config_trust(node->config, key_public(node->key), &trust);
    fresh = trust_set_new(&trust);
    if (fresh == NULL)
        return false;
    pthread_mutex_lock(&node->trust_lock);
    node->trust = fresh;
    pthread_mutex_unlock(&node->trust_lock);
    trust_set_unref(former);
    node->trust_number++;
    return true;
}

struct trust_set *
node_trust_ref(struct node *node)
{
    struct trust_set *set;

    pthread_mutex_lock(&node->trust_lock);
    set = trust_set_ref(node->trust);
    pthread_mutex_unlock(&node->trust_lock);
    return set;
}

/* The lists of a configuration in the API's form. urls: room for the sources, with a NULL behind. */
static struct api_facts
facts_of(const struct config *c, const char *urls[CONFIG_SOURCES_MAX + 1])
{
    for (size_t i = 0; i < c->source_count; i++)
        urls[i] = c->sources[i].url;
    urls[c->source_count] = NULL;
    return (struct api_facts){
        .production = c->production,
        .violations = c->warnings,
        .hosts = c->api_hosts,
        .cors_origins = c->cors_origins,
        .listen_multiaddrs = c->p2p_listen,
        .bootstrap_peers = c->p2p_bootstrap,
        .sources = urls,
        .uids = c->uids,
        .uid_count = c->uid_count,
        .gids = c->gids,
        .gid_count = c->gid_count,
        .tokens_file = c->api_tokens_file,
        .tls_cert = c->tls_cert,
        .tls_key = c->tls_key,
    };
}

static enum lat_err
start_api(struct node *node, struct lat_msg *why)
{
    const struct config *c = node->config;
    const char *urls[CONFIG_SOURCES_MAX + 1];
    char socket_path[4096];
    struct api_options options = { .listen = c->api_listen,
                                   .sync_listen = c->sync_listen,
                                   .socket_path = socket_path,
                                   .exchange = node->exchange,
                                   .store = node->store,
                                   .docs = node->docs,
                                   .healings = node->healings,
                                   .key = node->key,
                                   .get_trust = copy_trust,
                                   .arg = node,
                                   .cookie = node->cookie,
                                   .version = node->version,
                                   .facts = facts_of(c, urls) };

    snprintf(socket_path, sizeof(socket_path), "%s/api.sock", c->state_dir);
    return server_start(&options, &node->server, why);
}

void
node_api_reload(struct node *node)
{
    const char *urls[CONFIG_SOURCES_MAX + 1];
    struct api_facts facts = facts_of(node->config, urls);
    struct lat_msg why = { "" };

    if (server_set_facts(node->server, &facts, &why))
        lat_log(LAT_WARNING, "[STARTUP] [WARN] the API keeps what it had: %s", why.text);
}

static enum lat_err
start_loop(struct node *node, struct lat_msg *why)
{
    enum lat_err err;

    node->started_ms = lat_mono_ms();
    node->wake.data = node;
    node->tick.data = node;
    if (uv_async_init(&node->loop, &node->wake, on_wake) || uv_timer_init(&node->loop, &node->tick) ||
        uv_timer_start(&node->tick, on_tick, NODE_TICK_MS, NODE_TICK_MS)) {
        lat_msg_set(why, "node: the event loop cannot be made");
        return LAT_SYS;
    }
    uv_update_time(&node->loop);
    node_history_open(node);
    err = node_lungs_start(node, why);
    if (err)
        return err;
    node->hostwatch = hostwatch_new(&node->loop, node_network_changed, node);
    if (node->hostwatch == NULL) {
        lat_msg_set(why, "node: out of memory");
        return LAT_NOMEM;
    }
    node_snapshot_publish_now(node);
    set_looping(node, true);
    exchange_on_command(node->exchange, wake_node, node);
    if (pthread_create(&node->thread, NULL, run_loop, node) == 0)
        return LAT_OK;
    lat_msg_set(why, "node: no thread to be had");
    return LAT_SYS;
}

/* --- end ------------------------------------------------------------------------------------------- */

/* In the order of dependence: nobody asks any more, then the API, then what it read, then the store. */
static void
release(struct node *node)
{
    exchange_close(node->exchange);
    server_stop(node->server);
    statedocs_free(node->docs);
    healings_free(node->healings);
    store_close(node->store);
    node_p2p_fini(node);
    trust_set_unref(node->trust);
    node_history_fini(node);
    key_free(node->key);
    if (node->lock_fd >= 0)
        files_unlock(node->lock_fd);
    config_free(node->config);
    uv_loop_close(&node->loop);
    pthread_mutex_destroy(&node->trust_lock);
    pthread_mutex_destroy(&node->wake_lock);
    lat_wipe(node->cookie, sizeof(node->cookie));
    free(node);
}

enum lat_err
node_start(const struct node_options *options, struct node **out, struct lat_msg *why)
{
    struct node *node = calloc(1, sizeof(*node));
    sigset_t all, before;
    enum lat_err err;

    if (node == NULL || uv_loop_init(&node->loop) != 0) {
        free(node);
        lat_msg_set(why, "node: out of memory");
        return LAT_NOMEM;
    }
    node->config = options->config;
    node->exchange = options->exchange;
    node->version = options->version;
    node->demo = options->demo;
    node->reload = options->reload;
    node->arg = options->arg;
    node->lock_fd = -1;
    pthread_mutex_init(&node->trust_lock, NULL);
    pthread_mutex_init(&node->wake_lock, NULL);
    /* Signals are the main thread's: every thread made from here on blocks all of them. */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    err = open_state(node, why);
    if (!err)
        err = start_api(node, why);
    if (!err)
        err = start_loop(node, why);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (err) {
        node->config = NULL; /* stays the caller's */
        release(node);
        return err;
    }
    *out = node;
    return LAT_OK;
}

void
node_stop(struct node *node)
{
    struct command *stop;

    if (node == NULL)
        return;
    stop = command_new(COMMAND_STOP);
    while (stop && exchange_submit(node->exchange, stop) == LAT_BUSY)
        sched_yield();
    pthread_join(node->thread, NULL);
    release(node);
    lat_log(LAT_NOTICE, "[STARTUP] node stopped, everything is durable");
}
