/*
 * Any words after the program's name: they are taken or refused with a sentence fit for a terminal; what is taken was among
 * the words and within its limits, and no word gets lost.
 *
 * Input: the words, one a line.
 */
#include "config.h"

#include "fuzz/fuzz.h"

#include <string.h>

#include "base/text.h"
#include "cli/options.h"

#define WORDS_MAX 24

struct line {
    char *text; /* the words, with zeros between them */
    char *argv[WORDS_MAX + 2];
    int argc;
};

static void
split(const uint8_t *data, size_t size, struct line *line)
{
    static char program[] = "lattice";

    line->text = malloc(size + 1);
    FUZZ_CHECK(line->text != NULL);
    memcpy(line->text, data, size);
    line->text[size] = 0;
    line->argv[0] = program;
    line->argc = 1;
    for (char *word = line->text, *end; word && line->argc <= WORDS_MAX; word = end) {
        end = strchr(word, '\n');
        if (end)
            *end++ = 0;
        line->argv[line->argc++] = word;
    }
    line->argv[line->argc] = NULL;
}

/* A sentence for people, nothing of the words unescaped in it. */
static void
check_sentence(const struct lat_msg *why)
{
    FUZZ_CHECK(why->text[0] != 0 && lat_utf8_valid((const uint8_t *)why->text, strlen(why->text)));
    for (const char *c = why->text; *c; c++)
        FUZZ_CHECK((unsigned char)*c >= 0x20 && *c != 0x7f);
}

static bool
is_within(const char *text, const struct line *line, size_t size)
{
    return text == NULL || (text >= line->text && text <= line->text + size);
}

static void
check_taken(const struct options *o, const struct line *line, size_t size)
{
    size_t values = 0;

    FUZZ_CHECK(o->columns >= 1 && o->columns <= 999 && o->rows >= 1 && o->rows <= 999);
    FUZZ_CHECK(o->refresh_ms == 0 || (o->refresh_ms >= 200 && o->refresh_ms <= 60000));
    FUZZ_CHECK(o->color <= OPTION_COLOR_NEVER);
    FUZZ_CHECK(is_within(o->env_file, line, size) && is_within(o->for_seconds, line, size));
    FUZZ_CHECK(is_within(o->if_match, line, size) && is_within(o->author, line, size));
    FUZZ_CHECK(is_within(o->token_file, line, size));
    FUZZ_CHECK(o->arg_count >= 0 && o->arg_count < line->argc && o->args + o->arg_count == line->argv + line->argc);
    for (size_t i = 0; i < o->override_count; i++) {
        FUZZ_CHECK(options_sets(o, o->overrides[i].name) && o->overrides[i].flag != NULL);
        if (strcmp(o->overrides[i].name, "LATTICE_P2P_ENABLED") != 0)
            values += strlen(o->overrides[i].value);
    }
    FUZZ_CHECK(o->override_count <= OPTIONS_OVERRIDES_MAX && values <= size);
}

static void
check_words(const struct options *o)
{
    struct lat_msg why = { "" };

    for (const struct command_help *c = command_helps; c->name; c++) {
        enum lat_err err = options_check_words(c->name, o, &why);

        FUZZ_CHECK((err == LAT_OK) == (o->arg_count <= c->words_max));
        if (err)
            check_sentence(&why);
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct lat_msg why = { "" };
    struct options options;
    struct line line;
    enum lat_err err;

    split(data, size, &line);
    err = options_parse(line.argc, line.argv, 1, &options, &why);
    if (err) {
        FUZZ_CHECK(err == LAT_MALFORMED && options.override_count == 0);
        check_sentence(&why);
    } else {
        check_taken(&options, &line, size);
        check_words(&options);
        options_fini(&options);
    }
    free(line.text);
    return 0;
}
