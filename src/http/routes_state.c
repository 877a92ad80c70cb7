/* routes_state.c - the state: whole, as a summary, one entry, and its keys. */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "http/entry.h"
#include "http/etag.h"
#include "http/routes.h"
#include "http/target.h"
#include "state/json.h"
#include "state/legacy.h"
#include "state/reader.h"

#define KEYS_PAGE_MAX 1000
#define KEYS_LOOKED_AT_MAX 50000
#define KEYS_TEXT_MAX (16u * 1024 * 1024)

/* --- attestation in the form of v3.0.3 ---------------------------------------------------------- */

struct attestation {
    bool is_signed;
    uint64_t seconds;
    char signature[2 * KEY_SIGNATURE_LEN + 1];
};

/* An empty node that is being filled does not vouch for what it has. */
static struct attestation
attest(struct call *call, const struct statedoc *doc)
{
    struct attestation a = { .seconds = lat_wall_ms() / 1000 };
    uint8_t signature[KEY_SIGNATURE_LEN];
    struct store_head head;

    store_head(call->api->store, &head);
    if (call->api->key == NULL || head.incomplete ||
        legacy_attest_sign(call->api->key, doc->merkle_root, a.seconds, signature))
        return a;
    lat_hex(signature, sizeof(signature), a.signature);
    a.is_signed = true;
    return a;
}

/* --- the whole state, and the summary ----------------------------------------------------------- */

static bool
flag_is_set(const char *query, const char *name)
{
    struct lat_buf value;
    bool set;

    lat_buf_init(&value, 16);
    set = !target_parameter(query, name, &value) && value.len == 1 && value.data[0] == '1';
    lat_buf_fini(&value);
    return set;
}

/* Has the asker this very state already? */
static bool
answered_not_modified(struct call *call)
{
    struct store_head head;

    if (call->headers.if_none_match == NULL)
        return false;
    store_head(call->api->store, &head);
    if (head.damaged || !etag_list_has(call->headers.if_none_match, head.root, true))
        return false;
    answer_etag(call, head.root);
    call->answer.status = 304;
    return true;
}

static void
answer_summary(struct call *call, const struct statedoc *doc)
{
    struct attestation a = attest(call, doc);
    const struct snapshot *s = call_snapshot(call);
    cJSON *object;
    char hlc[17];

    if (s == NULL)
        return;
    object = json_success();
    snprintf(hlc, sizeof(hlc), "%016" PRIx64, doc->hlc);
    json_put_hex(&object, "merkle_root", doc->merkle_root, 32);
    json_put_hex(&object, "root", doc->root, 32);
    json_put_number(&object, "state_size", (double)doc->keys);
    json_put_number(&object, "entry_count", (double)doc->keys);
    json_put_number(&object, "count", (double)doc->count);
    json_put_text(&object, "hlc", hlc);
    json_put_number(&object, "sync", 1);
    json_put_text(&object, "name", s->name);
    if (a.is_signed) {
        json_put_number(&object, "timestamp", (double)a.seconds);
        json_put_text(&object, "signature", a.signature);
    }
    json_put_flag(&object, "signed", a.is_signed);
    answer_etag(call, doc->root);
    answer_json(call, 200, object);
}

/*
 * Members in the order of v3.0.3; the text of the entries is sent from the prepared document. Takes the
 * document.
 */
static void
answer_whole(struct call *call, const struct statedoc *doc)
{
    struct attestation a = attest(call, doc);
    struct lat_buf *head = &call->answer.body, *tail = &call->answer.tail;
    char merkle_root[65], root[65];
    enum lat_err err;

    lat_hex(doc->merkle_root, 32, merkle_root);
    lat_hex(doc->root, 32, root);
    err = lat_buf_printf(
        head, "{\"success\":true,\"merkle_root\":\"%s\",\"root\":\"%s\",\"state\":", merkle_root, root);
    if (!err)
        err = lat_buf_printf(tail, ",\"state_size\":%" PRIu64 ",\"entry_count\":%" PRIu64, doc->keys,
                             doc->keys);
    if (!err && a.is_signed)
        err = lat_buf_printf(tail, ",\"timestamp\":%" PRIu64 ",\"signature\":\"%s\"", a.seconds, a.signature);
    if (!err)
        err = lat_buf_printf(tail, ",\"signed\":%s}", a.is_signed ? "true" : "false");
    if (err) {
        statedoc_unref(doc);
        answer_err(call, err, NULL);
        return;
    }
    answer_etag(call, doc->root);
    call->answer.doc = doc;
    call->answer.status = 200;
}

static void
finish_state(struct call *call)
{
    bool whole = !flag_is_set(call->query, "summary");
    enum lat_err err = LAT_TIMEOUT;
    const struct statedoc *doc;

    if (!statedocs_is_done(call->api->docs, call->docs_number, &err) || err) {
        answer_err(call, err,
                   err == LAT_DAMAGED ? "stored records and root disagree: run lattice verify" : NULL);
        return;
    }
    doc = statedocs_latest(call->api->docs, whole);
    if (doc == NULL) {
        answer_err(call, LAT_BUSY, NULL);
    } else if (whole) {
        answer_whole(call, doc);
    } else {
        answer_summary(call, doc);
        statedoc_unref(doc);
    }
}

void
route_state(struct call *call)
{
    bool whole = !flag_is_set(call->query, "summary");
    const struct statedoc *doc;

    if (answered_not_modified(call))
        return;
    doc = statedocs_present(call->api->docs, whole);
    if (doc == NULL) {
        call_wait_docs(call, whole, finish_state);
    } else if (whole) {
        answer_whole(call, doc);
    } else {
        answer_summary(call, doc);
        statedoc_unref(doc);
    }
}

/* --- one entry ---------------------------------------------------------------------------------- */

static void
answer_record(struct call *call, const struct record *record)
{
    if (call->headers.if_none_match != NULL &&
        etag_list_has(call->headers.if_none_match, record->digest, true)) {
        call->answer.status = 304;
    } else {
        if (lat_buf_add(&call->answer.body, record->value, record->value_len)) {
            answer_err(call, LAT_NOMEM, NULL);
            return;
        }
        call->answer.status = 200;
    }
    answer_etag(call, record->digest);
    lat_hex(record->author, 32, call->answer.author);
    snprintf(call->answer.hlc, sizeof(call->answer.hlc), "%016" PRIx64, record->hlc);
}

void
route_entry(struct call *call)
{
    struct lat_buf key;
    struct reader *reader = NULL;
    struct record record;
    enum lat_err err;

    if (target_has(call->query, "proof")) { /* an entry without one would pass for proven */
        route_entry_proof(call);
        return;
    }
    if (!entry_key(call, &key))
        return;
    err = reader_begin(call->api->store, &reader);
    if (!err)
        err = reader_get(reader, key.data, key.len, false, &record);
    if (err)
        answer_err(call, err, err == LAT_NOTFOUND ? "no such entry" : NULL);
    else
        answer_record(call, &record);
    reader_end(reader);
    lat_buf_fini(&key);
}

/* --- the keys ----------------------------------------------------------------------------------- */

/* A page of keys, put together by a worker: a prefix is found by looking at the records one after another. */
struct keys_job {
    struct job job;
    struct store *store;
    struct lat_buf prefix, after;
    bool has_author;
    uint8_t author[32];
    uint64_t limit;
    /* the result */
    enum lat_err err;
    struct lat_buf text;
    uint64_t found, looked_at;
    bool first_is_after; /* the walk begins with the key that the page before ended with */
    bool more;
};

static void
free_keys_job(struct job *job)
{
    struct keys_job *k = (struct keys_job *)job;

    lat_buf_fini(&k->prefix);
    lat_buf_fini(&k->after);
    lat_buf_fini(&k->text);
    free(k);
}

static bool
is_wanted(const struct keys_job *k, const struct record *r)
{
    if (r->value == NULL || r->key_len == 0 || r->key[0] == 0 || r->key_len < k->prefix.len)
        return false;
    if (k->prefix.len > 0 && memcmp(r->key, k->prefix.data, k->prefix.len) != 0)
        return false;
    return !k->has_author || memcmp(r->author, k->author, 32) == 0;
}

static enum lat_err
put_key(struct keys_job *k, const struct record *r)
{
    char author[65], tag[65];
    enum lat_err err = lat_buf_printf(&k->text, "%s{\"key\":", k->found++ > 0 ? "," : "");

    lat_hex(r->author, 32, author);
    lat_hex(r->digest, 32, tag);
    if (!err)
        err = json_add_string(&k->text, r->key, r->key_len);
    if (!err)
        err = lat_buf_printf(&k->text,
                             ",\"tag\":\"%s\",\"hlc\":\"%016" PRIx64 "\",\"author\":\"%s\",\"bytes\":%zu}",
                             tag, r->hlc, author, r->value_len);
    return err;
}

/* LAT_LIMIT ends the walk where the page is full. */
static enum lat_err
look_at(void *arg, const struct record *r)
{
    struct keys_job *k = arg;
    enum lat_err err;

    if (k->looked_at++ == 0 && k->after.len > 0 && r->key_len == k->after.len &&
        memcmp(r->key, k->after.data, r->key_len) == 0)
        return LAT_OK;
    err = is_wanted(k, r) ? put_key(k, r) : LAT_OK;
    if (err || (k->found < k->limit && k->looked_at < KEYS_LOOKED_AT_MAX))
        return err;
    k->more = true;
    lat_buf_clear(&k->after);
    err = lat_buf_add(&k->after, r->key, r->key_len);
    return err ? err : LAT_LIMIT;
}

static enum lat_err
finish_page(struct keys_job *k)
{
    enum lat_err err = lat_buf_printf(&k->text, "],\"count\":%" PRIu64 ",\"next\":", k->found);

    if (!err)
        err = k->more ? json_add_string(&k->text, k->after.data, k->after.len)
                      : lat_buf_add(&k->text, "null", 4);
    return err ? err : lat_buf_add_u8(&k->text, '}');
}

static void
run_keys(struct job *job)
{
    struct keys_job *k = (struct keys_job *)job;
    struct reader *reader = NULL;
    uint8_t from[32] = { 0 };
    uint64_t damaged;

    k->err = reader_begin(k->store, &reader);
    if (!k->err)
        k->err = lat_buf_printf(&k->text, "{\"success\":true,\"keys\":[");
    if (!k->err) {
        if (k->after.len > 0)
            keyhash_of(reader_network(reader), k->after.data, k->after.len, from);
        k->err = reader_each(reader, from, look_at, k, &damaged);
        if (k->err == LAT_LIMIT && k->more)
            k->err = LAT_OK;
    }
    reader_end(reader);
    if (!k->err)
        k->err = finish_page(k);
}

static void
finish_keys(struct call *call)
{
    struct keys_job *k = (struct keys_job *)call->job;

    if (k->err) {
        answer_err(call, k->err, NULL);
        return;
    }
    lat_buf_fini(&call->answer.body);
    call->answer.body = k->text;
    lat_buf_init(&k->text, 0);
    call->answer.status = 200;
}

/* The parameters of a page. False: answered with what is wrong. */
static bool
take_parameters(struct call *call, struct keys_job *k)
{
    struct lat_buf value;
    enum lat_err err, number = LAT_OK;

    lat_buf_init(&value, 80);
    err = target_parameter(call->query, "author", &value);
    k->has_author = err == LAT_OK;
    if (k->has_author)
        number = lat_unhex(lat_buf_str(&value), k->author, 32);
    if ((err && err != LAT_NOTFOUND) || number)
        answer_error(call, 400, "author is a public key: 64 hex digits");
    err = target_parameter(call->query, "limit", &value);
    if (call->answer.status == 0 && !err)
        err = lat_parse_u64(lat_buf_str(&value), KEYS_PAGE_MAX, &k->limit);
    lat_buf_fini(&value);
    if (call->answer.status == 0 && ((err && err != LAT_NOTFOUND) || k->limit == 0))
        answer_error(call, 400, "limit is a number from 1 to %d", KEYS_PAGE_MAX);
    err = target_parameter(call->query, "prefix", &k->prefix);
    if (!err || err == LAT_NOTFOUND)
        err = target_parameter(call->query, "after", &k->after);
    if (call->answer.status == 0 && err && err != LAT_NOTFOUND)
        answer_error(call, 400, "a key has at most %d bytes", RECORD_KEY_MAX);
    return call->answer.status == 0;
}

void
route_keys(struct call *call)
{
    struct keys_job *k = calloc(1, sizeof(*k));

    if (k == NULL) {
        answer_err(call, LAT_NOMEM, NULL);
        return;
    }
    k->job.run = run_keys;
    k->store = call->api->store;
    k->limit = KEYS_PAGE_MAX;
    k->err = LAT_CLOSED;
    lat_buf_init(&k->prefix, RECORD_KEY_MAX);
    lat_buf_init(&k->after, RECORD_KEY_MAX);
    lat_buf_init(&k->text, KEYS_TEXT_MAX);
    if (take_parameters(call, k))
        call_run(call, &k->job, free_keys_job, finish_keys);
    else
        free_keys_job(&k->job);
}
