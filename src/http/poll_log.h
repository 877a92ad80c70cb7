/*
 * poll_log.h - what the log says of HTTP sources: one line a change, with the tags of v3.0.3, and a bounded
 * number of lines per source, whatever it does. Node thread.
 *
 * Spec: STATE-MACHINE section 11, COMPAT-v3.0.3 section 9.
 */
#ifndef LAT_HTTP_POLL_LOG_H
#define LAT_HTTP_POLL_LOG_H

#include "http/poll_source.h"

/* The changes (enum source_change) that an answer made. own_root: of the kind that was compared; NULL: not at
 * hand. */
void poll_log_changes(struct poll_source *s, unsigned changes, const uint8_t *own_root, uint64_t now_ms);

/* A session, or an import, begins: said of the first of a row. */
void poll_log_heal(struct poll_source *s, uint64_t now_ms);

/* After source_healed, with the changes that it returned. */
void poll_log_healed(struct poll_source *s, unsigned changes, uint64_t now_ms);

/* After source_imported. */
void poll_log_imported(struct poll_source *s, const struct source_import *import, uint64_t now_ms);

#endif
