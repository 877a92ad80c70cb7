/*
 * proxy.h - a listener on loopback that passes bytes on to a port, until it is told to lose them or to break off; or that answers
 * garbage. On the loop of the test.
 */
#ifndef TESTS_SUPPORT_PROXY_H
#define TESTS_SUPPORT_PROXY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <uv.h>

struct proxy_pair;

struct proxy {
    uv_loop_t *loop;
    uv_tcp_t listener;
    bool open;
    uint16_t port;    /* of ours */
    uint16_t target;
    bool black_hole;  /* what is read is lost */
    bool garbage;     /* answer garbage, and connect nowhere */
    size_t accepted;
    struct proxy_pair *pairs;
};

void proxy_start(struct proxy *proxy, uv_loop_t *loop, uint16_t target);

/* Break all connections off by a reset. */
void proxy_reset(struct proxy *proxy);

/* Close everything and wait for it. */
void proxy_stop(struct proxy *proxy);

#endif
