#include "config.h"

#include "keymap.h"

#include <string.h>

#include "i18n.h"
#include "keys.h"

static const struct action_info infos[ACTION_COUNT] = {
    [ACTION_NONE] = { "", false, NULL },
    [ACTION_FORCE_P2P] = { "p2p", true, N_("force P2P: no fallback while forced (asks first)") },
    [ACTION_FORCE_HTTP] = { "http", true, N_("force HTTP: P2P stops (asks first)") },
    [ACTION_AUTO] = { "auto", true, N_("back to automatic mode, at once") },
    [ACTION_NEXT_PANEL] = { "next_panel", false, N_("next panel") },
    [ACTION_PREVIOUS_PANEL] = { "previous_panel", false, N_("previous panel") },
    [ACTION_GO_PANEL] = { "panel", false, N_("panel by number") },
    [ACTION_UP] = { "up", false, N_("one line up") },
    [ACTION_DOWN] = { "down", false, N_("one line down") },
    [ACTION_PAGE_UP] = { "page_up", false, N_("one page up") },
    [ACTION_PAGE_DOWN] = { "page_down", false, N_("one page down") },
    [ACTION_TOP] = { "top", false, N_("first line") },
    [ACTION_BOTTOM] = { "bottom", false, N_("last line; events: follow the newest") },
    [ACTION_FILTER] = { "filter", false, N_("show only lines that contain a word") },
    [ACTION_NEXT_MATCH] = { "next_match", false, N_("next line that the filter has found") },
    [ACTION_PREVIOUS_MATCH] = { "previous_match", false, N_("the one before") },
    [ACTION_SORT] = { "sort", false, N_("peers: next sort column; events: next source") },
    [ACTION_REVERSE] = { "reverse", false, N_("peers: sort the other way round") },
    [ACTION_LEVEL] = { "level", false, N_("events: least level shown") },
    [ACTION_DETAIL] = { "detail", false, N_("all about the selected line; Esc goes back") },
    [ACTION_ZOOM] = { "zoom", false, N_("this panel on the whole screen; the gauge in big digits") },
    [ACTION_FREEZE] = { "freeze", false, N_("hold the picture; the node goes on") },
    [ACTION_ACKNOWLEDGE] = { "acknowledge", false, N_("acknowledge the first alert") },
    [ACTION_ACKNOWLEDGE_ALL] = { "acknowledge_all", false, N_("acknowledge all alerts") },
    [ACTION_ALERTS] = { "alerts", false, N_("all alerts with their whole texts") },
    [ACTION_HELP] = { "help", false, N_("this help, focused panel first") },
    [ACTION_BACK] = { "back", false, N_("close help, detail, zoom, filter, freeze") },
    [ACTION_COPY] = { "copy", false, N_("this panel as plain text, to be copied; any key returns") },
    [ACTION_WRITE] = { "write", false, N_("this panel into a file, asks for its name; events: every line that passes the filter") },
    [ACTION_MOUSE] = { "mouse", false, N_("mouse on or off (off: the terminal selects text)") },
    [ACTION_CAPTIONS] = { "captions", false, N_("a sentence that says what is going on") },
    [ACTION_EARLIER] = { "earlier", false, N_("back in time, one stored picture") },
    [ACTION_LATER] = { "later", false, N_("forth in time, one stored picture") },
    [ACTION_EARLIER_CHANGE] = { "earlier_change", false, N_("back to the last change of the lungs") },
    [ACTION_LATER_CHANGE] = { "later_change", false, N_("forth to the next change of the lungs") },
    [ACTION_GO_TIME] = { "go_time", false, N_("to a moment of the past: 03:12, -2h, 2026-03-14T03:12:40Z") },
    [ACTION_NOW] = { "now", false, N_("from the past back to now") },
    [ACTION_FLEET] = { "nodes", false, N_("to the view of many nodes, and back to the one it was opened from") },
    [ACTION_ADD] = { "add", false, N_("view of many nodes: add one, for as long as this console runs") },
    [ACTION_REMOVE] = { "remove", false, N_("view of many nodes: remove the selected one (asks first)") },
    [ACTION_RETRY] = { "retry", false, N_("view of many nodes: try the selected one again at once") },
    [ACTION_REPAINT] = { "repaint", false, N_("paint the whole screen anew") },
    [ACTION_SUSPEND] = { "suspend", false, N_("suspend, and with it a node that runs in here; `fg` brings both back") },
    [ACTION_QUIT] = { "quit", false, N_("leave; asks when the node runs in here") },
    [ACTION_INTERRUPT] = { "interrupt", false, N_("as quit; twice within 2 s stops at once") },
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
        { 'k', ACTION_UP },
        { KEYS_ARROW_UP, ACTION_UP },
        { 'j', ACTION_DOWN },
        { KEYS_ARROW_DOWN, ACTION_DOWN },
        { KEYS_PAGE_UP, ACTION_PAGE_UP },
        { KEYS_PAGE_DOWN, ACTION_PAGE_DOWN },
        { 'g', ACTION_TOP },
        { KEYS_TO_HOME, ACTION_TOP },
        { 'G', ACTION_BOTTOM },
        { KEYS_TO_END, ACTION_BOTTOM },
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
        { 'A', ACTION_ALERTS },
        { '?', ACTION_HELP },
        { KEYS_HELP, ACTION_HELP },
        { KEYS_ESC, ACTION_BACK },
        { 'c', ACTION_COPY },
        { 'w', ACTION_WRITE },
        { 'm', ACTION_MOUSE },
        { 'd', ACTION_CAPTIONS },
        { '[', ACTION_EARLIER },
        { ']', ACTION_LATER },
        { '{', ACTION_EARLIER_CHANGE },
        { '}', ACTION_LATER_CHANGE },
        { '@', ACTION_GO_TIME },
        { '=', ACTION_NOW },
        { 'o', ACTION_FLEET },
        { '+', ACTION_ADD },
        { '-', ACTION_REMOVE },
        { 'r', ACTION_RETRY },
        { KEYS_CTRL_L, ACTION_REPAINT },
        { KEYS_CTRL_Z, ACTION_SUSPEND },
        { 'q', ACTION_QUIT },
        { KEYS_CTRL_C, ACTION_INTERRUPT },
    },
    .count = 57,
};

const struct action_info *
action_info(enum action action)
{
    return &infos[action];
}

bool
action_works(enum action action, enum keymap_place place)
{
    switch (action) {
    case ACTION_ADD:
    case ACTION_REMOVE:
    case ACTION_RETRY:
        return place == KEYMAP_FLEET;
    case ACTION_NEXT_PANEL:
    case ACTION_PREVIOUS_PANEL:
    case ACTION_GO_PANEL:
    case ACTION_SORT:
    case ACTION_REVERSE:
    case ACTION_LEVEL:
    case ACTION_ALERTS:
    case ACTION_ZOOM:
    case ACTION_WRITE:
    case ACTION_CAPTIONS:
    case ACTION_EARLIER:
    case ACTION_LATER:
    case ACTION_EARLIER_CHANGE:
    case ACTION_LATER_CHANGE:
    case ACTION_GO_TIME:
    case ACTION_NOW:
        return place == KEYMAP_NODE;
    default:
        return true;
    }
}

int
action_step(enum action action, int count, int page)
{
    switch (action) {
    case ACTION_UP:
        return -1;
    case ACTION_DOWN:
        return 1;
    case ACTION_PAGE_UP:
        return -page;
    case ACTION_PAGE_DOWN:
        return page;
    case ACTION_TOP:
        return -count;
    case ACTION_BOTTOM:
        return count;
    default:
        return 0;
    }
}

int
action_scroll(enum action action, int top, int max, int page)
{
    top += action_step(action, max, page);
    if (top > max)
        top = max;
    return top < 0 ? 0 : top;
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
