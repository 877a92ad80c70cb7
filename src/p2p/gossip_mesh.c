/*
 * gossip_mesh.c - whom a topic's messages go to and come from at once: grafts and prunes of either side, back-off, and what a heartbeat
 * does for a mesh.
 *
 * The back-off after a prune holds for both sides and is remembered with the peer, connected or not. We wait some heartbeats longer
 * than was agreed; a peer that does not wait is pruned again, which prolongs it, and pays by P7.
 */
#include "config.h"

#include <stdlib.h>

#include "p2p/gossip_parts.h"

/* Members of a topic, to choose among; `at` is freed by whoever asked for them. */
struct choice {
    struct gossip_member **at;
    size_t count;
};

static struct choice
choose(struct gossip_topic *topic, bool (*fits)(const struct gossip_member *m))
{
    struct choice choice = { .at = NULL };
    size_t total = 0;

    for (struct gossip_member *m = topic->members; m; m = m->next_topic)
        total += fits(m);
    if (total > 0)
        choice.at = malloc(total * sizeof(struct gossip_member *));
    for (struct gossip_member *m = topic->members; m && choice.at; m = m->next_topic) {
        if (fits(m))
            choice.at[choice.count++] = m;
    }
    return choice;
}

static void
mix(struct gossip *g, struct choice *choice)
{
    gossip_shuffle(g, (void **)choice->at, choice->count, choice->count);
}

/* --- in and out ------------------------------------------------------------------------------------ */

bool
gossip_may_graft(const struct gossip_member *m)
{
    const struct gossip_params *p = &m->peer->g->params;
    uint64_t slack = p->backoff_slack * p->heartbeat_ms;

    return m->subscribed && m->peer->open && !m->in_mesh && !m->peer->direct && gossip_score(m->peer) >= 0 &&
           (m->backoff_ms == 0 || m->peer->g->now_ms >= m->backoff_ms + slack);
}

void
gossip_graft(struct gossip_member *m, bool by_us)
{
    struct gossip *g = m->peer->g;

    m->in_mesh = true;
    m->grafted_ms = g->now_ms;
    m->backoff_ms = 0;
    m->topic->mesh_count++;
    m->peer->score_stale = true;
    if (by_us)
        gossip_say(m, SAY_GRAFT, 0);
    gossip_tell(g, GOSSIP_GRAFTED, m, by_us);
}

void
gossip_leave_mesh(struct gossip_member *m, bool by_us)
{
    if (!m->in_mesh)
        return;
    gossip_score_left(m);
    m->in_mesh = false;
    m->mesh = 0;
    m->topic->mesh_count--;
    if (m->say == SAY_GRAFT)
        gossip_say(m, SAY_NOTHING, 0);
    gossip_tell(m->peer->g, GOSSIP_PRUNED, m, by_us);
}

static void
set_backoff(struct gossip_member *m, uint64_t backoff_ms)
{
    uint64_t until = m->peer->g->now_ms + backoff_ms;

    if (until > m->backoff_ms)
        m->backoff_ms = until;
    m->pruned_ms = m->peer->g->now_ms;
}

void
gossip_prune(struct gossip_member *m, uint64_t backoff_ms)
{
    gossip_leave_mesh(m, true);
    set_backoff(m, backoff_ms);
    gossip_say(m, SAY_PRUNE, (backoff_ms + 999) / 1000);
}

void
gossip_fill_mesh(struct gossip_topic *topic, size_t want)
{
    struct choice choice = choose(topic, gossip_may_graft);

    if (choice.count > 0)
        mix(choice.at[0]->peer->g, &choice);
    for (size_t i = 0; i < choice.count && topic->mesh_count < want; i++)
        gossip_graft(choice.at[i], true);
    free(choice.at);
}

/* --- fanout: whom we publish to on topics that are not ours ---------------------------------------- */

bool
gossip_may_publish(const struct gossip_member *m)
{
    return m->subscribed && m->peer->open &&
           (m->peer->direct || gossip_score(m->peer) >= m->peer->g->params.score.publish_threshold);
}

static bool
may_join_fanout(const struct gossip_member *m)
{
    return !m->in_fanout && !m->peer->direct && gossip_may_publish(m);
}

static void
fill_fanout(struct gossip *g, struct gossip_topic *topic)
{
    struct choice more = choose(topic, may_join_fanout);
    size_t count = 0;

    for (struct gossip_member *m = topic->members; m; m = m->next_topic) {
        m->in_fanout = m->in_fanout && gossip_may_publish(m);
        count += m->in_fanout;
    }
    mix(g, &more);
    for (size_t i = 0; i < more.count && count < g->params.d; i++, count++)
        more.at[i]->in_fanout = true;
    free(more.at);
}

void
gossip_use_fanout(struct gossip *g, struct gossip_topic *topic)
{
    gossip_topic_list(g, topic);
    topic->fanout_until_ms = g->now_ms + g->params.fanout_ttl_ms;
    fill_fanout(g, topic);
}

void
gossip_fanout_heartbeat(struct gossip *g, struct gossip_topic *topic)
{
    if (g->now_ms < topic->fanout_until_ms) {
        fill_fanout(g, topic);
        return;
    }
    gossip_end_fanout(topic, 0);
}

void
gossip_end_fanout(struct gossip_topic *topic, size_t graft)
{
    topic->fanout_until_ms = 0;
    for (struct gossip_member *m = topic->members; m; m = m->next_topic) {
        if (m->in_fanout && topic->mesh_count < graft && gossip_may_graft(m))
            gossip_graft(m, true);
        m->in_fanout = false;
    }
}

/* --- what peers say -------------------------------------------------------------------------------- */

static bool
is_backed_off(const struct gossip_member *m)
{
    return m->backoff_ms > m->peer->g->now_ms;
}

/* Too early: it was told, or has said itself, how long to wait. */
static void
punish_early_graft(struct gossip_member *m)
{
    struct gossip *g = m->peer->g;

    g->counters.early_grafts++;
    gossip_score_behaviour(m->peer, g->now_ms - m->pruned_ms < g->params.graft_flood_ms ? 2 : 1);
}

/* The topic of a GRAFT or PRUNE, if it is ours: others are passed over in silence. */
static struct gossip_member *
member_of(struct gossip_peer *peer, const struct rpc_entry *entry)
{
    struct gossip *g = peer->g;
    struct gossip_topic *topic;

    if (peer->control_entries++ >= g->params.control_max) {
        g->counters.over_caps++;
        return NULL;
    }
    topic = entry->topic ? gossip_topic_find(g, entry->topic, entry->topic_len) : NULL;
    return topic && topic->ours ? gossip_member_enter(topic, peer) : NULL;
}

void
gossip_on_graft(struct gossip_peer *peer, const struct rpc_entry *entry)
{
    const struct gossip_params *p = &peer->g->params;
    struct gossip_member *m = member_of(peer, entry);
    bool early;

    peer->g->counters.grafts_in++;
    if (m == NULL || m->in_mesh)
        return;
    early = is_backed_off(m);
    if (early)
        punish_early_graft(m);
    if (early || peer->direct || gossip_score(peer) < 0 || (m->topic->mesh_count >= p->d_high && !peer->outbound)) {
        gossip_prune(m, p->prune_backoff_ms);
        return;
    }
    gossip_set_subscribed(m, true); /* its subscription may still be on the way */
    if (!m->in_mesh)
        gossip_graft(m, false);
}

/* The peers that it hands out are hints, from peers that have earned it. */
static void
take_candidates(struct gossip_member *m, const struct rpc_entry *entry)
{
    struct gossip *g = m->peer->g;
    struct gossip_event event = { .kind = GOSSIP_CANDIDATE, .peer = m->peer->id, .topic = m->topic->name };
    const uint8_t *id;
    size_t id_len, count = 0;
    struct fields px;

    if (g->ops->event == NULL || gossip_score(m->peer) < g->params.score.px_threshold)
        return;
    rpc_px_init(&px, entry);
    while (count < g->params.px_peers_max && rpc_px_next(&px, &id, &id_len, &event.record, &event.record_len)) {
        count++;
        if (id && peerid_from_bytes(id, id_len, &event.candidate) == LAT_OK && peerid_compare(&event.candidate, &g->self) != 0)
            g->ops->event(g->arg, &event);
    }
}

void
gossip_on_prune(struct gossip_peer *peer, const struct rpc_entry *entry)
{
    struct gossip_member *m = member_of(peer, entry);
    uint64_t backoff_ms = peer->g->params.prune_backoff_ms;

    peer->g->counters.prunes_in++;
    if (m == NULL)
        return;
    if (entry->has_backoff && entry->backoff_s > 0)
        backoff_ms = entry->backoff_s < GOSSIP_BACKOFF_MAX_MS / 1000 ? entry->backoff_s * 1000 : GOSSIP_BACKOFF_MAX_MS;
    gossip_leave_mesh(m, false);
    set_backoff(m, backoff_ms);
    take_candidates(m, entry);
}

/* --- heartbeat ------------------------------------------------------------------------------------- */

static bool
is_in_mesh(const struct gossip_member *m)
{
    return m->in_mesh;
}

static bool
is_bad(const struct gossip_member *m)
{
    return m->in_mesh && gossip_score(m->peer) < 0;
}

static bool
is_outbound_to_graft(const struct gossip_member *m)
{
    return m->peer->outbound && gossip_may_graft(m);
}

static int
by_score(const void *a, const void *b)
{
    double left = gossip_score((*(struct gossip_member *const *)a)->peer);
    double right = gossip_score((*(struct gossip_member *const *)b)->peer);

    return (left < right) - (left > right);
}

static void
drop_bad(struct gossip_topic *topic, uint64_t backoff_ms)
{
    struct choice bad = choose(topic, is_bad);

    for (size_t i = 0; i < bad.count; i++)
        gossip_prune(bad.at[i], backoff_ms);
    free(bad.at);
}

static size_t
count_outbound(const struct choice *choice, size_t first)
{
    size_t count = 0;

    for (size_t i = 0; i < first; i++)
        count += choice->at[i]->peer->outbound;
    return count;
}

/* Of the first `keep`, those in front by score, let enough be outbound: bring ones from behind in place of the last that are not. */
static void
keep_outbound(struct choice *mesh, size_t keep, size_t want)
{
    size_t have = count_outbound(mesh, keep);
    size_t from = keep, to = keep;

    while (have < want) {
        while (from < mesh->count && !mesh->at[from]->peer->outbound)
            from++;
        while (to > 0 && mesh->at[to - 1]->peer->outbound)
            to--;
        if (from == mesh->count || to == 0)
            return;
        struct gossip_member *swap = mesh->at[--to];

        mesh->at[to] = mesh->at[from];
        mesh->at[from] = swap;
        have++;
    }
}

/* Too many: keep the best, a choice of the others, and enough that we dialed. */
static void
cut_mesh(struct gossip *g, struct gossip_topic *topic)
{
    const struct gossip_params *p = &g->params;
    struct choice mesh = choose(topic, is_in_mesh);
    size_t best = p->d_score < mesh.count ? p->d_score : mesh.count;

    if (mesh.at == NULL)
        return;
    mix(g, &mesh); /* those of equal score in any order */
    qsort(mesh.at, mesh.count, sizeof(struct gossip_member *), by_score);
    gossip_shuffle(g, (void **)mesh.at + best, mesh.count - best, mesh.count - best);
    keep_outbound(&mesh, p->d, p->d_out);
    for (size_t i = p->d; i < mesh.count; i++)
        gossip_prune(mesh.at[i], p->prune_backoff_ms);
    free(mesh.at);
}

/* Enough peers, but too few that we dialed: an attacker may have dialed us with all the others. */
static void
graft_outbound(struct gossip *g, struct gossip_topic *topic)
{
    struct choice mesh = choose(topic, is_in_mesh);
    size_t have = count_outbound(&mesh, mesh.count);
    struct choice more = { .at = NULL };

    if (have < g->params.d_out)
        more = choose(topic, is_outbound_to_graft);
    mix(g, &more);
    for (size_t i = 0; i < more.count && have < g->params.d_out; i++, have++)
        gossip_graft(more.at[i], true);
    free(more.at);
    free(mesh.at);
}

/* A mesh whose median is poor gets some peers that have done better. */
static void
graft_better(struct gossip *g, struct gossip_topic *topic)
{
    struct choice mesh = choose(topic, is_in_mesh);
    struct choice more = { .at = NULL };
    size_t grafted = 0;
    double median;

    if (mesh.count > 1) {
        qsort(mesh.at, mesh.count, sizeof(struct gossip_member *), by_score);
        median = gossip_score(mesh.at[mesh.count / 2]->peer);
        if (median < g->params.score.opportunistic_threshold)
            more = choose(topic, gossip_may_graft);
        mix(g, &more);
        for (size_t i = 0; i < more.count && grafted < g->params.opportunistic_peers; i++) {
            if (gossip_score(more.at[i]->peer) <= median)
                continue;
            gossip_graft(more.at[i], true);
            grafted++;
        }
    }
    free(more.at);
    free(mesh.at);
}

void
gossip_mesh_heartbeat(struct gossip *g, struct gossip_topic *topic)
{
    const struct gossip_params *p = &g->params;

    drop_bad(topic, p->prune_backoff_ms);
    if (topic->mesh_count < p->d_low)
        gossip_fill_mesh(topic, p->d);
    if (topic->mesh_count > p->d_high)
        cut_mesh(g, topic);
    if (topic->mesh_count >= p->d_low)
        graft_outbound(g, topic);
    if (p->opportunistic_ticks > 0 && (g->beat + 1) % p->opportunistic_ticks == 0)
        graft_better(g, topic);
}
