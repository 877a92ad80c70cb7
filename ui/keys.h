/*
 * keys.h - bytes from a terminal, turned into keys: UTF-8 text, control characters, and the escape sequences
 * of the cursor block as xterm, screen, linux and vt terminals send them.
 *
 * A lone ESC is told from the beginning of a sequence by time: the caller asks again with `late` set when
 * KEYS_ESC_DELAY_MS have passed without more bytes. Sequences that mean nothing here are swallowed whole.
 * Text between the marks of a bracketed paste comes with `pasted` set, so that it cannot act as commands.
 * Pure.
 */
#ifndef LAT_UI_KEYS_H
#define LAT_UI_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KEYS_ESC_DELAY_MS 25
#define KEYS_PENDING_MAX 4096

/* Keys without a code point of their own stand behind the last one. */
enum key_code {
    KEYS_CTRL_C = 0x03,
    KEYS_TAB = 0x09,
    KEYS_CTRL_L = 0x0c,
    KEYS_ENTER = 0x0d,
    KEYS_CTRL_U = 0x15,
    KEYS_CTRL_Z = 0x1a,
    KEYS_ESC = 0x1b,
    KEYS_RUBOUT = 0x7f,
    KEYS_ARROW_UP = 0x110000,
    KEYS_ARROW_DOWN,
    KEYS_ARROW_LEFT,
    KEYS_ARROW_RIGHT,
    KEYS_PAGE_UP,
    KEYS_PAGE_DOWN,
    KEYS_TO_HOME,
    KEYS_TO_END,
    KEYS_BACK_TAB,
    KEYS_HELP,
    KEYS_MOUSE, /* a click or a turn of the wheel; struct key_press says where */
};

enum mouse_kind { MOUSE_CLICK, MOUSE_WHEEL_UP, MOUSE_WHEEL_DOWN };

struct keys {
    uint8_t pending[KEYS_PENDING_MAX];
    size_t len;
    bool pasting;
    enum mouse_kind mouse; /* of the KEYS_MOUSE just taken */
    int x, y;
};

struct key_press {
    uint32_t key; /* code point or enum key_code; Enter is always KEYS_ENTER, both backspaces KEYS_RUBOUT */
    bool pasted;
    enum mouse_kind mouse; /* KEYS_MOUSE */
    int x, y;              /* KEYS_MOUSE: cell, from 0 */
};

/* Append bytes; what does not fit is dropped (nobody types 4 KiB at once). */
void keys_feed(struct keys *keys, const void *bytes, size_t len);

/* Take the next key. False: none, or an unfinished sequence while not late. */
bool keys_next(struct keys *keys, bool late, struct key_press *press);

/* Are bytes waiting that only time can decide? */
bool keys_undecided(const struct keys *keys);

/* "p", "Tab", "Ctrl-L", "PgUp", ...: for captions and help. Static storage or buf. */
const char *key_name(uint32_t key, char buf[8]);

/* The reverse: "p", "Tab", "Ctrl-L", any single character. 0: no such key. */
uint32_t key_parse(const char *name);

#endif
