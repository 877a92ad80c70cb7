/* node_commands.c - what front ends wish, carried out and answered. */
#include "config.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "node/node_parts.h"
#include "state/json.h"
#include "state/recon.h"

static void
answer(struct command *command, const struct reply *reply)
{
    if (command->ticket)
        ticket_complete(command->ticket, reply);
    else
        free(reply->verdicts);
    command->ticket = NULL;
}

static void LAT_PRINTF(3, 4)
refuse(struct command *command, enum lat_err err, const char *fmt, ...)
{
    struct reply reply = { .err = err };
    va_list args;

    va_start(args, fmt);
    vsnprintf(reply.text, sizeof(reply.text), fmt, args);
    va_end(args);
    answer(command, &reply);
}

/* --- SWITCH ---------------------------------------------------------------------------------------- */

/* What an operator should know about the mode that now holds. */
static void
describe_switch(const struct node *node, struct reply *reply)
{
    const char *mode = reply->policy == LUNG_POLICY_AUTO ? "automatic mode"
                       : reply->policy == LUNG_POLICY_P2P ? "P2P-only mode" : "HTTP-only mode";

    reply->warning = reply->sync_mode == SYNC_NONE;
    if (!reply->warning)
        snprintf(reply->text, sizeof(reply->text), "Switched to %s", mode);
    else if (reply->policy == LUNG_POLICY_HTTP && node->config->source_count == 0)
        snprintf(reply->text, sizeof(reply->text), "Switched to %s; warning: no HTTP peer is configured, nothing carries", mode);
    else if (reply->policy == LUNG_POLICY_HTTP) /* on standby sources are asked now and then only: the answer to this question is on its way */
        snprintf(reply->text, sizeof(reply->text), "Switched to %s; asking its sources, none has answered yet", mode);
    else
        snprintf(reply->text, sizeof(reply->text), "Switched to %s; warning: nothing carries the state now (%s)", mode,
                 lung_state_name(reply->state));
}

static void
run_switch(struct node *node, struct command *command)
{
    static const enum lung_event_kind kinds[] = { [LUNG_POLICY_AUTO] = LUNG_EV_CMD_AUTO,
                                                  [LUNG_POLICY_P2P] = LUNG_EV_CMD_P2P,
                                                  [LUNG_POLICY_HTTP] = LUNG_EV_CMD_HTTP };
    const struct lung_event event = { .kind = kinds[command->policy], .for_ms = (uint64_t)command->for_s * 1000 };
    struct lung_step step = lung_event(&node->lung, &event, uv_now(&node->loop));
    struct reply reply = { .err = LAT_OK, .policy = command->policy, .for_s = command->for_s };

    if (step.refused) {
        refuse(command, LAT_CONFLICT, "P2P is disabled by configuration; set LATTICE_P2P_ENABLED=true and restart");
        return;
    }
    lat_copy(node->forced_by, sizeof(node->forced_by), command->who);
    lat_log(LAT_NOTICE, "[LUNG] mode %s set by %s%s%s%s for_s=%u", lung_policy_name(command->policy), command->who,
            command->says[0] ? " (says: " : "", command->says, command->says[0] ? ")" : "", command->for_s);
    node_lungs_follow(node, &step);
    reply.state = node->lung.state;
    reply.sync_mode = lung_sync_mode(reply.state);
    reply.peers_live = node->lung.peers.live;
    describe_switch(node, &reply);
    node_snapshot_publish_now(node); /* who asks for the status after this answer sees what it says */
    answer(command, &reply);
}

/* --- PUT, DELETE ----------------------------------------------------------------------------------- */

/* A write of ours on its way through the store. */
struct writing {
    struct node *node;
    struct command *command;
};

/* On the store thread: the write is durable, or refused. */
static void
written(void *arg, const struct store_written *w)
{
    struct writing *writing = arg;
    struct command *command = writing->command;
    struct reply reply = { .err = w->err, .hlc = w->hlc };
    uint8_t keyhash[32];

    lat_copy(reply.text, sizeof(reply.text), w->text);
    if (!w->err) {
        lat_hex(w->root, sizeof(w->root), reply.root);
        lat_hex(w->digest, sizeof(w->digest), reply.etag);
        keyhash_of(store_network(writing->node->store), command->key, command->key_len, keyhash);
        node_outbox_add(writing->node, keyhash);
    }
    answer(command, &reply);
    command_free(command);
    free(writing);
}

/* Queue the write; the command then belongs to the store thread. */
static enum lat_err
queue_write(struct node *node, struct command *command, const struct lat_buf *value)
{
    static const enum store_match matches[] = { [MATCH_ANY] = STORE_MATCH_ANY, [MATCH_ABSENT] = STORE_MATCH_ABSENT,
                                                [MATCH_DIGEST] = STORE_MATCH_DIGEST };

    struct writing *writing = malloc(sizeof(*writing));
    enum lat_err err;

    if (writing == NULL)
        return LAT_NOMEM;
    *writing = (struct writing){ .node = node, .command = command };
    err = store_write(node->store, command->key, command->key_len, value ? value->data : NULL, value ? value->len : 0,
                      matches[command->match], command->digest, written, writing);
    if (err)
        free(writing);
    return err;
}

/* true: the command has been handed on. */
static bool
run_write(struct node *node, struct command *command)
{
    struct lat_msg why = { "" };
    struct lat_buf value;
    enum lat_err err = LAT_OK;

    lat_buf_init(&value, (size_t)node->config->value_max);
    if (command->kind == COMMAND_PUT) {
        err = json_store_form((const char *)command->value, command->value_len, &value, &why);
        if (err == LAT_LIMIT && why.text[0] == '\0')
            lat_msg_set(&why, "the value is over %llu bytes; LATTICE_VALUE_MAX sets the limit",
                        (unsigned long long)node->config->value_max);
        if (err)
            refuse(command, err, "value: %.200s", why.text[0] ? why.text : lat_err_text(err));
    }
    if (!err) {
        err = queue_write(node, command, command->kind == COMMAND_PUT ? &value : NULL);
        if (err)
            refuse(command, err, "%s", err == LAT_BUSY ? "too many writes are waiting; try again" : lat_err_text(err));
    }
    lat_buf_fini(&value);
    return err == LAT_OK;
}

/* --- MERGE ----------------------------------------------------------------------------------------- */

static void
merged(void *arg, const uint8_t *verdicts, size_t count, enum lat_err err)
{
    struct command *command = arg;
    struct reply reply = { .err = err };

    reply.verdicts = malloc(count ? count : 1);
    if (reply.verdicts == NULL) {
        refuse(command, LAT_NOMEM, "out of memory");
    } else {
        memcpy(reply.verdicts, verdicts, count);
        reply.verdict_count = count;
        answer(command, &reply);
    }
    command_free(command);
}

/* true: the command has been handed on. */
static bool
run_merge(struct node *node, struct command *command)
{
    struct recon_pushes pushes = { 0 };
    struct lat_buf error;
    enum lat_err err;

    lat_buf_init(&pushes.records, RECON_PUSHES_MAX);
    lat_buf_init(&error, RECON_MESSAGE_MAX);
    err = recon_inspect(store_network(node->store), command->message, command->message_len, &pushes, &error);
    if (!err)
        err = apply_records(node->apply, APPLY_FROM_API, pushes.records.data, pushes.records.len, pushes.count, merged, command);
    lat_buf_fini(&pushes.records);
    lat_buf_fini(&error);
    if (err)
        refuse(command, err, "%s", lat_err_text(err));
    return err == LAT_OK;
}

/* --- PUBLISH --------------------------------------------------------------------------------------- */

static void
run_publish(struct node *node, struct command *command)
{
    struct reply reply = { .err = LAT_OK };
    char intent[TOPIC_NAME_MAX + 1];
    size_t recipients = 0;
    enum lat_err err;

    if (!node->lung.enabled) {
        refuse(command, LAT_CONFLICT, "P2P is disabled by configuration; set LATTICE_P2P_ENABLED=true and restart");
        return;
    }
    if (node->host == NULL) {
        refuse(command, LAT_CLOSED, "P2P does not run: %.200s", node_p2p_error(node));
        return;
    }
    err = node_publish_proof(node, command->intent, command->status, &recipients);
    if (err) {
        refuse(command, err, "it could not be published: %s", lat_err_text(err));
        return;
    }
    lat_log(LAT_INFO, "[LATTICE_P2P] published topic=%s intent=%s recipients=%zu", node->config->p2p_topic,
            lat_escape_str(command->intent, intent, sizeof(intent)), recipients);
    reply.recipients = (uint32_t)recipients;
    if (recipients == 0)
        snprintf(reply.text, sizeof(reply.text), "published to nobody: no peer subscribes to %.60s", node->config->p2p_topic);
    else
        snprintf(reply.text, sizeof(reply.text), "published to %zu peer%s", recipients, recipients == 1 ? "" : "s");
    answer(command, &reply);
}

/* --- GATE ------------------------------------------------------------------------------------------ */

static void
run_gate(struct node *node, struct command *command)
{
    static const char *const names[] = { [GATE_OPEN] = "open", [GATE_RESET] = "reset", [GATE_DROP] = "drop" };
    const struct reply done = { .err = LAT_OK };

    if (!node->demo) {
        refuse(command, LAT_CONFLICT, "only the nodes of a demo have a gate");
        return;
    }
    lat_log(LAT_NOTICE, "[DEMO] gates set by %s p2p=%s http=%s", command->who, names[command->p2p_gate], names[command->http_gate]);
    node_p2p_set_gate(node, command->p2p_gate);
    poller_set_cut(node->poller, command->http_gate != GATE_OPEN);
    if (command->p2p_gate == GATE_OPEN || command->http_gate == GATE_OPEN)
        node_network_changed(node, HOSTWATCH_CHANGED); /* what a lifted cut is to a network */
    answer(command, &done);
}

/* --- RELOAD ---------------------------------------------------------------------------------------- */

static void
run_reload(struct node *node, struct command *command)
{
    struct reply reply = { .err = LAT_OK, .text = "configuration read again" };
    struct lat_msg why = { "" };
    struct config *fresh = node->reload ? node->reload(node->arg, node->config, &why) : NULL;

    if (fresh == NULL) {
        lat_log(LAT_ERROR, "[STARTUP] [WARN] configuration not taken, the present one stays: %s", why.text);
        refuse(command, LAT_MALFORMED, "%.250s", why.text);
        return;
    }
    config_free(node->config);
    node->config = fresh;
    lat_log_set_level(fresh->log_level);
    if (!node_trust_load(node))
        lat_log(LAT_ERROR, "[STARTUP] [WARN] the former trusted keys stay: out of memory");
    node_api_reload(node);
    node_lungs_reload(node);
    lat_log(LAT_NOTICE, "[STARTUP] configuration read again: %zu HTTP peers, %zu trusted keys", fresh->source_count,
            node->trust->trust.count);
    answer(command, &reply);
}

/* true: the command has been handed on. */
static bool
run(struct node *node, struct command *command)
{
    const struct reply done = { .err = LAT_OK };

    switch (command->kind) {
    case COMMAND_SWITCH:
        run_switch(node, command);
        return false;
    case COMMAND_PUT:
    case COMMAND_DELETE:
        return run_write(node, command);
    case COMMAND_MERGE:
        return run_merge(node, command);
    case COMMAND_PUBLISH:
        run_publish(node, command);
        return false;
    case COMMAND_POLL:
        node_lungs_hurry(node);
        answer(command, &done);
        return false;
    case COMMAND_GATE:
        run_gate(node, command);
        return false;
    case COMMAND_RELOAD:
        run_reload(node, command);
        return false;
    case COMMAND_LOOK:
        if (node_history_look(node, command))
            return true;
        refuse(command, LAT_NOTFOUND, "this node keeps no history");
        return false;
    case COMMAND_STOP:
        node->stopping = true;
        answer(command, &done);
        return false;
    }
    return false;
}

void
node_commands_run(struct node *node)
{
    struct command *command;

    while ((command = exchange_take(node->exchange)) != NULL) {
        if (!run(node, command))
            command_free(command);
        node->changed = true;
    }
}
