#include "config.h"

#include "node/history_ring.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "view/json.h"

#define HOUR_MS 3600000
#define FILES_MAX 512
#define FILE_MAX (64u << 20)
#define PATH_LEN (4096 + 64)

/* A file of the folder: "492651.s" holds seconds, "492651.m" minutes, of that hour since 1970. */
struct file {
    uint64_t hour;
    bool fine;
    uint64_t bytes;
};

struct files {
    struct file list[FILES_MAX];
    size_t count;
};

static void
path_of(const char *dir, uint64_t hour, const char *ending, char out[PATH_LEN])
{
    snprintf(out, PATH_LEN, "%s/%llu.%s", dir, (unsigned long long)hour, ending);
}

static int
by_hour(const void *a, const void *b)
{
    const struct file *x = a, *y = b;

    if (x->hour != y->hour)
        return x->hour < y->hour ? -1 : 1;
    return (int)x->fine - (int)y->fine;
}

/* "492651.s" */
static bool
parse_name(const char *name, struct file *file)
{
    const char *dot = strchr(name, '.');
    char digits[24];

    if (dot == NULL || (size_t)(dot - name) >= sizeof(digits) || (strcmp(dot, ".s") != 0 && strcmp(dot, ".m") != 0))
        return false;
    memcpy(digits, name, (size_t)(dot - name));
    digits[dot - name] = 0;
    *file = (struct file){ .fine = dot[1] == 's' };
    return lat_parse_u64(digits, UINT32_MAX, &file->hour) == LAT_OK;
}

/* In the order of time. */
static void
list_files(const char *dir, struct files *files)
{
    DIR *folder = opendir(dir);
    struct dirent *entry;
    char path[PATH_LEN];
    struct stat st;

    files->count = 0;
    while (folder && files->count < FILES_MAX && (entry = readdir(folder)) != NULL) {
        struct file *file = &files->list[files->count];

        if (!parse_name(entry->d_name, file))
            continue;
        path_of(dir, file->hour, file->fine ? "s" : "m", path);
        if (stat(path, &st) || !S_ISREG(st.st_mode))
            continue;
        file->bytes = (uint64_t)st.st_size;
        files->count++;
    }
    if (folder)
        closedir(folder);
    qsort(files->list, files->count, sizeof(files->list[0]), by_hour);
}

/* --- room ---------------------------------------------------------------------------------------------- */

static enum lat_err
read_file(const char *dir, const struct file *file, struct lat_buf *out)
{
    char path[PATH_LEN];

    path_of(dir, file->hour, file->fine ? "s" : "m", path);
    return lat_file_read(path, out);
}

/* Seconds become minutes. What cannot be written is dropped: this is no state that anybody was promised. */
static void
coarsen(const char *dir, struct file *file)
{
    char old[PATH_LEN], fresh[PATH_LEN];
    struct lat_buf in, out;

    lat_buf_init(&in, FILE_MAX);
    lat_buf_init(&out, FILE_MAX);
    path_of(dir, file->hour, "s", old);
    path_of(dir, file->hour, "m", fresh);
    if (read_file(dir, file, &in) || history_coarsen(in.data, in.len, &out) ||
        lat_file_write(fresh, 0600, out.data, out.len))
        out.len = 0;
    unlink(old);
    file->fine = false;
    file->bytes = out.len;
    lat_buf_fini(&in);
    lat_buf_fini(&out);
}

static void
drop(const char *dir, struct file *file)
{
    char path[PATH_LEN];

    path_of(dir, file->hour, file->fine ? "s" : "m", path);
    unlink(path);
    file->bytes = 0;
}

static uint64_t
sum(const struct files *files)
{
    uint64_t bytes = 0;

    for (size_t i = 0; i < files->count; i++)
        bytes += files->list[i].bytes;
    return bytes;
}

/* What is too old, then what is too much; the file of this hour stays. Oldest first. */
static void
make_room(struct history_ring *ring, uint64_t hour)
{
    struct files *files = malloc(sizeof(*files));

    if (files == NULL)
        return;
    list_files(ring->dir, files);
    for (size_t i = 0; i < files->count; i++) {
        struct file *file = &files->list[i];

        if (file->hour + HISTORY_HOURS < hour)
            drop(ring->dir, file);
        else if (file->fine && file->hour + HISTORY_FINE_HOURS < hour)
            coarsen(ring->dir, file);
    }
    for (size_t i = 0; i < files->count && sum(files) > ring->bytes_max; i++)
        if (files->list[i].fine && files->list[i].hour < hour)
            coarsen(ring->dir, &files->list[i]);
    for (size_t i = 0; i < files->count && sum(files) > ring->bytes_max; i++)
        if (files->list[i].hour < hour)
            drop(ring->dir, &files->list[i]);
    ring->bytes = sum(files);
    free(files);
}

/* --- adding -------------------------------------------------------------------------------------------- */

enum lat_err
history_ring_open(struct history_ring *ring, const char *state_dir)
{
    *ring = (struct history_ring){ .fd = -1, .bytes_max = HISTORY_BYTES_MAX };
    history_writer_init(&ring->writer);
    snprintf(ring->dir, sizeof(ring->dir), "%.4080s/history", state_dir);
    return lat_mkdir_all(ring->dir, 0700);
}

void
history_ring_close(struct history_ring *ring)
{
    if (ring->fd >= 0)
        close(ring->fd);
    ring->fd = -1;
    history_writer_fini(&ring->writer);
}

static enum lat_err
open_hour(struct history_ring *ring, uint64_t hour)
{
    char path[PATH_LEN];

    if (ring->fd >= 0)
        close(ring->fd);
    make_room(ring, hour);
    path_of(ring->dir, hour, "s", path);
    ring->fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    ring->hour = ring->fd >= 0 ? hour : 0;
    history_writer_restart(&ring->writer);
    return ring->fd >= 0 ? LAT_OK : LAT_SYS;
}

/* To the nearest of 1.0, 1.5, 2.0 ... 9.5 times a power of ten. */
static uint32_t
coarse(uint32_t value)
{
    uint64_t step = 5, near;

    if (value == SNAPSHOT_TRAFFIC_GAP || value < 10)
        return value;
    while (value / step >= 20)
        step *= 10;
    near = (value + step / 2) / step * step;
    return near < SNAPSHOT_TRAFFIC_GAP ? (uint32_t)near : value;
}

/* Of a slot the past keeps what a sparkline shows: exact figures would be half as much again on disk with eight busy peers. */
static void
slim_traffic(struct snapshot_traffic *traffic)
{
    for (size_t i = 0; i < SNAPSHOT_TRAFFIC; i++) {
        traffic->in_5s[i] = coarse(traffic->in_5s[i]);
        traffic->out_5s[i] = coarse(traffic->out_5s[i]);
    }
}

/* The snapshot with its newest events only, as text. NULL: out of memory. cJSON_free. */
static char *
text_of(const struct snapshot *snapshot)
{
    struct snapshot *slim = snapshot_new();
    uint32_t skip = snapshot->event_count > HISTORY_EVENTS ? snapshot->event_count - HISTORY_EVENTS : 0;
    cJSON *json;
    char *text;

    if (slim == NULL)
        return NULL;
    *slim = *snapshot;
    slim->event_count -= skip;
    memmove(slim->events, slim->events + skip, slim->event_count * sizeof(slim->events[0]));
    for (uint32_t i = 0; i < slim->peer_count; i++)
        slim_traffic(&slim->peers[i].traffic);
    for (uint32_t i = 0; i < slim->source_count; i++)
        slim_traffic(&slim->sources[i].traffic);
    json = snapshot_to_json(slim);
    text = json ? cJSON_PrintUnformatted(json) : NULL;
    cJSON_Delete(json);
    snapshot_unref(slim);
    return text;
}

/* A write that fell short would tear the row of frames: it is taken back. */
static enum lat_err
append(struct history_ring *ring, const struct lat_buf *frame)
{
    off_t before = lseek(ring->fd, 0, SEEK_END);
    ssize_t n = write(ring->fd, frame->data, frame->len);

    if (n == (ssize_t)frame->len) {
        ring->bytes += frame->len;
        return LAT_OK;
    }
    if (n > 0 && ftruncate(ring->fd, before))
        ring->hour = 0; /* open it anew, with a key frame */
    if (n >= 0)
        errno = ENOSPC;
    return LAT_SYS;
}

enum lat_err
history_ring_add(struct history_ring *ring, const struct snapshot *snapshot)
{
    uint64_t hour = snapshot->wall_ms / HOUR_MS;
    struct lat_buf frame;
    enum lat_err err = LAT_OK;
    char *text;

    if (ring->fd < 0 || hour != ring->hour)
        err = open_hour(ring, hour);
    else if (ring->bytes > ring->bytes_max)
        make_room(ring, hour);
    if (err)
        return err;
    text = text_of(snapshot);
    if (text == NULL)
        return LAT_NOMEM;
    lat_buf_init(&frame, 2 * HISTORY_TEXT_MAX);
    err = history_write(&ring->writer, text, strlen(text), snapshot->wall_ms, snapshot->lung.state, &frame);
    if (!err)
        err = append(ring, &frame);
    lat_buf_fini(&frame);
    cJSON_free(text);
    return err;
}

/* --- looking ------------------------------------------------------------------------------------------- */

/* Could this file matter? A change is seen only against the frame before, wherever that is. */
static bool
may_matter(enum look_step step, uint64_t hour, uint64_t at_hour)
{
    switch (step) {
    case LOOK_LATER:
        return hour >= at_hour;
    case LOOK_AT:
    case LOOK_EARLIER:
    case LOOK_EARLIER_CHANGE:
        return hour <= at_hour;
    case LOOK_LATER_CHANGE:
        break;
    }
    return true;
}

static enum lat_err
parse(const struct lat_buf *file, const struct history_chooser *chooser, uint64_t now_ms, struct snapshot **out)
{
    struct lat_buf text;
    enum lat_err err;

    lat_buf_init(&text, HISTORY_TEXT_MAX);
    err = history_text(file->data, &chooser->frame, &chooser->key, &text);
    if (!err)
        err = snapshot_from_json((const char *)text.data, text.len, now_ms, out);
    lat_buf_fini(&text);
    return err;
}

/* The file of the frame that is wanted so far stays in *best. True: none that follows can be better. */
static bool
choose_from(struct history_chooser *chooser, struct lat_buf *file, struct lat_buf *best)
{
    struct lat_buf other = *best;
    bool over;

    chooser->found_here = false;
    over = history_choose(chooser, file->data, file->len);
    if (chooser->found_here) {
        *best = *file;
        *file = other;
    }
    return over;
}

enum lat_err
history_ring_look(const char *dir, enum look_step step, uint64_t at_ms, uint64_t now_ms, struct snapshot **out)
{
    struct files *files = malloc(sizeof(*files));
    struct history_chooser chooser;
    struct lat_buf file, best;
    bool over = false;
    enum lat_err err;

    if (files == NULL)
        return LAT_NOMEM;
    lat_buf_init(&file, FILE_MAX);
    lat_buf_init(&best, FILE_MAX);
    history_chooser_init(&chooser, step, at_ms);
    list_files(dir, files);
    for (size_t i = 0; i < files->count && !over; i++) {
        /* What is just before a time is in the newest files up to it; all else needs the order of time. */
        bool backwards = step == LOOK_AT || step == LOOK_EARLIER;
        const struct file *next = &files->list[backwards ? files->count - 1 - i : i];

        if (!may_matter(step, next->hour, at_ms / HOUR_MS))
            continue;
        lat_buf_clear(&file);
        if (read_file(dir, next, &file))
            continue; /* coarsened or dropped meanwhile */
        over = choose_from(&chooser, &file, &best);
        if (backwards)
            over = chooser.found; /* what lies before may still have it */
    }
    err = chooser.found ? parse(&best, &chooser, now_ms, out) : LAT_NOTFOUND;
    lat_buf_fini(&file);
    lat_buf_fini(&best);
    free(files);
    return err;
}
