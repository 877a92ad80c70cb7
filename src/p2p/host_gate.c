/*
 * host_gate.c - the cut of a demo. What the gate does to bytes stands where bytes pass (host_socket.c, host_listen.c, host_dial.c); here is
 * the moment at which it moves.
 */
#include "config.h"

#include "p2p/host_parts.h"

static void
break_all(struct host *host, uint64_t now_ms)
{
    struct hsock *sock = host->socks;

    while (sock) {
        if (sock->link) {
            hsock_break(sock, now_ms);
            sock = host->socks; /* the swarm may have closed others */
        } else {
            sock = sock->next;
        }
    }
    hdial_fail_all(host, uv_strerror(UV_ECONNREFUSED), now_ms);
}

static void
let_all_go_on(struct host *host)
{
    struct hsock *next;

    for (struct hsock *sock = host->socks; sock; sock = next) {
        next = sock->next; /* reading later, not now, is what may end one */
        if (sock->link) {
            hsock_read(sock);
            hsock_wake(sock);
        }
    }
}

void
host_set_gate(struct host *host, enum host_gate gate)
{
    uint64_t now_ms = host_now(host);

    host->gate = gate;
    switch (gate) {
    case HOST_GATE_OPEN:
        let_all_go_on(host);
        break;
    case HOST_GATE_RESET:
        break_all(host, now_ms);
        break;
    case HOST_GATE_DROP:
        for (struct hsock *sock = host->socks; sock; sock = sock->next)
            hsock_pause(sock);
        break;
    }
    host_flush_all(host);
}
