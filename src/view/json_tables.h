/*
 * json_tables.h - each struct of a snapshot described once, by a table of its fields, which writer and reader (json.c) both walk, so that a
 * field cannot be written and not read. For src/view/json*.c alone.
 */
#ifndef LAT_VIEW_JSON_TABLES_H
#define LAT_VIEW_JSON_TABLES_H

#include <stddef.h>

enum json_kind {
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
    MERGED,    /* the same, its members beside those of the outer one */
    LIST,      /* structs, with their number in another field */
    NUMBERS,   /* uint16_t[count] */
    SLOTS,     /* uint32_t[count], UINT32_MAX is null; nulls at the beginning are left out, and the member where nothing else is there */
};

struct json_table;

struct json_field {
    const char *name;
    enum json_kind kind;
    size_t offset;
    size_t size;                      /* TEXT: of the array; LIST: of one element */
    const char *(*name_of)(unsigned); /* NAME */
    unsigned count;                   /* NAME: values; LIST, NUMBERS, SLOTS: places */
    size_t count_offset;              /* LIST: of the uint32_t with the number in use */
    const struct json_table *table;        /* OBJECT, MERGED, LIST */
};

struct json_table {
    const struct json_field *fields;
    size_t count;
};

/* A whole struct snapshot; its struct snapshot_lung. */
extern const struct json_table json_snapshot_table, json_lung_table;

#endif
