/*
 * host_side.h - two hosts in one process on one libuv loop and real loopback sockets, each with a record of what its ops were told.
 */
#ifndef TESTS_SUPPORT_HOST_SIDE_H
#define TESTS_SUPPORT_HOST_SIDE_H

#include "crypto/key.h"
#include "p2p/host.h"
#include "p2p/hostwatch.h"

#define SIDE_LINES_MAX 32
#define SLACK 3 /* times as long as needed on a machine that does nothing else */

struct side {
    struct key *key;
    struct identity identity;
    struct noise_static *own;
    struct host *host;
    struct hostwatch *watch; /* tells the host */
    char address[64], full[160];
    size_t ups, downs, failed, closed;
    size_t networks; /* NETCHANGE and RESUME */
    enum swarm_reason reason;
    uint64_t up_ms, down_ms;
    struct conn *conn;
    size_t line_count;
    char lines[SIDE_LINES_MAX][256]; /* above debug */
};

struct start {
    const char *listen, *bootstrap, *remembered;
    uint64_t idle_ms, dead_ms;
    bool no_redial, mdns;
};

extern uv_loop_t loop;
extern struct side a, b;
extern const struct protocol *const side_protocols[];
extern const struct host_ops side_ops;

/* Of each test: a loop, and sides a and b with keys of their own; at the end nothing may be left on the loop. */
int side_setup(void **state);
int side_teardown(void **state);

void start(struct side *side, struct start with);
void stop(struct side *side);

/* a listens, b dials it, both are connected. */
void connect_pair(const char *listen, uint64_t idle_ms, uint64_t dead_ms);

/* Let the loop run while *value is below `least`, at most so long. */
bool wait_for(const size_t *value, size_t least, uint64_t ms);
void run_for(uint64_t ms);

/* How many of the lines contain the text. */
size_t lines_with(const struct side *side, const char *text);

struct swarm_row first_row(const struct side *side);
uint16_t port_of(const struct side *side);

/* In a network of its own, with loopback up: what an exit code of 0 says is asserted, one of 77 skips the test. */
void in_own_network(int (*test)(void));

/* A raw connection to a host on 127.0.0.1. */
int raw_connect(uint16_t port);

#endif
