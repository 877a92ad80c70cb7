/*
 * loop.h - what every screen does besides its picture: keys, signals, news and time come in; after all of them one frame goes out, at once
 * for a key, at most so often for data. Follows console.ini, shows text to be copied, gives the terminal away and takes it back.
 *
 * One node's console and the view of many are two sets of callbacks. A screen that was opened from another runs a loop of its own inside a
 * callback; loop_return brings the outer one back. Console thread, with an open terminal.
 */
#ifndef LAT_UI_LOOP_H
#define LAT_UI_LOOP_H

#include "canvas.h"
#include "console.h"
#include "keys.h"
#include "settings_file.h"

/* Each gets loop.arg first. */
struct loop_ops {
    void (*key)(void *arg, const struct key_press *press);
    void (*interrupt)(void *arg);                        /* Ctrl-C as a signal */
    void (*news)(void *arg);                             /* news_fd is readable: clear it */
    void (*look)(void *arg);                             /* once a turn, after all that came in */
    uint64_t (*due_ms)(void *arg);                       /* when look wants to be called at the latest; UINT64_MAX: no matter */
    void (*draw)(void *arg, struct canvas *canvas);      /* of the screen's size, blank */
};

struct loop {
    const struct loop_ops *ops;
    void *arg;
    int news_fd; /* -1: none */
    struct settings_file file;

    /* For the callbacks to read, and to want. */
    uint64_t now_ms; /* CLOCK_MONOTONIC */
    int cols, rows;
    bool want_frame; /* draw at once */
    bool want_data;  /* draw when the last frame is old enough */
    uint32_t refresh_ms; /* how often a picture is expected to change */
    uint32_t frame_ms;   /* least time between two frames for data */

    /* loop.c's own */
    struct keys keys;
    uint64_t keys_since_ms; /* undecided bytes wait since then */
    uint64_t drawn_ms, painted_ms;
    uint32_t repaint_ms;
    bool mouse;    /* reports are on */
    bool copying;  /* a text stands there until a key comes */
    bool stalled;  /* the terminal took nothing; wait until it does */
    bool over;
    enum console_end end;
};

void loop_init(struct loop *loop, const struct loop_ops *ops, void *arg, int news_fd, const struct settings_file *file);

/* Pace, theme, time zone as these say. */
void loop_configure(struct loop *loop, const struct settings *settings);

/* Read console.ini if it has changed, findings into the log. True: *settings are other ones; *finding: the first thing that is wrong,
 * else as it was. */
bool loop_read_settings(struct settings_file *file, uint64_t now_ms, struct settings *settings, struct lat_msg *finding);

/* Until loop_end; the first end counts. */
enum console_end loop_run(struct loop *loop);
void loop_end(struct loop *loop, enum console_end end);

/* Show a text as plain lines until a key comes. Takes text; NULL is fine. */
void loop_copy(struct loop *loop, char *text);

/* Mouse reports. */
void loop_mouse(struct loop *loop, bool on);

/* Ctrl-Z. */
void loop_suspend(struct loop *loop);

/* Another loop had the terminal meanwhile. */
void loop_return(struct loop *loop);

#endif
