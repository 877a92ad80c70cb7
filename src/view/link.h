/*
 * link.h - how a node that runs elsewhere is reached right now, and what only the operator can decide about it: for the VIA column, the
 * title, and the questions of an SSH connection. Pure; any thread.
 */
#ifndef LAT_VIEW_LINK_H
#define LAT_VIEW_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum link_state {
    LINK_RESOLVING, /* name and connection */
    LINK_HOST_KEY,
    LINK_AUTH,
    LINK_TUNNEL, /* the way is there, the node is being reached */
    LINK_HTTP,   /* asked, no answer yet */
    LINK_LIVE,
    LINK_STALE,  /* nothing was heard for 15 s */
    LINK_RETRY,  /* given up; tried again later */
};

#define LINK_TEXT_MAX 512
#define LINK_SECRET_MAX 256 /* a passphrase with its zero */

/* The key that an unknown host has shown. */
struct link_key {
    char type[8];          /* "ED25519" */
    char fingerprint[64];  /* "SHA256:...", in full */
    char randomart[256];   /* its picture: 11 lines of 19 columns in ASCII, each with its end; "": none */
};

struct link_status {
    enum link_state state;
    uint64_t retry_ms;             /* RETRY: when, CLOCK_MONOTONIC */
    char error[LINK_TEXT_MAX];     /* the last failure, until the node is live again; escaped */
    uint32_t question;             /* number of the question that waits; 0: none */
    bool secret;                   /* its answer is a passphrase, else yes or no: is it the right host? */
    bool again;                    /* the answer before was wrong */
    char question_text[LINK_TEXT_MAX];    /* whole sentences, in English */
    char question_subject[LINK_TEXT_MAX]; /* the key file, or the host as known_hosts calls it; escaped */
    struct link_key key;                  /* of the host */
};

#endif
