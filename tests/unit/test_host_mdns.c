/* test_host_mdns.c - mDNS on real multicast sockets, in a network of the test's own. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <net/if.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "p2p/mdns.h"
#include "support/host_side.h"

/* Nobody is told of anybody: they find each other, and who they are is proved as always. */
static int
find_each_other(void)
{
    start(&a, (struct start){ .listen = "/ip4/127.0.0.1/tcp/0", .mdns = true });
    run_for(2500); /* a has told twice by then: b must ask */
    start(&b, (struct start){ .listen = "/ip4/127.0.0.1/tcp/0", .mdns = true });
    if (!wait_for(&a.ups, 1, 5000) || !wait_for(&b.ups, 1, 1000))
        return 1;
    run_for(1500);
    return a.ups == 1 && b.ups == 1 && !first_row(&a).configured && first_row(&a).connected ? 0 : 2;
}

static void
two_hosts_find_each_other(void **state)
{
    (void)state;
    in_own_network(find_each_other);
}

/* On a link that has no IPv4 address, so that nothing goes by 224.0.0.251. Loopback has no route for IPv6 multicast. */
static int
find_each_other_by_ip6(void)
{
    if (system("exec 2>/dev/null; ip link add test0 type veth peer name test1 && ip link set test1 up && ip link set test0 up && "
               "ip -6 addr add fd00::1/64 dev test0 nodad") != 0)
        return 77;
    run_for(2000); /* the link's own address is looked for in the link first */
    start(&a, (struct start){ .listen = "/ip6/fd00::1/tcp/0", .mdns = true });
    run_for(2500);
    start(&b, (struct start){ .listen = "/ip6/fd00::1/tcp/0", .mdns = true });
    if (!wait_for(&a.ups, 1, 5000) || !wait_for(&b.ups, 1, 1000))
        return 1;
    if (strstr(first_row(&a).address, "/ip6/fd00::1/") == NULL)
        return 2;
    return lines_with(&a, "mDNS on test0 (IPv6)") == 1 && lines_with(&a, "(IPv4)") == 0 ? 0 : 3;
}

static void
two_hosts_find_each_other_by_ip6(void **state)
{
    (void)state;
    in_own_network(find_each_other_by_ip6);
}

static int
stay_alone(void)
{
    start(&a, (struct start){ .listen = "/ip4/127.0.0.1/tcp/0", .mdns = true });
    start(&b, (struct start){ .listen = "/ip4/127.0.0.1/tcp/0" });
    run_for(2500);
    if (a.ups + b.ups > 0)
        return 1; /* b has it off */
    stop(&b);
    start(&b, (struct start){ .listen = "/ip4/0.0.0.0/tcp/0", .mdns = true });
    run_for(2500);
    return a.ups + b.ups > 0 ? 2 : 0; /* "any address" does not mean loopback to others */
}

static void
who_has_it_off_or_does_not_listen_there_is_not_found(void **state)
{
    (void)state;
    in_own_network(stay_alone);
}

/* Loopback goes and comes back: who was found on the way is asked for again. */
static int
find_after_a_change(void)
{
    struct ifreq request = { .ifr_name = "lo" };
    int fd = socket(AF_INET, SOCK_DGRAM, 0);

    start(&a, (struct start){ .listen = "/ip4/127.0.0.1/tcp/0", .mdns = true });
    run_for(500);
    if (ioctl(fd, SIOCGIFFLAGS, &request) != 0)
        return 77;
    request.ifr_flags &= (short)~IFF_UP;
    if (ioctl(fd, SIOCSIFFLAGS, &request) != 0)
        return 77;
    run_for(2500);
    request.ifr_flags |= IFF_UP;
    if (ioctl(fd, SIOCSIFFLAGS, &request) != 0)
        return 77;
    close(fd);
    run_for(2600); /* NETCHANGE comes at most so often */
    start(&b, (struct start){ .listen = "/ip4/127.0.0.1/tcp/0", .mdns = true });
    if (!wait_for(&b.ups, 1, 5000))
        return 1;
    return a.networks >= 2 && lines_with(&a, "mDNS on lo (IPv4)") == 2 ? 0 : 2;
}

static void
an_interface_that_comes_back_is_used_again(void **state)
{
    (void)state;
    in_own_network(find_after_a_change);
}

/* A stranger shouts at the group, and at an id of his making: nothing of it is dialed that is not near, and the host goes on. */
static int
shout(void)
{
    static const uint8_t question[] = "\0\0\0\0\0\1\0\0\0\0\0\0\4_p2p\4_udp\5local\0\0\14\0\1";
    struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(MDNS_PORT) };
    struct ip_mreqn by = { .imr_ifindex = (int)if_nametoindex("lo"), .imr_address = { htonl(INADDR_LOOPBACK) } };
    struct swarm_counts counts;
    uint8_t heard[2000];
    ssize_t len;
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);

    (void)uv_ip4_addr(MDNS_IP4, MDNS_PORT, &to);
    if (fd < 0 || setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &by, sizeof(by)) != 0)
        return 77;
    start(&a, (struct start){ .listen = "/ip4/127.0.0.1/tcp/0", .mdns = true });
    run_for(300);
    for (int i = 0; i < 2000; i++) {
        memset(heard, i, sizeof(heard));
        (void)!sendto(fd, heard, (size_t)(i % 1400), 0, (struct sockaddr *)(void *)&to, sizeof(to));
    }
    run_for(1200);
    if (sendto(fd, question, sizeof(question) - 1, 0, (struct sockaddr *)(void *)&to, sizeof(to)) < 0)
        return 77;
    run_for(500);
    len = recv(fd, heard, sizeof(heard), 0); /* asked from another port: answered there */
    host_count(a.host, &counts);
    close(fd);
    return len > 100 && (heard[2] & 0x80) && counts.known == 0 ? 0 : 1;
}

static void
noise_on_the_group_is_passed_over_and_a_question_from_any_port_answered(void **state)
{
    (void)state;
    in_own_network(shout);
}

#define T(name) cmocka_unit_test_setup_teardown(name, side_setup, side_teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        T(two_hosts_find_each_other),
        T(two_hosts_find_each_other_by_ip6),
        T(who_has_it_off_or_does_not_listen_there_is_not_found),
        T(an_interface_that_comes_back_is_used_again),
        T(noise_on_the_group_is_passed_over_and_a_question_from_any_port_answered),
    };

    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
