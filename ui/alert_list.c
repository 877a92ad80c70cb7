#include "config.h"

#include "alert_list.h"

#include <stdio.h>

#include "format.h"
#include "i18n.h"
#include "lung_view.h"
#include "pen.h"
#include "words.h"

static enum style
style_of(const struct snapshot_alert *alert)
{
    return alert->severity == ALERT_ALARM ? STYLE_ALARM : STYLE_ATTENTION;
}

/* "X D1  since 14:02:45, for 00:42", its words below it. */
static void
put_alert(struct pen *pen, const struct model *model, const struct snapshot *s, const struct snapshot_alert *alert)
{
    bool seen = acks_have(&model->acks, s, alert);
    int style = seen ? STYLE_TEXT : (int)style_of(alert);
    char words[WORDS_MAX], when[FORMAT_MAX], span[FORMAT_MAX], head[160];

    snprintf(head, sizeof(head), _("%c %s  since %s, for %s%s"), style_glyph(style_of(alert)), alert->code,
             format_when(s->wall_ms, alert->since_ms, when), format_span(alert->since_ms, span), seen ? _(" (seen)") : "");
    pen_put(pen, 1, style, head);
    pen->line++;
    pen_put_long(pen, 3, STYLE_TEXT, words_of_alert(alert, words));
    pen->line++;
}

static void
put_all(struct pen *pen, const struct model *model, const struct snapshot *s)
{
    if (s == NULL || s->alert_count == 0) {
        pen_put(pen, 1, STYLE_IDLE, s ? _("no alerts") : _("starting"));
        pen->line++;
    }
    for (uint32_t i = 0; s && i < s->alert_count && i < SNAPSHOT_ALERTS_MAX; i++)
        put_alert(pen, model, s, &s->alerts[i]);
}

int
alert_list_top_max(const struct model *model, const struct snapshot *snapshot, int rows)
{
    struct pen pen = { .area = NULL, .cols = model->cols };

    put_all(&pen, model, snapshot);
    return pen.line > rows - 1 ? pen.line - rows + 1 : 0;
}

void
alert_list_draw(const struct area *area, const struct model *model, const struct snapshot *snapshot, const struct caps *caps)
{
    int max = alert_list_top_max(model, snapshot, area->rows);
    struct area body = area_sub(area, 0, 1, area->cols, area->rows - 1);
    struct pen pen = { .area = &body, .cols = area->cols, .unicode = area->canvas->unicode,
                       .top = model->help_top < max ? model->help_top : max };

    area_fill(area, 0, 0, area->cols, STYLE_HEAD, caps->charset->rule_focus);
    area_text(area, 1, 0, STYLE_HEAD, _(" ALERTS "));
    if (area->cols >= 48)
        area_text_right(area, area->cols - 2, 0, STYLE_COLUMN, _(" j k scroll  x Z acknowledge  Esc closes "));
    put_all(&pen, model, snapshot);
}
