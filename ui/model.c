#include "config.h"

#include "model.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "alert_list.h"
#include "copy.h"
#include "event_list.h"
#include "help.h"
#include "i18n.h"
#include "layout.h"
#include "moment.h"
#include "panel.h"

void
model_init(struct model *model)
{
    *model = (struct model){ .refresh_ms = 1000, .cols = 80, .rows = 24, .focus = PANEL_PEERS };
    settings_defaults(&model->settings);
}

int
model_caption_rows(const struct model *model)
{
    return model->captions ? model->story ? 2 : 1 : 0;
}

void
model_configure(struct model *model, const struct settings *settings)
{
    /* What keys switch as well changes only where the file does: the operator's last word stands. */
    if (settings->mouse != model->settings.mouse)
        model->mouse = settings->mouse;
    if (settings->captions != model->settings.captions)
        model->captions = settings->captions;
    model->settings = *settings;
}

void
model_say(struct model *model, bool bad, const char *text)
{
    lat_copy(model->message, sizeof(model->message), text);
    model->message_bad = bad;
    model->message_until_ms = model->now_ms + MODEL_MESSAGE_MS;
}

int64_t
model_age_ms(const struct model *model, const struct snapshot *snapshot)
{
    if (model->past)
        return 0; /* it was fresh then */
    return model->now_ms > snapshot->mono_ms ? (int64_t)(model->now_ms - snapshot->mono_ms) : 0;
}

bool
model_is_stale(const struct model *model, const struct snapshot *snapshot)
{
    return !model->frozen && !model->past && model_age_ms(model, snapshot) > MODEL_STALE_MS;
}

/* --- alerts --------------------------------------------------------------------------------------------- */

static void
acknowledge(struct model *model, const struct snapshot *snapshot, bool all)
{
    int done = 0;

    if (model->past || model->recorded) {
        model_say(model, true, model->past ? _("this is the past: go back to now first") : _("this is a recording"));
        return;
    }
    for (uint32_t i = 0; snapshot && i < snapshot->alert_count && (all || done == 0); i++)
        done += acks_add(&model->acks, snapshot, &snapshot->alerts[i]);
    if (done == 0)
        model_say(model, false, _("nothing to acknowledge"));
}

/* --- movement ------------------------------------------------------------------------------------------- */

/* Lines of the focused list, and how many of them the screen shows at once. */
static int
list_size(const struct model *model, const struct snapshot *snapshot, int *page)
{
    const struct panel *panel = panel_of(model->focus);
    struct panel_view view = { .snapshot = snapshot, .model = model, .id = model->focus };
    struct layout layout;

    layout_compute(&layout, model, snapshot);
    *page = layout_page(&layout, model->focus);
    return panel->count && snapshot ? panel->count(&view) : 0;
}

static void
select_line(struct model *model, const struct snapshot *snapshot, int at)
{
    struct panel_place *place = &model->places[model->focus];
    int page, count = list_size(model, snapshot, &page);

    place->selected = at;
    if (model->focus == PANEL_EVENTS)
        place->anchor = at == count - 1 && !model->detail ? 0 : event_list_seq(snapshot, place, at);
}

static void
move(struct model *model, const struct snapshot *snapshot, enum action action)
{
    struct panel_place *place = &model->places[model->focus];
    int page = 1, count = list_size(model, snapshot, &page);
    int at = place->selected;

    if (count == 0)
        return;
    if (model->focus == PANEL_EVENTS)
        at = event_list_index(snapshot, place);
    if (at >= count)
        at = count - 1;
    at += action_step(action, count, page);
    select_line(model, snapshot, at < 0 ? 0 : at >= count ? count - 1 : at);
}

/* The next line that the filter has found, round the ends. */
static void
move_match(struct model *model, const struct snapshot *snapshot, int step)
{
    struct panel_place *place = &model->places[model->focus];
    int page, count = list_size(model, snapshot, &page), at = place->selected;

    if (place->filter[0] == 0 || count == 0) {
        model_say(model, false, place->filter[0] ? _("nothing matches the filter") : _("no filter here; the key for it asks for a word to look for"));
        return;
    }
    if (model->focus == PANEL_EVENTS)
        at = event_list_index(snapshot, place);
    select_line(model, snapshot, (at + step + count) % count);
}

/* --- keys ----------------------------------------------------------------------------------------------- */

/* Does a node end, or go on alone, with the console? */
static bool
holds_node(const struct model *model)
{
    return model->embedded || model->beside_own;
}

static struct effect
ask_to_quit(struct model *model)
{
    struct effect effect = { .kind = EFFECT_NONE };

    if (!holds_node(model))
        effect.kind = EFFECT_LEAVE;
    else
        prompt_open(&model->prompt, PROMPT_QUIT, "");
    return effect;
}

struct effect
model_interrupt(struct model *model)
{
    bool again = model->interrupt_ms > 0 && model->now_ms - model->interrupt_ms <= MODEL_INTERRUPT_MS;

    model->interrupt_ms = model->now_ms;
    if (again)
        return (struct effect){ .kind = holds_node(model) ? EFFECT_STOP : EFFECT_LEAVE };
    return ask_to_quit(model);
}

static struct effect
force(enum prompt_kind kind, bool timed)
{
    return (struct effect){ .kind = EFFECT_SWITCH,
                            .policy = kind == PROMPT_FORCE_P2P ? LUNG_POLICY_P2P : LUNG_POLICY_HTTP,
                            .for_s = timed ? PROMPT_TIMED_S : 0 };
}

/* y or t: done, unless the node's name has to be typed as well. */
static struct effect
confirm(struct model *model, enum prompt_kind kind, bool timed)
{
    if (model->settings.confirm != CONFIRM_NAME)
        return force(kind, timed);
    prompt_open(&model->prompt, PROMPT_NAME, "");
    model->prompt.forcing = kind;
    model->prompt.timed = timed;
    return (struct effect){ .kind = EFFECT_NONE };
}

static struct effect
check_name(struct model *model, const struct prompt *typed, const struct snapshot *snapshot)
{
    if (snapshot && strcmp(typed->text, snapshot->name) == 0)
        return force(typed->forcing, typed->timed);
    model_say(model, true, _("that is not the name of this node: nothing was switched"));
    return (struct effect){ .kind = EFFECT_NONE };
}

/* To the moment that was typed, as seen from now. */
static struct effect
go_to_time(struct model *model, const struct snapshot *snapshot)
{
    struct effect effect = { .kind = EFFECT_NONE };
    uint64_t now_ms = snapshot ? snapshot->wall_ms + (uint64_t)(model->past ? model->behind_ms : 0) : 0;

    if (snapshot && moment_parse(model->prompt.text, now_ms, &effect.at_ms) == LAT_OK) {
        effect.kind = EFFECT_LOOK;
        effect.look = LOOK_AT;
    } else {
        model->prompt.kind = PROMPT_TIME; /* as it was typed, to be mended */
        lat_copy(model->prompt.error, sizeof(model->prompt.error), _("no moment of the past: 03:12, 03:12:40, -2h, 2026-03-14T03:12:40Z"));
    }
    return effect;
}

void
model_follow_question(struct model *model, const struct link_status *link)
{
    enum prompt_kind kind = link->secret ? PROMPT_SECRET : PROMPT_HOST_KEY;

    if (question_follow(&model->question, link) && (model->prompt.kind == PROMPT_SECRET || model->prompt.kind == PROMPT_HOST_KEY))
        prompt_close(&model->prompt);
    if (!question_stands(&model->question) || model->prompt.kind != PROMPT_CLOSED)
        return;
    prompt_open(&model->prompt, kind, "");
    model->question.since_ms = model->now_ms;
}

/* To the question of the link; a "y" on its way before the question could be read is none. */
static struct effect
answer_question(struct model *model, const struct key_press *press)
{
    struct effect effect = { .kind = EFFECT_NONE };
    enum prompt_answer answer;

    if (model->prompt.kind == PROMPT_HOST_KEY && model->now_ms - model->question.since_ms < QUESTION_CALM_MS)
        return effect;
    answer = prompt_key(&model->prompt, press);
    if (answer == ANSWER_NONE)
        return effect;
    model->question.answered = true;
    effect.kind = EFFECT_ANSWER;
    effect.yes = answer != ANSWER_NO;
    return effect;
}

static struct effect
answer_prompt(struct model *model, const struct snapshot *snapshot, const struct key_press *press)
{
    enum prompt_kind kind = model->prompt.kind;
    enum prompt_answer answer = prompt_key(&model->prompt, press);
    struct panel_place *place = &model->places[model->focus];

    switch (answer) {
    case ANSWER_NONE:
    case ANSWER_NO:
    case ANSWER_YES:
        break;
    case ANSWER_ALWAYS:
    case ANSWER_TIMED:
        return confirm(model, kind, answer == ANSWER_TIMED);
    case ANSWER_STOP:
        return (struct effect){ .kind = EFFECT_STOP };
    case ANSWER_LEAVE:
        return (struct effect){ .kind = EFFECT_LEAVE };
    case ANSWER_TEXT:
        if (kind == PROMPT_NAME)
            return check_name(model, &model->prompt, snapshot);
        if (kind == PROMPT_TIME)
            return go_to_time(model, snapshot);
        if (kind == PROMPT_WRITE)
            return (struct effect){ .kind = model->prompt.text[0] ? EFFECT_WRITE : EFFECT_NONE };
        lat_copy(place->filter, sizeof(place->filter), model->prompt.text);
        if (place->filter[0])
            lat_copy(place->last, sizeof(place->last), place->filter);
        place->selected = 0;
        place->anchor = 0;
        break;
    }
    return (struct effect){ .kind = EFFECT_NONE };
}

static struct effect
control(struct model *model, enum action action)
{
    if (model->past) {
        model_say(model, true, _("this is the past: go back to now first"));
        return (struct effect){ .kind = EFFECT_NONE };
    }
    if (!model->control) {
        model_say(model, true, _("read-only session: modes are not switched from here"));
        return (struct effect){ .kind = EFFECT_NONE };
    }
    if (action == ACTION_AUTO)
        return (struct effect){ .kind = EFFECT_SWITCH, .policy = LUNG_POLICY_AUTO };
    prompt_open(&model->prompt, action == ACTION_FORCE_P2P ? PROMPT_FORCE_P2P : PROMPT_FORCE_HTTP, "");
    return (struct effect){ .kind = EFFECT_NONE };
}

static void
focus_panel(struct model *model, int id)
{
    model->focus = (enum panel_id)((id + PANEL_COUNT) % PANEL_COUNT);
}

bool
model_has_opened(const struct model *model)
{
    const struct panel_place *place = &model->places[model->focus];

    return model->help || model->alerts || model->detail || place->filter[0] || place->source[0] || place->least > LAT_DEBUG ||
           model->zoomed || model->frozen || model->past;
}

/* Esc closes what was opened last. */
static void
back(struct model *model)
{
    struct panel_place *place = &model->places[model->focus];

    if (model->help || model->alerts)
        model->help = model->alerts = false;
    else if (model->detail)
        model->detail = false;
    else if (place->filter[0])
        place->filter[0] = 0;
    else if (place->source[0] || place->least > LAT_DEBUG) {
        place->source[0] = 0;
        place->least = LAT_DEBUG;
    }
    else if (model->zoomed)
        model->zoomed = false;
    else
        model->frozen = false;
}

static void
freeze(struct model *model, const struct snapshot *snapshot)
{
    model->frozen = !model->frozen && snapshot;
    model->frozen_ms = model->now_ms;
}

static void
open_filter(struct model *model)
{
    if (panel_of(model->focus)->count == NULL)
        model->focus = PANEL_EVENTS; /* a panel without lines has nothing to filter */
    prompt_open(&model->prompt, PROMPT_FILTER, model->places[model->focus].filter);
    lat_copy(model->prompt.last, sizeof(model->prompt.last), model->places[model->focus].last);
}

/* The file's name is proposed; what is in the way of it is said when it is written. */
static void
open_write(struct model *model, const struct snapshot *snapshot)
{
    char name[PROMPT_TEXT_MAX];

    if (snapshot == NULL)
        return;
    copy_file_name(model, snapshot->wall_ms, name, sizeof(name));
    prompt_open(&model->prompt, PROMPT_WRITE, name);
}

static void
scroll_sheet(struct model *model, const struct snapshot *snapshot, enum action action)
{
    int page = model->rows - 3 - layout_key_rows(model) - model_caption_rows(model);
    int max = model->help ? help_top_max(model, page) : alert_list_top_max(model, snapshot, page + 1);

    model->help_top = action_scroll(action, model->help_top, max, page);
}

static void
move_or_scroll(struct model *model, const struct snapshot *snapshot, enum action action)
{
    if (model->help || model->alerts)
        scroll_sheet(model, snapshot, action);
    else
        move(model, snapshot, action);
}

static void
toggle_sheet(struct model *model, bool *sheet)
{
    bool open = !*sheet;

    model->help = model->alerts = false;
    *sheet = open;
    model->help_top = 0;
}

static void
open_detail(struct model *model, const struct snapshot *snapshot)
{
    int page;

    if (panel_of(model->focus)->detail == NULL) {
        model->zoomed = !model->zoomed;
        return;
    }
    if (list_size(model, snapshot, &page) == 0)
        return;
    model->detail = !model->detail;
    move(model, snapshot, ACTION_NONE); /* the line stays chosen while others come */
}

static void
next_sort(struct model *model, const struct snapshot *snapshot)
{
    struct panel_place *place = &model->places[model->focus];

    if (model->focus == PANEL_EVENTS) {
        event_list_next_source(snapshot, place);
        place->selected = 0;
        place->anchor = 0;
        return;
    }
    model->focus = PANEL_PEERS;
    place = &model->places[PANEL_PEERS];
    place->sort = (enum node_sort)((place->sort + 1) % NODE_SORT_COUNT);
}

static void
next_level(struct model *model)
{
    struct panel_place *place = &model->places[PANEL_EVENTS];

    model->focus = PANEL_EVENTS;
    place->least = place->least == LAT_ERROR ? LAT_DEBUG : (enum lat_level)(place->least + 1);
    place->anchor = 0;
}

/* --- mouse ---------------------------------------------------------------------------------------------- */

static const struct layout_slot *
slot_at(const struct layout *layout, int x, int y)
{
    for (int i = 0; i < layout->count; i++) {
        const struct layout_slot *slot = &layout->slots[i];

        if (x >= slot->x && x < slot->x + slot->cols && y >= slot->y && y < slot->y + slot->rows)
            return slot;
    }
    return NULL;
}

/* A click chooses panel and line, the wheel moves in the panel below it. */
static void
point(struct model *model, const struct snapshot *snapshot, const struct key_press *press)
{
    const struct layout_slot *slot;
    struct layout layout;
    int page, count, row;

    if (!model->mouse || model->help || model->alerts || snapshot == NULL)
        return;
    layout_compute(&layout, model, snapshot);
    slot = slot_at(&layout, press->x, press->y);
    if (slot == NULL)
        return;
    model->focus = slot->id;
    if (press->mouse != MOUSE_CLICK) {
        move(model, snapshot, press->mouse == MOUSE_WHEEL_UP ? ACTION_UP : ACTION_DOWN);
        return;
    }
    count = list_size(model, snapshot, &page);
    row = press->y - slot->y - slot->header - (slot->id == PANEL_PEERS);
    row += panel_first_line(model->places[slot->id].selected, count, page);
    if (row >= 0 && row < count && slot->id != PANEL_EVENTS)
        select_line(model, snapshot, row);
}

/* --- acting --------------------------------------------------------------------------------------------- */

/* What changes nothing but the picture. */
static void
look(struct model *model, const struct snapshot *snapshot, enum action action, uint32_t key)
{
    if (action == ACTION_NEXT_PANEL)
        focus_panel(model, (int)model->focus + 1);
    else if (action == ACTION_PREVIOUS_PANEL)
        focus_panel(model, (int)model->focus - 1);
    else if (action == ACTION_GO_PANEL)
        focus_panel(model, (int)(key - '1'));
    else if (action == ACTION_FILTER)
        open_filter(model);
    else if (action == ACTION_NEXT_MATCH || action == ACTION_PREVIOUS_MATCH)
        move_match(model, snapshot, action == ACTION_NEXT_MATCH ? 1 : -1);
    else if (action == ACTION_SORT)
        next_sort(model, snapshot);
    else if (action == ACTION_REVERSE)
        model->places[PANEL_PEERS].reverse = !model->places[PANEL_PEERS].reverse;
    else if (action == ACTION_LEVEL)
        next_level(model);
    else if (action == ACTION_DETAIL)
        open_detail(model, snapshot);
    else if (action == ACTION_CAPTIONS)
        model->captions = !model->captions;
    else if (action == ACTION_ZOOM)
        model->zoomed = !model->zoomed;
    else if (action == ACTION_FREEZE)
        freeze(model, snapshot);
    else if (action == ACTION_HELP)
        toggle_sheet(model, &model->help);
    else if (action == ACTION_ALERTS)
        toggle_sheet(model, &model->alerts);
    else if (action == ACTION_BACK)
        back(model);
    else if (action == ACTION_ACKNOWLEDGE || action == ACTION_ACKNOWLEDGE_ALL)
        acknowledge(model, snapshot, action == ACTION_ACKNOWLEDGE_ALL);
    else
        move_or_scroll(model, snapshot, action);
}

/* Which moment of the history a key asks for. */
static struct effect
travel(const struct model *model, enum action action)
{
    struct effect effect = { .kind = model->past ? EFFECT_LOOK : EFFECT_NONE };

    switch (action) {
    case ACTION_EARLIER:
    case ACTION_EARLIER_CHANGE:
        effect.kind = EFFECT_LOOK;
        effect.look = action == ACTION_EARLIER ? LOOK_EARLIER : LOOK_EARLIER_CHANGE;
        break;
    case ACTION_LATER:
        effect.look = LOOK_LATER;
        break;
    case ACTION_LATER_CHANGE:
        effect.look = LOOK_LATER_CHANGE;
        break;
    default:
        effect.kind = EFFECT_NOW;
        break;
    }
    return effect;
}

static struct effect
act(struct model *model, const struct snapshot *snapshot, enum action action, uint32_t key)
{
    switch (action) {
    case ACTION_NONE:
        break;
    case ACTION_FORCE_P2P:
    case ACTION_FORCE_HTTP:
    case ACTION_AUTO:
        return control(model, action);
    case ACTION_EARLIER:
    case ACTION_LATER:
    case ACTION_EARLIER_CHANGE:
    case ACTION_LATER_CHANGE:
    case ACTION_NOW:
        return travel(model, action);
    case ACTION_GO_TIME:
        prompt_open(&model->prompt, PROMPT_TIME, "");
        break;
    case ACTION_COPY:
        return (struct effect){ .kind = EFFECT_COPY };
    case ACTION_WRITE:
        open_write(model, snapshot);
        break;
    case ACTION_MOUSE:
        model->mouse = !model->mouse;
        model_say(model, false, model->mouse ? _("mouse on: hold Shift to select text") : _("mouse off"));
        return (struct effect){ .kind = EFFECT_MOUSE };
    case ACTION_FLEET:
        return (struct effect){ .kind = EFFECT_FLEET };
    case ACTION_REPAINT:
        return (struct effect){ .kind = EFFECT_REPAINT };
    case ACTION_SUSPEND:
        return (struct effect){ .kind = EFFECT_SUSPEND };
    case ACTION_QUIT:
        if (!model->help && !model->alerts)
            return ask_to_quit(model);
        model->help = model->alerts = false;
        break;
    case ACTION_INTERRUPT:
        return model_interrupt(model);
    default:
        look(model, snapshot, action, key);
        break;
    }
    return (struct effect){ .kind = EFFECT_NONE };
}

struct effect
model_key(struct model *model, const struct snapshot *snapshot, const struct key_press *press)
{
    model->message_until_ms = 0;
    if (press->key == KEYS_CTRL_C && !press->pasted)
        return model_interrupt(model);
    if (model->prompt.kind != PROMPT_CLOSED && press->key == KEYS_CTRL_L)
        return (struct effect){ .kind = EFFECT_REPAINT }; /* what is asked can be read again */
    if (model->prompt.kind == PROMPT_HOST_KEY || model->prompt.kind == PROMPT_SECRET)
        return answer_question(model, press);
    if (model->prompt.kind != PROMPT_CLOSED)
        return answer_prompt(model, snapshot, press);
    if (press->key == KEYS_MOUSE)
        point(model, snapshot, press);
    if (press->pasted || press->key == KEYS_MOUSE)
        return (struct effect){ .kind = EFFECT_NONE };
    return act(model, snapshot, keymap_action(&model->settings.keymap, press->key), press->key);
}
