/*
 * ssh_agent.h - an SSH agent on its local socket: which keys it has, and signatures by them.
 *
 * Spec: draft-miller-ssh-agent, sections 4.4 and 4.5. Calls block, each for at most its deadline: an agent may ask its user to confirm.
 * Answers are bounded. One thread.
 */
#ifndef LAT_ATTACH_SSH_AGENT_H
#define LAT_ATTACH_SSH_AGENT_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

#define SSH_AGENT_KEYS_MAX 64
#define SSH_AGENT_LIST_MS 2000
#define SSH_AGENT_SIGN_MS 20000

struct ssh_agent_key {
    uint8_t *blob; /* the public key */
    size_t len;
    char comment[80]; /* escaped */
};

struct ssh_agent_keys {
    size_t count;
    struct ssh_agent_key keys[SSH_AGENT_KEYS_MAX];
};

/* Ask for all keys. LAT_CLOSED (no agent there), LAT_TIMEOUT, LAT_MALFORMED, LAT_NOMEM: out is empty. */
LAT_MUST_CHECK enum lat_err ssh_agent_list(const char *socket_path, struct ssh_agent_keys *out);
void ssh_agent_keys_fini(struct ssh_agent_keys *keys);

/* The keys of an answer, without its length. Pure. LAT_MALFORMED, LAT_NOMEM: out is empty. */
LAT_MUST_CHECK enum lat_err ssh_agent_read_keys(const uint8_t *answer, size_t len, struct ssh_agent_keys *out);

/*
 * Sign data by a key. *sig: the signature alone, without the name of its method, in malloc'ed memory of the caller. LAT_AUTH (the
 * agent refuses), LAT_CLOSED, LAT_TIMEOUT, LAT_MALFORMED, LAT_NOMEM.
 */
LAT_MUST_CHECK enum lat_err ssh_agent_sign(const char *socket_path, const struct ssh_agent_key *key, const uint8_t *data, size_t len,
                                           uint8_t **sig, size_t *sig_len);

#endif
