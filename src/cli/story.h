/*
 * story.h - the story of a demo: steps that cut and restore the lungs of real nodes and change entries, each with a sentence that says
 * what happens. The engine knows no node: what it sees of one comes in as facts, what it wants done goes out as actions.
 *
 *   script:   step cut                                  # a name; what follows belongs to it
 *             en The peer-to-peer network is cut.       # {nodes}, {wait}: number of nodes, seconds until HTTP takes over
 *             pt A rede entre os nós é cortada.
 *             show countdown                            # what the console shows large: all, countdown, divergence
 *             p2p reset                                 # open, reset, drop, on all nodes
 *             http cut                                  # open, cut
 *             put 2 acct/1 {"balance": 7}               # on the second node
 *             until http 90                             # go on when that holds, after 90 s in any case: p2p, countdown, http, isolated,
 *             for 5                                     # agree, differ; then stay for 5 s
 *
 * Between the steps nothing is set back; a restart opens both lungs first. Instants are monotonic milliseconds. Pure; one thread.
 */
#ifndef LAT_CLI_STORY_H
#define LAT_CLI_STORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "view/command.h"
#include "view/source.h"

#define STORY_TEXT_MAX 65536   /* of a script */
#define STORY_STEPS_MAX 64
#define STORY_PUTS_MAX 4       /* of one step */
#define STORY_NODES_MAX 9
#define STORY_SECONDS_MAX 3600

struct story;

struct story_options {
    unsigned nodes;      /* 1 .. STORY_NODES_MAX; a put on another is an error of the script */
    bool loop;           /* begin anew at the end */
    unsigned percent;    /* of the script's `for`: 100, less to hurry */
};

/* What the console's node shows. */
struct story_facts {
    enum lung_state state;
    bool agree;          /* every other node has our root */
    bool differ;         /* somebody has another one */
    unsigned wait_s;     /* T_FALLBACK */
};

/* Each gets `arg` first; neither may call the engine. */
struct story_ops {
    /* All nodes: these gates from now on. */
    void (*gate)(void *arg, enum command_gate p2p, enum command_gate http);
    /* Write an entry on a node (1, 2, ...). */
    void (*put)(void *arg, unsigned node, const char *key, const char *value);
};

/* The story that comes with the program. */
extern const char story_default[];

/*
 * Read a script. LAT_MALFORMED, LAT_LIMIT with *why, which names the line; LAT_NOMEM. Keeps no pointer to text. ops is borrowed.
 */
LAT_MUST_CHECK enum lat_err story_new(const char *text, const struct story_options *options, const struct story_ops *ops, void *arg,
                                      struct story **out, struct lat_msg *why);
void story_free(struct story *story); /* NULL is fine */

/* Time goes on, and this is what is seen. The first call begins the first step. */
void story_tick(struct story *story, const struct story_facts *facts, uint64_t now_ms);

void story_wish(struct story *story, enum story_wish wish, uint64_t now_ms);

/* What is to be told now; borrows until the next call. */
void story_look(struct story *story, bool portuguese, struct story_face *out);

#endif
