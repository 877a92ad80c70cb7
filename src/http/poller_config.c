/* The poller's life, and the sources that it knows. */
#include "config.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "http/poller_parts.h"

static void
free_peer(struct peer *peer)
{
    if (peer == NULL)
        return;
    heal_unstage(peer);
    source_fini(&peer->s);
    free(peer);
}

/* A peer for a source: one that we have, or a new one. */
static enum lat_err
peer_for(struct poller *p, const struct poller_source *config, struct peer **out)
{
    enum lat_err err;

    for (size_t i = 0; i < p->peer_count; i++) {
        if (p->peers[i] && source_is(&p->peers[i]->s, config)) {
            *out = p->peers[i];
            return LAT_OK;
        }
    }
    *out = calloc(1, sizeof(**out));
    if (*out == NULL)
        return LAT_NOMEM;
    (*out)->p = p;
    err = source_init(&(*out)->s, config);
    if (err)
        free_peer(*out);
    return err;
}

static bool
is_among(struct peer *const *peers, size_t count, const struct peer *peer)
{
    for (size_t i = 0; i < count; i++)
        if (peers[i] == peer)
            return true;
    return false;
}

/* One that is named twice is asked once. */
static bool
is_named_before(const struct poller_config *config, size_t i)
{
    struct poll_source s;
    bool named = false;

    if (source_init(&s, &config->sources[i]))
        return false;
    for (size_t j = 0; j < i && !named; j++)
        named = source_is(&s, &config->sources[j]);
    source_fini(&s);
    return named;
}

/* Free those of `peers` that are not the poller's own. */
static void
drop_new(struct poller *p, struct peer **peers, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!is_among(p->peers, p->peer_count, peers[i]))
            free_peer(peers[i]);
}

/* All or none: the new ones go when one cannot be made. */
static enum lat_err
make_peers(struct poller *p, const struct poller_config *config, struct peer **peers, size_t *count)
{
    size_t made = 0;

    for (size_t i = 0; i < config->source_count; i++) {
        enum lat_err err;

        if (is_named_before(config, i))
            continue;
        err = peer_for(p, &config->sources[i], &peers[made]);
        if (err) {
            drop_new(p, peers, made);
            return err;
        }
        made++;
    }
    *count = made;
    return LAT_OK;
}

static void
take_limits(struct poller *p, const struct poller_config *config)
{
    p->total_ms = config->total_ms ? config->total_ms : POLLER_TOTAL_MS;
    p->state_max = config->state_max ? config->state_max : POLLER_STATE_MAX;
    p->staged_max = config->staged_max ? config->staged_max : POLLER_STAGED_MAX;
}

static struct http_client_options
client_options(uv_loop_t *loop, const struct poller_config *config)
{
    return (struct http_client_options){
        .loop = loop,
        .connect_ms = config->connect_ms ? config->connect_ms : POLLER_CONNECT_MS,
        .bodies_max = config->bodies_max ? config->bodies_max : POLLER_BODIES_MAX,
        .ca_file = config->ca_file,
        .token_file = config->token_file,
    };
}

/* Another trust set: who is trusted is known at once, what follows from it at the next answer. */
static void
take_trust(struct poller *p, const struct trust *trust)
{
    p->trust = *trust;
    p->trust_number++;
    for (size_t i = 0; i < p->peer_count; i++) {
        struct poll_source *s = &p->peers[i]->s;

        s->shown.trusted = s->has_shown && s->shown.time_ms > 0 && trust_attests(trust, s->shown.key);
        s->h.wants = false;
        heal_unstage(p->peers[i]);
        heal_peer_forget_pause(&s->h);
    }
}

enum lat_err
poller_configure(struct poller *p, const struct poller_config *config)
{
    struct http_client_options options = client_options(p->loop, config);
    struct peer **peers = calloc(config->source_count + 1, sizeof(struct peer *));
    size_t count = 0;
    enum lat_err err = peers ? make_peers(p, config, peers, &count) : LAT_NOMEM;

    if (!err) {
        err = http_client_configure(p->client, &options);
        if (err)
            drop_new(p, peers, count);
    }
    if (err) {
        free(peers);
        return err;
    }
    poller_cancel_round(p);
    poller_give_up_healing(p);
    for (size_t i = 0; i < p->peer_count; i++)
        if (!is_among(peers, count, p->peers[i]))
            free_peer(p->peers[i]);
    free(p->peers);
    p->peers = peers;
    p->peer_count = count;
    p->turn = 0;
    take_limits(p, config);
    take_trust(p, config->trust);
    poller_wake(p);
    return LAT_OK;
}

/* --- life ------------------------------------------------------------------------------------------ */

static void
free_poller(struct poller *p)
{
    free(p->peers);
    free(p);
}

void
poller_maybe_closed(struct poller *p)
{
    if (!p->closing || p->closing_handles > 0 || p->owed_count > 0)
        return;
    if (p->closed)
        p->closed(p->closed_arg);
    free_poller(p);
}

enum lat_err
poller_new(uv_loop_t *loop, const struct poller_config *config, const struct poller_ops *ops, void *arg,
           struct poller **out)
{
    struct poller *p = calloc(1, sizeof(*p));
    struct http_client_options options = client_options(loop, config);
    size_t count = 0;
    enum lat_err err;

    if (p == NULL)
        return LAT_NOMEM;
    p->loop = loop;
    p->ops = *ops;
    p->arg = arg;
    p->network = *config->network;
    p->trust = *config->trust;
    take_limits(p, config);
    p->peers = calloc(config->source_count + 1, sizeof(struct peer *));
    err = p->peers ? make_peers(p, config, p->peers, &count) : LAT_NOMEM;
    if (!err && (p->client = http_client_new(&options)) == NULL) {
        drop_new(p, p->peers, count);
        err = LAT_NOMEM;
    }
    if (err) {
        free_poller(p);
        return err;
    }
    p->peer_count = count;
    uv_timer_init(loop, &p->timer);
    p->timer.data = p;
    *out = p;
    return LAT_OK;
}

static void
on_client_closed(void *arg)
{
    struct poller *p = arg;

    p->closing_handles--;
    poller_maybe_closed(p);
}

static void
on_timer_closed(uv_handle_t *handle)
{
    on_client_closed(handle->data);
}

void
poller_close(struct poller *p, void (*fn)(void *arg), void *arg)
{
    assert(!p->closing);
    poller_cancel(p);
    for (size_t i = 0; i < p->peer_count; i++)
        free_peer(p->peers[i]);
    p->peer_count = 0;
    p->closing = true;
    p->closed = fn;
    p->closed_arg = arg;
    p->closing_handles = 2;
    http_client_close(p->client, on_client_closed, p);
    p->client = NULL;
    uv_close((uv_handle_t *)&p->timer, on_timer_closed);
}
