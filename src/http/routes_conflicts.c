/*
 * routes_conflicts.c - what this node saw of writes that were lost, and of authors that contradict themselves.
 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "http/routes.h"
#include "state/reader.h"

#define SHOWN_MAX 100

struct listing {
    cJSON *list;
    size_t left;
};

static void
add_hex(cJSON *item, const char *name, const uint8_t bytes[32])
{
    char text[65];

    lat_hex(bytes, 32, text);
    cJSON_AddStringToObject(item, name, text);
}

static void
add_hlc(cJSON *item, const char *name, uint64_t hlc)
{
    char text[17];

    snprintf(text, sizeof(text), "%016" PRIx64, hlc);
    cJSON_AddStringToObject(item, name, text);
}

/* Keys are shown as everywhere: escaped. */
static void
add_key(cJSON *item, const struct store_conflict *c)
{
    char text[RECORD_KEY_MAX + 1];

    lat_escape(c->key, c->key_len, text, sizeof(text));
    cJSON_AddStringToObject(item, "key", text);
}

static void
add_value(cJSON *item, const struct store_conflict *c)
{
    char *text = c->value ? malloc(c->value_len + 1) : NULL;

    if (text != NULL) {
        memcpy(text, c->value, c->value_len);
        text[c->value_len] = '\0';
        cJSON_AddRawToObject(item, "value", text);
    } else {
        cJSON_AddNullToObject(item, "value");
    }
    free(text);
}

static enum lat_err
add_conflict(void *arg, const struct store_conflict *c)
{
    struct listing *listing = arg;
    cJSON *item = cJSON_CreateObject();

    if (item == NULL || listing->left-- == 0) {
        cJSON_Delete(item);
        return LAT_CLOSED;
    }
    add_key(item, c);
    cJSON_AddStringToObject(item, "kind", c->equivocation ? "equivocation" : "lost");
    cJSON_AddNumberToObject(item, "seen", (double)c->seen_ms / 1000);
    add_hex(item, "author", c->loser_author);
    add_hlc(item, "hlc", c->loser_hlc);
    add_hex(item, "tag", c->loser_digest);
    add_value(item, c);
    add_hex(item, "winner", c->winner_author);
    add_hlc(item, "winner_hlc", c->winner_hlc);
    add_hex(item, "winner_tag", c->winner_digest);
    cJSON_AddItemToArray(listing->list, item);
    return LAT_OK;
}

void
route_conflicts(struct call *call)
{
    struct listing listing = { cJSON_CreateArray(), SHOWN_MAX };
    struct reader *reader = NULL;
    uint64_t total = 0;
    enum lat_err err = listing.list ? reader_begin(call->api->store, &reader) : LAT_NOMEM;
    cJSON *object;

    if (!err)
        err = reader_each_conflict(reader, add_conflict, &listing, &total);
    reader_end(reader);
    if (err && err != LAT_CLOSED) {
        cJSON_Delete(listing.list);
        answer_err(call, err, NULL);
        return;
    }
    object = json_success();
    json_put_number(&object, "total", (double)total);
    json_put(&object, "conflicts", listing.list);
    answer_json(call, 200, object);
}
