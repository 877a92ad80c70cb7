/*
 * ssh_auth.c - who we are: keys of the agent first, then key files. libssh2 1.10 signs with Ed25519 and ECDSA; its RSA signatures are SHA-1,
 * which servers refuse since 2021, so RSA keys are left out, and named when nothing else was accepted.
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attach/key_file.h"
#include "attach/ssh_link_parts.h"
#include "base/file.h"
#include "base/text.h"
#include "base/wipe.h"

#define USABLE (HOST_KEY_ED25519 | HOST_KEY_ECDSA_256 | HOST_KEY_ECDSA_384 | HOST_KEY_ECDSA_521)
#define WRONG_MAX 3

/* Nothing was accepted: say what was tried and what was left out. */
static bool
give_up(struct ssh_link *link)
{
    const struct ssh_auth *a = &link->auth;
    char tried[64];

    if (a->offered > 0)
        snprintf(tried, sizeof(tried), "%u key%s refused", a->offered, a->offered == 1 ? " was" : "s were");
    else
        snprintf(tried, sizeof(tried), "there is no key to show");
    return link_fail(link, "not let in: %s%s%s%s%s", tried, a->note[0] ? "; " : "", a->note,
                     a->saw_rsa ? "; RSA keys are left out, since libssh2 1.10 signs by SHA-1 alone: make one by 'ssh-keygen -t ed25519'" : "",
                     a->saw_other ? "; keys on hardware and certificates are not spoken" : "");
}

static void
next_key(struct ssh_link *link)
{
    link->auth.index++;
    link->auth.wrong = 0;
    link->auth.secret_ready = false;
    lat_wipe(link->auth.secret, sizeof(link->auth.secret));
}

/* May a key of this type be shown? */
static bool
is_usable(struct ssh_auth *a, unsigned type)
{
    a->saw_rsa = a->saw_rsa || type == HOST_KEY_RSA;
    a->saw_other = a->saw_other || type == HOST_KEY_OTHER;
    return (type & USABLE) != 0;
}

/* The server has decided on a key, or wants more of the talk. */
static bool
take_verdict(struct ssh_link *link, int rc)
{
    char reason[120];

    if (rc == LIBSSH2_ERROR_EAGAIN)
        return false;
    if (rc == 0) {
        link_enter(link, SSH_UP, 0);
        return true;
    }
    if (rc == LIBSSH2_ERROR_SOCKET_SEND || rc == LIBSSH2_ERROR_SOCKET_RECV || rc == LIBSSH2_ERROR_SOCKET_DISCONNECT)
        return link_fail(link, "has closed the connection at key %u: %s", link->auth.offered + 1,
                         link_reason(link, reason, sizeof(reason)));
    link->auth.offered++;
    next_key(link);
    return true;
}

/* --- the agent ------------------------------------------------------------------------------------- */

static LIBSSH2_USERAUTH_PUBLICKEY_SIGN_FUNC(sign_by_agent)
{
    struct ssh_link *link = *abstract;

    (void)session;
    return ssh_agent_sign(link->hop->agent, link->auth.key, data, data_len, sig, sig_len) == LAT_OK ? 0 : -1;
}

static bool
read_key_file(const char *path, struct key_file *out)
{
    struct lat_buf text;
    bool good;

    lat_buf_init(&text, KEY_FILE_MAX);
    good = lat_file_read(path, &text) == LAT_OK && key_file_read((const char *)text.data, text.len, out);
    if (text.data)
        lat_wipe(text.data, text.cap);
    lat_buf_fini(&text);
    return good;
}

/* IdentitiesOnly: a key of the agent counts if one of the files is the same; "FILE.pub" tells what an old PEM file does not. */
static bool
is_listed(const struct ssh_hop *hop, const struct ssh_agent_key *key)
{
    char path[SSH_PATH_MAX + 8], encoded[KNOWN_HOSTS_KEY_MAX * 2];
    struct key_file file;
    struct lat_buf text;
    bool found = false;

    lat_buf_init(&text, sizeof(encoded) - 1);
    if (lat_base64(key->blob, key->len, &text) == LAT_OK && lat_buf_str(&text))
        lat_copy(encoded, sizeof(encoded), lat_buf_str(&text));
    else
        encoded[0] = 0;
    lat_buf_fini(&text);
    for (unsigned i = 0; i < hop->identities.count && !found && encoded[0]; i++) {
        if (read_key_file(hop->identities.items[i], &file) && file.key_len == key->len && memcmp(file.key, key->blob, key->len) == 0)
            return true;
        snprintf(path, sizeof(path), "%s.pub", hop->identities.items[i]);
        lat_buf_init(&text, KEY_FILE_MAX);
        found = lat_file_read(path, &text) == LAT_OK && lat_buf_str(&text) && strstr(lat_buf_str(&text), encoded) != NULL;
        lat_buf_fini(&text);
    }
    return found;
}

static bool
turn_agent(struct ssh_link *link)
{
    struct ssh_auth *a = &link->auth;
    const struct ssh_hop *hop = link->hop;
    void *self = link;

    if (a->index == a->agent.count) {
        a->phase = AUTH_FILE;
        a->index = 0;
        return true;
    }
    if (a->key != &a->agent.keys[a->index]) {
        a->key = &a->agent.keys[a->index];
        if (!is_usable(a, host_key_type_of(a->key->blob, a->key->len)) || (hop->config.identities_only && !is_listed(hop, a->key))) {
            next_key(link);
            return true;
        }
    }
    return take_verdict(link, libssh2_userauth_publickey(link->session, hop->config.user, a->key->blob, a->key->len, sign_by_agent, &self));
}

/* --- files ----------------------------------------------------------------------------------------- */

static bool
is_of_agent(const struct ssh_auth *a, const struct key_file *file)
{
    for (size_t i = 0; i < a->agent.count && file->key_len > 0; i++) {
        if (a->agent.keys[i].len == file->key_len && memcmp(a->agent.keys[i].blob, file->key, file->key_len) == 0)
            return true;
    }
    return false;
}

/* Can it be used? What speaks against it is noted. */
static bool
check_file(struct ssh_link *link, const char *path, struct key_file *file)
{
    struct ssh_auth *a = &link->auth;
    struct lat_msg why = { "" };
    char shown[100];
    enum lat_err err = lat_file_check_secret(path, &why);

    lat_escape_str(path, shown, sizeof(shown));
    if (err == LAT_NOTFOUND) {
        if (link->hop->identities_given)
            snprintf(a->note, sizeof(a->note), "%s is not there", shown);
        return false;
    }
    if (err) {
        snprintf(a->note, sizeof(a->note), "%.150s", why.text);
        return false;
    }
    if (!read_key_file(path, file)) {
        snprintf(a->note, sizeof(a->note), "%s is no private key", shown);
        return false;
    }
    return (file->key_len == 0 && file->type == HOST_KEY_OTHER) || is_usable(a, file->type) ? !is_of_agent(a, file) : false;
}

/* False: no passphrase yet, or none at all, which goes on with the next key. */
static bool
get_passphrase(struct ssh_link *link, const char *path)
{
    struct ssh_auth *a = &link->auth;
    struct ssh_question *q = &link->question;
    char shown[200];

    if (a->secret_ready)
        return true;
    q->kind = SSH_ASK_PASSPHRASE;
    q->again = a->wrong > 0;
    lat_copy(q->subject, sizeof(q->subject), path);
    snprintf(q->text, sizeof(q->text), "%sPassphrase of %s, for %s", q->again ? "That was not it. " : "",
             lat_escape_str(path, shown, sizeof(shown)), link->hop->shown);
    switch (link_ask(link, a->secret)) {
    case SSH_ANSWER_LATER:
        return false;
    case SSH_ANSWER_YES:
        a->secret_ready = true;
        return true;
    case SSH_ANSWER_NO:
        break;
    }
    snprintf(a->note, sizeof(a->note), "%.120s needs its passphrase", shown);
    next_key(link);
    return false;
}

/* The server waits for nobody for ever. */
static bool
has_hung_up(const struct ssh_link *link)
{
    struct pollfd fd = { .fd = link->fd, .events = POLLRDHUP };

    return poll(&fd, 1, 0) > 0 && (fd.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0;
}

static bool
turn_file(struct ssh_link *link)
{
    struct ssh_auth *a = &link->auth;
    const struct ssh_config *c = &link->hop->config;
    struct key_file file;
    const char *path;
    unsigned index = a->index;
    int rc;

    if (index == link->hop->identities.count)
        return give_up(link);
    path = link->hop->identities.items[index];
    if (!check_file(link, path, &file)) {
        next_key(link);
        return true;
    }
    if (file.encrypted && !get_passphrase(link, path))
        return a->index != index;
    rc = libssh2_userauth_publickey_fromfile_ex(link->session, c->user, (unsigned)strlen(c->user), NULL, path,
                                                file.encrypted ? a->secret : NULL);
    if (rc != 0 && rc != LIBSSH2_ERROR_EAGAIN && file.encrypted && has_hung_up(link)) /* libssh2's words for it are those of a wrong passphrase */
        return link_fail(link, "has closed the connection while the passphrase was awaited");
    if ((rc == LIBSSH2_ERROR_FILE || rc == LIBSSH2_ERROR_KEYFILE_AUTH_FAILED || rc == LIBSSH2_ERROR_PUBLICKEY_UNVERIFIED ||
         rc == LIBSSH2_ERROR_METHOD_NONE) && file.encrypted && ++a->wrong < WRONG_MAX) {
        a->secret_ready = false;
        return true;
    }
    return take_verdict(link, rc);
}

/* --- which -------------------------------------------------------------------------------------------- */

static bool
turn_list(struct ssh_link *link)
{
    const char *user = link->hop->config.user;
    const char *list = libssh2_userauth_list(link->session, user, (unsigned)strlen(user));
    char reason[160];

    if (list == NULL && libssh2_userauth_authenticated(link->session))
        return take_verdict(link, 0);
    if (list == NULL && libssh2_session_last_errno(link->session) == LIBSSH2_ERROR_EAGAIN)
        return false;
    if (list == NULL)
        return link_fail(link, "has closed the connection: %s", link_reason(link, reason, sizeof(reason)));
    if (strstr(list, "publickey") == NULL)
        return link_fail(link, "takes no keys, only: %s; passwords are not asked for here", lat_escape_str(list, reason, sizeof(reason)));
    if (link->hop->agent[0] && ssh_agent_list(link->hop->agent, &link->auth.agent))
        snprintf(link->auth.note, sizeof(link->auth.note), "the agent does not answer");
    link->auth.phase = AUTH_AGENT;
    return true;
}

bool
auth_turn(struct ssh_link *link)
{
    unsigned offered = link->auth.offered;
    bool moved = false;

    switch (link->auth.phase) {
    case AUTH_LIST:
        moved = turn_list(link);
        break;
    case AUTH_AGENT:
        moved = turn_agent(link);
        break;
    case AUTH_FILE:
        moved = turn_file(link);
        break;
    }
    if (link->step == SSH_AUTH && link->auth.offered != offered)
        link->deadline_ms = link->now_ms + SSH_AUTH_MS; /* each key has its time */
    if (link->step == SSH_UP) {
        link->error[0] = 0;
        link->deadline_ms = UINT64_MAX;
        link->heard_ms = link->now_ms;
        auth_fini(link);
    }
    return moved;
}

void
auth_fini(struct ssh_link *link)
{
    ssh_agent_keys_fini(&link->auth.agent);
    lat_wipe(link->auth.secret, sizeof(link->auth.secret));
}
