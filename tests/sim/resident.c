#include "config.h"

#include "sim/resident.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cursor.h"
#include "base/le.h"
#include "support/random.h"

#define HTTP_LOW_MS 10     /* an answer takes */
#define HTTP_HIGH_MS 150
#define HTTP_NONE_MS 3000  /* and no answer: T_CONNECT */
#define MESSAGE_MAX RECON_MESSAGE_MAX

static uint64_t chance; /* of the swarms, which ask for it without an argument */

static void
give_chance(void *out, size_t len)
{
    random_fill(&chance, out, len);
}

uint64_t
town_now_ms(const struct town *town)
{
    return sim_now_ms(town->sim);
}

static uint64_t
now_of(const struct resident *r)
{
    return sim_now_ms(r->town->sim);
}

static uint32_t
random_u32(const struct resident *r)
{
    return (uint32_t)sim_below(r->town->sim, UINT64_C(1) << 32);
}

/* Our state as of now, for those who look at it. */
static const struct recon_view *
view_of(struct resident *r)
{
    r->state.view.now_ms = sim_wall_ms(r->town->sim);
    return &r->state.view;
}

static struct topic_state
state_of(const struct resident *r)
{
    struct topic_state state = { .count = r->state.view.count, .hlc = r->state.view.hlc };

    memcpy(state.root, r->state.view.root, sizeof(state.root));
    return state;
}

static struct neighbour *
neighbour_of(struct resident *r, const struct peerid *id)
{
    for (size_t i = 0; i < r->town->count; i++) {
        if (i != r->index && peerid_compare(&r->town->residents[i].place->identity.peer, id) == 0)
            return &r->neighbours[i];
    }
    return NULL;
}

/* --- the state --------------------------------------------------------------------------------------- */

static void
state_changed(struct resident *r)
{
    struct topic_state state;

    memory_seal(&r->state);
    state = state_of(r);
    live_own_state(r->live, &state, NULL, now_of(r));
    announce_wish(&r->announce, now_of(r));
    sim_trace(r->town->sim, "root", r->index, lat_get_u64le(state.root));
}

/* Records in the form of store_merge; verdicts: one a record, or NULL. Returns how many were applied. */
static size_t
apply(struct resident *r, const uint8_t *records, size_t len, uint8_t *verdicts)
{
    struct lat_cursor at;
    size_t applied = 0;

    lat_cursor_init(&at, records, len);
    for (size_t i = 0; at.left > 0; i++) {
        uint32_t record_len = lat_take_u32le(&at);
        const uint8_t *record = lat_take(&at, record_len);
        bool news;

        assert_non_null(record);
        news = memory_put(&r->state, record, record_len);
        applied += news;
        if (verdicts)
            verdicts[i] = news ? 0 : 2;
    }
    if (applied > 0)
        state_changed(r);
    return applied;
}

void
resident_put(struct resident *r, unsigned key, unsigned value)
{
    char name[16], text[16];
    struct record_content content = { .hlc = hlc_next(r->state.view.hlc, sim_wall_ms(r->town->sim)),
                                      .key = (const uint8_t *)name, .value = (const uint8_t *)text };
    struct lat_buf record;

    content.key_len = (size_t)snprintf(name, sizeof(name), "k%u", key);
    content.value_len = (size_t)snprintf(text, sizeof(text), "%u", value);
    lat_buf_init(&record, RECORD_LEN_MAX);
    assert_int_equal(record_make(&r->network, r->place->key, &content, &record), LAT_OK);
    assert_true(memory_put(&r->state, record.data, record.len));
    (void)announce_record(&r->announce, record.data, record.len, now_of(r));
    lat_buf_fini(&record);
    state_changed(r);
}

bool
residents_agree(const struct resident *a, const struct resident *b)
{
    return memcmp(a->state.view.root, b->state.view.root, 32) == 0;
}

static struct heal_own
own_side(struct resident *r)
{
    return (struct heal_own){ .root = r->state.view.root, .trust_number = 1, .trusted_count = r->trust.count,
                              .view = view_of(r) };
}

/* --- healing: the same over both lungs ---------------------------------------------------------------- */

/* What needs no answer of the other side. True: `out` is to be asked; false: the session is over. */
static bool
heal_on(struct resident *r, struct heal *heal, struct neighbour *n, struct lat_buf *out)
{
    for (;;) {
        switch (heal->state) {
        case HEAL_ASK:
            lat_buf_clear(out);
            assert_int_equal(heal_ask(heal, view_of(r), now_of(r), out), LAT_OK);
            if (heal->state == HEAL_WAIT)
                return true;
            break;
        case HEAL_APPLY:
            heal_batch_sent(heal);
            break;
        case HEAL_VERDICTS: {
            uint8_t *verdicts = calloc(heal->batch_count, 1);
            size_t count = heal->batch_count;

            assert_non_null(verdicts);
            if (apply(r, heal->batch.data, heal->batch.len, verdicts) > 0 && heal == &n->by_p2p.heal)
                live_applied(r->live, &n->who->place->identity.peer, now_of(r));
            heal_verdicts(heal, verdicts, count, now_of(r));
            free(verdicts);
            break;
        }
        case HEAL_COMPARE:
            lat_buf_clear(out);
            sim_fill(r->town->sim, n->challenge, sizeof(n->challenge));
            assert_int_equal(recon_ask_status(&r->network, n->challenge, r->state.view.root, r->state.view.count, false, out),
                             LAT_OK);
            return true;
        case HEAL_WAIT:
        case HEAL_OVER:
            return false;
        }
    }
}

static void
begin_heal(struct resident *r, struct heal_peer *peer, const struct recon_status *theirs)
{
    uint8_t salt[HEAL_SALT_LEN];

    sim_fill(r->town->sim, salt, sizeof(salt));
    peer->healing = true;
    heal_start(&peer->heal, theirs, view_of(r), salt, now_of(r));
}

/* The other side of it: what is pushed is applied, then the answer is made. */
static void
answer(struct resident *r, const uint8_t *request, size_t len, struct lat_buf *reply)
{
    uint8_t verdicts[RECON_ITEMS_MAX];
    struct recon_pushes pushes;

    lat_buf_init(&pushes.records, RECON_PUSHES_MAX);
    assert_int_equal(recon_inspect(&r->network, request, len, &pushes, reply), LAT_OK);
    (void)apply(r, pushes.records.data, pushes.records.len, verdicts);
    assert_int_equal(recon_handle(view_of(r), request, len, verdicts, pushes.count, reply), LAT_OK);
    lat_buf_fini(&pushes.records);
}

/* --- sync streams ------------------------------------------------------------------------------------ */

static void
on_asked(void *arg, struct sync_ticket *ticket)
{
    struct resident *r = arg;
    const struct neighbour *n = neighbour_of(r, sync_ticket_peer(ticket));
    struct lat_buf reply;
    size_t len;
    const uint8_t *request = sync_ticket_request(ticket, &len);

    lat_buf_init(&reply, MESSAGE_MAX);
    answer(r, request, len, &reply);
    if (n && request[0] == RECON_STATUS && len == 67) {
        struct live_status said = { .wall_ms = sim_wall_ms(r->town->sim), .state.count = lat_get_u64le(request + 58) };

        memcpy(said.state.root, request + 26, 32);
        live_status(r->live, &n->who->place->identity.peer, &said, now_of(r));
    }
    (void)sync_answer(ticket, reply.data, reply.len);
    lat_buf_fini(&reply);
}

static void
end_visit(struct neighbour *n, bool close)
{
    struct resident *r = n->whose;

    if (n->by_p2p.healing) {
        if (n->by_p2p.heal.state != HEAL_OVER)
            heal_fail(&n->by_p2p.heal, NULL, now_of(r));
        n->by_p2p.healing = false;
        (void)heal_peer_healed(&n->by_p2p, 1, now_of(r));
        r->p2p_heals++;
    }
    if (close)
        sync_close(n->session);
    n->session = NULL;
}

static bool
take_status(struct neighbour *n, const uint8_t *reply, size_t len, struct recon_status *status)
{
    struct resident *r = n->whose;
    struct live_status said;
    struct heal_own own;

    if (recon_read_status(&r->network, n->challenge, reply, len, status, NULL))
        return false;
    said = (struct live_status){ .key = status->key, .time_ms = status->time_ms, .wall_ms = sim_wall_ms(r->town->sim),
                                 .state = { .count = status->count, .hlc = status->hlc } };
    memcpy(said.state.root, status->root, 32);
    live_status(r->live, &n->who->place->identity.peer, &said, now_of(r));
    own = own_side(r);
    heal_peer_note_status(&n->by_p2p, status, &r->trust);
    (void)heal_peer_compare(&n->by_p2p, status->root, &own, now_of(r));
    return true;
}

static void
on_reply(void *arg, struct sync_session *session, const uint8_t *bytes, size_t len)
{
    struct neighbour *n = arg;
    struct resident *r = n->whose;
    struct heal *heal = &n->by_p2p.heal;
    struct recon_status status;
    struct lat_buf out;
    bool goes_on;

    lat_buf_init(&out, MESSAGE_MAX);
    if (n->by_p2p.healing && heal->state == HEAL_WAIT) {
        goes_on = heal_take(heal, view_of(r), bytes, len, now_of(r)) == LAT_OK;
    } else {
        goes_on = take_status(n, bytes, len, &status);
        if (goes_on && n->by_p2p.healing)
            heal_compare(heal, &status, view_of(r), now_of(r));
        else if (goes_on && heal_peer_is_due(&n->by_p2p, now_of(r)) && trust_attests(&r->trust, status.key))
            begin_heal(r, &n->by_p2p, &status);
    }
    if (!goes_on || !n->by_p2p.healing || !heal_on(r, heal, n, &out) || sync_ask(session, out.data, out.len))
        end_visit(n, true);
    lat_buf_fini(&out);
}

static void
on_closed(void *arg, struct sync_session *session, enum lat_err reason)
{
    struct neighbour *n = arg;

    (void)session;
    (void)reason;
    end_visit(n, false);
}

static const struct sync_session_ops session_ops = { .reply = on_reply, .closed = on_closed };

static void
visit(struct neighbour *n)
{
    struct resident *r = n->whose;
    struct conn *conn = swarm_conn(r->place->swarm, &n->who->place->identity.peer);
    struct lat_buf out;

    if (n->session || conn == NULL || sync_open(r->sync, conn, &session_ops, n, &n->session))
        return;
    r->p2p_sessions++;
    sim_fill(r->town->sim, n->challenge, sizeof(n->challenge));
    lat_buf_init(&out, MESSAGE_MAX);
    assert_int_equal(recon_ask_status(&r->network, n->challenge, r->state.view.root, r->state.view.count, false, &out), LAT_OK);
    assert_int_equal(sync_ask(n->session, out.data, out.len), LAT_OK);
    lat_buf_fini(&out);
    swarm_wake(conn);
}

/* --- gossip ------------------------------------------------------------------------------------------ */

static void
take_news(struct resident *r, const struct topic_message *message, const struct topic_judgement *judgement,
          const struct gossip_message *carrier)
{
    struct neighbour *author = neighbour_of(r, &message->author);

    live_message(r->live, message, judgement, carrier->id, carrier->id_len, &carrier->via, now_of(r));
    if (judgement->verdict != TOPIC_ACCEPT)
        return;
    if (message->type == TOPIC_RECORD && apply(r, message->records.data, message->records.len, NULL) > 0)
        live_applied(r->live, &carrier->via, now_of(r));
    if (message->has_state && author && author->connected) {
        struct heal_own own = own_side(r);

        (void)heal_peer_compare(&author->by_p2p, message->state.root, &own, now_of(r));
    }
}

static void
on_check(void *arg, struct gossip_message *carrier)
{
    struct resident *r = arg;
    const struct topic_setting setting = { .trust = &r->trust, .own_hlc = r->state.view.hlc,
                                           .wall_ms = sim_wall_ms(r->town->sim), .now_ms = now_of(r) };
    static const enum gossip_verdict verdicts[] = { GOSSIP_ACCEPT, GOSSIP_IGNORE, GOSSIP_REJECT };
    struct topic_judgement judgement;
    struct topic_message message;

    if (gossip_message_verify(carrier)) {
        gossip_verdict(r->router, carrier, GOSSIP_FORGED, now_of(r));
        return;
    }
    assert_int_equal(topic_parse(&r->network, &carrier->from, carrier->data, carrier->data_len, &message), LAT_OK);
    topic_check(&r->network, &r->trust, &message);
    topic_judge(r->judge, &setting, &message, &carrier->via, &judgement);
    take_news(r, &message, &judgement, carrier);
    topic_message_fini(&message);
    gossip_verdict(r->router, carrier, verdicts[judgement.verdict], now_of(r));
}

static void
on_copy(void *arg, const uint8_t *id, size_t id_len, const struct peerid *via)
{
    struct resident *r = arg;

    live_copy(r->live, id, id_len, via, now_of(r));
}

static void
on_wake(void *arg, struct gossip_peer *peer)
{
    struct resident *r = arg;

    gossip_streams_wake(r->streams, peer);
}

static void
on_event(void *arg, const struct gossip_event *event)
{
    struct resident *r = arg;

    if (event->kind == GOSSIP_SUBSCRIBED)
        announce_wish(&r->announce, now_of(r));
}

static void
publish(struct resident *r, const struct lat_buf *data)
{
    size_t count;

    assert_int_equal(gossip_publish(r->router, TOWN_TOPIC, data->data, data->len, now_of(r), NULL, 0, &count), LAT_OK);
    gossip_streams_flush(r->streams, now_of(r));
}

static void
announce_all(struct resident *r)
{
    const struct topic_state state = state_of(r);
    struct lat_buf records, data;
    size_t count;

    lat_buf_init(&records, TOPIC_DATA_MAX);
    lat_buf_init(&data, TOPIC_DATA_MAX);
    while (announce_take(&r->announce, &records, &count) == LAT_OK && count > 0) {
        assert_int_equal(topic_write_record(&r->network, records.data, records.len, count, &state, &data), LAT_OK);
        publish(r, &data);
        lat_buf_clear(&records);
        lat_buf_clear(&data);
    }
    if (announce_is_due(&r->announce, now_of(r))) {
        const struct topic_root root = { .state = state, .every_ms = r->lung.k.exchange_ms,
                                         .time_ms = announce_root(&r->announce, sim_wall_ms(r->town->sim), now_of(r),
                                                                  random_u32(r)) };

        assert_int_equal(topic_write_root(&r->network, r->place->key, &root, &data), LAT_OK);
        publish(r, &data);
    }
    lat_buf_fini(&records);
    lat_buf_fini(&data);
}

/* --- peers ------------------------------------------------------------------------------------------- */

static void
on_up(struct world_node *place, const struct peerid *id, struct conn *conn)
{
    struct resident *r = place->user;
    struct neighbour *n = neighbour_of(r, id);

    gossip_streams_up(r->streams, id, conn, now_of(r));
    live_up(r->live, id, now_of(r));
    topic_judge_connected(r->judge, id, true, now_of(r));
    if (n)
        n->connected = true;
}

static void
on_down(struct world_node *place, const struct peerid *id, enum swarm_reason reason)
{
    struct resident *r = place->user;
    struct neighbour *n = neighbour_of(r, id);

    gossip_streams_down(r->streams, id, now_of(r));
    live_down(r->live, id, reason);
    topic_judge_connected(r->judge, id, false, now_of(r));
    if (n)
        n->connected = false;
}

static const struct world_hooks hooks = { .up = on_up, .down = on_down };

/* --- HTTP -------------------------------------------------------------------------------------------- */

static void follow(struct resident *r, const struct lung_step *step);

static void
tell_round(struct resident *r)
{
    struct lung_step step = lung_round(&r->lung, lung_http_is_usable(&r->http), lung_http_why(&r->http), now_of(r));

    follow(r, &step);
}

/* One session with a source, in no time: what it takes is the source's side, which is here as well. */
static void
heal_by_http(struct neighbour *n)
{
    struct resident *r = n->whose;
    struct heal_own own = own_side(r);
    struct recon_status status = { .key = { 0 } };
    struct lat_buf out, reply;

    (void)heal_peer_compare(&n->by_http, n->who->state.view.root, &own, now_of(r));
    if (!heal_peer_is_due(&n->by_http, now_of(r)))
        return;
    memcpy(status.root, n->who->state.view.root, 32);
    status.count = n->who->state.view.count;
    begin_heal(r, &n->by_http, &status);
    lat_buf_init(&out, MESSAGE_MAX);
    lat_buf_init(&reply, MESSAGE_MAX);
    while (heal_on(r, &n->by_http.heal, n, &out)) {
        answer(n->who, out.data, out.len, &reply);
        if (n->by_http.heal.state == HEAL_WAIT) {
            assert_int_equal(heal_take(&n->by_http.heal, view_of(r), reply.data, reply.len, now_of(r)), LAT_OK);
        } else {
            assert_int_equal(recon_read_status(&r->network, n->challenge, reply.data, reply.len, &status, NULL), LAT_OK);
            heal_compare(&n->by_http.heal, &status, view_of(r), now_of(r));
        }
    }
    n->by_http.healing = false;
    (void)heal_peer_healed(&n->by_http, 1, now_of(r));
    r->http_heals++;
    lat_buf_fini(&out);
    lat_buf_fini(&reply);
}

/* An answer, or that there is none; bytes: the round's number. */
static void
on_answer(void *arg, void *bytes, size_t len)
{
    struct neighbour *n = arg;
    struct resident *r = n->whose;
    uint64_t round;

    memcpy(&round, bytes, len);
    if (round != r->round || !r->http.running)
        return;
    r->round_open--;
    if (!n->who->http_down) {
        lung_http_success(&r->http, now_of(r));
        tell_round(r);
        if (r->carrying && n->who->trusted)
            heal_by_http(n);
    }
    if (round == r->round && r->http.running && r->round_open == 0) {
        lung_http_end(&r->http, &r->lung.k, now_of(r), random_u32(r));
        tell_round(r);
    }
}

static void
begin_round(struct resident *r)
{
    struct town *town = r->town;

    lung_http_begin(&r->http, now_of(r));
    r->round++;
    r->round_open = 0;
    for (size_t i = 0; i < town->count; i++) {
        const struct resident *source = &town->residents[i];
        uint64_t takes = source->http_down ? HTTP_NONE_MS : sim_between(town->sim, HTTP_LOW_MS, HTTP_HIGH_MS);

        if (i == r->index || !source->trusted)
            continue;
        r->round_open++;
        sim_at(town->sim, now_of(r) + takes, on_answer, &r->neighbours[i], &r->round, sizeof(r->round));
    }
}

/* --- the machine ------------------------------------------------------------------------------------- */

static void
follow(struct resident *r, const struct lung_step *step)
{
    bool ran = r->http.running;

    if (step->actions & (LUNG_DO_HTTP_DISCARD | LUNG_DO_HTTP_STANDBY | LUNG_DO_HTTP_WARM | LUNG_DO_ISOLATED | LUNG_DO_HTTP_OFF))
        r->carrying = false;
    if (step->actions & LUNG_DO_HTTP_CARRY)
        r->carrying = true;
    lung_http_follow(&r->http, &r->lung.k, step, now_of(r), random_u32(r));
    if (ran && !r->http.running)
        r->round++;
    if (step->moved) {
        sim_trace(r->town->sim, "lung", r->index, (uint64_t)step->from * 100 + (uint64_t)step->to);
        if (r->moved)
            r->moved(r, step);
    }
}

static void
count_peers(struct resident *r)
{
    struct live_change change;
    enum lung_reason why;
    struct lung_step step;

    for (size_t i = 0; i < r->town->count; i++) {
        struct conn *conn = i == r->index ? NULL : swarm_conn(r->place->swarm, &r->town->residents[i].place->identity.peer);
        struct conn_stats stats;

        if (conn) {
            conn_stats(conn, &stats);
            live_unanswered(r->live, &r->town->residents[i].place->identity.peer, stats.unanswered);
        }
    }
    live_tick(r->live, now_of(r));
    while (live_next_change(r->live, &change))
        swarm_note_live(r->place->swarm, &change.peer, change.live, now_of(r));
    live_count(r->live, r->town->count - 1, &r->peers, &why);
    step = lung_set_peers(&r->lung, &r->peers, why, now_of(r));
    follow(r, &step);
}

static size_t
healing(const struct resident *r)
{
    size_t count = 0;

    for (size_t i = 0; i < r->town->count; i++)
        count += r->neighbours[i].by_p2p.healing;
    return count;
}

/* STATUS where it is due, and sessions with those who differ. */
static void
ask_peers(struct resident *r)
{
    struct peerid peer;

    while (live_next_ask(r->live, now_of(r), &peer)) {
        struct neighbour *n = neighbour_of(r, &peer);

        if (n)
            visit(n);
    }
    for (size_t i = 0; i < r->town->count; i++) {
        struct neighbour *n = &r->neighbours[i];

        if (n->connected && heal_peer_is_due(&n->by_p2p, now_of(r)) && healing(r) < HEAL_SESSIONS_MAX)
            visit(n);
    }
}

/* A turn of the loop, in the order of lung.h. */
static void
turn(struct resident *r)
{
    struct lung_step step;

    gossip_streams_tick(r->streams, now_of(r));
    count_peers(r);
    if (lung_http_tick(&r->http, &r->lung.k, now_of(r)))
        tell_round(r);
    step = lung_tick(&r->lung, now_of(r));
    follow(r, &step);
    if (lung_http_is_due(&r->http, now_of(r)))
        begin_round(r);
    announce_all(r);
    ask_peers(r);
}

/* --- towns ------------------------------------------------------------------------------------------- */

static void
make_parts(struct resident *r)
{
    const struct lung_constants *k = &r->town->k;
    static const struct gossip_streams_ops streams_ops = { .wake = swarm_wake };
    static const struct gossip_ops gossip_ops = { .check = on_check, .copy = on_copy, .wake = on_wake, .event = on_event,
                                                 .sign = identity_sign };
    struct gossip_config config = { .self = r->place->identity.peer, .ops = &gossip_ops, .arg = r,
                                    .sign_arg = &r->place->identity, .first_seqno = sim_wall_ms(r->town->sim) * 1000000 };
    uint8_t seed[16];

    sim_fill(r->town->sim, seed, sizeof(seed));
    sim_fill(r->town->sim, config.seed, sizeof(config.seed));
    r->judge = topic_judge_new(seed);
    r->live = live_new(k, &r->trust, seed);
    r->streams = gossip_streams_new(GOSSIP_1_2, &streams_ops, r);
    r->router = gossip_new(&config, now_of(r));
    r->sync = sync_new(on_asked, r);
    assert_true(r->judge && r->live && r->streams && r->router && r->sync);
    gossip_streams_attach(r->streams, r->router);
    assert_int_equal(gossip_subscribe(r->router, TOWN_TOPIC, now_of(r)), LAT_OK);
    announce_init(&r->announce, k->exchange_ms, 0, now_of(r));
}

static void
list_protocols(struct resident *r)
{
    size_t count;
    const struct protocol *const *gossip = gossip_streams_protocols(r->streams, &count);

    for (size_t i = 0; i < count; i++)
        r->protocols[i] = gossip[i];
    r->protocols[count] = sync_protocol(r->sync);
    r->place->protocols = r->protocols;
    r->place->hooks = &hooks;
    r->place->user = r;
}

static void
move_in(struct resident *r)
{
    struct town *town = r->town;
    size_t index = r->index;

    r->carrying = false;
    r->round++; /* answers to a former life are void */
    r->peers = (struct lung_peers){ 0 };
    r->announce = (struct announce){ 0 };
    assert_int_equal(network_init(&r->network, "town"), LAT_OK);
    trust_init(&r->trust, key_public(r->place->key));
    for (size_t i = 0; i < town->count; i++) {
        r->neighbours[i] = (struct neighbour){ .whose = r, .who = &town->residents[i] };
        heal_peer_init(&r->neighbours[i].by_p2p);
        heal_peer_init(&r->neighbours[i].by_http);
        if (i != index && i < town->trusted)
            assert_int_equal(trust_add(&r->trust, key_public(town->world.nodes[i].key), TRUST_NOT_RETIRED), LAT_OK);
    }
    memory_init(&r->state, &r->network, r->place->key, &r->trust, sim_wall_ms(town->sim));
    memory_seal(&r->state);
    make_parts(r);
    list_protocols(r);
}

/* The others are its configured peers. */
static void
go_online(struct resident *r)
{
    const struct town *town = r->town;
    struct multiaddr addresses[WORLD_NODES_MAX];
    size_t count = 0, refused;

    world_start(r->place, true);
    for (size_t i = 0; i < town->count; i++) {
        if (i != r->index)
            assert_int_equal(multiaddr_parse(town->world.nodes[i].full, &addresses[count++]), LAT_OK);
    }
    assert_int_equal(peers_configure(swarm_peers(r->place->swarm), addresses, count, &refused), LAT_OK);
    assert_int_equal(refused, 0);
}

/* The machine begins when everything it acts on is there. */
static void
wake_up(struct resident *r)
{
    struct lung_step step;
    struct topic_state state = state_of(r);

    live_own_state(r->live, &state, NULL, now_of(r));
    lung_http_init(&r->http, (uint32_t)r->trust.count);
    step = lung_start(&r->lung, &r->town->k, LUNG_POLICY_AUTO, true, now_of(r));
    follow(r, &step);
    lung_p2p_up(&r->lung, now_of(r));
}

struct town *
town_new(uint64_t seed, size_t trusted, size_t strangers, const struct lung_constants *k)
{
    struct town *town = calloc(1, sizeof(*town));

    assert_non_null(town);
    town->sim = sim_new(seed);
    world_init(&town->world, seed);
    chance = seed;
    town->world.random = give_chance;
    town->count = trusted + strangers;
    assert_true(town->count <= WORLD_NODES_MAX && town->world.now_ms == sim_now_ms(town->sim));
    town->k = *k;
    town->trusted = trusted;
    for (size_t i = 0; i < town->count; i++) {
        town->residents[i] = (struct resident){ .town = town, .index = i, .trusted = i < trusted,
                                                .place = world_place(&town->world, (uint8_t)(1 + 3 * i)) };
    }
    for (size_t i = 0; i < town->count; i++)
        move_in(&town->residents[i]);
    for (size_t i = 0; i < town->count; i++)
        go_online(&town->residents[i]);
    for (size_t i = 0; i < town->count; i++)
        wake_up(&town->residents[i]);
    return town;
}

static void
move_out(struct resident *r)
{
    for (size_t i = 0; i < r->town->count; i++) {
        heal_peer_fini(&r->neighbours[i].by_p2p);
        heal_peer_fini(&r->neighbours[i].by_http);
    }
    gossip_streams_free(r->streams, now_of(r));
    gossip_free(r->router);
    sync_free(r->sync);
    live_free(r->live);
    topic_judge_free(r->judge);
    announce_fini(&r->announce);
    memory_fini(&r->state);
}

void
resident_restart(struct resident *r)
{
    world_stop(r->place);
    move_out(r);
    move_in(r);
    go_online(r);
    wake_up(r);
}

void
town_free(struct town *town)
{
    for (size_t i = 0; i < town->count; i++)
        world_stop(town->residents[i].place);
    for (size_t i = 0; i < town->count; i++)
        move_out(&town->residents[i]);
    world_fini(&town->world);
    sim_free(town->sim);
    free(town);
}

void
town_run(struct town *town, uint64_t ms, void (*watch)(struct town *town))
{
    for (uint64_t until = sim_now_ms(town->sim) + ms; sim_now_ms(town->sim) < until;) {
        world_run(&town->world, TOWN_TURN_MS);
        sim_run(town->sim, TOWN_TURN_MS);
        for (size_t i = 0; i < town->count; i++)
            turn(&town->residents[i]);
        if (watch)
            watch(town);
    }
}
