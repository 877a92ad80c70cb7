#include "config.h"

#include "cli/fleet_file.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"

#define LINE_MAX_LEN 512

static char *
trim(char *text)
{
    char *end;

    while (isspace((unsigned char)*text))
        text++;
    end = text + strlen(text);
    while (end > text && isspace((unsigned char)end[-1]))
        *--end = 0;
    return text;
}

static const char *
begin_section(char *line, struct fleet_entries *out)
{
    size_t len = strlen(line);

    if (len < 3 || line[len - 1] != ']')
        return "a section is [NAME]";
    if (out->count == FLEET_ENTRIES_MAX)
        return "too many nodes";
    line[len - 1] = 0;
    for (unsigned i = 0; i < out->count; i++) {
        if (strcmp(out->list[i].name, trim(line + 1)) == 0)
            return "this name is there twice";
    }
    out->list[out->count] = (struct fleet_entry){ .readonly = false };
    lat_escape_str(trim(line + 1), out->list[out->count].name, sizeof(out->list[0].name));
    out->count++;
    return NULL;
}

static const char *
keep_flag(const char *value, bool *flag)
{
    *flag = strcasecmp(value, "yes") == 0 || strcasecmp(value, "on") == 0 || strcasecmp(value, "true") == 0;
    return *flag || strcasecmp(value, "no") == 0 || strcasecmp(value, "off") == 0 || strcasecmp(value, "false") == 0 ? NULL
                                                                                                               : "the value is yes or no";
}

static const char *
keep_value(const char *name, const char *value, struct fleet_entry *entry)
{
    const struct {
        const char *name;
        char *field;
        size_t size;
    } texts[] = {
        { "target", entry->target, sizeof(entry->target) },
        { "tags", entry->tags, sizeof(entry->tags) },
        { "token_file", entry->token_file, sizeof(entry->token_file) },
        { "ca", entry->ca, sizeof(entry->ca) },
    };

    if (strcmp(name, "readonly") == 0)
        return keep_flag(value, &entry->readonly);
    if (strcmp(name, "confirm") == 0)
        return keep_flag(value, &entry->confirm);
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        if (strcmp(name, texts[i].name) == 0)
            return lat_copy(texts[i].field, texts[i].size, value) ? NULL : "the value is too long";
    }
    return "known names are target, tags, readonly, confirm, token_file, ca";
}

/* NULL: fine, else what is wrong with it. */
static const char *
read_line(char *line, struct fleet_entries *out)
{
    char *sign;

    line = trim(line);
    if (*line == 0 || *line == '#' || *line == ';')
        return NULL;
    if (*line == '[')
        return begin_section(line, out);
    sign = strchr(line, '=');
    if (sign == NULL)
        return "neither [NAME] nor NAME = VALUE";
    if (out->count == 0)
        return "before the first [NAME]";
    *sign = 0;
    return keep_value(trim(line), trim(sign + 1), &out->list[out->count - 1]);
}

static enum lat_err
check_targets(const struct fleet_entries *out, struct lat_msg *why)
{
    for (unsigned i = 0; i < out->count; i++) {
        if (out->list[i].target[0] == 0) {
            lat_msg_set(why, "[%s] has no target", out->list[i].name);
            return LAT_MALFORMED;
        }
    }
    if (out->count > 0)
        return LAT_OK;
    lat_msg_set(why, "no node in it; one is [NAME] and target = ssh://HOST");
    return LAT_MALFORMED;
}

enum lat_err
fleet_file_parse(const char *text, size_t len, struct fleet_entries *out, struct lat_msg *why)
{
    const char *at = text, *end = text + len, *wrong = NULL;
    char line[LINE_MAX_LEN];
    unsigned number = 0;

    out->count = 0;
    while (at < end && !wrong) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        size_t line_len = (size_t)((stop ? stop : end) - at);

        number++;
        wrong = line_len < sizeof(line) ? NULL : "too long";
        if (!wrong) {
            memcpy(line, at, line_len);
            line[line_len] = 0;
            wrong = strlen(line) == line_len ? read_line(line, out) : "a zero byte is in it";
        }
        at = stop ? stop + 1 : end;
    }
    if (!wrong)
        return check_targets(out, why);
    lat_msg_set(why, "line %u: %s", number, wrong);
    return LAT_MALFORMED;
}
