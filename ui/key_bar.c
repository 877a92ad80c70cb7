#include "config.h"

#include "key_bar.h"

#include <stdio.h>
#include <string.h>

#include "i18n.h"
#include "keys.h"

#define HINTS_MAX 40
#define HINT_KEYS_MAX 48
#define RANK_MAX 99

static const struct key_hint console_hints[] = {
    { "P2P", 3, HINT_ALWAYS, { ACTION_FORCE_P2P } },
    { "HTTP", 4, HINT_ALWAYS, { ACTION_FORCE_HTTP } },
    { "AUTO", 5, HINT_ALWAYS, { ACTION_AUTO } },
    { N_("panel"), 6, HINT_ALWAYS, { ACTION_NEXT_PANEL, ACTION_GO_PANEL } },
    { N_("move"), 14, HINT_ALWAYS, { ACTION_UP, ACTION_DOWN, ACTION_TOP, ACTION_BOTTOM } },
    { N_("find"), 7, HINT_ALWAYS, { ACTION_FILTER } },
    { N_("next"), 18, HINT_ALWAYS, { ACTION_NEXT_MATCH, ACTION_PREVIOUS_MATCH } },
    { N_("sort"), 15, HINT_ALWAYS, { ACTION_SORT, ACTION_REVERSE } },
    { N_("level"), 16, HINT_ALWAYS, { ACTION_LEVEL } },
    { N_("open"), 10, HINT_ALWAYS, { ACTION_DETAIL } },
    { N_("back"), 17, HINT_ALWAYS, { ACTION_BACK } },
    { N_("zoom"), 8, HINT_ALWAYS, { ACTION_ZOOM } },
    { N_("hold"), 9, HINT_ALWAYS, { ACTION_FREEZE } },
    { N_("alerts"), 11, HINT_ALWAYS, { ACTION_ACKNOWLEDGE, ACTION_ACKNOWLEDGE_ALL, ACTION_ALERTS } },
    { N_("copy"), 12, HINT_ALWAYS, { ACTION_COPY } },
    { N_("write"), 19, HINT_ALWAYS, { ACTION_WRITE } },
    { N_("mouse"), 21, HINT_ALWAYS, { ACTION_MOUSE } },
    { N_("say"), 20, HINT_ALWAYS, { ACTION_CAPTIONS } },
    { N_("step"), 13, HINT_ROOMY, { ACTION_EARLIER, ACTION_LATER } },
    { N_("change"), 13, HINT_ROOMY, { ACTION_EARLIER_CHANGE, ACTION_LATER_CHANGE } },
    { N_("time"), 13, HINT_ROOMY, { ACTION_GO_TIME } },
    { N_("now"), 13, HINT_ROOMY, { ACTION_NOW } },
    { N_("past"), 13, HINT_TIGHT,
      { ACTION_EARLIER, ACTION_LATER, ACTION_EARLIER_CHANGE, ACTION_LATER_CHANGE, ACTION_GO_TIME, ACTION_NOW } },
    { N_("nodes"), 6, HINT_ALWAYS, { ACTION_FLEET } },
    { N_("redraw"), 22, HINT_ALWAYS, { ACTION_REPAINT } },
    { N_("help"), 2, HINT_ALWAYS, { ACTION_HELP } },
    { N_("quit"), 1, HINT_ALWAYS, { ACTION_QUIT } },
};

/* One hint, ready to be drawn. */
struct word {
    char keys[HINT_KEYS_MAX];
    const char *caption;
    int rank;
    int cols; /* with the gap behind it */
};

struct words {
    struct word list[HINTS_MAX];
    int count;
};

/* "^L" for a control key, "1-7" for the digits of the panels. */
static void
first_key(const struct keymap *map, enum action action, char out[16])
{
    uint32_t key = keymap_key(map, action, 0), last = key, next;
    char first[8], final[8];

    for (size_t i = 1; action == ACTION_GO_PANEL && (next = keymap_key(map, action, i)) == last + 1; i++)
        last = next;
    if (key == 0)
        out[0] = 0;
    else if (key < 0x20 && strncmp(key_name(key, first), "Ctrl-", 5) == 0)
        snprintf(out, 16, "^%c", (int)(key + 0x40));
    else if (last != key)
        snprintf(out, 16, "%s-%s", key_name(key, first), key_name(last, final));
    else
        snprintf(out, 16, "%s", key_name(key, first));
}

static void
keys_of(const struct keymap *map, const struct key_hint *hint, char out[HINT_KEYS_MAX])
{
    char key[16];
    size_t used = 0;

    out[0] = 0;
    for (int i = 0; i < KEY_HINT_ACTIONS && hint->actions[i] != ACTION_NONE && used < HINT_KEYS_MAX; i++) {
        first_key(map, hint->actions[i], key);
        if (key[0])
            used += (size_t)snprintf(out + used, HINT_KEYS_MAX - used, "%s%s", used > 0 ? " " : "", key);
    }
}

static void
collect(const struct key_hints *hints, enum hint_form without, bool unicode, struct words *words)
{
    words->count = 0;
    for (int i = 0; i < hints->count && words->count < HINTS_MAX; i++) {
        const struct key_hint *hint = &hints->list[i];
        struct word *word = &words->list[words->count];

        if (hint->form == without || hint->actions[0] == hints->hidden || (action_info(hint->actions[0])->control && !hints->control))
            continue;
        keys_of(hints->keymap, hint, word->keys);
        if (word->keys[0] == 0)
            continue;
        word->caption = _(hint->caption);
        word->rank = hint->rank;
        word->cols = text_width(word->keys, unicode) + text_width(word->caption, unicode) + 3;
        words->count++;
    }
}

/* Lay out the words up to a rank in the rows of the area; draw them if wanted. False: they do not fit. */
static bool
flow(const struct area *area, const struct words *words, int limit, bool draw)
{
    int x = 1, y = 0;

    for (int i = 0; i < words->count; i++) {
        const struct word *word = &words->list[i];

        if (word->rank > limit)
            continue;
        if (x + word->cols - 2 > area->cols) {
            x = 1;
            if (++y == area->rows)
                return false;
        }
        if (draw)
            area_text(area, area_text(area, x, y, STYLE_KEY, word->keys) + 1, y, STYLE_TEXT, word->caption);
        x += word->cols;
    }
    return true;
}

void
key_hints_draw(const struct area *area, const struct key_hints *hints)
{
    bool unicode = area->canvas->unicode;
    struct words words;
    int limit = RANK_MAX;

    collect(hints, HINT_TIGHT, unicode, &words);
    if (!flow(area, &words, limit, false))
        collect(hints, HINT_ROOMY, unicode, &words);
    while (limit > 0 && !flow(area, &words, limit, false))
        limit--;
    flow(area, &words, limit, true);
}

void
key_bar_draw(const struct area *area, const struct model *model)
{
    struct key_hints hints = { .list = console_hints, .count = sizeof(console_hints) / sizeof(console_hints[0]),
                               .keymap = &model->settings.keymap, .control = model->control,
                               .hidden = model->story ? ACTION_FREEZE : ACTION_NONE }; /* in a demo that key holds the story */

    key_hints_draw(area, &hints);
}
