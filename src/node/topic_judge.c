/*
 * Both tables are arrays with chains of a hash table through them. A new author in a full table costs one look at all 4,096 places, some
 * tens of microseconds: less than the signature check that each message has had before.
 */
#include "config.h"

#include "node/topic_judge.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/rate.h"
#include "base/text.h"
#include "crypto/hash.h"

#define BUCKETS 4096 /* of the authors; a power of two */
#define NONE UINT16_MAX

static const struct rate_limit root_limit = { TOPIC_ROOTS_A_SECOND, TOPIC_ROOTS_BURST };
static const struct rate_limit message_limit = { TOPIC_UNTRUSTED_A_SECOND, TOPIC_UNTRUSTED_A_SECOND };
static const struct rate_limit byte_limit = { TOPIC_UNTRUSTED_BYTES_A_SECOND, TOPIC_UNTRUSTED_BYTES_A_SECOND };

struct author {
    struct peerid id;
    bool connected, trusted;
    uint16_t next;        /* in the bucket's chain */
    uint64_t heard_ms;
    uint64_t last_time_ms; /* Unix ms of its last root; 0: none */
    struct rate roots;
};

struct link {
    struct peerid id;
    uint64_t heard_ms;
    struct rate messages, bytes;
};

struct topic_judge {
    uint8_t siphash_key[16];
    uint16_t buckets[BUCKETS];
    struct author authors[TOPIC_AUTHORS_MAX];
    struct link links[TOPIC_LINKS_MAX];
    struct topic_counts counts;
};

struct topic_judge *
topic_judge_new(const uint8_t siphash_key[16])
{
    struct topic_judge *j = calloc(1, sizeof(*j));

    if (j == NULL)
        return NULL;
    memcpy(j->siphash_key, siphash_key, sizeof(j->siphash_key));
    for (size_t i = 0; i < BUCKETS; i++)
        j->buckets[i] = NONE;
    return j;
}

void
topic_judge_free(struct topic_judge *judge)
{
    free(judge);
}

void
topic_judge_counts(const struct topic_judge *judge, struct topic_counts *out)
{
    *out = judge->counts;
}

/* --- authors ---------------------------------------------------------------------------------------------- */

static uint16_t *
bucket_of(struct topic_judge *j, const struct peerid *id)
{
    return &j->buckets[siphash(j->siphash_key, id->bytes, id->len) % BUCKETS];
}

static struct author *
find_author(struct topic_judge *j, const struct peerid *id)
{
    for (uint16_t i = *bucket_of(j, id); i != NONE; i = j->authors[i].next) {
        if (peerid_compare(&j->authors[i].id, id) == 0)
            return &j->authors[i];
    }
    return NULL;
}

/* Is a of less use than b? */
static bool
goes_before(const struct author *a, const struct author *b)
{
    int worth_a = a->trusted + a->connected, worth_b = b->trusted + b->connected;

    return worth_a != worth_b ? worth_a < worth_b : a->heard_ms < b->heard_ms;
}

/* Take the author of least use out of its chain; its place is free. */
static struct author *
forget_author(struct topic_judge *j)
{
    struct author *least = &j->authors[0];
    uint16_t *at;

    for (size_t i = 1; i < TOPIC_AUTHORS_MAX; i++) {
        if (goes_before(&j->authors[i], least))
            least = &j->authors[i];
    }
    at = bucket_of(j, &least->id);
    while (&j->authors[*at] != least)
        at = &j->authors[*at].next;
    *at = least->next;
    j->counts.forgotten++;
    return least;
}

/* The place of an author, made if there is none. */
static struct author *
enter_author(struct topic_judge *j, const struct peerid *id, uint64_t now_ms)
{
    struct author *author = find_author(j, id);
    uint16_t *bucket;

    if (author) {
        author->heard_ms = now_ms;
        return author;
    }
    author = j->counts.authors < TOPIC_AUTHORS_MAX ? &j->authors[j->counts.authors++] : forget_author(j);
    bucket = bucket_of(j, id);
    *author = (struct author){ .id = *id, .next = *bucket, .heard_ms = now_ms };
    *bucket = (uint16_t)(author - j->authors);
    return author;
}

void
topic_judge_connected(struct topic_judge *judge, const struct peerid *peer, bool connected, uint64_t now_ms)
{
    struct author *author = connected ? enter_author(judge, peer, now_ms) : find_author(judge, peer);

    if (author)
        author->connected = connected;
}

void
topic_judge_set_trust(struct topic_judge *judge, const struct trust *trust)
{
    uint8_t key[KEY_PUBLIC_LEN];

    for (size_t i = 0; i < judge->counts.authors; i++) {
        struct author *author = &judge->authors[i];

        author->trusted = !peerid_inlined_ed25519(&author->id, key) && trust_attests(trust, key);
    }
}

/* --- links ------------------------------------------------------------------------------------------------ */

static struct link *
enter_link(struct topic_judge *j, const struct peerid *id, uint64_t now_ms)
{
    struct link *oldest = &j->links[0];

    for (size_t i = 0; i < j->counts.links; i++) {
        if (peerid_compare(&j->links[i].id, id) == 0) {
            j->links[i].heard_ms = now_ms;
            return &j->links[i];
        }
        if (j->links[i].heard_ms < oldest->heard_ms)
            oldest = &j->links[i];
    }
    if (j->counts.links < TOPIC_LINKS_MAX)
        oldest = &j->links[j->counts.links++];
    *oldest = (struct link){ .id = *id, .heard_ms = now_ms };
    return oldest;
}

static bool
link_allows(struct topic_judge *j, const struct peerid *id, size_t len, uint64_t now_ms)
{
    struct link *link = enter_link(j, id, now_ms);

    if (!rate_allows(&link->messages, &message_limit, 1, now_ms) || !rate_allows(&link->bytes, &byte_limit, len, now_ms))
        return false;
    rate_spend(&link->messages, &message_limit, 1, now_ms);
    rate_spend(&link->bytes, &byte_limit, len, now_ms);
    return true;
}

/* --- the lines -------------------------------------------------------------------------------------------- */

/* One message on its way through the table. */
struct hearing {
    struct topic_judge *judge;
    const struct topic_setting *setting;
    struct topic_message *message;
    const struct peerid *link;
    struct topic_judgement *out;
};

static enum topic_line
fits(const struct hearing *h, enum topic_line line, const char *why)
{
    lat_copy(h->out->why, sizeof(h->out->why), why);
    return line;
}

static bool
is_connected(const struct hearing *h)
{
    const struct author *author = find_author(h->judge, &h->message->author);

    return author && author->connected;
}

static enum topic_line
judge_time(const struct hearing *h)
{
    const struct author *author = find_author(h->judge, &h->message->author);
    int64_t ahead = h->out->clock_ms;

    if (ahead > TOPIC_CLOCK_MAX_MS || ahead < -TOPIC_CLOCK_MAX_MS) {
        snprintf(h->out->why, sizeof(h->out->why), "its clock is %" PRIu64 " s %s ours",
                 (uint64_t)(ahead < 0 ? -ahead : ahead) / 1000, ahead < 0 ? "behind" : "ahead of");
        return TOPIC_LINE_CLOCK;
    }
    if (author && author->last_time_ms >= h->message->time_ms)
        return fits(h, TOPIC_LINE_OLD, "not later than its author's last");
    return TOPIC_LINE_NONE;
}

static enum topic_line
judge_root(const struct hearing *h)
{
    struct topic_message *m = h->message;
    enum topic_line line = judge_time(h);

    h->out->is_claim = line == TOPIC_LINE_CLOCK && is_connected(h);
    if (line)
        return line;
    if (!h->out->trusted) {
        h->out->is_claim = is_connected(h);
        return fits(h, TOPIC_LINE_UNTRUSTED, "its key is not trusted");
    }
    if (m->attested == TOPIC_RECORD_BAD)
        return fits(h, TOPIC_LINE_ATTESTATION, "the attestation does not hold");
    if (m->attested != TOPIC_RECORD_GOOD)
        return fits(h, TOPIC_LINE_UNCHECKED, "the attestation was not checked");
    if (!rate_take(&enter_author(h->judge, &m->author, h->setting->now_ms)->roots, &root_limit, 1, h->setting->now_ms))
        return fits(h, TOPIC_LINE_AUTHOR_RATE, "over 5 roots a second of one author");
    h->out->is_claim = true;
    return TOPIC_LINE_NONE;
}

static enum topic_line
judge_records(const struct hearing *h)
{
    const struct topic_message *m = h->message;
    const struct trust *trust = h->setting->trust;
    size_t counting = 0, good = 0;

    for (size_t i = 0; i < m->record_count; i++)
        counting += topic_record_counts(trust, m, i);
    if (counting == 0)
        return fits(h, TOPIC_LINE_NO_RECORD, "no record of a trusted author");
    for (size_t i = 0; i < m->record_count; i++) {
        if (m->record[i].finding == TOPIC_RECORD_BAD)
            return fits(h, TOPIC_LINE_BAD_RECORD, "a record is malformed, or not signed by its author");
        good += m->record[i].finding == TOPIC_RECORD_GOOD && topic_record_counts(trust, m, i);
    }
    return good > 0 ? TOPIC_LINE_NONE : fits(h, TOPIC_LINE_UNCHECKED, "the records were not checked");
}

static enum topic_line
judge_kind(const struct hearing *h)
{
    switch (h->message->type) {
    case TOPIC_ROOT:
        return judge_root(h);
    case TOPIC_RECORD:
        return judge_records(h);
    case TOPIC_PROOF_EVENT:
        h->out->is_claim = h->message->has_flat;
        break;
    case TOPIC_OTHER:
        break;
    }
    return TOPIC_LINE_NONE;
}

static enum topic_line
judge_lines(const struct hearing *h)
{
    enum topic_line line = h->message->form;

    if (line)
        return fits(h, line, h->message->why);
    line = judge_kind(h);
    if (line || h->out->by_trusted)
        return line;
    if (!link_allows(h->judge, h->link, h->message->len, h->setting->now_ms))
        return fits(h, TOPIC_LINE_LINK_RATE, "too much of untrusted authors over one link");
    return TOPIC_LINE_NONE;
}

/* --- what an accepted one leaves --------------------------------------------------------------------------- */

/* Only what is to be applied stays: good records of authors that are trusted now. */
static void
keep_good(const struct hearing *h)
{
    struct topic_message *m = h->message;
    size_t kept = 0, end = 0;

    for (size_t i = 0; i < m->record_count; i++) {
        struct topic_record *r = &m->record[i];

        if (r->finding != TOPIC_RECORD_GOOD || !topic_record_counts(h->setting->trust, m, i))
            continue;
        memmove(m->records.data + end, m->records.data + r->at - 4, r->len + 4);
        m->record[kept++] = (struct topic_record){ .at = end + 4, .len = r->len, .finding = TOPIC_RECORD_GOOD };
        end += r->len + 4;
    }
    m->record_count = kept;
    m->records.len = end;
}

/* The greatest HLC of a record of ours that is above all we hold; 0: none. */
static uint64_t
own_ahead(const struct hearing *h)
{
    uint64_t ahead = 0;

    for (size_t i = 0; i < h->message->record_count; i++) {
        uint64_t hlc = topic_record_hlc(h->message, i);

        if (memcmp(topic_record_author(h->message, i), h->setting->trust->own, KEY_PUBLIC_LEN) != 0)
            continue;
        if (hlc > h->setting->own_hlc && hlc > ahead)
            ahead = hlc;
    }
    return ahead;
}

/* The author's place remembers what was heard of it. Who is a stranger and was not taken gets none. */
static void
note_author(const struct hearing *h)
{
    const struct topic_message *m = h->message;
    struct author *author;

    if (!h->out->is_claim && h->out->line != TOPIC_LINE_NONE)
        return;
    author = enter_author(h->judge, &m->author, h->setting->now_ms);
    author->trusted = h->out->by_trusted;
    if (m->type == TOPIC_ROOT && h->out->line != TOPIC_LINE_CLOCK)
        author->last_time_ms = m->time_ms;
}

static void
read_author(const struct hearing *h)
{
    const struct topic_message *m = h->message;
    const struct trust *trust = h->setting->trust;
    bool attests = m->has_key && trust_attests(trust, m->key);

    h->out->trusted = attests || topic_trusts_nobody(trust);
    h->out->by_trusted = attests && !m->borrowed_key;
    h->out->is_own = m->has_key && !m->borrowed_key && memcmp(m->key, trust->own, sizeof(m->key)) == 0;
    if (m->type == TOPIC_ROOT && m->form == TOPIC_LINE_NONE)
        h->out->clock_ms = (int64_t)m->time_ms - (int64_t)h->setting->wall_ms;
}

void
topic_judge(struct topic_judge *judge, const struct topic_setting *setting, struct topic_message *message,
            const struct peerid *link, struct topic_judgement *out)
{
    struct hearing h = { .judge = judge, .setting = setting, .message = message, .link = link, .out = out };

    memset(out, 0, sizeof(*out));
    read_author(&h);
    out->line = judge_lines(&h);
    out->verdict = topic_line_verdict(out->line);
    if (out->line != TOPIC_LINE_NONE && out->line != TOPIC_LINE_UNTRUSTED && out->line != TOPIC_LINE_CLOCK)
        out->is_claim = false;
    note_author(&h);
    judge->counts.lines[out->line]++;
    if (out->line != TOPIC_LINE_NONE)
        return;
    judge->counts.accepted[message->type]++;
    keep_good(&h);
    out->own_ahead_hlc = own_ahead(&h);
}
