#include "config.h"

#include "node/history.h"

#include <string.h>

#define ZLIB_CONST
#include <zlib.h>

#include "base/cursor.h"

#define LEVEL 6
#define DICTIONARY_MAX 32768 /* what deflate can look back */

void
history_writer_init(struct history_writer *writer)
{
    *writer = (struct history_writer){ .minute = 0 };
    lat_buf_init(&writer->key, HISTORY_TEXT_MAX);
}

void
history_writer_fini(struct history_writer *writer)
{
    lat_buf_fini(&writer->key);
}

void
history_writer_restart(struct history_writer *writer)
{
    lat_buf_clear(&writer->key);
}

/* --- writing ------------------------------------------------------------------------------------------- */

static void
put_le(uint8_t *at, uint64_t value, int bytes)
{
    for (int i = 0; i < bytes; i++)
        at[i] = (uint8_t)(value >> (8 * i));
}

/* The end of a key text: what can serve as dictionary. */
static void
dictionary_of(const uint8_t *text, size_t len, const uint8_t **out, size_t *out_len)
{
    *out_len = len < DICTIONARY_MAX ? len : DICTIONARY_MAX;
    *out = text + (len - *out_len);
}

/* Compress text behind what out holds. */
static enum lat_err
compress_text(const char *text, size_t len, const struct lat_buf *key, struct lat_buf *out)
{
    z_stream z = { .zalloc = Z_NULL };
    const uint8_t *dictionary;
    size_t dictionary_len, bound, before = out->len;
    uint8_t *at;
    enum lat_err err;
    int rc;

    if (deflateInit2(&z, LEVEL, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY) != Z_OK)
        return LAT_NOMEM;
    dictionary_of(key->data, key->len, &dictionary, &dictionary_len);
    if (dictionary_len > 0)
        deflateSetDictionary(&z, dictionary, (uInt)dictionary_len);
    bound = deflateBound(&z, (uLong)len);
    err = lat_buf_extend(out, bound, &at);
    if (err) {
        deflateEnd(&z);
        return err;
    }
    z.next_in = (const Bytef *)text;
    z.avail_in = (uInt)len;
    z.next_out = at;
    z.avail_out = (uInt)bound;
    rc = deflate(&z, Z_FINISH);
    out->len = before + (size_t)z.total_out;
    deflateEnd(&z);
    return rc == Z_STREAM_END ? LAT_OK : LAT_NOMEM;
}

static void
seal(uint8_t *frame, size_t len, size_t text_len, enum history_kind kind, enum lung_state state, uint64_t wall_ms)
{
    put_le(frame, len - HISTORY_HEADER_LEN, 4);
    put_le(frame + 4, text_len, 4);
    put_le(frame + 12, (uint64_t)kind | (uint64_t)state << 8, 4);
    put_le(frame + 16, wall_ms, 8);
    put_le(frame + 24, 0, 4);
    put_le(frame + 8, crc32(0, frame + 12, (uInt)(len - 12)), 4);
}

enum lat_err
history_write(struct history_writer *writer, const char *text, size_t len, uint64_t wall_ms, enum lung_state state,
              struct lat_buf *out)
{
    bool is_key = writer->key.len == 0 || wall_ms / HISTORY_KEY_MS != writer->minute;
    size_t before = out->len;
    uint8_t *header;
    enum lat_err err;

    if (len == 0 || len > HISTORY_TEXT_MAX)
        return LAT_LIMIT;
    if (is_key)
        lat_buf_clear(&writer->key);
    err = lat_buf_extend(out, HISTORY_HEADER_LEN, &header);
    if (!err)
        err = compress_text(text, len, &writer->key, out);
    if (!err && is_key)
        err = lat_buf_add(&writer->key, text, len);
    if (err) {
        out->len = before;
        return err;
    }
    writer->minute = wall_ms / HISTORY_KEY_MS;
    seal(out->data + before, out->len - before, len, is_key ? HISTORY_KEY : HISTORY_DELTA, state, wall_ms);
    return LAT_OK;
}

/* --- reading ------------------------------------------------------------------------------------------- */

enum lat_err
history_next(const uint8_t *file, size_t len, size_t at, struct history_frame *frame)
{
    struct lat_cursor cursor;
    uint32_t packed, text_len;
    uint8_t kind, state;
    uint64_t wall_ms;

    if (at > len || len - at < HISTORY_HEADER_LEN)
        return LAT_SHORT;
    lat_cursor_init(&cursor, file + at, HISTORY_HEADER_LEN);
    packed = lat_take_u32le(&cursor);
    text_len = lat_take_u32le(&cursor);
    (void)lat_take_u32le(&cursor);
    kind = lat_take_u8(&cursor);
    state = lat_take_u8(&cursor);
    (void)lat_take_u16le(&cursor);
    wall_ms = lat_take_u64le(&cursor);
    if ((kind != HISTORY_KEY && kind != HISTORY_DELTA) || state >= LUNG_STATE_COUNT || text_len == 0 ||
        text_len > HISTORY_TEXT_MAX || packed > HISTORY_TEXT_MAX)
        return LAT_MALFORMED;
    if (packed > len - at - HISTORY_HEADER_LEN)
        return LAT_SHORT;
    *frame = (struct history_frame){ .kind = (enum history_kind)kind,
                                     .state = (enum lung_state)state,
                                     .wall_ms = wall_ms,
                                     .at = at,
                                     .end = at + HISTORY_HEADER_LEN + packed,
                                     .text_len = text_len };
    return LAT_OK;
}

static bool
is_sound(const uint8_t *file, const struct history_frame *frame)
{
    struct lat_cursor cursor;

    lat_cursor_init(&cursor, file + frame->at + 8, 4);
    return lat_take_u32le(&cursor) == crc32(0, file + frame->at + 12, (uInt)(frame->end - frame->at - 12));
}

/* Decompress a frame behind what out holds; dictionary NULL: it is a key frame. */
static enum lat_err
expand(const uint8_t *file, const struct history_frame *frame, const struct lat_buf *dictionary, struct lat_buf *out)
{
    z_stream z = { .zalloc = Z_NULL };
    const uint8_t *words;
    size_t words_len, before = out->len;
    uint8_t *at;
    enum lat_err err;
    int rc = Z_OK;

    if (!is_sound(file, frame))
        return LAT_MALFORMED;
    err = lat_buf_extend(out, frame->text_len, &at);
    if (err)
        return err;
    if (inflateInit2(&z, -MAX_WBITS) != Z_OK)
        return LAT_NOMEM;
    if (dictionary) {
        dictionary_of(dictionary->data, dictionary->len, &words, &words_len);
        rc = inflateSetDictionary(&z, words, (uInt)words_len);
    }
    z.next_in = file + frame->at + HISTORY_HEADER_LEN;
    z.avail_in = (uInt)(frame->end - frame->at - HISTORY_HEADER_LEN);
    z.next_out = at;
    z.avail_out = (uInt)frame->text_len;
    if (rc == Z_OK)
        rc = inflate(&z, Z_FINISH);
    inflateEnd(&z);
    if (rc == Z_STREAM_END && z.avail_out == 0)
        return LAT_OK;
    out->len = before;
    return LAT_MALFORMED;
}

enum lat_err
history_text(const uint8_t *file, const struct history_frame *frame, const struct history_frame *key, struct lat_buf *out)
{
    struct lat_buf dictionary;
    enum lat_err err;

    if (frame->kind == HISTORY_KEY)
        return expand(file, frame, NULL, out);
    lat_buf_init(&dictionary, HISTORY_TEXT_MAX);
    err = key->kind == HISTORY_KEY ? expand(file, key, NULL, &dictionary) : LAT_MALFORMED;
    if (!err)
        err = expand(file, frame, &dictionary, out);
    lat_buf_fini(&dictionary);
    return err;
}

enum lat_err
history_coarsen(const uint8_t *file, size_t len, struct lat_buf *out)
{
    struct history_frame frame;
    enum lat_err err = LAT_OK;

    for (size_t at = 0; !err && history_next(file, len, at, &frame) == LAT_OK; at = frame.end)
        if (frame.kind == HISTORY_KEY)
            err = lat_buf_add(out, file + frame.at, frame.end - frame.at);
    return err;
}

/* --- choosing ------------------------------------------------------------------------------------------ */

void
history_chooser_init(struct history_chooser *chooser, enum look_step step, uint64_t at_ms)
{
    *chooser = (struct history_chooser){ .step = step, .at_ms = at_ms };
}

/* Is this one wanted? The last wanted one is taken when looking back, the first when looking forth. */
static bool
is_wanted(const struct history_chooser *c, const struct history_frame *frame)
{
    bool turns = c->seen && frame->state != c->state;

    switch (c->step) {
    case LOOK_AT:
        return frame->wall_ms <= c->at_ms;
    case LOOK_EARLIER:
        return frame->wall_ms < c->at_ms;
    case LOOK_LATER:
        return frame->wall_ms > c->at_ms;
    case LOOK_EARLIER_CHANGE:
        return turns && frame->wall_ms < c->at_ms;
    case LOOK_LATER_CHANGE:
        return turns && frame->wall_ms > c->at_ms;
    }
    return false;
}

bool
history_choose(struct history_chooser *c, const uint8_t *file, size_t len)
{
    bool forth = c->step == LOOK_LATER || c->step == LOOK_LATER_CHANGE;
    struct history_frame frame;

    c->last_key = (struct history_frame){ .kind = HISTORY_DELTA }; /* of another file: none */
    for (size_t at = 0; history_next(file, len, at, &frame) == LAT_OK; at = frame.end) {
        if (frame.kind == HISTORY_KEY)
            c->last_key = frame;
        if (is_wanted(c, &frame)) {
            c->frame = frame;
            c->key = c->last_key;
            c->found = c->found_here = true;
            if (forth)
                return true;
        }
        c->seen = true;
        c->state = frame.state;
        if (!forth && frame.wall_ms > c->at_ms)
            return true;
    }
    return false;
}
