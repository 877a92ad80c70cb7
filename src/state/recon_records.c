/*
 * RECORDS: verdicts for what was pushed, and the records that the asker wants, named by the beginning of
 * their keyhash. A want is served whole or not at all, so that `served` tells the asker exactly what to send
 * again.
 */
#include "config.h"

#include <string.h>

#include "state/recon_parts.h"

struct want {
    const uint8_t *prefix;
    size_t len;
    struct lat_buf *out;
    size_t count; /* records added */
    bool is_over;
};

static enum lat_err
add_wanted(void *arg, const struct record *record)
{
    struct want *want = arg;
    enum lat_err err;

    want->is_over = memcmp(record->keyhash, want->prefix, want->len) != 0;
    if (want->is_over)
        return LAT_CLOSED;
    err = recon_add_record(want->out, record);
    if (!err)
        want->count++;
    return err;
}

/* Append every record of one want, or none and LAT_LIMIT when they do not all fit. */
static enum lat_err
serve_want(const struct recon_view *view, struct want *want)
{
    uint8_t from[32] = { 0 };
    size_t mark = want->out->len;
    enum lat_err err;

    memcpy(from, want->prefix, want->len);
    err = view->each(view->arg, from, add_wanted, want);
    if (want->is_over)
        return LAT_OK;
    if (err)
        want->out->len = mark;
    return err;
}

static enum lat_err
serve_wants(const struct recon_view *view, const struct recon_request *request, struct lat_buf *out,
            size_t *served, size_t *count)
{
    struct lat_cursor wants = request->records.wants;

    *count = 0;
    for (*served = 0; *served < request->records.want_count; ++*served) {
        struct want want = { .out = out };
        enum lat_err err;

        want.len = lat_take_u8(&wants);
        want.prefix = lat_take(&wants, want.len);
        err = serve_want(view, &want);
        if (err == LAT_LIMIT)
            break; /* the asker sends the rest again */
        if (err)
            return err;
        *count += want.count;
    }
    return LAT_OK;
}

enum lat_err
recon_answer_records(const struct recon_view *view, const struct recon_request *request,
                     const uint8_t *verdicts, struct lat_buf *reply)
{
    size_t pushed = request->records.push_count, served, count;
    struct lat_buf records;
    enum lat_err err;

    lat_buf_init(&records, RECON_MESSAGE_MAX - RECON_FRAME_MAX - pushed);
    err = serve_wants(view, request, &records, &served, &count);
    if (!err)
        err = recon_add_varint(reply, pushed);
    if (!err)
        err = lat_buf_add(reply, verdicts, pushed);
    if (!err)
        err = recon_add_varint(reply, served);
    if (!err)
        err = recon_add_varint(reply, count);
    if (!err)
        err = lat_buf_add(reply, records.data, records.len);
    if (!err)
        err = recon_add_root(view, reply);
    lat_buf_fini(&records);
    return err;
}
