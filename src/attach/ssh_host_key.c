/* ssh_host_key.c - is the host the one that known_hosts means? Unknown ones are asked for and stored, changed and revoked ones refused. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "attach/randomart.h"
#include "attach/ssh_link_parts.h"
#include "base/file.h"
#include "base/text.h"
#include "crypto/hash.h"
#include "crypto/rand.h"

#define FILE_MAX 4194304 /* a known_hosts file: some ten thousand hosts */

static const struct {
    unsigned bit;
    const char *name;
} methods[] = {
    { HOST_KEY_ED25519, "ssh-ed25519" },
    { HOST_KEY_ECDSA_256, "ecdsa-sha2-nistp256" },
    { HOST_KEY_ECDSA_384, "ecdsa-sha2-nistp384" },
    { HOST_KEY_ECDSA_521, "ecdsa-sha2-nistp521" },
};
#define METHOD_COUNT (sizeof(methods) / sizeof(methods[0]))

/* --- what the files say ---------------------------------------------------------------------------- */

static void
look_in_file(struct known_hosts_verdict *verdict, const char *path, const char *name, const uint8_t *key, size_t key_len)
{
    struct lat_buf text;

    lat_buf_init(&text, FILE_MAX);
    if (lat_file_read(path, &text) == LAT_OK) /* one that is not there says nothing */
        known_hosts_add(verdict, path, (const char *)text.data, text.len, name, key, key_len);
    lat_buf_fini(&text);
}

static struct known_hosts_verdict
look_up(const struct ssh_hop *hop, const char *name, const uint8_t *key, size_t key_len)
{
    struct known_hosts_verdict verdict = { .answer = KNOWN_HOSTS_UNKNOWN };

    for (unsigned i = 0; i < hop->user_known.count; i++)
        look_in_file(&verdict, hop->user_known.items[i], name, key, key_len);
    for (unsigned i = 0; i < hop->global_known.count; i++)
        look_in_file(&verdict, hop->global_known.items[i], name, key, key_len);
    return verdict;
}

/* Keys of a host with a port may stand under its bare name, from times before; they count as proof, not against the host. */
static struct known_hosts_verdict
judge(const struct ssh_hop *hop, const uint8_t *key, size_t key_len)
{
    struct known_hosts_verdict verdict = look_up(hop, hop->known_name, key, key_len), bare;

    if (verdict.answer != KNOWN_HOSTS_UNKNOWN || hop->bare_name[0] == 0)
        return verdict;
    bare = look_up(hop, hop->bare_name, key, key_len);
    return bare.answer == KNOWN_HOSTS_MATCH || bare.answer == KNOWN_HOSTS_REVOKED ? bare : verdict;
}

void
host_key_prefer(struct ssh_link *link)
{
    unsigned known = look_up(link->hop, link->hop->known_name, NULL, 0).types;
    char list[160] = "";

    if (known == 0 && link->hop->bare_name[0])
        known = look_up(link->hop, link->hop->bare_name, NULL, 0).types;
    for (int pass = 0; pass < 2; pass++) {
        for (size_t i = 0; i < METHOD_COUNT; i++) {
            if (((known & methods[i].bit) != 0) == (pass == 0))
                snprintf(list + strlen(list), sizeof(list) - strlen(list), "%s%s", list[0] ? "," : "", methods[i].name);
        }
    }
    if (libssh2_session_method_pref(link->session, LIBSSH2_METHOD_HOSTKEY, list))
        link_fail(link, "this libssh2 has no host key method that is good enough");
}

/* --- unknown hosts --------------------------------------------------------------------------------- */

static const char *
type_name(unsigned type)
{
    return type == HOST_KEY_ED25519 ? "ED25519" : type == HOST_KEY_RSA ? "RSA" : "ECDSA";
}

/* "SHA256:..." without padding, as ssh-keygen -l writes it. */
static void
fingerprint(const uint8_t digest[SHA256_LEN], char *out, size_t out_size)
{
    struct lat_buf text;

    lat_buf_init(&text, 64);
    out[0] = 0;
    if (lat_base64(digest, SHA256_LEN, &text) == LAT_OK && text.len > 0)
        snprintf(out, out_size, "SHA256:%.*s", (int)text.len - 1, (const char *)text.data);
    lat_buf_fini(&text);
}

static unsigned
bits_of(unsigned type)
{
    return type == HOST_KEY_ECDSA_384 ? 384 : type == HOST_KEY_ECDSA_521 ? 521 : 256;
}

/* RSA keys never get here: they are not negotiated. */
static void
describe(const uint8_t *key, size_t len, struct link_key *out)
{
    unsigned type = host_key_type_of(key, len);
    uint8_t digest[SHA256_LEN];

    sha256_of(key, len, digest);
    lat_copy(out->type, sizeof(out->type), type_name(type));
    fingerprint(digest, out->fingerprint, sizeof(out->fingerprint));
    randomart(digest, sizeof(digest), out->type, bits_of(type), "SHA256", out->randomart);
}

/* One line at the end of a file; its folder and itself are made if they are missing. LAT_SYS. */
static enum lat_err
append_line(const char *path, const struct lat_buf *line)
{
    char folder[SSH_PATH_MAX], last = '\n';
    char *slash;
    int fd;
    bool good;

    lat_copy(folder, sizeof(folder), path);
    slash = strrchr(folder, '/');
    if (slash && slash != folder) {
        *slash = 0;
        if (lat_mkdir_all(folder, 0700))
            return LAT_SYS;
    }
    fd = open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
        return LAT_SYS;
    if (lseek(fd, -1, SEEK_END) >= 0 && read(fd, &last, 1) != 1)
        last = '\n';
    good = last == '\n' || write(fd, "\n", 1) == 1;
    good = good && write(fd, line->data, line->len) == (ssize_t)line->len;
    return close(fd) == 0 && good ? LAT_OK : LAT_SYS;
}

/* The host is believed from now on; if that cannot be written down, it is believed this once. */
static void
store_key(struct ssh_link *link, const uint8_t *key, size_t len)
{
    const struct ssh_hop *hop = link->hop;
    uint8_t salt[SHA1_LEN];
    struct lat_buf line;

    rand_bytes(salt, sizeof(salt));
    lat_buf_init(&line, 2 * KNOWN_HOSTS_KEY_MAX);
    if (hop->user_known.count > 0 &&
        (known_hosts_line(hop->known_name, key, len, hop->config.hash_known_hosts ? salt : NULL, &line) ||
         append_line(hop->user_known.items[0], &line)))
        link_note(link, "its key cannot be stored in %s: %s", hop->user_known.items[0], strerror(errno));
    lat_buf_fini(&line);
}

static bool
accept_key(struct ssh_link *link)
{
    link_enter(link, SSH_AUTH, SSH_AUTH_MS);
    return true;
}

static bool
ask_about(struct ssh_link *link, const uint8_t *key, size_t len)
{
    struct ssh_question *q = &link->question;

    describe(key, len, &q->key);
    q->kind = SSH_ASK_HOST_KEY;
    q->again = false;
    snprintf(q->subject, sizeof(q->subject), "%s", link->hop->known_name);
    snprintf(q->text, sizeof(q->text), "%s is not known. Its %s key has the fingerprint %s. Is it the right host?", link->hop->shown,
             q->key.type, q->key.fingerprint);
    switch (link_ask(link, NULL)) {
    case SSH_ANSWER_LATER:
        return false;
    case SSH_ANSWER_YES:
        store_key(link, key, len);
        return accept_key(link);
    case SSH_ANSWER_NO:
        break;
    }
    link->final = true;
    return link_fail(link, "not known, and nobody has said that its %s key %s is right; compare it there by 'ssh-keygen -lf', then connect "
                           "once by ssh or attach from a terminal", q->key.type, q->key.fingerprint);
}

static bool
meet_unknown(struct ssh_link *link, const uint8_t *key, size_t len)
{
    switch (link->hop->config.strict) {
    case SSH_STRICT_ASK:
        return ask_about(link, key, len);
    case SSH_STRICT_YES:
        link->final = true;
        return link_fail(link, "not in known_hosts, and StrictHostKeyChecking is yes; add its key first");
    case SSH_STRICT_ACCEPT_NEW:
    case SSH_STRICT_OFF:
        break;
    }
    store_key(link, key, len);
    return accept_key(link);
}

bool
host_key_turn(struct ssh_link *link)
{
    struct known_hosts_verdict verdict;
    const uint8_t *key;
    size_t len = 0;
    int type = 0;

    key = (const uint8_t *)libssh2_session_hostkey(link->session, &len, &type);
    if (key == NULL || len == 0 || len > KNOWN_HOSTS_KEY_MAX)
        return link_fail(link, "has shown no host key");
    if (link->asking)
        return ask_about(link, key, len);
    verdict = judge(link->hop, key, len);
    switch (verdict.answer) {
    case KNOWN_HOSTS_MATCH:
        return accept_key(link);
    case KNOWN_HOSTS_UNKNOWN:
        return meet_unknown(link, key, len);
    case KNOWN_HOSTS_REVOKED:
        link->final = true;
        return link_fail(link, "its key is revoked by %s line %u; this is not a host to talk to", verdict.file, verdict.line);
    case KNOWN_HOSTS_CHANGED:
        break;
    }
    link->final = true;
    if (!verdict.same_type && (verdict.types & ~HOST_KEY_RSA) == 0)
        return link_fail(link, "known by an RSA key alone (%s line %u), which libssh2 1.10 cannot check; connect once by 'ssh -o "
                               "HostKeyAlgorithms=ssh-ed25519' to learn another", verdict.file, verdict.line);
    return link_fail(link, "HOST KEY CHANGED: not the key of %s line %u. Somebody may be in between. If the host was set up anew, remove "
                           "that line", verdict.file, verdict.line);
}
