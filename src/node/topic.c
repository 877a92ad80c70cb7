#include "config.h"

#include "node/topic.h"

#include "base/le.h"

/* Where these stand in a record (WIRE section 2). */
#define RECORD_HLC_AT 8
#define RECORD_AUTHOR_AT 24

/* --- words ---------------------------------------------------------------------------------------------- */

const char *
topic_type_name(enum topic_type type)
{
    static const char *const names[] = { "root", "record", "proof_event", "other" };

    return names[type];
}

const char *
topic_verdict_name(enum topic_verdict verdict)
{
    static const char *const names[] = { "accept", "ignore", "reject" };

    return names[verdict];
}

const char *
topic_line_name(enum topic_line line)
{
    static const char *const names[] = {
#define TOPIC_LINE_TEXT(name, text, verdict) text,
        TOPIC_LINE_MAP(TOPIC_LINE_TEXT)
#undef TOPIC_LINE_TEXT
    };

    return names[line];
}

enum topic_verdict
topic_line_verdict(enum topic_line line)
{
    static const enum topic_verdict verdicts[] = {
#define TOPIC_LINE_VERDICT(name, text, verdict) TOPIC_##verdict,
        TOPIC_LINE_MAP(TOPIC_LINE_VERDICT)
#undef TOPIC_LINE_VERDICT
    };

    return verdicts[line];
}

/* --- signatures ------------------------------------------------------------------------------------------ */

static enum topic_record_finding
finding_of(enum lat_err err)
{
    switch (err) {
    case LAT_OK:
        return TOPIC_RECORD_GOOD;
    case LAT_NOMEM:
        return TOPIC_RECORD_UNCHECKED;
    default:
        return TOPIC_RECORD_BAD;
    }
}

static void
check_attestation(const struct network *network, const struct trust *trust, struct topic_message *m)
{
    if (!topic_trusts_nobody(trust) && (!m->has_key || !trust_attests(trust, m->key)))
        m->attested = TOPIC_RECORD_UNTRUSTED;
    else if (!m->has_key)
        m->attested = TOPIC_RECORD_BAD; /* nothing that it could hold by */
    else
        m->attested = finding_of(attest_verify(network, m->key, m->state.root, m->state.count, m->time_ms, NULL, m->attestation));
}

const uint8_t *
topic_record_author(const struct topic_message *message, size_t i)
{
    return message->records.data + message->record[i].at + RECORD_AUTHOR_AT;
}

uint64_t
topic_record_hlc(const struct topic_message *message, size_t i)
{
    return lat_get_u64le(message->records.data + message->record[i].at + RECORD_HLC_AT);
}

bool
topic_record_counts(const struct trust *trust, const struct topic_message *message, size_t i)
{
    return trust_accepts(trust, topic_record_author(message, i), topic_record_hlc(message, i));
}

static void
check_record(const struct network *network, const struct trust *trust, struct topic_message *m, size_t i)
{
    struct topic_record *r = &m->record[i];
    struct record record;
    enum lat_err err = record_parse(network, m->records.data + r->at, r->len, &record, NULL);

    if (!err && !topic_record_counts(trust, m, i)) {
        r->finding = TOPIC_RECORD_UNTRUSTED;
        return;
    }
    if (!err)
        err = record_verify(network, &record);
    r->finding = finding_of(err);
}

void
topic_check(const struct network *network, const struct trust *trust, struct topic_message *message)
{
    bool any = false;

    if (message->form != TOPIC_LINE_NONE)
        return;
    if (message->type == TOPIC_ROOT)
        check_attestation(network, trust, message);
    for (size_t i = 0; i < message->record_count; i++)
        any = any || topic_record_counts(trust, message, i);
    for (size_t i = 0; i < message->record_count && any; i++) /* none that counts: the message is not taken, whatever is in it */
        check_record(network, trust, message, i);
}
