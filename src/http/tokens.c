#include "config.h"

#include "http/tokens.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include "base/wipe.h"
#include "crypto/hash.h"

#define LINE_MAX_LEN 256
#define FIELDS_MAX 5 /* one more than there may be */

static const char name_characters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";

struct token {
    enum token_role role;
    char name[TOKEN_NAME_MAX];
    uint8_t hash[SHA256_LEN];
    uint64_t until_ms; /* UINT64_MAX: for good */
};

struct tokens {
    size_t count;
    struct token list[TOKENS_MAX];
};

/* --- one line ----------------------------------------------------------------------------------- */

static bool
read_role(const char *text, enum token_role *role)
{
    static const struct {
        const char *name;
        enum token_role role;
    } roles[] = { { "read", TOKEN_READ }, { "sync", TOKEN_SYNC }, { "control", TOKEN_CONTROL } };

    for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++) {
        if (strcmp(text, roles[i].name) == 0) {
            *role = roles[i].role;
            return true;
        }
    }
    return false;
}

static bool
is_name(const char *text)
{
    size_t len = strlen(text);

    return len < TOKEN_NAME_MAX && strspn(text, name_characters) == len;
}

/* NULL: fine, else what is wrong. A token in place of its hash must not reach a message: no field is shown.
 */
static const char *
read_fields(char *const fields[], size_t count, struct token *out)
{
    out->until_ms = UINT64_MAX;
    if (count < 3 || count > 4)
        return "it has not the form ROLE NAME SHA256 [UNTIL]";
    if (!read_role(fields[0], &out->role))
        return "the role is none of read, sync and control";
    if (!is_name(fields[1]))
        return "the name is not of 1 to 40 letters, digits, '.', '_' and '-'";
    if (lat_unhex(fields[2], out->hash, sizeof(out->hash)))
        return "the hash is not of 64 hex digits; make it with: printf %s TOKEN | sha256sum";
    if (count == 4 && lat_time_parse(fields[3], &out->until_ms))
        return "the time is none; write it as in 2026-03-14T14:03:27Z";
    lat_copy(out->name, sizeof(out->name), fields[1]);
    return NULL;
}

static enum lat_err
take_line(struct tokens *tokens, char *line, size_t number, struct lat_msg *why)
{
    char *fields[FIELDS_MAX], *rest = NULL;
    struct token token;
    const char *wrong;
    size_t count = 0;

    for (char *f = strtok_r(line, " \t\r", &rest); f != NULL && count < FIELDS_MAX;
         f = strtok_r(NULL, " \t\r", &rest))
        fields[count++] = f;
    if (count == 0 || fields[0][0] == '#')
        return LAT_OK;
    wrong = read_fields(fields, count, &token);
    if (wrong != NULL) {
        lat_msg_set(why, "line %zu: %s", number, wrong);
        return LAT_MALFORMED;
    }
    if (tokens->count == TOKENS_MAX) {
        lat_msg_set(why, "line %zu: more than %d tokens; remove those that are over", number, TOKENS_MAX);
        return LAT_LIMIT;
    }
    tokens->list[tokens->count++] = token;
    return LAT_OK;
}

/* --- public ------------------------------------------------------------------------------------- */

enum lat_err
tokens_parse(const char *text, size_t len, struct tokens **out, struct lat_msg *why)
{
    struct tokens *tokens = calloc(1, sizeof(*tokens));
    const char *at = text, *end = text + len;
    enum lat_err err = tokens == NULL ? LAT_NOMEM : LAT_OK;
    char line[LINE_MAX_LEN];

    if (err)
        lat_msg_set(why, "out of memory");
    for (size_t number = 1; !err && at < end; number++) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        size_t line_len = (size_t)((stop != NULL ? stop : end) - at);

        if (*at != '#' && (line_len >= sizeof(line) || memchr(at, 0, line_len) != NULL)) {
            lat_msg_set(why, "line %zu: longer than %d bytes, or no text", number, LINE_MAX_LEN - 1);
            err = LAT_MALFORMED;
        } else if (*at != '#') {
            memcpy(line, at, line_len);
            line[line_len] = 0;
            err = take_line(tokens, line, number, why);
        }
        at = stop != NULL ? stop + 1 : end;
    }
    lat_wipe(line, sizeof(line));
    if (err)
        tokens_free(tokens);
    else
        *out = tokens;
    return err;
}

enum lat_err
tokens_load(const char *path, struct tokens **out, struct lat_msg *why)
{
    struct lat_msg detail = { "" };
    struct lat_buf text;
    char shown[LAT_MSG_MAX / 3];
    enum lat_err err = lat_file_check_secret(path, why);

    if (err)
        return err;
    lat_buf_init(&text, TOKENS_FILE_MAX);
    err = lat_file_read(path, &text);
    if (err == LAT_LIMIT)
        lat_msg_set(&detail, "larger than %d bytes; is it the right file?", TOKENS_FILE_MAX);
    else if (err)
        lat_msg_set(&detail, "%s", err == LAT_SYS ? strerror(errno) : lat_err_text(err));
    else
        err = tokens_parse(text.len > 0 ? (const char *)text.data : "", text.len, out, &detail);
    if (err)
        lat_msg_set(why, "tokens file %s: %s", lat_escape_str(path, shown, sizeof(shown)), detail.text);
    lat_buf_fini(&text);
    return err;
}

void
tokens_free(struct tokens *tokens)
{
    free(tokens);
}

unsigned
tokens_roles(const struct tokens *tokens)
{
    unsigned roles = 0;

    for (size_t i = 0; tokens != NULL && i < tokens->count; i++)
        roles |= tokens->list[i].role;
    return roles;
}

unsigned
tokens_find(const struct tokens *tokens, const char *token, uint64_t wall_ms, unsigned wanted,
            char name[TOKEN_NAME_MAX])
{
    uint8_t hash[SHA256_LEN];
    unsigned roles = 0;
    bool named = false;

    if (tokens == NULL || *token == 0)
        return 0;
    sha256_of(token, strlen(token), hash);
    for (size_t i = 0; i < tokens->count; i++) {
        const struct token *t = &tokens->list[i];
        bool equal = lat_equal_ct(hash, t->hash, sizeof(hash));

        if (!equal || wall_ms >= t->until_ms)
            continue;
        if (roles == 0 || (!named && (t->role & wanted) != 0))
            lat_copy(name, TOKEN_NAME_MAX, t->name);
        named = named || (t->role & wanted) != 0;
        roles |= t->role;
    }
    return roles;
}
