#include "config.h"

#include "cli/ask.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <termios.h>
#include <unistd.h>

#include "base/wipe.h"

/* One line, without its end; false: the terminal has gone, or the line is longer than that. */
static bool
read_line(int fd, char *line, size_t size)
{
    size_t len = 0;
    char c = 0;

    while (read(fd, &c, 1) == 1 && c != '\n') {
        if (len < size)
            line[len] = c;
        len++;
    }
    line[len < size ? len : size - 1] = 0;
    return c == '\n' && len < size;
}

/* False: no passphrase was typed. */
static bool
read_secret(int fd, char *secret)
{
    struct termios before, hidden;
    bool typed;

    if (tcgetattr(fd, &before) != 0)
        return false;
    hidden = before;
    hidden.c_lflag &= ~(tcflag_t)ECHO;
    tcsetattr(fd, TCSAFLUSH, &hidden);
    typed = read_line(fd, secret, SSH_SECRET_MAX);
    tcsetattr(fd, TCSAFLUSH, &before);
    dprintf(fd, "\n");
    if (typed && secret[0])
        return true;
    lat_wipe(secret, SSH_SECRET_MAX);
    return false;
}

/* As with ssh: yes or no, written out. */
static bool
read_yes(int fd)
{
    char line[16];

    for (int tries = 0; tries < 3; tries++) {
        if (!read_line(fd, line, sizeof(line)) || strcasecmp(line, "no") == 0)
            return false;
        if (strcasecmp(line, "yes") == 0)
            return true;
        dprintf(fd, "yes or no? ");
    }
    return false;
}

enum ssh_answer
ask_on_terminal(void *arg, const struct ssh_question *question, char *secret)
{
    int fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
    bool yes;

    (void)arg;
    if (fd < 0)
        return SSH_ANSWER_NO;
    dprintf(fd, "%s%s%s", question->kind == SSH_ASK_HOST_KEY ? question->key.randomart : "", question->text, question->kind == SSH_ASK_PASSPHRASE ? ": " : " (yes/no) ");
    yes = question->kind == SSH_ASK_PASSPHRASE ? read_secret(fd, secret) : read_yes(fd);
    close(fd);
    return yes ? SSH_ANSWER_YES : SSH_ANSWER_NO;
}
