#include "config.h"

#include "node/files.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "base/wipe.h"
#include "crypto/rand.h"

#define SECRET_LEN 32                      /* a seed, a cookie */
#define SECRET_TEXT (2 * SECRET_LEN)       /* as hex */
#define SECRET_FILE_MAX (SECRET_TEXT + 16) /* room for white space around it */
#define SHOWN_MAX 160                      /* of a path in a message */

#define KEY_NAME "node.key"
#define COOKIE_NAME "cookie"
#define LOCK_NAME "lock"

/* "dir/name"; a path that is too long is refused by every system call that follows, so it is made empty. */
static void
path_of(const char *dir, const char *name, char out[PATH_MAX])
{
    int len = snprintf(out, PATH_MAX, "%s/%s", dir, name);

    if (len < 0 || len >= PATH_MAX)
        out[0] = 0;
}

/* --- directory and lock --- */

static enum lat_err
make_private(const char *dir, const char *shown, struct lat_msg *why)
{
    struct stat st;

    if (lat_mkdir_all(dir, 0700) || stat(dir, &st) != 0) {
        lat_msg_set(why, "state directory '%s': %s; name another with --state-dir", shown, strerror(errno));
        return errno == ENOSPC || errno == EDQUOT ? LAT_FULL : LAT_SYS;
    }
    if (st.st_uid != geteuid()) {
        lat_msg_set(
            why,
            "state directory '%s': belongs to another user (uid %lu); run as that user, or name another with "
            "--state-dir",
            shown, (unsigned long)st.st_uid);
        return LAT_AUTH;
    }
    if (st.st_mode & (S_IWGRP | S_IWOTH)) {
        lat_msg_set(
            why,
            "state directory '%s': others can write to it; look at what is in it, then run: chmod 700 %s",
            shown, shown);
        return LAT_AUTH;
    }
    if ((st.st_mode & (S_IRWXG | S_IRWXO)) == 0)
        return LAT_OK;
    if (chmod(dir, 0700) != 0) {
        lat_msg_set(why, "state directory '%s': cannot be closed to others: %s", shown, strerror(errno));
        return LAT_SYS;
    }
    lat_log(LAT_NOTICE, "[STARTUP] state directory '%s' closed to other users (mode 0700)", shown);
    return LAT_OK;
}

/* The holder wrote "pid time\n"; read it for the message. */
static void
say_who_holds(int fd, const char *shown, struct lat_msg *why)
{
    char text[64], since[64];
    ssize_t len = pread(fd, text, sizeof(text) - 1, 0);
    char *blank;
    uint64_t pid;

    text[len > 0 ? len : 0] = 0;
    text[strcspn(text, "\n")] = 0;
    blank = strchr(text, ' ');
    if (blank != NULL)
        *blank = 0;
    if (blank == NULL || lat_parse_u64(text, INT32_MAX, &pid))
        lat_msg_set(why,
                    "state directory '%s': held by another process; look at it with 'lattice attach --state-dir %s', end it, or name another",
                    shown, shown);
    else
        lat_msg_set(
            why,
            "state directory '%s': held by process %lu since %s; look at it with 'lattice attach --state-dir %s', end it, or name another",
            shown, (unsigned long)pid, lat_escape_str(blank + 1, since, sizeof(since)), shown);
}

static enum lat_err
write_holder(int fd)
{
    char text[64], time[LAT_TIME_TEXT_LEN];
    int len;

    lat_time_text(lat_wall_ms(), time);
    len = snprintf(text, sizeof(text), "%ld %s\n", (long)getpid(), time);
    if (ftruncate(fd, 0) != 0 || pwrite(fd, text, (size_t)len, 0) != len)
        return errno == ENOSPC || errno == EDQUOT ? LAT_FULL : LAT_SYS;
    return LAT_OK;
}

enum lat_err
files_lock(const char *dir, int *fd, struct lat_msg *why)
{
    char path[PATH_MAX], shown[SHOWN_MAX];
    enum lat_err err;
    int lock;

    lat_escape_str(dir, shown, sizeof(shown));
    err = make_private(dir, shown, why);
    if (err)
        return err;
    path_of(dir, LOCK_NAME, path);
    lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
    if (lock < 0) {
        lat_msg_set(why, "state directory '%s': the lock file cannot be opened: %s", shown, strerror(errno));
        return errno == ENOSPC || errno == EDQUOT ? LAT_FULL : LAT_SYS;
    }
    /* flock, not fcntl: the latter is lost when any descriptor of the file is closed in this process. */
    if (flock(lock, LOCK_EX | LOCK_NB) != 0) {
        err = errno == EWOULDBLOCK ? LAT_BUSY : LAT_SYS;
        lat_msg_set(why, "state directory '%s': cannot be locked: %s", shown, strerror(errno));
        if (err == LAT_BUSY)
            say_who_holds(lock, shown, why);
    } else {
        err = write_holder(lock);
        if (err)
            lat_msg_set(why, "state directory '%s': the lock file cannot be written: %s", shown,
                        strerror(errno));
    }
    if (err)
        close(lock);
    else
        *fd = lock;
    return err;
}

void
files_unlock(int fd)
{
    /* The file stays: were it removed, a third process could lock a new one beside a second that waits with
     * the old. */
    if (ftruncate(fd, 0) != 0)
        lat_log(LAT_DEBUG, "[STARTUP] the lock file cannot be emptied: %s", strerror(errno));
    close(fd);
}

/* --- secrets --- */

/* 64 hex digits, white space around them. */
static enum lat_err
parse_secret(struct lat_buf *buf, uint8_t out[SECRET_LEN])
{
    const char *text = lat_buf_str(buf);
    char hex[SECRET_TEXT + 1];
    enum lat_err err;
    size_t len;

    if (text == NULL)
        return LAT_NOMEM;
    text += strspn(text, " \t\r\n");
    len = strcspn(text, " \t\r\n");
    if (len != SECRET_TEXT || text[len + strspn(text + len, " \t\r\n")] != 0)
        return LAT_MALFORMED;
    memcpy(hex, text, len);
    hex[len] = 0;
    err = lat_unhex(hex, out, SECRET_LEN);
    lat_wipe(hex, sizeof(hex));
    return err;
}

/* Read a file with a secret that nobody else may read. What it is good for is said by the caller in `remedy`.
 */
static enum lat_err
read_secret(const char *path, uint8_t out[SECRET_LEN], const char *remedy, struct lat_msg *why)
{
    enum lat_err err = lat_file_check_secret(path, why);
    char shown[SHOWN_MAX];
    struct lat_buf buf;

    if (err)
        return err;
    lat_escape_str(path, shown, sizeof(shown));
    lat_buf_init(&buf, SECRET_FILE_MAX);
    err = lat_file_read(path, &buf);
    if (err == LAT_SYS)
        lat_msg_set(why, "%s: %s", shown, strerror(errno));
    else if (err == LAT_NOTFOUND)
        lat_msg_set(why, "%s: is gone", shown);
    else if (!err)
        err = parse_secret(&buf, out);
    if (err == LAT_LIMIT || err == LAT_MALFORMED) {
        lat_msg_set(why, "%s: does not hold %d hex digits; %s", shown, SECRET_TEXT, remedy);
        err = LAT_MALFORMED;
    }
    if (buf.data != NULL)
        lat_wipe(buf.data, buf.cap);
    lat_buf_fini(&buf);
    return err;
}

static enum lat_err
write_secret(const char *path, const uint8_t secret[SECRET_LEN], struct lat_msg *why)
{
    char text[SECRET_TEXT + 2], shown[SHOWN_MAX];
    enum lat_err err;

    lat_hex(secret, SECRET_LEN, text);
    text[SECRET_TEXT] = '\n';
    err = lat_file_write(path, 0600, text, SECRET_TEXT + 1);
    lat_wipe(text, sizeof(text));
    if (err)
        lat_msg_set(why, "%s: cannot be written: %s", lat_escape_str(path, shown, sizeof(shown)),
                    strerror(errno));
    return err;
}

/* --- key --- */

enum lat_err
files_key_load(const char *dir, const uint8_t *seed, struct key **out, struct lat_msg *why)
{
    uint8_t stored[SECRET_LEN];
    char path[PATH_MAX];
    enum lat_err err;

    if (seed != NULL)
        return key_from_seed(seed, out);
    path_of(dir, KEY_NAME, path);
    err = read_secret(
        path, stored,
        "put a copy of the key there, or move the file away: the node then makes a new key, which "
        "is another identity",
        why);
    if (!err)
        err = key_from_seed(stored, out);
    lat_wipe(stored, sizeof(stored));
    return err;
}

enum lat_err
files_key_make(const char *dir, struct key **out, struct lat_msg *why)
{
    uint8_t seed[SECRET_LEN];
    char path[PATH_MAX], shown[SHOWN_MAX];
    struct key *key = NULL;
    struct stat st;
    enum lat_err err;

    path_of(dir, KEY_NAME, path);
    if (lstat(path, &st) == 0) {
        lat_msg_set(why, "%s: exists; move it away first, if the node is to have another identity",
                    lat_escape_str(path, shown, sizeof(shown)));
        return LAT_CONFLICT;
    }
    rand_bytes(seed, sizeof(seed));
    err = key_from_seed(seed, &key);
    if (!err)
        err = write_secret(path, seed, why);
    lat_wipe(seed, sizeof(seed));
    if (err)
        key_free(key);
    else
        *out = key;
    return err;
}

enum lat_err
files_key(const char *dir, const uint8_t *seed, struct key **out, struct lat_msg *why)
{
    enum lat_err err = files_key_load(dir, seed, out, why);

    return err == LAT_NOTFOUND ? files_key_make(dir, out, why) : err;
}

/* --- cookie --- */

enum lat_err
files_cookie_make(const char *dir, char out[FILES_COOKIE_MAX], struct lat_msg *why)
{
    uint8_t cookie[SECRET_LEN];
    char path[PATH_MAX];
    enum lat_err err;

    path_of(dir, COOKIE_NAME, path);
    rand_bytes(cookie, sizeof(cookie));
    err = write_secret(path, cookie, why);
    if (!err)
        lat_hex(cookie, sizeof(cookie), out);
    lat_wipe(cookie, sizeof(cookie));
    return err;
}

enum lat_err
files_cookie_read(const char *dir, char out[FILES_COOKIE_MAX], struct lat_msg *why)
{
    uint8_t cookie[SECRET_LEN];
    char path[PATH_MAX];
    enum lat_err err;

    path_of(dir, COOKIE_NAME, path);
    err = read_secret(path, cookie, "start the node again, it writes a new one", why);
    if (!err)
        lat_hex(cookie, sizeof(cookie), out);
    lat_wipe(cookie, sizeof(cookie));
    return err;
}
