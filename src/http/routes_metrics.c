/*
 * routes_metrics.c - GET /metrics: the latest snapshot as OpenMetrics text. A figure that does not apply now
 * has no sample; the families are always there.
 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "http/routes.h"

#define TYPE "application/openmetrics-text; version=1.0.0; charset=utf-8"
#define LABEL_MAX (2 * SNAPSHOT_URL_MAX)
#define ROOT_DIGITS 12 /* of the root, as a number that a double holds exactly */

/* The text so far, and the first error of writing it. */
struct page {
    struct lat_buf *out;
    enum lat_err err;
};

static void
family(struct page *page, const char *name, const char *type, const char *help)
{
    if (!page->err)
        page->err = lat_buf_printf(page->out, "# TYPE %s %s\n# HELP %s %s\n", name, type, name, help);
}

/* labels: "{...}", or "". */
static void
sample(struct page *page, const char *name, const char *labels, uint64_t value)
{
    if (!page->err)
        page->err = lat_buf_printf(page->out, "%s%s %" PRIu64 "\n", name, labels, value);
}

/* Milliseconds as seconds; -1: no sample. */
static void
sample_ms(struct page *page, const char *name, const char *labels, int64_t ms)
{
    if (!page->err && ms >= 0)
        page->err =
            lat_buf_printf(page->out, "%s%s %" PRId64 ".%03d\n", name, labels, ms / 1000, (int)(ms % 1000));
}

static void
gauge(struct page *page, const char *name, const char *help, uint64_t value)
{
    family(page, name, "gauge", help);
    sample(page, name, "", value);
}

static void
gauge_ms(struct page *page, const char *name, const char *help, int64_t ms)
{
    family(page, name, "gauge", help);
    sample_ms(page, name, "", ms);
}

/* name: without "_total", which the sample has. */
static void
counter(struct page *page, const char *name, const char *help, uint64_t value)
{
    char total[80];

    family(page, name, "counter", help);
    snprintf(total, sizeof(total), "%s_total", name);
    sample(page, total, "", value);
}

/* The text of a label: what would end it is escaped. Other characters are safe since the snapshot was made.
 */
static const char *
label_text(const char *text, char out[LABEL_MAX])
{
    size_t len = 0;

    for (; *text != 0 && len + 2 < LABEL_MAX; text++) {
        if (*text == '"' || *text == '\\')
            out[len++] = '\\';
        out[len++] = *text;
    }
    out[len] = 0;
    return out;
}

/* --- the lungs ---------------------------------------------------------------------------------- */

static void
put_lung(struct page *page, const struct snapshot_lung *lung)
{
    char labels[64];

    family(page, "lattice_lung_state", "gauge", "1 for the state of the lungs, 0 for the others.");
    for (unsigned i = 0; i < LUNG_STATE_COUNT; i++) {
        snprintf(labels, sizeof(labels), "{state=\"%s\"}", lung_state_name((enum lung_state)i));
        sample(page, "lattice_lung_state", labels, i == (unsigned)lung->state);
    }
    counter(page, "lattice_lung_transitions", "Transitions of the lungs since the start.",
            lung->transitions_total);
    counter(page, "lattice_lung_flaps", "Returns to P2P that did not last.", lung->flaps_total);
    counter(page, "lattice_lung_unexpected", "Events that did not fit the state.", lung->unexpected_total);
    gauge_ms(page, "lattice_no_live_peer_seconds",
             "Time without a live peer; absent while there is one, or P2P does not run.", lung->no_peer_ms);
    gauge(page, "lattice_peers_live", "P2P peers that are live.", lung->peers_live);
    gauge(page, "lattice_peers_connected", "P2P peers that are connected.", lung->peers_connected);
    gauge(page, "lattice_http_usable", "1 if the last round of polls found a good source.",
          lung->http_usable);
    gauge(page, "lattice_http_sources", "HTTP sources configured.", lung->http_sources);
    gauge_ms(page, "lattice_http_last_success_age_seconds", "Since a source gave a good answer.",
             lung->http_age_ms);
}

/* --- the state ---------------------------------------------------------------------------------- */

/* The beginning of the root as a number; 0: not open yet. */
static uint64_t
root_number(const char *root)
{
    char digits[ROOT_DIGITS + 1] = "0";

    if (strlen(root) >= ROOT_DIGITS)
        snprintf(digits, sizeof(digits), "%.*s", ROOT_DIGITS, root);
    return strtoull(digits, NULL, 16);
}

static void
put_state(struct page *page, const struct snapshot_state *state)
{
    gauge(page, "lattice_state_root_prefix",
          "First 48 bits of the root: nodes with equal states show equal numbers.", root_number(state->root));
    gauge(page, "lattice_state_records", "Records held, tombstones included.", state->count);
    gauge(page, "lattice_state_entries", "Entries that a reader sees.", state->keys);
    gauge(page, "lattice_state_held", "Records from the future that wait.", state->held);
    gauge(page, "lattice_store_bytes", "Size of the store on disk.", state->store_bytes);
    gauge_ms(page, "lattice_commit_age_seconds", "Since the last commit of this process.",
             state->commit_age_ms);
    gauge_ms(page, "lattice_verified_age_seconds", "Since the tree was held against the stored root.",
             state->verified_age_ms);
    gauge(page, "lattice_read_only", "1 if the store takes no writes.", state->read_only);
    gauge(page, "lattice_damaged", "1 if stored root and records disagree.", state->damaged);
    gauge(page, "lattice_lost_records", "Records that are damaged here, until a peer brings them back.", state->lost);
    gauge(page, "lattice_scrub_percent", "How far the present look at all stored records has come.", state->scrub_percent);
    gauge(page, "lattice_incomplete", "1 while an empty node is being filled.", state->incomplete);
}

/* --- the sources -------------------------------------------------------------------------------- */

static void
put_polls(struct page *page, const struct snapshot *s)
{
    uint64_t ok = 0, failed = 0;

    for (uint32_t i = 0; i < s->source_count; i++) {
        ok += s->sources[i].polls_ok;
        failed += s->sources[i].polls_failed;
    }
    family(page, "lattice_http_polls", "counter", "Polls of HTTP sources that have ended, by their result.");
    sample(page, "lattice_http_polls_total", "{result=\"ok\"}", ok);
    sample(page, "lattice_http_polls_total", "{result=\"failed\"}", failed);
}

typedef void (*put_source_fn)(struct page *page, const char *name, const struct snapshot_source *source,
                              const char *label);

static void
put_agreement(struct page *page, const char *name, const struct snapshot_source *source, const char *label)
{
    char labels[LABEL_MAX + 64];

    for (unsigned i = 0; i < AGREE_COUNT; i++) {
        snprintf(labels, sizeof(labels), "{source=\"%s\",agreement=\"%s\"}", label,
                 agreement_name((enum agreement)i));
        sample(page, name, labels, i == (unsigned)source->stand.agreement);
    }
}

static void
put_usable(struct page *page, const char *name, const struct snapshot_source *source, const char *label)
{
    char labels[LABEL_MAX + 64];

    snprintf(labels, sizeof(labels), "{source=\"%s\"}", label);
    sample(page, name, labels, source->usable);
}

static void
put_failures(struct page *page, const char *name, const struct snapshot_source *source, const char *label)
{
    char labels[LABEL_MAX + 64];

    snprintf(labels, sizeof(labels), "{source=\"%s\"}", label);
    sample(page, name, labels, source->failures);
}

static void
put_ok_age(struct page *page, const char *name, const struct snapshot_source *source, const char *label)
{
    char labels[LABEL_MAX + 64];

    snprintf(labels, sizeof(labels), "{source=\"%s\"}", label);
    sample_ms(page, name, labels, source->ok_age_ms);
}

static void
put_differs(struct page *page, const char *name, const struct snapshot_source *source, const char *label)
{
    char labels[LABEL_MAX + 64];

    snprintf(labels, sizeof(labels), "{source=\"%s\"}", label);
    sample_ms(page, name, labels, source->stand.differs_ms);
}

/* All samples of a family stand together. */
static void
put_sources(struct page *page, const struct snapshot *s)
{
    static const struct {
        const char *name, *help;
        put_source_fn put;
    } families[] = {
        { "lattice_source_agreement", "1 for how a source's state compares with ours, 0 for the rest.",
          put_agreement },
        { "lattice_source_usable", "1 if the last answer of a source was good.", put_usable },
        { "lattice_source_failures", "Polls of a source that failed in a row.", put_failures },
        { "lattice_source_last_success_age_seconds", "Since a source gave a good answer.", put_ok_age },
        { "lattice_source_differs_seconds", "For how long a source's state has differed.", put_differs },
    };
    char label[LABEL_MAX];

    for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++) {
        family(page, families[i].name, "gauge", families[i].help);
        for (uint32_t j = 0; j < s->source_count; j++)
            families[i].put(page, families[i].name, &s->sources[j], label_text(s->sources[j].url, label));
    }
}

void
route_metrics(struct call *call)
{
    const struct snapshot *s = call_snapshot(call);
    struct page page = { .out = &call->answer.body };
    char version[LABEL_MAX], name[LABEL_MAX], labels[2 * LABEL_MAX + 64];

    if (s == NULL)
        return;
    snprintf(labels, sizeof(labels), "{version=\"%s\",name=\"%s\"}", label_text(s->version, version),
             label_text(s->name, name));
    family(&page, "lattice_node", "info", "What runs here.");
    sample(&page, "lattice_node_info", labels, 1);
    gauge_ms(&page, "lattice_uptime_seconds", "Since the start of the node.", s->uptime_ms);
    gauge(&page, "lattice_condition", "0 fine, 1 attention, 2 alarm.", (uint64_t)snapshot_condition(s));
    gauge(&page, "lattice_alerts", "Alerts that are open.", s->alert_count);
    gauge(&page, "lattice_trusted_keys", "Keys trusted besides the own one.", s->trusted_keys);
    put_lung(&page, &s->lung);
    put_state(&page, &s->state);
    put_polls(&page, s);
    put_sources(&page, s);
    if (!page.err)
        page.err = lat_buf_printf(page.out, "# EOF\n");
    if (page.err) {
        lat_buf_clear(page.out);
        answer_err(call, page.err, NULL);
        return;
    }
    call->answer.status = 200;
    call->answer.type = TYPE;
}
