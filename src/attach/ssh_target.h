/*
 * ssh_target.h - the words for a node behind SSH, and for the hosts on the way to it.
 *
 *   ssh://[user@]host[:port][/][?api=ADDRESS:PORT]      a target; api: where its node answers, seen from there (127.0.0.1:8000)
 *   [user@]host[:port], or ssh://[user@]host[:port]     a host of ProxyJump
 *
 * An IPv6 address stands in brackets. Pure; any thread.
 */
#ifndef LAT_ATTACH_SSH_TARGET_H
#define LAT_ATTACH_SSH_TARGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define SSH_TARGET_HOST_MAX 254
#define SSH_TARGET_USER_MAX 65

struct ssh_target {
    char user[SSH_TARGET_USER_MAX]; /* "": not said */
    char host[SSH_TARGET_HOST_MAX]; /* "": no SSH target; without brackets */
    uint16_t port;                  /* 0: not said */
    char api_host[SSH_TARGET_HOST_MAX];
    uint16_t api_port;
};

/* LAT_MALFORMED with the sentence for the user in *why. */
LAT_MUST_CHECK enum lat_err ssh_target_parse(const char *text, struct ssh_target *out, struct lat_msg *why);

/* text[0 .. len) as one host of ProxyJump; api is left empty. LAT_MALFORMED with *why. */
LAT_MUST_CHECK enum lat_err ssh_jump_parse(const char *text, size_t len, struct ssh_target *out, struct lat_msg *why);

/* "ops@porto-1:2222", for people; the parts as typed. */
void ssh_target_text(const struct ssh_target *target, char *out, size_t out_size);

#endif
