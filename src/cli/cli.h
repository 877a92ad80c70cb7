/*
 * cli.h - the commands that are not the console: what they are given and how they end.
 *
 * main.c fills a struct cli from options and configuration, and calls one command. A command writes its result to
 * standard output, errors to standard error as "lattice: what failed: why; what to do", and returns the exit code.
 */
#ifndef LAT_CLI_CLI_H
#define LAT_CLI_CLI_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <cjson/cJSON.h>

#include "attach/api_client.h"
#include "cli/options.h"
#include "state/trust.h"
#include "view/snapshot.h"

/* INTERFACE section 1. */
enum exit_code {
    EXIT_DONE = 0,
    EXIT_FAILED = 1,
    EXIT_DAMAGE = 2,
    EXIT_NO_ANSWER = 3,
    EXIT_NO_KEY = 4,
    EXIT_USAGE = 64,
    EXIT_DISK = 74,
    EXIT_HELD = 75,
    EXIT_CONFIG = 78,
};

struct cli {
    const struct options *options;
    struct api_target local;   /* the node of this configuration */
    const char *state_dir;
    const char *network;
    struct trust trust;        /* by the configuration; the own key counts where there is one */
    uint64_t store_max;
    char peer_id[64];          /* `id`: of the key in the state directory; "": no key yet */
    char public_key[65];
    const char *api_listen;
    const char *p2p_listen;    /* comma-separated */
    /* Writes the console's screen of a snapshot as text: ui, which the commands may not include. */
    void (*print_screen)(FILE *out, const struct snapshot *snapshot, const struct options *options);
};

/* "lattice: " and the sentence to standard error; returns code. */
int cli_fail(int code, const char *fmt, ...) LAT_PRINTF(2, 3);

/*
 * The node to talk to: the argument at this place if there is one (a TARGET), else the local one, with its token. EXIT_DONE or an
 * exit code. The caller wipes *out.
 */
int cli_target(const struct cli *cli, int target_arg, struct api_target *out);

/* Add to a target what the options say of any: who is asked, the SSH configuration; token and certificates from these files (NULL: none). */
int cli_target_options(const struct cli *cli, const char *token_file, const char *ca_file, struct api_target *target);

/* cli_target, as a client. */
int cli_connect(const struct cli *cli, int target_arg, struct api_client **out);

/* Call the node; EXIT_DONE when it answered (whatever the status), else the error has been said. */
int cli_call(struct api_client *client, const struct api_request *request, struct api_answer *answer);

/*
 * Print a JSON answer on standard output in the stored form of the state (state/json.h): ASCII alone, so that whatever a node
 * sends is safe on a terminal. EXIT_DONE, or the error has been said.
 */
int cli_print_json(const struct api_answer *answer);

/* A member of an answer that is text, escaped into out, which is returned; "?" where there is none. */
const char *cli_member(const cJSON *json, const char *name, char *out, size_t out_size);

/* The same for a snapshot. */
int cli_print_snapshot(const struct snapshot *snapshot);

/* Say the error of an answer that is none of those expected; returns the exit code. */
int cli_refused(const char *what, const struct api_answer *answer);

int cli_status(const struct cli *cli);
int cli_switch(const struct cli *cli);
int cli_publish(const struct cli *cli);
int cli_get(const struct cli *cli);
int cli_prove_check(const struct cli *cli);
int cli_put(const struct cli *cli);
int cli_del(const struct cli *cli);
int cli_list(const struct cli *cli);
int cli_export(const struct cli *cli);
int cli_import(const struct cli *cli);
int cli_id(const struct cli *cli);
int cli_verify(const struct cli *cli);
int cli_repair(const struct cli *cli); /* `verify --repair`; the caller holds the lock of the state directory */
int cli_backup(const struct cli *cli);
int cli_restore(const struct cli *cli);

#endif
