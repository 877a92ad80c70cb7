/* ssh_link_parts.h - the inside of a link, for ssh_link.c, ssh_host_key.c, ssh_auth.c and ssh_pipe.c alone. */
#ifndef LAT_ATTACH_SSH_LINK_PARTS_H
#define LAT_ATTACH_SSH_LINK_PARTS_H

#include <libssh2.h>

#include "attach/resolve.h"
#include "attach/ssh_agent.h"
#include "attach/ssh_link.h"

#define PIPES_MAX 8
#define PIPE_BLOCK 32768

enum pipe_state { PIPE_FREE, PIPE_WAITING, PIPE_OPENING, PIPE_OPEN, PIPE_ENDING };

/* Calls of libssh2 that may have to be made again. */
enum pipe_call { CALL_NONE, CALL_OPEN, CALL_READ, CALL_WRITE, CALL_EOF, CALL_END, CALL_ALIVE };

struct ssh_pipe {
    enum pipe_state state;
    int fd; /* our end; -1: closed */
    LIBSSH2_CHANNEL *channel;
    char host[SSH_TARGET_HOST_MAX];
    uint16_t port;
    bool local_end, end_sent, remote_end;
    size_t out_at, out_len, in_at, in_len;
    uint8_t out[PIPE_BLOCK]; /* on its way to the server */
    uint8_t in[PIPE_BLOCK];  /* on its way from it */
};

enum auth_phase { AUTH_LIST, AUTH_AGENT, AUTH_FILE };

struct ssh_auth {
    enum auth_phase phase;
    unsigned index;                  /* of the key under way */
    struct ssh_agent_keys agent;
    const struct ssh_agent_key *key; /* being signed with */
    bool asked;                      /* a passphrase: its question stands */
    unsigned wrong;                  /* passphrases */
    char secret[SSH_SECRET_MAX];
    bool secret_ready;
    unsigned offered;                /* keys the server has refused */
    bool saw_rsa, saw_other;         /* keys left out */
    char note[160];                  /* about the last file that could not be used */
};

struct ssh_link {
    const struct ssh_hop *hop;
    const struct ssh_asker *asker;
    enum ssh_step step;
    uint64_t now_ms, deadline_ms, heard_ms, alive_ms;
    struct resolve *resolve;
    const struct addrinfo *address; /* being tried */
    int fd;
    LIBSSH2_SESSION *session;
    struct ssh_question question;
    bool asking, final;
    struct ssh_auth auth;
    struct ssh_pipe *pipes[PIPES_MAX]; /* heap; NULL: unused */
    struct ssh_pipe *opening;
    enum pipe_call blocked; /* could not send all: comes before any other */
    struct ssh_pipe *blocked_pipe;
    char error[512];
};

/* Go to DEAD with a sentence. Returns true: something moved. */
bool link_fail(struct ssh_link *link, const char *fmt, ...) LAT_PRINTF(2, 3);

/* A sentence for ssh_link_error that ends nothing. */
void link_note(struct ssh_link *link, const char *fmt, ...) LAT_PRINTF(2, 3);

/* libssh2's words for its last error, escaped. */
const char *link_reason(struct ssh_link *link, char *out, size_t out_size);

/* Ask the operator; the clock stands still meanwhile. */
enum ssh_answer link_ask(struct ssh_link *link, char *secret);

/* HANDSHAKE: which key types the server is asked for first: those that the files know. */
void host_key_prefer(struct ssh_link *link);

/* HOST_KEY. True: something moved. */
bool host_key_turn(struct ssh_link *link);

bool auth_turn(struct ssh_link *link);
void auth_fini(struct ssh_link *link);

bool pipes_turn(struct ssh_link *link);
void pipes_fini(struct ssh_link *link);

/* The next step, which has so much time. */
static inline void
link_enter(struct ssh_link *link, enum ssh_step step, uint64_t within_ms)
{
    link->step = step;
    link->deadline_ms = link->now_ms + within_ms;
}

#endif
