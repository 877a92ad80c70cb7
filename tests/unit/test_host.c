/* test_host.c - hosts on loopback sockets: they find each other, notice ends of every kind, and strangers take little. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <fcntl.h>
#include <malloc.h>
#include <net/if.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "p2p/perf.h"
#include "p2p/ping.h"
#include "support/host_side.h"
#include "support/proxy.h"

/* --- two hosts ------------------------------------------------------------------------------------- */

static void
two_hosts_meet_and_know_each_other(void **state)
{
    struct swarm_row row;

    (void)state;
    connect_pair("/ip4/127.0.0.1/tcp/0", 0, 0);
    run_for(300);
    row = first_row(&b);
    assert_true(row.connected && row.outbound && row.has_rtt && row.configured);
    assert_string_equal(row.agent, "lattice/test");
    assert_string_equal(row.address, a.address);
    assert_true(row.rtt_ms < 200);
    row = first_row(&a);
    assert_true(row.connected && !row.outbound && row.has_rtt);
    assert_string_equal(host_error(a.host), "");
    stop(&b);
    assert_true(wait_for(&a.downs, 1, 1000));
    assert_int_equal(a.reason, SWARM_CLOSED);
}

static void
a_host_listens_on_ip6(void **state)
{
    int fd = socket(AF_INET6, SOCK_STREAM, 0);
    struct sockaddr_in6 any = { .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT };

    (void)state;
    if (fd < 0 || bind(fd, (struct sockaddr *)(void *)&any, sizeof(any)) != 0) {
        if (fd >= 0)
            close(fd);
        skip(); /* this machine has no IPv6 */
    }
    close(fd);
    connect_pair("/ip6/::1/tcp/0", 0, 0);
    assert_true(strncmp(first_row(&b).address, "/ip6/::1/tcp/", 13) == 0);
}

static void
a_name_is_resolved_and_a_wrong_one_is_told(void **state)
{
    char address[200], id[PEERID_TEXT_MAX];
    struct lat_msg why = { "" };

    (void)state;
    start(&a, (struct start){ .listen = "/ip4/127.0.0.1/tcp/0" });
    start(&b, (struct start){ .no_redial = true });
    peerid_text(&a.identity.peer, id);
    snprintf(address, sizeof(address), "/dns4/localhost/tcp/%u/p2p/%s", (unsigned)port_of(&a), id);
    assert_int_equal(host_dial(b.host, address, &why), LAT_OK);
    assert_true(wait_for(&b.ups, 1, 5000));
    snprintf(address, sizeof(address), "/dns/name.invalid/tcp/%u", (unsigned)port_of(&a));
    assert_int_equal(host_dial(b.host, address, &why), LAT_OK);
    assert_true(wait_for(&b.failed, 1, 9000));
    assert_int_equal(host_dial(b.host, "/dns/name.invalid/tcp/1", &why), LAT_OK); /* given up while it is looked up */
}

static void
a_peer_that_was_killed_is_dialed_until_it_is_back(void **state)
{
    char listen[64];

    (void)state;
    connect_pair("/ip4/127.0.0.1/tcp/0", 0, 0);
    snprintf(listen, sizeof(listen), "%s", a.address);
    for (size_t n = 1; n <= 3; n++) {
        stop(&a);
        assert_true(wait_for(&b.downs, n, 1000));
        run_for(300);
        start(&a, (struct start){ .listen = listen });
        assert_true(wait_for(&b.ups, n + 1, 1000 * SLACK));
        assert_true(wait_for(&a.ups, n + 1, 1000 * SLACK));
    }
}

static void
remembered_peers_are_dialed_after_a_restart(void **state)
{
    struct lat_buf text;

    (void)state;
    connect_pair("/ip4/127.0.0.1/tcp/0", 0, 0);
    run_for(200);
    lat_buf_init(&text, PEERS_TEXT_MAX);
    stop(&b);
    start(&b, (struct start){ .listen = "/ip4/127.0.0.1/tcp/0" });
    assert_int_equal(host_peers_text(b.host, &text), LAT_OK);
    assert_null(strstr(lat_buf_str(&text), a.address)); /* it knows nobody */
    lat_buf_clear(&text);
    stop(&b);
    start(&b, (struct start){ .bootstrap = a.full, .listen = "/ip4/127.0.0.1/tcp/0" });
    assert_true(wait_for(&b.ups, 2, 2000));
    run_for(200);
    assert_int_equal(host_peers_text(a.host, &text), LAT_OK); /* by identify a knows where b listens */
    assert_non_null(strstr(lat_buf_str(&text), b.address));
    stop(&a);
    a.ups = 0;
    start(&a, (struct start){ .remembered = lat_buf_str(&text) });
    assert_true(wait_for(&a.ups, 1, 2000));
    assert_true(first_row(&a).outbound);
    lat_buf_fini(&text);
}

static void
a_taken_port_is_told_and_tried_again(void **state)
{
    (void)state;
    start(&a, (struct start){ .listen = "/ip4/127.0.0.1/tcp/0" });
    start(&b, (struct start){ .listen = a.address });
    assert_null(host_addresses(b.host)[0]);
    assert_true(strstr(host_error(b.host), "in use") != NULL);
    assert_int_equal(lines_with(&b, "cannot listen"), 1);
    stop(&a);
    run_for(HOST_RETRY_MS + 300);
    assert_string_equal(host_error(b.host), "");
    assert_string_equal(host_addresses(b.host)[0], a.address);
}

static void
bad_addresses_are_refused_with_a_reason(void **state)
{
    const char *listen[] = { "/ip4/127.0.0.1/udp/1", NULL }, *bootstrap[] = { "/ip4/127.0.0.1/tcp/1", NULL };
    struct host_options options = { .identity = &a.identity, .noise = a.own, .protocols = side_protocols, .agent = "x",
                                    .listen = listen, .redial_min_ms = 1, .redial_max_ms = 1, .ops = &side_ops, .arg = &a };
    struct lat_msg why = { "" };
    struct host *host;

    (void)state;
    assert_int_equal(host_new(&loop, &options, &host, &why), LAT_MALFORMED);
    assert_non_null(strstr(why.text, "/ip4/127.0.0.1/udp/1"));
    options.listen = NULL;
    options.bootstrap = bootstrap;
    assert_int_equal(host_new(&loop, &options, &host, &why), LAT_MALFORMED);
    assert_non_null(strstr(why.text, "/p2p/ID"));
}

/* --- dead links ------------------------------------------------------------------------------------ */

static void
start_through(struct proxy *proxy, uint64_t idle_ms, uint64_t dead_ms)
{
    char address[160], id[PEERID_TEXT_MAX];

    start(&a, (struct start){ .listen = "/ip4/127.0.0.1/tcp/0", .idle_ms = idle_ms, .dead_ms = dead_ms });
    proxy_start(proxy, &loop, port_of(&a));
    peerid_text(&a.identity.peer, id);
    snprintf(address, sizeof(address), "/ip4/127.0.0.1/tcp/%u/p2p/%s", (unsigned)proxy->port, id);
    start(&b, (struct start){ .bootstrap = address, .idle_ms = idle_ms, .dead_ms = dead_ms });
    assert_true(wait_for(&b.ups, 1, 2000));
    assert_true(wait_for(&a.ups, 1, 2000));
}

static void
a_black_hole_is_noticed_within_the_dead_time(void **state)
{
    struct proxy proxy;
    uint64_t begin;

    (void)state;
    start_through(&proxy, 300, 1000);
    run_for(2500);
    assert_int_equal(a.downs + b.downs, 0); /* quiet is not dead */
    begin = lat_mono_ms();
    proxy.black_hole = true;
    assert_true(wait_for(&a.downs, 1, 3000));
    assert_true(wait_for(&b.downs, 1, 3000));
    assert_true(a.down_ms - begin <= 1500 && b.down_ms - begin <= 1500);
    assert_true(a.down_ms - begin >= 600);
    assert_int_equal(a.reason, SWARM_SILENT);
    proxy.black_hole = false;
    assert_true(wait_for(&b.ups, 2, 13000)); /* what it dialed into the hole has its time first */
    proxy_stop(&proxy);
}

static void
a_reset_is_noticed_at_once(void **state)
{
    struct proxy proxy;
    uint64_t begin;

    (void)state;
    start_through(&proxy, 0, 0);
    begin = lat_mono_ms();
    proxy_reset(&proxy);
    assert_true(wait_for(&a.downs, 1, 2000));
    assert_true(wait_for(&b.downs, 1, 2000));
    assert_true(a.down_ms - begin <= 100 && b.down_ms - begin <= 100);
    assert_int_equal(a.reason, SWARM_RESET);
    assert_int_equal(b.reason, SWARM_RESET);
    assert_true(wait_for(&b.ups, 2, 1000 * SLACK));
    proxy_stop(&proxy);
}

static void
our_own_stall_loses_nobody(void **state)
{
    (void)state;
    connect_pair("/ip4/127.0.0.1/tcp/0", 300, 1000);
    for (int i = 0; i < 2; i++) {
        usleep(1500000); /* the process stands still, as when it was stopped */
        run_for(600);
    }
    assert_int_equal(a.downs + b.downs, 0);
    assert_int_equal(lines_with(&a, "stood still"), 1);
}

/* --- strangers ------------------------------------------------------------------------------------- */

static void
half_open_strangers_hold_at_most_64_descriptors(void **state)
{
    struct swarm_counts counts;
    int fds[200];
    size_t open = 0;
    char byte;

    (void)state;
    start(&a, (struct start){ .listen = "/ip4/127.0.0.1/tcp/0" });
    for (size_t i = 0; i < 200; i++) {
        fds[i] = raw_connect(port_of(&a));
        uv_run(&loop, UV_RUN_NOWAIT);
        host_count(a.host, &counts);
        assert_true(counts.half_open <= SWARM_HALF_OPEN_MAX);
    }
    run_for(200);
    for (size_t i = 0; i < 200; i++) { /* those that were let go see an end behind the greeting */
        assert_int_equal(fcntl(fds[i], F_SETFL, O_NONBLOCK), 0);
        while (recv(fds[i], &byte, 1, 0) > 0)
            continue;
        open += recv(fds[i], &byte, 1, 0) < 0;
    }
    assert_int_equal(open, SWARM_HALF_OPEN_MAX);
    assert_true(a.line_count <= 3);
    start(&b, (struct start){ .bootstrap = a.full });
    assert_true(wait_for(&b.ups, 1, 2000)); /* who can prove himself comes in all the same */
    for (size_t i = 0; i < 200; i++)
        close(fds[i]);
    run_for(300);
    host_count(a.host, &counts);
    assert_int_equal(counts.half_open, 0);
}

static void
a_garbage_listener_leaves_one_line(void **state)
{
    struct proxy garbage;
    char address[160], id[PEERID_TEXT_MAX];
    struct swarm_counts counts;

    (void)state;
    start(&a, (struct start){ .listen = NULL });
    proxy_start(&garbage, &loop, 0);
    garbage.garbage = true;
    peerid_text(&a.identity.peer, id);
    snprintf(address, sizeof(address), "/ip4/127.0.0.1/tcp/%u/p2p/%s", (unsigned)garbage.port, id);
    start(&b, (struct start){ .bootstrap = address });
    run_for(3000);
    assert_true(garbage.accepted >= 3);
    assert_int_equal(lines_with(&b, "no connection"), 1);
    assert_int_equal(b.ups, 0);
    host_count(b.host, &counts);
    assert_int_equal(counts.connections, 0);
    proxy_stop(&garbage);
}

static void
running_out_of_descriptors_passes(void **state)
{
    struct rlimit before, low;
    int fds[64], hoard[1024];
    size_t count = 0, let_go = 0;
    char byte;

    (void)state;
    start(&a, (struct start){ .listen = "/ip4/127.0.0.1/tcp/0" });
    run_for(50);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    for (size_t i = 0; i < 64; i++)
        fds[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    low = before;
    low.rlim_cur = (rlim_t)fds[63] + 8;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
    while (count < 1024 && (hoard[count] = dup(fds[0])) >= 0)
        count++;
    for (size_t i = 0; i < 64; i++) {
        struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(port_of(&a)), .sin_addr = { htonl(INADDR_LOOPBACK) } };

        (void)!connect(fds[i], (struct sockaddr *)(void *)&to, sizeof(to));
    }
    run_for(300);
    while (count > 0)
        close(hoard[--count]);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    for (size_t i = 0; i < 64; i++) {
        (void)fcntl(fds[i], F_SETFL, O_NONBLOCK);
        while (recv(fds[i], &byte, 1, 0) > 0)
            continue;
        let_go += recv(fds[i], &byte, 1, 0) == 0;
        close(fds[i]);
    }
    assert_int_equal(let_go, 64); /* told, not left waiting */
    start(&b, (struct start){ .bootstrap = a.full });
    assert_true(wait_for(&b.ups, 1, 2000));
}

/* --- load ------------------------------------------------------------------------------------------ */

struct load {
    size_t done, ok;
    uint64_t up, down;
};

static void
on_ping(void *arg, bool ok, uint64_t rtt_ms)
{
    struct load *load = arg;

    (void)rtt_ms;
    load->ok += ok;
    load->done++;
}

static void
on_perf(void *arg, bool ok, uint64_t up, uint64_t down)
{
    struct load *load = arg;

    load->done++;
    load->ok += ok;
    load->up = up;
    load->down = down;
}

/* Batches of ping streams, each ended when its echo has come. */
static void
open_streams(struct load *load, size_t count)
{
    struct conn_stream *streams[50];

    for (size_t i = 0; i < count; i += 2) { /* the other side takes two at a time */
        for (size_t k = 0; k < 2; k++)
            assert_int_equal(ping_open(b.conn, on_ping, load, &streams[k]), LAT_OK);
        host_flush(b.host, b.conn);
        assert_true(wait_for(&load->ok, load->ok + 2, 2000));
        for (size_t k = 0; k < 2; k++)
            stream_end(streams[k]);
        host_flush(b.host, b.conn);
        assert_true(wait_for(&load->done, load->done + 2, 2000)); /* told closed */
    }
}

static void
ten_thousand_streams_leave_nothing_behind(void **state)
{
    struct load load = { .done = 0 };
    struct conn_stats stats;
    struct mallinfo2 before, after;

    (void)state;
    connect_pair("/ip4/127.0.0.1/tcp/0", 0, 0);
    run_for(200);
    open_streams(&load, 500);
    before = mallinfo2();
    open_streams(&load, 9500);
    after = mallinfo2();
    assert_int_equal(load.ok, 10000);
    conn_stats(b.conn, &stats);
    assert_int_equal(stats.streams, 0);
    conn_stats(a.conn, &stats);
    assert_int_equal(stats.streams, 0);
    assert_true(after.uordblks < before.uordblks + 65536);
}

static void
bulk_goes_both_ways_and_a_ping_overtakes_it(void **state)
{
    static struct load load, pings; /* told of the end after the test */
    struct conn_stream *stream;
    uint64_t begin, longest = 0, start_ms = lat_mono_ms();
    const uint64_t bytes = 64u << 20;

    (void)state;
    connect_pair("/ip4/127.0.0.1/tcp/0", 0, 0);
    assert_int_equal(perf_open(b.conn, bytes, bytes, on_perf, &load), LAT_OK);
    assert_int_equal(perf_open(a.conn, bytes, bytes, on_perf, &load), LAT_OK);
    assert_int_equal(ping_open(b.conn, on_ping, &pings, &stream), LAT_OK);
    host_flush(a.host, a.conn);
    host_flush(b.host, b.conn);
    while (load.done < 2) {
        size_t want = pings.ok + 1;

        begin = lat_mono_ms();
        assert_true(wait_for(&pings.ok, want, 5000));
        longest = lat_mono_ms() - begin > longest ? lat_mono_ms() - begin : longest;
        ping_again(stream);
        host_flush(b.host, b.conn);
    }
    assert_int_equal(load.ok, 2);
    assert_int_equal(load.up, bytes);
    assert_int_equal(load.down, bytes);
    assert_true(longest < 500);
    printf("    256 MiB in %.2f s, the slowest ping beside it %d ms\n", (double)(lat_mono_ms() - start_ms) / 1000, (int)longest);
}

/* --- the network of the machine -------------------------------------------------------------------- */

/* Loopback goes and comes back; what was refused meanwhile is dialed at once, not when its back-off is over. */
static int
lose_loopback(void)
{
    struct ifreq request = { .ifr_name = "lo" };
    int fd = socket(AF_INET, SOCK_DGRAM, 0);

    connect_pair("/ip4/127.0.0.1/tcp/0", 0, 0);
    if (fd < 0 || ioctl(fd, SIOCGIFFLAGS, &request) != 0)
        return 77;
    request.ifr_flags &= (short)~IFF_UP;
    if (ioctl(fd, SIOCSIFFLAGS, &request) != 0)
        return 77;
    run_for(2500);
    if (lines_with(&b, "network has changed") != 1)
        return 1;
    request.ifr_flags |= IFF_UP;
    if (ioctl(fd, SIOCSIFFLAGS, &request) != 0)
        return 77;
    run_for(2500);
    close(fd);
    return lines_with(&b, "network has changed") == 2 && first_row(&b).connected ? 0 : 2;
}

static void
a_changed_network_is_noticed(void **state)
{
    (void)state;
    in_own_network(lose_loopback);
}

#define T(name) cmocka_unit_test_setup_teardown(name, side_setup, side_teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        T(two_hosts_meet_and_know_each_other),
        T(a_host_listens_on_ip6),
        T(a_name_is_resolved_and_a_wrong_one_is_told),
        T(a_peer_that_was_killed_is_dialed_until_it_is_back),
        T(remembered_peers_are_dialed_after_a_restart),
        T(a_taken_port_is_told_and_tried_again),
        T(bad_addresses_are_refused_with_a_reason),
        T(a_black_hole_is_noticed_within_the_dead_time),
        T(a_reset_is_noticed_at_once),
        T(our_own_stall_loses_nobody),
        T(half_open_strangers_hold_at_most_64_descriptors),
        T(a_garbage_listener_leaves_one_line),
        T(running_out_of_descriptors_passes),
        T(ten_thousand_streams_leave_nothing_behind),
        T(bulk_goes_both_ways_and_a_ping_overtakes_it),
        T(a_changed_network_is_noticed),
    };

    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
