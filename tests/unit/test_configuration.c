#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "node/configuration.h"

/* Without the padding at its end. */
#define LUNG_CONSTANTS_LEN (offsetof(struct lung_constants, min_peers) + sizeof(uint32_t))

#define KEY_A "8a88e3dd7409f195fd52db2d3cba5d72ca6709bf1d94121bf3748801b40f6f5c"
#define KEY_B "8139770ea87d175f56a35466c34c7ecccb8d8a91b4ee37a25df60f5b8fc9b394"
#define PEER_C "12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA"
#define PEER_C_HEX "2ffa35a99d3a3cfbb17bb7c1dc5561b18a8dcca4df38dc613ea859c37eb1336b"
#define SEED "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"

/* What one test gives and gets. */
struct fixture {
    const char *environment[16];
    struct config_override overrides[8];
    size_t override_count;
    const char *env;
    const struct config *present;
    struct config *config;
    struct config_findings found;
};

static bool
find_user(void *arg, const char *name, uid_t *uid)
{
    (void)arg;
    *uid = strcmp(name, "alice") == 0 ? 1001 : (uid_t)strtoul(name, NULL, 10);
    return strcmp(name, "alice") == 0 || (name[0] >= '0' && name[0] <= '9');
}

static bool
find_group(void *arg, const char *name, gid_t *gid)
{
    return find_user(arg, strcmp(name, "ops") == 0 ? "50" : "nobody", gid);
}

static enum lat_err
parse(struct fixture *f)
{
    struct config_input input = { .overrides = f->overrides,
                                  .override_count = f->override_count,
                                  .environment = f->environment,
                                  .env_path = f->env ? ".env" : NULL,
                                  .env_text = f->env,
                                  .env_len = f->env ? strlen(f->env) : 0,
                                  .host_name = "box",
                                  .own_uid = 1000,
                                  .find_user = find_user,
                                  .find_group = find_group,
                                  .present = f->present };

    return config_parse(&input, &f->config, &f->found);
}

static int
set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));

    *state = f;
    if (f == NULL)
        return -1;
    f->environment[0] = "HOME=/home/op";
    return 0;
}

static int
tear_down(void **state)
{
    struct fixture *f = *state;

    config_free(f->config);
    config_findings_fini(&f->found);
    free(f);
    return 0;
}

static void
set_environment(struct fixture *f, const char *entry)
{
    size_t i = 0;

    while (f->environment[i] != NULL)
        i++;
    assert_true(i + 1 < sizeof(f->environment) / sizeof(f->environment[0]));
    f->environment[i] = entry;
}

static void
set_flag(struct fixture *f, const char *name, const char *value, const char *flag)
{
    f->overrides[f->override_count++] = (struct config_override){ name, value, flag };
}

/* Is there a finding with all of this in it? */
static bool
found(const struct fixture *f, bool error, const char *where, const char *what)
{
    for (size_t i = 0; i < f->found.count; i++) {
        const struct config_finding *finding = &f->found.items[i];

        if (finding->error == error && strncmp(finding->text, where, strlen(where)) == 0 &&
            strstr(finding->text, what))
            return true;
    }
    return false;
}

/* One setting in .env alone is refused, with this text, and named with file and line. */
static void
assert_refused(void **state, const char *name, const char *value, const char *what)
{
    struct fixture *f = *state;
    char env[8192], where[128];

    snprintf(env, sizeof(env), "\n%s=%s\n", name, value);
    snprintf(where, sizeof(where), ".env: line 2: %s: ", name);
    f->env = env;
    assert_int_equal(parse(f), LAT_MALFORMED);
    if (!found(f, true, where, what))
        print_error("%s=%s: %s\n", name, value, f->found.items[0].text);
    assert_true(found(f, true, where, what));
    assert_int_equal(f->found.errors, 1);
    config_findings_fini(&f->found);
}

/* One setting in .env alone is taken without a word. */
static const struct config *
take(void **state, const char *name, const char *value)
{
    struct fixture *f = *state;
    char env[8192];

    config_free(f->config);
    f->config = NULL;
    snprintf(env, sizeof(env), "%s='%s'\n", name, value);
    f->env = env;
    if (parse(f))
        print_error("%s=%s: %s\n", name, value, f->found.items[0].text);
    assert_non_null(f->config);
    assert_int_equal(f->found.count, 0);
    return f->config;
}

static void
without_settings_the_defaults_count(void **state)
{
    struct fixture *f = *state;
    const struct config *c;

    assert_int_equal(parse(f), LAT_OK);
    c = f->config;
    assert_int_equal(f->found.count, 0);
    assert_string_equal(c->node_name, "box");
    assert_string_equal(c->state_dir, "/home/op/.local/state/lattice");
    assert_string_equal(c->api_listen, "127.0.0.1:8000");
    assert_null(c->sync_listen);
    assert_null(c->api_hosts[0]);
    assert_int_equal(c->uid_count, 2);
    assert_int_equal(c->uids[0], 1000);
    assert_int_equal(c->uids[1], 0);
    assert_true(c->p2p_enabled);
    assert_string_equal(c->p2p_listen[0], "/ip4/0.0.0.0/tcp/9000");
    assert_null(c->p2p_listen[1]);
    assert_null(c->p2p_bootstrap[0]);
    assert_string_equal(c->p2p_topic, "aethel/lattice/v1");
    assert_false(c->p2p_readers_all);
    assert_string_equal(c->network, "lattice");
    assert_int_equal(c->source_count, 0);
    assert_int_equal(c->key_count, 0);
    assert_false(c->has_seed);
    assert_int_equal(c->policy, LUNG_POLICY_AUTO);
    assert_int_equal(c->lung.fallback_ms, 60000);
    assert_true(c->store_max == (uint64_t)64 << 30);
    assert_int_equal(c->value_max, 65536);
    assert_int_equal(c->log_level, LAT_INFO);
    assert_false(c->log_json);
    assert_null(c->log_file);
    assert_null(c->env_file);
    assert_string_equal(config_text(c, "LATTICE_PEERLESS_TIMEOUT"), "60");
    assert_string_equal(config_text(c, "LATTICE_MIN_PEERS"), "2");
    assert_string_equal(config_text(c, "LATTICE_API_LISTEN"), "127.0.0.1:8000");
    assert_string_equal(config_text(c, "LATTICE_LOG_FILE"), "");
    assert_null(config_text(c, "LATTICE_NO_SUCH"));
}

static void
a_flag_beats_the_environment_beats_the_file(void **state)
{
    struct fixture *f = *state;

    f->env = "LATTICE_NODE_NAME=file\nLATTICE_NETWORK=file\nLATTICE_P2P_TOPIC=file\nLATTICE_P2P_TOPIC=last\n";
    set_environment(f, "LATTICE_NODE_NAME=environment");
    set_environment(f, "LATTICE_NETWORK=environment");
    set_flag(f, "LATTICE_NODE_NAME", "flag", "name");
    assert_int_equal(parse(f), LAT_OK);
    assert_string_equal(f->config->node_name, "flag");
    assert_string_equal(f->config->network, "environment");
    assert_string_equal(f->config->p2p_topic, "last");
    assert_string_equal(f->config->env_file, ".env");
}

static void
older_names_count_where_newer_ones_are_not_set_or_empty(void **state)
{
    struct fixture *f = *state;

    f->env = "AETHEL_P2P_TOPIC=aethel\nDIOTEC360_P2P_TOPIC=diotec\n"
             "LATTICE_NETWORK=\nAETHEL_NETWORK=aethel\n"
             "LATTICE_NODE_NAME=lattice\n";
    set_environment(f, "AETHEL_NODE_NAME=older");
    assert_int_equal(parse(f), LAT_OK);
    assert_int_equal(f->found.count, 0);
    assert_string_equal(f->config->p2p_topic, "diotec");
    assert_string_equal(f->config->network, "aethel");
    assert_string_equal(f->config->node_name,
                        "older"); /* the environment comes before .env, whatever the name */
}

static void
special_aliases_are_known(void **state)
{
    assert_string_equal(take(state, "AETHEL_STATE_PATH", "/srv/a")->state_dir, "/srv/a");
    assert_string_equal(take(state, "DIOTEC360_STATE_DIR", ".state_a")->state_dir, ".state_a");
    assert_string_equal(take(state, "DIOTEC360_LATTICE_NODES", "http://a:1")->sources[0].url, "http://a:1");
    assert_string_equal(take(state, "AETHEL_LATTICE_NODES", "http://a:1")->sources[0].url, "http://a:1");
    assert_string_equal(take(state, "LATTICE_NODES", "http://a:1")->sources[0].url, "http://a:1");
    assert_int_equal(take(state, "DIOTEC360_TRUSTED_STATE_PUBKEYS", KEY_A)->key_count, 1);
    assert_int_equal(take(state, "AETHEL_TRUSTED_STATE_PUBKEYS", KEY_A)->key_count, 1);
    assert_true(take(state, "AETHEL_NODE_PRIVKEY_HEX", SEED)->has_seed);
    assert_int_equal(take(state, "DIOTEC360_PEERLESS_TIMEOUT", "10")->lung.fallback_ms, 10000);
}

static void
names_that_v303_does_not_act_on_are_left_alone(void **state)
{
    struct fixture *f = *state;

    f->env = "DIOTEC360_TEST_MODE=1\nDIOTEC360_VAULT_DIR=x\nCORS_ORIGINS=*\nRATE_LIMIT_X=1\nAETHEL_SAFE_MODE=off\n";
    assert_int_equal(parse(f), LAT_OK);
    assert_int_equal(f->found.count, 0);
}

static void
safe_mode_is_not_passed_over_in_silence(void **state)
{
    struct fixture *f = *state;

    f->env = "x=1\nAETHEL_SAFE_MODE=1\n";
    set_environment(f, "DIOTEC360_SAFE_MODE=Yes");
    assert_int_equal(parse(f), LAT_OK);
    assert_int_equal(f->found.count, 2);
    assert_true(found(f, false, ".env: line 2: AETHEL_SAFE_MODE: ", "not offered"));
    assert_true(found(f, false, "environment: DIOTEC360_SAFE_MODE: ", "not offered"));
    assert_string_equal(f->config->warnings[1], f->found.items[1].text);
    assert_null(f->config->warnings[2]);
}

static void
production_has_both_of_its_older_names(void **state)
{
    assert_false(take(state, "LATTICE_ENV", "staging")->production);
    assert_true(take(state, "LATTICE_ENV", " Production")->production);
    assert_true(take(state, "DIOTEC360_ENV", "production")->production);
    assert_true(take(state, "DIOTEC360_ENVIRONMENT", "production")->production);
    assert_true(take(state, "AETHEL_ENV", "PRODUCTION")->production);
}

static void
an_unknown_name_is_a_warning_with_file_and_line(void **state)
{
    struct fixture *f = *state;

    f->env = "# x\nLATTICE_NODE=http://a\nLATTICE_MODE\n";
    set_environment(f, "LATTICE_PEERLES_TIMEOUT=5");
    set_environment(f, "LATTICE=/usr/bin/lattice");
    assert_int_equal(parse(f), LAT_OK);
    assert_int_equal(f->found.count, 3);
    assert_true(found(f, false, ".env: line 2: LATTICE_NODE: ", "no such setting"));
    assert_true(found(f, false, ".env: line 3: LATTICE_MODE: ", "without '='"));
    assert_true(found(f, false, "environment: LATTICE_PEERLES_TIMEOUT: ", "no such setting"));
}

static void
the_api_address_comes_whole_or_in_parts(void **state)
{
    assert_string_equal(take(state, "LATTICE_API_LISTEN", "[0:0::1]:0")->api_listen, "[::1]:0");
    assert_string_equal(take(state, "LATTICE_API_LISTEN", "LocalHost:08000")->api_listen, "localhost:8000");
    assert_string_equal(take(state, "DIOTEC360_API_PORT", "8001")->api_listen, "127.0.0.1:8001");
    assert_string_equal(take(state, "PORT", "8001")->api_listen, "127.0.0.1:8001");
    assert_string_equal(take(state, "LATTICE_API_HOST", "::1")->api_listen, "[::1]:8000");
    assert_string_equal(take(state, "LATTICE_API_HOST", "127.9.9.9")->api_listen, "127.9.9.9:8000");
}

static void
a_stronger_origin_of_a_part_beats_the_whole(void **state)
{
    struct fixture *f = *state;

    f->env = "LATTICE_API_LISTEN=127.0.0.1:1\nPORT=2\n";
    assert_int_equal(parse(f), LAT_OK);
    assert_string_equal(f->config->api_listen, "127.0.0.1:1");
    config_free(f->config);
    set_environment(f, "PORT=3");
    assert_int_equal(parse(f), LAT_OK);
    assert_string_equal(f->config->api_listen, "127.0.0.1:3");
    assert_string_equal(config_text(f->config, "LATTICE_API_LISTEN"), "127.0.0.1:3");
    config_free(f->config);
    set_flag(f, "LATTICE_API_LISTEN", "127.0.0.1:4", "api");
    assert_int_equal(parse(f), LAT_OK);
    assert_string_equal(f->config->api_listen, "127.0.0.1:4");
}

static void
the_api_off_loopback_needs_tls_and_tokens(void **state)
{
    struct fixture *f = *state;

    assert_refused(state, "LATTICE_API_LISTEN", "0.0.0.0:8000", "anybody could change the node");
    assert_refused(state, "LATTICE_API_LISTEN", "[::]:8000", "LATTICE_TLS_CERT");
    assert_refused(state, "DIOTEC360_API_HOST", "0.0.0.0", "LATTICE_SYNC_LISTEN");
    assert_refused(state, "LATTICE_API_LISTEN", "128.0.0.1:8000", "open to the network at 128.0.0.1:8000");
    assert_refused(state, "LATTICE_TLS_CERT", "/c", "set LATTICE_TLS_KEY also");
    assert_refused(state, "LATTICE_TLS_KEY", "/c", "set LATTICE_TLS_CERT also");
    f->env = "LATTICE_API_LISTEN=0.0.0.0:8000\nLATTICE_TLS_CERT=/c\nLATTICE_TLS_KEY=/"
             "k\nLATTICE_API_TOKENS_FILE=/t\n";
    assert_int_equal(parse(f), LAT_OK);
    assert_string_equal(f->config->api_listen, "0.0.0.0:8000");
}

static void
the_sync_address_may_be_any_interface(void **state)
{
    assert_string_equal(take(state, "LATTICE_SYNC_LISTEN", "0.0.0.0:8080")->sync_listen, "0.0.0.0:8080");
    assert_string_equal(take(state, "LATTICE_SYNC_LISTEN", "[2001:DB8::1]:8080")->sync_listen,
                        "[2001:db8::1]:8080");
    assert_refused(state, "LATTICE_SYNC_LISTEN", "127.0.0.1:8000", "use another port");
}

static void
an_address_that_is_none_is_refused(void **state)
{
    static const char *const bad[] = { "8000",           "127.0.0.1",       ":8000",
                                       "127.0.0.1:",     "127.0.0.1:65536", "127.0.0.1:x",
                                       "127.0.0.1:-1",   "127.0.0:80",      "host.example:80",
                                       "[::1]",          "[::1]8000",       "::1:8000",
                                       "[127.0.0.1]:80", "[::1:80",         "http://127.0.0.1:80" };

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_refused(state, "LATTICE_SYNC_LISTEN", bad[i], "");
}

static void
sources_are_brought_into_one_form(void **state)
{
    struct fixture *f = *state;
    uint8_t key[32];
    const struct config *c;

    c = take(state, "LATTICE_NODES",
             " http://Node.Example:8000/ ,, HTTPS://[::1]:8443/Base//,http://10.0.0.1#" PEER_C ",");
    assert_int_equal(c->source_count, 3);
    assert_string_equal(c->sources[0].url, "http://node.example:8000");
    assert_string_equal(c->sources[1].url, "https://[::1]:8443/Base");
    assert_string_equal(c->sources[2].url, "http://10.0.0.1");
    assert_false(c->sources[0].bound);
    assert_true(c->sources[2].bound);
    assert_int_equal(lat_unhex(PEER_C_HEX, key, sizeof(key)), LAT_OK);
    assert_memory_equal(c->sources[2].key, key, sizeof(key));
    config_free(f->config);
    f->config = NULL;
    f->env = "LATTICE_NODES=http://a:1,http://A:1/,http://b\n";
    assert_int_equal(parse(f), LAT_OK);
    assert_int_equal(f->config->source_count, 2);
    assert_true(found(f, false, ".env: line 1: LATTICE_NODES: ", "twice"));
}

static void
a_source_that_is_no_base_url_is_refused(void **state)
{
    static const struct {
        const char *url, *what;
    } bad[] = {
        { "node.example:8000", "no http:// or https:// URL" },
        { "ftp://node.example", "no http:// or https:// URL" },
        { "http://", "no host" },
        { "http:///path", "no host" },
        { "http://a:0", "no port" },
        { "http://a:99999", "no port" },
        { "http://a b", "no host" },
        { "http://a/x?y=1", "query" },
        { "http://a?y=1", "query" },
        { "http://a/<x>", "path" },
        { "http://a/\x1b[2J", "path" },
        { "http://a#12D3KooW", "peer id" },
        { "http://a#", "peer id" },
        { "http://[::1", "no host" },
    };

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        char quoted[128];

        snprintf(quoted, sizeof(quoted), "'%s'", bad[i].url);
        assert_refused(state, "LATTICE_NODES", quoted, bad[i].what);
    }
}

static void
credentials_in_a_source_are_refused_and_not_shown(void **state)
{
    static const char *const bad[] = { "http://user:hunter2@a:80", "http://user:hun#ter2@a", "hunter2@a",
                                       "https://a:hunter2@b/x?y" };
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        char env[128];

        snprintf(env, sizeof(env), "LATTICE_NODES='%s'\n", bad[i]);
        f->env = env;
        assert_int_equal(parse(f), LAT_MALFORMED);
        assert_true(found(f, true, ".env: line 1: LATTICE_NODES: ", "LATTICE_HTTP_TOKEN_FILE"));
        assert_null(strstr(f->found.items[0].text, "hun"));
        config_findings_fini(&f->found);
    }
}

static void
too_many_sources_are_refused(void **state)
{
    struct fixture *f = *state;
    char env[1024] = "LATTICE_NODES=";

    for (int i = 0; i <= CONFIG_SOURCES_MAX; i++)
        sprintf(env + strlen(env), "http://h%d,", i);
    f->env = env;
    assert_int_equal(parse(f), LAT_MALFORMED);
    assert_true(found(f, true, ".env: line 1: LATTICE_NODES: ", "at most 32"));
}

static void
keys_make_the_trust_set(void **state)
{
    struct fixture *f = *state;
    static struct trust trust;
    uint8_t a[32], b[32], c[32];

    assert_int_equal(lat_unhex(KEY_A, a, 32), LAT_OK);
    assert_int_equal(lat_unhex(KEY_B, b, 32), LAT_OK);
    assert_int_equal(lat_unhex(PEER_C_HEX, c, 32), LAT_OK);
    f->env = "LATTICE_TRUSTED_KEYS=" KEY_B ", " PEER_C "\nLATTICE_RETIRED_KEYS=" PEER_C
             "@2023-11-14T22:13:20.5Z\n";
    assert_int_equal(parse(f), LAT_OK);
    assert_int_equal(f->config->key_count, 3);
    config_trust(f->config, a, &trust);
    assert_int_equal(trust.count, 2);
    assert_true(trust_accepts(&trust, a, 1));
    assert_true(trust_accepts(&trust, b, UINT64_MAX - 1));
    assert_true(trust_accepts(&trust, c, (UINT64_C(1700000000500) << 16) - 1));
    assert_false(trust_accepts(&trust, c, UINT64_C(1700000000500) << 16));
}

static void
a_key_that_cannot_be_trusted_is_refused(void **state)
{
    assert_refused(state, "LATTICE_TRUSTED_KEYS", KEY_A "," KEY_B "0", "neither a public key");
    assert_refused(state, "LATTICE_TRUSTED_KEYS", "Qm", "neither a public key");
    assert_refused(state, "LATTICE_TRUSTED_KEYS",
                   "0100000000000000000000000000000000000000000000000000000000000000", "no sound");
    assert_refused(state, "LATTICE_RETIRED_KEYS", KEY_A, "KEY@TIME");
    assert_refused(state, "LATTICE_RETIRED_KEYS", "x@2023-11-14T22:13:20Z", "neither a public key");
    assert_refused(state, "LATTICE_NODES", "http://a#12D3KooWA2sZbJEbWsJTzMY9pgCFEeXjq4CsUNEkuTUmiGn7nXbZ",
                   "peer id");
}

static void
times_are_rfc_3339(void **state)
{
    static const struct {
        const char *text;
        uint64_t ms;
    } good[] = {
        { "1970-01-01T00:00:00Z", 0 },
        { "2000-02-29T23:59:60Z", 951868800000 },
        { "2023-11-14T22:13:20+00:00", 1700000000000 },
        { "2023-11-14t23:43:20.25+01:30", 1700000000250 },
        { "2023-11-14T17:13:20.0019-05:00", 1700000000001 },
        { "9999-12-31T23:59:59Z", 253402300799000 },
    };
    static const char *const bad[] = { "2023-11-14",
                                       "2023-11-14T22:13:20",
                                       "2023-11-14 22:13:20Z",
                                       "2023-13-14T22:13:20Z",
                                       "2023-00-14T22:13:20Z",
                                       "2023-02-29T22:13:20Z",
                                       "2023-11-14T24:13:20Z",
                                       "2023-11-14T22:60:20Z",
                                       "2023-11-14T22:13:61Z",
                                       "2023-11-14T22:13:20.Z",
                                       "2023-11-14T22:13:20+24:00",
                                       "2023-11-14T22:13:20Zx",
                                       "1969-12-31T23:59:59Z",
                                       "23-11-14T22:13:20Z",
                                       "2023-11-14T22:13:20+0100",
                                       "1900-02-29T00:00:00Z",
                                       "" };
    char value[160];

    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        snprintf(value, sizeof(value), KEY_A "@%s", good[i].text);
        assert_true(take(state, "LATTICE_RETIRED_KEYS", value)->keys[0].below_hlc == good[i].ms << 16);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        snprintf(value, sizeof(value), "'" KEY_A "@%s'", bad[i]);
        assert_refused(state, "LATTICE_RETIRED_KEYS", value, "");
    }
}

static void
timers_hold_their_ranges(void **state)
{
    static const struct {
        const char *name, *low, *high, *below, *above;
    } rows[] = {
        { "LATTICE_PEERLESS_TIMEOUT", "1", "3600", "0.999", "3600.001" },
        { "LATTICE_PING_AFTER", "0.1", "4.9", "0.099", "60.001" },
        { "LATTICE_PEER_DEAD_AFTER", "6.001", "300", "0.1", "300.001" },
        { "LATTICE_HEARTBEAT_INTERVAL", "0.2", "60", "0.199", "60.001" },
        { "LATTICE_RECOVER_HOLD", "0", "600", "-1", "600.001" },
        { "LATTICE_HTTP_POLL_INTERVAL", "0.2", "600", "0.199", "601" },
        { "LATTICE_HTTP_STANDBY", "30", "86400", "29.999", "86401" },
        { "LATTICE_MIN_PEERS", "1", "50", "0", "51" },
        { "LATTICE_STORE_MAX", "16M", "16384 GiB", "1", "16385G" },
        { "LATTICE_VALUE_MAX", "1", "983040", "0", "1 MiB" },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        take(state, rows[i].name, rows[i].low);
        take(state, rows[i].name, rows[i].high);
        assert_refused(state, rows[i].name, rows[i].below,
                       strcmp(rows[i].below, "-1") ? "out of range; use" : "no number");
        assert_refused(state, rows[i].name, rows[i].above, "out of range; use");
        assert_refused(state, rows[i].name, "many", "is no ");
    }
    assert_int_equal(take(state, "LATTICE_HTTP_STANDBY", "0")->lung.standby_ms, 0);
    assert_int_equal(take(state, "LATTICE_HEARTBEAT_INTERVAL", "0.25")->lung.exchange_ms, 250);
    assert_int_equal(take(state, "LATTICE_MIN_PEERS", "3")->lung.min_peers, 3);
    assert_refused(state, "LATTICE_HEARTBEAT_INTERVAL", "0", "use 0.2 to 60 seconds");
    assert_refused(state, "LATTICE_HTTP_STANDBY", "1", "use 0 (off), or 30 to 86400 seconds");
}

static void
a_dead_peer_is_given_time_to_answer(void **state)
{
    assert_refused(state, "LATTICE_PEER_DEAD_AFTER", "6", "more than twice");
}

static void
sizes_have_units(void **state)
{
    assert_int_equal(take(state, "LATTICE_VALUE_MAX", "65536")->value_max, 65536);
    assert_int_equal(take(state, "LATTICE_VALUE_MAX", "64k")->value_max, 65536);
    assert_int_equal(take(state, "LATTICE_VALUE_MAX", "64 KiB")->value_max, 65536);
    assert_true(take(state, "LATTICE_STORE_MAX", "2 GiB")->store_max == UINT64_C(2) << 30);
    assert_true(take(state, "LATTICE_STORE_MAX", "1T")->store_max == UINT64_C(1) << 40);
    assert_refused(state, "LATTICE_STORE_MAX", "64 GB", "no size");
    assert_refused(state, "LATTICE_STORE_MAX", "G", "no size");
    assert_refused(state, "LATTICE_STORE_MAX", "1.5G", "no size");
    assert_refused(state, "LATTICE_STORE_MAX", "18446744073709551615G", "no size");
}

static void
flags_read_as_v303_reads_them(void **state)
{
    struct fixture *f = *state;

    assert_true(take(state, "LATTICE_P2P_ENABLED", " Yes ")->p2p_enabled);
    assert_true(take(state, "LATTICE_P2P_ENABLED", "1")->p2p_enabled);
    assert_false(take(state, "LATTICE_P2P_ENABLED", "1")->mdns);
    assert_true(take(state, "DIOTEC360_MDNS", "true")->mdns);
    assert_false(take(state, "LATTICE_P2P_ENABLED", "off")->p2p_enabled);
    config_free(f->config);
    f->config = NULL;
    f->env = "LATTICE_P2P_ENABLED=ture\n";
    assert_int_equal(parse(f), LAT_OK);
    assert_false(f->config->p2p_enabled);
    assert_true(found(f, false, ".env: line 1: LATTICE_P2P_ENABLED: ", "counts as false"));
}

static void
words_are_taken_in_any_case(void **state)
{
    assert_int_equal(take(state, "LATTICE_MODE", "HTTP")->policy, LUNG_POLICY_HTTP);
    assert_int_equal(take(state, "DIOTEC360_LOG_LEVEL", "WARNING")->log_level, LAT_WARNING);
    assert_true(take(state, "LATTICE_LOG_FORMAT", "json")->log_json);
    assert_true(take(state, "LATTICE_P2P_READERS", "all")->p2p_readers_all);
    assert_refused(state, "LATTICE_MODE", "fast", "use auto, p2p or http");
    assert_refused(state, "LATTICE_LOG_LEVEL", "loud", "use debug, info");
    assert_refused(state, "LATTICE_LOG_FORMAT", "xml", "neither text nor json");
    assert_refused(state, "LATTICE_P2P_READERS", "none", "neither trusted nor all");
}

static void
mode_p2p_without_the_lung_is_refused(void **state)
{
    struct fixture *f = *state;

    f->env = "AETHEL_P2P_ENABLED=false\n";
    set_flag(f, "LATTICE_MODE", "p2p", "mode");
    assert_int_equal(parse(f), LAT_MALFORMED);
    assert_true(found(f, true, "--mode: LATTICE_MODE: ", "AETHEL_P2P_ENABLED (.env: line 1)"));
}

static void
multiaddrs_are_checked(void **state)
{
    static const char *const listen_bad[] = {
        "0.0.0.0:9000",           "/ip4/0.0.0.0",           "/ip4/0.0.0.0/udp/9000",
        "/ip4/0.0.0/tcp/9000",    "/ip4/::/tcp/9000",       "/ip6/0.0.0.0/tcp/1",
        "/ip4/0.0.0.0/tcp/65536", "/ip4/0.0.0.0/tcp/9000/", "/ip4/0.0.0.0/tcp/9000/ws",
        "/dns4/a/tcp/1",          "/ip4/0.0.0.0/tcp/9000/p2p/" PEER_C
    };
    static const char *const peer_bad[] = { "/ip4/10.0.0.1/tcp/9000",
                                            "/ip4/10.0.0.1/tcp/9000/p2p/{PEER_ID}",
                                            "/ip4/10.0.0.1/tcp/9000/p2p/",
                                            "/ip4/10.0.0.1/tcp/0/p2p/" PEER_C,
                                            "/ip4/10.0.0.1/udp/1/p2p/" PEER_C,
                                            "/dns/-a/tcp/1/p2p/" PEER_C,
                                            PEER_C,
                                            "/p2p/" PEER_C,
                                            "/ip4/10.0.0.1/tcp/1/p2p/" PEER_C "/x" };
    const struct config *c;

    c = take(state, "LATTICE_P2P_LISTEN", "/ip4/127.0.0.1/tcp/0, /ip6/::/tcp/9000");
    assert_string_equal(c->p2p_listen[1], "/ip6/::/tcp/9000");
    c = take(state, "LATTICE_P2P_BOOTSTRAP",
             "/dns4/a.example/tcp/1/p2p/" PEER_C
             ",/ip6/::1/tcp/9/p2p/QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N");
    assert_non_null(c->p2p_bootstrap[1]);
    assert_null(c->p2p_bootstrap[2]);
    for (size_t i = 0; i < sizeof(listen_bad) / sizeof(listen_bad[0]); i++)
        assert_refused(state, "LATTICE_P2P_LISTEN", listen_bad[i], "no address to listen on");
    for (size_t i = 0; i < sizeof(peer_bad) / sizeof(peer_bad[0]); i++)
        assert_refused(state, "LATTICE_P2P_BOOTSTRAP", peer_bad[i], "");
}

static void
hosts_origins_and_users_are_checked(void **state)
{
    const struct config *c;

    c = take(state, "LATTICE_API_HOSTS", "node.example, ::1, [::1], 10.0.0.1");
    assert_string_equal(c->api_hosts[3], "10.0.0.1");
    c = take(state, "LATTICE_CORS_ORIGINS", "https://a.example:8443,*,http://[::1]");
    assert_string_equal(c->cors_origins[1], "*");
    c = take(state, "LATTICE_CONTROL_USERS", "alice, 7");
    assert_int_equal(c->uid_count, 2);
    assert_int_equal(c->uids[0], 1001);
    assert_int_equal(c->uids[1], 7);
    assert_int_equal(take(state, "LATTICE_CONTROL_GROUPS", "ops")->gids[0], 50);
    assert_refused(state, "LATTICE_API_HOSTS", "node.example:8000", "without scheme and port");
    assert_refused(state, "LATTICE_CORS_ORIGINS", "https://a.example/x", "no origin");
    assert_refused(state, "LATTICE_CORS_ORIGINS", "a.example", "no origin");
    assert_refused(state, "LATTICE_CONTROL_USERS", "bob", "there is no user 'bob'");
    assert_refused(state, "LATTICE_CONTROL_GROUPS", "bobs", "there is no group 'bobs'");
}

static void
names_are_text_that_can_be_shown(void **state)
{
    assert_string_equal(take(state, "LATTICE_NODE_NAME", "kn\xc3\xb6ten 1")->node_name, "kn\xc3\xb6ten 1");
    assert_refused(state, "LATTICE_NODE_NAME", "\"a\\ab\"", "cannot be shown");
    assert_refused(state, "LATTICE_NETWORK",
                   "a\xe2\x80\xae"
                   "b",
                   "cannot be shown");
    assert_refused(state, "LATTICE_NODE_NAME",
                   "0123456789012345678901234567890123456789012345678901234567890123", "at most 63 bytes");
}

static void
a_seed_is_never_shown(void **state)
{
    struct fixture *f = *state;

    assert_string_equal(
        config_text(take(state, "LATTICE_NODE_PRIVKEY_HEX", SEED), "LATTICE_NODE_PRIVKEY_HEX"), "(set)");
    assert_int_equal(f->config->seed[0], 0x9d);
    config_free(f->config);
    f->config = NULL;
    f->env = "LATTICE_NODE_PRIVKEY_HEX=" SEED "ff\n";
    assert_int_equal(parse(f), LAT_MALFORMED);
    assert_true(found(f, true, ".env: line 1: LATTICE_NODE_PRIVKEY_HEX: ", "64 hex digits"));
    assert_null(strstr(f->found.items[0].text, "9d61"));
}

static void
all_problems_are_reported_at_once(void **state)
{
    struct fixture *f = *state;

    f->env = "LATTICE_MODE=fast\nLATTICE_NODES=ftp://a,http://b?x\nLATTICE_TYPO=1\n";
    set_environment(f, "DIOTEC360_HEARTBEAT_INTERVAL=0");
    set_flag(f, "LATTICE_API_LISTEN", "here", "api");
    assert_int_equal(parse(f), LAT_MALFORMED);
    assert_null(f->config);
    assert_int_equal(f->found.errors, 5);
    assert_int_equal(f->found.count, 6);
    assert_true(found(f, true, "environment: DIOTEC360_HEARTBEAT_INTERVAL: ", "0.2 to 60"));
    assert_true(found(f, true, "--api: LATTICE_API_LISTEN: ", "'here'"));
}

static void
a_broken_file_is_named_with_its_line(void **state)
{
    struct fixture *f = *state;

    f->env = "A=1\nLATTICE_MODE='http\n";
    set_environment(f, "LATTICE_LOG_LEVEL=loud");
    assert_int_equal(parse(f), LAT_MALFORMED);
    assert_true(found(f, true, ".env: line 2: ", "never closed"));
    assert_true(found(f, true, "environment: LATTICE_LOG_LEVEL: ", "'loud'"));
}

static void
references_see_the_environment(void **state)
{
    struct fixture *f = *state;

    f->env = "LATTICE_STATE_DIR=${HOME}/x\n";
    assert_int_equal(parse(f), LAT_OK);
    assert_string_equal(f->config->state_dir, "/home/op/x");
}

static void
the_state_directory_needs_a_home(void **state)
{
    struct fixture *f = *state;

    f->environment[0] = "XDG_STATE_HOME=/var/x";
    assert_int_equal(parse(f), LAT_OK);
    assert_string_equal(f->config->state_dir, "/var/x/lattice");
    config_free(f->config);
    f->config = NULL;
    f->environment[0] = "XDG_STATE_HOME=relative";
    assert_int_equal(parse(f), LAT_MALFORMED);
    assert_true(found(f, true, "default: LATTICE_STATE_DIR: ", "--state-dir"));
}

static void
findings_are_bounded(void **state)
{
    struct fixture *f = *state;
    char env[64 * 100] = "";

    for (int i = 0; i < 100; i++)
        sprintf(env + strlen(env), "LATTICE_X%d=1\n", i);
    strcat(env, "LATTICE_MODE=fast\n");
    f->env = env;
    assert_int_equal(parse(f), LAT_MALFORMED); /* the error is beyond those kept, and counts */
    assert_int_equal(f->found.count, CONFIG_FINDINGS_MAX);
    assert_int_equal(f->found.dropped, 101 - CONFIG_FINDINGS_MAX);
}

static void
a_reload_takes_what_it_may_and_names_the_rest(void **state)
{
    struct fixture *f = *state;
    struct config *first;

    f->env = "LATTICE_NODES=http://a\nLATTICE_NETWORK=one\nLATTICE_PEERLESS_TIMEOUT=60\nPORT=8001\n";
    assert_int_equal(parse(f), LAT_OK);
    first = f->config;
    f->config = NULL;
    f->present = first;
    f->env = "LATTICE_NODES=http://"
             "b\nLATTICE_NETWORK=two\nLATTICE_PEERLESS_TIMEOUT=10\nPORT=8002\nLATTICE_LOG_LEVEL=debug\n"
             "LATTICE_MODE=nonsense\n";
    assert_int_equal(parse(f), LAT_OK);
    assert_int_equal(f->found.count, 1);
    assert_true(found(f, false, "needs a restart: ", "LATTICE_API_PORT, LATTICE_NETWORK, LATTICE_MODE"));
    config_free(first);
    assert_string_equal(f->config->sources[0].url, "http://b");
    assert_string_equal(f->config->network, "one");
    assert_string_equal(f->config->api_listen, "127.0.0.1:8001");
    assert_int_equal(f->config->lung.fallback_ms, 10000);
    assert_int_equal(f->config->log_level, LAT_DEBUG);
    assert_int_equal(f->config->policy, LUNG_POLICY_AUTO);
}

static void
a_reload_keeps_how_strong_an_origin_was(void **state)
{
    struct fixture *f = *state;
    struct config *first;

    f->env = "LATTICE_API_LISTEN=127.0.0.1:1\n";
    set_environment(f, "PORT=8001");
    assert_int_equal(parse(f), LAT_OK);
    first = f->config;
    f->config = NULL;
    f->present = first;
    f->environment[1] = NULL;
    assert_int_equal(parse(f), LAT_OK);
    config_free(first);
    assert_true(found(f, false, "needs a restart: ", "LATTICE_API_PORT"));
    assert_string_equal(f->config->api_listen, "127.0.0.1:8001");
}

static void
print_shows_values_and_origins(void **state)
{
    struct fixture *f = *state;
    char text[16384];
    FILE *out = fmemopen(text, sizeof(text), "w");

    f->env = "LATTICE_NODE_PRIVKEY_HEX=" SEED "\nDIOTEC360_NODE_NAME=\"a b'\"\nAETHEL_API_PORT=8001\n";
    set_environment(f, "LATTICE_MODE=http");
    set_flag(f, "LATTICE_P2P_TOPIC", "t", "topic");
    assert_int_equal(parse(f), LAT_OK);
    config_print(f->config, out);
    fclose(out);
    assert_non_null(strstr(text, "LATTICE_NODE_NAME='a b\\''  # .env: line 2, as DIOTEC360_NODE_NAME; "));
    assert_non_null(
        strstr(text, "\nLATTICE_API_LISTEN=127.0.0.1:8001  # from LATTICE_API_HOST and LATTICE_API_PORT; "));
    assert_non_null(strstr(text, "\n#LATTICE_NODE_PRIVKEY_HEX='(set)'  # .env: line 1; "));
    assert_non_null(strstr(text, "\nLATTICE_MODE=http  # environment; "));
    assert_non_null(strstr(text, "\nLATTICE_P2P_TOPIC=t  # --topic; "));
    assert_non_null(strstr(text, "\nLATTICE_HTTP_STANDBY=300  # default; "));
    assert_non_null(strstr(text, "\n#LATTICE_LOG_FILE=  # not set; "));
    assert_null(strstr(text, "9d61"));
}

/* The printed settings, as .env, give the same settings. */
static void
what_is_printed_reads_back(void **state)
{
    struct fixture *f = *state;
    static char text[16384];
    FILE *out = fmemopen(text, sizeof(text), "w");
    struct config *first;

    f->env = "LATTICE_NODE_NAME=\"a \\\\'#b\"\nLATTICE_NODES=http://a/,https://b:1#" PEER_C
             "\nLATTICE_STORE_MAX=2 GiB\n"
             "LATTICE_API_HOST=::1\nLATTICE_TRUSTED_KEYS=" KEY_A "\n";
    assert_int_equal(parse(f), LAT_OK);
    config_print(f->config, out);
    fclose(out);
    first = f->config;
    f->config = NULL;
    f->env = text;
    assert_int_equal(parse(f), LAT_OK);
    assert_int_equal(f->found.count, 0);
    assert_string_equal(f->config->node_name, first->node_name);
    assert_string_equal(f->config->api_listen, first->api_listen);
    assert_int_equal(f->config->source_count, 2);
    assert_string_equal(f->config->sources[1].url, first->sources[1].url);
    assert_true(f->config->sources[1].bound && first->sources[1].bound);
    assert_memory_equal(f->config->sources[1].key, first->sources[1].key, sizeof(first->sources[1].key));
    assert_true(f->config->store_max == first->store_max);
    assert_memory_equal(&f->config->lung, &first->lung, LUNG_CONSTANTS_LEN);
    assert_memory_equal(f->config->uids, first->uids, first->uid_count * sizeof(uid_t));
    config_free(first);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(without_settings_the_defaults_count),
        TEST(a_flag_beats_the_environment_beats_the_file),
        TEST(older_names_count_where_newer_ones_are_not_set_or_empty),
        TEST(special_aliases_are_known),
        TEST(names_that_v303_does_not_act_on_are_left_alone),
        TEST(safe_mode_is_not_passed_over_in_silence),
        TEST(production_has_both_of_its_older_names),
        TEST(an_unknown_name_is_a_warning_with_file_and_line),
        TEST(the_api_address_comes_whole_or_in_parts),
        TEST(a_stronger_origin_of_a_part_beats_the_whole),
        TEST(the_api_off_loopback_needs_tls_and_tokens),
        TEST(the_sync_address_may_be_any_interface),
        TEST(an_address_that_is_none_is_refused),
        TEST(sources_are_brought_into_one_form),
        TEST(a_source_that_is_no_base_url_is_refused),
        TEST(credentials_in_a_source_are_refused_and_not_shown),
        TEST(too_many_sources_are_refused),
        TEST(keys_make_the_trust_set),
        TEST(a_key_that_cannot_be_trusted_is_refused),
        TEST(times_are_rfc_3339),
        TEST(timers_hold_their_ranges),
        TEST(a_dead_peer_is_given_time_to_answer),
        TEST(sizes_have_units),
        TEST(flags_read_as_v303_reads_them),
        TEST(words_are_taken_in_any_case),
        TEST(mode_p2p_without_the_lung_is_refused),
        TEST(multiaddrs_are_checked),
        TEST(hosts_origins_and_users_are_checked),
        TEST(names_are_text_that_can_be_shown),
        TEST(a_seed_is_never_shown),
        TEST(all_problems_are_reported_at_once),
        TEST(a_broken_file_is_named_with_its_line),
        TEST(references_see_the_environment),
        TEST(the_state_directory_needs_a_home),
        TEST(findings_are_bounded),
        TEST(a_reload_takes_what_it_may_and_names_the_rest),
        TEST(a_reload_keeps_how_strong_an_origin_was),
        TEST(print_shows_values_and_origins),
        TEST(what_is_printed_reads_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
