/*
 * term.h - the terminal: curses draws into a file in memory, and each frame goes out with one write.
 *
 * curses compares pictures and knows terminals; it does not touch ours. Modes, size and restoring are done
 * here on the real one, through a descriptor of our own that never blocks: a terminal that does not take its
 * bytes (Ctrl-S, a dead link) costs a frame, not the program. The only file that includes curses is term.c.
 * Console thread; one instance a process.
 */
#ifndef LAT_UI_TERM_H
#define LAT_UI_TERM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "canvas.h"
#include "caps.h"

struct term_stats {
    uint64_t frames; /* that had anything to say */
    uint64_t writes; /* write() calls that took bytes */
    uint64_t bytes;
    uint64_t stalls; /* frames not drawn because the terminal took nothing */
};

/*
 * Take the terminal on standard input and output: raw, alternate screen, cursor off. signals_open has been
 * called. LAT_NOTFOUND: no terminal there, or one that cannot place its cursor; nothing was changed.
 * LAT_NOMEM, LAT_SYS.
 */
LAT_MUST_CHECK enum lat_err term_open(bool ascii, enum color_mode mode);

/* Other colours or sparklines from the next frame on; sync: frames as synchronized updates (mode 2026); repeat: runs of
 * one character may go out as a count. */
void term_prefer(enum theme theme, enum graph_kind graph, bool sync, bool repeat);

/* Leave it as it was found. Waits at most half a second for a stalled one. Safe when not open. */
void term_close(void);

const struct caps *term_caps(void);
void term_size(int *cols, int *rows);

/* Poll this for input. */
int term_fd(void);

/* What was typed: bytes, 0 when there is nothing now, -1 when the terminal is gone. */
ssize_t term_read(void *bytes, size_t size);

/* Draw a canvas. False: the terminal is stalled, nothing was drawn; ask again when it is writable. */
bool term_draw(const struct canvas *canvas, uint64_t now_ms);

/* Is part of a frame still to be sent? Then poll for POLLOUT and call term_flush. */
bool term_is_sending(void);

/* Send on. After two seconds the rest is dropped and the next frame paints everything. */
void term_flush(uint64_t now_ms);

/* The next frame paints everything. */
void term_repaint(void);

/* Mouse reports on or off (clicks and the wheel); they end with the console, whatever ends it. */
void term_mouse(bool on);

/* A sound, or where visible a flash; rides on the next frame. */
void term_bell(bool visible);

/* A desktop notification by OSC 9; text is made harmless and cut. Rides on the next frame. */
void term_notify(const char *text);

/*
 * Leave the alternate screen and print lines of text there, to be selected and copied; term_copy_end comes back and
 * paints anew. Lines end with a newline. A stalled terminal gets what it takes within half a second.
 */
void term_copy_begin(const char *text);
void term_copy_end(void);

/* Give the terminal back and stop this process, as Ctrl-Z does; returns when it was continued. */
void term_suspend(void);

/* After a stop that we did not order: take the modes again if they are another's; paint everything. */
void term_resume(void);

struct term_stats term_stats(void);

#endif
