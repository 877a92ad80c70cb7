/*
 * auth.h - who may: a bearer of the cookie or of a token with the role, and, where the listener knows its
 * clients' users, an allowed user of this machine. The decision alone, from facts that the server has
 * gathered. auth_user_is_allowed may ask the user database; the rest is pure.
 *
 * Spec: INTERFACE section 3, "Who may".
 */
#ifndef LAT_HTTP_AUTH_H
#define LAT_HTTP_AUTH_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "http/gate.h"
#include "http/tokens.h"

#define AUTH_CALLER_MAX 64 /* fits command.who */

struct auth_rules {
    unsigned roles;              /* of tokens.h: one of them is asked for */
    bool users;                  /* an allowed user needs no token */
    const char *cookie;          /* is a token with the role control; NULL: nobody has one */
    const struct tokens *tokens; /* NULL: none */
    uint64_t wall_ms;            /* the time that tokens are held against */
    const uid_t *uids;
    size_t uid_count;
    const gid_t *gids;
    size_t gid_count;
};

/* The user at the other end, as found at one moment. */
struct auth_user {
    bool known;
    uid_t uid;
};

/*
 * May the sender of these headers do what asks for rules->roles? Status 0 with the caller's name for the log
 * ("bearer by api", "token NAME by api", "uid 1000 by api"); 401: no token, or a wrong one; 403: nobody who
 * may.
 *
 *   at_accept, now  the user at the connection's other end when it was accepted and at this moment
 */
struct gate_refusal auth_check(const struct auth_rules *rules, const struct gate_headers *headers,
                               const struct auth_user *at_accept, const struct auth_user *now,
                               char caller[AUTH_CALLER_MAX]);

/* Is this user on the list, or a member of a group on the list? */
bool auth_user_is_allowed(const struct auth_rules *rules, uid_t uid);

#endif
