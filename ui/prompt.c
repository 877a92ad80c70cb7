#include "config.h"

#include "prompt.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "base/wipe.h"
#include "i18n.h"

void
prompt_open(struct prompt *prompt, enum prompt_kind kind, const char *text)
{
    *prompt = (struct prompt){ .kind = kind };
    lat_copy(prompt->text, sizeof(prompt->text), text);
}

void
prompt_close(struct prompt *prompt)
{
    lat_wipe(prompt, sizeof(*prompt));
}

static enum prompt_answer
force_key(uint32_t key)
{
    if (key == 'y')
        return ANSWER_ALWAYS;
    return key == 't' ? ANSWER_TIMED : ANSWER_NO;
}

static enum prompt_answer
quit_key(uint32_t key)
{
    if (key == 's')
        return ANSWER_STOP;
    return key == 'l' ? ANSWER_LEAVE : ANSWER_NO;
}

static enum prompt_answer
remove_key(uint32_t key)
{
    return key == 'y' ? ANSWER_YES : ANSWER_NO;
}

static void
rub_out(char *text)
{
    size_t len = strlen(text);

    while (len > 0 && ((unsigned char)text[len - 1] & 0xc0) == 0x80)
        len--;
    if (len > 0)
        len--;
    text[len] = 0;
}

/* Append a code point, if it is text and there is room. */
static void
type(char *text, size_t size, uint32_t key)
{
    size_t len = strlen(text);

    if (key < 0x20 || key > 0x10ffff || lat_is_unsafe(key) || len + 5 > size)
        return;
    len += text_put_utf8(key, text + len);
    text[len] = 0;
}

/* All but y, n and Esc is left alone: a no holds for as long as the console runs. */
static enum prompt_answer
host_key_key(uint32_t key)
{
    if (key == 'y')
        return ANSWER_YES;
    return key == 'n' || key == KEYS_ESC ? ANSWER_NO : ANSWER_NONE;
}

/* An edit of a line of text. */
static void
edit(char *text, size_t size, uint32_t key)
{
    if (key == KEYS_RUBOUT)
        rub_out(text);
    else if (key == KEYS_CTRL_U)
        lat_wipe(text, size);
    else
        type(text, size, key);
}

/* Enter with nothing typed gives none. */
static enum prompt_answer
secret_key(struct prompt *prompt, const struct key_press *press)
{
    if (press->pasted || (press->key != KEYS_ESC && press->key != KEYS_ENTER)) {
        edit(prompt->text, sizeof(prompt->text), press->key);
        return ANSWER_NONE;
    }
    return press->key == KEYS_ENTER && prompt->text[0] ? ANSWER_TEXT : ANSWER_NO;
}

static enum prompt_answer
text_key(struct prompt *prompt, const struct key_press *press)
{
    struct filter filter;
    struct lat_msg why = { "" };

    prompt->error[0] = 0;
    if (press->key == KEYS_ESC && !press->pasted)
        return ANSWER_NO;
    if (press->key == KEYS_ENTER && !press->pasted) {
        if (prompt->kind != PROMPT_FILTER || filter_parse(prompt->text, &filter, &why) == LAT_OK)
            return ANSWER_TEXT;
        lat_copy(prompt->error, sizeof(prompt->error), why.text);
    } else if (press->key == KEYS_ARROW_UP && prompt->kind == PROMPT_FILTER)
        lat_copy(prompt->text, sizeof(prompt->text), prompt->last);
    else
        edit(prompt->text, prompt->kind == PROMPT_FILTER ? FILTER_TEXT_MAX : sizeof(prompt->text), press->key);
    return ANSWER_NONE;
}

enum prompt_answer
prompt_key(struct prompt *prompt, const struct key_press *press)
{
    enum prompt_answer answer = ANSWER_NONE;

    if (press->pasted && prompt->kind != PROMPT_FILTER && prompt->kind != PROMPT_WRITE && prompt->kind != PROMPT_SECRET &&
        prompt->kind != PROMPT_ADD)
        return ANSWER_NONE;
    switch (prompt->kind) {
    case PROMPT_CLOSED:
        break;
    case PROMPT_FORCE_P2P:
    case PROMPT_FORCE_HTTP:
        answer = force_key(press->key);
        break;
    case PROMPT_QUIT:
        answer = quit_key(press->key);
        break;
    case PROMPT_FILTER:
    case PROMPT_NAME:
    case PROMPT_TIME:
    case PROMPT_WRITE:
    case PROMPT_ADD:
        answer = text_key(prompt, press);
        break;
    case PROMPT_HOST_KEY:
        answer = host_key_key(press->key);
        break;
    case PROMPT_SECRET:
        answer = secret_key(prompt, press);
        break;
    case PROMPT_REMOVE:
        answer = remove_key(press->key);
        break;
    }
    if (answer != ANSWER_NONE)
        prompt->kind = PROMPT_CLOSED;
    return answer;
}

/* The longest of three wordings that fits. */
static void
draw_question(const struct area *area, const char *const wordings[3])
{
    int i = 0;

    while (i < 2 && text_width(wordings[i], area->canvas->unicode) >= area->cols)
        i++;
    area_text_cut(area, 0, 0, area->cols - 1, STYLE_PROMPT, wordings[i]);
}

static void
draw_force(const struct area *area, const char *mode, const char *consequence, const char *node)
{
    char wide[160], medium[112], narrow[48];

    snprintf(wide, sizeof(wide), _(" Force %s on %.64s?  %s  y forever  t 10 min  n/Esc no"), mode, node,
             consequence);
    snprintf(medium, sizeof(medium), _(" Force %s on %.40s?  y forever  t 10 min  n no"), mode, node);
    snprintf(narrow, sizeof(narrow), _(" %s? y forever  t 10 min  n no"), mode);
    draw_question(area, (const char *const[]){ wide, medium, narrow });
}

/* " /word_", " Type lisbon-1 to force HTTP: _": what is typed, with the cursor behind it. */
static void
draw_typed(const struct prompt *prompt, const char *text, const struct area *area, const char *label, const char *keys)
{
    int x = area_text(area, 0, 0, STYLE_PROMPT, label), room = area->cols - x - 1;

    while (*text && text_width(text, area->canvas->unicode) > room)
        do
            text++; /* show the end of what is typed */
        while (((unsigned char)*text & 0xc0) == 0x80);
    x = area_text(area, x, 0, STYLE_PROMPT, text);
    if (x < area->cols) {
        area->canvas->cursor_x = area->x + x;
        area->canvas->cursor_y = area->y;
    }
    if (prompt->error[0])
        area_printf(area, x + 2, 0, STYLE_PROMPT, "%s", prompt->error);
    else if (room - x > 40)
        area_text_right(area, area->cols - 1, 0, STYLE_PROMPT, keys);
}

static void
draw_remove(const struct area *area, const char *node)
{
    char wide[160], narrow[96];

    snprintf(wide, sizeof(wide), _(" Remove %.64s from this view?  It goes on running.  y yes  n/Esc no"), node);
    snprintf(narrow, sizeof(narrow), _(" Remove %.64s?  y yes  n/Esc no"), node);
    draw_question(area, (const char *const[]){ wide, narrow, _(" Remove it?  y yes  n no") });
}

static void
draw_name(const struct prompt *prompt, const struct area *area, const char *node)
{
    char label[160];

    snprintf(label, sizeof(label), _(" Type %.64s to force %s%s: "), node, prompt->forcing == PROMPT_FORCE_P2P ? "P2P" : "HTTP",
             prompt->timed ? _(" for 10 min") : "");
    draw_typed(prompt, prompt->text, area, label, _("Enter force  Esc no"));
}

/* A star for each character. */
static void
draw_secret(const struct prompt *prompt, const struct area *area)
{
    char stars[PROMPT_TEXT_MAX] = "";
    size_t count = 0;

    for (const char *at = prompt->text; *at; at++)
        if (((unsigned char)*at & 0xc0) != 0x80)
            stars[count++] = '*';
    draw_typed(prompt, stars, area, _(" Passphrase: "), _("Enter give  Ctrl-U clear  Esc none"));
}

void
prompt_draw(const struct prompt *prompt, const char *node, const struct area *area)
{
    const char *const quit[3] = { _(" Node is running.  s stop  l leave it running  Esc back"),
                                         _(" Node is running.  s stop  l leave  Esc"), _(" s stop  l leave  Esc") };
    const char *const host[3] = { _(" Is it the right host?  y yes, and remember it  n/Esc no"), _(" The right host?  y yes  n/Esc no"),
                                  _(" y yes  n/Esc no") };

    area_fill(area, 0, 0, area->cols, STYLE_PROMPT, ' ');
    switch (prompt->kind) {
    case PROMPT_CLOSED:
        break;
    case PROMPT_FORCE_P2P:
        draw_force(area, "P2P", _("No HTTP fallback."), node);
        break;
    case PROMPT_FORCE_HTTP:
        draw_force(area, "HTTP", _("P2P stops syncing."), node);
        break;
    case PROMPT_QUIT:
        draw_question(area, quit);
        break;
    case PROMPT_FILTER:
        draw_typed(prompt, prompt->text, area, " /", prompt->last[0] ? _("Enter show  Up last  Ctrl-U clear  Esc back") : _("Enter show  Ctrl-U clear  Esc back"));
        break;
    case PROMPT_TIME:
        draw_typed(prompt, prompt->text, area, _(" Go to (03:12, -2h): "), _("Enter go  Esc back"));
        break;
    case PROMPT_WRITE:
        draw_typed(prompt, prompt->text, area, _(" Write to a new file: "), _("Enter write  Ctrl-U clear  Esc no"));
        break;
    case PROMPT_NAME:
        draw_name(prompt, area, node);
        break;
    case PROMPT_HOST_KEY:
        draw_question(area, host);
        break;
    case PROMPT_SECRET:
        draw_secret(prompt, area);
        break;
    case PROMPT_ADD:
        draw_typed(prompt, prompt->text, area, _(" Add (ssh://HOST, http://..): "), _("Enter add  Esc back"));
        break;
    case PROMPT_REMOVE:
        draw_remove(area, node);
        break;
    }
}
