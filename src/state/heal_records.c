/*
 * What is found is exchanged by RECORDS: theirs are asked for, and come back beside the verdicts for ours. Of a key
 * that both hold, theirs is asked for first: only then is it known which of the two wins.
 */
#include "config.h"

#include "state/heal_parts.h"

#include <string.h>

#include "base/le.h"
#include "base/text.h"

/* --- what waits ----------------------------------------------------------------------------------------- */

static enum lat_err
wait_in(struct heal *heal, struct lat_buf *queue, const void *item, size_t size)
{
    enum lat_err err = lat_buf_add(queue, item, size);

    heal->cut = heal->cut || err == LAT_LIMIT;
    return err == LAT_LIMIT ? LAT_OK : err;
}

enum lat_err
heal_add_want(struct heal *heal, const uint8_t *prefix, size_t len)
{
    struct heal_want want = { .len = (uint8_t)len };

    memcpy(want.prefix, prefix, len);
    heal_mark_subtree(heal, want.prefix);
    return wait_in(heal, &heal->wants, &want, sizeof(want));
}

enum lat_err
heal_add_gift(struct heal *heal, const uint8_t keyhash[32], const uint8_t theirs[32])
{
    struct heal_gift gift;

    heal_mark_subtree(heal, keyhash);
    if (heal->keeps_nothing) {
        heal->only_ours++;
        heal->directions[HEAL_KEY_ONLY_OURS]++;
        heal->key_total++;
        return LAT_OK;
    }
    memcpy(gift.keyhash, keyhash, 32);
    memcpy(gift.theirs, theirs, 32);
    return wait_in(heal, &heal->gifts, &gift, sizeof(gift));
}

size_t
heal_wants(const struct heal *heal)
{
    return heal->wants.len / sizeof(struct heal_want);
}

size_t
heal_gifts(const struct heal *heal)
{
    return heal->gifts.len / sizeof(struct heal_gift);
}

/* --- asking --------------------------------------------------------------------------------------------- */

struct asking {
    struct heal *heal;
    const struct recon_view *own;
    struct lat_buf pushes, wants;
    size_t push_count, want_count;
};

static enum lat_err
add_wants(struct asking *a)
{
    const struct heal_want *wants = (const struct heal_want *)a->heal->wants.data;
    size_t waiting = heal_wants(a->heal);
    enum lat_err err = LAT_OK;

    for (; a->want_count < waiting && a->want_count < RECON_ITEMS_MAX && !err; a->want_count++) {
        err = lat_buf_add_u8(&a->wants, wants[a->want_count].len);
        if (!err)
            err = lat_buf_add(&a->wants, wants[a->want_count].prefix, wants[a->want_count].len);
    }
    return err;
}

/* LAT_LIMIT: no room for this one. */
static enum lat_err
add_push(struct asking *a, const struct heal_gift *gift, const struct record *record)
{
    struct heal_sent sent = { .hlc = record->hlc };
    enum lat_err err = recon_add_record(&a->pushes, record);

    if (err)
        return err;
    memcpy(sent.keyhash, gift->keyhash, 32);
    memcpy(sent.theirs, gift->theirs, 32);
    memcpy(sent.ours, record->leaf, 32);
    memcpy(sent.author, record->author, 32);
    a->push_count++;
    return lat_buf_add(&a->heal->sent, &sent, sizeof(sent));
}

/* Gifts from the front, as many as fit. One whose record is gone, or damaged, cannot be given. */
static enum lat_err
add_pushes(struct asking *a)
{
    const struct heal_gift *gifts = (const struct heal_gift *)a->heal->gifts.data;
    size_t i, waiting = heal_gifts(a->heal);
    enum lat_err err = LAT_OK;

    lat_buf_clear(&a->heal->sent);
    for (i = 0; i < waiting && a->push_count < RECON_ITEMS_MAX; i++) {
        struct record record;

        err = a->own->get(a->own->arg, gifts[i].keyhash, &record);
        if (!err)
            err = add_push(a, &gifts[i], &record);
        if (err && err != LAT_NOTFOUND && err != LAT_DAMAGED)
            break;
    }
    lat_buf_drop(&a->heal->gifts, i * sizeof(struct heal_gift));
    return err == LAT_LIMIT || err == LAT_NOTFOUND || err == LAT_DAMAGED ? LAT_OK : err;
}

static enum lat_err
write_request(const struct asking *a, struct lat_buf *out)
{
    enum lat_err err = recon_open_records(a->own->network, out);

    if (!err)
        err = recon_add_varint(out, a->push_count);
    if (!err)
        err = lat_buf_add(out, a->pushes.data, a->pushes.len);
    if (!err)
        err = recon_add_varint(out, a->want_count);
    return err ? err : lat_buf_add(out, a->wants.data, a->wants.len);
}

enum lat_err
heal_records_ask(struct heal *heal, const struct recon_view *own, struct lat_buf *out)
{
    struct asking a = { .heal = heal, .own = own };
    enum lat_err err;

    lat_buf_init(&a.wants, RECON_ITEMS_MAX * (size_t)33);
    err = add_wants(&a);
    /* A gift of the greatest size leaves no room for thousands of wants: its turn comes when they are fewer. */
    lat_buf_init(&a.pushes, RECON_MESSAGE_MAX - RECON_FRAME_MAX - a.wants.len);
    if (!err)
        err = add_pushes(&a);
    heal->wants_asked = a.want_count;
    heal->given += (uint32_t)a.push_count;
    if (!err && a.push_count + a.want_count > 0)
        err = write_request(&a, out);
    lat_buf_fini(&a.wants);
    lat_buf_fini(&a.pushes);
    return err;
}

/* --- an answer ------------------------------------------------------------------------------------------ */

static enum lat_err
take_gift_verdicts(struct heal *heal, const struct recon_view *own, const struct recon_given *given)
{
    static const uint8_t nothing[32];
    const struct heal_sent *sent = (const struct heal_sent *)heal->sent.data;
    size_t count = heal->sent.len / sizeof(*sent);
    enum lat_err err = LAT_OK;

    for (size_t i = 0; i < count && !err; i++) {
        struct record record;

        if (memcmp(sent[i].theirs, nothing, 32) == 0 && own->get(own->arg, sent[i].keyhash, &record) == LAT_OK)
            heal_name_key(heal, &record, NULL, HEAL_KEY_ONLY_OURS);
        err = heal_count_gift(heal, given->verdicts[i], &sent[i], own->now_ms);
    }
    if (heal->keeps_nothing)
        lat_buf_clear(&heal->gifts);
    return err;
}

struct delivery {
    const struct heal_want *wants;
    size_t served, at;
    bool met; /* the want at `at` has brought a record */
};

/* The want that a record answers: records come in the order of the wants. False: nobody asked for it. */
static bool
find_want(struct delivery *d, struct heal *heal, const uint8_t keyhash[32])
{
    while (d->at < d->served && memcmp(d->wants[d->at].prefix, keyhash, d->wants[d->at].len) != 0) {
        heal->undelivered += !d->met;
        d->met = false;
        d->at++;
    }
    d->met = true;
    return d->at < d->served;
}

static enum lat_err
take_records(struct heal *heal, const struct recon_view *own, const struct recon_given *given)
{
    struct delivery d = { .wants = (const struct heal_want *)heal->wants.data, .served = given->served };
    const uint8_t *at = given->records, *end = given->records + given->records_len, *bytes;
    size_t len;

    while (recon_next_record(&at, end, &bytes, &len)) {
        struct record record;
        enum lat_err err = record_parse_trusted(own->network, bytes, len, &record);

        if (err)
            return recon_is_malformed(&heal->why, "a record without its layout");
        if (!find_want(&d, heal, record.keyhash))
            return recon_is_malformed(&heal->why, "a record that nobody asked for");
        err = heal_consider(heal, own, &record, false);
        if (err)
            return err;
    }
    for (; d.at < d.served; d.at++, d.met = false)
        heal->undelivered += !d.met;
    lat_buf_drop(&heal->wants, given->served * sizeof(struct heal_want));
    return LAT_OK;
}

enum lat_err
heal_records_take(struct heal *heal, const struct recon_view *own, const uint8_t *reply, size_t len)
{
    size_t pushed = heal->sent.len / sizeof(struct heal_sent);
    struct recon_given given;
    enum lat_err err =
        recon_read_records(own->network, pushed, heal->wants_asked, reply, len, &given, &heal->why);

    if (err)
        return err;
    if (given.served == 0 && heal->wants_asked > 0)
        return recon_is_malformed(&heal->why, "none of the records that it advertises");
    err = take_gift_verdicts(heal, own, &given);
    if (!err)
        err = take_records(heal, own, &given);
    if (!err)
        memcpy(heal->batch_root, given.root, 32);
    return err;
}
