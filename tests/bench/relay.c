/*
 * relay.c - stands between an HTTP client and a server on loopback and counts.
 *
 *   relay TARGET_PORT
 *
 * Prints its own port; then, for each line on standard input, the bytes passed so far to the server and from
 * it. Ends with its input.
 */
#include "config.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench/bench.h"

#define PAIRS 32
#define FDS (2 + 2 * PAIRS) /* standard input, the listener, then client and server of each pair */

static struct pollfd fds[FDS];
static uint64_t passed[2]; /* to the server, from it */

static struct sockaddr_in
loopback(unsigned port)
{
    return (struct sockaddr_in){ .sin_family = AF_INET,
                                 .sin_port = htons((uint16_t)port),
                                 .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
}

static void
listen_somewhere(void)
{
    struct sockaddr_in address = loopback(0);
    socklen_t len = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0 || bind(fd, (struct sockaddr *)&address, len) || listen(fd, PAIRS) ||
        getsockname(fd, (struct sockaddr *)&address, &len))
        bench_fail("relay", "cannot listen");
    fds[1] = (struct pollfd){ .fd = fd, .events = POLLIN };
    printf("%u\n", ntohs(address.sin_port));
    fflush(stdout);
}

static void
accept_one(unsigned target)
{
    struct sockaddr_in address = loopback(target);
    int client = accept(fds[1].fd, NULL, NULL), server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int at = 2;

    while (at < FDS && fds[at].fd >= 0)
        at += 2;
    if (client < 0 || server < 0 || at == FDS ||
        connect(server, (struct sockaddr *)&address, sizeof(address))) {
        close(client);
        close(server);
        return;
    }
    fds[at] = (struct pollfd){ .fd = client, .events = POLLIN };
    fds[at + 1] = (struct pollfd){ .fd = server, .events = POLLIN };
}

static void
close_pair(int at)
{
    for (int i = at & ~1; i <= (at | 1); i++) {
        close(fds[i].fd);
        fds[i].fd = -1;
    }
}

static void
pass(int at)
{
    static char bytes[65536];
    ssize_t n = read(fds[at].fd, bytes, sizeof(bytes));

    for (ssize_t sent = 0, m; n > 0 && sent < n; sent += m) {
        m = write(fds[at ^ 1].fd, bytes + sent, (size_t)(n - sent));
        if (m <= 0)
            n = 0;
    }
    if (n > 0)
        passed[at & 1] += (uint64_t)n;
    else
        close_pair(at);
}

/* false: the input has ended. */
static bool
answer_input(void)
{
    char bytes[256];
    ssize_t n = read(STDIN_FILENO, bytes, sizeof(bytes));

    for (ssize_t i = 0; i < n; i++)
        if (bytes[i] == '\n')
            printf("%llu %llu\n", (unsigned long long)passed[0], (unsigned long long)passed[1]);
    fflush(stdout);
    return n > 0;
}

int
main(int argc, char **argv)
{
    if (argc != 2)
        bench_fail("usage", "relay TARGET_PORT");
    for (int i = 0; i < FDS; i++)
        fds[i].fd = -1;
    fds[0] = (struct pollfd){ .fd = STDIN_FILENO, .events = POLLIN };
    listen_somewhere();
    while (poll(fds, FDS, -1) > 0) {
        if (fds[0].revents && !answer_input())
            break;
        if (fds[1].revents)
            accept_one((unsigned)strtoul(argv[1], NULL, 10));
        for (int i = 2; i < FDS; i++)
            if (fds[i].fd >= 0 && fds[i].revents)
                pass(i);
    }
    return 0;
}
