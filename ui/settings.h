/*
 * settings.h - how an operator wants the console: the options and keys of console.ini.
 *
 * A file of lines: "[console]" and "[keys]" begin sections, "name = value" sets, "#" and ";" begin comments. An
 * unknown name, a bad value and a line of any other form are each reported with file and line, and what they would
 * have changed keeps its former value; the rest of the file counts. Pure; console thread.
 *
 * Spec: CONSOLE sections 2.5, 2.6 and 2.11.
 */
#ifndef LAT_UI_SETTINGS_H
#define LAT_UI_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/err.h"
#include "caps.h"
#include "keymap.h"
#include "theme.h"

#define SETTINGS_FILE_MAX 65536 /* bytes of a console.ini */
#define SETTINGS_COMMAND_MAX 512

enum bell { BELL_OFF, BELL_ALARM, BELL_ALL };
enum confirm { CONFIRM_KEY, CONFIRM_NAME };
enum hangup { HANGUP_KEEP, HANGUP_STOP };
enum clock_zone { ZONE_UTC, ZONE_LOCAL };

struct settings {
    int theme;           /* enum theme */
    int color;           /* enum color_mode */
    int graph;           /* enum graph_kind */
    bool ascii;
    uint32_t refresh_ms; /* least time between two frames that only data asks for; 0: ten a second at most */
    uint32_t repaint_ms; /* paint everything anew so often; 0: never */
    int bell;            /* enum bell */
    bool visible_bell;   /* a flash instead of a sound */
    bool notify;         /* desktop notification (OSC 9) for a new alarm */
    char on_alert[SETTINGS_COMMAND_MAX]; /* shell command for a new alert; "": none */
    int confirm;         /* enum confirm: what forcing a mode asks for */
    bool mouse;
    bool cursor;         /* keep the terminal's cursor on the selected line */
    bool sync;           /* frames as synchronized updates (mode 2026) */
    bool repeat;         /* runs of one character as a count (REP), where the terminal type says so */
    bool captions;
    bool privacy;
    int time;            /* enum clock_zone */
    int on_hangup;       /* enum hangup */
    char lang[16];       /* "": of the locale */
    struct keymap keymap;
};

void settings_defaults(struct settings *settings);

/* Called for each thing that is wrong; text is escaped and complete: "FILE:LINE: what, why". */
typedef void (*settings_finding_fn)(void *arg, const char *text);

/*
 * Read text[0 .. len) over what *settings holds. former: what an option or action has when its line is refused; NULL: what *settings holds.
 * name: of the file, for findings. Returns how many things were wrong.
 */
int settings_parse(struct settings *settings, const struct settings *former, const char *name, const char *text, size_t len,
                   settings_finding_fn finding, void *arg);

/* A console.ini that says what *settings holds, with a comment for each line. */
void settings_print(const struct settings *settings, FILE *out);

#endif
