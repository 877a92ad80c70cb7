#include "config.h"

#include "node/configuration_table.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "crypto/key.h"
#include "node/configuration_addresses.h"
#include "node/configuration_values.h"

#define SHOWN_MAX 80
#define GIB ((uint64_t)1 << 30)

/* --- parts of readers --- */

static void *
field_of(struct config_reading *r, const struct config_row *row)
{
    return (char *)r->config + row->field;
}

/* In lower case, blanks at both ends away; cut to what any word needs. */
static void
lower_word(const char *text, char *out, size_t out_size)
{
    size_t len;

    text += strspn(text, " \t");
    lat_copy(out, out_size, text);
    len = strlen(out);
    while (len > 0 && (out[len - 1] == ' ' || out[len - 1] == '\t'))
        out[--len] = 0;
    for (; *out; out++)
        *out = (char)tolower((unsigned char)*out);
}

/* Cut the next item from a list: trimmed, empty ones skipped. *at moves on. NULL: the end. */
static char *
next_item(struct config_reading *r, const char **at)
{
    while (**at) {
        size_t len = strcspn(*at, ","), from = strspn(*at, " \t"), to = len;
        const char *text = *at;
        char *item;

        *at += len + ((*at)[len] ? 1 : 0);
        while (to > from && (text[to - 1] == ' ' || text[to - 1] == '\t'))
            to--;
        if (from >= to)
            continue;
        item = config_keep(r, to - from + 1);
        if (item != NULL)
            memcpy(item, text + from, to - from);
        return item;
    }
    return NULL;
}

static bool
check_range(struct config_reading *r, const struct config_row *row, uint64_t value, enum lat_err err,
            const char *text, uint64_t unit, const char *unit_name)
{
    char shown[SHOWN_MAX];

    lat_escape_str(text, shown, sizeof(shown));
    if (err == LAT_MALFORMED) {
        config_complain(r, true, "'%s' is no number of %s", shown, unit_name);
        return false;
    }
    if (!err && ((value >= row->least && value <= row->most) || (row->or_zero && value == 0)))
        return true;
    if (row->least % unit == 0)
        config_complain(r, true, "'%s' is out of range; use %s%" PRIu64 " to %" PRIu64 " %s", shown,
                        row->or_zero ? "0 (off), or " : "", row->least / unit, row->most / unit, unit_name);
    else /* the least times are tenths of a second */
        config_complain(r, true, "'%s' is out of range; use 0.%" PRIu64 " to %" PRIu64 " %s", shown,
                        row->least * 10 / unit, row->most / unit, unit_name);
    return false;
}

/* --- readers --- */

static void
read_text(struct config_reading *r, const struct config_row *row, const char *text)
{
    struct lat_msg why;

    if (row->check != NULL && row->check(text, &why))
        config_complain(r, true, "%s", why.text);
    else
        *(const char **)field_of(r, row) = text;
}

static void
read_list(struct config_reading *r, const struct config_row *row, const char *text)
{
    size_t count = 0, max = 2;
    const char **list;
    struct lat_msg why;

    for (const char *c = text; *c; c++)
        max += *c == ',';
    list = config_keep(r, max * sizeof(*list)); /* ends with NULL */
    for (const char *at = text, *item; list != NULL && (item = next_item(r, &at)) != NULL;) {
        if (row->check != NULL && row->check(item, &why))
            config_complain(r, true, "%s", why.text);
        else
            list[count++] = item;
    }
    if (list != NULL)
        *(const char *const **)field_of(r, row) = list;
}

static void
read_flag(struct config_reading *r, const struct config_row *row, const char *text)
{
    static const char *const yes[] = { "1", "true", "yes", "on" };
    static const char *const no[] = { "0", "false", "no", "off" };
    char word[16], shown[SHOWN_MAX];
    bool known = false, *flag = field_of(r, row);

    lower_word(text, word, sizeof(word));
    *flag = false; /* every other text is false, as in v3.0.3 */
    for (size_t i = 0; i < 4; i++) {
        *flag = *flag || strcmp(word, yes[i]) == 0;
        known = known || *flag || strcmp(word, no[i]) == 0;
    }
    if (!known)
        config_complain(r, false, "'%s' counts as false; write true or false",
                        lat_escape_str(text, shown, sizeof(shown)));
}

static void
read_seconds(struct config_reading *r, const struct config_row *row, const char *text)
{
    uint64_t ms = 0;
    enum lat_err err = lat_parse_seconds(text, row->most, &ms);

    if (check_range(r, row, ms, err, text, 1000, "seconds"))
        *(uint64_t *)field_of(r, row) = ms;
}

static void
read_count(struct config_reading *r, const struct config_row *row, const char *text)
{
    uint64_t count = 0;
    enum lat_err err = lat_parse_u64(text, row->most, &count);

    if (check_range(r, row, count, err, text, 1, "peers"))
        *(uint32_t *)field_of(r, row) = (uint32_t)count;
}

static void
read_size(struct config_reading *r, const struct config_row *row, const char *text)
{
    struct lat_msg why;
    uint64_t bytes;

    if (config_read_size(text, &bytes, &why))
        config_complain(r, true, "%s", why.text);
    else if (check_range(r, row, bytes, LAT_OK, text, 1, "bytes"))
        *(uint64_t *)field_of(r, row) = bytes;
}

bool
config_take_listen(struct config_reading *r, const char *text, const char **field)
{
    struct config_listen listen;
    struct lat_msg why;

    if (config_read_listen(text, &listen, &why)) {
        config_complain(r, true, "%s", why.text);
        return false;
    }
    *field = config_keep_text(r, "%s", listen.text);
    return *field != NULL;
}

static void
read_sync_listen(struct config_reading *r, const struct config_row *row, const char *text)
{
    config_take_listen(r, text, field_of(r, row));
}

static void
read_users(struct config_reading *r, const struct config_row *row, const char *text)
{
    struct config *c = r->config;
    char shown[SHOWN_MAX];

    (void)row;
    for (const char *at = text, *item; (item = next_item(r, &at)) != NULL;) {
        if (c->uid_count == CONFIG_USERS_MAX) {
            config_complain(r, true, "too many; name at most %d users, or a group", CONFIG_USERS_MAX);
            return;
        }
        if (!r->input->find_user(r->input->arg, item, &c->inside->uids[c->uid_count]))
            config_complain(r, true, "there is no user '%s'", lat_escape_str(item, shown, sizeof(shown)));
        else
            c->uid_count++;
    }
}

static void
read_groups(struct config_reading *r, const struct config_row *row, const char *text)
{
    struct config *c = r->config;
    char shown[SHOWN_MAX];

    (void)row;
    for (const char *at = text, *item; (item = next_item(r, &at)) != NULL;) {
        if (c->gid_count == CONFIG_USERS_MAX) {
            config_complain(r, true, "too many; name at most %d groups", CONFIG_USERS_MAX);
            return;
        }
        if (!r->input->find_group(r->input->arg, item, &c->inside->gids[c->gid_count]))
            config_complain(r, true, "there is no group '%s'", lat_escape_str(item, shown, sizeof(shown)));
        else
            c->gid_count++;
    }
}

static bool
has_source(const struct config *c, const char *url)
{
    for (size_t i = 0; i < c->source_count; i++) {
        if (strcmp(c->sources[i].url, url) == 0)
            return true;
    }
    return false;
}

static void
read_sources(struct config_reading *r, const struct config_row *row, const char *text)
{
    struct config *c = r->config;
    struct config_source source;
    char shown[SNAPSHOT_URL_MAX];
    bool too_many = false;
    struct lat_msg why;

    (void)row;
    for (const char *at = text, *item; (item = next_item(r, &at)) != NULL;) {
        if (config_read_source(item, &source, &why))
            config_complain(r, true, "%s", why.text);
        else if (has_source(c, source.url))
            config_complain(r, false, "'%s' stands there twice; the first counts",
                            lat_escape_str(source.url, shown, sizeof(shown)));
        else if (c->source_count < CONFIG_SOURCES_MAX)
            c->inside->sources[c->source_count++] = source;
        else
            too_many = true;
    }
    if (too_many)
        config_complain(r, true, "too many; name at most %d HTTP peers", CONFIG_SOURCES_MAX);
}

/* False: complained about; the rest of the list would say the same. */
static bool
add_key(struct config_reading *r, const struct config_key *key)
{
    struct config *c = r->config;

    if (c->key_count == TRUST_KEYS_MAX) {
        config_complain(r, true, "too many; at most %d keys can be trusted or retired", TRUST_KEYS_MAX);
        return false;
    }
    c->inside->keys[c->key_count++] = *key;
    return true;
}

static void
read_trusted(struct config_reading *r, const struct config_row *row, const char *text)
{
    struct config_key key = { .below_hlc = TRUST_NOT_RETIRED };
    struct lat_msg why;

    (void)row;
    for (const char *at = text, *item; (item = next_item(r, &at)) != NULL;) {
        if (config_read_key(item, key.key, &why))
            config_complain(r, true, "%s", why.text);
        else if (!add_key(r, &key))
            return;
    }
}

static void
read_retired(struct config_reading *r, const struct config_row *row, const char *text)
{
    struct config_key key;
    struct lat_msg why;

    (void)row;
    for (const char *at = text, *item; (item = next_item(r, &at)) != NULL;) {
        if (config_read_retired(item, &key, &why))
            config_complain(r, true, "%s", why.text);
        else if (!add_key(r, &key))
            return;
    }
}

static void
read_seed(struct config_reading *r, const struct config_row *row, const char *text)
{
    (void)row;
    if (lat_unhex(text, r->config->seed, sizeof(r->config->seed)))
        config_complain(r, true, "no seed of 64 hex digits (the value is not shown here)");
    else
        r->config->has_seed = true;
}

static void
read_mode(struct config_reading *r, const struct config_row *row, const char *text)
{
    char word[16], shown[SHOWN_MAX];

    lower_word(text, word, sizeof(word));
    if (lung_policy_parse(word, field_of(r, row)))
        config_complain(r, true, "'%s' is no mode; use auto, p2p or http",
                        lat_escape_str(text, shown, sizeof(shown)));
}

static void
read_level(struct config_reading *r, const struct config_row *row, const char *text)
{
    char word[16], shown[SHOWN_MAX];

    lower_word(text, word, sizeof(word));
    if (lat_level_parse(word, field_of(r, row)))
        config_complain(r, true, "'%s' is no level; use debug, info, notice, warning or error",
                        lat_escape_str(text, shown, sizeof(shown)));
}

/* One of two words; the field is true for the second. */
static void
read_either(struct config_reading *r, const struct config_row *row, const char *text, const char *first,
            const char *second)
{
    char word[16], shown[SHOWN_MAX];

    lower_word(text, word, sizeof(word));
    if (strcmp(word, first) != 0 && strcmp(word, second) != 0)
        config_complain(r, true, "'%s' is neither %s nor %s", lat_escape_str(text, shown, sizeof(shown)),
                        first, second);
    else
        *(bool *)field_of(r, row) = strcmp(word, second) == 0;
}

static void
read_format(struct config_reading *r, const struct config_row *row, const char *text)
{
    read_either(r, row, text, "text", "json");
}

static void
read_readers(struct config_reading *r, const struct config_row *row, const char *text)
{
    read_either(r, row, text, "trusted", "all");
}

static void
read_production(struct config_reading *r, const struct config_row *row, const char *text)
{
    char word[16];

    (void)row;
    lower_word(text, word, sizeof(word));
    r->config->production = strcmp(word, "production") == 0;
}

const char *
config_number_text(struct config_reading *r, const struct config_row *row)
{
    if (row->read == read_seconds) /* the defaults are whole seconds */
        return config_keep_text(r, "%" PRIu64, *(uint64_t *)field_of(r, row) / 1000);
    if (row->read == read_count)
        return config_keep_text(r, "%" PRIu32, *(uint32_t *)field_of(r, row));
    return NULL;
}

/* --- the table --- */

#define FIELD(member) .field = offsetof(struct config, member)
#define SECONDS(member, from, to)                                                                            \
    .read = read_seconds, FIELD(lung.member), .least = (from), .most = (to), .reload = true

const struct config_row config_rows[CONFIG_COUNT] = {
    [CONFIG_NODE_NAME] = { "LATTICE_NODE_NAME", .read = read_text, FIELD(node_name),
                           .check = config_check_name, .meaning = "shown in the console and the API" },
    [CONFIG_STATE_DIR] = { "LATTICE_STATE_DIR", .alias = "STATE_PATH", .read = read_text, FIELD(state_dir),
                           .check = config_check_path, .meaning = "key, store, cookie, log" },
    [CONFIG_API_LISTEN] = { "LATTICE_API_LISTEN",
                            .meaning = "HTTP API; off loopback only with TLS and tokens" },
    [CONFIG_API_HOST] = { "LATTICE_API_HOST", .fallback = "127.0.0.1",
                          .meaning = "address of LATTICE_API_LISTEN where that is not set" },
    [CONFIG_API_PORT] = { "LATTICE_API_PORT", .bare = "PORT", .fallback = "8000",
                          .meaning = "port of LATTICE_API_LISTEN where that is not set" },
    [CONFIG_SYNC_LISTEN] = { "LATTICE_SYNC_LISTEN", .read = read_sync_listen, FIELD(sync_listen),
                             .meaning = "second address, any interface: sync and /health for HTTP peers, "
                                        "never control" },
    [CONFIG_API_HOSTS] = { "LATTICE_API_HOSTS", .read = read_list, FIELD(api_hosts),
                           .check = config_check_host,
                           .meaning =
                               "accepted Host names besides the loopback ones and the bound addresses" },
    [CONFIG_CORS_ORIGINS] = { "LATTICE_CORS_ORIGINS", .read = read_list, FIELD(cors_origins),
                              .check = config_check_origin, .meaning = "origins of pages that may read" },
    [CONFIG_CONTROL_USERS] = { "LATTICE_CONTROL_USERS", .read = read_users,
                               .meaning = "local users who may change: names or numbers" },
    [CONFIG_CONTROL_GROUPS] = { "LATTICE_CONTROL_GROUPS", .read = read_groups,
                                .meaning = "groups whose members may change" },
    [CONFIG_API_TOKENS_FILE] = { "LATTICE_API_TOKENS_FILE", .read = read_text, FIELD(api_tokens_file),
                                 .check = config_check_path, .reload = true,
                                 .meaning = "bearer tokens for listening off loopback" },
    [CONFIG_TLS_CERT] = { "LATTICE_TLS_CERT", .read = read_text, FIELD(tls_cert), .check = config_check_path,
                          .reload = true, .meaning = "certificate for listening off loopback (PEM)" },
    [CONFIG_TLS_KEY] = { "LATTICE_TLS_KEY", .read = read_text, FIELD(tls_key), .check = config_check_path,
                         .reload = true, .meaning = "its private key (PEM)" },
    [CONFIG_P2P_ENABLED] = { "LATTICE_P2P_ENABLED", .read = read_flag, FIELD(p2p_enabled), .fallback = "true",
                             .meaning = "the primary lung" },
    [CONFIG_P2P_LISTEN] = { "LATTICE_P2P_LISTEN", .read = read_list, FIELD(p2p_listen),
                            .fallback = "/ip4/0.0.0.0/tcp/9000", .check = config_check_listen_multiaddr,
                            .meaning = "multiaddrs; port 0: any free one" },
    [CONFIG_P2P_BOOTSTRAP] = { "LATTICE_P2P_BOOTSTRAP", .read = read_list, FIELD(p2p_bootstrap),
                               .check = config_check_peer_multiaddr, .reload = true,
                               .meaning = "peers to dial: multiaddrs ending in /p2p/PEERID" },
    [CONFIG_MDNS] = { "LATTICE_MDNS", .read = read_flag, FIELD(mdns), .fallback = "false",
                      .meaning = "find P2P peers on the local network, and be found there" },
    [CONFIG_P2P_TOPIC] = { "LATTICE_P2P_TOPIC", .read = read_text, FIELD(p2p_topic),
                           .fallback = "aethel/lattice/v1", .check = config_check_topic,
                           .meaning = "gossip topic" },
    [CONFIG_P2P_READERS] = { "LATTICE_P2P_READERS", .read = read_readers, FIELD(p2p_readers_all),
                             .fallback = "trusted",
                             .meaning = "who may read records by the sync stream: trusted or all" },
    [CONFIG_NETWORK] = { "LATTICE_NETWORK", .read = read_text, FIELD(network), .fallback = "lattice",
                         .check = config_check_name,
                         .meaning = "name of the state network; fixed when the store is made" },
    [CONFIG_NODES] = { "LATTICE_NODES", .alias = "LATTICE_NODES", .read = read_sources, .reload = true,
                       .meaning = "HTTP peers: base URLs; URL#PEERID binds a key to one" },
    [CONFIG_HTTP_CA] = { "LATTICE_HTTP_CA", .read = read_text, FIELD(http_ca), .check = config_check_path,
                         .reload = true, .meaning = "certificates that https peers are checked with (PEM)" },
    [CONFIG_HTTP_TOKEN_FILE] = { "LATTICE_HTTP_TOKEN_FILE", .read = read_text, FIELD(http_token_file),
                                 .check = config_check_path, .reload = true,
                                 .meaning = "bearer token for https peers" },
    [CONFIG_TRUSTED_KEYS] = { "LATTICE_TRUSTED_KEYS", .alias = "TRUSTED_STATE_PUBKEYS", .read = read_trusted,
                              .reload = true,
                              .meaning =
                                  "whose records count: public keys (64 hex) or peer ids; none: watch only" },
    [CONFIG_RETIRED_KEYS] = { "LATTICE_RETIRED_KEYS", .read = read_retired, .reload = true,
                              .meaning = "KEY@TIME: its records before that time count, nothing after" },
    [CONFIG_NODE_PRIVKEY_HEX] = { "LATTICE_NODE_PRIVKEY_HEX", .read = read_seed, .secret = true,
                                  .meaning = "Ed25519 seed instead of the key file" },
    [CONFIG_MODE] = { "LATTICE_MODE", .read = read_mode, FIELD(policy), .fallback = "auto",
                      .meaning = "mode at the start: auto, p2p or http" },
    [CONFIG_PEERLESS_TIMEOUT] = { "LATTICE_PEERLESS_TIMEOUT", SECONDS(fallback_ms, 1000, 3600000),
                                  .meaning = "seconds without a live peer before the HTTP lung carries" },
    [CONFIG_PING_AFTER] = { "LATTICE_PING_AFTER", SECONDS(idle_ms, 100, 60000),
                            .meaning = "seconds of silence before a ping" },
    [CONFIG_PEER_DEAD_AFTER] = { "LATTICE_PEER_DEAD_AFTER", SECONDS(dead_ms, 200, 300000),
                                 .meaning = "seconds of silence before a connection is closed" },
    [CONFIG_HEARTBEAT_INTERVAL] = { "LATTICE_HEARTBEAT_INTERVAL", SECONDS(exchange_ms, 200, 60000),
                                    .meaning = "seconds between root announcements" },
    [CONFIG_RECOVER_HOLD] = { "LATTICE_RECOVER_HOLD", SECONDS(hold_ms, 0, 600000),
                              .meaning = "seconds that HTTP goes on after a peer came back" },
    [CONFIG_HTTP_POLL_INTERVAL] = { "LATTICE_HTTP_POLL_INTERVAL", SECONDS(poll_ms, 200, 600000),
                                    .meaning = "seconds between polls while HTTP carries" },
    [CONFIG_HTTP_STANDBY] = { "LATTICE_HTTP_STANDBY", SECONDS(standby_ms, 30000, 86400000), .or_zero = true,
                              .meaning = "seconds between probes while P2P carries; 0: none" },
    [CONFIG_MIN_PEERS] = { "LATTICE_MIN_PEERS", .read = read_count, FIELD(lung.min_peers), .least = 1,
                           .most = 50, .reload = true, .meaning = "fewer live peers count as degraded" },
    [CONFIG_STORE_MAX] = { "LATTICE_STORE_MAX", .read = read_size, FIELD(store_max), .fallback = "64 GiB",
                           .least = GIB / 64, .most = GIB << 14, .meaning = "size of the store's map" },
    [CONFIG_VALUE_MAX] = { "LATTICE_VALUE_MAX", .read = read_size, FIELD(value_max), .fallback = "64 KiB",
                           .least = 1, .most = 983040, .meaning = "largest value of a local write" },
    [CONFIG_LOG_LEVEL] = { "LATTICE_LOG_LEVEL", .read = read_level, FIELD(log_level), .fallback = "info",
                           .reload = true, .meaning = "debug, info, notice, warning, error" },
    [CONFIG_LOG_FORMAT] = { "LATTICE_LOG_FORMAT", .read = read_format, FIELD(log_json), .fallback = "text",
                            .meaning = "text or json" },
    [CONFIG_LOG_FILE] = { "LATTICE_LOG_FILE", .read = read_text, FIELD(log_file), .check = config_check_path,
                          .meaning = "where the log goes; else standard error, with a console lattice.log in "
                                     "the state directory" },
    [CONFIG_ENV] = { "LATTICE_ENV", .alias = "ENVIRONMENT", .read = read_production,
                     .meaning = "'production' is reported by /api/status; it changes nothing else" },
};
