#include "config.h"

#include "http/etag.h"

#include <string.h>

#include "base/text.h"

/* One tag of a list. */
struct tag {
    bool weak;
    const char *text; /* between the quotes */
    size_t len;
};

/* Take the next tag; false at the end or where the list is malformed (*at then points to what is left). */
static bool
next_tag(const char **at, struct tag *out)
{
    const char *p = *at + strspn(*at, " \t,");
    const char *end;

    *at = p;
    out->weak = strncmp(p, "W/", 2) == 0;
    if (out->weak)
        p += 2;
    if (*p != '"')
        return false;
    end = strchr(p + 1, '"');
    if (end == NULL)
        return false;
    out->text = p + 1;
    out->len = (size_t)(end - out->text);
    *at = end + 1;
    return true;
}

static bool
names(const struct tag *tag, const char *hex)
{
    return tag->len == strlen(hex) && memcmp(tag->text, hex, tag->len) == 0;
}

bool
etag_is_any(const char *list)
{
    return strcmp(list, "*") == 0;
}

bool
etag_list_has(const char *list, const uint8_t tag[32], bool weak)
{
    char hex[65];
    struct tag found;

    if (etag_is_any(list))
        return true;
    lat_hex(tag, 32, hex);
    while (next_tag(&list, &found)) {
        if ((weak || !found.weak) && names(&found, hex))
            return true;
    }
    return false;
}

enum lat_err
etag_single(const char *list, uint8_t tag[32])
{
    struct tag found;
    char hex[65];

    if (!next_tag(&list, &found) || found.weak || found.len != 64 || *list != 0)
        return LAT_MALFORMED;
    memcpy(hex, found.text, 64);
    hex[64] = 0;
    return lat_unhex(hex, tag, 32);
}

bool
etag_list_is_sound(const char *list)
{
    struct tag found;
    bool any = etag_is_any(list);

    if (any)
        return true;
    while (next_tag(&list, &found))
        any = true;
    return any && *list == 0;
}
