/*
 * tunnel.c - status requests through our SSH tunnel, in turns with the same through `ssh -L`: round trips on kept connections.
 *
 *   tunnel SSH-TARGET SSH-CONFIG URL-OF-THE-FORWARDED-PORT
 */
#include "config.h"

#include "bench.h"

#include <stdio.h>
#include <string.h>

#include "attach/api_client.h"
#include "base/text.h"

static void
ask(struct api_client *client)
{
    static const struct api_request request = { .method = "GET", .path = "/api/lattice/p2p/status" };
    struct api_answer answer;
    struct lat_msg why = { "" };

    if (api_call(client, &request, &answer, &why))
        bench_fail("request", why.text);
    if (answer.status != 200)
        bench_fail("request", "no 200");
    lat_buf_fini(&answer.body);
}

static struct api_client *
reach(const char *text, const char *config)
{
    struct api_target target = { .base = "" };
    struct lat_msg why = { "" };
    struct api_client *client;

    if (api_target_parse(text, &target, &why) || !lat_copy(target.ssh_config, sizeof(target.ssh_config), config) ||
        (client = api_client_new(&target, &why)) == NULL)
        bench_fail(text, why.text);
    ask(client);
    return client;
}

/* Microseconds a request. */
static void
measure(struct api_client *client, unsigned count, struct series *out)
{
    for (unsigned i = 0; i < count; i++) {
        double began = bench_now();

        ask(client);
        series_add(out, (bench_now() - began) * 1e6);
    }
}

int
main(int argc, char **argv)
{
    unsigned rounds = bench_setting("BENCH_ROUNDS", 10);
    struct series ours = { 0 }, theirs = { 0 };
    struct api_client *tunnel, *forward;

    if (argc != 4)
        bench_fail("usage", "tunnel SSH-TARGET SSH-CONFIG URL");
    tunnel = reach(argv[1], argv[2]);
    forward = reach(argv[3], "");
    for (unsigned round = 0; round < rounds; round++) {
        measure(tunnel, 100, &ours);
        measure(forward, 100, &theirs);
    }
    bench_line("attach", "status request through our tunnel, p50", "µs", series_at(&ours, 0.5), "ssh -L", series_at(&theirs, 0.5),
               "<=1.5x");
    bench_line("attach", "status request through our tunnel, p99", "µs", series_at(&ours, 0.99), "ssh -L", series_at(&theirs, 0.99), "");
    api_client_free(tunnel);
    api_client_free(forward);
    series_free(&ours);
    series_free(&theirs);
    return 0;
}
