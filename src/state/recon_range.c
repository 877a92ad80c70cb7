/*
 * RANGE: all records between two keyhashes, in order, as many as fit. It keeps no place between messages: the
 * reply names the keyhash to go on from.
 */
#include "config.h"

#include <string.h>

#include "state/recon_parts.h"

struct stretch {
    const uint8_t *to;
    uint64_t left; /* bytes of records that may still come */
    size_t count;
    bool is_over, has_more;
    uint8_t next[32];
    struct lat_buf records;
};

static enum lat_err
add_in_order(void *arg, const struct record *record)
{
    struct stretch *s = arg;
    enum lat_err err = LAT_OK;

    s->is_over = memcmp(record->keyhash, s->to, 32) > 0;
    if (s->is_over)
        return LAT_CLOSED;
    /* The first record goes out whatever its size: the asker would never get past it. */
    if (s->count == 0 || record->len <= s->left)
        err = recon_add_record(&s->records, record);
    else
        err = LAT_LIMIT;
    if (err == LAT_LIMIT) {
        s->has_more = s->is_over = true;
        memcpy(s->next, record->keyhash, 32);
        return LAT_CLOSED;
    }
    if (err)
        return err;
    s->left -= record->len < s->left ? record->len : s->left;
    s->count++;
    return LAT_OK;
}

static enum lat_err
add_stretch(const struct recon_view *view, const struct stretch *s, struct lat_buf *reply)
{
    enum lat_err err = recon_add_varint(reply, s->count);

    if (!err)
        err = lat_buf_add(reply, s->records.data, s->records.len);
    if (!err)
        err = lat_buf_add_u8(reply, s->has_more);
    if (!err && s->has_more)
        err = lat_buf_add(reply, s->next, 32);
    return err ? err : recon_add_root(view, reply);
}

enum lat_err
recon_answer_range(const struct recon_view *view, const struct recon_request *request, struct lat_buf *reply)
{
    struct stretch s = { .to = request->range.to, .left = request->range.most };
    enum lat_err err;

    lat_buf_init(&s.records, RECON_MESSAGE_MAX - RECON_FRAME_MAX);
    err = view->each(view->arg, request->range.from, add_in_order, &s);
    if (s.is_over)
        err = LAT_OK;
    if (!err)
        err = add_stretch(view, &s, reply);
    lat_buf_fini(&s.records);
    return err;
}
