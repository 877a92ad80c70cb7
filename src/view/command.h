/*
 * command.h - wishes on their way to the node, and the tickets that bring the answers back.
 *
 * A command is made by a front end, given to a source (source.h), and consumed by the node thread. A ticket has two
 * holders, asker and answerer; it is completed once and then readable by the asker.
 */
#ifndef LAT_VIEW_COMMAND_H
#define LAT_VIEW_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "view/lung_words.h"

enum command_kind {
    COMMAND_SWITCH, /* set the policy */
    COMMAND_PUT,    /* write one entry */
    COMMAND_DELETE, /* delete one entry */
    COMMAND_MERGE,  /* records brought by a sync message (RECORDS): verdicts come back */
    COMMAND_PUBLISH, /* a proof_event on the gossip topic */
    COMMAND_POLL,   /* ask the HTTP sources now, back-off forgotten */
    COMMAND_GATE,   /* a demo's cut of one or both lungs; other nodes refuse it */
    COMMAND_RELOAD, /* read the configuration again (SIGHUP) */
    COMMAND_LOOK,   /* a snapshot of the past, from the node's history */
    COMMAND_STOP,   /* orderly end */
};

/* Precondition of a write. */
enum command_match { MATCH_ANY, MATCH_ABSENT, MATCH_DIGEST };

/* How a lung is cut: connections broken off and refused, or every byte lost. Of the HTTP lung both are the first. */
enum command_gate { GATE_OPEN, GATE_RESET, GATE_DROP };
/* Which kept snapshot a look is for, as seen from a time. */
enum look_step {
    LOOK_AT,             /* the newest not after it */
    LOOK_EARLIER,        /* the newest before it */
    LOOK_LATER,          /* the oldest after it */
    LOOK_EARLIER_CHANGE, /* the newest before it that follows one with another lung state */
    LOOK_LATER_CHANGE,   /* the oldest after it that follows one with another lung state */
};

/* "at", "earlier", "later", "earlier-change", "later-change"; parse: LAT_MALFORMED. */
const char *look_step_name(enum look_step step);
LAT_MUST_CHECK enum lat_err look_step_parse(const char *text, enum look_step *step);

struct ticket;
struct snapshot;

struct command {
    enum command_kind kind;
    char who[64];            /* for the log: "console", "uid 1000 by api", "bearer by api" */
    char says[64];           /* who it says that it is, escaped: nobody has checked it; "": nothing */
    struct ticket *ticket;   /* answered exactly once; NULL: no answer wanted */
    /* SWITCH */
    enum lung_policy policy;
    uint32_t for_s;          /* 0: until changed */
    /* PUT, DELETE */
    uint8_t *key;
    size_t key_len;
    uint8_t *value;          /* JSON text as received; the node brings it into stored form */
    size_t value_len;
    enum command_match match;
    uint8_t digest[32];
    /* PUBLISH: UTF-8 */
    char *intent, *status;
    /* GATE */
    enum command_gate p2p_gate, http_gate;
    /* LOOK */
    enum look_step step;
    uint64_t at_ms;          /* wall time */
    /* MERGE: a RECORDS request, whole */
    uint8_t *message;
    size_t message_len;
};

/* The answer. */
struct reply {
    enum lat_err err;
    char text[256];       /* for people; what failed, why, what to do */
    char root[65];        /* PUT, DELETE: the new trie root */
    char etag[65];        /* PUT, DELETE: digest of the record */
    uint64_t hlc;
    enum lung_state state;   /* SWITCH: after the transition */
    enum lung_policy policy;
    enum sync_mode sync_mode;
    uint32_t peers_live;
    uint32_t for_s;       /* SWITCH: 0 none */
    uint32_t recipients;  /* PUBLISH: peers to whom it was sent; text says so as well */
    bool warning;         /* SWITCH: nothing carries; text says why */
    const struct snapshot *snapshot; /* LOOK: released with the ticket */
    uint8_t *verdicts;    /* MERGE: one byte a pushed record (WIRE section 6); freed with the ticket */
    size_t verdict_count;
};

/* A zeroed command; free with command_free (which completes an unanswered ticket with LAT_CLOSED). NULL: out of memory. */
struct command *command_new(enum command_kind kind);
void command_free(struct command *command);

/* Called once, on the completing thread, when the answer is there. Must not block. */
typedef void (*ticket_fn)(void *arg);

/* Two references: one for the asker, one to be put into command->ticket. NULL: out of memory. */
struct ticket *ticket_new(ticket_fn fn, void *arg);
void ticket_unref(struct ticket *ticket);

/* Answer. Takes reply->verdicts and reply->snapshot. Later calls are ignored. Any thread. Drops the answerer's reference. */
void ticket_complete(struct ticket *ticket, const struct reply *reply);

/* NULL while unanswered. Borrow: valid while the asker's reference is held. Any thread. */
const struct reply *ticket_reply(struct ticket *ticket);

/* Wait for the answer for at most timeout_ms. NULL: not in time. */
const struct reply *ticket_wait(struct ticket *ticket, uint64_t timeout_ms);

#endif
