/*
 * The answerer: look at a request, hand it to the file of its type, and see to it that exactly one whole
 * message comes out. A reply whose length is not known before its items are gathered (DESCEND, RECORDS,
 * RANGE) gathers them in a buffer of its own.
 */
#include "config.h"

#include "state/recon.h"

#include <string.h>

#include "base/le.h"
#include "base/text.h"
#include "base/varint.h"
#include "state/recon_parts.h"

enum lat_err
recon_add_head(const struct network *network, unsigned type, struct lat_buf *out)
{
    uint8_t *at;
    enum lat_err err = lat_buf_extend(out, RECON_HEAD_LEN, &at);

    if (err)
        return err;
    *at++ = (uint8_t)type;
    *at++ = RECON_VERSION;
    lat_put_bytes(at, network->id, RECON_NET_LEN);
    return LAT_OK;
}

enum lat_err
recon_add_varint(struct lat_buf *out, uint64_t value)
{
    uint8_t bytes[VARINT_LEN_MAX];

    return lat_buf_add(out, bytes, varint_encode(value, bytes));
}

enum lat_err
recon_add_record(struct lat_buf *out, const struct record *record)
{
    uint8_t *at;
    enum lat_err err = lat_buf_extend(out, varint_len(record->len) + record->len, &at);

    if (err)
        return err;
    at += varint_encode(record->len, at);
    lat_put_bytes(at, record->bytes, record->len);
    return LAT_OK;
}

enum lat_err
recon_add_root(const struct recon_view *view, struct lat_buf *out)
{
    uint8_t *at;
    enum lat_err err = lat_buf_extend(out, 32 + 8, &at);

    if (err)
        return err;
    at = lat_put_bytes(at, view->root, 32);
    lat_put_u64le(at, view->count);
    return LAT_OK;
}

enum lat_err
recon_add_attestation(const struct recon_view *view, const uint8_t challenge[16], struct lat_buf *out)
{
    uint8_t attestation[KEY_SIGNATURE_LEN] = { 0 }, *at;
    enum lat_err err = LAT_OK;

    if (!view->incomplete)
        err = attest_sign(view->network, view->key, view->root, view->count, view->now_ms, challenge,
                          attestation);
    if (!err)
        err = lat_buf_extend(out, 8 + KEY_PUBLIC_LEN + KEY_SIGNATURE_LEN, &at);
    if (err)
        return err;
    at = lat_put_u64le(at, view->now_ms);
    at = lat_put_bytes(at, key_public(view->key), KEY_PUBLIC_LEN);
    lat_put_bytes(at, attestation, KEY_SIGNATURE_LEN);
    return LAT_OK;
}

enum lat_err
recon_error_message(const struct network *network, enum recon_error code, uint32_t retry_ms, const char *text,
                    struct lat_buf *reply)
{
    char cut[RECON_ERROR_TEXT_MAX + 1];
    uint8_t fixed[2 + 4], *at = fixed;
    enum lat_err err;

    lat_copy(cut, sizeof(cut), text);
    lat_buf_clear(reply);
    err = recon_add_head(network, RECON_ERROR, reply);
    if (err)
        return err;
    at = lat_put_u16le(at, (uint16_t)code);
    lat_put_u32le(at, retry_ms);
    err = lat_buf_add(reply, fixed, sizeof(fixed));
    if (!err)
        err = recon_add_varint(reply, strlen(cut));
    if (!err)
        err = lat_buf_add(reply, cut, strlen(cut));
    return err;
}

/* The pushes in the form of store_merge. */
static enum lat_err
copy_pushes(const struct recon_request *request, struct lat_buf *out)
{
    struct lat_cursor pushes = request->records.pushes;

    for (size_t i = 0; i < request->records.push_count; i++) {
        uint64_t len = lat_take_varint(&pushes);
        const uint8_t *record = lat_take(&pushes, len);
        uint8_t *at;
        enum lat_err err = lat_buf_extend(out, 4 + (size_t)len, &at);

        if (err)
            return err;
        at = lat_put_u32le(at, (uint32_t)len);
        lat_put_bytes(at, record, (size_t)len);
    }
    return LAT_OK;
}

enum lat_err
recon_inspect(const struct network *network, const uint8_t *request, size_t len, struct recon_pushes *pushes,
              struct lat_buf *reply)
{
    struct recon_request parsed;
    struct recon_refusal why;
    enum lat_err err;

    pushes->count = 0;
    lat_buf_clear(&pushes->records);
    if (recon_read(network, request, len, &parsed, &why)) {
        err = recon_error_message(network, why.code, 0, why.text.text, reply);
        return err ? err : LAT_MALFORMED;
    }
    if (parsed.type != RECON_RECORDS)
        return LAT_OK;
    err = copy_pushes(&parsed, &pushes->records);
    if (!err)
        pushes->count = parsed.records.push_count;
    return err;
}

/* Append the reply to a well-formed request. */
static enum lat_err
answer(const struct recon_view *view, const struct recon_request *request, const uint8_t *verdicts,
       struct lat_buf *reply)
{
    enum lat_err err = recon_add_head(view->network, request->type + RECON_REPLY, reply);

    if (err)
        return err;
    switch (request->type) {
    case RECON_STATUS:
        return recon_answer_status(view, request, reply);
    case RECON_CELLS:
        return recon_answer_cells(view, request, reply);
    case RECON_DESCEND:
        return recon_answer_descend(view, request, reply);
    case RECON_RECORDS:
        return recon_answer_records(view, request, verdicts, reply);
    case RECON_PROVE:
        return recon_answer_prove(view, request, reply);
    case RECON_RANGE:
        return recon_answer_range(view, request, reply);
    case RECON_ERROR:
        break;
    }
    return LAT_MALFORMED;
}

enum lat_err
recon_handle(const struct recon_view *view, const uint8_t *request, size_t len, const uint8_t *verdicts,
             size_t verdict_count, struct lat_buf *reply)
{
    struct recon_request parsed;
    struct recon_refusal why;
    enum lat_err err;

    if (recon_read(view->network, request, len, &parsed, &why))
        return recon_error_message(view->network, why.code, 0, why.text.text, reply);
    if (parsed.type == RECON_PROVE && view->incomplete)
        return recon_error_message(view->network, RECON_E_NOT_READY, 0,
                                   "not complete yet, so nothing is attested", reply);
    if (verdict_count != (parsed.type == RECON_RECORDS ? parsed.records.push_count : 0))
        return recon_error_message(view->network, RECON_E_FAILED, 0, "the pushed records were not decided",
                                   reply);
    lat_buf_clear(reply);
    err = answer(view, &parsed, verdicts, reply);
    if (err == LAT_OK || err == LAT_NOMEM)
        return err;
    return recon_error_message(view->network, err == LAT_BUSY ? RECON_E_BUSY : RECON_E_FAILED, RECON_RETRY_MS,
                               lat_err_text(err), reply);
}
