/*
 * STATUS: where this node stands, attested for the asker's challenge.
 */
#include "config.h"

#include "base/le.h"
#include "state/recon_parts.h"

enum lat_err
recon_answer_status(const struct recon_view *view, const struct recon_request *request, struct lat_buf *reply)
{
    const uint8_t *flat_root = request->status.want_flat_root ? view->flat_root : NULL;
    uint8_t hlc[8], rest[8 + 8 + 1], *at = rest;
    enum lat_err err;

    lat_put_u64le(hlc, view->hlc);
    trust_digest(view->trust, request->status.challenge, at);
    at = lat_put_u64le(at + 8, view->horizon);
    *at = (uint8_t)((flat_root != NULL ? RECON_FLAG_FLAT_ROOT : 0) |
                    (view->read_only ? RECON_FLAG_READ_ONLY : 0) |
                    (view->incomplete ? RECON_FLAG_INCOMPLETE : 0));
    err = recon_add_root(view, reply);
    if (!err)
        err = lat_buf_add(reply, hlc, sizeof(hlc));
    if (!err)
        err = recon_add_attestation(view, request->status.challenge, reply);
    if (!err)
        err = lat_buf_add(reply, rest, sizeof(rest));
    if (!err && flat_root != NULL)
        err = lat_buf_add(reply, flat_root, 32);
    if (!err && view->announced != NULL)
        view->announced(view->arg, view->root);
    return err;
}

bool
recon_asked_status(const struct network *network, const uint8_t *request, size_t len, uint8_t root[32], uint64_t *count)
{
    struct recon_request asked;
    struct recon_refusal why;

    if (recon_read(network, request, len, &asked, &why) || asked.type != RECON_STATUS)
        return false;
    memcpy(root, asked.status.root, 32);
    *count = asked.status.count;
    return true;
}
