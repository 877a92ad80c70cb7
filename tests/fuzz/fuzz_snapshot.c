/*
 * What reads as a snapshot or a summary writes as one that reads back to the same text; counts are within their lists, texts end and hold
 * nothing that disturbs a terminal.
 */
#include "config.h"

#include "fuzz/fuzz.h"

#include <string.h>

#include "base/text.h"
#include "view/json.h"
#include "view/summary.h"

static void
check_text(const char *text, size_t size)
{
    const char *end = memchr(text, 0, size);

    FUZZ_CHECK(end != NULL && lat_utf8_valid((const uint8_t *)text, (size_t)(end - text)));
    for (const char *c = text; c < end; c++)
        FUZZ_CHECK((unsigned char)*c >= ' ' && *c != 0x7f);
}

static void
check_snapshot(const struct snapshot *s)
{
    FUZZ_CHECK(s->source_count <= SNAPSHOT_SOURCES_MAX && s->peer_count <= SNAPSHOT_PEERS_MAX);
    FUZZ_CHECK(s->alert_count <= SNAPSHOT_ALERTS_MAX && s->event_count <= SNAPSHOT_EVENTS_MAX);
    FUZZ_CHECK((unsigned)s->lung.state < LUNG_STATE_COUNT);
    check_text(s->name, sizeof(s->name));
    check_text(s->state.root, sizeof(s->state.root));
    for (uint32_t i = 0; i < s->alert_count; i++)
        check_text(s->alerts[i].text, sizeof(s->alerts[i].text));
    for (uint32_t i = 0; i < s->event_count; i++)
        check_text(s->events[i].text, sizeof(s->events[i].text));
    FUZZ_CHECK(snapshot_condition(s) >= 0 && snapshot_condition(s) <= 2);
}

/* The text of a snapshot; the caller frees. */
static char *
written(const struct snapshot *s)
{
    cJSON *json = snapshot_to_json(s);
    char *text = cJSON_PrintUnformatted(json);

    FUZZ_CHECK(text != NULL);
    cJSON_Delete(json);
    return text;
}

static void
check_round_trip(const struct snapshot *s)
{
    char *first = written(s), *second;
    struct snapshot *again = NULL;

    if (snapshot_from_json(first, strlen(first), s->mono_ms, &again) == LAT_OK) {
        second = written(again);
        FUZZ_CHECK(strcmp(first, second) == 0);
        cJSON_free(second);
        snapshot_unref(again);
    }
    cJSON_free(first);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct snapshot *s = NULL;
    cJSON *json;

    if (snapshot_from_json((const char *)data, size, 1000, &s) == LAT_OK) {
        check_snapshot(s);
        check_round_trip(s);
        snapshot_unref(s);
    }
    if (summary_from_json((const char *)data, size, 1000, &s) == LAT_OK) {
        check_snapshot(s);
        json = summary_to_json(s);
        FUZZ_CHECK(json != NULL);
        cJSON_Delete(json);
        snapshot_unref(s);
    }
    return 0;
}
