/*
 * configuration_load.h - read the configuration of this process: flags, environment, .env, user database,
 * host name.
 *
 * .env is taken from the working directory if that belongs to the caller or root and others cannot write to
 * it (nor to the file); otherwise a warning says that it was not read. A file given by --env-file is taken as
 * it is. Not for two threads at once: it uses getpwnam.
 */
#ifndef LAT_NODE_CONFIGURATION_LOAD_H
#define LAT_NODE_CONFIGURATION_LOAD_H

#include "node/configuration.h"

struct config_request {
    const struct config_override *overrides;
    size_t override_count;
    const char *env_file;         /* --env-file; NULL: by the rule above */
    const struct config *present; /* reload; NULL: start */
};

/* As config_parse. Also looks at files that settings name: token files must be private, certificates
 * readable. */
LAT_MUST_CHECK enum lat_err config_load(const struct config_request *request, struct config **out,
                                        struct config_findings *found);

#endif
