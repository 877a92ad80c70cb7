#include "config.h"

#include "state/recon_reader.h"

#include <string.h>

#include "base/text.h"
#include "state/recon_parts.h"

static enum lat_err
get(void *arg, const uint8_t keyhash[32], struct record *out)
{
    return reader_get_hash(arg, keyhash, out);
}

static enum lat_err
each(void *arg, const uint8_t from[32], recon_record_fn fn, void *fn_arg)
{
    uint64_t damaged;

    return reader_each(arg, from, fn, fn_arg, &damaged);
}

static enum lat_err
each_leaf(void *arg, const uint8_t from[32], recon_leaf_fn fn, void *fn_arg)
{
    return reader_each_leaf(arg, from, fn, fn_arg);
}

static enum lat_err
each_lost(void *arg, recon_lost_fn fn, void *fn_arg)
{
    return reader_each_lost(arg, fn, fn_arg);
}

static enum lat_err
subtree(void *arg, const uint8_t prefix[32], unsigned bits, uint64_t *count, uint8_t hash[32])
{
    return reader_subtree(arg, prefix, bits, count, hash);
}

static enum lat_err
cells(void *arg, const uint8_t root[32], size_t count, struct sketch_cell *out, uint8_t of[32], uint64_t *records)
{
    return reader_cells(arg, root, count, out, of, records);
}

static void
announced(void *arg, const uint8_t root[32])
{
    reader_announced(arg, root);
}

/* The horizon that this state holds, a decimal number under a reserved key; 0: none. */
static uint64_t
horizon_of(struct reader *reader)
{
    static const uint8_t key[] = "\0horizon";
    struct record record;
    uint64_t horizon;
    char text[24];

    if (reader_get(reader, key, sizeof(key) - 1, false, &record) || record.value_len >= sizeof(text))
        return 0;
    memcpy(text, record.value, record.value_len);
    text[record.value_len] = 0;
    return lat_parse_u64(text, UINT64_MAX, &horizon) ? 0 : horizon;
}

void
recon_view_of_reader(struct store *store, struct reader *reader, struct recon_view *out)
{
    struct store_head head;

    store_head(store, &head);
    *out = (struct recon_view){
        .network = reader_network(reader),
        .incomplete = head.incomplete,
        .read_only = head.read_only,
        .get = get,
        .each = each,
        .each_leaf = each_leaf,
        .each_lost = each_lost,
        .subtree = subtree,
        .cells = cells,
        .announced = announced,
        .arg = reader,
        .horizon = horizon_of(reader),
    };
    reader_root(reader, out->root, &out->count, &out->hlc);
}

static enum lat_err
answer_from(struct store *store, struct reader *reader, const struct recon_local *local, const uint8_t *request, size_t len,
            const uint8_t *verdicts, size_t verdict_count, struct lat_buf *reply)
{
    uint8_t flat_root[32];
    struct recon_view view;

    recon_view_of_reader(store, reader, &view);
    view.key = local->key;
    view.trust = local->trust;
    view.now_ms = local->now_ms;
    if (local->flat_root(local->arg, view.root, flat_root))
        view.flat_root = flat_root;
    return recon_handle(&view, request, len, verdicts, verdict_count, reply);
}

enum lat_err
recon_answer(struct store *store, const struct recon_local *local, const uint8_t *request, size_t len, const uint8_t *verdicts,
             size_t verdict_count, struct lat_buf *reply)
{
    struct reader *reader;
    enum lat_err err = reader_begin(store, &reader);

    if (!err) {
        err = answer_from(store, reader, local, request, len, verdicts, verdict_count, reply);
        reader_end(reader);
    }
    if (err && err != LAT_NOMEM)
        err = recon_error_message(store_network(store), RECON_E_NOT_READY, RECON_RETRY_MS, lat_err_text(err), reply);
    return err;
}
