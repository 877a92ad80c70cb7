/* lattice_peer.c - the test peer's options, standard input, and life. See peer.h. */
#include "config.h"

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/wipe.h"
#include "crypto/rand.h"
#include "p2p/perf.h"
#include "p2p/ping.h"
#include "tests/interop/peer_gossip.h"

#define IDLE_MS 3000
#define DEAD_MS 10000
#define REDIAL_MIN_MS 1000
#define REDIAL_MAX_MS 30000
#define EXIT_USAGE 2
#define DIALS_MAX 16

static const struct protocol *const served[] = { &identify_protocol, &identify_push_protocol, &ping_protocol, &perf_protocol,
                                                 NULL };
static const struct protocol *const served_without_identify[] = { &ping_protocol, &perf_protocol, NULL };

/* --- who we are ------------------------------------------------------------------------------------ */

enum lat_err
own_make(struct own *own, const uint8_t seed[KEY_SEED_LEN])
{
    uint8_t fresh[KEY_SEED_LEN];
    enum lat_err err;

    *own = (struct own){ .key = NULL };
    rand_bytes(fresh, sizeof(fresh));
    err = key_from_seed(seed ? seed : fresh, &own->key);
    if (!err) {
        identity_init(&own->identity, own->key);
        rand_bytes(fresh, sizeof(fresh));
        err = noise_static_new(fresh, own->identity.public_key, sizeof(own->identity.public_key), identity_sign, &own->identity,
                               &own->noise);
    }
    lat_wipe(fresh, sizeof(fresh));
    return err;
}

void
own_free(struct own *own)
{
    noise_static_free(own->noise);
    key_free(own->key);
}

struct host_options
peer_host_options(const struct peer *peer)
{
    return (struct host_options){ .protocols = peer->base_protocols,
                                  .early_muxer = peer->early_muxer,
                                  .agent = "lattice/" PACKAGE_VERSION,
                                  .idle_ms = IDLE_MS,
                                  .dead_ms = DEAD_MS,
                                  .redial_min_ms = REDIAL_MIN_MS,
                                  .redial_max_ms = REDIAL_MAX_MS,
                                  .redial = false };
}

/* --- standard input -------------------------------------------------------------------------------- */

static void
on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *out)
{
    struct peer *peer = handle->data;

    (void)suggested;
    *out = uv_buf_init(peer->input_piece, sizeof(peer->input_piece));
}

static void
on_input(uv_stream_t *stream, ssize_t len, const uv_buf_t *piece)
{
    struct peer *peer = stream->data;

    if (len > 0 && lat_buf_add(&peer->lines, piece->base, (size_t)len)) {
        fprintf(stderr, "lattice-peer: more than %u bytes of commands wait\n", PEER_INPUT_MAX);
        len = UV_EOF;
    }
    if (len < 0) {
        peer->input_ended = true;
        uv_read_stop(stream);
    }
    peer_turn(peer);
}

/* False: standard input is neither a pipe, a socket nor a terminal. */
static bool
open_input(struct peer *peer)
{
    uv_pipe_init(&peer->loop, &peer->input, 0);
    peer->input.data = peer;
    return uv_pipe_open(&peer->input, 0) == 0 && uv_read_start((uv_stream_t *)&peer->input, on_alloc, on_input) == 0;
}

/* --- the end --------------------------------------------------------------------------------------- */

static void
on_host_closed(void *arg)
{
    struct peer *peer = arg;

    uv_close((uv_handle_t *)&peer->input, NULL);
    uv_close((uv_handle_t *)&peer->turn, NULL);
    uv_close((uv_handle_t *)&peer->answer, NULL);
    uv_close((uv_handle_t *)&peer->gossip_tick, NULL);
    uv_close((uv_handle_t *)&peer->bench, NULL);
    uv_close((uv_handle_t *)&peer->bench_idle, NULL);
    if (peer->gossip)
        peer_gossip_free(peer->gossip);
    peer->gossip = NULL;
}

void
peer_stop(struct peer *peer)
{
    peer->stopping = true;
    uv_timer_stop(&peer->gossip_tick);
    if (peer->gossip)
        peer_gossip_stop(peer->gossip);
    host_close(peer->host, on_host_closed, peer);
}

/* --- options --------------------------------------------------------------------------------------- */

struct settings {
    const char *listen, *ip;
    const char *dials[DIALS_MAX];
    size_t dial_count;
    uint8_t seed[KEY_SEED_LEN];
    bool has_seed, no_early_mux, no_identify, quiet;
    const char *topics[PEER_TOPICS_MAX];
    size_t topic_count;
    int gossip; /* enum gossip_version; below 0: off */
};

static const char usage[] =
    "usage: lattice-peer [--listen PORT|none] [--host IP] [--dial MULTIADDR]... [--key ed25519] [--seed HEX64]\n"
    "                    [--topic T]... [--gossip 1.2|1.1|1.0|off] [--secure noise] [--no-early-mux]\n"
    "                    [--no-identify] [--quiet]\n";

static bool
take_gossip(struct settings *settings, const char *word)
{
    static const char *const words[] = { "off", "1.0", "1.1", "1.2" };

    for (int i = 0; i < 4; i++) {
        if (strcmp(word, words[i]) == 0) {
            settings->gossip = i - 1;
            return true;
        }
    }
    return false;
}

static bool
take_topic(struct settings *settings, const char *topic)
{
    if (settings->topic_count == PEER_TOPICS_MAX)
        return false;
    settings->topics[settings->topic_count++] = topic;
    return true;
}

static bool
take_option(struct settings *settings, int option)
{
    switch (option) {
    case 'l':
        settings->listen = optarg;
        return true;
    case 'h':
        settings->ip = optarg;
        return true;
    case 'd':
        if (settings->dial_count == DIALS_MAX)
            return false;
        settings->dials[settings->dial_count++] = optarg;
        return true;
    case 'k':
        return strcmp(optarg, "ed25519") == 0;
    case 's':
        settings->has_seed = lat_unhex(optarg, settings->seed, sizeof(settings->seed)) == LAT_OK;
        return settings->has_seed;
    case 'g':
        return take_gossip(settings, optarg);
    case 't':
        return take_topic(settings, optarg);
    case 'c':
        return strcmp(optarg, "noise") == 0;
    case 'm':
        settings->no_early_mux = true;
        return true;
    case 'i':
        settings->no_identify = true;
        settings->gossip = -1;
        return true;
    case 'q':
        settings->quiet = true;
        return true;
    default:
        return false;
    }
}

static bool
read_options(int argc, char **argv, struct settings *settings)
{
    static const struct option known[] = {
        { "listen", required_argument, NULL, 'l' },   { "host", required_argument, NULL, 'h' },
        { "dial", required_argument, NULL, 'd' },     { "key", required_argument, NULL, 'k' },
        { "seed", required_argument, NULL, 's' },     { "gossip", required_argument, NULL, 'g' },
        { "secure", required_argument, NULL, 'c' },   { "no-early-mux", no_argument, NULL, 'm' },
        { "no-identify", no_argument, NULL, 'i' },    { "quiet", no_argument, NULL, 'q' },
        { "topic", required_argument, NULL, 't' },
        { NULL, 0, NULL, 0 },
    };
    int option;

    while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
        if (!take_option(settings, option)) {
            if (option != '?')
                fprintf(stderr, "lattice-peer: not offered: %s\n", optarg);
            return false;
        }
    }
    return optind == argc;
}

/* --- life ------------------------------------------------------------------------------------------ */

static enum lat_err
begin(struct peer *peer, const struct settings *settings, struct lat_msg *why)
{
    struct host_options options;
    char listen[PEERS_ADDRESS_LEN];
    const char *addresses[2] = { listen, NULL };
    enum lat_err err;

    peer->base_protocols = peer->protocols = settings->no_identify ? served_without_identify : served;
    peer->early_muxer = !settings->no_early_mux;
    peer->quiet = settings->quiet;
    peer->listens = strcmp(settings->listen, "none") != 0;
    lat_buf_init(&peer->lines, PEER_INPUT_MAX);
    for (size_t i = 0; i < settings->dial_count; i++) {
        err = lat_buf_printf(&peer->lines, "dial %s\n", settings->dials[i]);
        if (err)
            return err;
    }
    err = own_make(&peer->own, settings->has_seed ? settings->seed : NULL);
    if (err)
        return err;
    snprintf(listen, sizeof(listen), "/%s/%s/tcp/%s", strchr(settings->ip, ':') ? "ip6" : "ip4", settings->ip, settings->listen);
    if (settings->gossip >= 0) {
        peer->gossip = peer_gossip_new(peer, (enum gossip_version)settings->gossip, peer->base_protocols);
        if (peer->gossip == NULL)
            return LAT_NOMEM;
        memcpy(peer->gossip->topics, settings->topics, sizeof(settings->topics));
        peer->gossip->topic_count = settings->topic_count;
        peer->protocols = peer->gossip->protocols;
        err = peer_gossip_start(peer->gossip);
        if (err)
            return err;
    }
    options = peer_host_options(peer);
    options.protocols = peer->protocols;
    options.identity = &peer->own.identity;
    options.noise = peer->own.noise;
    options.listen = peer->listens ? addresses : NULL;
    options.ops = &peer_host_ops;
    options.arg = peer;
    return host_new(&peer->loop, &options, &peer->host, why);
}

static int
live(struct peer *peer, const struct settings *settings)
{
    struct lat_msg why = { "" };
    enum lat_err err;

    uv_timer_init(&peer->loop, &peer->turn);
    uv_timer_init(&peer->loop, &peer->answer);
    uv_timer_init(&peer->loop, &peer->gossip_tick);
    uv_timer_init(&peer->loop, &peer->bench);
    uv_idle_init(&peer->loop, &peer->bench_idle);
    peer->turn.data = peer->answer.data = peer->gossip_tick.data = peer->bench.data = peer->bench_idle.data = peer;
    err = begin(peer, settings, &why);
    if (err) {
        fprintf(stderr, "lattice-peer: %s\n", why.text[0] ? why.text : lat_err_text(err));
        return EXIT_USAGE;
    }
    if (!open_input(peer)) {
        fputs("lattice-peer: commands come from a pipe or a terminal\n", stderr);
        return EXIT_USAGE;
    }
    peer_host_ops.changed(peer);
    uv_run(&peer->loop, UV_RUN_DEFAULT);
    say("bye", NULL);
    return uv_loop_close(&peer->loop) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

int
main(int argc, char **argv)
{
    static struct peer peer;
    struct settings settings = { .listen = "0", .ip = "127.0.0.1", .gossip = GOSSIP_1_2 };
    int code;

    if (!read_options(argc, argv, &settings)) {
        fputs(usage, stderr);
        return EXIT_USAGE;
    }
    signal(SIGPIPE, SIG_IGN);
    if (uv_loop_init(&peer.loop) != 0)
        return EXIT_FAILURE;
    code = live(&peer, &settings);
    lat_wipe(settings.seed, sizeof(settings.seed));
    own_free(&peer.own);
    lat_buf_fini(&peer.lines);
    return code;
}
