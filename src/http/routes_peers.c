/* routes_peers.c - whom the node sees, and how their state compares with its own. */
#include "config.h"

#include <string.h>

#include "base/text.h"
#include "http/routes.h"
#include "http/target.h"
#include "view/json.h"
#include "view/tally.h"

#define PREFIX_MAX (SNAPSHOT_NAME_MAX - 4) /* as far as a snapshot shows a long key, before its dots */

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
direction_of(const struct snapshot_key *keys, uint32_t count)
{
    bool theirs = false, ours = false;

    for (uint32_t i = 0; i < count; i++) {
        theirs = theirs || keys[i].difference == KEY_THEIRS_NEWER || keys[i].difference == KEY_ONLY_THEIRS;
        ours = ours || keys[i].difference == KEY_OURS_NEWER || keys[i].difference == KEY_ONLY_OURS;
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

/* Take away the keys that do not begin so; key_total stays that of all. */
static void
keep_keys(cJSON *keys, const char *prefix)
{
    cJSON *next;

    for (cJSON *key = keys == NULL ? NULL : keys->child; key != NULL; key = next) {
        const cJSON *text = cJSON_GetObjectItemCaseSensitive(key, "key");

        next = key->next;
        if (!cJSON_IsString(text) || strncmp(text->valuestring, prefix, strlen(prefix)) != 0)
            cJSON_Delete(cJSON_DetachItemViaPointer(keys, key));
    }
}

/* The prefix asked for, as the snapshot writes keys; "": all. False: answered. */
static bool
take_prefix(struct call *call, char out[SNAPSHOT_NAME_MAX])
{
    struct lat_buf value;
    enum lat_err err;

    lat_buf_init(&value, PREFIX_MAX);
    err = target_parameter(call->query, "prefix", &value);
    out[0] = 0;
    if (!err)
        lat_escape(value.data, value.len, out, SNAPSHOT_NAME_MAX);
    else if (err != LAT_NOTFOUND)
        answer_error(call, 400, "prefix: at most %d bytes, as far as long keys are shown here", PREFIX_MAX);
    lat_buf_fini(&value);
    return call->answer.status == 0;
}

/* A source or a peer as the snapshot has it, with the verdict, and of the keys those of the prefix. */
static void
add_verdict(cJSON *item, enum agreement agreement, const struct snapshot_key *keys, uint32_t count, const char *prefix)
{
    const char *direction = direction_of(keys, count);

    keep_keys(cJSON_GetObjectItemCaseSensitive(item, "keys"), prefix);
    cJSON_AddItemToObjectCS(item, "equal", equal_json(agreement));
    cJSON_AddItemToObjectCS(item, "direction", direction == NULL ? cJSON_CreateNull() : cJSON_CreateString(direction));
}

static cJSON *
compared_sources(const struct snapshot *s, const char *prefix)
{
    cJSON *list = part_of_snapshot(s, "sources");
    cJSON *item = list == NULL ? NULL : list->child;

    for (uint32_t i = 0; i < s->source_count && item != NULL; i++, item = item->next) {
        const struct snapshot_source *source = &s->sources[i];

        add_verdict(item, source->stand.agreement, source->stand.keys, source->stand.key_count, prefix);
    }
    return list;
}

static cJSON *
compared_peers(const struct snapshot *s, const char *prefix)
{
    cJSON *list = part_of_snapshot(s, "peers");
    cJSON *item = list == NULL ? NULL : list->child;

    for (uint32_t i = 0; i < s->peer_count && item != NULL; i++, item = item->next) {
        const struct snapshot_peer *peer = &s->peers[i];

        add_verdict(item, peer->stand.agreement, peer->stand.keys, peer->stand.key_count, prefix);
    }
    return list;
}

void
route_divergence(struct call *call)
{
    const struct snapshot *s = call_snapshot(call);
    char prefix[SNAPSHOT_NAME_MAX];
    int differing;
    cJSON *object, *sources, *peers;

    if (s == NULL || !take_prefix(call, prefix))
        return;
    sources = compared_sources(s, prefix);
    peers = compared_peers(s, prefix);
    differing = snapshot_tally(s).differ;
    object = json_success();
    json_put_text(&object, "root", s->state.root);
    json_put_number(&object, "entry_count", (double)s->state.keys);
    json_put_flag(&object, "diverged", differing > 0);
    json_put_number(&object, "differing", differing);
    json_put(&object, "sources", sources);
    json_put(&object, "peers", peers);
    answer_json(call, 200, object);
}
