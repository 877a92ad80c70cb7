/*
 * One thread, one piece of work at a time. A request only raises a number and a flag; the thread takes
 * whatever has been asked for by the time it begins, so that a hundred clients that ask at once cost one
 * walk. Results are kept until a newer one replaces them: the last with text, and the last of any kind.
 */
#include "config.h"

#include "http/statedoc.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/buf.h"
#include "state/json.h"
#include "state/reader.h"

#define CHUNK 262144
#define KEY_TEXT_MAX (6 * RECORD_KEY_MAX + 8) /* every byte as \uXXXX, quotes, separators */

struct counted {
    atomic_uint references;
    struct statedoc value;
    size_t mapped;
    atomic_uint *texts; /* counts those with text; NULL: this one has none */
};

struct watcher {
    void (*fn)(void *arg);
    void *arg;
};

struct statedocs {
    struct store *store;
    char *dir;
    pthread_t thread;
    pthread_mutex_t lock; /* all below */
    pthread_cond_t asked;
    bool stop;
    uint64_t wanted, done; /* numbers of requests */
    bool want_whole;
    atomic_uint texts;     /* documents with text that somebody still holds, ours included; any thread */
    enum lat_err err;      /* of the last work */
    struct counted *roots; /* the newest result */
    struct counted *whole; /* the newest with text */
    struct watcher watchers[STATEDOCS_WATCHERS_MAX];
    size_t watcher_count;
    pthread_mutex_t watching; /* held while watchers are called and while the list changes */
};

/* --- counted documents -------------------------------------------------------------------------- */

static struct counted *
counted_of(const struct statedoc *doc)
{
    return (struct counted *)((uintptr_t)doc - offsetof(struct counted, value));
}

static struct counted *
counted_ref(struct counted *counted)
{
    if (counted != NULL)
        atomic_fetch_add_explicit(&counted->references, 1, memory_order_relaxed);
    return counted;
}

static void
counted_unref(struct counted *counted)
{
    if (counted == NULL || atomic_fetch_sub_explicit(&counted->references, 1, memory_order_acq_rel) != 1)
        return;
    if (counted->texts != NULL) {
        munmap((void *)(uintptr_t)counted->value.text, counted->mapped);
        atomic_fetch_sub_explicit(counted->texts, 1, memory_order_relaxed);
    }
    free(counted);
}

void
statedoc_unref(const struct statedoc *doc)
{
    if (doc != NULL)
        counted_unref(counted_of(doc));
}

/* --- writing the document ----------------------------------------------------------------------- */

struct writer {
    int fd;
    struct lat_buf pending;
    uint64_t entries;
    size_t written;
};

static enum lat_err
write_all(struct writer *w, const void *data, size_t len)
{
    const char *at = data;
    ssize_t n;

    w->written += len;
    while (len > 0) {
        n = write(w->fd, at, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return errno == ENOSPC || errno == EDQUOT || errno == EFBIG ? LAT_FULL : LAT_SYS;
        at += n;
        len -= (size_t)n;
    }
    return LAT_OK;
}

static enum lat_err
flush(struct writer *w)
{
    enum lat_err err = write_all(w, w->pending.data, w->pending.len);

    lat_buf_clear(&w->pending);
    return err;
}

/* Append, or write past the buffer what would not fit. */
static enum lat_err
put(struct writer *w, const void *data, size_t len)
{
    enum lat_err err = LAT_OK;

    if (w->pending.len + len + KEY_TEXT_MAX > CHUNK)
        err = flush(w);
    if (err)
        return err;
    return len + KEY_TEXT_MAX > CHUNK ? write_all(w, data, len) : lat_buf_add(&w->pending, data, len);
}

/* One entry of the object. Tombstones and the system's own records (first byte zero) are no entries. */
static enum lat_err
put_record(void *arg, const struct record *record)
{
    struct writer *w = arg;
    enum lat_err err = LAT_OK;

    if (record->value == NULL || record->key_len == 0 || record->key[0] == 0)
        return LAT_OK;
    if (w->pending.len + KEY_TEXT_MAX > CHUNK)
        err = flush(w);
    if (!err && w->entries++ > 0)
        err = lat_buf_add(&w->pending, ", ", 2);
    if (!err)
        err = json_add_string(&w->pending, record->key, record->key_len);
    if (!err)
        err = lat_buf_add(&w->pending, ": ", 2);
    return err ? err : put(w, record->value, record->value_len);
}

static enum lat_err
write_entries(struct writer *w, struct reader *reader)
{
    static const uint8_t first[32];
    uint64_t damaged = 0;
    enum lat_err err = put(w, "{", 1);

    if (!err)
        err = reader_each(reader, first, put_record, w, &damaged);
    if (!err && damaged > 0)
        err = LAT_DAMAGED; /* an incomplete state must not pass for the whole one */
    if (!err)
        err = put(w, "}", 1);
    return err ? err : flush(w);
}

/* An open file without a name. */
static int
nameless_file(const char *dir)
{
    char path[4096];
    int fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

    if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL))
        return fd;
    if (snprintf(path, sizeof(path), "%s/.state-XXXXXX", dir) >= (int)sizeof(path)) {
        errno = ENAMETOOLONG;
        return -1;
    }
    fd = mkostemp(path, O_CLOEXEC);
    if (fd >= 0)
        unlink(path);
    return fd;
}

static enum lat_err
make_text(const char *dir, struct reader *reader, atomic_uint *texts, struct counted *counted)
{
    struct writer w = { .fd = nameless_file(dir) };
    enum lat_err err;
    void *map;

    if (w.fd < 0)
        return errno == ENOSPC || errno == EDQUOT ? LAT_FULL : LAT_SYS;
    lat_buf_init(&w.pending, CHUNK);
    err = write_entries(&w, reader);
    lat_buf_fini(&w.pending);
    if (!err) {
        map = mmap(NULL, w.written, PROT_READ, MAP_SHARED, w.fd, 0);
        err = map == MAP_FAILED ? LAT_NOMEM : LAT_OK;
    }
    close(w.fd);
    if (err)
        return err;
    counted->texts = texts;
    atomic_fetch_add_explicit(texts, 1, memory_order_relaxed);
    counted->mapped = w.written;
    counted->value.text = map;
    counted->value.text_len = w.written;
    return LAT_OK;
}

/* --- the work ----------------------------------------------------------------------------------- */

/* One consistent state: the roots, and its text if wanted. */
static enum lat_err
make(struct statedocs *docs, bool whole, struct counted **out)
{
    struct counted *made = calloc(1, sizeof(*made));
    struct reader *reader = NULL;
    enum lat_err err;

    if (made == NULL)
        return LAT_NOMEM;
    atomic_init(&made->references, 1);
    if (whole && atomic_load_explicit(&docs->texts, memory_order_relaxed) >= STATEDOCS_TEXTS_MAX) {
        free(made);
        return LAT_BUSY;
    }
    err = reader_begin(docs->store, &reader);
    if (!err) {
        reader_root(reader, made->value.root, &made->value.count, &made->value.hlc);
        err = reader_flat_root(reader, made->value.merkle_root, &made->value.keys);
    }
    if (!err && whole)
        err = make_text(docs->dir, reader, &docs->texts, made);
    reader_end(reader);
    if (err) {
        counted_unref(made);
        return err;
    }
    *out = made;
    return LAT_OK;
}

static bool
shows_present_state(struct store *store, const struct counted *counted)
{
    struct store_head head;

    if (counted == NULL)
        return false;
    store_head(store, &head);
    return !head.damaged && memcmp(head.root, counted->value.root, sizeof(head.root)) == 0;
}

/* Under the lock: put a result in place; the caller drops the former ones outside. */
static void
keep(struct statedocs *docs, struct counted *made, struct counted *old[2])
{
    old[0] = docs->roots;
    docs->roots = made;
    if (made->value.text != NULL) {
        old[1] = docs->whole;
        docs->whole = counted_ref(made);
    }
}

static void
call_watchers(struct statedocs *docs)
{
    pthread_mutex_lock(&docs->watching);
    for (size_t i = 0; i < docs->watcher_count; i++)
        docs->watchers[i].fn(docs->watchers[i].arg);
    pthread_mutex_unlock(&docs->watching);
}

/* Work off what has been asked for up to now. Called and left with the lock held. */
static void
work(struct statedocs *docs)
{
    uint64_t number = docs->wanted;
    bool whole = docs->want_whole;
    struct counted *made = NULL, *old[2] = { NULL, NULL };
    enum lat_err err = LAT_OK;
    bool fresh;

    docs->want_whole = false;
    made = counted_ref(whole ? docs->whole : docs->roots);
    pthread_mutex_unlock(&docs->lock);
    fresh = shows_present_state(docs->store, made);
    if (!fresh) {
        counted_unref(made);
        made = NULL;
        err = make(docs, whole, &made);
    }
    pthread_mutex_lock(&docs->lock);
    if (!err && !fresh)
        keep(docs, made, old);
    docs->err = err;
    docs->done = number;
    pthread_mutex_unlock(&docs->lock);
    if (fresh)
        counted_unref(made);
    counted_unref(old[0]);
    counted_unref(old[1]);
    call_watchers(docs);
    pthread_mutex_lock(&docs->lock);
}

static void *
run(void *arg)
{
    struct statedocs *docs = arg;

    pthread_mutex_lock(&docs->lock);
    while (!docs->stop) {
        if (docs->done < docs->wanted)
            work(docs);
        else
            pthread_cond_wait(&docs->asked, &docs->lock);
    }
    pthread_mutex_unlock(&docs->lock);
    return NULL;
}

/* --- the outside -------------------------------------------------------------------------------- */

struct statedocs *
statedocs_new(struct store *store, const char *dir)
{
    struct statedocs *docs = calloc(1, sizeof(*docs));

    if (docs == NULL)
        return NULL;
    docs->store = store;
    docs->dir = strdup(dir);
    pthread_mutex_init(&docs->lock, NULL);
    pthread_mutex_init(&docs->watching, NULL);
    pthread_cond_init(&docs->asked, NULL);
    if (docs->dir != NULL && pthread_create(&docs->thread, NULL, run, docs) == 0)
        return docs;
    free(docs->dir);
    free(docs);
    return NULL;
}

void
statedocs_free(struct statedocs *docs)
{
    if (docs == NULL)
        return;
    pthread_mutex_lock(&docs->lock);
    docs->stop = true;
    pthread_cond_signal(&docs->asked);
    pthread_mutex_unlock(&docs->lock);
    pthread_join(docs->thread, NULL);
    counted_unref(docs->roots);
    counted_unref(docs->whole);
    pthread_mutex_destroy(&docs->lock);
    pthread_mutex_destroy(&docs->watching);
    pthread_cond_destroy(&docs->asked);
    free(docs->dir);
    free(docs);
}

void
statedocs_watch(struct statedocs *docs, void (*fn)(void *arg), void *arg)
{
    pthread_mutex_lock(&docs->watching);
    if (docs->watcher_count < STATEDOCS_WATCHERS_MAX)
        docs->watchers[docs->watcher_count++] = (struct watcher){ fn, arg };
    pthread_mutex_unlock(&docs->watching);
}

void
// cppcheck-suppress constParameter ; the types are those of statedocs_watch
statedocs_unwatch(struct statedocs *docs, void (*fn)(void *arg), void *arg)
{
    pthread_mutex_lock(&docs->watching);
    for (size_t i = 0; i < docs->watcher_count; i++) {
        if (docs->watchers[i].fn == fn && docs->watchers[i].arg == arg) {
            docs->watchers[i] = docs->watchers[--docs->watcher_count];
            break;
        }
    }
    pthread_mutex_unlock(&docs->watching);
}

const struct statedoc *
statedocs_latest(struct statedocs *docs, bool whole)
{
    struct counted *found;

    pthread_mutex_lock(&docs->lock);
    found = counted_ref(whole ? docs->whole : docs->roots);
    pthread_mutex_unlock(&docs->lock);
    return found == NULL ? NULL : &found->value;
}

const struct statedoc *
statedocs_present(struct statedocs *docs, bool whole)
{
    const struct statedoc *doc = statedocs_latest(docs, whole);

    if (doc != NULL && shows_present_state(docs->store, counted_of(doc)))
        return doc;
    statedoc_unref(doc);
    return NULL;
}

uint64_t
statedocs_ask(struct statedocs *docs, bool whole)
{
    uint64_t number;

    pthread_mutex_lock(&docs->lock);
    number = ++docs->wanted;
    docs->want_whole = docs->want_whole || whole;
    pthread_cond_signal(&docs->asked);
    pthread_mutex_unlock(&docs->lock);
    return number;
}

bool
statedocs_is_done(struct statedocs *docs, uint64_t number, enum lat_err *err)
{
    bool done;

    pthread_mutex_lock(&docs->lock);
    done = docs->done >= number;
    if (done)
        *err = docs->err;
    pthread_mutex_unlock(&docs->lock);
    return done;
}

bool
statedocs_flat_root(struct statedocs *docs, const uint8_t root[32], uint8_t out[32])
{
    const struct counted *results[2];
    bool found = false;

    pthread_mutex_lock(&docs->lock);
    results[0] = docs->roots;
    results[1] = docs->whole;
    for (size_t i = 0; i < 2 && !found; i++) {
        found = results[i] != NULL && memcmp(results[i]->value.root, root, 32) == 0;
        if (found)
            memcpy(out, results[i]->value.merkle_root, 32);
    }
    pthread_mutex_unlock(&docs->lock);
    return found;
}
