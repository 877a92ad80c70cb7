/*
 * history.h - snapshots of the past, small enough to keep a week of them: the form in which they lie in a file.
 *
 * A file is a row of frames. A frame is a header of 28 bytes and the text of a snapshot (view/json.h), compressed: once a
 * minute by itself (a key frame), otherwise with the last key frame's text as dictionary, so that a second costs what has
 * changed in it. A frame that was torn by a crash ends its file; one whose checksum is wrong is passed over.
 *
 *   u32 bytes of the compressed text   u32 bytes of the text   u32 CRC-32 of all that follows
 *   u8 kind   u8 lung state   u16 0    u64 wall time, ms       u32 0          (little-endian)
 *
 * Pure. One thread at a time.
 */
#ifndef LAT_NODE_HISTORY_H
#define LAT_NODE_HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "view/command.h"

#define HISTORY_TEXT_MAX 1048576 /* bytes of one snapshot's text */
#define HISTORY_KEY_MS 60000     /* a key frame for each minute of the clock */
#define HISTORY_HEADER_LEN 28

enum history_kind { HISTORY_KEY = 1, HISTORY_DELTA = 2 };

struct history_frame {
    enum history_kind kind;
    enum lung_state state;
    uint64_t wall_ms;
    size_t at;       /* of its header in the file */
    size_t end;      /* behind it */
    size_t text_len; /* of the text, when decompressed */
};

struct history_writer {
    struct lat_buf key; /* text of the last key frame; empty: none yet */
    uint64_t minute;    /* its wall_ms / HISTORY_KEY_MS */
};

void history_writer_init(struct history_writer *writer);
void history_writer_fini(struct history_writer *writer);

/* The next frame begins anew: its file is another one. */
void history_writer_restart(struct history_writer *writer);

/* Append the frame of text[0 .. len) to out. LAT_LIMIT: the text is too long, or out is full. LAT_NOMEM. */
LAT_MUST_CHECK enum lat_err history_write(struct history_writer *writer, const char *text, size_t len, uint64_t wall_ms,
                                          enum lung_state state, struct lat_buf *out);

/* The frame whose header stands at `at`. LAT_SHORT: the file ends before the frame does. LAT_MALFORMED: no header. */
LAT_MUST_CHECK enum lat_err history_next(const uint8_t *file, size_t len, size_t at, struct history_frame *frame);

/*
 * Append the text of a frame to out. key: the last key frame at or before it. LAT_MALFORMED (checksum, or what it
 * decompresses to is not what the header says), LAT_LIMIT, LAT_NOMEM.
 */
LAT_MUST_CHECK enum lat_err history_text(const uint8_t *file, const struct history_frame *frame,
                                         const struct history_frame *key, struct lat_buf *out);

/* Append the key frames alone to out: a picture a minute. LAT_LIMIT, LAT_NOMEM. */
LAT_MUST_CHECK enum lat_err history_coarsen(const uint8_t *file, size_t len, struct lat_buf *out);

/* --- which frame a look is for ------------------------------------------------------------------------- */

struct history_chooser {
    enum look_step step;
    uint64_t at_ms;
    bool seen;             /* a frame has been offered */
    enum lung_state state; /* of the last one */
    bool found;
    bool found_here; /* in the file offered last, where the caller has cleared it before */
    struct history_frame frame, key; /* found */
    struct history_frame last_key;
};

void history_chooser_init(struct history_chooser *chooser, enum look_step step, uint64_t at_ms);

/* Offer the frames of a file, files in the order of time. True: nothing later can be better. */
bool history_choose(struct history_chooser *chooser, const uint8_t *file, size_t len);

#endif
