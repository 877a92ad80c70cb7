#include "config.h"

#include "keymap.h"

#include "keys.h"

static const struct action_info infos[ACTION_COUNT] = {
    [ACTION_NONE] = { NULL, 0, false, NULL },
    [ACTION_FORCE_P2P] = { "P2P", 3, true, "force P2P: no fallback while forced (asks first)" },
    [ACTION_FORCE_HTTP] = { "HTTP", 4, true, "force HTTP: P2P stops (asks first)" },
    [ACTION_AUTO] = { "AUTO", 5, true, "back to automatic mode, at once" },
    [ACTION_NEXT_PANEL] = { "panel", 6, false, "next panel" },
    [ACTION_PREVIOUS_PANEL] = { NULL, 0, false, "previous panel" },
    [ACTION_GO_PANEL] = { NULL, 0, false, "panel by number" },
    [ACTION_UP] = { NULL, 0, false, "one line up" },
    [ACTION_DOWN] = { NULL, 0, false, "one line down" },
    [ACTION_PAGE_UP] = { NULL, 0, false, "one page up" },
    [ACTION_PAGE_DOWN] = { NULL, 0, false, "one page down" },
    [ACTION_TOP] = { NULL, 0, false, "first line" },
    [ACTION_BOTTOM] = { NULL, 0, false, "last line; events: follow the newest" },
    [ACTION_FILTER] = { "filter", 7, false, "show only lines that contain a word" },
    [ACTION_ZOOM] = { "zoom", 8, false, "this panel on the whole screen, with details" },
    [ACTION_FREEZE] = { "freeze", 9, false, "hold the picture; the node goes on" },
    [ACTION_ACKNOWLEDGE] = { NULL, 0, false, "acknowledge the first alert" },
    [ACTION_ACKNOWLEDGE_ALL] = { NULL, 0, false, "acknowledge all alerts" },
    [ACTION_HELP] = { "help", 2, false, "this help, focused panel first" },
    [ACTION_BACK] = { NULL, 0, false, "close help, zoom, filter, freeze" },
    [ACTION_REPAINT] = { NULL, 0, false, "paint the whole screen anew" },
    [ACTION_SUSPEND] = { NULL, 0, false, "suspend; `fg` brings it back" },
    [ACTION_QUIT] = { "quit", 1, false, "leave; asks when the node runs in here" },
    [ACTION_INTERRUPT] = { NULL, 0, false, "as quit; twice within 2 s stops at once" },
};

static const struct {
    uint32_t key;
    enum action action;
} bindings[] = {
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
    { 'z', ACTION_ZOOM },
    { KEYS_ENTER, ACTION_ZOOM },
    { ' ', ACTION_FREEZE },
    { 'x', ACTION_ACKNOWLEDGE },
    { 'Z', ACTION_ACKNOWLEDGE_ALL },
    { '?', ACTION_HELP },
    { KEYS_HELP, ACTION_HELP },
    { KEYS_ESC, ACTION_BACK },
    { KEYS_CTRL_L, ACTION_REPAINT },
    { KEYS_CTRL_Z, ACTION_SUSPEND },
    { 'q', ACTION_QUIT },
    { KEYS_CTRL_C, ACTION_INTERRUPT },
};
#define BINDING_COUNT (sizeof(bindings) / sizeof(bindings[0]))

const struct action_info *
action_info(enum action action)
{
    return &infos[action];
}

enum action
keymap_action(uint32_t key)
{
    for (size_t i = 0; i < BINDING_COUNT; i++)
        if (bindings[i].key == key)
            return bindings[i].action;
    return ACTION_NONE;
}

uint32_t
keymap_key(enum action action, size_t i)
{
    for (size_t b = 0; b < BINDING_COUNT; b++)
        if (bindings[b].action == action && i-- == 0)
            return bindings[b].key;
    return 0;
}
