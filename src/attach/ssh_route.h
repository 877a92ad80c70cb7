/*
 * ssh_route.h - the way to a node behind SSH: the hosts to pass, each with all that the user's files say of it.
 *
 * Reads the configuration (ssh_config.h) and makes paths of it; follows ProxyJump, also that of the first jump host. Any thread.
 */
#ifndef LAT_ATTACH_SSH_ROUTE_H
#define LAT_ATTACH_SSH_ROUTE_H

#include "attach/known_hosts.h"
#include "attach/ssh_config.h"
#include "attach/ssh_target.h"

#define SSH_HOPS_MAX 8

/* One host: where it is, who to be, which files decide. */
struct ssh_hop {
    struct ssh_config config;
    char known_name[KNOWN_HOSTS_NAME_MAX]; /* in known_hosts */
    char bare_name[KNOWN_HOSTS_NAME_MAX];  /* without the port, where keys were listed before ports were; "": the same */
    struct ssh_list user_known, global_known; /* paths */
    struct ssh_list identities;               /* paths of private keys */
    bool identities_given;                    /* by the configuration: a missing one is worth a word */
    char agent[SSH_PATH_MAX];                 /* socket; "": none */
    char shown[352];                          /* "ops@porto-1:2222", escaped */
};

struct ssh_route {
    unsigned count;       /* 1 .. SSH_HOPS_MAX; the last one has the node behind it */
    struct ssh_hop *hops; /* heap */
    char api_host[SSH_TARGET_HOST_MAX];
    uint16_t api_port;
};

/*
 * Find the way. config_file: read instead of ~/.ssh/config and the system's, as `ssh -F`; NULL: these two. LAT_MALFORMED, LAT_LIMIT,
 * LAT_AUTH (refused by name), LAT_SYS, LAT_NOTFOUND (config_file), LAT_NOMEM; *why says it.
 */
LAT_MUST_CHECK enum lat_err ssh_route_load(const struct ssh_target *target, const char *config_file, struct ssh_route *out,
                                           struct lat_msg *why);

void ssh_route_fini(struct ssh_route *route);

#endif
