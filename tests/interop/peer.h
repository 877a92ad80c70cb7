/*
 * peer.h - the test peer on the node's own P2P code: commands come in on standard input, one JSON object a line goes out. The same lines
 * as peer.js, so that a test can put either on either side of a connection.
 *
 *   lattice_peer.c   options, standard input, life
 *   peer_say.c       the lines
 *   peer_commands.c  what a command does; peer_bench.c: those that measure; peer_dialers.c: hs-bench; peer_gossip.h: gossip
 *
 * Commands run one at a time, in the order in which they came. One thread.
 */
#ifndef TESTS_INTEROP_PEER_H
#define TESTS_INTEROP_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cjson/cJSON.h>
#include <uv.h>

#include "p2p/host.h"
#include "p2p/identity.h"

#define PEER_WORDS_MAX 8
#define PEER_INPUT_MAX (64u * 1024) /* commands that wait */
#define PEER_ROWS_MAX 320           /* connected and known peers: more than a test has */
#define PEER_ANSWER_MS 10000        /* identify */
#define PEER_SAMPLES_MAX 1000000

/* Who a host is. */
struct own {
    struct key *key;
    struct identity identity;
    struct noise_static *noise;
};

/* Times in microseconds, to be ordered. */
struct samples {
    uint64_t *us;
    size_t count, max;
};

struct peer;
struct peer_gossip;
struct verb;

/* The command that runs. */
struct command {
    const struct verb *verb; /* NULL: none runs */
    char text[PEERS_ADDRESS_LEN + 256]; /* the line; words point into it */
    char *words[PEER_WORDS_MAX];
    size_t count;
    struct peerid target;
    bool connecting;
    uint64_t began_us;
    uint64_t left, errors;   /* of a bench */
    struct samples samples;
};

struct peer {
    uv_loop_t loop;
    uv_pipe_t input;
    uv_timer_t turn;   /* the next command, once all callbacks have returned */
    uv_timer_t answer; /* PEER_ANSWER_MS */
    struct own own;
    struct host *host;
    const struct protocol *const *protocols;      /* served */
    const struct protocol *const *base_protocols; /* without gossip, for further hosts */
    struct peer_gossip *gossip;                   /* NULL: off */
    uv_timer_t gossip_tick, bench;
    uv_idle_t bench_idle;
    bool early_muxer, quiet;
    bool listens, announced;
    bool input_ended, stopping;
    struct lat_buf lines;
    char input_piece[4096];
    struct command command;
    struct swarm_row rows[PEER_ROWS_MAX];
};

/* --- lattice_peer.c --- */

/* A fresh identity, or that of the seed. LAT_NOMEM and whatever making keys gives. */
LAT_MUST_CHECK enum lat_err own_make(struct own *own, const uint8_t seed[KEY_SEED_LEN]);
void own_free(struct own *own);

/* What all hosts of this program have in common; identity, ops and listeners are the caller's to fill. */
struct host_options peer_host_options(const struct peer *peer);

/* Begin the end: everything is closed, the loop runs out. */
void peer_stop(struct peer *peer);

/* --- peer_say.c --- */

/* Print {"ev": ev, ...fields}; takes fields, NULL: none. */
void say(const char *ev, cJSON *fields);

/* An object; a member of it. Text from outside is escaped. */
cJSON *say_fields(void);
void say_text(cJSON *fields, const char *name, const char *text);
void say_number(cJSON *fields, const char *name, double value);
void say_peer(cJSON *fields, const char *name, const struct peerid *id);
void say_texts(cJSON *fields, const char *name, const char *const *texts, size_t count);

/* p50, p99 and max as an object, divided by `unit` (1: us, 1000: ms). Orders the samples. NULL: there are none. */
cJSON *say_quantiles(struct samples *samples, double unit);

/* --- peer_commands.c --- */

/* Soon: run the next command, if none runs; stop when there are none and none can come. */
void peer_turn(struct peer *peer);

/* The running command is done: ok with fields (taken), or an error. */
void peer_done(struct peer *peer, cJSON *fields);
void peer_failed(struct peer *peer, const char *message);

/* The host's ops. */
extern const struct host_ops peer_host_ops;

/* --- peer_bench.c --- */

/* A ping stream. fn: after each echo; may call pinger_again or pinger_end. broken: once, when it ended otherwise. */
struct pinger {
    void (*fn)(struct pinger *pinger, uint64_t us);
    void (*broken)(void *arg);
    void *arg;
    struct conn_stream *stream;
    uint64_t sent_us;
    bool ended;
};
LAT_MUST_CHECK enum lat_err pinger_open(struct conn *conn, void (*fn)(struct pinger *pinger, uint64_t us),
                                        void (*broken)(void *arg), void *arg);
void pinger_again(struct pinger *pinger);
void pinger_end(struct pinger *pinger);

bool samples_add(struct samples *samples, uint64_t us);

void run_ping(struct peer *peer, struct conn *conn);
void run_ping_bench(struct peer *peer, struct conn *conn);
void run_stream_bench(struct peer *peer, struct conn *conn);
void run_perf(struct peer *peer, struct conn *conn);

/* --- peer_gossip.c, peer_gossip_bench.c --- */

/* The topic in this word of the command, or the first of the options. */
const char *peer_topic(const struct peer *peer, size_t word);
void run_publish(struct peer *peer, struct conn *conn);
void run_publish_hex(struct peer *peer, struct conn *conn);
void run_publish_size(struct peer *peer, struct conn *conn);
void run_subscribe(struct peer *peer, struct conn *conn);
void run_unsubscribe(struct peer *peer, struct conn *conn);
void run_mesh(struct peer *peer, struct conn *conn);
void run_gossip_bench(struct peer *peer, struct conn *conn);
void run_gossip_reset(struct peer *peer, struct conn *conn);
void run_gossip_report(struct peer *peer, struct conn *conn);

/* --- peer_dialers.c --- */
void run_hs_bench(struct peer *peer, struct conn *conn);

#endif
