#include "config.h"

#include "keymap.h"

#include <string.h>

#include "i18n.h"
#include "keys.h"

static const struct action_info infos[ACTION_COUNT] = {
    [ACTION_NONE] = { "", NULL, 0, false, NULL },
    [ACTION_FORCE_P2P] = { "p2p", "P2P", 3, true, N_("force P2P: no fallback while forced (asks first)") },
    [ACTION_FORCE_HTTP] = { "http", "HTTP", 4, true, N_("force HTTP: P2P stops (asks first)") },
    [ACTION_AUTO] = { "auto", "AUTO", 5, true, N_("back to automatic mode, at once") },
    [ACTION_NEXT_PANEL] = { "next_panel", N_("panel"), 6, false, N_("next panel") },
    [ACTION_PREVIOUS_PANEL] = { "previous_panel", NULL, 0, false, N_("previous panel") },
    [ACTION_GO_PANEL] = { "panel", NULL, 0, false, N_("panel by number") },
    [ACTION_UP] = { "up", NULL, 0, false, N_("one line up") },
    [ACTION_DOWN] = { "down", NULL, 0, false, N_("one line down") },
    [ACTION_PAGE_UP] = { "page_up", NULL, 0, false, N_("one page up") },
    [ACTION_PAGE_DOWN] = { "page_down", NULL, 0, false, N_("one page down") },
    [ACTION_TOP] = { "top", NULL, 0, false, N_("first line") },
    [ACTION_BOTTOM] = { "bottom", NULL, 0, false, N_("last line; events: follow the newest") },
    [ACTION_FILTER] = { "filter", N_("filter"), 7, false, N_("show only lines that contain a word") },
    [ACTION_NEXT_MATCH] = { "next_match", N_("match"), 18, false, N_("next line that the filter has found") },
    [ACTION_PREVIOUS_MATCH] = { "previous_match", NULL, 0, false, N_("the one before") },
    [ACTION_SORT] = { "sort", N_("sort"), 13, false, N_("peers: next sort column; events: next source") },
    [ACTION_REVERSE] = { "reverse", NULL, 0, false, N_("peers: sort the other way round") },
    [ACTION_LEVEL] = { "level", N_("level"), 14, false, N_("events: least level shown") },
    [ACTION_DETAIL] = { "detail", N_("open"), 10, false, N_("all about the selected line; Esc goes back") },
    [ACTION_ZOOM] = { "zoom", N_("zoom"), 8, false, N_("this panel on the whole screen; the gauge in big digits") },
    [ACTION_FREEZE] = { "freeze", N_("freeze"), 9, false, N_("hold the picture; the node goes on") },
    [ACTION_ACKNOWLEDGE] = { "acknowledge", N_("ack"), 11, false, N_("acknowledge the first alert") },
    [ACTION_ACKNOWLEDGE_ALL] = { "acknowledge_all", NULL, 0, false, N_("acknowledge all alerts") },
    [ACTION_HELP] = { "help", N_("help"), 2, false, N_("this help, focused panel first") },
    [ACTION_BACK] = { "back", N_("back"), 21, false, N_("close help, detail, zoom, filter, freeze") },
    [ACTION_COPY] = { "copy", N_("copy"), 12, false, N_("this panel as plain text, to be copied; any key returns") },
    [ACTION_MOUSE] = { "mouse", N_("mouse"), 20, false, N_("mouse on or off (off: the terminal selects text)") },
    [ACTION_CAPTIONS] = { "captions", N_("caption"), 19, false, N_("a sentence that says what is going on") },
    [ACTION_EARLIER] = { "earlier", N_("step"), 15, false, N_("back in time, one stored picture") },
    [ACTION_LATER] = { "later", NULL, 0, false, N_("forth in time, one stored picture") },
    [ACTION_EARLIER_CHANGE] = { "earlier_change", N_("change"), 16, false, N_("back to the last change of the lungs") },
    [ACTION_LATER_CHANGE] = { "later_change", NULL, 0, false, N_("forth to the next change of the lungs") },
    [ACTION_GO_TIME] = { "go_time", N_("time"), 22, false, N_("to a moment of the past: 03:12, -2h, 2026-03-14T03:12:40Z") },
    [ACTION_NOW] = { "now", N_("now"), 17, false, N_("from the past back to now") },
    [ACTION_REPAINT] = { "repaint", NULL, 0, false, N_("paint the whole screen anew") },
    [ACTION_SUSPEND] = { "suspend", NULL, 0, false, N_("suspend; `fg` brings it back") },
    [ACTION_QUIT] = { "quit", N_("quit"), 1, false, N_("leave; asks when the node runs in here") },
    [ACTION_INTERRUPT] = { "interrupt", NULL, 0, false, N_("as quit; twice within 2 s stops at once") },
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
        { '@', ACTION_GO_TIME },
        { '=', ACTION_NOW },
        { KEYS_CTRL_L, ACTION_REPAINT },
        { KEYS_CTRL_Z, ACTION_SUSPEND },
        { 'q', ACTION_QUIT },
        { KEYS_CTRL_C, ACTION_INTERRUPT },
    },
    .count = 51,
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
