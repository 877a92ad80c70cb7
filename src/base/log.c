/*
 * The lock covers the ring and the choice of format, never the writing: a full pipe behind standard error
 * must not stop the console, which reads the ring. Lines of different threads stay whole without it, since
 * each is one write() below PIPE_BUF to a pipe, or to a file opened for appending.
 *
 * The sink is one descriptor for the life of the process; reopening puts another file behind its number in
 * one step (dup3), so that a thread between its look at the number and its write cannot hit a stranger's
 * file.
 */
#include "config.h"

#include "base/log.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"

#define FIELDS_MAX 32
#define FIELD_NAME_MAX 32
#define JSON_MAX 4096 /* PIPE_BUF of Linux */

struct field {
    const char *name, *value;
    size_t name_len, value_len;
};

static const char *const level_names[] = { "debug", "info", "notice", "warning", "error" };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct lat_log_line ring[LAT_LOG_RING]; /* by seq % LAT_LOG_RING */
static uint64_t newest;                        /* seq of the last line */
static atomic_int sink = STDERR_FILENO;
static atomic_int least = LAT_INFO;
static atomic_bool as_json;

/* --- sink --- */

enum lat_err
lat_log_open(const struct lat_log_options *options)
{
    enum lat_err err = LAT_OK;
    int fd = options->path == NULL
                 ? fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3)
                 : open(options->path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0600);

    if (fd < 0)
        return LAT_SYS;
    pthread_mutex_lock(&lock);
    if (sink == STDERR_FILENO) {
        sink = fd;
    } else {
        err = dup3(fd, sink, O_CLOEXEC) < 0 ? LAT_SYS : LAT_OK;
        close(fd);
    }
    if (!err) {
        as_json = options->json;
        least = (int)options->level;
    }
    pthread_mutex_unlock(&lock);
    return err;
}

void
lat_log_set_level(enum lat_level level)
{
    least = (int)level;
}

enum lat_err
lat_level_parse(const char *text, enum lat_level *level)
{
    for (size_t i = 0; i < sizeof(level_names) / sizeof(level_names[0]); i++) {
        if (strcmp(text, level_names[i]) == 0) {
            *level = (enum lat_level)i;
            return LAT_OK;
        }
    }
    return LAT_MALFORMED;
}

const char *
lat_level_name(enum lat_level level)
{
    return level_names[level];
}

/* A line that cannot be written (disk full, reader gone) is lost here and stays in the ring. */
static void
write_line(const char *line, size_t len)
{
    ssize_t n;

    do {
        n = write(sink, line, len);
    } while (n < 0 && errno == EINTR);
}

/* --- fields --- */

static bool
is_field_name(const char *name, size_t len)
{
    static const char *const taken[] = { "time", "level", "source", "text" };

    if (len == 0 || len > FIELD_NAME_MAX || !(islower((unsigned char)name[0]) || name[0] == '_'))
        return false;
    for (size_t i = 1; i < len; i++) {
        if (!islower((unsigned char)name[i]) && !isdigit((unsigned char)name[i]) && name[i] != '_')
            return false;
    }
    for (size_t i = 0; i < sizeof(taken) / sizeof(taken[0]); i++) {
        if (strlen(taken[i]) == len && memcmp(taken[i], name, len) == 0)
            return false;
    }
    return true;
}

/* Is the word at text[0 .. len) a field that is not in the list yet? */
static bool
split_field(const char *word, size_t len, const struct field *fields, size_t count, struct field *out)
{
    const char *equals = memchr(word, '=', len);

    if (equals == NULL || !is_field_name(word, (size_t)(equals - word)))
        return false;
    *out = (struct field){ .name = word,
                           .name_len = (size_t)(equals - word),
                           .value = equals + 1,
                           .value_len = len - (size_t)(equals - word) - 1 };
    for (size_t i = 0; i < count; i++) {
        if (fields[i].name_len == out->name_len && memcmp(fields[i].name, out->name, out->name_len) == 0)
            return false;
    }
    return true;
}

/* Take " name=value" from the end of text as long as there are any; the last comes first. *len shrinks. */
static size_t
take_fields(const char *text, size_t *len, struct field fields[FIELDS_MAX])
{
    size_t count = 0;

    while (count < FIELDS_MAX) {
        const char *blank = memrchr(text, ' ', *len);

        if (blank == NULL)
            break;
        if (!split_field(blank + 1, *len - (size_t)(blank + 1 - text), fields, count, &fields[count]))
            break;
        count++;
        *len = (size_t)(blank - text);
    }
    return count;
}

/* --- JSON --- */

/* A whole number that every reader of JSON keeps exactly. */
static bool
is_number(const char *value, size_t len)
{
    size_t i = len > 0 && value[0] == '-' ? 1 : 0;

    if (i == len || len - i > 15 || (value[i] == '0' && len - i > 1))
        return false;
    for (; i < len; i++) {
        if (!isdigit((unsigned char)value[i]))
            return false;
    }
    return true;
}

/*
 * Append a string in quotes; quotes and backslashes are all that lat_escape leaves to escape. Everything
 * together fits: no byte of the text becomes more than two, and a field " n=v" gains four.
 */
static size_t
put_string(char *out, size_t at, const char *text, size_t len)
{
    out[at++] = '"';
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '"' || text[i] == '\\')
            out[at++] = '\\';
        out[at++] = text[i];
    }
    out[at++] = '"';
    return at;
}

static size_t
format_json(char out[JSON_MAX], const char *time, enum lat_level level, const char *source, const char *text)
{
    struct field fields[FIELDS_MAX];
    size_t len = strlen(text), count = take_fields(text, &len, fields), at;

    at =
        (size_t)snprintf(out, JSON_MAX, "{\"time\":\"%s\",\"level\":\"%s\",\"source\":\"%s\",\"text\":", time,
                         lat_level_name(level), source);
    at = put_string(out, at, text, len);
    while (count-- > 0) {
        const struct field *f = &fields[count];

        out[at++] = ',';
        at = put_string(out, at, f->name, f->name_len);
        out[at++] = ':';
        if (is_number(f->value, f->value_len)) {
            memcpy(out + at, f->value, f->value_len);
            at += f->value_len;
        } else {
            at = put_string(out, at, f->value, f->value_len);
        }
    }
    out[at++] = '}';
    out[at++] = '\n';
    return at;
}

/* --- lines --- */

/* "[HTTP_SYNC] ..." -> "http_sync"; no tag -> "". */
static void
source_of(const char *text, char *out, size_t out_size)
{
    size_t used = 0;

    if (*text == '[') {
        for (text++; *text && *text != ']' && used + 1 < out_size; text++)
            out[used++] = isalnum((unsigned char)*text) ? (char)tolower((unsigned char)*text) : '_';
    }
    out[used] = 0;
}

static void
keep(uint64_t now_ms, enum lat_level level, const char *source, const char *text)
{
    struct lat_log_line *line;

    pthread_mutex_lock(&lock);
    line = &ring[++newest % LAT_LOG_RING];
    line->seq = newest;
    line->wall_ms = now_ms;
    line->level = level;
    lat_copy(line->source, sizeof(line->source), source);
    lat_escape_str(text, line->text, sizeof(line->text));
    pthread_mutex_unlock(&lock);
}

void
lat_log(enum lat_level level, const char *fmt, ...)
{
    char raw[2 * LAT_LOG_LINE_MAX], text[LAT_LOG_LINE_MAX - 40], time[LAT_TIME_TEXT_LEN], out[JSON_MAX];
    char source[sizeof(ring[0].source)];
    uint64_t now_ms = lat_wall_ms();
    int saved = errno;
    va_list args;
    size_t len;

    if ((int)level < least)
        return;
    va_start(args, fmt);
    vsnprintf(raw, sizeof(raw), fmt, args);
    va_end(args);
    lat_escape_str(raw, text, sizeof(text));
    source_of(text, source, sizeof(source));
    keep(now_ms, level, source, text);
    lat_time_text(now_ms, time);
    if (as_json)
        len = format_json(out, time, level, source, text);
    else
        len = (size_t)snprintf(out, sizeof(out), "%s %s %s\n", time, lat_level_name(level), text);
    write_line(out, len);
    errno = saved;
}

size_t
lat_log_recent(struct lat_log_line *out, size_t max, uint64_t *total)
{
    size_t count = max < LAT_LOG_RING ? max : LAT_LOG_RING;

    pthread_mutex_lock(&lock);
    if (count > newest)
        count = (size_t)newest;
    for (size_t i = 0; i < count; i++)
        out[i] = ring[(newest - count + 1 + i) % LAT_LOG_RING];
    *total = newest;
    pthread_mutex_unlock(&lock);
    return count;
}
