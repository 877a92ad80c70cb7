/*
 * ssh_link.h - one SSH session on one descriptor, never waiting: a state machine that is turned when its descriptors are ready or its time
 * has come, and pipes (direct-tcpip channels) through it.
 *
 *   RESOLVE --> CONNECT --> HANDSHAKE --> HOST_KEY --> AUTH --> UP
 *        \__________\___________\____________\__________\______\___> DEAD (ssh_link_error says why)
 *
 * Each step has its deadline; while a question waits for the operator the clock stands still. Spec: RFC 4251 to 4254, by libssh2. One
 * thread owns a link; libssh2 1.10 opens one channel at a time and wants a call that could not send all to be made again before any other,
 * which ssh_pipe.c sees to.
 */
#ifndef LAT_ATTACH_SSH_LINK_H
#define LAT_ATTACH_SSH_LINK_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

#include "attach/ssh_route.h"
#include "view/link.h"

#define SSH_CONNECT_MS 5000
#define SSH_HANDSHAKE_MS 10000
#define SSH_AUTH_MS 10000
#define SSH_CHANNEL_MS 5000
#define SSH_ALIVE_S 15
#define SSH_SECRET_MAX LINK_SECRET_MAX
#define SSH_LINK_FDS_MAX 10

enum ssh_question_kind { SSH_ASK_HOST_KEY, SSH_ASK_PASSPHRASE };

/* What only the operator can say. */
struct ssh_question {
    enum ssh_question_kind kind;
    char subject[SSH_PATH_MAX]; /* the host, or the key file */
    char text[512];             /* whole sentences, escaped */
    bool again;                 /* the last answer was wrong */
    struct link_key key;        /* HOST_KEY */
};

enum ssh_answer { SSH_ANSWER_LATER, SSH_ANSWER_YES, SSH_ANSWER_NO };

/*
 * Called at each turn while the question stands; may wait, or say LATER. YES to a passphrase fills secret (SSH_SECRET_MAX), which the link
 * wipes. ask NULL: nobody to ask, which is NO.
 */
struct ssh_asker {
    enum ssh_answer (*ask)(void *arg, const struct ssh_question *question, char *secret);
    void *arg;
};

enum ssh_step { SSH_RESOLVE, SSH_CONNECT, SSH_HANDSHAKE, SSH_HOST_KEY, SSH_AUTH, SSH_UP, SSH_DEAD };

struct ssh_link;

/* Borrows both until it is freed. fd: a stream to the host (taken); -1: connect to it by TCP. NULL: out of memory. */
struct ssh_link *ssh_link_new(const struct ssh_hop *hop, const struct ssh_asker *asker, int fd, uint64_t now_ms);

/* Ends at once, without a word to the server. NULL is fine. */
void ssh_link_free(struct ssh_link *link);

/* Do what can be done now. True: something moved, so that another turn may do more. */
bool ssh_link_turn(struct ssh_link *link, uint64_t now_ms);

enum ssh_step ssh_link_step(const struct ssh_link *link);
const char *ssh_link_error(const struct ssh_link *link); /* "" or a sentence; also of the last channel that was refused */
bool ssh_link_is_final(const struct ssh_link *link);     /* DEAD, and trying again changes nothing without the operator */
bool ssh_link_asks(const struct ssh_link *link);         /* waits for an answer */
uint64_t ssh_link_heard_ms(const struct ssh_link *link); /* when the server was last heard */

/*
 * A descriptor whose other end is at host:port, seen from the server. May be called before the link is UP: what is written waits. When the
 * server refuses, it is closed. -1: too many (eight), no memory, DEAD. The caller closes it.
 */
int ssh_link_open(struct ssh_link *link, const char *host, uint16_t port);

/* What to wait for: fds[0 .. n), and the time of the next turn. */
size_t ssh_link_fds(const struct ssh_link *link, struct pollfd fds[SSH_LINK_FDS_MAX]);
uint64_t ssh_link_due_ms(const struct ssh_link *link);

#endif
