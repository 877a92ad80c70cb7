/* ssh_expand.c - tokens, variables and the tilde in values of ssh_config.h. */
#include "config.h"

#include "attach/ssh_config.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"

/* The value of one token; NULL: not known here. `number` is room for figures. */
static const char *
token_value(const struct ssh_config *c, const struct ssh_config_request *request, char token, char number[16])
{
    switch (token) {
    case '%':
        return "%";
    case 'h':
        return c->host;
    case 'n':
        return c->original;
    case 'k':
        return c->host_key_alias[0] ? c->host_key_alias : c->original;
    case 'r':
        return c->user;
    case 'u':
        return request->local_user;
    case 'd':
        return request->home;
    case 'l':
        return request->local_host;
    case 'p':
        snprintf(number, 16, "%u", c->port);
        return number;
    case 'i':
        snprintf(number, 16, "%u", request->uid);
        return number;
    default:
        return NULL;
    }
}

/* %L: the local host's name without its domain. */
static enum lat_err
add_token(const struct ssh_config *c, const struct ssh_config_request *request, char token, struct lat_buf *out, struct lat_msg *why)
{
    char number[16], shown[8];
    const char *value = token_value(c, request, token, number);

    if (token == 'L')
        return lat_buf_add(out, request->local_host, strcspn(request->local_host, "."));
    if (value)
        return lat_buf_add(out, value, strlen(value));
    lat_msg_set(why, "ssh configuration: the token %%%s is not known here", lat_escape(&token, token != 0, shown, sizeof(shown)));
    return LAT_MALFORMED;
}

/* ${NAME}, at *at; moves behind it. */
static enum lat_err
add_variable(const struct ssh_config_request *request, const char **at, struct lat_buf *out, struct lat_msg *why)
{
    const char *end = strchr(*at, '}'), *value = NULL;
    char name[64] = "", shown[80];

    if (end && (size_t)(end - *at - 2) < sizeof(name)) {
        memcpy(name, *at + 2, (size_t)(end - *at - 2));
        name[end - *at - 2] = 0;
        value = request->variable(request->arg, name);
    }
    if (end == NULL || value == NULL) {
        lat_msg_set(why, "ssh configuration: the variable '%s' is not set", lat_escape_str(name, shown, sizeof(shown)));
        return LAT_MALFORMED;
    }
    *at = end;
    return lat_buf_add(out, value, strlen(value));
}

static enum lat_err
expand(const struct ssh_config *config, const struct ssh_config_request *request, const char *text, struct lat_buf *out,
       struct lat_msg *why)
{
    enum lat_err err = LAT_OK;

    if (text[0] == '~' && (text[1] == '/' || text[1] == 0)) {
        err = lat_buf_add(out, request->home, strlen(request->home));
        text++;
    }
    for (; !err && *text; text++) {
        if (*text == '%')
            err = add_token(config, request, *++text, out, why);
        else if (text[0] == '$' && text[1] == '{')
            err = add_variable(request, &text, out, why);
        else
            err = lat_buf_add_u8(out, (uint8_t)*text);
    }
    return err;
}

enum lat_err
ssh_config_expand(const struct ssh_config *config, const struct ssh_config_request *request, const char *text,
                  char out[SSH_PATH_MAX], struct lat_msg *why)
{
    struct lat_buf buf;
    enum lat_err err;

    lat_buf_init(&buf, SSH_PATH_MAX - 1);
    err = expand(config, request, text, &buf, why);
    if (err == LAT_LIMIT)
        lat_msg_set(why, "ssh configuration: a value is longer than %d bytes", SSH_PATH_MAX - 1);
    if (!err && lat_buf_str(&buf))
        lat_copy(out, SSH_PATH_MAX, lat_buf_str(&buf));
    lat_buf_fini(&buf);
    return err;
}
