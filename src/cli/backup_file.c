#include "config.h"

#include "cli/backup_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/le.h"
#include "base/text.h"
#include "crypto/hash.h"

static const char magic[] = "lattice/backup/1\n";
#define MAGIC_LEN (sizeof(magic) - 1)

/* --- writing --------------------------------------------------------------------------------------- */

struct writing {
    FILE *file;
    struct sha256 *hash;
    uint64_t written;
};

static enum lat_err
put(struct writing *w, const void *data, size_t len)
{
    sha256_add(w->hash, data, len);
    return fwrite(data, 1, len, w->file) == len ? LAT_OK : LAT_SYS;
}

static enum lat_err
put_record(void *arg, const struct record *record)
{
    struct writing *w = arg;
    uint8_t len[4];
    enum lat_err err;

    lat_put_u32le(len, (uint32_t)record->len);
    err = put(w, len, sizeof(len));
    w->written++;
    return err ? err : put(w, record->bytes, record->len);
}

static enum lat_err
put_head(struct writing *w, const struct reader *reader, uint64_t *count)
{
    const char *name = reader_network(reader)->name;
    uint8_t name_len = (uint8_t)strlen(name), root[32], number[8];
    uint64_t hlc;
    enum lat_err err;

    reader_root(reader, root, count, &hlc);
    lat_put_u64le(number, *count);
    err = put(w, magic, MAGIC_LEN);
    if (!err)
        err = put(w, &name_len, 1);
    if (!err)
        err = put(w, name, name_len);
    if (!err)
        err = put(w, root, sizeof(root));
    return err ? err : put(w, number, sizeof(number));
}

enum lat_err
backup_write(struct store *store, FILE *file, uint64_t *written)
{
    static const uint8_t first[32];
    struct writing w = { .file = file, .hash = sha256_new() };
    struct reader *reader = NULL;
    uint8_t digest[SHA256_LEN];
    uint64_t count = 0, damaged = 0;
    enum lat_err err = w.hash ? reader_begin(store, &reader) : LAT_NOMEM;

    if (!err)
        err = put_head(&w, reader, &count);
    if (!err)
        err = reader_each(reader, first, put_record, &w, &damaged);
    reader_end(reader);
    if (!err && (damaged > 0 || w.written != count))
        err = LAT_DAMAGED;
    if (!err) {
        sha256_end(w.hash, digest);
        err = fwrite(digest, 1, sizeof(digest), file) == sizeof(digest) && fflush(file) == 0 ? LAT_OK : LAT_SYS;
    }
    sha256_free(w.hash);
    *written = w.written;
    return err;
}

/* --- reading --------------------------------------------------------------------------------------- */

struct reading {
    FILE *file;
    struct sha256 *hash;
    struct lat_msg *why;
};

static enum lat_err
malformed(struct reading *r, const char *what)
{
    lat_msg_set(r->why, "%s", what);
    return LAT_MALFORMED;
}

static enum lat_err
get(struct reading *r, void *out, size_t len)
{
    if (fread(out, 1, len, r->file) != len)
        return ferror(r->file) ? LAT_SYS : malformed(r, "it ends too early: the file was cut");
    sha256_add(r->hash, out, len);
    return LAT_OK;
}

static enum lat_err
get_head(struct reading *r, struct backup_head *head)
{
    char begin[MAGIC_LEN];
    uint8_t name_len = 0, number[8];
    enum lat_err err = get(r, begin, sizeof(begin));

    if (!err && memcmp(begin, magic, MAGIC_LEN) != 0)
        return malformed(r, "no backup of this program");
    if (!err)
        err = get(r, &name_len, 1);
    if (!err && name_len >= sizeof(head->network))
        return malformed(r, "its network's name is too long");
    if (!err)
        err = get(r, head->network, name_len);
    if (!err)
        err = get(r, head->root, sizeof(head->root));
    if (!err)
        err = get(r, number, sizeof(number));
    if (err)
        return err;
    head->network[name_len] = '\0';
    head->count = lat_get_u64le(number);
    return LAT_OK;
}

static enum lat_err
get_records(struct reading *r, uint64_t count, backup_record_fn fn, void *arg)
{
    uint8_t *record = malloc(RECORD_LEN_MAX), number[4];
    enum lat_err err = record ? LAT_OK : LAT_NOMEM;

    for (uint64_t i = 0; i < count && !err; i++) {
        size_t len;

        err = get(r, number, sizeof(number));
        len = lat_get_u32le(number);
        if (!err && len > RECORD_LEN_MAX)
            err = malformed(r, "a record is longer than records can be");
        if (!err)
            err = get(r, record, len);
        if (!err && fn)
            err = fn(arg, record, len);
    }
    free(record);
    return err;
}

static enum lat_err
check_hash(struct reading *r)
{
    uint8_t expected[SHA256_LEN], found[SHA256_LEN];

    sha256_end(r->hash, expected);
    if (fread(found, 1, sizeof(found), r->file) != sizeof(found))
        return malformed(r, "it ends too early: the file was cut");
    if (memcmp(expected, found, sizeof(found)) != 0)
        return malformed(r, "its checksum is wrong: the file was changed");
    return fgetc(r->file) == EOF ? LAT_OK : malformed(r, "bytes follow its end");
}

enum lat_err
backup_read(FILE *file, struct backup_head *head, backup_record_fn fn, void *arg, struct lat_msg *why)
{
    struct reading r = { .file = file, .hash = sha256_new(), .why = why };
    enum lat_err err = r.hash ? LAT_OK : LAT_NOMEM;

    rewind(file);
    if (!err)
        err = get_head(&r, head);
    if (!err)
        err = get_records(&r, head->count, fn, arg);
    if (!err)
        err = check_hash(&r);
    sha256_free(r.hash);
    if (err == LAT_SYS)
        lat_msg_set(why, "%s", strerror(errno));
    return err;
}
