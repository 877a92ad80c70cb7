#include "config.h"

#include "base/buf.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void
lat_buf_init(struct lat_buf *buf, size_t max)
{
    *buf = (struct lat_buf){ .max = max };
}

void
lat_buf_fini(struct lat_buf *buf)
{
    free(buf->data);
    lat_buf_init(buf, buf->max);
}

void
lat_buf_clear(struct lat_buf *buf)
{
    buf->len = 0;
}

/* Room for need bytes and a zero behind them: doubling, so that appending stays linear. */
static enum lat_err
reserve(struct lat_buf *buf, size_t need)
{
    size_t cap = buf->cap ? buf->cap : 64;
    uint8_t *data;

    if (need < buf->cap)
        return LAT_OK;
    while (cap <= need) {
        if (cap > SIZE_MAX / 2)
            return LAT_NOMEM;
        cap *= 2;
    }
    data = realloc(buf->data, cap);
    if (data == NULL)
        return LAT_NOMEM;
    buf->data = data;
    buf->cap = cap;
    return LAT_OK;
}

enum lat_err
lat_buf_extend(struct lat_buf *buf, size_t len, uint8_t **at)
{
    enum lat_err err;

    if (len > buf->max - buf->len)
        return LAT_LIMIT;
    err = reserve(buf, buf->len + len);
    if (err)
        return err;
    *at = buf->data + buf->len;
    buf->len += len;
    return LAT_OK;
}

enum lat_err
lat_buf_add(struct lat_buf *buf, const void *data, size_t len)
{
    uint8_t *at;
    enum lat_err err;

    if (len == 0)
        return LAT_OK;
    err = lat_buf_extend(buf, len, &at);
    if (err)
        return err;
    memcpy(at, data, len);
    return LAT_OK;
}

enum lat_err
lat_buf_add_u8(struct lat_buf *buf, uint8_t value)
{
    return lat_buf_add(buf, &value, 1);
}

enum lat_err
lat_buf_printf(struct lat_buf *buf, const char *fmt, ...)
{
    va_list args, again;
    enum lat_err err;
    int len;

    va_start(args, fmt);
    va_copy(again, args);
    len = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    if (len < 0)
        err = LAT_MALFORMED;
    else if ((size_t)len > buf->max - buf->len)
        err = LAT_LIMIT;
    else
        err = reserve(buf, buf->len + (size_t)len);
    if (!err) {
        vsnprintf((char *)buf->data + buf->len, (size_t)len + 1, fmt, again);
        buf->len += (size_t)len;
    }
    va_end(again);
    return err;
}

void
lat_buf_drop(struct lat_buf *buf, size_t n)
{
    assert(n <= buf->len);
    buf->len -= n;
    if (buf->len > 0)
        memmove(buf->data, buf->data + n, buf->len);
}

const char *
lat_buf_str(struct lat_buf *buf)
{
    if (reserve(buf, buf->len))
        return NULL;
    buf->data[buf->len] = 0;
    return (const char *)buf->data;
}
