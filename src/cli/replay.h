/*
 * replay.h - a recording as a source: the snapshots of a file that `--record` wrote, at their pace or another one.
 */
#ifndef LAT_CLI_REPLAY_H
#define LAT_CLI_REPLAY_H

#include "base/err.h"
#include "view/source.h"

#define REPLAY_SPEED_MAX 1000

struct replay;

/*
 * Begin to show a file from a thread of its own; speed: 2 is twice as fast. Its first picture is there when this returns,
 * the last one stays. Lines that hold no snapshot are passed over. LAT_MALFORMED: it has none. LAT_SYS, LAT_NOMEM. *why
 * has the reason.
 */
LAT_MUST_CHECK enum lat_err replay_start(const char *path, double speed, struct replay **out, struct lat_msg *why);
void replay_stop(struct replay *replay);

/*
 * The pictures of a file one after the other, without waiting; fn returns false to end. Errors as of replay_start.
 */
LAT_MUST_CHECK enum lat_err replay_each(const char *path, bool (*fn)(void *arg, const struct snapshot *snapshot), void *arg,
                                        struct lat_msg *why);

/* The source that it is; borrows from it. */
void replay_face(struct replay *replay, struct source *out);

#endif
