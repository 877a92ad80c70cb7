#include "config.h"

#include "cli/demo.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <glob.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include "base/wipe.h"
#include "cli/demo_data.h"
#include "cli/demo_story.h"
#include "crypto/key.h"
#include "crypto/rand.h"
#include "wire/peerid.h"

#define DEMO_FIRST_PORT 8000
#define DEMO_FIRST_P2P_PORT 9000
#define DEMO_NETWORK "lattice-demo"
#define DEMO_START_MS 2000
#define DEMO_GRACE_MS 5000 /* a node's own limit for an orderly end */

extern char **environ;

struct demo_node {
    const char *name;
    char dir[96];
    unsigned port;
    char api[32];
    char url[48];
    char key_hex[65];
    char listen[40];   /* multiaddr */
    char address[120]; /* the same with the peer id */
    pid_t pid; /* 0: not started, or runs in this process */
};

struct demo {
    char dir[64];
    struct demo_node nodes[DEMO_NODES_MAX];
    size_t count;
    int pipes[2 * (DEMO_NODES_MAX - 1)]; /* what the children read, then what we write: for child i [2i] and [2i + 1]; -1: closed */
    struct demo_story *story;
};

static const char *const demo_names[DEMO_NODES_MAX] = { "lisbon-1", "porto-1", "faro-1", "recife-1", "luanda-1",
                                                        "maputo-1", "praia-1", "evora-1", "sintra-1" };

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

static void
remove_folder(const char *path)
{
    (void)nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/*
 * Folders carry the pid of their demo: those of processes that are gone were left by a kill. One of another user is left
 * alone, root's demo included: its owner could change what stands in it while it is being removed.
 */
static bool
is_left_over(const char *folder)
{
    struct stat st;
    uint64_t pid;

    return lat_parse_u64(strrchr(folder, '.') + 1, INT32_MAX, &pid) == LAT_OK && kill((pid_t)pid, 0) != 0 && errno == ESRCH &&
           lstat(folder, &st) == 0 && S_ISDIR(st.st_mode) && st.st_uid == geteuid();
}

static void
remove_left_overs(void)
{
    glob_t found;

    if (glob("/tmp/lattice-demo.*", GLOB_NOSORT, NULL, &found) != 0)
        return;
    for (size_t i = 0; i < found.gl_pathc; i++) {
        if (is_left_over(found.gl_pathv[i]))
            remove_folder(found.gl_pathv[i]);
    }
    globfree(&found);
}

/* Settings of some other node must not leak into the demo; timers may stay. */
static bool
is_foreign_setting(const char *entry, size_t name_len)
{
    static const char *const prefixes[] = { "LATTICE_", "DIOTEC360_", "AETHEL_", "PORT=" };
    static const char *const timers[] = { "_TIMEOUT", "_INTERVAL", "_HOLD", "_AFTER" };
    bool ours = false;

    for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
        ours = ours || strncmp(entry, prefixes[i], strlen(prefixes[i])) == 0;
    for (size_t i = 0; i < sizeof(timers) / sizeof(timers[0]); i++) {
        size_t len = strlen(timers[i]);

        if (name_len > len && memcmp(entry + name_len - len, timers[i], len) == 0)
            return false;
    }
    return ours;
}

static void
clean_environment(void)
{
    char name[128];
    char **entry = environ;

    while (*entry) {
        size_t len = strcspn(*entry, "=");

        if (len < sizeof(name) && is_foreign_setting(*entry, len)) {
            memcpy(name, *entry, len);
            name[len] = '\0';
            unsetenv(name); /* moves the later entries up */
        } else {
            entry++;
        }
    }
}

/* Bind to learn whether the port is free, or (0) which one is; released at once, for the node to take. */
static bool
probe_port(unsigned wanted, unsigned *port)
{
    struct sockaddr_in addr = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                                .sin_port = htons((uint16_t)wanted) };
    socklen_t len = sizeof(addr);
    int one = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool ok = fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) == 0 &&
              bind(fd, (struct sockaddr *)&addr, len) == 0 && getsockname(fd, (struct sockaddr *)&addr, &len) == 0;

    if (fd >= 0)
        close(fd);
    *port = ntohs(addr.sin_port);
    return ok;
}

/* The ports that commands and the README speak of, where they are free. */
static enum lat_err
choose_port(unsigned wanted, unsigned *port)
{
    return probe_port(wanted, port) || probe_port(0, port) ? LAT_OK : LAT_SYS;
}

static enum lat_err
prepare_node(struct demo *demo, size_t index, struct key **key)
{
    struct demo_node *node = &demo->nodes[index];
    uint8_t seed[KEY_SEED_LEN];
    char hex[2 * KEY_SEED_LEN + 2], path[128], peer_id[PEERID_TEXT_MAX];
    unsigned p2p_port;
    enum lat_err err;

    node->name = demo_names[index];
    snprintf(node->dir, sizeof(node->dir), "%s/%s", demo->dir, node->name);
    err = lat_mkdir_all(node->dir, 0700);
    if (!err)
        err = choose_port(DEMO_FIRST_PORT + (unsigned)index, &node->port);
    if (!err)
        err = choose_port(DEMO_FIRST_P2P_PORT + (unsigned)index, &p2p_port);
    if (err)
        return err;
    snprintf(node->api, sizeof(node->api), "127.0.0.1:%u", node->port);
    snprintf(node->url, sizeof(node->url), "http://%s", node->api);
    rand_bytes(seed, sizeof(seed));
    lat_hex(seed, sizeof(seed), hex);
    hex[2 * KEY_SEED_LEN] = '\n';
    snprintf(path, sizeof(path), "%s/node.key", node->dir);
    err = lat_file_write(path, 0600, hex, 2 * KEY_SEED_LEN + 1);
    if (!err)
        err = key_from_seed(seed, key);
    if (!err) {
        lat_hex(key_public(*key), KEY_PUBLIC_LEN, node->key_hex);
        peerid_of_ed25519(key_public(*key), peer_id);
        snprintf(node->listen, sizeof(node->listen), "/ip4/127.0.0.1/tcp/%u", p2p_port);
        snprintf(node->address, sizeof(node->address), "%s/p2p/%s", node->listen, peer_id);
    }
    lat_wipe(seed, sizeof(seed));
    lat_wipe(hex, sizeof(hex));
    return err;
}

/* What every node of the demo shares stands in the environment, which the children inherit. */
static enum lat_err
share_settings(const struct demo *demo)
{
    char keys[DEMO_NODES_MAX * 66];
    size_t used = 0;

    for (size_t i = 0; i < demo->count; i++)
        used += (size_t)snprintf(keys + used, sizeof(keys) - used, "%s%s", i ? "," : "", demo->nodes[i].key_hex);
    if (setenv("LATTICE_TRUSTED_KEYS", keys, 1) || setenv("LATTICE_NETWORK", DEMO_NETWORK, 1) ||
        setenv("LATTICE_STORE_MAX", "1073741824", 1))
        return LAT_SYS;
    return LAT_OK;
}

/* The others: as HTTP sources, and as P2P peers. */
struct demo_peers {
    char urls[DEMO_NODES_MAX * 48];
    char addresses[DEMO_NODES_MAX * 120];
};

static void
peers_of(const struct demo *demo, const struct demo_node *node, struct demo_peers *out)
{
    size_t urls = 0, addresses = 0;

    *out = (struct demo_peers){ 0 };
    for (size_t i = 0; i < demo->count; i++) {
        const struct demo_node *other = &demo->nodes[i];

        if (other == node)
            continue;
        urls += (size_t)snprintf(out->urls + urls, sizeof(out->urls) - urls, "%s%s", urls ? "," : "", other->url);
        addresses += (size_t)snprintf(out->addresses + addresses, sizeof(out->addresses) - addresses, "%s%s",
                                      addresses ? "," : "", other->address);
    }
}

static enum lat_err
set_override(struct options *options, const char *name, const char *value)
{
    struct option_override *o;

    if (options->override_count == OPTIONS_OVERRIDES_MAX)
        return LAT_LIMIT;
    o = &options->overrides[options->override_count];
    *o = (struct option_override){ .name = name, .flag = "demo", .value = strdup(value) };
    if (o->value == NULL)
        return LAT_NOMEM;
    options->override_count++;
    return LAT_OK;
}

/* The settings of the first node, which runs in this process. */
static enum lat_err
configure_first(const struct demo *demo, struct options *options)
{
    const struct demo_node *first = &demo->nodes[0];
    struct demo_peers peers;
    enum lat_err err;

    peers_of(demo, first, &peers);
    err = set_override(options, "LATTICE_NODE_NAME", first->name);
    if (!err)
        err = set_override(options, "LATTICE_STATE_DIR", first->dir);
    if (!err)
        err = set_override(options, "LATTICE_API_LISTEN", first->api);
    if (!err)
        err = set_override(options, "LATTICE_NODES", peers.urls);
    if (!err)
        err = set_override(options, "LATTICE_P2P_LISTEN", first->listen);
    if (!err)
        err = set_override(options, "LATTICE_P2P_BOOTSTRAP", peers.addresses);
    options->env_file = "/dev/null"; /* no .env of another node */
    return err;
}

/* --fast: ten seconds of countdown, and the rest in proportion, unless the environment says otherwise. */
static enum lat_err
hurry(void)
{
    static const char *const timers[][2] = { { "LATTICE_PEERLESS_TIMEOUT", "10" }, { "LATTICE_RECOVER_HOLD", "3" },
                                             { "LATTICE_HTTP_POLL_INTERVAL", "2" }, { "LATTICE_HEARTBEAT_INTERVAL", "1" } };

    for (size_t i = 0; i < sizeof(timers) / sizeof(timers[0]); i++) {
        if (setenv(timers[i][0], timers[i][1], 0) != 0)
            return LAT_SYS;
    }
    return LAT_OK;
}

/* --nodes */
static enum lat_err
read_count(const struct options *options, size_t *count, struct lat_msg *why)
{
    uint64_t number = DEMO_NODES;
    char shown[40];

    if (options->nodes && (lat_parse_u64(options->nodes, DEMO_NODES_MAX, &number) || number < 2)) {
        lat_msg_set(why, "--nodes '%s': from 2 to %d", lat_escape_str(options->nodes, shown, sizeof(shown)), DEMO_NODES_MAX);
        return LAT_MALFORMED;
    }
    *count = (size_t)number;
    return LAT_OK;
}

static enum lat_err
make_pipes(struct demo *demo, const struct options *options, struct lat_msg *why)
{
    const struct story_options story = { .nodes = (unsigned)demo->count, .loop = options->loop, .percent = options->fast ? 50 : 100 };
    int ends[DEMO_NODES_MAX - 1];

    for (size_t i = 0; i + 1 < demo->count; i++) {
        if (pipe2(&demo->pipes[2 * i], O_CLOEXEC) != 0 || fcntl(demo->pipes[2 * i + 1], F_SETFL, O_NONBLOCK) != 0) {
            lat_msg_set(why, "demo: no pipe to be had: %s", strerror(errno));
            return LAT_SYS;
        }
        ends[i] = demo->pipes[2 * i + 1];
    }
    return demo_story_new(options->script, &story, ends, &demo->story, why);
}

static enum lat_err
make_folder(struct demo *demo, struct lat_msg *why)
{
    snprintf(demo->dir, sizeof(demo->dir), "/tmp/lattice-demo.%ld", (long)getpid());
    if (mkdir(demo->dir, 0700) == 0)
        return LAT_OK;
    /* somebody else's folder of this name is none of ours */
    lat_msg_set(why, "demo: the folder %s cannot be made: %s", demo->dir, strerror(errno));
    demo->dir[0] = '\0';
    return LAT_SYS;
}

static enum lat_err
make_nodes(struct demo *demo, struct lat_msg *why)
{
    struct key *keys[DEMO_NODES_MAX] = { NULL };
    const char *dirs[DEMO_NODES_MAX];
    enum lat_err err = LAT_OK;

    lat_msg_set(why, "demo: the folder %s cannot be made ready", demo->dir);
    for (size_t i = 0; i < demo->count && !err; i++) {
        err = prepare_node(demo, i, &keys[i]);
        dirs[i] = demo->nodes[i].dir;
    }
    if (!err)
        err = demo_fill(DEMO_NETWORK, dirs, keys, demo->count, why);
    for (size_t i = 0; i < demo->count; i++)
        key_free(keys[i]);
    return err;
}

enum lat_err
demo_prepare(struct options *options, struct demo **out, struct lat_msg *why)
{
    struct demo *demo = calloc(1, sizeof(*demo));
    enum lat_err err;

    if (demo == NULL)
        return LAT_NOMEM;
    for (size_t i = 0; i < sizeof(demo->pipes) / sizeof(demo->pipes[0]); i++)
        demo->pipes[i] = -1;
    remove_left_overs();
    clean_environment();
    err = read_count(options, &demo->count, why);
    if (!err)
        err = make_pipes(demo, options, why);
    if (!err)
        err = make_folder(demo, why);
    if (!err)
        err = make_nodes(demo, why);
    if (!err && options->fast)
        err = hurry();
    if (!err)
        err = share_settings(demo);
    if (!err)
        err = configure_first(demo, options);
    if (err)
        demo_free(demo);
    else
        *out = demo;
    return err;
}

/* In the child: never returns. The parent may have gone between fork and prctl. */
static void
become_node(const struct demo *demo, size_t index, pid_t parent)
{
    const struct demo_node *node = &demo->nodes[index];
    struct demo_peers peers;
    char log_file[128];
    sigset_t none;

    peers_of(demo, node, &peers);
    snprintf(log_file, sizeof(log_file), "%s/lattice.log", node->dir);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    setsid(); /* Ctrl-C in the console is the console's */
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() == parent && dup2(demo->pipes[2 * (index - 1)], STDIN_FILENO) == STDIN_FILENO)
        execl("/proc/self/exe", "lattice", "demo-node", "--env-file", "/dev/null", "--name", node->name, "--state-dir", node->dir,
              "--api", node->api, "--http-peer", peers.urls, "--listen", node->listen, "--peer", peers.addresses, "--log-file", log_file, (char *)NULL);
    _exit(EXIT_FAILURE);
}

/* Does somebody listen at the node's API? */
static bool
answers(const struct demo_node *node)
{
    struct sockaddr_in addr = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                                .sin_port = htons((uint16_t)node->port) };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool ok = fd >= 0 && connect(fd, (struct sockaddr *)&addr, sizeof(addr)) == 0;

    if (fd >= 0)
        close(fd);
    return ok;
}

/* So that the first node's first look finds them. One that takes longer is found by a later look. */
static void
wait_for_children(const struct demo *demo)
{
    const struct timespec pause = { .tv_nsec = 10000000 };
    uint64_t until_ms = lat_mono_ms() + DEMO_START_MS;

    for (size_t i = 1; i < demo->count; i++) {
        while (!answers(&demo->nodes[i]) && lat_mono_ms() < until_ms)
            nanosleep(&pause, NULL);
    }
}

enum lat_err
demo_start(struct demo *demo, struct lat_msg *why)
{
    pid_t parent = getpid();

    for (size_t i = 1; i < demo->count; i++) {
        pid_t pid = fork();

        if (pid == 0)
            become_node(demo, i, parent);
        if (pid < 0) {
            lat_msg_set(why, "demo: a node cannot be started: %s", strerror(errno));
            return LAT_SYS;
        }
        demo->nodes[i].pid = pid;
    }
    wait_for_children(demo);
    return LAT_OK;
}

static void
wait_for(struct demo_node *node, uint64_t until_ms)
{
    const struct timespec pause = { .tv_nsec = 20000000 };

    while (waitpid(node->pid, NULL, WNOHANG) == 0) {
        if (lat_mono_ms() >= until_ms)
            kill(node->pid, SIGKILL);
        nanosleep(&pause, NULL);
    }
    node->pid = 0;
}

void
demo_tell(struct demo *demo, struct exchange *x, struct source *source)
{
    demo_story_tell(demo->story, x, source);
}

void
demo_free(struct demo *demo)
{
    uint64_t until_ms = lat_mono_ms() + DEMO_GRACE_MS;

    if (demo == NULL)
        return;
    for (size_t i = 0; i < demo->count; i++) {
        if (demo->nodes[i].pid > 0)
            kill(demo->nodes[i].pid, SIGTERM);
    }
    for (size_t i = 0; i < demo->count; i++) {
        if (demo->nodes[i].pid > 0)
            wait_for(&demo->nodes[i], until_ms);
    }
    if (demo->dir[0])
        remove_folder(demo->dir);
    for (size_t i = 0; i < sizeof(demo->pipes) / sizeof(demo->pipes[0]); i++) {
        if (demo->pipes[i] >= 0)
            close(demo->pipes[i]);
    }
    demo_story_free(demo->story);
    free(demo);
}
