#include "config.h"

#include "node/configuration_load.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/dotenv.h"
#include "base/file.h"
#include "base/text.h"
#include "base/wipe.h"
#include "node/configuration_table.h"

#define SHOWN_MAX 160

extern char **environ;

/* A number needs no look into the system's tables (which loads the modules of every directory service there is). */
static bool
find_user(void *arg, const char *name, uid_t *uid)
{
    const struct passwd *entry;
    uint64_t number;

    (void)arg;
    if (lat_parse_u64(name, UINT32_MAX - 1, &number) == LAT_OK) {
        *uid = (uid_t)number;
        return true;
    }
    entry = getpwnam(name);
    if (entry)
        *uid = entry->pw_uid;
    return entry != NULL;
}

static bool
find_group(void *arg, const char *name, gid_t *gid)
{
    const struct group *entry;
    uint64_t number;

    (void)arg;
    if (lat_parse_u64(name, UINT32_MAX - 1, &number) == LAT_OK) {
        *gid = (gid_t)number;
        return true;
    }
    entry = getgrnam(name);
    if (entry)
        *gid = entry->gr_gid;
    return entry != NULL;
}

/* --- .env --- */

/* Could somebody else have written this? */
static bool
is_safe(const struct stat *st)
{
    return (st->st_uid == geteuid() || st->st_uid == 0) && (st->st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

/* .env of the working directory, if it is safe to read; -1: there is none, or a finding says why it is not
 * read. */
static int
open_own_env(struct config_findings *found)
{
    int fd = open(".env", O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    struct stat folder, file;

    if (fd < 0) {
        if (errno != ENOENT)
            config_find(found, true,
                        ".env: cannot be read: %s; change its mode, or name another with --env-file",
                        strerror(errno));
        return -1;
    }
    if (stat(".", &folder) != 0 || fstat(fd, &file) != 0 || !S_ISREG(file.st_mode))
        config_find(found, true, ".env: is no regular file; name another with --env-file");
    else if (!is_safe(&folder))
        config_find(found, false,
                    ".env: not read, since other users can write to this folder; run 'chmod go-w .', or give "
                    "--env-file .env");
    else if (!is_safe(&file))
        config_find(
            found, false,
            ".env: not read, since other users can write to it; run 'chmod go-w .env', or give --env-file "
            ".env");
    else
        return fd;
    close(fd);
    return -1;
}

/* What --env-file names, a pipe too. */
static int
open_given_env(const char *path, struct config_findings *found)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    char shown[SHOWN_MAX];

    if (fd < 0)
        config_find(found, true, "%s: cannot be read: %s; name an existing file with --env-file",
                    lat_escape_str(path, shown, sizeof(shown)), strerror(errno));
    return fd;
}

/* A seed in a .env that others can read is no secret. */
static void
check_env_mode(int fd, const char *path, const struct config *config, struct config_findings *found)
{
    char shown[SHOWN_MAX];
    struct stat st;

    if (config->has_seed && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && (st.st_mode & (S_IRGRP | S_IROTH)))
        config_find(found, false, "%s: holds a private key and other users can read it; run: chmod 600 %s",
                    lat_escape_str(path, shown, sizeof(shown)), shown);
}

/* --- files that settings name --- */

static void
check_secret_file(const char *name, const char *path, struct config_findings *found)
{
    struct lat_msg why;

    if (path != NULL && lat_file_check_secret(path, &why))
        config_find(found, true, "%s: %s", name, why.text);
}

static void
check_readable(const char *name, const char *path, struct config_findings *found)
{
    char shown[SHOWN_MAX];

    if (path != NULL && access(path, R_OK) != 0)
        config_find(found, true, "%s: %s: %s; name a file that this user can read", name,
                    lat_escape_str(path, shown, sizeof(shown)), strerror(errno));
}

static void
check_files(const struct config *config, struct config_findings *found)
{
    check_secret_file("LATTICE_API_TOKENS_FILE", config->api_tokens_file, found);
    check_readable("LATTICE_TLS_CERT", config->tls_cert, found);
    check_secret_file("LATTICE_TLS_KEY", config->tls_key, found);
    check_readable("LATTICE_HTTP_CA", config->http_ca, found);
    check_secret_file("LATTICE_HTTP_TOKEN_FILE", config->http_token_file, found);
}

/* --- public --- */

/* The text of .env; LAT_NOTFOUND: there is none to read. */
static enum lat_err
read_env(int fd, const char *path, struct lat_buf *text, struct config_findings *found)
{
    char shown[SHOWN_MAX];
    enum lat_err err = fd < 0 ? LAT_NOTFOUND : lat_fd_read(fd, text);

    if (err == LAT_LIMIT)
        config_find(found, true, "%s: is larger than %d bytes; is it the right file?",
                    lat_escape_str(path, shown, sizeof(shown)), DOTENV_SIZE_MAX);
    else if (err == LAT_SYS)
        config_find(found, true, "%s: cannot be read: %s", lat_escape_str(path, shown, sizeof(shown)),
                    strerror(errno));
    else if (!err && lat_buf_str(text) == NULL)
        err = LAT_NOMEM;
    return err;
}

enum lat_err
config_load(const struct config_request *request, struct config **out, struct config_findings *found)
{
    const char *path = request->env_file ? request->env_file : ".env";
    int fd = request->env_file ? open_given_env(path, found) : open_own_env(found);
    char host_name[HOST_NAME_MAX + 1] = "";
    struct config_input input = { .overrides = request->overrides,
                                  .override_count = request->override_count,
                                  .environment = (const char *const *)environ,
                                  .host_name = host_name,
                                  .own_uid = geteuid(),
                                  .find_user = find_user,
                                  .find_group = find_group,
                                  .present = request->present };
    struct config *config = NULL;
    struct lat_buf text;
    enum lat_err err;

    gethostname(host_name, sizeof(host_name) - 1);
    lat_buf_init(&text, DOTENV_SIZE_MAX);
    err = read_env(fd, path, &text, found);
    if (!err) {
        input.env_path = path;
        input.env_text = (const char *)text.data;
        input.env_len = text.len;
    }
    if (err != LAT_NOMEM)
        config = config_make(&input, found);
    if (config != NULL) {
        check_files(config, found);
        if (fd >= 0)
            check_env_mode(fd, path, config, found);
    }
    if (fd >= 0)
        close(fd);
    if (text.data != NULL)
        lat_wipe(text.data, text.cap);
    lat_buf_fini(&text);
    return config_finish(config, out, found);
}
