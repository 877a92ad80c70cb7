/*
 * What is read from a file has names and values that are text, in the order of its lines and within the limits; and each of
 * them, written between quotes, is read back as it was.
 */
#include "config.h"

#include "fuzz/fuzz.h"

#include <string.h>

#include "base/buf.h"
#include "base/dotenv.h"
#include "base/text.h"

#define VALUES_MAX (4u * DOTENV_SIZE_MAX)

static const char *
lookup(void *arg, const char *name)
{
    (void)arg;
    return name[0] == 'H' ? "${HOME} is not looked up twice" : NULL;
}

static void
write_quoted(const struct dotenv_entry *entry, char quote, struct lat_buf *out)
{
    FUZZ_CHECK(lat_buf_printf(out, "export %s = %c", entry->name, quote) == LAT_OK);
    for (const char *c = entry->value; *c; c++) {
        if (*c == '\\' || *c == quote)
            FUZZ_CHECK(lat_buf_add_u8(out, '\\') == LAT_OK);
        FUZZ_CHECK(lat_buf_add_u8(out, (uint8_t)*c) == LAT_OK);
    }
    FUZZ_CHECK(lat_buf_printf(out, "%c # so", quote) == LAT_OK);
}

/* A name of characters that need no quotes, a value without a reference, short enough to double. */
static bool
can_be_written(const struct dotenv_entry *entry)
{
    return entry->value && strlen(entry->value) < DOTENV_SIZE_MAX / 4 && strstr(entry->value, "${") == NULL &&
           strpbrk(entry->name, " \t\v\f=#\"'") == NULL && strcmp(entry->name, "export") != 0 &&
           strncmp(entry->name, "\xef\xbb\xbf", 3) != 0;
}

static void
check_written(const struct dotenv_entry *entry, char quote)
{
    struct lat_buf text;
    struct dotenv again;

    lat_buf_init(&text, DOTENV_SIZE_MAX);
    write_quoted(entry, quote, &text);
    FUZZ_CHECK(dotenv_parse((const char *)text.data, text.len, NULL, NULL, &again, NULL) == LAT_OK);
    FUZZ_CHECK(again.count == 1 && strcmp(again.entries[0].name, entry->name) == 0);
    FUZZ_CHECK(again.entries[0].value && strcmp(again.entries[0].value, entry->value) == 0);
    dotenv_fini(&again);
    lat_buf_fini(&text);
}

static void
check_entries(const struct dotenv *env, size_t size)
{
    size_t values = 0;
    int line = 1;

    FUZZ_CHECK(env->count <= DOTENV_ENTRIES_MAX && env->count <= size);
    for (size_t i = 0; i < env->count; i++) {
        const struct dotenv_entry *entry = &env->entries[i];

        FUZZ_CHECK(entry->name[0] != 0 && entry->line >= line && (size_t)entry->line <= size);
        line = entry->line;
        FUZZ_CHECK(lat_utf8_valid((const uint8_t *)entry->name, strlen(entry->name)));
        if (entry->value) {
            FUZZ_CHECK(lat_utf8_valid((const uint8_t *)entry->value, strlen(entry->value)));
            values += strlen(entry->value);
        }
        if (i < 8 && can_be_written(entry)) {
            check_written(entry, '"');
            check_written(entry, '\'');
        }
        FUZZ_CHECK(strcmp(dotenv_find(env, entry->name)->name, entry->name) == 0);
        FUZZ_CHECK(dotenv_find(env, entry->name) >= entry); /* the last one counts */
        if (env->count > 256)
            break; /* the search is by one after the other */
    }
    FUZZ_CHECK(values <= VALUES_MAX);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = size > 0 ? (const char *)data : "";
    struct lat_msg why = { "" };
    struct dotenv env;
    enum lat_err err = dotenv_parse(text, size, lookup, NULL, &env, &why);

    if (err) {
        FUZZ_CHECK((err == LAT_MALFORMED || err == LAT_LIMIT) && why.text[0] != 0);
        return 0;
    }
    check_entries(&env, size);
    dotenv_fini(&env);
    return 0;
}
