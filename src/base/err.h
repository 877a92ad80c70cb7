/*
 * err.h - one error code per reaction of the caller.
 *
 * Fallible functions return enum lat_err, marked LAT_MUST_CHECK; results leave by pointers that come last
 * and are written on success only. Detail for the operator is logged, or put into a struct lat_msg, where
 * it is known.
 */
#ifndef LAT_BASE_ERR_H
#define LAT_BASE_ERR_H

#define LAT_MUST_CHECK __attribute__((warn_unused_result))
#define LAT_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))

#define LAT_ERR_MAP(X)                                                                              \
    X(OK, "success")                                                                                \
    X(SHORT, "more input needed")          /* wait for bytes */                                     \
    X(MALFORMED, "input breaks the format") /* drop the peer, refuse the request */                 \
    X(LIMIT, "over a limit")               /* refuse, go on */                                      \
    X(TIMEOUT, "took too long")            /* drop, may retry */                                    \
    X(AUTH, "not authentic or not allowed") /* drop and report */                                   \
    X(CLOSED, "closed")                    /* clean up */                                           \
    X(NOTFOUND, "no such entry")                                                                    \
    X(CONFLICT, "precondition failed")     /* re-read, then try again */                            \
    X(BUSY, "held or in use")              /* try later */                                          \
    X(READONLY, "the store takes no writes now") /* try later; the store's message says why */      \
    X(FULL, "no space left")               /* make room */                                          \
    X(DAMAGED, "stored bytes are damaged") /* heal from a peer */                                   \
    X(NOMEM, "out of memory")                                                                       \
    X(SYS, "system call failed")           /* errno has it */

enum lat_err {
#define LAT_ERR_ENUM(name, text) LAT_##name,
    LAT_ERR_MAP(LAT_ERR_ENUM)
#undef LAT_ERR_ENUM
};

/* The text of a code, for people. Static storage. Any thread. */
const char *lat_err_text(enum lat_err err);

/* A bounded sentence for the operator: "what failed: why; what to do". Always terminated. */
#define LAT_MSG_MAX 512
struct lat_msg {
    char text[LAT_MSG_MAX];
};

/* Format into *msg (NULL is fine), cut at the end; text from outside must be escaped by the caller. */
void lat_msg_set(struct lat_msg *msg, const char *fmt, ...) LAT_PRINTF(2, 3);

#endif
