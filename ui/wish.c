#include "config.h"

#include "wish.h"

#include <stdio.h>

#include "base/text.h"
#include "i18n.h"
#include "operator.h"

const char *
wish_submit(const struct source *source, struct command *command, struct ticket **ticket)
{
    struct ticket *fresh = command ? ticket_new(NULL, NULL) : NULL;
    enum lat_err err;

    if (fresh == NULL) {
        command_free(command);
        return lat_err_text(LAT_NOMEM);
    }
    command->ticket = fresh;
    err = source->ops->submit(source->arg, command);
    if (err) {
        command_free(command);
        ticket_unref(fresh);
        return err == LAT_BUSY ? _("the node is busy: try again") : _("the node takes no commands");
    }
    ticket_unref(*ticket);
    *ticket = fresh;
    return NULL;
}

const char *
wish_switch(const struct source *source, enum lung_policy policy, uint32_t for_s, struct ticket **ticket)
{
    struct command *command = command_new(COMMAND_SWITCH);

    if (command) {
        operator_name(command->who, sizeof(command->who));
        command->policy = policy;
        command->for_s = for_s;
    }
    return wish_submit(source, command, ticket);
}

bool
wish_answered(struct ticket **ticket, char text[WORDS_MAX], bool *bad)
{
    const struct reply *reply = *ticket ? ticket_reply(*ticket) : NULL;

    if (reply == NULL)
        return false;
    if (reply->text[0])
        words_of_node(reply->text, text);
    else if (reply->err)
        lat_copy(text, WORDS_MAX, lat_err_text(reply->err));
    else
        snprintf(text, WORDS_MAX, _("mode %s: %s"), lung_policy_name(reply->policy), lung_state_name(reply->state));
    *bad = reply->err != LAT_OK || reply->warning;
    ticket_unref(*ticket);
    *ticket = NULL;
    return true;
}
