/*
 * configuration_table.h - the table of all settings, for the files configuration*.c alone: how each is named,
 * read, checked and explained.
 */
#ifndef LAT_NODE_CONFIGURATION_TABLE_H
#define LAT_NODE_CONFIGURATION_TABLE_H

#include "base/dotenv.h"
#include "node/configuration.h"

#define CONFIG_USERS_MAX 64 /* of control users, and of groups */

/* In the order in which they are printed. */
enum config_id {
    CONFIG_NODE_NAME,
    CONFIG_STATE_DIR,
    CONFIG_API_LISTEN,
    CONFIG_API_HOST,
    CONFIG_API_PORT,
    CONFIG_SYNC_LISTEN,
    CONFIG_API_HOSTS,
    CONFIG_CORS_ORIGINS,
    CONFIG_CONTROL_USERS,
    CONFIG_CONTROL_GROUPS,
    CONFIG_API_TOKENS_FILE,
    CONFIG_TLS_CERT,
    CONFIG_TLS_KEY,
    CONFIG_P2P_ENABLED,
    CONFIG_P2P_LISTEN,
    CONFIG_P2P_BOOTSTRAP,
    CONFIG_MDNS,
    CONFIG_P2P_TOPIC,
    CONFIG_P2P_READERS,
    CONFIG_NETWORK,
    CONFIG_NODES,
    CONFIG_HTTP_CA,
    CONFIG_HTTP_TOKEN_FILE,
    CONFIG_TRUSTED_KEYS,
    CONFIG_RETIRED_KEYS,
    CONFIG_NODE_PRIVKEY_HEX,
    CONFIG_MODE,
    CONFIG_PEERLESS_TIMEOUT,
    CONFIG_PING_AFTER,
    CONFIG_PEER_DEAD_AFTER,
    CONFIG_HEARTBEAT_INTERVAL,
    CONFIG_RECOVER_HOLD,
    CONFIG_HTTP_POLL_INTERVAL,
    CONFIG_HTTP_STANDBY,
    CONFIG_MIN_PEERS,
    CONFIG_STORE_MAX,
    CONFIG_VALUE_MAX,
    CONFIG_LOG_LEVEL,
    CONFIG_LOG_FORMAT,
    CONFIG_LOG_FILE,
    CONFIG_ENV,
    CONFIG_COUNT
};

/* From where a setting has its value; the greater wins. */
enum config_rank { CONFIG_RANK_DEFAULT, CONFIG_RANK_FILE, CONFIG_RANK_ENVIRONMENT, CONFIG_RANK_FLAG };

/* The value of a setting as text, and from where it is. */
struct config_value {
    const char *text;   /* NULL: not set */
    const char *origin; /* "default", ".env: line 3", "environment", "--api" */
    const char *given;  /* the name that was used */
    enum config_rank rank;
};

/* What belongs to a config and is not for its readers. */
struct config_private {
    struct config_block *blocks; /* its strings and lists */
    struct config_value values[CONFIG_COUNT];
    struct config_source sources[CONFIG_SOURCES_MAX];
    struct config_key keys[TRUST_KEYS_MAX];
    uid_t uids[CONFIG_USERS_MAX];
    gid_t gids[CONFIG_USERS_MAX];
};

/* A config being made. */
struct config_reading {
    struct config *config;
    const struct config_input *input;
    struct config_findings *found;
    const struct config_value *value; /* the setting being read, for complaints */
    bool nomem;
};

struct config_row {
    const char *name;  /* "LATTICE_NODES" */
    const char *alias; /* another ending: "LATTICE_NODES" for DIOTEC360_LATTICE_NODES; NULL */
    const char *bare;  /* another name, whole: "PORT"; NULL */
    /* Check text (never empty) and put it where it belongs. NULL: another row reads it. */
    void (*read)(struct config_reading *r, const struct config_row *row, const char *text);
    size_t field;         /* offset in struct config */
    const char *fallback; /* the default; NULL: none, or found out at the start */
    uint64_t least, most; /* numbers; times in ms */
    bool or_zero;         /* 0 also */
    enum lat_err (*check)(const char *text,
                          struct lat_msg *why); /* of a text, or of each item of a list; NULL: any */
    bool reload;                                /* SIGHUP changes it; else a restart */
    bool secret;                                /* never shown */
    const char *meaning;
};

extern const struct config_row config_rows[CONFIG_COUNT];

/* Memory that lives as long as the config, zeroed; NULL (and r->nomem) when there is none. */
void *config_keep(struct config_reading *r, size_t size);
const char *config_keep_text(struct config_reading *r, const char *fmt, ...) LAT_PRINTF(2, 3);

/* A finding about r->value: "origin: NAME: " and the rest. */
void config_complain(struct config_reading *r, bool error, const char *fmt, ...) LAT_PRINTF(3, 4);

/* The address to listen on, into *field in its one form. False: it was complained about. */
bool config_take_listen(struct config_reading *r, const char *text, const char **field);

/* The text of a number's default in the config: "60". For rows without a fallback text; NULL: no number. */
const char *config_number_text(struct config_reading *r, const struct config_row *row);

/* configuration_resolve.c: fill in all values of the config as text; env is the parsed .env. */
void config_resolve(struct config_reading *r, const struct dotenv *env);

/* Warn of LATTICE_ names that are none of ours, and of older ones that promise what is not done. */
void config_report_strays(const struct config_input *input, const struct dotenv *env,
                          struct config_findings *found);

/* A variable of the environment; NULL: not set. */
const char *config_environment(const struct config_input *input, const char *name);

/*
 * configuration.c: config_parse in two steps. The first returns what it read, errors or not; NULL: out of
 * memory. The second takes it, and gives it out if nothing is wrong.
 */
struct config *config_make(const struct config_input *input, struct config_findings *found);
LAT_MUST_CHECK enum lat_err config_finish(struct config *config, struct config **out,
                                          const struct config_findings *found);

#endif
