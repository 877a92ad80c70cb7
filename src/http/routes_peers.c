/* routes_peers.c - whom the node sees, and how their state compares with its own. */
#include "config.h"

#include <string.h>

#include "http/routes.h"
#include "http/target.h"
#include "view/json.h"

/* One member of the snapshot's JSON form, taken out of it; NULL: out of memory. */
static cJSON *
part_of_snapshot(const struct snapshot *s, const char *name)
{
    cJSON *whole = snapshot_to_json(s);
    cJSON *part = whole == NULL ? NULL : cJSON_DetachItemFromObjectCaseSensitive(whole, name);

    cJSON_Delete(whole);
    return part;
}

void
route_peers(struct call *call)
{
    const struct snapshot *s = call_snapshot(call);
    cJSON *object;

    if (s == NULL)
        return;
    object = json_success();
    json_put(&object, "peers", part_of_snapshot(s, "peers"));
    json_put_number(&object, "count", s->peer_count);
    json_put_number(&object, "total", s->peer_total);
    json_put_number(&object, "live", s->lung.peers_live);
    answer_json(call, 200, object);
}

static size_t
length_of(const char *const *list)
{
    size_t n = 0;

    while (list != NULL && list[n] != NULL)
        n++;
    return n;
}

void
route_nodes(struct call *call)
{
    const struct snapshot *s = call_snapshot(call);
    const char *const *sources = call->api->facts->sources;
    cJSON *object;

    if (s == NULL)
        return;
    object = json_success();
    json_put(&object, "nodes", json_strings(sources));
    json_put_number(&object, "count", (double)length_of(sources));
    json_put(&object, "sources", part_of_snapshot(s, "sources"));
    answer_json(call, 200, object);
}

/* In which direction the named keys differ. */
static const char *
direction_of(const struct snapshot_source *source)
{
    bool theirs = false, ours = false;

    for (uint32_t i = 0; i < source->key_count; i++) {
        theirs = theirs || source->keys[i].difference == KEY_THEIRS_NEWER ||
                 source->keys[i].difference == KEY_ONLY_THEIRS;
        ours = ours || source->keys[i].difference == KEY_OURS_NEWER ||
               source->keys[i].difference == KEY_ONLY_OURS;
    }
    if (theirs && ours)
        return "both";
    if (theirs)
        return "theirs_newer";
    return ours ? "ours_newer" : NULL;
}

/* true, false, or null where it has never been compared. */
static cJSON *
equal_json(enum agreement agreement)
{
    return agreement == AGREE_UNKNOWN ? cJSON_CreateNull() : cJSON_CreateBool(agreement == AGREE_EQUAL);
}

/* The sources as the snapshot has them, each with the verdict in front. */
static cJSON *
compared_sources(const struct snapshot *s, uint32_t *differing)
{
    cJSON *list = part_of_snapshot(s, "sources");
    cJSON *item = list == NULL ? NULL : list->child;

    *differing = 0;
    for (uint32_t i = 0; i < s->source_count && item != NULL; i++, item = item->next) {
        const struct snapshot_source *source = &s->sources[i];
        const char *direction = direction_of(source);

        *differing += source->agreement != AGREE_EQUAL && source->agreement != AGREE_UNKNOWN;
        cJSON_AddItemToObjectCS(item, "equal", equal_json(source->agreement));
        cJSON_AddItemToObjectCS(item, "direction",
                                direction == NULL ? cJSON_CreateNull() : cJSON_CreateString(direction));
    }
    return list;
}

void
route_divergence(struct call *call)
{
    const struct snapshot *s = call_snapshot(call);
    uint32_t differing;
    cJSON *object, *sources;

    if (s == NULL)
        return;
    sources = compared_sources(s, &differing);
    object = json_success();
    json_put_text(&object, "root", s->state.root);
    json_put_number(&object, "entry_count", (double)s->state.keys);
    json_put_flag(&object, "diverged", differing > 0);
    json_put_number(&object, "differing", differing);
    json_put(&object, "sources", sources);
    json_put(&object, "peers", part_of_snapshot(s, "peers"));
    answer_json(call, 200, object);
}

void
route_snapshot(struct call *call)
{
    const struct snapshot *s;
    cJSON *object;

    if (target_has(call->query, "at")) { /* the present picture would pass for that of another time */
        answer_error(call, 400, "at: this version keeps no history; ask without it for the present");
        return;
    }
    s = call_snapshot(call);
    if (s == NULL)
        return;
    object = snapshot_to_json(s);
    json_put_text(&object, "sync_mode", sync_mode_name(lung_sync_mode(s->lung.state)));
    json_put_number(&object, "condition", snapshot_condition(s));
    answer_json(call, 200, object);
}
