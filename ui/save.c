#include "config.h"

#include "save.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "i18n.h"

#define PATH_BYTES 4096

static enum lat_err
write_all(int fd, const char *text)
{
    size_t len = strlen(text);

    while (len > 0) {
        ssize_t n = write(fd, text, len);

        if (n < 0 && errno != EINTR)
            return LAT_SYS;
        if (n > 0) {
            text += n;
            len -= (size_t)n;
        }
    }
    return LAT_OK;
}

static int
count_lines(const char *text)
{
    int lines = 0;

    for (; *text; text++)
        lines += *text == '\n';
    return lines;
}

enum lat_err
save_text(const char *path, const char *text, struct lat_msg *done)
{
    const char *home = getenv("HOME");
    bool in_home = strncmp(path, "~/", 2) == 0 && home;
    char whole[PATH_BYTES];
    enum lat_err err;
    int fd;

    snprintf(whole, sizeof(whole), "%s%s", in_home ? home : "", in_home ? path + 1 : path);
    fd = open(whole, O_WRONLY | O_CREAT | O_EXCL | O_NOCTTY | O_CLOEXEC, 0600);
    if (fd < 0 && errno == EEXIST) {
        lat_msg_set(done, _("%s is there already, nothing was written: give another name"), path);
        return LAT_CONFLICT;
    }
    err = fd < 0 ? LAT_SYS : write_all(fd, text);
    if (fd >= 0 && close(fd) != 0)
        err = LAT_SYS;
    if (err)
        lat_msg_set(done, _("%s: %s; give another name"), path, strerror(errno));
    else
        lat_msg_set(done, _("%d lines written to %s"), count_lines(text), path);
    return err;
}
