#include "config.h"

#include "view/lung_words.h"

#include <string.h>

static const char *const state_names[] = {
#define LUNG_STATE_TEXT(name, text) [LUNG_##name] = (text),
    LUNG_STATE_MAP(LUNG_STATE_TEXT)
#undef LUNG_STATE_TEXT
};
_Static_assert(sizeof(state_names) / sizeof(state_names[0]) == LUNG_STATE_COUNT, "LUNG_STATE_COUNT");

static const char *const reason_names[] = {
#define LUNG_REASON_TEXT(name, text) [LUNG_BY_##name] = (text),
    LUNG_REASON_MAP(LUNG_REASON_TEXT)
#undef LUNG_REASON_TEXT
};
_Static_assert(sizeof(reason_names) / sizeof(reason_names[0]) == LUNG_REASON_COUNT, "LUNG_REASON_COUNT");

static const char *const policy_names[] = {
    [LUNG_POLICY_AUTO] = "auto", [LUNG_POLICY_P2P] = "p2p", [LUNG_POLICY_HTTP] = "http"
};

static const char *const mode_names[] = { [SYNC_NONE] = "NONE", [SYNC_P2P] = "P2P", [SYNC_HTTP] = "HTTP" };

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* The place of text in names[0 .. count). */
static enum lat_err
find_name(const char *const *names, size_t count, const char *text, size_t *place)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(names[i], text) == 0) {
            *place = i;
            return LAT_OK;
        }
    }
    return LAT_MALFORMED;
}

const char *
lung_state_name(enum lung_state state)
{
    return state_names[state];
}

const char *
lung_reason_name(enum lung_reason reason)
{
    return reason_names[reason];
}

const char *
lung_policy_name(enum lung_policy policy)
{
    return policy_names[policy];
}

const char *
sync_mode_name(enum sync_mode mode)
{
    return mode_names[mode];
}

enum lat_err
lung_state_parse(const char *text, enum lung_state *state)
{
    size_t place;
    enum lat_err err = find_name(state_names, COUNT(state_names), text, &place);

    if (!err)
        *state = (enum lung_state)place;
    return err;
}

enum lat_err
lung_reason_parse(const char *text, enum lung_reason *reason)
{
    size_t place;
    enum lat_err err = find_name(reason_names, COUNT(reason_names), text, &place);

    if (!err)
        *reason = (enum lung_reason)place;
    return err;
}

enum lat_err
lung_policy_parse(const char *text, enum lung_policy *policy)
{
    size_t place;
    enum lat_err err = find_name(policy_names, COUNT(policy_names), text, &place);

    if (!err)
        *policy = (enum lung_policy)place;
    return err;
}

enum sync_mode
lung_sync_mode(enum lung_state state)
{
    switch (state) {
    case LUNG_P2P:
    case LUNG_FP2P_UP:
        return SYNC_P2P;
    case LUNG_HTTP:
    case LUNG_RECOVERING: /* both apply; HTTP vouches until the hold is over */
    case LUNG_FHTTP_UP:
        return SYNC_HTTP;
    case LUNG_STARTING:
    case LUNG_COUNTDOWN:
    case LUNG_ISOLATED:
    case LUNG_FP2P_DOWN:
    case LUNG_FHTTP_DOWN:
    case LUNG_STOPPING:
        break;
    }
    return SYNC_NONE;
}

bool
lung_http_sync_enabled(enum lung_state state)
{
    return state == LUNG_FHTTP_DOWN || lung_sync_mode(state) == SYNC_HTTP;
}

bool
lung_is_ready(enum lung_state state)
{
    return lung_sync_mode(state) != SYNC_NONE;
}

bool
lung_is_forced(enum lung_state state)
{
    return state == LUNG_FP2P_UP || state == LUNG_FP2P_DOWN || state == LUNG_FHTTP_UP ||
           state == LUNG_FHTTP_DOWN;
}
