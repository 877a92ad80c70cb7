#include "config.h"

#include "settings.h"

#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include "base/text.h"
#include "keys.h"

enum kind { KIND_WORD, KIND_BOOL, KIND_SECONDS, KIND_TEXT };

static const char *const theme_words[] = { "default", "cvd", "contrast", "mono", NULL };
static const char *const color_words[] = { "auto", "always", "never", NULL };
static const char *const graph_words[] = { "block", "braille", "ascii", NULL };
static const char *const bell_words[] = { "off", "alarm", "all", NULL };
static const char *const confirm_words[] = { "key", "name", NULL };
static const char *const zone_words[] = { "utc", "local", NULL };
static const char *const hangup_words[] = { "keep", "stop", NULL };

struct setting {
    const char *name;
    enum kind kind;
    size_t field;
    const char *const *words; /* KIND_WORD: in the order of the enum */
    uint32_t least, most;     /* KIND_SECONDS: ms; 0 is always allowed; KIND_TEXT: most is the size */
    const char *comment;
};

#define KEYS_OF_ACTION_MAX 16
#define FIELD(member) offsetof(struct settings, member)

static const struct setting rows[] = {
    { "theme", KIND_WORD, FIELD(theme), theme_words, 0, 0,
      "colours: default, cvd (told apart with every kind of colour vision), contrast, mono" },
    { "color", KIND_WORD, FIELD(color), color_words, 0, 0, "auto, always, never; NO_COLOR in the environment means never" },
    { "graph", KIND_WORD, FIELD(graph), graph_words, 0, 0, "sparklines: block, braille (where the font has it), ascii" },
    { "ascii", KIND_BOOL, FIELD(ascii), NULL, 0, 0, "plain ASCII, whatever the locale says" },
    { "refresh", KIND_SECONDS, FIELD(refresh_ms), NULL, 200, 60000,
      "seconds: at most one frame in so long, 0.2 to 60; 0: ten a second at most" },
    { "repaint", KIND_SECONDS, FIELD(repaint_ms), NULL, 1000, 3600000,
      "seconds: paint everything anew so often (against `wall`); 0: only when needed" },
    { "bell", KIND_WORD, FIELD(bell), bell_words, 0, 0, "once for each new alert: off, alarm, all" },
    { "visible_bell", KIND_BOOL, FIELD(visible_bell), NULL, 0, 0, "flash the screen instead" },
    { "notify", KIND_BOOL, FIELD(notify), NULL, 0, 0, "desktop notification for a new alarm, where the terminal knows OSC 9" },
    { "on_alert", KIND_TEXT, FIELD(on_alert), NULL, 0, SETTINGS_COMMAND_MAX,
      "shell command for a new alert, LATTICE_ALERT_CODE, _TEXT, _SEVERITY, _NODE and _KIND in its environment" },
    { "confirm", KIND_WORD, FIELD(confirm), confirm_words, 0, 0, "forcing a mode takes a key, or the node's name" },
    { "mouse", KIND_BOOL, FIELD(mouse), NULL, 0, 0, "begin with the mouse on" },
    { "cursor", KIND_BOOL, FIELD(cursor), NULL, 0, 0, "keep the terminal's cursor on the selected line (screen readers)" },
    { "sync", KIND_BOOL, FIELD(sync), NULL, 0, 0, "frames as synchronized updates (mode 2026)" },
    { "repeat", KIND_BOOL, FIELD(repeat), NULL, 0, 0, "runs of a character as a count; off where rules come out torn (a multiplexer's fault)" },
    { "captions", KIND_BOOL, FIELD(captions), NULL, 0, 0, "begin with the caption line on" },
    { "privacy", KIND_BOOL, FIELD(privacy), NULL, 0, 0, "stable names instead of addresses, peer ids and keys" },
    { "time", KIND_WORD, FIELD(time), zone_words, 0, 0, "times of day: utc, local" },
    { "on_hangup", KIND_WORD, FIELD(on_hangup), hangup_words, 0, 0, "when the terminal is lost, the node: keep, stop" },
    { "lang", KIND_TEXT, FIELD(lang), NULL, 0, 16, "language of the console: en, pt_BR; empty: of the locale" },
};
#define ROW_COUNT (sizeof(rows) / sizeof(rows[0]))

/* One reading of a file. */
struct reading {
    struct settings *settings;
    const struct settings *former; /* NULL: none */
    const char *name;
    int line;
    bool named[ACTION_COUNT]; /* its keys were given */
    bool in_keys, has_keys;
    int wrong;
    settings_finding_fn finding;
    void *arg;
};

void
settings_defaults(struct settings *settings)
{
    *settings = (struct settings){ .bell = BELL_ALARM, .repeat = true, .keymap = *keymap_default() };
}

static void LAT_PRINTF(2, 3)
complain(struct reading *r, const char *fmt, ...)
{
    char what[320], text[512];
    va_list args;

    va_start(args, fmt);
    vsnprintf(what, sizeof(what), fmt, args);
    va_end(args);
    snprintf(text, sizeof(text), "%s:%d: %s", r->name, r->line, what);
    r->wrong++;
    if (r->finding)
        r->finding(r->arg, text);
}

static void
set_word(struct reading *r, const struct setting *row, int *field, const char *value)
{
    char list[128] = "", shown[80];
    size_t used = 0;

    for (int i = 0; row->words[i]; i++) {
        if (strcmp(row->words[i], value) == 0) {
            *field = i;
            return;
        }
        used += (size_t)snprintf(list + used, sizeof(list) - used, "%s%s", i > 0 ? ", " : "", row->words[i]);
    }
    complain(r, "%s = '%s': use one of %s", row->name, lat_escape_str(value, shown, sizeof(shown)), list);
}

static void
set_bool(struct reading *r, const struct setting *row, bool *field, const char *value)
{
    char shown[80];

    if (strcmp(value, "on") == 0 || strcmp(value, "yes") == 0 || strcmp(value, "true") == 0)
        *field = true;
    else if (strcmp(value, "off") == 0 || strcmp(value, "no") == 0 || strcmp(value, "false") == 0)
        *field = false;
    else
        complain(r, "%s = '%s': use on or off", row->name, lat_escape_str(value, shown, sizeof(shown)));
}

static void
set_seconds(struct reading *r, const struct setting *row, uint32_t *field, const char *value)
{
    char shown[80];
    uint64_t ms;

    if (lat_parse_seconds(value, row->most, &ms) == LAT_OK && (ms == 0 || ms >= row->least))
        *field = (uint32_t)ms;
    else
        complain(r, "%s = '%s': seconds, 0 or %g to %g", row->name, lat_escape_str(value, shown, sizeof(shown)),
                 row->least / 1000.0, row->most / 1000.0);
}

/* The languages that there are catalogues of, however the locale's name goes on: "pt_BR.UTF-8". */
static bool
is_language(const char *value)
{
    return value[0] == 0 || strncmp(value, "en", 2) == 0 || strncmp(value, "pt", 2) == 0;
}

static void
set_text(struct reading *r, const struct setting *row, char *field, const char *value)
{
    char shown[80];

    if (row->field == FIELD(lang) && !is_language(value))
        complain(r, "%s = '%s': use en or pt_BR", row->name, lat_escape_str(value, shown, sizeof(shown)));
    else if (strlen(value) < row->most)
        lat_copy(field, row->most, value);
    else
        complain(r, "%s: longer than %u bytes", row->name, (unsigned)row->most - 1);
}

static size_t
field_size(const struct setting *row)
{
    switch (row->kind) {
    case KIND_WORD:
        return sizeof(int);
    case KIND_BOOL:
        return sizeof(bool);
    case KIND_SECONDS:
        return sizeof(uint32_t);
    case KIND_TEXT:
        break;
    }
    return row->most;
}

/* A value that is refused leaves the former one. */
static void
set_row(struct reading *r, const struct setting *row, const char *value)
{
    void *field = (char *)r->settings + row->field;
    int wrong = r->wrong;

    switch (row->kind) {
    case KIND_WORD:
        set_word(r, row, field, value);
        break;
    case KIND_BOOL:
        set_bool(r, row, field, value);
        break;
    case KIND_SECONDS:
        set_seconds(r, row, field, value);
        break;
    case KIND_TEXT:
        set_text(r, row, field, value);
        break;
    }
    if (r->wrong > wrong && r->former)
        memcpy(field, (const char *)r->former + row->field, field_size(row));
}

static void
set_option(struct reading *r, const char *name, const char *value)
{
    char shown[80];

    for (size_t i = 0; i < ROW_COUNT; i++)
        if (strcmp(rows[i].name, name) == 0) {
            set_row(r, &rows[i], value);
            return;
        }
    complain(r, "'%s': no such setting; `lattice console --print-config` lists them",
             lat_escape_str(name, shown, sizeof(shown)));
}

/* "j Down" into keys; how many, or -1: one of them is none, which was said. */
static int
parse_keys(struct reading *r, const char *name, char *value, uint32_t keys[KEYS_OF_ACTION_MAX])
{
    char shown[80], *save = NULL;
    int count = 0;

    for (char *word = strtok_r(value, " \t", &save); word; word = strtok_r(NULL, " \t", &save)) {
        uint32_t key = key_parse(word);

        if (key == 0 || count == KEYS_OF_ACTION_MAX) {
            complain(r, "%s: '%s' is no key, or one too many; use a character, Space, Tab, Enter, F1, PgUp, Ctrl-A ...", name,
                     lat_escape_str(word, shown, sizeof(shown)));
            return -1;
        }
        keys[count++] = key;
    }
    return count;
}

/* The keys that an action had before; it is asked for again and again, since binding one takes it from another. */
static int
former_keys(const struct settings *former, enum action action, uint32_t keys[KEYS_OF_ACTION_MAX])
{
    int count = 0;
    uint32_t key;

    while (count < KEYS_OF_ACTION_MAX && (key = keymap_key(&former->keymap, action, (size_t)count)) != 0)
        keys[count++] = key;
    return count;
}

static void
set_keys(struct reading *r, const char *name, char *value)
{
    enum action action = action_parse(name);
    uint32_t keys[KEYS_OF_ACTION_MAX];
    char shown[80];
    int count;

    if (action == ACTION_NONE) {
        complain(r, "'%s': no such action; `lattice console --print-config` lists them",
                 lat_escape_str(name, shown, sizeof(shown)));
        return;
    }
    count = parse_keys(r, name, value, keys);
    if (count < 0 && r->former == NULL)
        return;
    if (count < 0)
        count = former_keys(r->former, action, keys);
    r->named[action] = true;
    if (keymap_bind(&r->settings->keymap, action, keys, (size_t)count))
        complain(r, "%s: more than %d keys in all", name, KEYMAP_MAX);
}

/* An action whose keys have all gone to others, without a word about it. */
static void
check_keys(struct reading *r)
{
    for (int a = ACTION_NONE + 1; a < ACTION_COUNT; a++)
        if (!r->named[a] && keymap_key(&r->settings->keymap, (enum action)a, 0) == 0 && keymap_key(keymap_default(), (enum action)a, 0) != 0)
            complain(r, "'%s' has no key any more, another action took it: give it one, or write '%s =' if it shall have none",
                     action_info((enum action)a)->name, action_info((enum action)a)->name);
}

static char *
trim(char *text)
{
    char *end;

    text += strspn(text, " \t\r");
    end = text + strlen(text);
    while (end > text && strchr(" \t\r", end[-1]))
        *--end = 0;
    return text;
}

static void
read_line(struct reading *r, char *line)
{
    char *text = trim(line), *sign = strchr(text, '='), shown[80];

    if (text[0] == 0 || text[0] == '#' || text[0] == ';')
        return;
    if (strcmp(text, "[keys]") == 0 || strcmp(text, "[console]") == 0) {
        r->in_keys = text[1] == 'k';
        r->has_keys |= r->in_keys;
        return;
    }
    if (sign == NULL || sign == text) {
        complain(r, "'%s': neither [console], [keys] nor name = value", lat_escape_str(text, shown, sizeof(shown)));
        return;
    }
    *sign = 0;
    if (r->in_keys)
        set_keys(r, trim(text), trim(sign + 1));
    else
        set_option(r, trim(text), trim(sign + 1));
}

int
settings_parse(struct settings *settings, const struct settings *former, const char *name, const char *text, size_t len,
               settings_finding_fn finding, void *arg)
{
    struct reading r = { .settings = settings, .former = former, .name = name, .finding = finding, .arg = arg };
    char line[1024];

    while (len > 0) {
        const char *end = memchr(text, '\n', len);
        size_t take = end ? (size_t)(end - text) : len;

        r.line++;
        if (take >= sizeof(line) || memchr(text, 0, take))
            complain(&r, "longer than %zu bytes, or not text", sizeof(line) - 1);
        else {
            memcpy(line, text, take);
            line[take] = 0;
            read_line(&r, line);
        }
        take += end != NULL;
        text += take;
        len -= take;
    }
    if (r.has_keys)
        check_keys(&r);
    return r.wrong;
}

static void
print_value(const struct settings *settings, const struct setting *row, FILE *out)
{
    const void *field = (const char *)settings + row->field;

    switch (row->kind) {
    case KIND_WORD:
        fprintf(out, "%s = %s\n", row->name, row->words[*(const int *)field]);
        break;
    case KIND_BOOL:
        fprintf(out, "%s = %s\n", row->name, *(const bool *)field ? "on" : "off");
        break;
    case KIND_SECONDS:
        fprintf(out, "%s = %g\n", row->name, *(const uint32_t *)field / 1000.0);
        break;
    case KIND_TEXT:
        fprintf(out, "%s = %s\n", row->name, (const char *)field);
        break;
    }
}

void
settings_print(const struct settings *settings, FILE *out)
{
    char name[8];
    uint32_t key;

    fprintf(out, "# Options and keys of the lattice console: $XDG_CONFIG_HOME/lattice/console.ini.\n\n[console]\n");
    for (size_t i = 0; i < ROW_COUNT; i++) {
        fprintf(out, "# %s\n", rows[i].comment);
        print_value(settings, &rows[i], out);
    }
    fprintf(out, "\n# Keys, between blanks; the first one stands in the key bar. A key does one thing.\n[keys]\n");
    for (int a = ACTION_NONE + 1; a < ACTION_COUNT; a++) {
        fprintf(out, "# %s\n%s =", action_info((enum action)a)->help, action_info((enum action)a)->name);
        for (size_t i = 0; (key = keymap_key(&settings->keymap, (enum action)a, i)) != 0; i++)
            fprintf(out, " %s", key_name(key, name));
        fputc('\n', out);
    }
}
