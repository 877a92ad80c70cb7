/*
 * log.h - the event log: one line an event, to a stream or file as text or JSON, and into a ring that the
 * console shows.
 *
 * A text line is "2026-03-14T14:03:27.120Z notice [TAG] [MARK] text field=value ...": the tags of v3.0.3
 * (COMPAT-v3.0.3, "Log lines") stay greppable. Whatever comes from outside is passed through
 * lat_escape by the caller; as a second net the writer replaces control characters. Lines are cut at
 * LAT_LOG_LINE_MAX. Any thread; lines of different threads do not mix.
 */
#ifndef LAT_BASE_LOG_H
#define LAT_BASE_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum lat_level { LAT_DEBUG, LAT_INFO, LAT_NOTICE, LAT_WARNING, LAT_ERROR };

#define LAT_LOG_LINE_MAX 1024 /* bytes of one line, with its zero */
#define LAT_LOG_RING 512      /* lines kept for the console */

/* A kept line. */
struct lat_log_line {
    uint64_t seq;     /* 1, 2, 3 ..., never reused */
    uint64_t wall_ms; /* Unix time */
    enum lat_level level;
    char source[16];  /* first tag in lower case without brackets: "http_sync", "p2p_heartbeat", "startup", ... */
    char text[256];   /* the text with its tags, cut */
};

struct lat_log_options {
    const char *path;      /* file to append to; NULL: standard error */
    bool json;             /* one JSON object a line: time, level, source, text, and the fields as members */
    enum lat_level level;  /* least level that is written and kept */
};

/* Open or reopen (SIGHUP, rotation). On failure the former sink stays. LAT_SYS. */
LAT_MUST_CHECK enum lat_err lat_log_open(const struct lat_log_options *options);

/* Change the least level. */
void lat_log_set_level(enum lat_level level);

/* "debug", "info", "notice", "warning", "error" -> level. LAT_MALFORMED. */
LAT_MUST_CHECK enum lat_err lat_level_parse(const char *text, enum lat_level *level);
const char *lat_level_name(enum lat_level level);

/*
 * Write one line. The text begins with its tags: lat_log(LAT_WARNING, "[P2P_HEARTBEAT] [TIMER] %ds left", n).
 * Fields, if any, end the text as " name=value" (values without blanks).
 */
void lat_log(enum lat_level level, const char *fmt, ...) LAT_PRINTF(2, 3);

/* Copy up to max of the newest kept lines, oldest first; returns how many. *total: lines ever written. */
size_t lat_log_recent(struct lat_log_line *out, size_t max, uint64_t *total);

#endif
