/*
 * Each struct of a snapshot is described once, by a table of its fields; writer and reader walk the same
 * table, so that a field cannot be written and not read.
 */
#include "config.h"

#include "view/json.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

#define TEXT_MAX 1048576
#define DEPTH_MAX 32
#define MS_MAX 9.0e15 /* 2^53: beyond it a double holds no single milliseconds */

enum kind {
    TEXT,      /* char[size] */
    TEXT_NULL, /* char[size], "" is null */
    FLAG,      /* bool */
    U32,
    U64,
    I64,       /* -1 is null */
    INTEGER,   /* int64_t of either sign */
    HEX64,     /* uint64_t as 16 hex digits */
    MS,        /* int64_t milliseconds as seconds, -1 is null */
    MS_U64,    /* uint64_t milliseconds as seconds */
    MS_U32,    /* uint32_t milliseconds as seconds */
    NAME,      /* an enum by its names */
    OBJECT,    /* a struct in the struct */
    LIST,      /* structs, with their number in another field */
    NUMBERS,   /* uint16_t[count] */
};

struct table;

struct field {
    const char *name;
    enum kind kind;
    size_t offset;
    size_t size;                      /* TEXT: of the array; LIST: of one element */
    const char *(*name_of)(unsigned); /* NAME */
    unsigned count;                   /* NAME: values; LIST, NUMBERS: places */
    size_t count_offset;              /* LIST: of the uint32_t with the number in use */
    const struct table *table;        /* OBJECT, LIST */
};

struct table {
    const struct field *fields;
    size_t count;
};

#define TABLE(fields) { (fields), sizeof(fields) / sizeof((fields)[0]) }

static const char *
state_text(unsigned value)
{
    return lung_state_name((enum lung_state)value);
}

static const char *
reason_text(unsigned value)
{
    return lung_reason_name((enum lung_reason)value);
}

static const char *
policy_text(unsigned value)
{
    return lung_policy_name((enum lung_policy)value);
}

static const char *
agreement_text(unsigned value)
{
    return agreement_name((enum agreement)value);
}

static const char *
difference_text(unsigned value)
{
    return key_difference_name((enum key_difference)value);
}

static const char *
key_reason_text(unsigned value)
{
    return key_reason_name((enum key_reason)value);
}

static const char *
way_text(unsigned value)
{
    return heal_way_name((enum heal_way)value);
}

static const char *
severity_text(unsigned value)
{
    return value == ALERT_ALARM ? "alarm" : "attention";
}

static const char *
level_text(unsigned value)
{
    return lat_level_name((enum lat_level)value);
}

/* --- the tables --------------------------------------------------------------------------------- */

#define PLAIN(of, member) { .name = #member, .kind = (of), .offset = offsetof(HERE, member) }
#define SECONDS(of, stem) { .name = #stem "_s", .kind = (of), .offset = offsetof(HERE, stem##_ms) }
#define STRING(of, member)                                                                                \
    { .name = #member, .kind = (of), .offset = offsetof(HERE, member), .size = sizeof(((HERE *)0)->member) }
#define NAMED(member, text, values)                                                                         \
    { .name = #member, .kind = NAME, .offset = offsetof(HERE, member), .name_of = (text), .count = (values) }
#define MEMBERS(name_, array, number, of)                                                                   \
    { .name = (name_), .kind = LIST, .offset = offsetof(HERE, array), .size = sizeof(((HERE *)0)->array[0]), \
      .count = sizeof(((HERE *)0)->array) / sizeof(((HERE *)0)->array[0]),                                  \
      .count_offset = offsetof(HERE, number), .table = &(of) }
#define HISTORY(member)                                                                                     \
    { .name = #member, .kind = NUMBERS, .offset = offsetof(HERE, member),                        \
      .count = sizeof(((HERE *)0)->member) / sizeof(uint16_t) }

/* The order of STATE-MACHINE section 9, then what it does not name. */
#define HERE struct snapshot_lung
static const struct field lung_fields[] = {
    NAMED(state, state_text, LUNG_STATE_COUNT),
    NAMED(policy, policy_text, LUNG_POLICY_HTTP + 1),
    SECONDS(MS, since),
    NAMED(reason, reason_text, LUNG_REASON_COUNT),
    PLAIN(FLAG, degraded),
    PLAIN(U32, peers_live),
    PLAIN(U32, peers_connected),
    SECONDS(MS, no_peer),
    SECONDS(MS, fallback_in),
    SECONDS(MS, recover_in),
    PLAIN(FLAG, http_usable),
    PLAIN(FLAG, http_stale),
    PLAIN(FLAG, http_untrusted),
    PLAIN(U32, http_failures),
    STRING(TEXT_NULL, http_source),
    SECONDS(MS, http_age),
    STRING(TEXT_NULL, p2p_error),
    STRING(TEXT_NULL, http_error),
    PLAIN(U32, flaps),
    SECONDS(MS, hold),
    SECONDS(MS, forced_left),
    STRING(TEXT_NULL, forced_by),
    SECONDS(MS, fallback_after),
    PLAIN(U32, peers_known),
    PLAIN(FLAG, p2p_enabled),
    PLAIN(FLAG, p2p_available),
    PLAIN(FLAG, p2p_running),
    SECONDS(MS, last_exchange),
    PLAIN(U32, http_sources),
    SECONDS(MS, http_next),
    PLAIN(U64, flaps_total),
    PLAIN(U64, transitions_total),
    PLAIN(U64, unexpected_total),
};
#undef HERE
static const struct table lung_table = TABLE(lung_fields);

#define HERE struct snapshot_state
static const struct field state_fields[] = {
    STRING(TEXT, root),
    STRING(TEXT, merkle_root), /* never null, as v3.0.3's clients expect; "" while it is computed */
    PLAIN(U64, count),
    PLAIN(U64, keys),
    PLAIN(HEX64, hlc),
    PLAIN(U64, changes_min),
    SECONDS(MS, commit_age),
    SECONDS(MS, verified_age),
    PLAIN(U64, store_bytes),
    PLAIN(FLAG, incomplete),
    PLAIN(FLAG, read_only),
    PLAIN(FLAG, damaged),
    PLAIN(U64, held),
    PLAIN(U64, lost),
    PLAIN(U32, scrub_percent),
    SECONDS(MS, scrub_age),
    STRING(TEXT_NULL, error),
};
#undef HERE
static const struct table state_table = TABLE(state_fields);

#define HERE struct snapshot_key
static const struct field key_fields[] = {
    STRING(TEXT, key),
    NAMED(difference, difference_text, KEY_REFUSED + 1),
    PLAIN(HEX64, ours_hlc),
    PLAIN(HEX64, theirs_hlc),
    NAMED(reason, key_reason_text, WINS_DIGEST + 1),
    STRING(TEXT_NULL, ours_author),
    STRING(TEXT_NULL, theirs_author),
    STRING(TEXT_NULL, ours_value),
    STRING(TEXT_NULL, theirs_value),
};
#undef HERE
static const struct table key_table = TABLE(key_fields);

#define HERE struct snapshot_difference
static const struct field difference_fields[] = {
    NAMED(way, way_text, WAY_STREAM + 1),
    PLAIN(FLAG, trust_differs),
    PLAIN(U32, but),
    PLAIN(U64, estimate),
    PLAIN(FLAG, exact),
    PLAIN(U32, theirs_newer),
    PLAIN(U32, ours_newer),
    PLAIN(U32, only_theirs),
    PLAIN(U32, only_ours),
    PLAIN(U32, refused),
    PLAIN(U32, deleted),
    PLAIN(U32, given),
    PLAIN(U32, given_taken),
    PLAIN(U32, given_refused),
    PLAIN(U32, undelivered),
    PLAIN(U32, held),
    PLAIN(U32, untrusted),
    PLAIN(U32, bad_signatures),
    PLAIN(U32, malformed),
    PLAIN(U32, below_horizon),
    PLAIN(U32, not_stored),
    PLAIN(U32, fruitless),
    STRING(TEXT_NULL, subtrees),
};
#undef HERE
static const struct table difference_table = TABLE(difference_fields);
#define DIFFERENCE { .name = "difference", .kind = OBJECT, .offset = offsetof(HERE, difference), .table = &difference_table }

#define HERE struct snapshot_source
static const struct field source_fields[] = {
    STRING(TEXT, url),
    STRING(TEXT, name),
    PLAIN(FLAG, lattice),
    PLAIN(FLAG, known),
    PLAIN(FLAG, usable),
    PLAIN(FLAG, trusted),
    SECONDS(MS, ok_age),
    SECONDS(MS, try_age),
    SECONDS(MS, next),
    SECONDS(MS, backoff),
    PLAIN(U32, failures),
    SECONDS(MS_U32, rtt),
    PLAIN(U64, polls),
    PLAIN(U64, polls_ok),
    PLAIN(U64, polls_failed),
    PLAIN(U64, bytes_in),
    PLAIN(U64, bytes_out),
    STRING(TEXT_NULL, root),
    PLAIN(U64, count),
    NAMED(agreement, agreement_text, AGREE_COUNT),
    SECONDS(MS, differs),
    PLAIN(U32, differs_checks),
    STRING(TEXT_NULL, error),
    PLAIN(FLAG, healing),
    PLAIN(U32, heal_percent),
    SECONDS(MS, heal_age),
    PLAIN(U32, heal_applied),
    PLAIN(U32, heal_same),
    PLAIN(U32, heal_refused),
    PLAIN(U32, heal_ours),
    PLAIN(U64, heal_bytes),
    SECONDS(MS_U32, heal),
    PLAIN(U32, key_total),
    MEMBERS("keys", keys, key_count, key_table),
    DIFFERENCE,
};
#undef HERE
static const struct table source_table = TABLE(source_fields);

#define HERE struct snapshot_peer
static const struct field peer_fields[] = {
    STRING(TEXT, id),
    STRING(TEXT, name),
    STRING(TEXT, address),
    STRING(TEXT, agent),
    PLAIN(FLAG, connected),
    PLAIN(FLAG, live),
    PLAIN(FLAG, outbound),
    PLAIN(I64, rtt_us),
    SECONDS(MS, since),
    PLAIN(U64, bytes_in),
    PLAIN(U64, bytes_out),
    PLAIN(FLAG, trusted),
    PLAIN(FLAG, subscribed),
    PLAIN(FLAG, in_mesh),
    PLAIN(U64, messages_in),
    PLAIN(U64, messages_out),
    PLAIN(INTEGER, score),
    SECONDS(MS, exchange),
    SECONDS(MS, heard),
    PLAIN(INTEGER, clock_ms),
    STRING(TEXT_NULL, root),
    PLAIN(U64, count),
    NAMED(agreement, agreement_text, AGREE_COUNT),
    SECONDS(MS, differs),
    PLAIN(U32, differs_checks),
    STRING(TEXT_NULL, why_not),
    STRING(TEXT_NULL, error),
    PLAIN(FLAG, healing),
    SECONDS(MS, backoff),
    PLAIN(U32, heal_percent),
    SECONDS(MS, heal_age),
    PLAIN(U32, heal_applied),
    PLAIN(U32, heal_same),
    PLAIN(U32, heal_refused),
    PLAIN(U32, heal_ours),
    PLAIN(U64, heal_bytes),
    SECONDS(MS_U32, heal),
    PLAIN(U32, key_total),
    MEMBERS("keys", keys, key_count, key_table),
    DIFFERENCE,
};
#undef HERE
static const struct table peer_table = TABLE(peer_fields);

#define HERE struct snapshot_gossip
static const struct field gossip_fields[] = {
    PLAIN(U32, subscribers),
    PLAIN(U32, mesh),
    PLAIN(U64, received),
    PLAIN(U64, duplicates),
    PLAIN(U64, accepted),
    PLAIN(U64, ignored),
    PLAIN(U64, rejected),
    PLAIN(U64, published),
    PLAIN(U64, repaired),
    PLAIN(U64, records_applied),
    PLAIN(U64, dropped),
};
#undef HERE
static const struct table gossip_table = TABLE(gossip_fields);

#define HERE struct snapshot_doubts
static const struct field doubts_fields[] = {
    SECONDS(MS, twin),
    SECONDS(MS, rollback),
    PLAIN(INTEGER, clock_off_ms),
    STRING(TEXT_NULL, two_faces),
};
#undef HERE
static const struct table doubts_table = TABLE(doubts_fields);

#define HERE struct snapshot_alert
static const struct field alert_fields[] = {
    STRING(TEXT, code),
    NAMED(severity, severity_text, ALERT_ALARM + 1),
    SECONDS(MS, since),
    STRING(TEXT, text),
};
#undef HERE
static const struct table alert_table = TABLE(alert_fields);

#define HERE struct lat_log_line
static const struct field event_fields[] = {
    PLAIN(U64, seq),
    SECONDS(MS_U64, wall),
    NAMED(level, level_text, LAT_ERROR + 1),
    STRING(TEXT, source),
    STRING(TEXT, text),
};
#undef HERE
static const struct table event_table = TABLE(event_fields);

#define HERE struct snapshot
static const struct field snapshot_fields[] = {
    PLAIN(U32, schema),
    PLAIN(U64, number),
    SECONDS(MS_U64, wall),
    STRING(TEXT, version),
    STRING(TEXT, name),
    STRING(TEXT, network),
    STRING(TEXT, peer_id),
    STRING(TEXT, public_key),
    STRING(TEXT, topic),
    STRING(TEXT_NULL, api_address),
    STRING(TEXT_NULL, api_error),
    STRING(TEXT, p2p_listen),
    STRING(TEXT, state_dir),
    PLAIN(I64, pid),
    SECONDS(MS, uptime),
    PLAIN(U32, trusted_keys),
    PLAIN(FLAG, demo),
    { .name = "lung", .kind = OBJECT, .offset = offsetof(HERE, lung), .table = &lung_table },
    { .name = "state", .kind = OBJECT, .offset = offsetof(HERE, state), .table = &state_table },
    MEMBERS("sources", sources, source_count, source_table),
    { .name = "gossip", .kind = OBJECT, .offset = offsetof(HERE, gossip), .table = &gossip_table },
    { .name = "doubts", .kind = OBJECT, .offset = offsetof(HERE, doubts), .table = &doubts_table },
    PLAIN(U32, peer_total),
    MEMBERS("peers", peers, peer_count, peer_table),
    MEMBERS("alerts", alerts, alert_count, alert_table),
    PLAIN(U64, event_total),
    MEMBERS("events", events, event_count, event_table),
    HISTORY(history_keys),
    HISTORY(history_http),
    HISTORY(history_p2p),
    HISTORY(timeline_states),
    HISTORY(timeline_peers),
    HISTORY(timeline_differ),
};
#undef HERE
static const struct table snapshot_table = TABLE(snapshot_fields);

_Static_assert(sizeof(enum lung_state) == sizeof(unsigned), "NAME fields are moved as unsigned");

/* --- writing ------------------------------------------------------------------------------------ */

static cJSON *table_to_json(const struct table *table, const char *base);

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
list_to_json(const struct field *field, const char *base)
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
numbers_to_json(const struct field *field, const char *base)
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

static cJSON *
field_to_json(const struct field *field, const char *base)
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
    case LIST:
        return list_to_json(field, base);
    case NUMBERS:
        return numbers_to_json(field, base);
    }
    return NULL;
}

static cJSON *
table_to_json(const struct table *table, const char *base)
{
    cJSON *object = cJSON_CreateObject();
    cJSON *item;

    if (object == NULL)
        return NULL;
    for (size_t i = 0; i < table->count; i++) {
        item = field_to_json(&table->fields[i], base);
        /* The constant-string form keeps the name where it is: no copy. */
        if (item == NULL || !cJSON_AddItemToObjectCS(object, table->fields[i].name, item)) {
            cJSON_Delete(item);
            cJSON_Delete(object);
            return NULL;
        }
    }
    return object;
}

cJSON *
snapshot_to_json(const struct snapshot *snapshot)
{
    return table_to_json(&snapshot_table, (const char *)snapshot);
}

cJSON *
snapshot_lung_to_json(const struct snapshot *snapshot)
{
    return table_to_json(&lung_table, (const char *)&snapshot->lung);
}

/* --- reading ------------------------------------------------------------------------------------ */

static void table_from_json(const struct table *table, const cJSON *object, char *base);

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
text_from_json(const struct field *field, const cJSON *item, char *at)
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
number_from_json(const struct field *field, const cJSON *item, char *at)
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
name_from_json(const struct field *field, const cJSON *item, char *at)
{
    if (!cJSON_IsString(item))
        return;
    for (unsigned value = 0; value < field->count; value++) {
        if (strcmp(item->valuestring, field->name_of(value)) == 0)
            memcpy(at, &value, sizeof(value));
    }
}

static void
list_from_json(const struct field *field, const cJSON *array, char *base)
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
numbers_from_json(const struct field *field, const cJSON *array, char *at)
{
    int size = cJSON_GetArraySize(array);
    unsigned count = size < 0 ? 0 : (unsigned)size;
    unsigned place = count < field->count ? field->count - count : 0;
    double number;
    uint16_t u16;
    const cJSON *item;

    cJSON_ArrayForEach(item, array) {
        if (place == field->count)
            break;
        if (whole(item, UINT16_MAX, &number)) {
            u16 = (uint16_t)number;
            memcpy(at + place * sizeof(u16), &u16, sizeof(u16));
        }
        place++;
    }
}

static void
field_from_json(const struct field *field, const cJSON *item, char *base)
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
        table_from_json(field->table, item, at);
        break;
    case LIST:
        if (cJSON_IsArray(item))
            list_from_json(field, item, base);
        break;
    case NUMBERS:
        if (cJSON_IsArray(item))
            numbers_from_json(field, item, at);
        break;
    }
}

static void
table_from_json(const struct table *table, const cJSON *object, char *base)
{
    const cJSON *item;

    if (!cJSON_IsObject(object))
        return;
    for (size_t i = 0; i < table->count; i++) {
        item = cJSON_GetObjectItemCaseSensitive(object, table->fields[i].name);
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
    table_from_json(&snapshot_table, root, (char *)snapshot);
    snapshot->mono_ms = now_ms;
    cJSON_Delete(root);
    *out = snapshot;
    return LAT_OK;
}
