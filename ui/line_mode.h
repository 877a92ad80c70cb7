/*
 * line_mode.h - the console without a screen: `--plain`. Sentences go to standard output as things change, lines come from
 * standard input and are answered with sentences. For screen readers, dumb terminals and pipes. Console thread.
 */
#ifndef LAT_UI_LINE_MODE_H
#define LAT_UI_LINE_MODE_H

#include "console.h"

/* As console_run; never CONSOLE_NO_TERMINAL. The end of the input is a hang-up. */
enum console_end line_mode_run(const struct console_options *options, const struct source *source);

#endif
