/* host_side.c - see host_side.h. */
#include "config.h"

#include "support/host_side.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "p2p/perf.h"
#include "p2p/ping.h"

const struct protocol *const side_protocols[] = { &identify_protocol, &identify_push_protocol, &ping_protocol,
                                                   &perf_protocol, NULL };

uv_loop_t loop;
struct side a, b;

static void
on_up(void *arg, const struct peerid *id, struct conn *conn)
{
    struct side *side = arg;

    (void)id;
    side->ups++;
    side->up_ms = lat_mono_ms();
    side->conn = conn;
}

static void
on_down(void *arg, const struct peerid *id, enum swarm_reason reason)
{
    struct side *side = arg;

    (void)id;
    side->downs++;
    side->down_ms = lat_mono_ms();
    side->reason = reason;
    side->conn = NULL;
}

static void
on_failed(void *arg, const char *address, const char *why)
{
    struct side *side = arg;

    (void)address;
    (void)why;
    side->failed++;
}

static void
on_changed(void *arg)
{
    (void)arg;
}

static void
on_log(void *arg, enum lat_level level, const char *text)
{
    struct side *side = arg;

    if (level > LAT_DEBUG)
        snprintf(side->lines[side->line_count++ % SIDE_LINES_MAX], sizeof(side->lines[0]), "%s", text);
}

static void
on_network(void *arg, enum hostwatch_event event)
{
    struct side *side = arg;

    side->networks++;
    if (event == HOSTWATCH_SLEPT)
        host_resume(side->host);
    else
        host_netchange(side->host);
}

const struct host_ops side_ops = { .up = on_up, .down = on_down, .failed = on_failed, .changed = on_changed,
                                   .log = on_log };

size_t
lines_with(const struct side *side, const char *text)
{
    size_t count = 0;

    for (size_t i = 0; i < SIDE_LINES_MAX; i++)
        count += strstr(side->lines[i], text) != NULL;
    return count;
}

/* --- harness --------------------------------------------------------------------------------------- */

static void
side_init(struct side *side, uint8_t byte)
{
    uint8_t seed[32];

    memset(side, 0, sizeof(*side));
    memset(seed, byte, sizeof(seed));
    assert_int_equal(key_from_seed(seed, &side->key), LAT_OK);
    identity_init(&side->identity, side->key);
    assert_int_equal(noise_static_new(seed, side->identity.public_key, sizeof(side->identity.public_key), identity_sign,
                                      &side->identity, &side->own),
                     LAT_OK);
}

void
start(struct side *side, struct start with)
{
    const char *listen[] = { with.listen, NULL }, *bootstrap[] = { with.bootstrap, NULL };
    const struct host_options options = { .identity = &side->identity, .noise = side->own, .protocols = side_protocols,
                                          .early_muxer = true, .agent = "lattice/test", .listen = listen,
                                          .bootstrap = bootstrap, .remembered = with.remembered,
                                          .idle_ms = with.idle_ms ? with.idle_ms : 3000,
                                          .dead_ms = with.dead_ms ? with.dead_ms : 10000, .redial_min_ms = 100,
                                          .redial_max_ms = 1000, .redial = !with.no_redial, .mdns = with.mdns, .ops = &side_ops, .arg = side };
    struct lat_msg why = { "" };
    char id[PEERID_TEXT_MAX];

    assert_int_equal(host_new(&loop, &options, &side->host, &why), LAT_OK);
    side->watch = hostwatch_new(&loop, on_network, side);
    assert_non_null(side->watch);
    peerid_text(&side->identity.peer, id);
    if (host_addresses(side->host)[0]) {
        snprintf(side->address, sizeof(side->address), "%s", host_addresses(side->host)[0]);
        snprintf(side->full, sizeof(side->full), "%s/p2p/%s", side->address, id);
    }
}

static void
on_host_closed(void *arg)
{
    struct side *side = arg;

    side->closed++;
    side->host = NULL;
}

bool
wait_for(const size_t *value, size_t least, uint64_t ms)
{
    uint64_t until = lat_mono_ms() + ms;

    while (*value < least && lat_mono_ms() < until)
        uv_run(&loop, UV_RUN_ONCE);
    return *value >= least;
}

/* The timer of a host that is open makes sure that the loop turns. */
void
run_for(uint64_t ms)
{
    static const size_t never = 0;

    (void)wait_for(&never, 1, ms);
}

void
stop(struct side *side)
{
    size_t before = side->closed;

    if (side->host == NULL)
        return;
    hostwatch_close(side->watch);
    host_close(side->host, on_host_closed, side);
    assert_true(wait_for(&side->closed, before + 1, 5000));
}

int
side_setup(void **state)
{
    (void)state;
    assert_int_equal(uv_loop_init(&loop), 0);
    side_init(&a, 1);
    side_init(&b, 2);
    return 0;
}

static void
side_fini(struct side *side)
{
    stop(side);
    noise_static_free(side->own);
    key_free(side->key);
}

int
side_teardown(void **state)
{
    (void)state;
    side_fini(&a);
    side_fini(&b);
    uv_run(&loop, UV_RUN_DEFAULT); /* ends only when nothing was left behind */
    assert_int_equal(uv_loop_close(&loop), 0);
    return 0;
}

struct swarm_row
first_row(const struct side *side)
{
    struct swarm_row row = { .id = { .len = 0 } };
    size_t total;

    (void)host_fill(side->host, &row, 1, &total);
    return row;
}

uint16_t
port_of(const struct side *side)
{
    return (uint16_t)atoi(strrchr(side->address, '/') + 1);
}

void
connect_pair(const char *listen, uint64_t idle_ms, uint64_t dead_ms)
{
    start(&a, (struct start){ .listen = listen, .idle_ms = idle_ms, .dead_ms = dead_ms });
    start(&b, (struct start){ .bootstrap = a.full, .idle_ms = idle_ms, .dead_ms = dead_ms });
    assert_true(wait_for(&a.ups, 1, 2000));
    assert_true(wait_for(&b.ups, 1, 2000));
}

int
raw_connect(uint16_t port)
{
    struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(port), .sin_addr = { htonl(INADDR_LOOPBACK) } };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (struct sockaddr *)(void *)&to, sizeof(to)), 0);
    return fd;
}

/* Root in the new namespace, so that programs that are run there may change its network as well. */
static void
be_root_inside(uid_t uid)
{
    FILE *map = fopen("/proc/self/uid_map", "we");

    if (map == NULL)
        return;
    fprintf(map, "0 %u 1\n", (unsigned)uid);
    fclose(map);
}

/* False: not allowed here. */
static bool
enter_own_network(void)
{
    struct ifreq request = { .ifr_name = "lo" };
    uid_t uid = geteuid();
    int fd;

    if (unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0 && unshare(CLONE_NEWNET) != 0)
        return false;
    be_root_inside(uid);
    fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || ioctl(fd, SIOCGIFFLAGS, &request) != 0)
        return false;
    request.ifr_flags |= IFF_UP;
    return ioctl(fd, SIOCSIFFLAGS, &request) == 0;
}

void
in_own_network(int (*test)(void))
{
    int status;
    pid_t child = fork();

    assert_true(child >= 0);
    if (child == 0)
        _exit(enter_own_network() ? test() : 77);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == 77)
        skip();
    assert_int_equal(WEXITSTATUS(status), 0);
}
