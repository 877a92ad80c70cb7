#include "config.h"

#include "support/vectors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/text.h"

char *
vectors_file(const char *path, size_t *len)
{
    char full[512];
    struct lat_buf buf;
    uint8_t piece[4096];
    size_t n;
    FILE *file;

    snprintf(full, sizeof(full), "%s/%s", VECTOR_DIR, path);
    file = fopen(full, "rb");
    if (file == NULL)
        fail_msg("cannot open %s", full);
    lat_buf_init(&buf, 16 * 1024 * 1024);
    while ((n = fread(piece, 1, sizeof(piece), file)) > 0)
        assert_int_equal(lat_buf_add(&buf, piece, n), LAT_OK);
    fclose(file);
    assert_non_null(lat_buf_str(&buf));
    if (len)
        *len = buf.len;
    return (char *)buf.data;
}

cJSON *
vectors_load(const char *path)
{
    char *text = vectors_file(path, NULL);
    cJSON *json = cJSON_Parse(text);

    free(text);
    if (json == NULL)
        fail_msg("%s is not JSON", path);
    return json;
}

const cJSON *
vectors_member(const cJSON *object, const char *name)
{
    const cJSON *member = cJSON_GetObjectItemCaseSensitive(object, name);

    if (member == NULL)
        fail_msg("the vectors lack \"%s\"", name);
    return member;
}

const char *
vectors_text(const cJSON *object, const char *name)
{
    const char *text = cJSON_GetStringValue(vectors_member(object, name));

    if (text == NULL)
        fail_msg("\"%s\" of the vectors is no text", name);
    return text;
}

uint64_t
vectors_number(const cJSON *object, const char *name)
{
    const cJSON *member = vectors_member(object, name);

    if (!cJSON_IsNumber(member) || !(member->valuedouble >= 0 && member->valuedouble < 9007199254740992.0))
        fail_msg("\"%s\" of the vectors is no number", name);
    return (uint64_t)member->valuedouble;
}

uint8_t *
vectors_unhex(const char *hex, size_t *len)
{
    uint8_t *bytes;

    *len = strlen(hex) / 2;
    bytes = malloc(*len + 1);
    assert_non_null(bytes);
    assert_int_equal(lat_unhex(hex, bytes, *len), LAT_OK);
    return bytes;
}

uint8_t *
vectors_bytes(const cJSON *object, const char *name, size_t *len)
{
    return vectors_unhex(vectors_text(object, name), len);
}

void
vectors_copy(const cJSON *object, const char *name, uint8_t *out, size_t len)
{
    if (lat_unhex(vectors_text(object, name), out, len))
        fail_msg("\"%s\" of the vectors does not have %zu bytes", name, len);
}

uint64_t
vectors_hex_number(const char *hex)
{
    char *end;
    uint64_t number = strtoull(hex, &end, 16);

    assert_true(*hex != 0 && *end == 0);
    return number;
}
