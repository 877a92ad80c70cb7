#include "config.h"

#include "bars.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "caption.h"
#include "format.h"
#include "i18n.h"
#include "key_bar.h"
#include "lung_view.h"
#include "narrate.h"
#include "silence.h"
#include "words.h"

/* --- title ---------------------------------------------------------------------------------------------- */

#define PART_MAX 96
#define PARTS_MAX 10

/* A piece of a row; the highest rank goes first when room is short, rank 0 never. */
struct part {
    char text[PART_MAX];
    int style;
    int rank;
    int gap;    /* blanks before it */
    bool right; /* belongs to the group at the right end */
};

struct parts {
    struct part list[PARTS_MAX];
    int count;
};

static char *
add_part(struct parts *parts, int style, int rank, bool right)
{
    struct part *part = &parts->list[parts->count++];

    /* program, node and way belong together */
    *part = (struct part){ .style = style, .rank = rank, .gap = parts->count <= 3 ? 1 : 2, .right = right };
    return part->text;
}

static int
parts_width(const struct parts *parts, bool unicode)
{
    int sum = 1; /* the row ends with a blank */

    for (int i = 0; i < parts->count; i++)
        if (parts->list[i].text[0])
            sum += text_width(parts->list[i].text, unicode) + parts->list[i].gap;
    return sum;
}

static bool
drop_part(struct parts *parts)
{
    struct part *worst = NULL;

    for (int i = 0; i < parts->count; i++) {
        struct part *part = &parts->list[i];

        if (part->text[0] && part->rank > 0 && (worst == NULL || part->rank > worst->rank))
            worst = part;
    }
    if (worst)
        worst->text[0] = 0;
    return worst != NULL;
}

static void
draw_parts(const struct area *area, struct parts *parts)
{
    bool unicode = area->canvas->unicode;
    int x = 0, right = area->cols - 1;

    while (parts_width(parts, unicode) > area->cols && drop_part(parts))
        continue;
    for (int i = parts->count - 1; i >= 0; i--) {
        const struct part *part = &parts->list[i];

        if (part->right && part->text[0])
            right = area_text_right(area, right, 0, part->style, part->text) - 2;
    }
    for (int i = 0; i < parts->count; i++) {
        const struct part *part = &parts->list[i];

        if (!part->right && part->text[0] && x < right)
            x = area_text_cut(area, x + part->gap, 0, right + 2 - x - part->gap, part->style, part->text);
    }
}

static void
mode_part(struct parts *parts, const struct model *model, const struct snapshot *s)
{
    char label[LUNG_LABEL_MAX], span[FORMAT_MAX], left[FORMAT_MAX + 8] = "";
    enum style style = lung_style(&s->lung);
    int badge = style == STYLE_GOOD || style == STYLE_IDLE ? STYLE_BAR : (int)style;

    lung_label(&s->lung, label);
    if (model_is_stale(model, s)) {
        snprintf(add_part(parts, STYLE_ALARM, 0, false), PART_MAX, _("STALE %s %s"),
                 format_span(model_age_ms(model, s), span), label);
        return;
    }
    if (s->lung.forced_left_ms >= 0)
        snprintf(left, sizeof(left), _(" %s left"), format_left_clock(s->lung.forced_left_ms, span));
    if (badge == STYLE_ATTENTION)
        badge = STYLE_GAUGE_HOT; /* reverse, as the bar is */
    snprintf(add_part(parts, badge, 0, false), PART_MAX, "%s%s%s",
             s->lung.policy == LUNG_POLICY_AUTO ? "AUTO: " : "", label, left);
}

/* "THEN 03:12:40 (-07:51:22)" */
static void
past_part(struct parts *parts, const struct model *model, const struct snapshot *s)
{
    char then[FORMAT_MAX], behind[FORMAT_MAX];

    snprintf(add_part(parts, STYLE_ALARM, 0, false), PART_MAX, _("THEN %s (-%s)"), format_when(s->wall_ms, 0, then),
             format_clock_span(model->behind_ms, behind));
}

/* "REPLAY", and for how long this picture has stood: a gap, or the end of the recording. */
static void
recorded_part(struct parts *parts, const struct model *model, const struct snapshot *s)
{
    int64_t stands_ms = model_age_ms(model, s);
    char span[FORMAT_MAX];

    if (stands_ms <= 2 * (int64_t)model->refresh_ms)
        snprintf(add_part(parts, STYLE_PROMPT, 0, false), PART_MAX, _("REPLAY"));
    else
        snprintf(add_part(parts, STYLE_PROMPT, 0, false), PART_MAX, _("REPLAY stands %s"), format_span(stands_ms, span));
}

/* A picture of this moment: its age need not be read off the clock. */
static bool
is_fresh(const struct model *model, const struct snapshot *s)
{
    return !model->past && !model->recorded && !model->frozen && model_age_ms(model, s) <= 2 * (int64_t)model->refresh_ms;
}

/* What is unusual about the picture: past, frozen, demo, old. */
static void
flag_parts(struct parts *parts, const struct model *model, const struct snapshot *s)
{
    char span[FORMAT_MAX];

    if (s->demo)
        snprintf(add_part(parts, STYLE_PROMPT, 0, false), PART_MAX, _("DEMO"));
    if (model->recorded)
        recorded_part(parts, model, s);
    if (model->past)
        past_part(parts, model, s);
    else if (model->frozen)
        snprintf(add_part(parts, STYLE_GAUGE_HOT, 0, false), PART_MAX, _("FROZEN %s"),
                 format_span((int64_t)(model->now_ms - model->frozen_ms), span));
    else if (!model->recorded && !model_is_stale(model, s) && !is_fresh(model, s))
        snprintf(add_part(parts, STYLE_UNKNOWN, 0, false), PART_MAX, _("data %s old"),
                 format_span(model_age_ms(model, s), span));
}

void
bar_title(const struct area *area, const struct model *model, const struct snapshot *s)
{
    struct parts parts = { .count = 0 };
    char text[FORMAT_MAX], silence[SILENCE_MAX];

    area_fill(area, 0, 0, area->cols, STYLE_BAR, ' ');
    snprintf(add_part(&parts, STYLE_BAR, 4, false), PART_MAX, "LATTICE");
    if (s == NULL) {
        if (silence_text(model, s, silence))
            snprintf(add_part(&parts, STYLE_ALARM, 0, false), PART_MAX, _("NO ANSWER %s"), format_span(silence_ms(model, s), text));
        else
            snprintf(add_part(&parts, STYLE_BAR, 0, false), PART_MAX, _("starting"));
        if (!model->embedded && model->via[0])
            snprintf(add_part(&parts, STYLE_BAR, 1, false), PART_MAX, "[%s]", model->via);
        draw_parts(area, &parts);
        return;
    }
    snprintf(add_part(&parts, STYLE_BAR, 2, false), PART_MAX, "%s", s->name);
    snprintf(add_part(&parts, STYLE_BAR, 7, false), PART_MAX, model->via[0] ? "[%s]" : "%s",
             model->settings.privacy && !model->embedded && model->via[0] ? _("attached") : model->via);
    flag_parts(&parts, model, s);
    mode_part(&parts, model, s);
    if (s->state.root[0])
        snprintf(add_part(&parts, STYLE_BAR, 5, false), PART_MAX, _("root %.8s"), s->state.root);
    if (area->cols >= 120)
        snprintf(add_part(&parts, STYLE_BAR, 9, true), PART_MAX, "%s", s->version);
    snprintf(add_part(&parts, STYLE_BAR, 3, true), PART_MAX, "%s%s", format_time(s->wall_ms, text), !model->still && is_fresh(model, s) ? _(" now") : "");
    snprintf(add_part(&parts, STYLE_BAR, 8, true), PART_MAX, _("up %s"), format_uptime(s->uptime_ms, text));
    draw_parts(area, &parts);
}

/* --- alerts --------------------------------------------------------------------------------------------- */

static enum style
alert_style(const struct snapshot_alert *alert, bool seen)
{
    if (seen)
        return STYLE_TEXT;
    return alert->severity == ALERT_ALARM ? STYLE_ALARM : STYLE_ATTENTION;
}

/* "D1 rio-2 diverges: 3 keys, since 14:02:45": the text is cut before its beginning in time is. */
static int
draw_alert(const struct area *area, int x, int room, const struct snapshot *s,
           const struct snapshot_alert *alert, bool seen)
{
    char words[WORDS_MAX], text[WORDS_MAX + 16], when[FORMAT_MAX], since[FORMAT_MAX + 24] = "";
    int style = alert_style(alert, seen), width;

    snprintf(text, sizeof(text), "%s %s", alert->code, words_of_alert(alert, words));
    if (alert->since_ms >= 0)
        snprintf(since, sizeof(since), _(", since %s%s"), format_when(s->wall_ms, alert->since_ms, when),
                 seen ? _(" (seen)") : "");
    width = (int)strlen(since);
    if (room < width + 20)
        return area_text_cut(area, x, 0, room, style, text);
    x = area_text_cut(area, x, 0, room - width, style, text);
    return area_text(area, x, 0, style, since);
}

static int
count_unseen(const struct model *model, const struct snapshot *s, bool *alarm)
{
    int unseen = 0;

    *alarm = false;
    for (uint32_t i = 0; i < s->alert_count; i++)
        if (!acks_have(&model->acks, s, &s->alerts[i])) {
            unseen++;
            *alarm |= s->alerts[i].severity == ALERT_ALARM;
        }
    return unseen;
}

/* The alerts not seen yet in their order, then the seen ones, as many as fit. */
static void
draw_alert_list(const struct area *area, int x, int end, const struct model *model, const struct snapshot *s)
{
    for (int seen = 0; seen <= 1; seen++)
        for (uint32_t i = 0; i < s->alert_count; i++)
            if (acks_have(&model->acks, s, &s->alerts[i]) == (seen == 1) && end - x >= 12)
                x = draw_alert(area, x, end - x, s, &s->alerts[i], seen == 1) + 3;
}

/* "x ack  Z all", by the bindings. */
static const char *
ack_hint(const struct keymap *map, int unseen, char out[FORMAT_MAX])
{
    char one[8], all[8];
    const char *key = key_name(keymap_key(map, ACTION_ACKNOWLEDGE, 0), one);

    if (unseen > 1)
        snprintf(out, FORMAT_MAX, _("%s ack  %s all"), key,
                 key_name(keymap_key(map, ACTION_ACKNOWLEDGE_ALL, 0), all));
    else
        snprintf(out, FORMAT_MAX, _("%s ack"), key);
    return out;
}

/* Is there one that the key for it would take? */
static bool
can_acknowledge(const struct model *model, const struct snapshot *s)
{
    bool can = false;

    for (uint32_t i = 0; i < s->alert_count; i++)
        can |= acks_may(&s->alerts[i]) && !acks_have(&model->acks, s, &s->alerts[i]);
    return can && !model->past && !model->recorded;
}

/* Why there is no news comes first: alerts of an old picture may be over, and follow where there is room. */
static void
draw_silence(const struct area *area, const struct model *model, const struct snapshot *s, const char *text)
{
    int x = area_printf(area, 1, 0, STYLE_ALARM, "[?] ");

    x = area_text_cut(area, x, 0, area->cols - 1 - x, STYLE_ALARM, text) + 3;
    if (s)
        draw_alert_list(area, x, area->cols - 1, model, s);
}

void
bar_alerts(const struct area *area, const struct model *model, const struct snapshot *s)
{
    char count[FORMAT_MAX], hint[FORMAT_MAX], silence[SILENCE_MAX];
    bool alarm;
    int unseen, x, end = area->cols - 1;
    enum style style;

    if (silence_text(model, s, silence)) {
        draw_silence(area, model, s, silence);
        return;
    }
    if (s == NULL || s->alert_count == 0) {
        area_text(area, 1, 0, STYLE_IDLE, s ? _("no alerts") : "");
        return;
    }
    unseen = count_unseen(model, s, &alarm);
    style = unseen == 0 ? STYLE_TEXT : alarm ? STYLE_ALARM : STYLE_ATTENTION;
    x = area_printf(area, 1, 0, style, "[%c] %s",
                    unseen == 0 ? '-'
                    : alarm     ? 'X'
                                : '!',
                    format_noun(s->alert_count, "alert", count));
    if (can_acknowledge(model, s) && !model->still && area->cols >= 72)
        end = area_text_right(area, end, 0, STYLE_IDLE, ack_hint(&model->settings.keymap, unseen, hint)) - 2;
    draw_alert_list(area, x + 2, end, model, s);
}

/* --- caption -------------------------------------------------------------------------------------------- */

void
bar_caption(const struct area *area, const struct model *model, const struct snapshot *s)
{
    char text[CAPTION_MAX];

    if (model->story)
        narrator_draw(area, model->story);
    else if (s)
        area_text_cut(area, 1, 0, area->cols - 2, STYLE_HEAD, caption_text(s, text));
}

/* --- keys ---------------------------------------------------------------------------------------------- */

void
bar_keys(const struct area *area, const struct model *model, const struct snapshot *s)
{
    struct area last = area_sub(area, 0, area->rows - 1, area->cols, 1);
    struct area above = area_sub(area, 0, 0, area->cols, area->rows - 1);

    if (model->still)
        return;
    if (model->prompt.kind != PROMPT_CLOSED)
        prompt_draw(&model->prompt, s ? s->name : _("this node"), &last);
    else if (model->message_until_ms > model->now_ms)
        area_text_cut(&last, 1, 0, area->cols - 2, model->message_bad ? STYLE_ATTENTION : STYLE_HEAD,
                      model->message);
    else {
        key_bar_draw(area, model);
        return;
    }
    if (area->rows > 1)
        key_bar_draw(&above, model);
}
