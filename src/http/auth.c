#include "config.h"

#include "http/auth.h"

#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/wipe.h"

#define GROUPS_MAX 256
#define PASSWD_BYTES 4096

static struct gate_refusal
refuse(unsigned status, const char *detail)
{
    return (struct gate_refusal){ .status = status, .detail = detail };
}

/* The token after "Bearer ", or NULL. */
static const char *
bearer_token(const char *authorization)
{
    static const char scheme[] = "Bearer ";

    if (strncasecmp(authorization, scheme, sizeof(scheme) - 1) != 0)
        return NULL;
    return authorization + sizeof(scheme) - 1;
}

static bool
is_cookie(const struct auth_rules *rules, const char *token)
{
    size_t len;

    if (rules->cookie == NULL || *rules->cookie == 0)
        return false;
    len = strlen(rules->cookie);
    return strlen(token) == len && lat_equal_ct(token, rules->cookie, len);
}

static struct gate_refusal
check_bearer(const struct auth_rules *rules, const char *token, char caller[AUTH_CALLER_MAX])
{
    char name[TOKEN_NAME_MAX] = "";
    unsigned roles = 0;

    if (token != NULL && is_cookie(rules, token)) {
        snprintf(caller, AUTH_CALLER_MAX, "bearer by api");
        roles = TOKEN_CONTROL;
    } else if (token != NULL) {
        roles = tokens_find(rules->tokens, token, rules->wall_ms, rules->roles, name);
        snprintf(caller, AUTH_CALLER_MAX, "token %s by api", name);
    }
    if (roles == 0)
        return refuse(401, "this is no token of the node, or its time is over; send one of "
                           "LATTICE_API_TOKENS_FILE, or the text of the file cookie in the state directory");
    if ((roles & rules->roles) == 0)
        return refuse(403, "this token's role does not cover this");
    return refuse(0, NULL);
}

static bool
is_in_groups(const struct auth_rules *rules, uid_t uid)
{
    gid_t groups[GROUPS_MAX];
    int count = GROUPS_MAX;
    struct passwd entry, *found = NULL;
    char bytes[PASSWD_BYTES];

    if (rules->gid_count == 0 || getpwuid_r(uid, &entry, bytes, sizeof(bytes), &found) != 0 || found == NULL)
        return false;
    if (getgrouplist(found->pw_name, found->pw_gid, groups, &count) < 0)
        count = GROUPS_MAX; /* a member of more groups than this: the first are looked at */
    for (size_t i = 0; i < rules->gid_count; i++) {
        for (int j = 0; j < count; j++) {
            if (groups[j] == rules->gids[i])
                return true;
        }
    }
    return false;
}

bool
auth_user_is_allowed(const struct auth_rules *rules, uid_t uid)
{
    for (size_t i = 0; i < rules->uid_count; i++) {
        if (rules->uids[i] == uid)
            return true;
    }
    return is_in_groups(rules, uid);
}

struct gate_refusal
auth_check(const struct auth_rules *rules, const struct gate_headers *headers,
           const struct auth_user *at_accept, const struct auth_user *now, char caller[AUTH_CALLER_MAX])
{
    if (headers->authorization != NULL)
        return check_bearer(rules, bearer_token(headers->authorization), caller);
    if (!rules->users)
        return refuse(401, "this address answers bearers of a token alone; send Authorization: Bearer");
    if (headers->forwarded)
        return refuse(403,
                      "a forwarded request has no user; send Authorization: Bearer with the node's cookie");
    if (!at_accept->known || !now->known || at_accept->uid != now->uid)
        return refuse(403,
                      "this connection belongs to no user of this machine; send Authorization: Bearer with "
                      "the node's cookie");
    if (!auth_user_is_allowed(rules, now->uid))
        return refuse(403, "this user may not change the node; see LATTICE_CONTROL_USERS");
    snprintf(caller, AUTH_CALLER_MAX, "uid %lu by api", (unsigned long)now->uid);
    return refuse(0, NULL);
}
