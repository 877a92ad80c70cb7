/*
 * negotiate.h - multistream-select 1.0: two sides agree on the protocol of a connection or of a stream.
 * Spec: libp2p/specs connections/README.md, "multistream-select".
 *
 *   dialer    start: header, proposal ─▶ header awaited ─▶ answer awaited ─┬─ echo ─▶ agreed
 *                                                             ▲            ├─ na ─▶ next proposal ─┐
 *                                                             └────────────┼───────────────────────┘
 *                                                                          └─ na to the last ─▶ refused
 *   listener  header awaited ─▶ header ─▶ proposal awaited ─┬─ known: echo ─▶ agreed
 *                                             ▲             └─ unknown, ls: na ─┐
 *                                             └─────────────────────────────────┘
 *
 * Held by value, allocates nothing, keeps nothing of what the other side sent: a new one is needed for each
 * negotiation, and no function ends it. What stands in `in` behind the last line belongs to the agreed
 * protocol. Pure; belongs to one thread at a time.
 */
#ifndef LAT_P2P_NEGOTIATE_H
#define LAT_P2P_NEGOTIATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

#define NEGOTIATE_LINE_MAX 1024                     /* a message with its newline, without its length */
#define NEGOTIATE_NAME_MAX (NEGOTIATE_LINE_MAX - 1) /* so a protocol's name */
#define NEGOTIATE_REFUSALS_MAX 32                   /* proposals that a listener refuses before it gives up */

/*
 * Which protocol a proposal names: the listener's own name of it, which must live as long as the machine, or
 * NULL when it is not spoken here. name is not terminated and may hold any byte.
 */
typedef const char *negotiate_find(const void *arg, const char *name, size_t len);

struct negotiate {
    enum negotiate_state {
        NEGOTIATE_HEADER_AWAITED,
        NEGOTIATE_ANSWER_AWAITED,   /* dialer */
        NEGOTIATE_PROPOSAL_AWAITED, /* listener */
        NEGOTIATE_AGREED,
        NEGOTIATE_FAILED,
    } state;
    const char *const *proposals; /* the dialer's, ended by NULL; NULL: a listener */
    negotiate_find *find;
    const void *find_arg;
    const char *protocol; /* what was agreed */
    size_t refused;       /* proposals answered by na */
    uint64_t deadline_ms;
    bool has_payload;
    enum lat_err failure;
};

/*
 * A dialer with its proposals in order of preference, ended by NULL, at least one, each 1 ..
 * NEGOTIATE_NAME_MAX bytes. List and names are borrowed for the life of the machine. From deadline_ms on it
 * gives LAT_TIMEOUT.
 */
void negotiate_dial(struct negotiate *n, const char *const *proposals, uint64_t deadline_ms);

/* A listener that speaks what find knows. */
void negotiate_listen(struct negotiate *n, negotiate_find *find, const void *arg, uint64_t deadline_ms);

/* A negotiate_find for a list of names ended by NULL: pass the list as arg. */
negotiate_find negotiate_find_in_list;

/*
 * Dialer, once, first of all: append header and first proposal to out. The caller may append the first bytes
 * of the proposed protocol right behind and say so with negotiate_set_payload: then all of it can leave in
 * one segment. LAT_LIMIT, LAT_NOMEM: out may hold a part; give the stream up.
 */
LAT_MUST_CHECK enum lat_err negotiate_start(struct negotiate *n, struct lat_buf *out);

/*
 * Dialer: bytes of the first protocol went out behind its proposal. Should the listener refuse it, then they
 * are void and the listener has read them as proposals, so that nothing more can be agreed on this stream:
 * LAT_NOTFOUND comes at once, whatever other proposals there are (negotiate_is_void).
 */
void negotiate_set_payload(struct negotiate *n);

/*
 * Take lines from the front of `in`, append answers to out. To be called whenever bytes arrived, and at the
 * deadline; harmless at any other time.
 *
 * LAT_OK         agreed (negotiate_protocol); the rest of `in` was not touched. Again on every later call
 * LAT_SHORT      more input needed
 * LAT_NOTFOUND   dialer: every proposal was refused, or the one with payload behind it
 * LAT_MALFORMED  not multistream-select, a line over NEGOTIATE_LINE_MAX, an answer to something else, or
 *                (listener) over NEGOTIATE_REFUSALS_MAX proposals refused
 * LAT_TIMEOUT    the deadline passed before there was an agreement
 * LAT_LIMIT, LAT_NOMEM   no room for the answer
 *
 * All but LAT_OK and LAT_SHORT are final and come again on every later call; *why (NULL is fine) then says
 * what happened. A listener's out gets at most 20 + 4 * NEGOTIATE_REFUSALS_MAX + 2 + NEGOTIATE_LINE_MAX bytes
 * in all.
 */
LAT_MUST_CHECK enum lat_err negotiate_step(struct negotiate *n, struct lat_buf *in, struct lat_buf *out,
                                           uint64_t now_ms, struct lat_msg *why);

/* The agreed protocol: a name of the dialer's list, or what find returned. NULL before. */
const char *negotiate_protocol(const struct negotiate *n);

/*
 * Dialer, after LAT_NOTFOUND: was payload sent in vain? Then a new stream may be tried with the proposals
 * from n->refused on.
 */
bool negotiate_is_void(const struct negotiate *n);

#endif
