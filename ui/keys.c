#include "config.h"

#include "keys.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "base/wipe.h"
#include "canvas.h"

#define SEQUENCE_MAX 24 /* longer than any sequence of a key: line noise */

void
keys_feed(struct keys *keys, const void *bytes, size_t len)
{
    size_t room = sizeof(keys->pending) - keys->len;

    if (len > room)
        len = room;
    memcpy(keys->pending + keys->len, bytes, len);
    keys->len += len;
}

static void
drop(struct keys *keys, size_t n)
{
    keys->len -= n;
    memmove(keys->pending, keys->pending + n, keys->len);
    lat_wipe(keys->pending + keys->len, n); /* it may have been of a passphrase */
}

/* What a sequence says, by its letter (CSI and SS3). 0: nothing to us. */
static uint32_t
key_of_letter(uint8_t letter)
{
    switch (letter) {
    case 'A':
        return KEYS_ARROW_UP;
    case 'B':
        return KEYS_ARROW_DOWN;
    case 'C':
        return KEYS_ARROW_RIGHT;
    case 'D':
        return KEYS_ARROW_LEFT;
    case 'H':
        return KEYS_TO_HOME;
    case 'F':
        return KEYS_TO_END;
    case 'P':
        return KEYS_HELP; /* F1 */
    case 'Z':
        return KEYS_BACK_TAB;
    case 'M':
        return KEYS_ENTER; /* of the keypad, SS3 */
    default:
        return 0;
    }
}

/* The same for "ESC [ number ~". */
static uint32_t
key_of_number(unsigned number)
{
    switch (number) {
    case 1:
    case 7:
        return KEYS_TO_HOME;
    case 4:
    case 8:
        return KEYS_TO_END;
    case 5:
        return KEYS_PAGE_UP;
    case 6:
        return KEYS_PAGE_DOWN;
    case 11:
        return KEYS_HELP;
    default:
        return 0;
    }
}

/* Length of the CSI sequence at the front, its final byte included; 0: unfinished. */
static size_t
csi_length(const struct keys *keys)
{
    for (size_t i = 2; i < keys->len && i < SEQUENCE_MAX; i++) {
        uint8_t byte = keys->pending[i];

        if (byte == '[' && i == 2)
            continue; /* the linux console's function keys: ESC [ [ A */
        if (byte < 0x20 || byte > 0x7e)
            return i; /* broken off: the byte is not ours */
        if (byte >= 0x40)
            return i + 1;
    }
    return keys->len >= SEQUENCE_MAX ? SEQUENCE_MAX : 0;
}

/* "ESC [ < button ; x ; y M": a press (M), no release (m), in the coordinates of mode 1006. */
static uint32_t
mouse_key(struct keys *keys, size_t len)
{
    unsigned figures[3] = { 0 }, at = 0;

    for (size_t i = 3; i + 1 < len; i++) {
        uint8_t byte = keys->pending[i];

        if (byte == ';' && at < 2)
            at++;
        else if (byte >= '0' && byte <= '9' && figures[at] < 10000)
            figures[at] = figures[at] * 10 + (unsigned)(byte - '0');
        else
            return 0;
    }
    if (at != 2 || keys->pending[len - 1] != 'M' || figures[1] == 0 || figures[2] == 0)
        return 0;
    if (figures[0] != 0 && figures[0] != 64 && figures[0] != 65)
        return 0; /* other buttons, modifiers */
    keys->mouse = figures[0] == 0 ? MOUSE_CLICK : figures[0] == 64 ? MOUSE_WHEEL_UP : MOUSE_WHEEL_DOWN;
    keys->x = (int)figures[1] - 1;
    keys->y = (int)figures[2] - 1;
    return KEYS_MOUSE;
}

static uint32_t
csi_key(struct keys *keys, size_t len)
{
    unsigned number = 0;
    uint8_t last = keys->pending[len - 1];

    if (len > 3 && keys->pending[2] == '[')
        return last == 'A' ? KEYS_HELP : 0;
    if (len > 3 && keys->pending[2] == '<')
        return mouse_key(keys, len);
    for (size_t i = 2; i < len && keys->pending[i] >= '0' && keys->pending[i] <= '9' && number < 1000; i++)
        number = number * 10 + (unsigned)(keys->pending[i] - '0');
    if (last == '~' && (number == 200 || number == 201)) {
        keys->pasting = number == 200;
        return 0;
    }
    if (last == '~')
        return key_of_number(number);
    return last == 'M' ? 0 : key_of_letter(last);
}

enum outcome { TAKEN, NOTHING, UNFINISHED };

/* ESC stands at the front. TAKEN: *key is one; NOTHING: bytes were swallowed. */
static enum outcome
take_escape(struct keys *keys, bool late, uint32_t *key)
{
    size_t len = 0;

    if (keys->len > 1 && keys->pending[1] == '[')
        len = csi_length(keys);
    else if (keys->len > 2 && keys->pending[1] == 'O')
        len = 3;
    else if (keys->len > 1 && keys->pending[1] != 'O') {
        drop(keys, 1); /* Esc, then another key in the same read */
        *key = KEYS_ESC;
        return TAKEN;
    }
    if (len == 0) {
        if (!late)
            return UNFINISHED;
        drop(keys, 1);
        *key = KEYS_ESC;
        return TAKEN;
    }
    *key = keys->pending[1] == 'O' ? key_of_letter(keys->pending[2]) : csi_key(keys, len);
    drop(keys, len);
    return *key ? TAKEN : NOTHING;
}

static enum outcome
take_text(struct keys *keys, bool late, uint32_t *key)
{
    uint8_t first = keys->pending[0];
    size_t want = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc0 ? 2 : 1;
    size_t used = lat_utf8_next(keys->pending, keys->len, key);

    if (used == 0 && keys->len < want && !late)
        return UNFINISHED;
    drop(keys, used ? used : 1);
    if (used == 0)
        return NOTHING;
    if (*key == 0x08)
        *key = KEYS_RUBOUT;
    if (*key == '\n')
        *key = KEYS_ENTER;
    return TAKEN;
}

bool
keys_next(struct keys *keys, bool late, struct key_press *press)
{
    while (keys->len > 0) {
        uint32_t key = 0;
        bool escape = keys->pending[0] == KEYS_ESC;

        switch (escape ? take_escape(keys, late, &key) : take_text(keys, late, &key)) {
        case TAKEN:
            *press = (struct key_press){
                .key = key, .pasted = keys->pasting, .mouse = keys->mouse, .x = keys->x, .y = keys->y
            };
            return true;
        case NOTHING:
            break;
        case UNFINISHED:
            return false;
        }
    }
    return false;
}

bool
keys_undecided(const struct keys *keys)
{
    return keys->len > 0;
}

static const struct {
    uint32_t key;
    const char *name;
} names[] = {
    { KEYS_TAB, "Tab" },
    { KEYS_ENTER, "Enter" },
    { KEYS_ESC, "Esc" },
    { ' ', "Space" },
    { KEYS_ARROW_UP, "Up" },
    { KEYS_ARROW_DOWN, "Down" },
    { KEYS_ARROW_LEFT, "Left" },
    { KEYS_ARROW_RIGHT, "Right" },
    { KEYS_PAGE_UP, "PgUp" },
    { KEYS_PAGE_DOWN, "PgDn" },
    { KEYS_TO_HOME, "Home" },
    { KEYS_TO_END, "End" },
    { KEYS_BACK_TAB, "Shift-Tab" },
    { KEYS_HELP, "F1" },
};
#define NAME_COUNT (sizeof(names) / sizeof(names[0]))

const char *
key_name(uint32_t key, char buf[8])
{
    for (size_t i = 0; i < NAME_COUNT; i++)
        if (names[i].key == key)
            return names[i].name;
    if (key < 0x20)
        snprintf(buf, 8, "Ctrl-%c", (int)(key + 0x40));
    else if (key <= 0x10ffff && !lat_is_unsafe(key))
        buf[text_put_utf8(key, buf)] = 0;
    else
        snprintf(buf, 8, "?");
    return buf;
}

uint32_t
key_parse(const char *name)
{
    uint32_t key = 0;
    size_t len = strlen(name);

    for (size_t i = 0; i < NAME_COUNT; i++)
        if (strcasecmp(names[i].name, name) == 0)
            return names[i].key;
    if (len == 6 && strncasecmp(name, "Ctrl-", 5) == 0 && name[5] >= '@' && name[5] <= 'z')
        return (uint32_t)(name[5] & 0x1f);
    if (lat_utf8_next((const uint8_t *)name, len, &key) == len && len > 0 && key > 0x20 && !lat_is_unsafe(key))
        return key;
    return 0;
}
