/*
 * alarm.h - what rings: alerts that were not there before, and the operator's command for them. Console thread.
 */
#ifndef LAT_UI_ALARM_H
#define LAT_UI_ALARM_H

#include <sys/types.h>

#include "settings.h"
#include "view/snapshot.h"

#define ALARM_PAUSE_MS 10000 /* between two runs of the command */
#define ALARM_RUNS_MAX 4     /* commands running at one time */

struct alarm {
    bool begun; /* what the first picture shows has been there before */
    struct {
        char code[8];
        char subject[SNAPSHOT_TEXT_MAX]; /* text up to the first colon, leading figures left out */
    } known[SNAPSHOT_ALERTS_MAX];
    uint32_t known_count;
    uint64_t run_ms; /* last run of the command; 0: never */
    struct snapshot_alert waiting; /* for the pause to end; code "": none */
    char node[SNAPSHOT_NAME_MAX];  /* whose it is */
    pid_t runs[ALARM_RUNS_MAX];    /* 0: free */
};

/*
 * Compare with the alerts of the last picture. Returns the worst one that is new, NULL: none. Pure. Borrow from the
 * snapshot.
 */
const struct snapshot_alert *alarm_follow(struct alarm *alarm, const struct snapshot *snapshot);

/* Does this one ring? */
bool alarm_rings(enum bell bell, const struct snapshot_alert *alert);

/*
 * Run settings->on_alert for an alert (NULL: the one that waits, if any and if its time has come), in a session of its
 * own with a closed terminal, the alert and its node in its environment. More than one in ALARM_PAUSE_MS: the latest waits. Also buries
 * commands that have ended; call it once in a while.
 */
void alarm_run(struct alarm *alarm, const struct settings *settings, const char *node, const struct snapshot_alert *alert,
               uint64_t now_ms);

#endif
