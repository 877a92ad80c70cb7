#include "config.h"

#include "help.h"

#include <stdio.h>
#include <string.h>

#include "fleet.h"
#include "i18n.h"
#include "keymap.h"
#include "keys.h"
#include "panel.h"
#include "pen.h"

#define KEYS_COLS 18

static void
section(struct pen *pen, const char *title, const char *const *lines)
{
    pen_put(pen, 1, STYLE_HEAD, title);
    pen->line++;
    for (int i = 0; lines[i]; i++)
        pen_put_long(pen, 3, STYLE_TEXT, _(lines[i]));
    pen->line++;
}

static void
panel_lines(struct pen *pen, const struct panel *panel)
{
    section(pen, _(panel->title), panel->help);
}

/* "k Up", "1 2 3 4 5 6": all keys of an action. */
static void
keys_text(const struct keymap *map, enum action action, char *out, size_t size)
{
    uint32_t key;
    size_t used = 0;
    char name[8];

    out[0] = 0;
    for (size_t i = 0; (key = keymap_key(map, action, i)) != 0 && used < size; i++)
        used += (size_t)snprintf(out + used, size - used, "%s%s", i > 0 ? " " : "", key_name(key, name));
}

static void
key_lines(struct pen *pen, const struct keymap *map, enum keymap_place place)
{
    char keys[64];

    pen_put(pen, 1, STYLE_HEAD, _("KEYS"));
    pen->line++;
    for (int a = 1; a < ACTION_COUNT; a++) {
        if (!action_works((enum action)a, place))
            continue;
        keys_text(map, (enum action)a, keys, sizeof(keys));
        pen_put(pen, 3, STYLE_KEY, keys);
        pen_put_long(pen, 3 + KEYS_COLS, STYLE_TEXT, _(action_info((enum action)a)->help));
    }
    pen->line++;
}

static void
glyph_line(struct pen *pen)
{
    pen_put_long(pen, 1, STYLE_TEXT, _("Glyphs: * good   o idle   ! attention   X alarm   ? unknown or old   > selected"));
}

static void
all_lines(struct pen *pen, const struct model *model)
{
    panel_lines(pen, panel_of(model->focus));
    key_lines(pen, &model->settings.keymap, KEYMAP_NODE);
    for (int id = 0; id < PANEL_COUNT; id++)
        if (id != (int)model->focus)
            panel_lines(pen, panel_of((enum panel_id)id));
    glyph_line(pen);
}

static void
fleet_lines(struct pen *pen, const struct keymap *map)
{
    section(pen, _("NODES"), fleet_help);
    key_lines(pen, map, KEYMAP_FLEET);
    glyph_line(pen);
}

int
help_top_max(const struct model *model, int rows)
{
    struct pen pen = { .area = NULL, .cols = model->cols };

    all_lines(&pen, model);
    return pen.line > rows ? pen.line - rows : 0;
}

void
help_draw(const struct area *area, const struct model *model)
{
    int max = help_top_max(model, area->rows);
    struct pen pen = { .area = area, .cols = area->cols, .unicode = area->canvas->unicode, .top = model->help_top < max ? model->help_top : max };

    all_lines(&pen, model);
}

int
help_fleet_top_max(const struct keymap *map, int cols, int rows)
{
    struct pen pen = { .area = NULL, .cols = cols };

    fleet_lines(&pen, map);
    return pen.line > rows ? pen.line - rows : 0;
}

void
help_fleet_draw(const struct area *area, const struct keymap *map, int top)
{
    int max = help_fleet_top_max(map, area->cols, area->rows);
    struct pen pen = { .area = area, .cols = area->cols, .unicode = area->canvas->unicode, .top = top < max ? top : max };

    fleet_lines(&pen, map);
}

void
help_draw_head(const struct area *screen, int y, const struct caps *caps)
{
    area_fill(screen, 0, y, screen->cols, STYLE_HEAD, caps->charset->rule_focus);
    area_text(screen, 1, y, STYLE_HEAD, _(" HELP "));
    if (screen->cols >= 48)
        area_text_right(screen, screen->cols - 2, y, STYLE_COLUMN, _(" j k PgUp PgDn scroll  Esc closes "));
}
