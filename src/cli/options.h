/*
 * options.h - the command line as one table: what getopt_long is given, what --help prints, what the manual lists.
 *
 * Spec: INTERFACE section 1. An option either sets a configuration name (LATTICE_X, handed on as an override) or a field
 * of struct options. Main thread.
 */
#ifndef LAT_CLI_OPTIONS_H
#define LAT_CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/err.h"

#define OPTIONS_OVERRIDES_MAX 32

/* A configuration value given by a flag. */
struct option_override {
    const char *name; /* "LATTICE_API_LISTEN" */
    char *value;      /* repeated flags are joined by commas */
    const char *flag; /* "--api", for messages */
};

enum option_color { OPTION_COLOR_AUTO, OPTION_COLOR_ALWAYS, OPTION_COLOR_NEVER };

struct options {
    struct option_override overrides[OPTIONS_OVERRIDES_MAX];
    size_t override_count;
    const char *env_file;
    bool print_config, help, version;
    bool proof;
    const char *root;
    bool json, follow, force, absent, control, repair, new_key;
    bool command_given; /* a command was named; else it is the console */
    bool insecure_http;
    bool fast, loop;
    bool once, ascii, privacy, plain;
    bool color_given;
    enum option_color color;
    const char *graph, *lang, *record, *speed, *cast;
    const char *nodes, *script; /* demo */
    const char *for_seconds, *if_match, *author, *token_file, *ca_file, *ssh_config, *fleet;
    unsigned refresh_ms; /* 0: not given */
    int columns, rows;   /* --size; 80 x 24 */
    char **args; /* what is no option: borrows from argv */
    int arg_count;
};

/* A command of the program. */
struct command_help {
    const char *name;
    const char *args;
    int words_max; /* how many words that are no option it takes */
    const char *summary;
};

/* All commands, in the order of --help; ends with a NULL name. */
extern const struct command_help command_helps[];

/* Parse argv[first .. argc). LAT_MALFORMED with the sentence for the user in *why. */
LAT_MUST_CHECK enum lat_err options_parse(int argc, char **argv, int first, struct options *out, struct lat_msg *why);

/* Has the command been given more words than it takes, or options that exclude each other? LAT_MALFORMED with the sentence for the user in *why. */
LAT_MUST_CHECK enum lat_err options_check_words(const char *command, const struct options *options, struct lat_msg *why);

/* Is this configuration name set by a flag? */
bool options_sets(const struct options *options, const char *name);

void options_fini(struct options *options);

/* Usage of the program, or of one command (NULL: the program). */
void options_help(FILE *out, const char *command);

#endif
