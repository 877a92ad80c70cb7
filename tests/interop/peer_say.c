/* peer_say.c - the lines that the test peer prints. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"
#include "tests/interop/peer.h"

cJSON *
say_fields(void)
{
    cJSON *fields = cJSON_CreateObject();

    if (fields == NULL) {
        fputs("lattice-peer: out of memory\n", stderr);
        exit(1);
    }
    return fields;
}

void
say(const char *ev, cJSON *fields)
{
    cJSON *line = fields ? fields : say_fields();
    char *text;

    say_text(line, "ev", ev);
    text = cJSON_PrintUnformatted(line);
    if (text)
        puts(text);
    fflush(stdout);
    cJSON_free(text);
    cJSON_Delete(line);
}

void
say_text(cJSON *fields, const char *name, const char *text)
{
    char shown[MULTIADDR_TEXT_MAX];

    cJSON_AddStringToObject(fields, name, lat_escape_str(text, shown, sizeof(shown)));
}

void
say_number(cJSON *fields, const char *name, double value)
{
    cJSON_AddNumberToObject(fields, name, value);
}

void
say_peer(cJSON *fields, const char *name, const struct peerid *id)
{
    char text[PEERID_TEXT_MAX];

    peerid_text(id, text);
    say_text(fields, name, text);
}

void
say_texts(cJSON *fields, const char *name, const char *const *texts, size_t count)
{
    cJSON *list = cJSON_AddArrayToObject(fields, name);
    char shown[MULTIADDR_TEXT_MAX];

    for (size_t i = 0; i < count; i++)
        cJSON_AddItemToArray(list, cJSON_CreateString(lat_escape_str(texts[i], shown, sizeof(shown))));
}

static int
compare(const void *a, const void *b)
{
    const uint64_t *x = a, *y = b;

    return *x < *y ? -1 : *x > *y;
}

cJSON *
say_quantiles(struct samples *samples, double unit)
{
    cJSON *fields;

    if (samples->count == 0)
        return NULL;
    fields = say_fields();
    qsort(samples->us, samples->count, sizeof(*samples->us), compare);
    say_number(fields, "p50", (double)samples->us[samples->count / 2] / unit);
    say_number(fields, "p99", (double)samples->us[samples->count * 99 / 100] / unit);
    say_number(fields, "max", (double)samples->us[samples->count - 1] / unit);
    return fields;
}
