#include "config.h"

#include "operator.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"

void
operator_name(char *out, size_t size)
{
    const char *tty = ttyname(STDIN_FILENO), *ssh = getenv("SSH_CONNECTION");
    char from[48] = "", text[160];

    if (tty && strncmp(tty, "/dev/", 5) == 0)
        tty += 5;
    if (ssh && ssh[0])
        snprintf(from, sizeof(from), " from %.*s", (int)strcspn(ssh, " "), ssh);
    snprintf(text, sizeof(text), "console uid %u%s%.20s%s", (unsigned)getuid(), tty ? " " : "", tty ? tty : "", from);
    lat_escape_str(text, out, size);
}
