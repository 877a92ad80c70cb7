/*
 * probe.c - asks an HTTP server on loopback the same question again and again over one connection, as a
 * monitor does, and says how long the answers took.
 *
 *   probe PORT PATH SECONDS INTERVAL_MS    prints "p50 p99 max" in ms, and the count
 *   probe port                             prints a port that was free a moment ago
 */
#include "config.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "bench/bench.h"

#define ANSWER_MAX 65536
#define TIMEOUT_S 30

static struct sockaddr_in
loopback(unsigned port)
{
    return (struct sockaddr_in){ .sin_family = AF_INET,
                                 .sin_port = htons((uint16_t)port),
                                 .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
}

static int
make_socket(void)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0)
        bench_fail("probe", "no socket");
    return fd;
}

static void
print_free_port(void)
{
    struct sockaddr_in address = loopback(0);
    socklen_t len = sizeof(address);
    int fd = make_socket();

    if (bind(fd, (struct sockaddr *)&address, len) || getsockname(fd, (struct sockaddr *)&address, &len))
        bench_fail("probe", "no port");
    printf("%u\n", ntohs(address.sin_port));
    close(fd);
}

static int
connect_to(unsigned port)
{
    struct sockaddr_in address = loopback(port);
    struct timeval timeout = { .tv_sec = TIMEOUT_S };
    int fd = make_socket(), on = 1;

    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
    if (connect(fd, (struct sockaddr *)&address, sizeof(address)))
        bench_fail("probe", "nobody answers");
    return fd;
}

/* Length of the whole answer once its head is there; 0: more is needed. */
static size_t
answer_len(const char *answer, size_t len)
{
    const char *end = memmem(answer, len, "\r\n\r\n", 4), *field;

    if (end == NULL)
        return 0;
    if (strncmp(answer, "HTTP/1.1 200", 12) != 0)
        bench_fail("probe", "the answer is not 200");
    field = strcasestr(answer, "\r\ncontent-length:");
    if (field == NULL || field > end)
        bench_fail("probe", "an answer without its length");
    return (size_t)(end + 4 - answer) + strtoul(field + 17, NULL, 10);
}

static void
ask(int fd, const char *request)
{
    static char answer[ANSWER_MAX + 1];
    size_t len = 0, whole = 0;

    if (write(fd, request, strlen(request)) != (ssize_t)strlen(request))
        bench_fail("probe", "the connection is lost");
    while (whole == 0 || len < whole) {
        ssize_t n = read(fd, answer + len, ANSWER_MAX - len);

        if (n <= 0)
            bench_fail("probe", "no answer");
        len += (size_t)n;
        answer[len] = 0;
        if (whole == 0)
            whole = answer_len(answer, len);
        if (whole > ANSWER_MAX)
            bench_fail("probe", "an answer too long");
    }
}

static void
probe(unsigned port, const char *path, double seconds, double interval)
{
    struct series times = { 0 };
    char request[512];
    double end = bench_now() + seconds, due = bench_now();
    int fd = connect_to(port);

    snprintf(request, sizeof(request), "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%u\r\n\r\n", path, port);
    while (due < end) {
        double then = bench_now();

        ask(fd, request);
        series_add(&times, (bench_now() - then) * 1e3);
        due += interval;
        while (bench_now() < due)
            usleep((useconds_t)((due - bench_now()) * 1e6) + 1);
        if (due < bench_now() - interval) /* late by more than one: those in between were never asked */
            due = bench_now();
    }
    close(fd);
    printf("%.3f %.3f %.3f %zu\n", series_at(&times, 0.5), series_at(&times, 0.99), series_at(&times, 1),
           times.count);
    series_free(&times);
}

int
main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "port") == 0)
        print_free_port();
    else if (argc == 5)
        probe((unsigned)strtoul(argv[1], NULL, 10), argv[2], strtod(argv[3], NULL),
              strtod(argv[4], NULL) / 1e3);
    else
        bench_fail("usage", "probe PORT PATH SECONDS INTERVAL_MS, or probe port");
    return 0;
}
