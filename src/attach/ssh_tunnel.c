#include "config.h"

#include "attach/ssh_tunnel.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

#define PASSES_MAX 64 /* turns of all links in one turn of the tunnel: a fast stream must not hold its owner for ever */

struct ssh_tunnel {
    struct ssh_route route;
    const struct ssh_asker *asker;
    struct ssh_link *links[SSH_HOPS_MAX];
    unsigned count; /* links made so far */
    char error[512];
    bool final;
};

struct ssh_tunnel *
ssh_tunnel_new(struct ssh_route *route, const struct ssh_asker *asker)
{
    struct ssh_tunnel *tunnel = calloc(1, sizeof(*tunnel));

    if (tunnel == NULL) {
        ssh_route_fini(route);
        return NULL;
    }
    tunnel->route = *route;
    tunnel->asker = asker;
    *route = (struct ssh_route){ .count = 0 };
    return tunnel;
}

/* The innermost first: it lives in the others. */
static void
end_links(struct ssh_tunnel *tunnel)
{
    while (tunnel->count > 0) {
        ssh_link_free(tunnel->links[--tunnel->count]);
        tunnel->links[tunnel->count] = NULL;
    }
}

void
ssh_tunnel_free(struct ssh_tunnel *tunnel)
{
    if (tunnel == NULL)
        return;
    end_links(tunnel);
    ssh_route_fini(&tunnel->route);
    free(tunnel);
}

static void
fail(struct ssh_tunnel *tunnel, const char *text, bool final)
{
    lat_copy(tunnel->error, sizeof(tunnel->error), text);
    tunnel->final = final;
    end_links(tunnel);
}

/* The next link, by TCP or through the one before. */
static void
add_link(struct ssh_tunnel *tunnel, uint64_t now_ms)
{
    const struct ssh_hop *hop = &tunnel->route.hops[tunnel->count];
    struct ssh_link *link;
    int fd = -1;

    if (tunnel->count > 0) {
        fd = ssh_link_open(tunnel->links[tunnel->count - 1], hop->config.host, hop->config.port);
        if (fd < 0) {
            fail(tunnel, "ssh: out of memory or descriptors", false);
            return;
        }
    }
    link = ssh_link_new(hop, tunnel->asker, fd, now_ms);
    if (link == NULL)
        fail(tunnel, "ssh: out of memory", false);
    else
        tunnel->links[tunnel->count++] = link;
}

void
ssh_tunnel_start(struct ssh_tunnel *tunnel, uint64_t now_ms)
{
    end_links(tunnel);
    tunnel->error[0] = 0;
    tunnel->final = false;
    add_link(tunnel, now_ms);
}

/* The outermost first: why an inner one has ended may be that an outer one has. */
static bool
find_dead(struct ssh_tunnel *tunnel)
{
    for (unsigned i = 0; i < tunnel->count; i++) {
        if (ssh_link_step(tunnel->links[i]) != SSH_DEAD)
            continue;
        if (i > 0 && ssh_link_error(tunnel->links[i - 1])[0]) /* the host before could not open the way */
            fail(tunnel, ssh_link_error(tunnel->links[i - 1]), false);
        else
            fail(tunnel, ssh_link_error(tunnel->links[i]), ssh_link_is_final(tunnel->links[i]));
        return true;
    }
    return false;
}

void
ssh_tunnel_turn(struct ssh_tunnel *tunnel, uint64_t now_ms)
{
    bool moved = tunnel->count > 0;

    for (int pass = 0; moved && pass < PASSES_MAX; pass++) {
        moved = false;
        for (unsigned i = 0; i < tunnel->count; i++)
            moved |= ssh_link_turn(tunnel->links[i], now_ms);
        if (find_dead(tunnel))
            return;
        if (ssh_link_step(tunnel->links[tunnel->count - 1]) == SSH_UP && tunnel->count < tunnel->route.count) {
            add_link(tunnel, now_ms);
            moved = true;
        }
        if (tunnel->count == 0)
            return;
    }
}

enum ssh_step
ssh_tunnel_step(const struct ssh_tunnel *tunnel)
{
    enum ssh_step step = tunnel->count > 0 ? ssh_link_step(tunnel->links[tunnel->count - 1]) : SSH_DEAD;

    return step == SSH_UP && tunnel->count < tunnel->route.count ? SSH_CONNECT : step;
}

const char *
ssh_tunnel_error(const struct ssh_tunnel *tunnel)
{
    if (tunnel->count == 0 || tunnel->error[0])
        return tunnel->error;
    return ssh_link_error(tunnel->links[tunnel->count - 1]);
}

bool
ssh_tunnel_is_final(const struct ssh_tunnel *tunnel)
{
    return tunnel->final;
}

bool
ssh_tunnel_asks(const struct ssh_tunnel *tunnel)
{
    return tunnel->count > 0 && ssh_link_asks(tunnel->links[tunnel->count - 1]);
}

int
ssh_tunnel_open(struct ssh_tunnel *tunnel)
{
    if (ssh_tunnel_step(tunnel) != SSH_UP)
        return -1;
    return ssh_link_open(tunnel->links[tunnel->count - 1], tunnel->route.api_host, tunnel->route.api_port);
}

size_t
ssh_tunnel_fds(const struct ssh_tunnel *tunnel, struct pollfd fds[SSH_TUNNEL_FDS_MAX])
{
    size_t count = 0;

    for (unsigned i = 0; i < tunnel->count; i++)
        count += ssh_link_fds(tunnel->links[i], fds + count);
    return count;
}

uint64_t
ssh_tunnel_due_ms(const struct ssh_tunnel *tunnel)
{
    uint64_t due = UINT64_MAX;

    for (unsigned i = 0; i < tunnel->count; i++) {
        uint64_t one = ssh_link_due_ms(tunnel->links[i]);

        due = one < due ? one : due;
    }
    return due;
}
