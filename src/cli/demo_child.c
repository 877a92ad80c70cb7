#include "config.h"

#include "cli/demo_child.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/log.h"
#include "base/text.h"

static const char *const gate_words[] = { [GATE_OPEN] = "open", [GATE_RESET] = "reset", [GATE_DROP] = "drop" };

/* --- lines ------------------------------------------------------------------------------------------ */

static bool
read_gate(const char *word, enum command_gate *out)
{
    for (unsigned i = 0; i < sizeof(gate_words) / sizeof(gate_words[0]); i++) {
        if (strcmp(word, gate_words[i]) == 0) {
            *out = (enum command_gate)i;
            return true;
        }
    }
    return false;
}

struct command *
demo_child_put(const char *key, const char *value)
{
    struct command *command = command_new(COMMAND_PUT);

    if (command == NULL)
        return NULL;
    lat_copy(command->who, sizeof(command->who), "demo");
    command->key = (uint8_t *)strdup(key);
    command->key_len = strlen(key);
    command->value = (uint8_t *)strdup(value);
    command->value_len = strlen(value);
    if (command->key && command->value)
        return command;
    command_free(command);
    return NULL;
}

static struct command *
gate_command(char *words)
{
    char *http = strchr(words, ' ');
    struct command *command = http ? command_new(COMMAND_GATE) : NULL;

    if (command == NULL)
        return NULL;
    *http++ = '\0';
    lat_copy(command->who, sizeof(command->who), "demo");
    if (read_gate(words, &command->p2p_gate) && read_gate(http, &command->http_gate))
        return command;
    command_free(command);
    return NULL;
}

struct command *
demo_child_command(char *line)
{
    char *value;

    if (strncmp(line, "gate ", 5) == 0)
        return gate_command(line + 5);
    if (strncmp(line, "put ", 4) != 0 || (value = strchr(line + 4, ' ')) == NULL)
        return NULL;
    *value++ = '\0';
    return demo_child_put(line + 4, value);
}

bool
demo_child_gate_line(enum command_gate p2p, enum command_gate http, char out[DEMO_LINE_MAX])
{
    return snprintf(out, DEMO_LINE_MAX, "gate %s %s\n", gate_words[p2p], gate_words[http]) < DEMO_LINE_MAX;
}

bool
demo_child_put_line(const char *key, const char *value, char out[DEMO_LINE_MAX])
{
    return snprintf(out, DEMO_LINE_MAX, "put %s %s\n", key, value) < DEMO_LINE_MAX;
}

/* --- the child -------------------------------------------------------------------------------------- */

struct input {
    char bytes[DEMO_LINE_MAX];
    size_t len;
};

static void
obey(struct exchange *x, char *line)
{
    struct command *command = demo_child_command(line);

    if (command == NULL)
        lat_log(LAT_WARNING, "[DEMO] [WARN] a line of the demo is not understood");
    else if (exchange_submit(x, command))
        command_free(command);
}

/* False: the input has ended, or a line is over DEMO_LINE_MAX. */
static bool
take_lines(struct exchange *x, struct input *in)
{
    ssize_t got = read(STDIN_FILENO, in->bytes + in->len, sizeof(in->bytes) - in->len);
    char *line = in->bytes, *end;

    if (got < 0 && errno == EINTR)
        return true;
    if (got <= 0)
        return false;
    in->len += (size_t)got;
    while ((end = memchr(line, '\n', in->len - (size_t)(line - in->bytes))) != NULL) {
        *end = '\0';
        obey(x, line);
        line = end + 1;
    }
    in->len -= (size_t)(line - in->bytes);
    memmove(in->bytes, line, in->len);
    return in->len < sizeof(in->bytes);
}

void
demo_child_run(struct exchange *x)
{
    struct input in = { .len = 0 };
    struct pollfd fds[2] = { { .fd = STDIN_FILENO, .events = POLLIN }, { .events = POLLIN } };
    sigset_t signals;

    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    fds[1].fd = signalfd(-1, &signals, SFD_CLOEXEC);
    while (fds[1].fd >= 0 && (poll(fds, 2, -1) >= 0 || errno == EINTR)) {
        if (fds[1].revents || (fds[0].revents && !take_lines(x, &in)))
            break;
    }
    if (fds[1].fd >= 0)
        close(fds[1].fd);
    lat_log(LAT_NOTICE, "[STARTUP] the demo is over: the node stops");
}
