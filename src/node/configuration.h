/*
 * configuration.h - the settings of a node: flags > process environment > .env > default, each name also in
 * its older forms.
 *
 * One table (configuration_table.c) drives reading, checking, reloading and --print-config. config_parse is
 * pure; configuration_load.h has the driver that reads files. A struct config is built once and then only
 * read, by any thread.
 *
 * Spec: INTERFACE section 2, STATE-MACHINE section 2, COMPAT section 3.
 */
#ifndef LAT_NODE_CONFIGURATION_H
#define LAT_NODE_CONFIGURATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/log.h"
#include "node/lung_constants.h"
#include "state/trust.h"
#include "view/lung_words.h"
#include "view/snapshot.h"

#define CONFIG_SOURCES_MAX SNAPSHOT_SOURCES_MAX

/* An HTTP peer. */
struct config_source {
    char url[SNAPSHOT_URL_MAX]; /* "https://host:8443/base": scheme and host in lower case, no slash at the
                                   end */
    bool bound;                 /* URL#PEERID: answers count only with this key's attestation */
    uint8_t key[32];
};

/* A key whose records count, all or those below an HLC. */
struct config_key {
    uint8_t key[32];
    uint64_t below_hlc; /* TRUST_NOT_RETIRED: all */
};

/* Strings and lists belong to the config. Optional strings are NULL when not set; lists are never NULL and
 * end with NULL. */
struct config {
    const char *node_name;
    const char *state_dir;

    const char *api_listen;  /* "127.0.0.1:8000", "[::1]:0": checked and in one form */
    const char *sync_listen; /* optional */
    const char *const *api_hosts;
    const char *const *cors_origins;
    const uid_t *uids; /* who may change: control users */
    size_t uid_count;
    const gid_t *gids;
    size_t gid_count;
    const char *api_tokens_file; /* optional */
    const char *tls_cert;        /* optional, with tls_key */
    const char *tls_key;

    bool p2p_enabled;
    const char *const *p2p_listen;    /* multiaddrs */
    const char *const *p2p_bootstrap; /* multiaddrs ending in /p2p/ID */
    bool mdns;
    const char *p2p_topic;
    bool p2p_readers_all;
    const char *network;

    const struct config_source *sources; /* at most CONFIG_SOURCES_MAX */
    size_t source_count;
    const char *http_ca;         /* optional */
    const char *http_token_file; /* optional */

    const struct config_key *keys; /* trusted and retired, each sound; at most TRUST_KEYS_MAX */
    size_t key_count;
    bool has_seed; /* LATTICE_NODE_PRIVKEY_HEX */
    uint8_t seed[32];

    enum lung_policy policy; /* LATTICE_MODE */
    struct lung_constants lung;

    uint64_t store_max; /* bytes */
    uint64_t value_max; /* bytes */

    enum lat_level log_level;
    bool log_json;
    const char *log_file; /* optional */

    bool production; /* LATTICE_ENV */

    const char *const *warnings; /* what was found and is no error: for those who ask the running node */
    const char *env_file; /* the .env that was read; NULL: none */
    struct config_private *inside;
};

/* A setting given by a flag. */
struct config_override {
    const char *name;  /* "LATTICE_API_LISTEN" */
    const char *value; /* lists: joined by commas */
    const char *flag;  /* "api", for messages: "--api" */
};

/* What a configuration is made of. */
struct config_input {
    const struct config_override *overrides;
    size_t override_count;
    const char *const *environment; /* "NAME=value" ..., NULL; as environ */
    const char *env_path;           /* of the .env, for messages; NULL: there is none */
    const char *env_text;
    size_t env_len;
    const char *host_name; /* LATTICE_NODE_NAME when not set */
    uid_t own_uid;
    /* The user database; a name or a number. False: there is none. */
    bool (*find_user)(void *arg, const char *name, uid_t *uid);
    bool (*find_group)(void *arg, const char *name, gid_t *gid);
    void *arg;
    /*
     * Reload: the configuration that runs. Settings that take effect at a restart only are taken from it, and
     * one warning names those that were changed. NULL: start.
     */
    const struct config *present;
};

/* What was found wrong: "where: NAME: what; what to do", escaped. */
struct config_finding {
    bool error; /* else a warning */
    char text[LAT_MSG_MAX];
};

#define CONFIG_FINDINGS_MAX 64 /* further ones are counted only */

struct config_findings {
    struct config_finding *items; /* in the order of the table; NULL: none */
    size_t count;                 /* kept */
    size_t dropped;               /* beyond CONFIG_FINDINGS_MAX */
    size_t errors;                /* all of them */
};

/*
 * Read all settings and report all problems: they are added to *found (zeroed at first, ended with
 * config_findings_fini), whatever is returned.
 *
 * LAT_MALFORMED  *found has errors (exit code 78)
 * LAT_NOMEM
 */
LAT_MUST_CHECK enum lat_err config_parse(const struct config_input *input, struct config **out,
                                         struct config_findings *found);

/* Wipes and releases. NULL is fine. */
void config_free(struct config *config);

/* Add a finding of the caller's. Dropped, but counted, when there are too many, or no memory. */
void config_find(struct config_findings *found, bool error, const char *fmt, ...) LAT_PRINTF(3, 4);
void config_findings_fini(struct config_findings *found);

/*
 * The text of a setting as it counts ("LATTICE_P2P_LISTEN" -> "/ip4/0.0.0.0/tcp/9000"); "" when it is not
 * set. NULL: no such setting. Borrow.
 */
const char *config_text(const struct config *config, const char *name);

/* The trust set of a node with this key. */
void config_trust(const struct config *config, const uint8_t own[32], struct trust *out);

/* --print-config: each setting, its value and where it came from; secrets as "(set)". Escaped. */
void config_print(const struct config *config, FILE *out);

#endif
