/* routes_healings.c - the last sessions of healing, as long as this process remembers them. */
#include "config.h"

#include <stdlib.h>

#include "http/routes.h"
#include "state/healings.h"

static cJSON *
item_of(const struct healing *h)
{
    cJSON *item = cJSON_CreateObject();

    if (item == NULL)
        return NULL;
    cJSON_AddStringToObject(item, "peer", h->peer);
    cJSON_AddStringToObject(item, "lung", h->p2p ? "p2p" : "http");
    cJSON_AddStringToObject(item, "way", h->way);
    cJSON_AddNumberToObject(item, "began", (double)h->began_ms / 1000);
    cJSON_AddNumberToObject(item, "ms", (double)h->took_ms);
    cJSON_AddNumberToObject(item, "bytes", (double)h->bytes);
    cJSON_AddNumberToObject(item, "taken", (double)h->taken);
    cJSON_AddNumberToObject(item, "given", (double)h->given);
    cJSON_AddNumberToObject(item, "refused", (double)h->refused);
    cJSON_AddStringToObject(item, "result", h->result);
    cJSON_AddStringToObject(item, "why", h->why);
    return item;
}

void
route_healings(struct call *call)
{
    struct healing *rows = calloc(HEALINGS_MAX, sizeof(*rows));
    cJSON *list = cJSON_CreateArray(), *object;
    uint64_t total = 0;
    size_t count;

    if (rows == NULL || list == NULL) {
        free(rows);
        cJSON_Delete(list);
        answer_err(call, LAT_NOMEM, NULL);
        return;
    }
    count = healings_recent(call->api->healings, rows, HEALINGS_MAX, &total);
    for (size_t i = 0; i < count; i++)
        cJSON_AddItemToArray(list, item_of(&rows[i]));
    free(rows);
    object = json_success();
    json_put_number(&object, "total", (double)total);
    json_put(&object, "healings", list);
    answer_json(call, 200, object);
}
