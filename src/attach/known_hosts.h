/*
 * known_hosts.h - which keys an SSH host may have: the text of known_hosts files, read as OpenSSH reads them.
 *
 * Spec: sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT". Hashed names, lists, wildcards, negation, [host]:port, comments, @revoked. A line of
 * @cert-authority is counted and skipped: host certificates are not spoken here. A line that cannot be read is counted and hides no other:
 * libssh2 1.10 takes a revoked key for a good one and stops reading at a broken line, hence this reader.
 *
 * Pure; any thread. No number in a file decides what is allocated.
 */
#ifndef LAT_ATTACH_KNOWN_HOSTS_H
#define LAT_ATTACH_KNOWN_HOSTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "crypto/hmac_sha1.h"

#define KNOWN_HOSTS_NAME_MAX 300 /* "[host]:port" with its zero */
#define KNOWN_HOSTS_KEY_MAX 4096 /* bytes of a public key; RSA of 16384 bits has 2 KiB */

enum known_hosts_answer {
    KNOWN_HOSTS_UNKNOWN, /* nothing is said of this host */
    KNOWN_HOSTS_MATCH,   /* this key is listed */
    KNOWN_HOSTS_CHANGED, /* other keys are listed, this one is not: `file` and `line` name one of them, of the same type if there is one */
    KNOWN_HOSTS_REVOKED, /* this key must not be used: `file` and `line` say so, whatever others say */
};

/* Types of host keys, as bits. */
#define HOST_KEY_ED25519 0x01u
#define HOST_KEY_ECDSA_256 0x02u
#define HOST_KEY_ECDSA_384 0x04u
#define HOST_KEY_ECDSA_521 0x08u
#define HOST_KEY_RSA 0x10u
#define HOST_KEY_OTHER 0x20u

/* "ssh-ed25519", "ecdsa-sha2-nistp256", ... as its bit. */
unsigned host_key_type(const char *name, size_t len);

/* The type that a public key says of itself, 0 for what is none. */
unsigned host_key_type_of(const uint8_t *key, size_t len);

/* The name under which a host is listed: lower case; "[host]:port" unless the port is 22 (or 0). LAT_LIMIT. */
LAT_MUST_CHECK enum lat_err known_hosts_name(const char *host, uint16_t port, char out[KNOWN_HOSTS_NAME_MAX]);

enum known_hosts_marker { KNOWN_HOSTS_PLAIN, KNOWN_HOSTS_CERT_AUTHORITY, KNOWN_HOSTS_REVOKED_KEY };

/* A line that names the host. */
struct known_hosts_entry {
    unsigned line; /* 1, 2, 3 ... */
    enum known_hosts_marker marker;
    unsigned type; /* HOST_KEY_... */
    uint8_t key[KNOWN_HOSTS_KEY_MAX];
    size_t key_len;
};

/* A walk over one text; text and name are borrowed. */
struct known_hosts_walk {
    const char *at, *end;
    const char *name;
    unsigned line, malformed;
};

void known_hosts_walk_init(struct known_hosts_walk *walk, const char *text, size_t len, const char *name);

/* The next line that names the host; false at the end. walk->malformed counts the lines that could not be read. */
bool known_hosts_next(struct known_hosts_walk *walk, struct known_hosts_entry *entry);

/* What all files together say; begins zeroed. */
struct known_hosts_verdict {
    enum known_hosts_answer answer;
    const char *file; /* as given; of `line` */
    unsigned line;
    bool same_type;   /* CHANGED: the line has a key of the same type */
    unsigned types;   /* of keys listed for the host, all files, revoked ones aside */
    unsigned authorities, malformed; /* lines skipped */
};

/*
 * Add what one file says of the key. name: of known_hosts_name. file: its name, borrowed. key NULL: only types are collected.
 */
void known_hosts_add(struct known_hosts_verdict *verdict, const char *file, const char *text, size_t len, const char *name,
                     const uint8_t *key, size_t key_len);

/*
 * A line for a key, with its line end, appended to out. salt NULL: the name stands there readable, else hashed by it.
 * LAT_MALFORMED: no public key, or a name that would not be one word; LAT_SYS: no SHA-1 here; LAT_LIMIT, LAT_NOMEM.
 */
LAT_MUST_CHECK enum lat_err known_hosts_line(const char *name, const uint8_t *key, size_t key_len, const uint8_t *salt,
                                             struct lat_buf *out);

#endif
