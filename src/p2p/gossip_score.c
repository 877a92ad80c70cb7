/*
 * gossip_score.c - P1 to P7. Counters rise when things happen and decay at each heartbeat; the sum is made when it is asked for and kept until
 * something changes.
 */
#include "config.h"

#include <string.h>

#include "p2p/gossip_parts.h"

static const struct gossip_score_params *
params_of(const struct gossip_peer *peer)
{
    return &peer->g->params.score;
}

static double
at_most(double value, double cap)
{
    return value < cap ? value : cap;
}

static double
square(double value)
{
    return value * value;
}

/* How far it is behind what a member of the mesh should deliver. */
static double
deficit(const struct gossip_member *m)
{
    const struct gossip_score_params *p = params_of(m->peer);

    if (!m->in_mesh || m->peer->g->now_ms - m->grafted_ms < p->mesh_activation_ms || m->mesh >= p->mesh_threshold)
        return 0;
    return p->mesh_threshold - m->mesh;
}

static double
topic_score(const struct gossip_member *m)
{
    const struct gossip_score_params *p = params_of(m->peer);
    uint64_t quanta = m->in_mesh ? (m->peer->g->now_ms - m->grafted_ms) / p->time_quantum_ms : 0;
    double sum = p->time_weight * at_most((double)quanta, p->time_cap);

    sum += p->first_weight * m->first;
    sum += p->mesh_weight * square(deficit(m));
    sum += p->failure_weight * m->failure;
    sum += p->invalid_weight * square(m->invalid);
    return p->topic_weight * sum;
}

static double
sum_up(const struct gossip_peer *peer)
{
    const struct gossip_score_params *p = params_of(peer);
    double topics = 0, sum;

    for (const struct gossip_member *m = peer->members; m; m = m->next_peer)
        topics += m->topic->ours ? topic_score(m) : 0;
    if (p->topic_cap > 0)
        topics = at_most(topics, p->topic_cap);
    sum = topics + p->app_weight * peer->app_score;
    if (peer->has_place && peer->place_peers > p->place_threshold)
        sum += p->place_weight * square((double)(peer->place_peers - p->place_threshold));
    if (peer->behaviour > p->behaviour_threshold)
        sum += p->behaviour_weight * square(peer->behaviour - p->behaviour_threshold);
    return sum;
}

double
gossip_score(struct gossip_peer *peer)
{
    if (peer->score_stale) {
        peer->score = sum_up(peer);
        peer->score_stale = false;
    }
    return peer->score;
}

/* --- decay ----------------------------------------------------------------------------------------- */

static void
decay(double *counter, double factor, double to_zero)
{
    *counter *= factor;
    if (*counter < to_zero)
        *counter = 0;
}

void
gossip_score_heartbeat(struct gossip *g)
{
    const struct gossip_score_params *p = &g->params.score;

    for (struct gossip_peer *peer = g->first_peer; peer; peer = peer->next) {
        decay(&peer->behaviour, p->behaviour_decay, p->decay_to_zero);
        for (struct gossip_member *m = peer->members; m; m = m->next_peer) {
            decay(&m->first, p->first_decay, p->decay_to_zero);
            decay(&m->mesh, p->mesh_decay, p->decay_to_zero);
            decay(&m->failure, p->failure_decay, p->decay_to_zero);
            decay(&m->invalid, p->invalid_decay, p->decay_to_zero);
        }
        peer->score_stale = true;
    }
}

/* --- what happens ---------------------------------------------------------------------------------- */

void
gossip_score_delivered(struct gossip_member *m)
{
    if (m->in_mesh)
        m->mesh = at_most(m->mesh + 1, params_of(m->peer)->mesh_cap);
    m->peer->score_stale = true;
}

void
gossip_score_first(struct gossip_member *m)
{
    m->first = at_most(m->first + 1, params_of(m->peer)->first_cap);
    m->peer->first++;
    gossip_score_delivered(m);
}

void
gossip_score_invalid(struct gossip_member *m)
{
    m->invalid += 1;
    m->peer->invalid++;
    m->peer->score_stale = true;
}

void
gossip_score_left(struct gossip_member *m)
{
    m->failure += square(deficit(m));
    m->peer->score_stale = true;
}

void
gossip_score_behaviour(struct gossip_peer *peer, unsigned times)
{
    peer->behaviour += times;
    peer->score_stale = true;
}

void
gossip_set_app_score(struct gossip_peer *peer, double score)
{
    peer->app_score = score;
    peer->score_stale = true;
}

void
gossip_score_places(struct gossip *g)
{
    for (struct gossip_peer *peer = g->first_peer; peer; peer = peer->next) {
        size_t count = 0;

        if (!peer->connected || !peer->has_place)
            continue;
        for (const struct gossip_peer *other = g->first_peer; other; other = other->next)
            count += other->connected && other->has_place && memcmp(other->place, peer->place, GOSSIP_PLACE_LEN) == 0;
        peer->score_stale = peer->score_stale || count != peer->place_peers;
        peer->place_peers = count;
    }
}
