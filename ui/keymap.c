#include "config.h"

#include "keymap.h"

#include <string.h>

#include "keys.h"

static const struct action_info infos[ACTION_COUNT] = {
    [ACTION_NONE] = { "", NULL, 0, false, NULL },
    [ACTION_FORCE_P2P] = { "p2p", "P2P", 3, true, "force P2P: no fallback while forced (asks first)" },
    [ACTION_FORCE_HTTP] = { "http", "HTTP", 4, true, "force HTTP: P2P stops (asks first)" },
    [ACTION_AUTO] = { "auto", "AUTO", 5, true, "back to automatic mode, at once" },
    [ACTION_NEXT_PANEL] = { "next_panel", "panel", 6, false, "next panel" },
    [ACTION_PREVIOUS_PANEL] = { "previous_panel", NULL, 0, false, "previous panel" },
    [ACTION_GO_PANEL] = { "panel", NULL, 0, false, "panel by number" },
    [ACTION_UP] = { "up", NULL, 0, false, "one line up" },
    [ACTION_DOWN] = { "down", NULL, 0, false, "one line down" },
    [ACTION_PAGE_UP] = { "page_up", NULL, 0, false, "one page up" },
    [ACTION_PAGE_DOWN] = { "page_down", NULL, 0, false, "one page down" },
    [ACTION_TOP] = { "top", NULL, 0, false, "first line" },
    [ACTION_BOTTOM] = { "bottom", NULL, 0, false, "last line; events: follow the newest" },
    [ACTION_FILTER] = { "filter", "filter", 7, false, "show only lines that contain a word" },
    [ACTION_NEXT_MATCH] = { "next_match", "match", 18, false, "next line that the filter has found" },
    [ACTION_PREVIOUS_MATCH] = { "previous_match", NULL, 0, false, "the one before" },
    [ACTION_SORT] = { "sort", "sort", 13, false, "peers: next sort column; events: next source" },
    [ACTION_REVERSE] = { "reverse", NULL, 0, false, "peers: sort the other way round" },
    [ACTION_LEVEL] = { "level", "level", 14, false, "events: least level shown" },
    [ACTION_DETAIL] = { "detail", "open", 10, false, "all about the selected line; Esc goes back" },
    [ACTION_ZOOM] = { "zoom", "zoom", 8, false, "this panel on the whole screen; the gauge in big digits" },
    [ACTION_FREEZE] = { "freeze", "freeze", 9, false, "hold the picture; the node goes on" },
    [ACTION_ACKNOWLEDGE] = { "acknowledge", "ack", 11, false, "acknowledge the first alert" },
    [ACTION_ACKNOWLEDGE_ALL] = { "acknowledge_all", NULL, 0, false, "acknowledge all alerts" },
    [ACTION_HELP] = { "help", "help", 2, false, "this help, focused panel first" },
    [ACTION_BACK] = { "back", "back", 21, false, "close help, detail, zoom, filter, freeze" },
    [ACTION_COPY] = { "copy", "copy", 12, false, "this panel as plain text, to be copied; any key returns" },
    [ACTION_MOUSE] = { "mouse", "mouse", 20, false, "mouse on or off (off: the terminal selects text)" },
    [ACTION_CAPTIONS] = { "captions", "caption", 19, false, "a sentence that says what is going on" },
    [ACTION_EARLIER] = { "earlier", "step", 15, false, "back in time, one stored picture" },
    [ACTION_LATER] = { "later", NULL, 0, false, "forth in time, one stored picture" },
    [ACTION_EARLIER_CHANGE] = { "earlier_change", "change", 16, false, "back to the last change of the lungs" },
    [ACTION_LATER_CHANGE] = { "later_change", NULL, 0, false, "forth to the next change of the lungs" },
    [ACTION_NOW] = { "now", "now", 17, false, "from the past back to now" },
    [ACTION_REPAINT] = { "repaint", NULL, 0, false, "paint the whole screen anew" },
    [ACTION_SUSPEND] = { "suspend", NULL, 0, false, "suspend; `fg` brings it back" },
    [ACTION_QUIT] = { "quit", "quit", 1, false, "leave; asks when the node runs in here" },
    [ACTION_INTERRUPT] = { "interrupt", NULL, 0, false, "as quit; twice within 2 s stops at once" },
};

static const struct keymap defaults = {
    .list = {
        { 'p', ACTION_FORCE_P2P },
        { 'h', ACTION_FORCE_HTTP },
        { 'a', ACTION_AUTO },
        { KEYS_TAB, ACTION_NEXT_PANEL },
        { KEYS_ARROW_RIGHT, ACTION_NEXT_PANEL },
        { KEYS_BACK_TAB, ACTION_PREVIOUS_PANEL },
        { KEYS_ARROW_LEFT, ACTION_PREVIOUS_PANEL },
        { '1', ACTION_GO_PANEL },
        { '2', ACTION_GO_PANEL },
        { '3', ACTION_GO_PANEL },
        { '4', ACTION_GO_PANEL },
        { '5', ACTION_GO_PANEL },
        { '6', ACTION_GO_PANEL },
        { '7', ACTION_GO_PANEL },
        { KEYS_ARROW_UP, ACTION_UP },
        { 'k', ACTION_UP },
        { KEYS_ARROW_DOWN, ACTION_DOWN },
        { 'j', ACTION_DOWN },
        { KEYS_PAGE_UP, ACTION_PAGE_UP },
        { KEYS_PAGE_DOWN, ACTION_PAGE_DOWN },
        { KEYS_TO_HOME, ACTION_TOP },
        { 'g', ACTION_TOP },
        { KEYS_TO_END, ACTION_BOTTOM },
        { 'G', ACTION_BOTTOM },
        { '/', ACTION_FILTER },
        { 'n', ACTION_NEXT_MATCH },
        { 'N', ACTION_PREVIOUS_MATCH },
        { 's', ACTION_SORT },
        { 'S', ACTION_REVERSE },
        { 'f', ACTION_LEVEL },
        { KEYS_ENTER, ACTION_DETAIL },
        { 'z', ACTION_ZOOM },
        { ' ', ACTION_FREEZE },
        { 'x', ACTION_ACKNOWLEDGE },
        { 'Z', ACTION_ACKNOWLEDGE_ALL },
        { '?', ACTION_HELP },
        { KEYS_HELP, ACTION_HELP },
        { KEYS_ESC, ACTION_BACK },
        { 'c', ACTION_COPY },
        { 'm', ACTION_MOUSE },
        { 'd', ACTION_CAPTIONS },
        { '[', ACTION_EARLIER },
        { ']', ACTION_LATER },
        { '{', ACTION_EARLIER_CHANGE },
        { '}', ACTION_LATER_CHANGE },
        { '=', ACTION_NOW },
        { KEYS_CTRL_L, ACTION_REPAINT },
        { KEYS_CTRL_Z, ACTION_SUSPEND },
        { 'q', ACTION_QUIT },
        { KEYS_CTRL_C, ACTION_INTERRUPT },
    },
    .count = 50,
};

const struct action_info *
action_info(enum action action)
{
    return &infos[action];
}

enum action
action_parse(const char *name)
{
    for (int a = ACTION_NONE + 1; a < ACTION_COUNT; a++)
        if (strcmp(infos[a].name, name) == 0)
            return (enum action)a;
    return ACTION_NONE;
}

const struct keymap *
keymap_default(void)
{
    return &defaults;
}

enum action
keymap_action(const struct keymap *map, uint32_t key)
{
    for (size_t i = 0; i < map->count; i++)
        if (map->list[i].key == key)
            return map->list[i].action;
    return ACTION_NONE;
}

uint32_t
keymap_key(const struct keymap *map, enum action action, size_t i)
{
    for (size_t b = 0; b < map->count; b++)
        if (map->list[b].action == action && i-- == 0)
            return map->list[b].key;
    return 0;
}

static bool
is_among(uint32_t key, const uint32_t *keys, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (keys[i] == key)
            return true;
    return false;
}

enum lat_err
keymap_bind(struct keymap *map, enum action action, const uint32_t *keys, size_t count)
{
    size_t kept = 0;

    if (map->count + count > KEYMAP_MAX)
        return LAT_LIMIT;
    for (size_t i = 0; i < map->count; i++)
        if (map->list[i].action != action && !is_among(map->list[i].key, keys, count))
            map->list[kept++] = map->list[i];
    for (size_t i = 0; i < count; i++) {
        map->list[kept].key = keys[i];
        map->list[kept++].action = action;
    }
    map->count = kept;
    return LAT_OK;
}
