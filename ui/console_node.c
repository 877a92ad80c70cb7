/* console_node.c - the console's dealings with its node: pictures, commands and their answers, the past. */
#include "config.h"

#include "console_parts.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "i18n.h"
#include "link_label.h"
#include "operator.h"
#include "term.h"
#include "wish.h"
#include "words.h"

/* What is on the screen. */
const struct snapshot *
console_shown(const struct console *c)
{
    return c->then ? c->then : c->snapshot;
}

static void
record(struct console *c, const struct snapshot *snapshot)
{
    char text[96];

    if (recorder_take(c->recorder, snapshot) == LAT_OK)
        return;
    snprintf(text, sizeof(text), _("recording ended: %s"), strerror(errno));
    model_say(&c->model, true, text);
    recorder_close(c->recorder);
    c->recorder = NULL;
}

/* Bell, notification and the operator's command for what is new. */
static void
ring(struct console *c, const struct snapshot *latest)
{
    const struct snapshot_alert *alert = alarm_follow(&c->alarm, latest);
    const struct settings *settings = &c->model.settings;
    char words[WORDS_MAX];

    alarm_run(&c->alarm, settings, latest->name, alert, c->model.now_ms);
    if (alert == NULL)
        return;
    if (alarm_rings((enum bell)settings->bell, alert))
        term_bell(settings->visible_bell);
    if (settings->notify && alert->severity == ALERT_ALARM)
        term_notify(words_of_alert(alert, words));
}

/* The newest snapshot as the operator may see it; NULL: there is none, or none that is new. The caller unrefs. */
static const struct snapshot *
fresh_snapshot(struct console *c)
{
    const struct snapshot *latest = c->source->ops->latest(c->source->arg), *masked;

    if (latest == NULL || latest->summary || (c->snapshot && latest->number == c->snapshot->number && latest->mono_ms == c->snapshot->mono_ms)) {
        snapshot_unref(latest);
        return NULL;
    }
    if (c->privacy == NULL)
        return latest;
    masked = privacy_apply(c->privacy, latest);
    snapshot_unref(latest);
    return masked;
}

/* Why nothing is heard, and what is being done about it. In privacy without the reason, which may name an address. */
static void
follow_trouble(struct console *c)
{
    struct model *model = &c->model;
    char label[LINK_LABEL_MAX], words[WORDS_MAX];

    if (model->asked_ms == 0)
        model->asked_ms = model->now_ms;
    model->trouble[0] = 0;
    if (c->link.state == LINK_LIVE && c->link.question == 0)
        return;
    link_label(&c->link, model->now_ms, label);
    if (c->link.error[0] && !model->settings.privacy)
        snprintf(model->trouble, sizeof(model->trouble), "%.180s, %s", words_of_node(c->link.error, words), label);
    else
        lat_copy(model->trouble, sizeof(model->trouble), label);
}

/* How the node is reached, in the title while it is not live. */
void
console_follow_link(struct console *c)
{
    enum link_state before = c->link.state;
    char words[LINK_LABEL_MAX];

    if (c->source->ops->link == NULL)
        return;
    c->source->ops->link(c->source->arg, &c->link);
    if (c->link.state == LINK_LIVE && c->link.question == 0)
        lat_copy(c->model.via, sizeof(c->model.via), c->source->via);
    else
        snprintf(c->model.via, sizeof(c->model.via), "%.38s %s", c->source->via, link_label(&c->link, c->model.now_ms, words));
    follow_trouble(c);
    if (c->link.state == LINK_RETRY && before != LINK_RETRY)
        model_say(&c->model, true, c->link.error);
    c->loop.want_data |= c->link.state != before;
    if (c->source->ops->answer == NULL)
        return;
    c->loop.want_frame |= c->link.question != c->model.question.asked.question;
    model_follow_question(&c->model, &c->link);
}

void
console_answer(struct console *c, bool yes)
{
    const struct link_status *asked = &c->model.question.asked;

    c->source->ops->answer(c->source->arg, asked->question, yes, asked->secret && yes ? c->model.prompt.text : NULL);
    prompt_close(&c->model.prompt);
}

void
console_take_snapshot(struct console *c)
{
    const struct snapshot *latest;

    if (c->model.frozen)
        return;
    latest = fresh_snapshot(c);
    if (latest == NULL)
        return;
    c->loop.want_frame |= c->snapshot == NULL; /* the first figures: nobody waits for the pace of later ones */
    snapshot_unref(c->snapshot);
    c->snapshot = latest;
    record(c, latest);
    acks_prune(&c->model.acks, latest);
    ring(c, latest);
    if (c->then)
        c->model.behind_ms = (int64_t)(latest->wall_ms - c->then->wall_ms);
    c->loop.want_data = true;
}

void
console_switch(struct console *c, const struct effect *effect)
{
    const char *why = wish_switch(c->source, effect->policy, effect->for_s, &c->ticket);

    model_say(&c->model, why != NULL, why ? why : _("switching ..."));
}

void
console_look_back(struct console *c, enum look_step step, uint64_t at_ms)
{
    struct command *command;
    const char *why;

    if (c->snapshot == NULL || c->look)
        return; /* one look after the other */
    command = command_new(COMMAND_LOOK);
    if (command) {
        command->step = step;
        command->at_ms = at_ms ? at_ms : console_shown(c)->wall_ms;
    }
    why = wish_submit(c->source, command, &c->look);
    if (why)
        model_say(&c->model, true, why);
}

void
console_back_to_now(struct console *c)
{
    snapshot_unref(c->then);
    c->then = NULL;
    c->model.past = false;
}

/* A moment of the past has come, or word that there is none on that side. */
void
console_take_look(struct console *c)
{
    const struct reply *reply = c->look ? ticket_reply(c->look) : NULL;
    char words[WORDS_MAX];

    if (reply == NULL)
        return;
    if (reply->snapshot) {
        snapshot_unref(c->then);
        c->then = c->privacy ? privacy_apply(c->privacy, reply->snapshot) : snapshot_ref(reply->snapshot);
        c->model.past = c->then != NULL;
        c->model.frozen = false;
        if (c->then)
            c->model.behind_ms = (int64_t)(c->snapshot->wall_ms - c->then->wall_ms);
    } else
        model_say(&c->model, true, reply->text[0] ? words_of_node(reply->text, words) : lat_err_text(reply->err));
    ticket_unref(c->look);
    c->look = NULL;
    c->loop.want_frame = true;
}

void
console_take_answer(struct console *c)
{
    char text[WORDS_MAX];
    bool bad;

    if (!wish_answered(&c->ticket, text, &bad))
        return;
    model_say(&c->model, bad, text);
    c->loop.want_frame = true;
}

void
console_log_acks(const struct acks *acks, int before)
{
    char who[64];

    if (acks->count <= before)
        return;
    operator_name(who, sizeof(who));
    for (int i = before; i < acks->count; i++)
        lat_log(LAT_NOTICE, "[CONSOLE] alert %s acknowledged by %s", acks->list[i].code, who);
}

void
console_hush(struct console *c)
{
    const struct snapshot *latest = c->source->ops->latest(c->source->arg);

    if (latest && !latest->summary)
        (void)alarm_follow(&c->alarm, latest);
    snapshot_unref(latest);
}
