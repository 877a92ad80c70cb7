#include "config.h"

#include "attach/known_hosts.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "attach/ssh_match.h"
#include "attach/ssh_string.h"
#include "base/text.h"

#define HASH_MAGIC "|1|"
#define HASH_MAGIC_LEN 3
#define TYPE_MAX 64 /* letters of a key type */

static const struct {
    const char *name;
    unsigned bit;
} types[] = {
    { "ssh-ed25519", HOST_KEY_ED25519 },          { "ecdsa-sha2-nistp256", HOST_KEY_ECDSA_256 },
    { "ecdsa-sha2-nistp384", HOST_KEY_ECDSA_384 }, { "ecdsa-sha2-nistp521", HOST_KEY_ECDSA_521 },
    { "ssh-rsa", HOST_KEY_RSA },
};

unsigned
host_key_type(const char *name, size_t len)
{
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        if (strlen(types[i].name) == len && memcmp(types[i].name, name, len) == 0)
            return types[i].bit;
    }
    return HOST_KEY_OTHER;
}

/* A public key begins with its type as a string. */
static const char *
inner_type(const uint8_t *key, size_t len, size_t *type_len)
{
    struct ssh_view v = { key, key + len };
    const uint8_t *type;
    uint32_t name_len;

    if (!ssh_take_string(&v, &type, &name_len) || name_len == 0 || name_len > TYPE_MAX || v.at == v.end)
        return NULL;
    for (size_t i = 0; i < name_len; i++) {
        if (!isgraph(type[i]))
            return NULL;
    }
    *type_len = name_len;
    return (const char *)type;
}

unsigned
host_key_type_of(const uint8_t *key, size_t len)
{
    size_t type_len;
    const char *type = inner_type(key, len, &type_len);

    return type ? host_key_type(type, type_len) : 0;
}

enum lat_err
known_hosts_name(const char *host, uint16_t port, char out[KNOWN_HOSTS_NAME_MAX])
{
    char lower[KNOWN_HOSTS_NAME_MAX];
    size_t len = strlen(host);

    if (len + sizeof("[]:65535") > sizeof(lower))
        return LAT_LIMIT;
    for (size_t i = 0; i <= len; i++)
        lower[i] = (char)tolower((unsigned char)host[i]);
    if (port == 0 || port == 22)
        snprintf(out, KNOWN_HOSTS_NAME_MAX, "%s", lower);
    else
        snprintf(out, KNOWN_HOSTS_NAME_MAX, "[%.*s]:%u", (int)(sizeof(lower) - sizeof("[]:65535")), lower, port);
    return LAT_OK;
}

/* --- one line -------------------------------------------------------------------------------------- */

static bool
is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

/* The next word of a line; false: there is none. */
static bool
take_word(const char **at, const char *end, const char **word, size_t *len)
{
    while (*at < end && is_blank(**at))
        (*at)++;
    *word = *at;
    while (*at < end && !is_blank(**at))
        (*at)++;
    *len = (size_t)(*at - *word);
    return *len > 0;
}

static bool
is_word(const char *word, size_t len, const char *text)
{
    return strlen(text) == len && memcmp(word, text, len) == 0;
}

static bool
unbase64_exactly(const char *text, size_t len, uint8_t out[SHA1_LEN])
{
    struct lat_buf bytes;
    bool good;

    lat_buf_init(&bytes, SHA1_LEN);
    good = lat_unbase64(text, len, &bytes) == LAT_OK && bytes.len == SHA1_LEN;
    if (good)
        memcpy(out, bytes.data, SHA1_LEN);
    lat_buf_fini(&bytes);
    return good;
}

/* "|1|salt|hash": is it the hash of this name? False, with *good false, for what has no such form. */
static bool
fits_hash(const char *hosts, size_t len, const char *name, bool *good)
{
    const char *salt = hosts + HASH_MAGIC_LEN, *end = hosts + len;
    const char *bar = memchr(salt, '|', (size_t)(end - salt));
    uint8_t salt_bytes[SHA1_LEN], listed[SHA1_LEN], ours[SHA1_LEN];

    *good = bar && unbase64_exactly(salt, (size_t)(bar - salt), salt_bytes) &&
            unbase64_exactly(bar + 1, (size_t)(end - bar - 1), listed);
    return *good && hmac_sha1(salt_bytes, SHA1_LEN, name, strlen(name), ours) && memcmp(ours, listed, SHA1_LEN) == 0;
}

static bool
names_host(const char *hosts, size_t len, const char *name, bool *good)
{
    *good = true;
    if (len > HASH_MAGIC_LEN && memcmp(hosts, HASH_MAGIC, HASH_MAGIC_LEN) == 0)
        return fits_hash(hosts, len, name, good);
    return ssh_match_list(hosts, len, name) == SSH_MATCH_YES;
}

static bool
read_key(const char *type, size_t type_len, const char *text, size_t len, struct known_hosts_entry *entry)
{
    struct lat_buf bytes;
    const char *inner;
    size_t inner_len;
    bool good = false;

    lat_buf_init(&bytes, KNOWN_HOSTS_KEY_MAX);
    if (lat_unbase64(text, len, &bytes) == LAT_OK && bytes.len > 0) {
        inner = inner_type(bytes.data, bytes.len, &inner_len);
        good = inner && inner_len == type_len && memcmp(inner, type, type_len) == 0;
        entry->key_len = bytes.len;
        memcpy(entry->key, bytes.data, bytes.len);
        entry->type = host_key_type(type, type_len);
    }
    lat_buf_fini(&bytes);
    return good;
}

/* Hosts, key type and key, perhaps behind a marker. LAT_NOTFOUND: another host's. */
static enum lat_err
read_line(const char *at, const char *end, const char *name, struct known_hosts_entry *entry)
{
    const char *hosts, *type, *key;
    size_t hosts_len, type_len, key_len;
    bool good;

    entry->marker = KNOWN_HOSTS_PLAIN;
    if (!take_word(&at, end, &hosts, &hosts_len))
        return LAT_NOTFOUND;
    if (*hosts == '@') {
        if (is_word(hosts, hosts_len, "@revoked"))
            entry->marker = KNOWN_HOSTS_REVOKED_KEY;
        else if (is_word(hosts, hosts_len, "@cert-authority"))
            entry->marker = KNOWN_HOSTS_CERT_AUTHORITY;
        else
            return LAT_MALFORMED;
        if (!take_word(&at, end, &hosts, &hosts_len))
            return LAT_MALFORMED;
    }
    if (!take_word(&at, end, &type, &type_len) || !take_word(&at, end, &key, &key_len))
        return LAT_MALFORMED;
    if (!names_host(hosts, hosts_len, name, &good))
        return good ? LAT_NOTFOUND : LAT_MALFORMED;
    return read_key(type, type_len, key, key_len, entry) ? LAT_OK : LAT_MALFORMED;
}

/* --- all lines ------------------------------------------------------------------------------------- */

void
known_hosts_walk_init(struct known_hosts_walk *walk, const char *text, size_t len, const char *name)
{
    *walk = (struct known_hosts_walk){ .at = text, .end = text + len, .name = name };
}

bool
known_hosts_next(struct known_hosts_walk *walk, struct known_hosts_entry *entry)
{
    while (walk->at < walk->end) {
        const char *line = walk->at, *stop = memchr(line, '\n', (size_t)(walk->end - line));
        enum lat_err err;

        if (stop == NULL)
            stop = walk->end;
        walk->at = stop < walk->end ? stop + 1 : stop;
        walk->line++;
        while (line < stop && is_blank(*line))
            line++;
        if (line == stop || *line == '#')
            continue;
        entry->line = walk->line;
        err = read_line(line, stop, walk->name, entry);
        if (err == LAT_OK)
            return true;
        walk->malformed += err == LAT_MALFORMED;
    }
    return false;
}

static void
weigh(struct known_hosts_verdict *v, const char *file, const struct known_hosts_entry *entry, const uint8_t *key, size_t key_len)
{
    bool same = key && entry->key_len == key_len && memcmp(entry->key, key, key_len) == 0;
    bool same_type = key && entry->type == host_key_type_of(key, key_len);

    if (entry->marker == KNOWN_HOSTS_PLAIN)
        v->types |= entry->type;
    if (key == NULL || v->answer == KNOWN_HOSTS_REVOKED || (entry->marker == KNOWN_HOSTS_REVOKED_KEY && !same))
        return;
    if (entry->marker == KNOWN_HOSTS_REVOKED_KEY)
        v->answer = KNOWN_HOSTS_REVOKED;
    else if (same && v->answer != KNOWN_HOSTS_MATCH)
        v->answer = KNOWN_HOSTS_MATCH;
    else if (v->answer == KNOWN_HOSTS_UNKNOWN || (v->answer == KNOWN_HOSTS_CHANGED && same_type && !v->same_type))
        v->answer = KNOWN_HOSTS_CHANGED;
    else
        return;
    v->same_type = same_type;
    v->file = file;
    v->line = entry->line;
}

void
known_hosts_add(struct known_hosts_verdict *verdict, const char *file, const char *text, size_t len, const char *name,
                const uint8_t *key, size_t key_len)
{
    struct known_hosts_walk walk;
    struct known_hosts_entry entry;

    known_hosts_walk_init(&walk, text, len, name);
    while (known_hosts_next(&walk, &entry)) {
        if (entry.marker == KNOWN_HOSTS_CERT_AUTHORITY)
            verdict->authorities++;
        else
            weigh(verdict, file, &entry, key, key_len);
    }
    verdict->malformed += walk.malformed;
}

static enum lat_err
add_hashed(const char *name, const uint8_t *salt, struct lat_buf *out)
{
    uint8_t hash[SHA1_LEN];
    enum lat_err err;

    if (!hmac_sha1(salt, SHA1_LEN, name, strlen(name), hash))
        return LAT_SYS;
    err = lat_buf_add(out, HASH_MAGIC, HASH_MAGIC_LEN);
    if (!err)
        err = lat_base64(salt, SHA1_LEN, out);
    if (!err)
        err = lat_buf_add(out, "|", 1);
    return err ? err : lat_base64(hash, SHA1_LEN, out);
}

/* Would this name be read back as itself, and as nothing else? */
static bool
is_plain_name(const char *name)
{
    for (const char *c = name; *c; c++) {
        if (!isgraph((unsigned char)*c) || strchr(",*?!|#@", *c))
            return false;
    }
    return name[0] != 0;
}

enum lat_err
known_hosts_line(const char *name, const uint8_t *key, size_t key_len, const uint8_t *salt, struct lat_buf *out)
{
    size_t before = out->len, type_len;
    const char *type = inner_type(key, key_len, &type_len);
    enum lat_err err;

    if (type == NULL || key_len > KNOWN_HOSTS_KEY_MAX || !is_plain_name(name))
        return LAT_MALFORMED;
    err = salt ? add_hashed(name, salt, out) : lat_buf_add(out, name, strlen(name));
    if (!err)
        err = lat_buf_printf(out, " %.*s ", (int)type_len, type);
    if (!err)
        err = lat_base64(key, key_len, out);
    if (!err)
        err = lat_buf_add(out, "\n", 1);
    if (err)
        out->len = before;
    return err;
}
