/*
 * The path is folded from what stands at its end up to the root, with the count of every sibling: so the count is
 * proven as well. Absence is shown by an empty place, or by a leaf that stands in the way: it shares with the asked
 * keyhash all the bits of the path, and a subtree of one record is its leaf.
 */
#include "config.h"

#include "state/proof.h"

#include <string.h>

#include "base/text.h"
#include "state/recon_parts.h"
#include "state/tree.h"

#define LEVELS_MAX 256

enum shown { SHOWS_NOTHING, SHOWS_RECORD, SHOWS_OTHER };

struct folding {
    const uint8_t *keyhash;
    uint8_t hash[32];
    uint64_t count;
    enum shown shown;
    uint8_t other[32]; /* keyhash of a leaf that stands in the way */
};

enum lat_err
recon_ask_prove(const struct network *network, const uint8_t keyhash[32], const uint8_t challenge[16],
                struct lat_buf *out)
{
    enum lat_err err;

    lat_buf_clear(out);
    err = recon_add_head(network, RECON_PROVE, out);
    if (!err)
        err = lat_buf_add(out, keyhash, 32);
    return err ? err : lat_buf_add(out, challenge, 16);
}

static enum lat_err
conflict(struct lat_msg *why, const char *what)
{
    lat_msg_set(why, "%s", what);
    return LAT_CONFLICT;
}

static bool
bit_of(const uint8_t hash[32], unsigned i)
{
    return hash[i / 8] >> (7 - i % 8) & 1;
}

static enum lat_err
take_record(const struct network *network, struct lat_cursor *body, struct folding *f, struct proof *proof,
            struct lat_msg *why)
{
    const uint8_t *bytes;
    size_t len;
    enum lat_err err;

    if (!recon_take_record(body, &bytes, &len))
        return recon_is_malformed(why, "cut inside its record");
    err = record_parse(network, bytes, len, &proof->record, why);
    if (err)
        return err;
    if (memcmp(proof->record.keyhash, f->keyhash, 32) != 0)
        return conflict(why, "the record shown is of another key");
    proof->found = true;
    memcpy(f->hash, proof->record.leaf, 32);
    f->count = 1;
    return LAT_OK;
}

static enum lat_err
take_other(struct lat_cursor *body, struct folding *f, struct lat_msg *why)
{
    uint8_t digest[32];

    lat_take_copy(body, f->other, 32);
    lat_take_copy(body, digest, 32);
    if (memcmp(f->other, f->keyhash, 32) == 0)
        return conflict(why, "shows the key itself for its absence");
    leaf_of(f->other, digest, f->hash);
    f->count = 1;
    return LAT_OK;
}

/* What stands at the end of the path. */
static enum lat_err
take_end(const struct network *network, struct lat_cursor *body, struct folding *f, struct proof *proof,
         struct lat_msg *why)
{
    uint8_t shown = lat_take_u8(body);

    f->shown = (enum shown)shown;
    switch (shown) {
    case SHOWS_NOTHING:
        return LAT_OK;
    case SHOWS_RECORD:
        return take_record(network, body, f, proof, why);
    case SHOWS_OTHER:
        return take_other(body, f, why);
    default:
        return recon_is_malformed(why, "neither a record nor its absence");
    }
}

static enum lat_err
fold_up(struct lat_cursor *body, struct folding *f, unsigned levels, struct lat_msg *why)
{
    for (unsigned i = levels; i-- > 0;) {
        uint8_t sibling[32] = { 0 }, below[32];
        uint64_t count = lat_take_varint(body);

        if (count > 0)
            lat_take_copy(body, sibling, 32);
        if (body->bad)
            return recon_is_malformed(why, "cut inside its path");
        if (count > UINT64_MAX / 2 || f->count + count < 2)
            return conflict(why, "the path has a place that no tree has");
        f->count += count;
        memcpy(below, f->hash, 32);
        if (bit_of(f->keyhash, i))
            tree_node_hash(f->count, sibling, below, f->hash);
        else
            tree_node_hash(f->count, below, sibling, f->hash);
    }
    return LAT_OK;
}

/* Does the leaf that stands in the way share the whole path with the key? */
static bool
stands_in_the_way(const struct folding *f, unsigned levels)
{
    for (unsigned i = 0; i < levels; i++)
        if (bit_of(f->other, i) != bit_of(f->keyhash, i))
            return false;
    return true;
}

static enum lat_err
check_path(const struct network *network, struct lat_cursor *body, struct folding *f, struct proof *proof,
           struct lat_msg *why)
{
    uint8_t root[32];
    enum lat_err err = take_end(network, body, f, proof, why);

    if (err)
        return err;
    proof->levels = lat_take_u16le(body);
    if (body->bad || proof->levels > LEVELS_MAX)
        return recon_is_malformed(why, "a path of more levels than a keyhash has bits");
    if (f->shown == SHOWS_OTHER && !stands_in_the_way(f, proof->levels))
        return conflict(why, "the leaf shown does not stand in the key's place");
    err = fold_up(body, f, proof->levels, why);
    if (err)
        return err;
    if (!lat_cursor_is_done(body))
        return recon_is_malformed(why, "bytes are left over");
    tree_root_hash(network->id, f->count, f->hash, root);
    if (f->count != proof->count || memcmp(root, proof->root, 32) != 0)
        return conflict(why, "the path does not lead to the root");
    return LAT_OK;
}

enum lat_err
proof_check(const struct network *network, const uint8_t keyhash[32], const uint8_t challenge[16],
            const uint8_t *reply, size_t len, struct proof *out, struct lat_msg *why)
{
    struct folding f = { .keyhash = keyhash };
    struct proof proof = { 0 };
    uint8_t attestation[KEY_SIGNATURE_LEN];
    struct lat_cursor body;
    enum lat_err err = recon_open_reply(network, RECON_PROVE, reply, len, &body, why);

    if (err)
        return err;
    lat_take_copy(&body, proof.root, 32);
    proof.count = lat_take_u64le(&body);
    proof.time_ms = lat_take_u64le(&body);
    lat_take_copy(&body, proof.key, 32);
    lat_take_copy(&body, attestation, sizeof(attestation));
    err = check_path(network, &body, &f, &proof, why);
    if (err)
        return err;
    if (proof.found && record_verify(network, &proof.record)) {
        lat_msg_set(why, "the record's signature is not its author's");
        return LAT_AUTH;
    }
    if (attest_verify(network, proof.key, proof.root, proof.count, proof.time_ms, challenge, attestation)) {
        lat_msg_set(why, "the attestation does not fit its root, its time or the challenge");
        return LAT_AUTH;
    }
    *out = proof;
    return LAT_OK;
}
