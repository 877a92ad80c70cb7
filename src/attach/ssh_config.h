/*
 * ssh_config.h - what ~/.ssh/config says of one host: the part of it that a tunnel needs, read as OpenSSH reads it.
 *
 * Spec: ssh_config(5). The first value found wins (IdentityFile adds up); Host and Match open blocks; Include is followed, 16 deep and 64
 * files at most. A key that would lead the connection elsewhere or take trust away and is not known here (ProxyCommand, Match exec,
 * BindAddress, RevokedHostKeys, ...) is refused by name: to go on without it would be another connection than `ssh HOST` makes. Other keys
 * are passed over.
 *
 * Pure: files come through a callback. Any thread.
 */
#ifndef LAT_ATTACH_SSH_CONFIG_H
#define LAT_ATTACH_SSH_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

#define SSH_HOST_MAX 256
#define SSH_PATH_MAX 512
#define SSH_LIST_MAX 8
#define SSH_CONFIG_FILE_MAX (1024u * 1024)

enum ssh_strict {
    SSH_STRICT_ASK,        /* an unknown host: ask */
    SSH_STRICT_YES,        /* refuse it */
    SSH_STRICT_ACCEPT_NEW, /* take and store it */
    SSH_STRICT_OFF,        /* the same here: a changed key is refused all the same */
};

struct ssh_list {
    unsigned count;
    char items[SSH_LIST_MAX][SSH_PATH_MAX];
};

/* All that applies to one host. Paths stand as written; ssh_config_expand makes them paths. */
struct ssh_config {
    char original[SSH_HOST_MAX]; /* as the operator names it */
    char host[SSH_HOST_MAX];     /* to connect to */
    char user[SSH_HOST_MAX];
    uint16_t port;
    int family;                      /* 0 any, 4, 6 */
    struct ssh_list identity_files;  /* count 0: the usual places; the item "none": none */
    bool identities_only;
    char identity_agent[SSH_PATH_MAX]; /* "": SSH_AUTH_SOCK; "none" */
    struct ssh_list user_known_hosts, global_known_hosts; /* count 0: the usual places */
    enum ssh_strict strict;
    bool hash_known_hosts;
    char host_key_alias[SSH_HOST_MAX]; /* "": none */
    uint32_t connect_timeout_s;        /* 0: not given */
    uint32_t alive_interval_s;         /* 0: not given */
    uint32_t alive_count;
    char proxy_jump[SSH_PATH_MAX]; /* "", "none", or hosts joined by commas */
};

/* Whom it is read for. */
struct ssh_config_request {
    const char *host; /* as typed */
    const char *user; /* typed; NULL: not */
    uint16_t port;    /* typed; 0: not */
    const char *local_user, *local_host, *home;
    uint32_t uid;
    const char *(*variable)(void *arg, const char *name); /* of the environment, for ${NAME}; NULL: not set */
    /*
     * The index-th file that a pattern of Include names, in order, with its own name for messages; LAT_NOTFOUND after the last. The buffer
     * is empty and bounded.
     */
    enum lat_err (*include)(void *arg, const char *pattern, unsigned index, char name[SSH_PATH_MAX], struct lat_buf *out);
    void *arg;
};

/* Reading of several files into one result. */
struct ssh_config_reader {
    const struct ssh_config_request *request;
    struct ssh_config *out;
    uint32_t set;    /* which keys have their value */
    unsigned files;  /* read so far, included ones too */
    bool wants_final, is_final;
    struct lat_msg *why;
};

/* Begin; request and why are borrowed until the last call. LAT_LIMIT, with *why: the host name is too long. */
LAT_MUST_CHECK enum lat_err ssh_config_begin(struct ssh_config_reader *reader, const struct ssh_config_request *request,
                                             struct ssh_config *out, struct lat_msg *why);

/*
 * Read one file's text: the user's first, then the system's. base: folder of relative Include names. LAT_MALFORMED, LAT_LIMIT, LAT_AUTH
 * (a key that is refused), each with "NAME line N: what" in *why; LAT_NOMEM.
 */
LAT_MUST_CHECK enum lat_err ssh_config_text(struct ssh_config_reader *reader, const char *name, const char *base, const char *text,
                                            size_t len);

/* After all files: must they all be read a second time, since one of them says "Match final"? True once at most. */
bool ssh_config_again(struct ssh_config_reader *reader);

/* Defaults for what nobody has set, tokens of HostName. LAT_MALFORMED, LAT_LIMIT with *why. */
LAT_MUST_CHECK enum lat_err ssh_config_end(struct ssh_config_reader *reader);

/*
 * Write text with its tokens (%h %n %p %r %u %d %i %l %L %k %%), ${NAME} and a leading ~/ replaced. LAT_MALFORMED (unknown token, unset
 * variable), LAT_LIMIT; both with *why.
 */
LAT_MUST_CHECK enum lat_err ssh_config_expand(const struct ssh_config *config, const struct ssh_config_request *request,
                                              const char *text, char out[SSH_PATH_MAX], struct lat_msg *why);

#endif
