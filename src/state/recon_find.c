/*
 * The asker's side of CELLS and RECORDS: requests out, replies held against what was asked.
 */
#include "config.h"

#include <string.h>

#include "state/recon_parts.h"
#include "state/sketch.h"

/* --- CELLS --------------------------------------------------------------------------------------------- */

enum lat_err
recon_ask_cells(const struct network *network, const uint8_t root[32], size_t from, size_t count,
                struct lat_buf *out)
{
    enum lat_err err;

    lat_buf_clear(out);
    err = recon_add_head(network, RECON_CELLS, out);
    if (!err)
        err = lat_buf_add(out, root, 32);
    if (!err)
        err = recon_add_varint(out, from);
    return err ? err : recon_add_varint(out, count);
}

enum lat_err
recon_read_cells(const struct network *network, const uint8_t root[32], size_t from, size_t count,
                 const uint8_t *reply, size_t len, struct recon_cells *out, struct lat_msg *why)
{
    struct recon_cells cells = { 0 };
    struct lat_cursor body;
    uint64_t first, held;
    bool is_it;
    enum lat_err err = recon_open_reply(network, RECON_CELLS, reply, len, &body, why);

    if (err)
        return err;
    lat_take_copy(&body, cells.root, 32);
    cells.records = lat_take_u64le(&body);
    first = lat_take_varint(&body);
    held = lat_take_varint(&body);
    is_it = memcmp(cells.root, root, 32) == 0;
    if (body.bad || held == 0 || held > count || (is_it ? first != from || held != count : first != 0))
        return recon_is_malformed(why, "other cells than were asked for");
    cells.from = (size_t)first;
    cells.count = (size_t)held;
    cells.cells = body;
    *out = cells;
    return LAT_OK;
}

/* --- RECORDS ------------------------------------------------------------------------------------------- */

enum lat_err
recon_open_records(const struct network *network, struct lat_buf *out)
{
    lat_buf_clear(out);
    return recon_add_head(network, RECON_RECORDS, out);
}

enum lat_err
recon_read_records(const struct network *network, size_t pushed, size_t wanted, const uint8_t *reply, size_t len,
                   struct recon_given *out, struct lat_msg *why)
{
    struct recon_given given = { 0 };
    struct lat_cursor body;
    uint64_t served, count;
    enum lat_err err = recon_open_reply(network, RECON_RECORDS, reply, len, &body, why);

    if (err)
        return err;
    if (lat_take_varint(&body) != pushed || (given.verdicts = lat_take(&body, pushed)) == NULL)
        return recon_is_malformed(why, "not one verdict a record");
    served = lat_take_varint(&body);
    count = lat_take_varint(&body);
    if (body.bad || served > wanted || count > body.left)
        return recon_is_malformed(why, "more records than were asked for, or than bytes");
    given.served = (size_t)served;
    given.count = (size_t)count;
    given.records = body.at;
    for (uint64_t i = 0; i < count; i++) {
        const uint8_t *record;
        size_t record_len;

        if (!recon_take_record(&body, &record, &record_len))
            return recon_is_malformed(why, "cut inside a record");
    }
    given.records_len = (size_t)(body.at - given.records);
    lat_take_copy(&body, given.root, 32);
    given.total = lat_take_u64le(&body);
    if (!lat_cursor_is_done(&body))
        return recon_is_malformed(why, "RECORDS of a wrong length");
    *out = given;
    return LAT_OK;
}

enum lat_err
recon_ask_push(const struct network *network, const uint8_t *records, size_t len, size_t count, struct lat_buf *out)
{
    struct lat_cursor cursor;
    enum lat_err err;

    if (count > RECON_ITEMS_MAX)
        return LAT_LIMIT;
    lat_cursor_init(&cursor, records, len);
    err = recon_open_records(network, out);
    if (!err)
        err = recon_add_varint(out, count);
    for (size_t i = 0; i < count && !err; i++) {
        uint32_t record_len = lat_take_u32le(&cursor);
        const uint8_t *record = lat_take(&cursor, record_len);

        if (cursor.bad)
            return LAT_MALFORMED;
        err = recon_add_varint(out, record_len);
        if (!err)
            err = lat_buf_add(out, record, record_len);
    }
    if (!err)
        err = recon_add_varint(out, 0); /* no wants */
    return !err && out->len > RECON_MESSAGE_MAX ? LAT_LIMIT : err;
}

enum lat_err
recon_read_push(const struct network *network, const uint8_t *reply, size_t len, size_t count, uint8_t *verdicts,
                struct lat_msg *why)
{
    struct recon_given given;
    enum lat_err err = recon_read_records(network, count, 0, reply, len, &given, why);

    if (err)
        return err;
    if (given.count > 0) // NOLINT(clang-analyzer-core.UndefinedBinaryOperatorResult): recon_is_malformed never says LAT_OK
        return recon_is_malformed(why, "records that nobody asked for");
    memcpy(verdicts, given.verdicts, count);
    return LAT_OK;
}
