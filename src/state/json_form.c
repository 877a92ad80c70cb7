/*
 * Stored form. One writer serves two ends: it builds the form in a buffer, or it compares what it would write
 * with the text that is there, byte by byte. So a text is in stored form exactly if storing it would not
 * change it, and the check allocates nothing for common values.
 *
 * The writer keeps the members of the objects that are open. When an object ends they are sorted by name; if
 * one stands twice, the object's text is put together anew. An object's text is copied at most once for each
 * level around it, so neither many members nor deep nesting make this quadratic.
 */
#include "config.h"

#include "state/json.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "state/json_scan.h"

#define MEMBERS_AT_HAND 32

/* A member of an object that is open: where its parts stand in the text written so far. */
struct member {
    size_t name, name_len;   /* with the quotes */
    size_t value, value_len; /* the length is set when the value is over */
    bool dropped;            /* its name stood before */
};

struct level {
    size_t begin;        /* of the object's or array's text */
    size_t first_member; /* in writer.members */
    bool is_object;
    bool has_parts;      /* a comma precedes the next */
};

struct writer {
    struct lat_buf *out; /* NULL: compare */
    bool unique;         /* a member that stands twice is an error, not dropped */
    const char *given;   /* compare: the text to be met */
    size_t given_len;
    size_t at;           /* compare: bytes met so far */
    struct member *members;
    size_t count, cap;
    struct member at_hand[MEMBERS_AT_HAND];
    struct level levels[JSON_DEPTH_MAX];
    unsigned depth;
    struct lat_msg *why;
};

/* gcc 12's analyzer takes `levels` at an index that it does not know for an element that was never set. */
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wanalyzer-use-of-uninitialized-value"
#endif

/* --- the two ends -------------------------------------------------------------------------------- */

static enum lat_err
put(struct writer *w, const void *text, size_t len)
{
    if (w->out)
        return lat_buf_add(w->out, text, len);
    if (len > w->given_len - w->at || memcmp(w->given + w->at, text, len) != 0) {
        lat_msg_set(w->why, "not in stored form at byte %zu", w->at);
        return LAT_MALFORMED;
    }
    w->at += len;
    return LAT_OK;
}

static enum lat_err
put_text(struct writer *w, const char *text)
{
    return put(w, text, strlen(text));
}

static size_t
position(const struct writer *w)
{
    return w->out ? w->out->len : w->at;
}

static const char *
written(const struct writer *w)
{
    return w->out ? (const char *)w->out->data : w->given;
}

/* --- scalars ------------------------------------------------------------------------------------- */

static enum lat_err
put_string(struct writer *w, const char *text, const struct json_token *token)
{
    const char *at = text + token->at + 1;
    const char *end = text + token->at + token->len - 1;
    enum lat_err err;

    if (token->plain)
        return put(w, text + token->at, token->len);
    err = put(w, "\"", 1);
    while (!err && at < end) {
        char form[12];
        uint32_t code_point = 0;
        size_t used = 1;

        if (json_next_char(at, (size_t)(end - at), &used, &code_point))
            return LAT_MALFORMED; /* the scanner has checked this text */
        err = put(w, form, json_char_form(code_point, form));
        at += used;
    }
    return err ? err : put(w, "\"", 1);
}

static enum lat_err
put_integer(struct writer *w, const char *text, size_t len)
{
    if (len == 2 && memcmp(text, "-0", 2) == 0)
        return put(w, "0", 1);
    return put(w, text, len);
}

static enum lat_err
put_float(struct writer *w, double value)
{
    char text[32];

    json_double_text(value, text);
    return put_text(w, text);
}

/* --- members that stand twice -------------------------------------------------------------------- */

/* A name in the order of sorting. */
struct place {
    const char *name;
    size_t len;
    size_t member;
};

static int
compare_names(const struct place *a, const struct place *b)
{
    if (a->len != b->len)
        return a->len < b->len ? -1 : 1;
    return memcmp(a->name, b->name, a->len);
}

static int
compare_places(const void *a, const void *b)
{
    const struct place *x = a, *y = b;
    int order = compare_names(x, y);

    if (order)
        return order;
    return x->member < y->member ? -1 : x->member > y->member;
}

/* Of equal names the first place gets the last value, the others are dropped. Returns how many. */
static size_t
drop_repeated(struct member *members, const struct place *places, size_t count)
{
    size_t dropped = 0;
    size_t first = 0;

    for (size_t i = 1; i < count; i++) {
        if (compare_names(&places[first], &places[i]) != 0) {
            first = i;
            continue;
        }
        members[places[first].member].value = members[places[i].member].value;
        members[places[first].member].value_len = members[places[i].member].value_len;
        members[places[i].member].dropped = true;
        dropped++;
    }
    return dropped;
}

static enum lat_err
find_repeated(const struct writer *w, struct member *members, size_t count, size_t *dropped)
{
    struct place few[MEMBERS_AT_HAND];
    struct place *places = few;

    if (count > MEMBERS_AT_HAND) {
        places = malloc(count * sizeof(*places));
        if (places == NULL)
            return LAT_NOMEM;
    }
    for (size_t i = 0; i < count; i++)
        places[i] = (struct place){ written(w) + members[i].name, members[i].name_len, i };
    qsort(places, count, sizeof(*places), compare_places);
    *dropped = drop_repeated(members, places, count);
    if (places != few)
        free(places);
    return LAT_OK;
}

/* Write the object that begins at `begin` anew, without the members that were dropped. */
static enum lat_err
write_anew(struct writer *w, size_t begin, const struct member *members, size_t count)
{
    size_t len = w->out->len - begin;
    char *former = malloc(len);
    enum lat_err err = LAT_OK;
    bool has_parts = false;

    if (former == NULL)
        return LAT_NOMEM;
    memcpy(former, w->out->data + begin, len);
    w->out->len = begin + 1; /* behind the brace */
    for (size_t i = 0; i < count && !err; i++) {
        const struct member *m = &members[i];

        if (m->dropped)
            continue;
        if (has_parts)
            err = put_text(w, ", ");
        has_parts = true;
        if (!err)
            err = put(w, former + (m->name - begin), m->name_len);
        if (!err)
            err = put_text(w, ": ");
        if (!err)
            err = put(w, former + (m->value - begin), m->value_len);
    }
    free(former);
    return err;
}

static enum lat_err
settle_members(struct writer *w, const struct level *level)
{
    struct member *members = w->members + level->first_member;
    size_t count = w->count - level->first_member;
    size_t dropped = 0;
    enum lat_err err;

    w->count = level->first_member;
    if (count < 2)
        return LAT_OK;
    err = find_repeated(w, members, count, &dropped);
    if (err || dropped == 0)
        return err;
    if (w->out && !w->unique)
        return write_anew(w, level->begin, members, count);
    lat_msg_set(w->why, "a member stands twice in the object at byte %zu", level->begin);
    return LAT_MALFORMED;
}

static enum lat_err
add_member(struct writer *w, const struct member *member)
{
    if (w->count == w->cap) {
        size_t cap = w->cap * 2;
        struct member *more = realloc(w->members == w->at_hand ? NULL : w->members, cap * sizeof(*more));

        if (more == NULL)
            return LAT_NOMEM;
        if (w->members == w->at_hand)
            memcpy(more, w->at_hand, sizeof(w->at_hand));
        w->members = more;
        w->cap = cap;
    }
    w->members[w->count++] = *member;
    return LAT_OK;
}

/* --- structure ----------------------------------------------------------------------------------- */

/* The comma before an item or a member that is not the first; a value behind its name has none. */
static enum lat_err
put_comma(struct writer *w, bool is_name)
{
    struct level *level = w->depth > 0 ? &w->levels[w->depth - 1] : NULL;

    if (level == NULL || level->is_object != is_name)
        return LAT_OK;
    if (level->has_parts)
        return put_text(w, ", ");
    level->has_parts = true;
    return LAT_OK;
}

static void
value_is_over(struct writer *w)
{
    struct member *last;

    if (w->depth == 0 || !w->levels[w->depth - 1].is_object)
        return;
    last = &w->members[w->count - 1];
    last->value_len = position(w) - last->value;
}

static enum lat_err
put_name(struct writer *w, const char *text, const struct json_token *token)
{
    struct member member = { 0 };
    enum lat_err err = put_comma(w, true);

    if (err)
        return err;
    member.name = position(w);
    err = put_string(w, text, token);
    if (err)
        return err;
    member.name_len = position(w) - member.name;
    err = put_text(w, ": ");
    if (err)
        return err;
    member.value = position(w);
    return add_member(w, &member);
}

static enum lat_err
put_open(struct writer *w, bool is_object)
{
    w->levels[w->depth++] = (struct level){
        .begin = position(w), .first_member = w->count, .is_object = is_object
    };
    return put_text(w, is_object ? "{" : "[");
}

static enum lat_err
put_close(struct writer *w)
{
    const struct level *level = &w->levels[--w->depth];
    enum lat_err err = LAT_OK;

    if (level->is_object)
        err = settle_members(w, level);
    if (!err)
        err = put_text(w, level->is_object ? "}" : "]");
    return err;
}

static enum lat_err
put_value(struct writer *w, const char *text, const struct json_token *token)
{
    switch (token->type) {
    case JSON_STRING:
        return put_string(w, text, token);
    case JSON_INTEGER:
        return put_integer(w, text + token->at, token->len);
    case JSON_FLOAT:
        return put_float(w, token->value);
    case JSON_TRUE:
        return put_text(w, "true");
    case JSON_FALSE:
        return put_text(w, "false");
    case JSON_NULL:
        return put_text(w, "null");
    case JSON_OBJECT:
    case JSON_ARRAY:
    case JSON_OBJECT_END:
    case JSON_ARRAY_END:
    case JSON_NAME:
    case JSON_END:
        break;
    }
    return LAT_OK;
}

static enum lat_err
put_token(struct writer *w, const char *text, const struct json_token *token)
{
    enum lat_err err;

    if (token->type == JSON_NAME)
        return put_name(w, text, token);
    if (token->type == JSON_OBJECT_END || token->type == JSON_ARRAY_END) {
        err = put_close(w);
    } else {
        err = put_comma(w, false);
        if (!err && (token->type == JSON_OBJECT || token->type == JSON_ARRAY))
            return put_open(w, token->type == JSON_OBJECT);
        if (!err)
            err = put_value(w, text, token);
    }
    if (!err)
        value_is_over(w);
    return err;
}

static enum lat_err
put_all(struct writer *w, const char *text, size_t len)
{
    struct json_scan scan;
    struct json_token token;
    enum lat_err err;

    w->members = w->at_hand;
    w->cap = MEMBERS_AT_HAND;
    json_scan_init(&scan, text, len, JSON_DEPTH_MAX, w->why);
    for (;;) {
        err = json_scan_next(&scan, &token);
        if (err || token.type == JSON_END)
            break;
        err = put_token(w, text, &token);
        if (err)
            break;
    }
    if (w->members != w->at_hand)
        free(w->members);
    if (err == LAT_NOMEM)
        lat_msg_set(w->why, "%s", lat_err_text(err));
    return err;
}

/* --- public -------------------------------------------------------------------------------------- */

static enum lat_err
write_form(const char *text, size_t len, bool unique, struct lat_buf *out, struct lat_msg *why)
{
    struct lat_buf form; /* members that stand twice may need more room on the way than in the end */
    struct writer w;
    enum lat_err err;

    lat_buf_init(&form, SIZE_MAX); /* no text grows more than sixfold */
    w = (struct writer){ .out = &form, .unique = unique, .why = why };
    err = put_all(&w, text, len);
    if (!err) {
        err = lat_buf_add(out, form.data, form.len);
        if (err == LAT_LIMIT)
            lat_msg_set(why, "the value takes %zu bytes, at most %zu are taken", form.len,
                        out->max - out->len);
    }
    lat_buf_fini(&form);
    return err;
}

enum lat_err
json_store_form(const char *text, size_t len, struct lat_buf *out, struct lat_msg *why)
{
    return write_form(text, len, false, out, why);
}

enum lat_err
json_unique_form(const char *text, size_t len, struct lat_buf *out, struct lat_msg *why)
{
    return write_form(text, len, true, out, why);
}

enum lat_err
json_check_stored_form(const char *text, size_t len, struct lat_msg *why)
{
    struct writer w = { .given = text, .given_len = len, .why = why };
    enum lat_err err = put_all(&w, text, len);

    if (!err && w.at < len) {
        lat_msg_set(why, "not in stored form at byte %zu", w.at);
        err = LAT_MALFORMED;
    }
    return err;
}
