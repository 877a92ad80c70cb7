/*
 * Each key stands in one table: what its values look like and where they go. A block's head (Host, Match) decides whether the lines under
 * it count; `set` remembers which keys have been given, so that later values change nothing.
 */
#include "config.h"

#include "attach/ssh_config.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "attach/ssh_match.h"
#include "attach/ssh_words.h"
#include "base/text.h"

#define DEPTH_MAX 16
#define FILES_MAX 64
#define LINE_SHOWN 80

enum key_form { FORM_TEXT, FORM_PATHS, FORM_ADDING, FORM_PORT, FORM_FLAG, FORM_TIME, FORM_COUNT, FORM_STRICT, FORM_FAMILY, FORM_JUMP,
                FORM_REFUSED, FORM_REFUSED_FLAG };

struct key {
    const char *name; /* in lower case */
    enum key_form form;
    size_t offset, size; /* of the field */
};

#define FIELD(member) offsetof(struct ssh_config, member), sizeof(((struct ssh_config *)0)->member)

/* At most 32 of them: `set` has a bit for each. */
static const struct key keys[] = {
    { "hostname", FORM_TEXT, FIELD(host) },
    { "user", FORM_TEXT, FIELD(user) },
    { "port", FORM_PORT, FIELD(port) },
    { "addressfamily", FORM_FAMILY, FIELD(family) },
    { "identityfile", FORM_ADDING, FIELD(identity_files) },
    { "identitiesonly", FORM_FLAG, FIELD(identities_only) },
    { "identityagent", FORM_TEXT, FIELD(identity_agent) },
    { "userknownhostsfile", FORM_PATHS, FIELD(user_known_hosts) },
    { "globalknownhostsfile", FORM_PATHS, FIELD(global_known_hosts) },
    { "stricthostkeychecking", FORM_STRICT, FIELD(strict) },
    { "hashknownhosts", FORM_FLAG, FIELD(hash_known_hosts) },
    { "hostkeyalias", FORM_TEXT, FIELD(host_key_alias) },
    { "connecttimeout", FORM_TIME, FIELD(connect_timeout_s) },
    { "serveraliveinterval", FORM_TIME, FIELD(alive_interval_s) },
    { "serveralivecountmax", FORM_COUNT, FIELD(alive_count) },
    { "proxyjump", FORM_JUMP, FIELD(proxy_jump) },
    { "proxycommand", FORM_REFUSED, 0, 0 },
    { "bindaddress", FORM_REFUSED, 0, 0 },
    { "bindinterface", FORM_REFUSED, 0, 0 },
    { "knownhostscommand", FORM_REFUSED, 0, 0 },
    { "revokedhostkeys", FORM_REFUSED, 0, 0 },
    { "proxyusefdpass", FORM_REFUSED_FLAG, 0, 0 },
    { "canonicalizehostname", FORM_REFUSED_FLAG, 0, 0 },
};
#define KEY_COUNT (sizeof(keys) / sizeof(keys[0]))

/* A line under reading. */
struct place {
    const char *name, *base;
    unsigned line, depth;
};

static enum lat_err read_text(struct ssh_config_reader *r, struct place *place, bool active, const char *text, size_t len);

static enum lat_err
fail(const struct ssh_config_reader *r, const struct place *place, enum lat_err err, const char *what, const char *word)
{
    char name[LINE_SHOWN], shown[LINE_SHOWN];

    lat_msg_set(r->why, "%s line %u: %s%s%s", lat_escape_str(place->name, name, sizeof(name)), place->line, what, word ? " " : "",
                word ? lat_escape_str(word, shown, sizeof(shown)) : "");
    return err;
}

/* --- values ---------------------------------------------------------------------------------------- */

/* Seconds of a unit; 0: none that is known. */
static uint64_t
unit_seconds(char unit)
{
    switch (tolower((unsigned char)unit)) {
    case 0:
    case 's':
        return 1;
    case 'm':
        return 60;
    case 'h':
        return 3600;
    case 'd':
        return 86400;
    case 'w':
        return 604800;
    default:
        return 0;
    }
}

/* "90", "1m30s": seconds, as OpenSSH writes times. */
static bool
parse_time(const char *text, uint32_t *seconds)
{
    uint64_t total = 0, number, unit;

    do {
        if (!isdigit((unsigned char)*text))
            return false;
        for (number = 0; isdigit((unsigned char)*text); text++) {
            number = number * 10 + (uint64_t)(*text - '0');
            if (number > INT32_MAX)
                return false;
        }
        unit = unit_seconds(*text);
        text += *text != 0;
        total += number * unit;
        if (unit == 0 || total > INT32_MAX)
            return false;
    } while (*text);
    *seconds = (uint32_t)total;
    return true;
}

static bool
parse_flag(const char *text, bool *flag)
{
    *flag = strcasecmp(text, "yes") == 0 || strcasecmp(text, "true") == 0;
    return *flag || strcasecmp(text, "no") == 0 || strcasecmp(text, "false") == 0;
}

static bool
parse_strict(const char *text, enum ssh_strict *strict)
{
    static const struct {
        const char *name;
        enum ssh_strict value;
    } names[] = { { "ask", SSH_STRICT_ASK }, { "yes", SSH_STRICT_YES }, { "true", SSH_STRICT_YES },
                  { "accept-new", SSH_STRICT_ACCEPT_NEW }, { "no", SSH_STRICT_OFF }, { "false", SSH_STRICT_OFF },
                  { "off", SSH_STRICT_OFF } };

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcasecmp(text, names[i].name) == 0) {
            *strict = names[i].value;
            return true;
        }
    }
    return false;
}

static bool
parse_family(const char *text, int *family)
{
    *family = strcasecmp(text, "inet") == 0 ? 4 : strcasecmp(text, "inet6") == 0 ? 6 : 0;
    return *family != 0 || strcasecmp(text, "any") == 0;
}

static bool
add_path(struct ssh_list *list, const char *path)
{
    if (list->count == SSH_LIST_MAX || !lat_copy(list->items[list->count], SSH_PATH_MAX, path))
        return false;
    list->count++;
    return true;
}

static bool
has_path(const struct ssh_list *list, const char *path)
{
    for (unsigned i = 0; i < list->count; i++) {
        if (strcmp(list->items[i], path) == 0)
            return true;
    }
    return false;
}

static bool
keep_paths(struct ssh_list *list, const struct ssh_words *words)
{
    for (unsigned i = 1; i < words->count; i++) {
        if (!add_path(list, words->words[i]))
            return false;
    }
    return true;
}

static bool
keep_number(const char *text, uint64_t min, uint64_t max, size_t size, void *field)
{
    uint64_t number;
    uint32_t wide;
    uint16_t narrow;

    if (lat_parse_u64(text, max, &number) || number < min)
        return false;
    wide = (uint32_t)number;
    narrow = (uint16_t)number;
    memcpy(field, size == sizeof(narrow) ? (const void *)&narrow : (const void *)&wide, size);
    return true;
}

/* Put the value where it belongs. False: it has not the form that it should have. */
static bool
keep_value(struct ssh_config *config, const struct key *key, const struct ssh_words *words)
{
    void *field = (char *)config + key->offset;
    const char *value = words->words[1];

    switch (key->form) {
    case FORM_TEXT:
    case FORM_JUMP:
        return lat_copy(field, key->size, value);
    case FORM_PATHS:
        return keep_paths(field, words);
    case FORM_ADDING:
        return has_path(field, value) || add_path(field, value);
    case FORM_PORT:
        return keep_number(value, 1, 65535, key->size, field);
    case FORM_COUNT:
        return keep_number(value, 0, INT32_MAX, key->size, field);
    case FORM_FLAG:
        return parse_flag(value, field);
    case FORM_TIME:
        return (key->offset == offsetof(struct ssh_config, connect_timeout_s) && strcasecmp(value, "none") == 0) ||
               parse_time(value, field);
    case FORM_STRICT:
        return parse_strict(value, field);
    case FORM_FAMILY:
        return parse_family(value, field);
    case FORM_REFUSED:
    case FORM_REFUSED_FLAG:
        break;
    }
    return true;
}

static unsigned
index_of(const char *name)
{
    for (unsigned i = 0; i < KEY_COUNT; i++) {
        if (strcasecmp(keys[i].name, name) == 0)
            return i;
    }
    return KEY_COUNT;
}

/* ProxyJump and ProxyCommand are one choice: the first of both wins. */
static uint32_t
bits_of(unsigned index)
{
    uint32_t bits = 1u << index;

    if (keys[index].form == FORM_JUMP || strcmp(keys[index].name, "proxycommand") == 0)
        bits |= 1u << index_of("proxyjump") | 1u << index_of("proxycommand");
    return bits;
}

/* Is this the value that says "not used"? */
static bool
is_off(const struct key *key, const char *value)
{
    bool flag;

    if (key->form == FORM_REFUSED_FLAG)
        return parse_flag(value, &flag) && !flag;
    return strcasecmp(value, "none") == 0;
}

static enum lat_err
read_key(struct ssh_config_reader *r, const struct place *place, const struct ssh_words *words)
{
    unsigned index = index_of(words->words[0]);
    const struct key *key = &keys[index];

    if (index == KEY_COUNT)
        return LAT_OK;
    if (words->count < 2)
        return fail(r, place, LAT_MALFORMED, "no value for", words->words[0]);
    if ((r->set & 1u << index) && key->form != FORM_ADDING)
        return LAT_OK;
    if (key->form == FORM_REFUSED || key->form == FORM_REFUSED_FLAG) {
        if (!is_off(key, words->words[1]))
            return fail(r, place, LAT_AUTH, "this program does not know how to go by it; use 'ssh -L' and http://127.0.0.1:PORT:",
                        words->words[0]);
    } else if (!keep_value(r->out, key, words)) {
        return fail(r, place, LAT_MALFORMED, "cannot be read:", words->words[0]);
    }
    r->set |= bits_of(index);
    return LAT_OK;
}

/* --- blocks ---------------------------------------------------------------------------------------- */

static bool
host_block_fits(const struct ssh_words *words, const char *host)
{
    bool fits = false;

    for (unsigned i = 1; i < words->count; i++) {
        bool negated = words->words[i][0] == '!';
        const char *pattern = words->words[i] + negated;

        if (!ssh_match_pattern(pattern, strlen(pattern), host))
            continue;
        if (negated)
            return false;
        fits = true;
    }
    return fits;
}

/* The host as far as it is known by now: HostName may say %h, which is the host as typed. */
static enum lat_err
present_host(const struct ssh_config_reader *r, char out[SSH_PATH_MAX])
{
    struct ssh_config typed = { .host = "" };

    lat_copy(typed.host, sizeof(typed.host), r->request->host);
    lat_copy(typed.original, sizeof(typed.original), r->request->host);
    return ssh_config_expand(&typed, r->request, r->out->host[0] ? r->out->host : typed.host, out, r->why);
}

/* What a criterion of Match looks at; NULL: none that is known. */
static const char *
subject_of(const struct ssh_config_reader *r, const char *criterion, char host[SSH_PATH_MAX])
{
    if (strcasecmp(criterion, "host") == 0)
        return present_host(r, host) ? NULL : host;
    if (strcasecmp(criterion, "originalhost") == 0)
        return r->request->host;
    if (strcasecmp(criterion, "user") == 0)
        return r->out->user[0] ? r->out->user : r->request->local_user;
    if (strcasecmp(criterion, "localuser") == 0)
        return r->request->local_user;
    return NULL;
}

/* Each criterion in turn. `canonical` and `final` fit in the second reading alone, which `final` asks for. */
static enum lat_err
match_block_fits(struct ssh_config_reader *r, const struct place *place, const struct ssh_words *words, bool *fits)
{
    char host[SSH_PATH_MAX];

    *fits = true;
    for (unsigned i = 1; i < words->count; i++) {
        bool negated = words->words[i][0] == '!', one;
        const char *criterion = words->words[i] + negated, *subject = subject_of(r, criterion, host);

        if (strcasecmp(criterion, "all") == 0)
            continue;
        if (strcasecmp(criterion, "canonical") == 0 || strcasecmp(criterion, "final") == 0) {
            r->wants_final = r->wants_final || strcasecmp(criterion, "final") == 0;
            *fits = *fits && r->is_final != negated;
            continue;
        }
        if (++i == words->count)
            return fail(r, place, LAT_MALFORMED, "no value for Match", criterion);
        if (strcasecmp(criterion, "exec") == 0 && *fits)
            return fail(r, place, LAT_AUTH, "this program runs no commands to choose a block: Match", criterion);
        if (subject == NULL) {
            if (strcasecmp(criterion, "exec") != 0)
                return fail(r, place, LAT_MALFORMED, "unknown criterion of Match:", criterion);
            continue;
        }
        one = ssh_match_list(words->words[i], strlen(words->words[i]), subject) == SSH_MATCH_YES;
        *fits = *fits && one != negated;
    }
    return words->count > 1 ? LAT_OK : fail(r, place, LAT_MALFORMED, "no criterion for", "Match");
}

static enum lat_err
include_pattern(struct ssh_config_reader *r, struct place *place, bool active, const char *pattern)
{
    struct place inner = { .base = place->base, .depth = place->depth + 1 };
    char name[SSH_PATH_MAX];
    struct lat_buf text;
    enum lat_err err = LAT_OK;

    for (unsigned index = 0; !err; index++) {
        lat_buf_init(&text, SSH_CONFIG_FILE_MAX);
        err = r->request->include(r->request->arg, pattern, index, name, &text);
        inner.name = name;
        if (!err && r->files++ == FILES_MAX)
            err = fail(r, place, LAT_LIMIT, "too many files by Include", pattern);
        if (!err)
            err = read_text(r, &inner, active, (const char *)text.data, text.len);
        lat_buf_fini(&text);
    }
    return err == LAT_NOTFOUND ? LAT_OK : err;
}

/* Names that are not absolute stand in the folder of the file they are said in, the user's or the system's. */
static enum lat_err
read_include(struct ssh_config_reader *r, struct place *place, bool active, const struct ssh_words *words)
{
    char path[SSH_PATH_MAX];
    enum lat_err err = LAT_OK;

    if (place->depth >= DEPTH_MAX)
        return fail(r, place, LAT_LIMIT, "too deep:", "Include");
    for (unsigned i = 1; i < words->count && !err; i++) {
        const char *word = words->words[i];
        int len = word[0] == '/'   ? snprintf(path, sizeof(path), "%s", word)
                  : word[0] == '~' ? snprintf(path, sizeof(path), "%s%s", r->request->home, word + 1)
                                   : snprintf(path, sizeof(path), "%s/%s", place->base, word);

        if (len < 0 || (size_t)len >= sizeof(path))
            return fail(r, place, LAT_LIMIT, "name too long:", "Include");
        err = include_pattern(r, place, active, path);
    }
    return err;
}

/* allowed: the block that the file was included in fits. */
static enum lat_err
read_line(struct ssh_config_reader *r, struct place *place, bool allowed, bool *active, const char *line, size_t len)
{
    struct ssh_words words = { .count = 0 };
    enum lat_err err = ssh_words_split(line, len, &words);
    bool fits;

    if (err)
        return fail(r, place, err, err == LAT_LIMIT ? "too long" : "a quote is not closed, or a zero byte is in it", NULL);
    if (words.count == 0)
        return LAT_OK;
    if (strcasecmp(words.words[0], "host") == 0) {
        *active = allowed && host_block_fits(&words, r->request->host);
        return LAT_OK;
    }
    if (strcasecmp(words.words[0], "match") == 0) {
        if (!allowed)
            return LAT_OK;
        err = match_block_fits(r, place, &words, &fits);
        *active = !err && fits;
        return err;
    }
    if (strcasecmp(words.words[0], "include") == 0)
        return read_include(r, place, *active, &words);
    return *active ? read_key(r, place, &words) : LAT_OK;
}

static enum lat_err
read_text(struct ssh_config_reader *r, struct place *place, bool active, const char *text, size_t len)
{
    const char *at = text, *end = text + len;
    bool allowed = active;
    enum lat_err err = LAT_OK;

    while (at < end && !err) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));

        if (stop == NULL)
            stop = end;
        place->line++;
        err = read_line(r, place, allowed, &active, at, (size_t)(stop - at));
        at = stop < end ? stop + 1 : end;
    }
    return err;
}

/* --- from outside ---------------------------------------------------------------------------------- */

enum lat_err
ssh_config_begin(struct ssh_config_reader *reader, const struct ssh_config_request *request, struct ssh_config *out,
                 struct lat_msg *why)
{
    *reader = (struct ssh_config_reader){ .request = request, .out = out, .why = why };
    *out = (struct ssh_config){ .port = request->port, .alive_count = 3 };
    if (!lat_copy(out->original, sizeof(out->original), request->host) ||
        !lat_copy(out->user, sizeof(out->user), request->user ? request->user : "")) {
        lat_msg_set(why, "ssh: host or user name too long");
        return LAT_LIMIT;
    }
    if (request->user)
        reader->set |= 1u << index_of("user");
    if (request->port)
        reader->set |= 1u << index_of("port");
    return LAT_OK;
}

enum lat_err
ssh_config_text(struct ssh_config_reader *reader, const char *name, const char *base, const char *text, size_t len)
{
    struct place place = { .name = name, .base = base };

    reader->files++;
    return read_text(reader, &place, true, text, len);
}

bool
ssh_config_again(struct ssh_config_reader *reader)
{
    char host[SSH_PATH_MAX];

    if (!reader->wants_final || reader->is_final || present_host(reader, host))
        return false;
    lat_copy(reader->out->host, sizeof(reader->out->host), host); /* where to, is settled by the first reading */
    reader->set |= 1u << index_of("hostname");
    reader->is_final = true;
    reader->files = 0;
    return true;
}

static enum lat_err
finish_host(struct ssh_config_reader *r)
{
    struct ssh_config *out = r->out;
    char path[SSH_PATH_MAX];
    enum lat_err err = present_host(r, path);

    if (!err && (path[0] == 0 || !lat_copy(out->host, sizeof(out->host), path))) {
        lat_msg_set(r->why, "ssh: HostName is empty or too long");
        err = LAT_LIMIT;
    }
    for (char *c = out->host; *c; c++)
        *c = (char)tolower((unsigned char)*c);
    return err;
}

enum lat_err
ssh_config_end(struct ssh_config_reader *reader)
{
    struct ssh_config *out = reader->out;

    if (out->port == 0)
        out->port = 22;
    if (out->user[0] == 0)
        lat_copy(out->user, sizeof(out->user), reader->request->local_user);
    return finish_host(reader);
}
