/* The stored form is a fixed point, and an object's members are those of its stored form. */
#include "config.h"

#include "fuzz/fuzz.h"

#include <string.h>

#include "base/buf.h"
#include "base/text.h"
#include "state/entries.h"
#include "state/json.h"

#define OUT_MAX (1024 * 1024)

struct walk {
    size_t members;
};

/* A member's value on its own comes into stored form too. */
static enum lat_err
check_member(void *arg, const uint8_t *key, size_t key_len, const char *value, size_t value_len)
{
    struct walk *walk = arg;
    struct lat_buf out;
    enum lat_err err;

    FUZZ_CHECK(lat_utf8_valid(key, key_len));
    lat_buf_init(&out, OUT_MAX);
    err = json_store_form(value, value_len, &out, NULL);
    FUZZ_CHECK(err == LAT_OK || err == LAT_LIMIT);
    lat_buf_fini(&out);
    walk->members++;
    return LAT_OK;
}

static void
check_stored(const struct lat_buf *stored)
{
    const char *text = (const char *)stored->data;
    struct lat_buf again;

    FUZZ_CHECK(json_check_stored_form(text, stored->len, NULL) == LAT_OK);
    lat_buf_init(&again, OUT_MAX);
    FUZZ_CHECK(json_store_form(text, stored->len, &again, NULL) == LAT_OK);
    FUZZ_CHECK(again.len == stored->len && memcmp(again.data, stored->data, stored->len) == 0);
    lat_buf_fini(&again);
    for (size_t i = 0; i < stored->len; i++)
        FUZZ_CHECK(stored->data[i] >= 0x20 && stored->data[i] < 0x7f);
}

/* As a state: no more entries than members, ascending, values in stored form. */
static void
check_entries(const char *text, size_t size, size_t members)
{
    struct entries entries;
    enum lat_err err = entries_parse(text, size, OUT_MAX, &entries, NULL);

    if (err)
        return;
    FUZZ_CHECK(entries.count <= members);
    for (size_t i = 0; i < entries.count; i++)
        FUZZ_CHECK(json_check_stored_form(entries.list[i].value, entries.list[i].value_len, NULL) == LAT_OK);
    entries_fini(&entries);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = size > 0 ? (const char *)data : "";
    struct walk walk = { 0 };
    struct lat_buf out;
    struct lat_msg why = { "" };
    enum lat_err err;

    lat_buf_init(&out, OUT_MAX);
    err = json_store_form(text, size, &out, &why);
    FUZZ_CHECK(err == LAT_OK || (err != LAT_NOMEM && why.text[0] != 0 && out.len == 0));
    if (!err)
        check_stored(&out);
    else
        FUZZ_CHECK(json_check_stored_form(text, size, NULL) != LAT_OK);
    lat_buf_fini(&out);
    if (json_each_member(text, size, check_member, &walk, NULL) == LAT_OK)
        check_entries(text, size, walk.members);
    return 0;
}
