/*
 * buf.h - a growing byte buffer that knows its maximum from the start.
 *
 * Every buffer that a stranger's bytes may fill has its limit given at creation; over it, appending returns
 * LAT_LIMIT and leaves the buffer as it was. Belongs to one thread at a time.
 */
#ifndef LAT_BASE_BUF_H
#define LAT_BASE_BUF_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct lat_buf {
    uint8_t *data; /* NULL while empty and never grown */
    size_t len;    /* bytes used */
    size_t cap;    /* bytes allocated */
    size_t max;    /* bytes allowed */
};

/* An empty buffer that may grow to max bytes. Allocates nothing. */
void lat_buf_init(struct lat_buf *buf, size_t max);

/* Release the storage; the buffer is empty and usable again. */
void lat_buf_fini(struct lat_buf *buf);

/* Drop the content, keep the storage. */
void lat_buf_clear(struct lat_buf *buf);

/* Append len bytes. LAT_LIMIT, LAT_NOMEM: nothing was appended. */
LAT_MUST_CHECK enum lat_err lat_buf_add(struct lat_buf *buf, const void *data, size_t len);

/* Append len bytes for the caller to fill; *at borrows until the next call. LAT_LIMIT, LAT_NOMEM. */
LAT_MUST_CHECK enum lat_err lat_buf_extend(struct lat_buf *buf, size_t len, uint8_t **at);

/* Append one byte. LAT_LIMIT, LAT_NOMEM. */
LAT_MUST_CHECK enum lat_err lat_buf_add_u8(struct lat_buf *buf, uint8_t value);

/* Append formatted text, without the terminating zero. LAT_LIMIT, LAT_NOMEM. */
LAT_MUST_CHECK enum lat_err lat_buf_printf(struct lat_buf *buf, const char *fmt, ...) LAT_PRINTF(2, 3);

/* Remove the first n bytes; n at most buf->len. */
void lat_buf_drop(struct lat_buf *buf, size_t n);

/* The content as a string: a zero byte stands behind it, not counted in len. NULL when out of memory. Borrow. */
const char *lat_buf_str(struct lat_buf *buf);

#endif
