/*
 * key_file.h - what a private key file is, before it is given to libssh2: of which type, and whether it asks for a passphrase.
 *
 * Spec: OpenSSH PROTOCOL.key for "OPENSSH PRIVATE KEY"; RFC 7468 labels and "Proc-Type" for the older PEM forms. Pure; any thread.
 */
#ifndef LAT_ATTACH_KEY_FILE_H
#define LAT_ATTACH_KEY_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "attach/known_hosts.h"

#define KEY_FILE_MAX 65536

struct key_file {
    unsigned type;  /* HOST_KEY_... of known_hosts.h; OTHER: of a kind that is not known, or not said */
    bool encrypted;
    uint8_t key[KNOWN_HOSTS_KEY_MAX]; /* the public key, as far as the file says it */
    size_t key_len;                   /* 0: it does not */
};

/* False: no private key. */
bool key_file_read(const char *text, size_t len, struct key_file *out);

#endif
