/*
 * demo_story.h - the story (story.h) told with a demo's nodes: the first, in this process, by its exchange, the others by their
 * standard input. Console thread.
 */
#ifndef LAT_CLI_DEMO_STORY_H
#define LAT_CLI_DEMO_STORY_H

#include "cli/story.h"
#include "view/exchange.h"

struct demo_story;

/*
 * script: a file; NULL: the story that comes with the program. pipes: one for each other node, borrowed, not blocking. LAT_SYS (the file), what
 * story_new says, with *why.
 */
LAT_MUST_CHECK enum lat_err demo_story_new(const char *script, const struct story_options *options, const int *pipes,
                                           struct demo_story **out, struct lat_msg *why);
void demo_story_free(struct demo_story *story); /* NULL is fine */

/* From now on the source tells the story; x is the first node's. */
void demo_story_tell(struct demo_story *story, struct exchange *x, struct source *source);

/* What a snapshot shows of the story's conditions. nodes: of the demo. */
struct story_facts demo_story_facts(const struct snapshot *snapshot, unsigned nodes);

#endif
