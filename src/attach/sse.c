#include "config.h"

#include "attach/sse.h"

#include <string.h>

#include "base/text.h"

void
sse_init(struct sse *sse, sse_event_fn fn, void *arg)
{
    *sse = (struct sse){ .fn = fn, .arg = arg };
    lat_buf_init(&sse->line, SSE_EVENT_MAX);
    lat_buf_init(&sse->data, SSE_EVENT_MAX);
}

void
sse_fini(struct sse *sse)
{
    lat_buf_fini(&sse->line);
    lat_buf_fini(&sse->data);
}

void
sse_reset(struct sse *sse)
{
    lat_buf_clear(&sse->line);
    lat_buf_clear(&sse->data);
    sse->name[0] = 0;
    sse->after_cr = false;
}

/* An empty line: the event is whole. One without data is none. */
static void
dispatch(struct sse *sse)
{
    if (sse->data.len > 0)
        sse->fn(sse->arg, sse->name[0] ? sse->name : "message", (const char *)sse->data.data, sse->data.len - 1);
    lat_buf_clear(&sse->data);
    sse->name[0] = 0;
}

static enum lat_err
add_data(struct sse *sse, const char *value, size_t len)
{
    enum lat_err err = lat_buf_add(&sse->data, value, len);

    return err ? err : lat_buf_add_u8(&sse->data, '\n');
}

/* "field: value"; a line that begins with a colon is a comment. */
static enum lat_err
end_line(struct sse *sse)
{
    const char *text = lat_buf_str(&sse->line), *value;
    size_t len = sse->line.len;
    enum lat_err err = LAT_OK;

    if (text == NULL)
        return LAT_NOMEM;
    if (len == 0) {
        dispatch(sse);
        return LAT_OK;
    }
    value = memchr(text, ':', len);
    if (value == NULL) {
        lat_buf_clear(&sse->line);
        return LAT_OK; /* a field without a value: none of ours */
    }
    value += value[1] == ' ' ? 2 : 1;
    if (strncmp(text, "data:", 5) == 0)
        err = add_data(sse, value, len - (size_t)(value - text));
    else if (strncmp(text, "event:", 6) == 0)
        lat_copy(sse->name, sizeof(sse->name), value);
    lat_buf_clear(&sse->line);
    return err;
}

enum lat_err
sse_feed(struct sse *sse, const char *bytes, size_t len)
{
    const char *end = bytes + len;
    enum lat_err err = LAT_OK;

    while (bytes < end && !err) {
        size_t run = 0;

        if (sse->after_cr && *bytes == '\n')
            bytes++; /* the second half of a line end */
        sse->after_cr = false;
        while (bytes + run < end && bytes[run] != '\n' && bytes[run] != '\r')
            run++;
        err = lat_buf_add(&sse->line, bytes, run);
        bytes += run;
        if (bytes == end || err)
            break;
        sse->after_cr = *bytes++ == '\r';
        err = end_line(sse);
    }
    return err;
}
