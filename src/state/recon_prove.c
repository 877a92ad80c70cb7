/*
 * PROVE: a key's record, or that there is none, with what an asker needs to fold the path up to an attested
 * root: the sibling of every level between the place and the top, and its count.
 *
 * The way down ends where at most one record is left, since a subtree of one record is its leaf at whatever
 * depth.
 */
#include "config.h"

#include <string.h>

#include "base/le.h"
#include "state/recon_parts.h"

#define LEVELS_MAX 255 /* two keyhashes that share 255 bits would be a collision of SHA-256 */

enum found { FOUND_NOTHING, FOUND_RECORD, FOUND_OTHER };

struct sibling {
    uint64_t count;
    uint8_t hash[32];
};

/*
 * The way down to keyhash: how many levels, the siblings passed, and how many records stand at its end (0 or
 * 1).
 */
static enum lat_err
walk_down(const struct recon_view *view, const uint8_t keyhash[32], struct sibling *siblings,
          unsigned *levels, uint64_t *left)
{
    uint64_t count = view->count;
    unsigned depth = 0;

    for (; count > 1; depth++) {
        struct sibling *sibling = &siblings[depth];
        uint8_t other[32];
        enum lat_err err;

        if (depth == LEVELS_MAX)
            return LAT_DAMAGED;
        memcpy(other, keyhash, 32);
        other[depth / 8] ^= (uint8_t)(0x80 >> depth % 8);
        err = view->subtree(view->arg, other, depth + 1, &sibling->count, sibling->hash);
        if (err)
            return err;
        if (sibling->count > count)
            return LAT_DAMAGED;
        count -= sibling->count;
    }
    *levels = depth;
    *left = count;
    return LAT_OK;
}

static enum lat_err
take_first(void *arg, const uint8_t keyhash[32], const uint8_t leaf[32], uint64_t hlc)
{
    (void)leaf;
    (void)hlc;
    memcpy(arg, keyhash, 32);
    return LAT_CLOSED;
}

/* The record that stands alone below the first `depth` bits of keyhash. */
static enum lat_err
get_lone(const struct recon_view *view, const uint8_t keyhash[32], unsigned depth, struct record *out)
{
    uint8_t from[32] = { 0 }, place[32] = { 0 };
    enum lat_err err;

    memcpy(from, keyhash, (depth + 7) / 8);
    if (depth % 8 != 0)
        from[depth / 8] &= (uint8_t)(0xff << (8 - depth % 8));
    err = view->each_leaf(view->arg, from, take_first, place);
    if (err != LAT_CLOSED)
        return err ? err : LAT_DAMAGED;
    err = view->get(view->arg, place, out);
    return err == LAT_NOTFOUND ? LAT_DAMAGED : err;
}

static enum lat_err
add_found(const struct recon_view *view, const uint8_t keyhash[32], unsigned depth, struct lat_buf *reply)
{
    struct record record;
    enum lat_err err = get_lone(view, keyhash, depth, &record);
    bool is_it;

    if (err)
        return err;
    is_it = memcmp(record.keyhash, keyhash, 32) == 0;
    err = lat_buf_add_u8(reply, is_it ? FOUND_RECORD : FOUND_OTHER);
    if (err)
        return err;
    if (is_it)
        return recon_add_record(reply, &record);
    err = lat_buf_add(reply, record.keyhash, 32);
    return err ? err : lat_buf_add(reply, record.digest, 32);
}

/* Levels, then from the deepest up the count of each sibling and, unless it is empty, its hash. */
static enum lat_err
add_siblings(const struct sibling *siblings, unsigned levels, struct lat_buf *reply)
{
    uint8_t *at;
    enum lat_err err = lat_buf_extend(reply, 2, &at);

    if (err)
        return err;
    lat_put_u16le(at, (uint16_t)levels);
    for (unsigned i = levels; i-- > 0;) {
        err = recon_add_varint(reply, siblings[i].count);
        if (!err && siblings[i].count > 0)
            err = lat_buf_add(reply, siblings[i].hash, 32);
        if (err)
            return err;
    }
    return LAT_OK;
}

enum lat_err
recon_answer_prove(const struct recon_view *view, const struct recon_request *request, struct lat_buf *reply)
{
    struct sibling siblings[LEVELS_MAX];
    uint64_t left;
    unsigned levels;
    enum lat_err err = walk_down(view, request->prove.keyhash, siblings, &levels, &left);

    if (!err)
        err = recon_add_root(view, reply);
    if (!err)
        err = recon_add_attestation(view, request->prove.challenge, reply);
    if (!err && left == 0)
        err = lat_buf_add_u8(reply, FOUND_NOTHING);
    else if (!err)
        err = add_found(view, request->prove.keyhash, levels, reply);
    return err ? err : add_siblings(siblings, levels, reply);
}
