#include "config.h"

#include "settings_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/text.h"

void
settings_file_path(char out[4096])
{
    const char *config = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");

    out[0] = 0;
    if (config && config[0] == '/')
        snprintf(out, 4096, "%s/lattice/console.ini", config);
    else if (home && home[0])
        snprintf(out, 4096, "%s/.config/lattice/console.ini", home);
}

/* Has the file another look than when it was last read? Remembers the new one. A file that went away has, too. */
static bool
has_changed(struct settings_file *file, struct stat *now)
{
    bool same;

    if (file->path == NULL || stat(file->path, now))
        *now = (struct stat){ 0 };
    same = now->st_ino == file->inode && now->st_size == file->size && now->st_mtim.tv_sec == file->changed.tv_sec &&
           now->st_mtim.tv_nsec == file->changed.tv_nsec;
    file->inode = now->st_ino;
    file->size = now->st_size;
    file->changed = now->st_mtim;
    return !same;
}

static void
report(const struct settings_file *file, const char *what, settings_finding_fn finding, void *arg)
{
    char text[512], shown[256];

    snprintf(text, sizeof(text), "%s: %s", lat_escape_str(file->path, shown, sizeof(shown)), what);
    finding(arg, text);
}

/* A command stands in it: nobody else may write there. */
static bool
is_ours(const struct stat *st)
{
    return S_ISREG(st->st_mode) && (st->st_uid == geteuid() || st->st_uid == 0) && (st->st_mode & 022) == 0;
}

static void
read_file(const struct settings_file *file, const struct stat *st, const struct settings *former, struct settings *settings,
          settings_finding_fn finding, void *arg)
{
    char shown[256];
    struct lat_buf text;
    enum lat_err err;

    if (st->st_ino == 0)
        return;
    if (!is_ours(st)) {
        report(file, "not read: it must belong to you or root, and nobody else may write it", finding, arg);
        *settings = former ? *former : *settings;
        return;
    }
    lat_buf_init(&text, SETTINGS_FILE_MAX);
    err = lat_file_read(file->path, &text);
    if (err) {
        report(file, err == LAT_LIMIT ? "not read: over 64 KiB" : strerror(errno), finding, arg);
        *settings = former ? *former : *settings;
    } else
        settings_parse(settings, former, lat_escape_str(file->path, shown, sizeof(shown)), (const char *)text.data, text.len, finding,
                       arg);
    lat_buf_fini(&text);
}

bool
settings_file_follow(struct settings_file *file, uint64_t now_ms, struct settings *settings,
                     settings_finding_fn finding, void *arg)
{
    struct settings former = { 0 };
    bool again = file->read;
    struct stat now;

    if (again)
        former = *settings;
    if (file->read && now_ms - file->checked_ms < SETTINGS_FILE_CHECK_MS)
        return false;
    file->checked_ms = now_ms;
    if (!has_changed(file, &now) && file->read)
        return false;
    settings_defaults(settings); /* a line that is gone holds no more */
    file->read = true;
    read_file(file, &now, again ? &former : NULL, settings, finding, arg);
    if (file->overrides)
        settings_parse(settings, NULL, "command line", file->overrides, strlen(file->overrides), finding, arg);
    return true;
}
