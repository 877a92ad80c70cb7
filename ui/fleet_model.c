/* fleet_model.c - what a key does in the view of many nodes. Pure: what touches the world is handed back as a wish. */
#include "config.h"

#include "fleet.h"

#include <string.h>

#include "base/text.h"
#include "help.h"
#include "i18n.h"
#include "model.h"

void
fleet_model_init(struct fleet_model *model)
{
    *model = (struct fleet_model){ .cols = 80, .rows = 24, .home = -1 };
    settings_defaults(&model->settings);
}

void
fleet_configure(struct fleet_model *model, const struct settings *settings)
{
    if (settings->mouse != model->settings.mouse)
        model->mouse = settings->mouse; /* a key switches it as well: the operator's last word stands */
    model->settings = *settings;
}

void
fleet_say(struct fleet_model *model, bool bad, const char *text)
{
    lat_copy(model->message, sizeof(model->message), text);
    model->message_bad = bad;
    model->message_until_ms = model->now_ms + MODEL_MESSAGE_MS;
}

void
fleet_refuse(struct fleet_model *model, const char *why)
{
    char typed[sizeof(model->prompt.text)];

    lat_copy(typed, sizeof(typed), model->prompt.text);
    prompt_open(&model->prompt, PROMPT_ADD, typed);
    fleet_say(model, true, why);
}

void
fleet_forget(struct fleet_model *model, int index)
{
    for (int i = index; i + 1 < FLEET_NODES_MAX; i++)
        model->memory[i] = model->memory[i + 1];
    model->memory[FLEET_NODES_MAX - 1] = (struct fleet_memory){ 0 };
    if (model->selected > index)
        model->selected--;
}

static struct fleet_effect
wish(enum fleet_wish what, int node)
{
    return (struct fleet_effect){ .wish = what, .node = node };
}

/* --- questions ------------------------------------------------------------------------------------------- */

static struct fleet_effect
ask_to_quit(struct fleet_model *model)
{
    if (!model->holds_node)
        return wish(FLEET_LEAVE, 0);
    prompt_open(&model->prompt, PROMPT_QUIT, "");
    return wish(FLEET_NOTHING, 0);
}

struct fleet_effect
fleet_interrupt(struct fleet_model *model)
{
    bool again = model->interrupt_ms > 0 && model->now_ms - model->interrupt_ms <= MODEL_INTERRUPT_MS;

    model->interrupt_ms = model->now_ms;
    if (again)
        return wish(model->holds_node ? FLEET_STOP : FLEET_LEAVE, 0);
    return ask_to_quit(model);
}

static struct fleet_effect
force(const struct fleet_model *model, enum prompt_kind kind, bool timed)
{
    return (struct fleet_effect){ .wish = FLEET_SWITCH, .node = model->asked,
                                  .policy = kind == PROMPT_FORCE_P2P ? LUNG_POLICY_P2P : LUNG_POLICY_HTTP,
                                  .for_s = timed ? PROMPT_TIMED_S : 0 };
}

static const struct fleet_row *
asked_row(const struct fleet_model *model, const struct fleet_view *view)
{
    for (int i = 0; i < view->count; i++)
        if (view->rows[i].index == model->asked)
            return &view->rows[i];
    return NULL; /* it passes the filter no more */
}

/* y or t: done, unless the node's name has to be typed as well. */
static struct fleet_effect
confirm(struct fleet_model *model, const struct fleet_view *view, enum prompt_kind kind, bool timed)
{
    const struct fleet_row *row = asked_row(model, view);

    if (row == NULL)
        return wish(FLEET_NOTHING, 0);
    if (model->settings.confirm != CONFIRM_NAME && !row->node->confirm)
        return force(model, kind, timed);
    prompt_open(&model->prompt, PROMPT_NAME, "");
    model->prompt.forcing = kind;
    model->prompt.timed = timed;
    return wish(FLEET_NOTHING, 0);
}

static struct fleet_effect
check_name(struct fleet_model *model, const struct fleet_view *view)
{
    const struct fleet_row *row = asked_row(model, view);

    if (row && strcmp(model->prompt.text, row->name) == 0)
        return force(model, model->prompt.forcing, model->prompt.timed);
    fleet_say(model, true, _("that is not the name of this node: nothing was switched"));
    return wish(FLEET_NOTHING, 0);
}

static struct fleet_effect
answer_prompt(struct fleet_model *model, const struct fleet_view *view, const struct key_press *press)
{
    enum prompt_kind kind = model->prompt.kind;

    switch (prompt_key(&model->prompt, press)) {
    case ANSWER_STOP:
        return wish(FLEET_STOP, 0);
    case ANSWER_LEAVE:
        return wish(FLEET_LEAVE, 0);
    case ANSWER_YES:
        return wish(FLEET_REMOVE, model->asked);
    case ANSWER_TEXT:
        if (kind == PROMPT_NAME)
            return check_name(model, view);
        if (kind == PROMPT_ADD)
            return wish(model->prompt.text[0] ? FLEET_ADD : FLEET_NOTHING, 0);
        lat_copy(model->filter, sizeof(model->filter), model->prompt.text);
        break;
    case ANSWER_ALWAYS:
        return confirm(model, view, kind, false);
    case ANSWER_TIMED:
        return confirm(model, view, kind, true);
    case ANSWER_NONE:
    case ANSWER_NO:
        break;
    }
    return wish(FLEET_NOTHING, 0);
}

bool
fleet_asks(const struct fleet_model *model)
{
    return model->prompt.kind == PROMPT_HOST_KEY || model->prompt.kind == PROMPT_SECRET;
}

void
fleet_follow_question(struct fleet_model *model, const struct link_status *links)
{
    if (fleet_asks(model) && question_follow(&model->question, &links[model->asked]))
        prompt_close(&model->prompt);
}

static void
ask_for_way(struct fleet_model *model, const struct fleet_row *row)
{
    question_follow(&model->question, &row->link);
    if (!question_stands(&model->question))
        return; /* answered, and not taken up yet */
    model->asked = row->index;
    model->question.since_ms = model->now_ms;
    prompt_open(&model->prompt, row->link.secret ? PROMPT_SECRET : PROMPT_HOST_KEY, "");
}

/* A "y" on its way before the question could be read is none. */
static struct fleet_effect
answer_way(struct fleet_model *model, const struct key_press *press)
{
    enum prompt_answer answer;

    if (model->prompt.kind == PROMPT_HOST_KEY && model->now_ms - model->question.since_ms < QUESTION_CALM_MS)
        return wish(FLEET_NOTHING, 0);
    answer = prompt_key(&model->prompt, press);
    if (answer == ANSWER_NONE)
        return wish(FLEET_NOTHING, 0);
    model->question.answered = true;
    return (struct fleet_effect){ .wish = FLEET_ANSWER, .node = model->asked, .yes = answer != ANSWER_NO };
}

/* --- movement ------------------------------------------------------------------------------------------- */

static void
move_to(struct fleet_model *model, const struct fleet_view *view, int at)
{
    if (view->count == 0)
        return;
    if (at >= view->count)
        at = view->count - 1;
    model->selected = view->rows[at > 0 ? at : 0].index;
}

static void
scroll_help(struct fleet_model *model, enum action action, int page)
{
    int max = help_fleet_top_max(&model->settings.keymap, model->cols, page);

    model->help_top = action_scroll(action, model->help_top, max, page);
}

static void
move(struct fleet_model *model, const struct fleet_view *view, enum action action)
{
    struct fleet_layout layout;

    fleet_layout_compute(&layout, model, view);
    if (model->help)
        scroll_help(model, action, model->rows - 3 - layout.key_rows);
    else
        move_to(model, view, fleet_place(view, model) + action_step(action, view->count, layout.list_rows > 0 ? layout.list_rows : 1));
}

/* The filter shows what it has found and nothing else: the next one is the next row, round the ends. */
static void
move_match(struct fleet_model *model, const struct fleet_view *view, int step)
{
    if (model->filter[0] == 0)
        fleet_say(model, false, _("no filter here; the key for it asks for a word to look for"));
    else if (view->count > 0)
        move_to(model, view, (fleet_place(view, model) + step + view->count) % view->count);
}

/* A click chooses a line, the wheel moves. */
static void
point(struct fleet_model *model, const struct fleet_view *view, const struct key_press *press)
{
    struct fleet_layout layout;

    if (!model->mouse)
        return;
    if (press->mouse != MOUSE_CLICK) {
        move(model, view, press->mouse == MOUSE_WHEEL_UP ? ACTION_UP : ACTION_DOWN);
        return;
    }
    fleet_layout_compute(&layout, model, view);
    if (!model->help && press->y >= layout.list_y && press->y < layout.list_y + layout.list_rows &&
        layout.first + press->y - layout.list_y < view->count)
        move_to(model, view, layout.first + press->y - layout.list_y);
}

/* --- acting --------------------------------------------------------------------------------------------- */

static struct fleet_effect
open_selected(struct fleet_model *model, const struct fleet_view *view)
{
    const struct fleet_row *row = fleet_selected(view, model);

    if (row && row->link.question)
        ask_for_way(model, row);
    if (row == NULL || row->link.question)
        return wish(FLEET_NOTHING, 0);
    return wish(row->index == model->home ? FLEET_BACK : FLEET_OPEN, row->index);
}

/* Esc closes what was opened last; with nothing open it goes back. */
static struct fleet_effect
back(struct fleet_model *model)
{
    if (model->help)
        model->help = false;
    else if (model->filter[0])
        model->filter[0] = 0;
    else if (model->frozen)
        model->frozen = false;
    else if (model->home >= 0)
        return wish(FLEET_BACK, model->home);
    return wish(FLEET_NOTHING, 0);
}

static void
ask_to_add(struct fleet_model *model, const struct fleet_view *view)
{
    if (!model->can_change)
        fleet_say(model, true, _("nodes cannot be added here"));
    else if (view->total >= FLEET_NODES_MAX)
        fleet_say(model, true, _("the view is full: remove a node first"));
    else
        prompt_open(&model->prompt, PROMPT_ADD, "");
}

static void
ask_to_remove(struct fleet_model *model, const struct fleet_view *view)
{
    const struct fleet_row *row = fleet_selected(view, model);

    if (row == NULL)
        return;
    if (!model->can_change || row->node->source.embedded || row->index == model->home) {
        fleet_say(model, true, _("this node stays: the console belongs to it"));
        return;
    }
    model->asked = row->index;
    prompt_open(&model->prompt, PROMPT_REMOVE, "");
}

/* Of the selected node; auto is the safe direction and asks nothing. */
static struct fleet_effect
control(struct fleet_model *model, const struct fleet_view *view, enum action action)
{
    const struct fleet_row *row = fleet_selected(view, model);

    if (row == NULL)
        return wish(FLEET_NOTHING, 0);
    if (!row->node->source.control) {
        fleet_say(model, true, _("read-only session: modes are not switched from here"));
        return wish(FLEET_NOTHING, 0);
    }
    model->asked = row->index;
    if (action == ACTION_AUTO)
        return (struct fleet_effect){ .wish = FLEET_SWITCH, .node = row->index, .policy = LUNG_POLICY_AUTO };
    prompt_open(&model->prompt, action == ACTION_FORCE_P2P ? PROMPT_FORCE_P2P : PROMPT_FORCE_HTTP, "");
    return wish(FLEET_NOTHING, 0);
}

static struct fleet_effect
retry(struct fleet_model *model, const struct fleet_view *view)
{
    const struct fleet_row *row = fleet_selected(view, model);

    if (row && row->link.state == LINK_RETRY)
        return wish(FLEET_RETRY, row->index);
    fleet_say(model, false, _("this node waits for no other try"));
    return wish(FLEET_NOTHING, 0);
}

/* What changes nothing but the picture. */
static void
look(struct fleet_model *model, const struct fleet_view *view, enum action action)
{
    if (action == ACTION_FILTER)
        prompt_open(&model->prompt, PROMPT_FILTER, model->filter);
    else if (action == ACTION_NEXT_MATCH || action == ACTION_PREVIOUS_MATCH)
        move_match(model, view, action == ACTION_NEXT_MATCH ? 1 : -1);
    else if (action == ACTION_FREEZE) {
        model->frozen = !model->frozen;
        model->frozen_ms = model->now_ms;
    } else if (action == ACTION_HELP) {
        model->help = !model->help;
        model->help_top = 0;
    } else if (action == ACTION_ACKNOWLEDGE || action == ACTION_ACKNOWLEDGE_ALL) {
        if (!fleet_acknowledge(model, view, action == ACTION_ACKNOWLEDGE_ALL))
            fleet_say(model, false, _("nothing to acknowledge"));
    } else
        move(model, view, action);
}

static struct fleet_effect
act(struct fleet_model *model, const struct fleet_view *view, enum action action)
{
    switch (action) {
    case ACTION_DETAIL:
        return open_selected(model, view);
    case ACTION_BACK:
        return back(model);
    case ACTION_FLEET:
        return wish(model->home >= 0 ? FLEET_BACK : FLEET_NOTHING, model->home);
    case ACTION_ADD:
        ask_to_add(model, view);
        break;
    case ACTION_REMOVE:
        ask_to_remove(model, view);
        break;
    case ACTION_RETRY:
        return retry(model, view);
    case ACTION_FORCE_P2P:
    case ACTION_FORCE_HTTP:
    case ACTION_AUTO:
        return control(model, view, action);
    case ACTION_COPY:
        return wish(FLEET_COPY, 0);
    case ACTION_MOUSE:
        model->mouse = !model->mouse;
        fleet_say(model, false, model->mouse ? _("mouse on: hold Shift to select text") : _("mouse off"));
        return wish(FLEET_MOUSE, 0);
    case ACTION_REPAINT:
        return wish(FLEET_REPAINT, 0);
    case ACTION_SUSPEND:
        return wish(FLEET_SUSPEND, 0);
    case ACTION_QUIT:
        if (!model->help)
            return ask_to_quit(model);
        model->help = false;
        break;
    case ACTION_INTERRUPT:
        return fleet_interrupt(model);
    default:
        look(model, view, action);
        break;
    }
    return wish(FLEET_NOTHING, 0);
}

struct fleet_effect
fleet_key(struct fleet_model *model, const struct fleet_view *view, const struct key_press *press)
{
    model->message_until_ms = 0;
    if (press->key == KEYS_CTRL_C && !press->pasted)
        return fleet_interrupt(model);
    if (fleet_asks(model))
        return answer_way(model, press);
    if (model->prompt.kind != PROMPT_CLOSED)
        return answer_prompt(model, view, press);
    if (press->key == KEYS_MOUSE)
        point(model, view, press);
    if (press->pasted || press->key == KEYS_MOUSE)
        return wish(FLEET_NOTHING, 0);
    return act(model, view, keymap_action(&model->settings.keymap, press->key));
}
