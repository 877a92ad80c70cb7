/* Writer and reader of a snapshot: both walk the same tables (json_tables.h). */
#include "config.h"

#include "view/json.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "view/json_tables.h"

#define TEXT_MAX 1048576
#define DEPTH_MAX 32
#define MS_MAX 9.0e15 /* 2^53: beyond it a double holds no single milliseconds */

_Static_assert(sizeof(enum lung_state) == sizeof(unsigned), "NAME fields are moved as unsigned");

/* --- writing ------------------------------------------------------------------------------------ */

static cJSON *table_to_json(const struct json_table *table, const char *base);

static cJSON *
text_or_null(const char *text, bool null)
{
    return null ? cJSON_CreateNull() : cJSON_CreateString(text);
}

static cJSON *
number_or_null(double number, bool null)
{
    return null ? cJSON_CreateNull() : cJSON_CreateNumber(number);
}

static cJSON *
hex_number(uint64_t number)
{
    char text[17];
    uint8_t bytes[8];

    for (size_t i = 0; i < 8; i++)
        bytes[i] = (uint8_t)(number >> (56 - 8 * i));
    lat_hex(bytes, 8, text);
    return cJSON_CreateString(text);
}

/* NULL is fine: out of memory while it was made. */
static bool
append(cJSON *array, cJSON *item)
{
    if (item != NULL && cJSON_AddItemToArray(array, item))
        return true;
    cJSON_Delete(item);
    return false;
}

static cJSON *
list_to_json(const struct json_field *field, const char *base)
{
    cJSON *array = cJSON_CreateArray();
    uint32_t count;

    if (array == NULL)
        return NULL;
    memcpy(&count, base + field->count_offset, sizeof(count));
    for (uint32_t i = 0; i < count && i < field->count; i++) {
        if (!append(array, table_to_json(field->table, base + field->offset + i * field->size))) {
            cJSON_Delete(array);
            return NULL;
        }
    }
    return array;
}

static cJSON *
numbers_to_json(const struct json_field *field, const char *base)
{
    cJSON *array = cJSON_CreateArray();
    uint16_t number;

    if (array == NULL)
        return NULL;
    for (unsigned i = 0; i < field->count; i++) {
        memcpy(&number, base + field->offset + i * sizeof(number), sizeof(number));
        if (!append(array, cJSON_CreateNumber(number))) {
            cJSON_Delete(array);
            return NULL;
        }
    }
    return array;
}

/* The first slot that is no gap; count: there is none. */
static unsigned
first_slot(const struct json_field *field, const char *base)
{
    unsigned first = 0;
    uint32_t number = UINT32_MAX;

    for (; first < field->count; first++) {
        memcpy(&number, base + field->offset + first * sizeof(number), sizeof(number));
        if (number != UINT32_MAX)
            break;
    }
    return first;
}

static cJSON *
slots_to_json(const struct json_field *field, const char *base)
{
    cJSON *array = cJSON_CreateArray();
    uint32_t number;

    if (array == NULL)
        return NULL;
    for (unsigned i = first_slot(field, base); i < field->count; i++) {
        memcpy(&number, base + field->offset + i * sizeof(number), sizeof(number));
        if (!append(array, number_or_null(number, number == UINT32_MAX))) {
            cJSON_Delete(array);
            return NULL;
        }
    }
    return array;
}

static cJSON *
field_to_json(const struct json_field *field, const char *base)
{
    const char *at = base + field->offset;
    bool flag;
    uint32_t u32;
    uint64_t u64;
    int64_t i64;
    unsigned value;

    switch (field->kind) {
    case TEXT:
        return cJSON_CreateString(at);
    case TEXT_NULL:
        return text_or_null(at, *at == 0);
    case FLAG:
        memcpy(&flag, at, sizeof(flag));
        return cJSON_CreateBool(flag);
    case U32:
    case MS_U32:
        memcpy(&u32, at, sizeof(u32));
        return cJSON_CreateNumber(field->kind == U32 ? u32 : u32 / 1000.0);
    case U64:
    case MS_U64:
    case HEX64:
        memcpy(&u64, at, sizeof(u64));
        if (field->kind == HEX64)
            return hex_number(u64);
        return cJSON_CreateNumber(field->kind == U64 ? (double)u64 : (double)u64 / 1000.0);
    case I64:
    case MS:
        memcpy(&i64, at, sizeof(i64));
        return number_or_null(field->kind == I64 ? (double)i64 : (double)i64 / 1000.0, i64 == -1);
    case INTEGER:
        memcpy(&i64, at, sizeof(i64));
        return cJSON_CreateNumber((double)i64);
    case NAME:
        memcpy(&value, at, sizeof(value));
        return cJSON_CreateString(field->name_of(value));
    case OBJECT:
        return table_to_json(field->table, at);
    case MERGED: /* members_to_json has taken it */
        break;
    case LIST:
        return list_to_json(field, base);
    case NUMBERS:
        return numbers_to_json(field, base);
    case SLOTS:
        return slots_to_json(field, base);
    }
    return NULL;
}

static bool
members_to_json(const struct json_table *table, const char *base, cJSON *object)
{
    for (size_t i = 0; i < table->count; i++) {
        const struct json_field *field = &table->fields[i];
        cJSON *item;

        if (field->kind == MERGED) {
            if (!members_to_json(field->table, base + field->offset, object))
                return false;
            continue;
        }
        if (field->kind == SLOTS && first_slot(field, base) == field->count)
            continue;
        item = field_to_json(field, base);
        /* The constant-string form keeps the name where it is: no copy. */
        if (item == NULL || !cJSON_AddItemToObjectCS(object, field->name, item)) {
            cJSON_Delete(item);
            return false;
        }
    }
    return true;
}

static cJSON *
table_to_json(const struct json_table *table, const char *base)
{
    cJSON *object = cJSON_CreateObject();

    if (object != NULL && members_to_json(table, base, object))
        return object;
    cJSON_Delete(object);
    return NULL;
}

cJSON *
snapshot_to_json(const struct snapshot *snapshot)
{
    return table_to_json(&json_snapshot_table, (const char *)snapshot);
}

cJSON *
snapshot_lung_to_json(const struct snapshot *snapshot)
{
    return table_to_json(&json_lung_table, (const char *)&snapshot->lung);
}

/* --- reading ------------------------------------------------------------------------------------ */

static void table_from_json(const struct json_table *table, const cJSON *object, char *base);

/* A whole number from 0 to max. */
static bool
whole(const cJSON *item, double max, double *number)
{
    *number = item->valuedouble;
    return cJSON_IsNumber(item) && *number >= 0 && *number <= max && *number == (double)(uint64_t)*number;
}

/* Seconds as milliseconds, 0 .. max. */
static bool
milliseconds(const cJSON *item, double max, double *ms)
{
    if (!cJSON_IsNumber(item) || item->valuedouble < 0 || item->valuedouble > max / 1000.0)
        return false;
    *ms = (double)(uint64_t)(item->valuedouble * 1000.0 + 0.5);
    return true;
}

static void
text_from_json(const struct json_field *field, const cJSON *item, char *at)
{
    if (cJSON_IsString(item))
        lat_escape_str(item->valuestring, at, field->size);
}

static void
hex_from_json(const cJSON *item, char *at)
{
    uint8_t bytes[8];
    uint64_t number = 0;

    if (!cJSON_IsString(item) || lat_unhex(item->valuestring, bytes, sizeof(bytes)))
        return;
    for (size_t i = 0; i < sizeof(bytes); i++)
        number = number << 8 | bytes[i];
    memcpy(at, &number, sizeof(number));
}

static void
number_from_json(const struct json_field *field, const cJSON *item, char *at)
{
    bool seconds = field->kind == MS || field->kind == MS_U32 || field->kind == MS_U64;
    double max = field->kind == U32 || field->kind == MS_U32 ? UINT32_MAX : MS_MAX;
    double number = 0;
    uint32_t u32;
    uint64_t u64;

    if (!(seconds ? milliseconds(item, max, &number) : whole(item, max, &number)))
        return;
    if (field->kind == U32 || field->kind == MS_U32) {
        u32 = (uint32_t)number;
        memcpy(at, &u32, sizeof(u32));
    } else {
        u64 = (uint64_t)number; /* at most 2^53, so that a signed field holds it as well */
        memcpy(at, &u64, sizeof(u64));
    }
}

static void
integer_from_json(const cJSON *item, char *at)
{
    int64_t i64;

    if (!cJSON_IsNumber(item) || !(fabs(item->valuedouble) <= MS_MAX))
        return;
    i64 = (int64_t)item->valuedouble;
    memcpy(at, &i64, sizeof(i64));
}

static void
name_from_json(const struct json_field *field, const cJSON *item, char *at)
{
    if (!cJSON_IsString(item))
        return;
    for (unsigned value = 0; value < field->count; value++) {
        if (strcmp(item->valuestring, field->name_of(value)) == 0)
            memcpy(at, &value, sizeof(value));
    }
}

static void
list_from_json(const struct json_field *field, const cJSON *array, char *base)
{
    const cJSON *item;
    uint32_t count = 0;

    cJSON_ArrayForEach(item, array) {
        if (count == field->count)
            break;
        table_from_json(field->table, item, base + field->offset + count * field->size);
        count++;
    }
    memcpy(base + field->count_offset, &count, sizeof(count));
}

/* Newest last: a shorter list fills the end. */
static void
numbers_from_json(const struct json_field *field, const cJSON *array, char *at)
{
    int size = cJSON_GetArraySize(array);
    unsigned count = size < 0 ? 0 : (unsigned)size;
    unsigned place = count < field->count ? field->count - count : 0;
    double number;
    uint16_t u16;
    uint32_t u32;
    const cJSON *item;

    cJSON_ArrayForEach(item, array) {
        if (place == field->count)
            break;
        if (field->kind == SLOTS && whole(item, UINT32_MAX - 1, &number)) {
            u32 = (uint32_t)number;
            memcpy(at + place * sizeof(u32), &u32, sizeof(u32));
        } else if (field->kind == NUMBERS && whole(item, UINT16_MAX, &number)) {
            u16 = (uint16_t)number;
            memcpy(at + place * sizeof(u16), &u16, sizeof(u16));
        }
        place++;
    }
}

static void
field_from_json(const struct json_field *field, const cJSON *item, char *base)
{
    char *at = base + field->offset;
    bool flag;

    switch (field->kind) {
    case TEXT:
    case TEXT_NULL:
        text_from_json(field, item, at);
        break;
    case FLAG:
        if (!cJSON_IsBool(item))
            break;
        flag = cJSON_IsTrue(item);
        memcpy(at, &flag, sizeof(flag));
        break;
    case U32:
    case U64:
    case I64:
    case MS:
    case MS_U64:
    case MS_U32:
        number_from_json(field, item, at);
        break;
    case INTEGER:
        integer_from_json(item, at);
        break;
    case HEX64:
        hex_from_json(item, at);
        break;
    case NAME:
        name_from_json(field, item, at);
        break;
    case OBJECT:
    case MERGED:
        table_from_json(field->table, item, at);
        break;
    case LIST:
        if (cJSON_IsArray(item))
            list_from_json(field, item, base);
        break;
    case NUMBERS:
    case SLOTS:
        if (cJSON_IsArray(item))
            numbers_from_json(field, item, at);
        break;
    }
}

static void
table_from_json(const struct json_table *table, const cJSON *object, char *base)
{
    const cJSON *item;

    if (!cJSON_IsObject(object))
        return;
    for (size_t i = 0; i < table->count; i++) {
        item = table->fields[i].kind == MERGED ? object : cJSON_GetObjectItemCaseSensitive(object, table->fields[i].name);
        if (item != NULL)
            field_from_json(&table->fields[i], item, base);
    }
}

/* Is text nested at most DEPTH_MAX deep? Looked at before parsing, since cJSON recurses. */
static bool
depth_is_fine(const char *text, size_t len)
{
    unsigned depth = 0;
    bool in_string = false;

    for (size_t i = 0; i < len; i++) {
        if (in_string) {
            if (text[i] == '\\')
                i++;
            else if (text[i] == '"')
                in_string = false;
        } else if (text[i] == '"') {
            in_string = true;
        } else if (text[i] == '{' || text[i] == '[') {
            if (++depth > DEPTH_MAX)
                return false;
        } else if ((text[i] == '}' || text[i] == ']') && depth > 0) {
            depth--;
        }
    }
    return true;
}

/* One object and nothing behind it but white space. */
static cJSON *
parse_whole(const char *text, size_t len)
{
    const char *end = NULL;
    cJSON *root = cJSON_ParseWithLengthOpts(text, len, &end, 0);

    while (root != NULL && end < text + len && strchr(" \t\r\n", *end) != NULL && *end != 0)
        end++;
    if (root != NULL && end == text + len && cJSON_IsObject(root))
        return root;
    cJSON_Delete(root);
    return NULL;
}

enum lat_err
snapshot_from_json(const char *text, size_t len, uint64_t now_ms, struct snapshot **out)
{
    struct snapshot *snapshot;
    cJSON *root;

    if (len > TEXT_MAX || !depth_is_fine(text, len))
        return LAT_LIMIT;
    root = parse_whole(text, len);
    if (root == NULL)
        return LAT_MALFORMED;
    snapshot = snapshot_new();
    if (snapshot == NULL) {
        cJSON_Delete(root);
        return LAT_NOMEM;
    }
    table_from_json(&json_snapshot_table, root, (char *)snapshot);
    snapshot->mono_ms = now_ms;
    cJSON_Delete(root);
    *out = snapshot;
    return LAT_OK;
}
