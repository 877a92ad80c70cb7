#include "config.h"

#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "base/wipe.h"

static void
close_keeping_errno(int fd)
{
    int saved = errno;

    close(fd);
    errno = saved;
}

enum lat_err
lat_fd_read(int fd, struct lat_buf *out)
{
    uint8_t chunk[4096];
    size_t before = out->len;
    enum lat_err err = LAT_OK;
    ssize_t n;

    do {
        n = read(fd, chunk, sizeof(chunk));
        if (n > 0)
            err = lat_buf_add(out, chunk, (size_t)n);
        else if (n < 0 && errno != EINTR)
            err = LAT_SYS;
    } while (!err && n != 0);
    lat_wipe(chunk, sizeof(chunk)); /* key files come this way */
    if (err)
        out->len = before;
    return err;
}

enum lat_err
lat_file_read(const char *path, struct lat_buf *out)
{
    /* Without O_NONBLOCK, opening a FIFO would wait for its other end. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    struct stat st;
    enum lat_err err;

    if (fd < 0)
        return errno == ENOENT ? LAT_NOTFOUND : LAT_SYS;
    if (fstat(fd, &st) != 0)
        err = LAT_SYS;
    else if (!S_ISREG(st.st_mode))
        err = LAT_MALFORMED;
    else
        err = lat_fd_read(fd, out);
    close_keeping_errno(fd);
    return err;
}

static enum lat_err
write_all(int fd, const void *data, size_t len)
{
    const uint8_t *at = data;

    while (len > 0) {
        ssize_t n = write(fd, at, len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return LAT_SYS;
        at += n;
        len -= (size_t)n;
    }
    return fsync(fd) == 0 ? LAT_OK : LAT_SYS;
}

/* The folder of path, into out: "." for a bare name, "/" for the top. */
static void
folder_of(const char *path, char out[PATH_MAX])
{
    const char *slash = strrchr(path, '/');

    if (slash == NULL)
        lat_copy(out, PATH_MAX, ".");
    else
        snprintf(out, PATH_MAX, "%.*s", slash == path ? 1 : (int)(slash - path), path);
}

/* A rename is on the disk when its folder is. */
static enum lat_err
sync_folder_of(const char *path)
{
    char folder[PATH_MAX];
    int fd;
    enum lat_err err;

    folder_of(path, folder);
    fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return LAT_SYS;
    err = fsync(fd) == 0 ? LAT_OK : LAT_SYS;
    close_keeping_errno(fd);
    return err;
}

static enum lat_err
write_aside(const char *aside, int fd, const char *path, mode_t mode, const void *data, size_t len)
{
    enum lat_err err = fchmod(fd, mode) == 0 ? write_all(fd, data, len) : LAT_SYS;

    close_keeping_errno(fd);
    if (!err && rename(aside, path) != 0)
        err = LAT_SYS;
    if (err) {
        int saved = errno;

        unlink(aside);
        errno = saved;
    }
    return err;
}

enum lat_err
lat_file_write(const char *path, mode_t mode, const void *data, size_t len)
{
    char aside[PATH_MAX];
    int written = snprintf(aside, sizeof(aside), "%s.XXXXXX", path);
    int fd;
    enum lat_err err;

    if (written < 0 || (size_t)written >= sizeof(aside)) {
        errno = ENAMETOOLONG;
        return LAT_SYS;
    }
    fd = mkostemp(aside, O_CLOEXEC);
    err = fd < 0 ? LAT_SYS : write_aside(aside, fd, path, mode, data, len);
    if (!err)
        err = sync_folder_of(path);
    if (err == LAT_SYS && (errno == ENOSPC || errno == EDQUOT))
        err = LAT_FULL;
    return err;
}

enum lat_err
lat_mkdir_all(const char *path, mode_t mode)
{
    char part[PATH_MAX];
    struct stat st;

    if (!lat_copy(part, sizeof(part), path)) {
        errno = ENAMETOOLONG;
        return LAT_SYS;
    }
    for (char *at = part; *at; at++) {
        if (at == part || *at != '/')
            continue;
        *at = 0;
        if (mkdir(part, mode) != 0 && errno != EEXIST)
            return LAT_SYS;
        *at = '/';
    }
    if (mkdir(part, mode) == 0)
        return LAT_OK;
    if (errno != EEXIST || stat(part, &st) != 0)
        return LAT_SYS;
    if (S_ISDIR(st.st_mode))
        return LAT_OK;
    errno = ENOTDIR;
    return LAT_SYS;
}

enum lat_err
lat_file_check_secret(const char *path, struct lat_msg *why)
{
    char shown[LAT_MSG_MAX / 3];
    mode_t forbidden, mode;
    struct stat st;

    lat_escape_str(path, shown, sizeof(shown));
    if (stat(path, &st) != 0) {
        lat_msg_set(why, "%s: %s", shown, strerror(errno));
        return errno == ENOENT ? LAT_NOTFOUND : LAT_SYS;
    }
    if (!S_ISREG(st.st_mode)) {
        lat_msg_set(why, "%s is no regular file; name a file", shown);
        return LAT_AUTH;
    }
    if (st.st_uid != geteuid() && st.st_uid != 0) {
        lat_msg_set(why,
                    "%s belongs to another user (uid %lu), who can change it; run chown on it, or copy it",
                    shown, (unsigned long)st.st_uid);
        return LAT_AUTH;
    }
    /* A file of root's that a service may read is readable by the group of that service. */
    forbidden = st.st_uid == geteuid() ? S_IRWXG | S_IRWXO : S_IWGRP | S_IXGRP | S_IRWXO;
    mode = st.st_mode & (mode_t)07777;
    if (mode & forbidden) {
        lat_msg_set(why, "%s is open to others (mode %04o); run: chmod %s %s", shown, (unsigned)mode,
                    st.st_uid == geteuid() ? "600" : "640", shown);
        return LAT_AUTH;
    }
    return LAT_OK;
}
