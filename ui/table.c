#include "config.h"

#include "table.h"

#include <string.h>

#include "i18n.h"

static int
width_of(const struct table *table)
{
    int sum = 0;

    for (int i = 0; i < table->count; i++)
        if (table->width[i] > 0)
            sum += table->width[i] + 1;
    return sum > 0 ? sum - 1 : 0;
}

/* Leave out the column that matters least. False: only rank 0 is left. */
static bool
drop_one(struct table *table)
{
    int worst = -1;

    for (int i = 0; i < table->count; i++)
        if (table->width[i] > 0 && table->columns[i].rank > 0 &&
            (worst < 0 || table->columns[i].rank > table->columns[worst].rank))
            worst = i;
    if (worst < 0)
        return false;
    table->width[worst] = 0;
    return true;
}

/* Give what is left over to the growing columns, from left to right. */
static void
grow(struct table *table, int spare)
{
    for (int i = 0; i < table->count && spare > 0; i++) {
        int more = table->columns[i].width_max - table->width[i];

        if (table->width[i] == 0 || more <= 0)
            continue;
        if (more > spare)
            more = spare;
        table->width[i] += more;
        spare -= more;
    }
}

/* What the values need, and the title in the language at hand. */
static int
least_width(const struct table_column *column)
{
    int title = text_width(_(column->title), true);

    return title > column->width ? title : column->width;
}

void
table_fit(struct table *table, const struct table_column *columns, int count, int x, int cols)
{
    *table = (struct table){ .columns = columns, .count = count };
    for (int i = 0; i < count; i++)
        table->width[i] = least_width(&columns[i]);
    while (width_of(table) > cols && drop_one(table))
        continue;
    grow(table, cols - width_of(table));
    for (int i = 0; i < count; i++) {
        table->x[i] = x;
        if (table->width[i] > 0)
            x += table->width[i] + 1;
    }
}

void
table_draw_cell(const struct table *table, const struct area *area, int column, int y, int style,
                const char *text)
{
    int x = table->x[column], width = table->width[column];
    int used;

    if (width == 0)
        return;
    used = text_width(text, area->canvas->unicode);
    if (table->columns[column].right && used < width)
        x += width - used;
    area_text_cut(area, x, y, table->x[column] + width - x, style, text);
}

void
table_draw_heads(const struct table *table, const struct area *area, int y)
{
    area_fill(area, 0, y, area->cols, STYLE_COLUMN,
              ' '); /* one style over the row: fewer bytes on the wire */
    for (int i = 0; i < table->count; i++)
        table_draw_cell(table, area, i, y, STYLE_COLUMN, _(table->columns[i].title));
}
