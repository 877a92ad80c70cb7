#include "config.h"

#include "lung_view.h"

#include <inttypes.h>
#include <stdio.h>

#include "format.h"
#include "i18n.h"
#include "keys.h"
#include "words.h"

const char *
lung_label(const struct snapshot_lung *lung, char out[LUNG_LABEL_MAX])
{
    static const char *const labels[LUNG_STATE_COUNT] = {
        [LUNG_STARTING] = N_("STARTING"),    [LUNG_P2P] = NULL,
        [LUNG_COUNTDOWN] = N_("NO PEERS"),   [LUNG_HTTP] = "HTTP",
        [LUNG_RECOVERING] = "HTTP>P2P",  [LUNG_ISOLATED] = N_("ISOLATED"),
        [LUNG_FP2P_UP] = N_("P2P forced"),   [LUNG_FP2P_DOWN] = N_("P2P forced, NO PEERS"),
        [LUNG_FHTTP_UP] = N_("HTTP forced"), [LUNG_FHTTP_DOWN] = N_("HTTP forced, DOWN"),
        [LUNG_STOPPING] = N_("STOPPING"),
    };

    if (lung->state == LUNG_P2P)
        snprintf(out, LUNG_LABEL_MAX, "P2P %" PRIu32 "%s", lung->peers_live, lung->degraded ? " !" : "");
    else
        snprintf(out, LUNG_LABEL_MAX, "%s", _(labels[lung->state]));
    return out;
}

enum style
lung_style(const struct snapshot_lung *lung)
{
    switch (lung->state) {
    case LUNG_P2P:
    case LUNG_FP2P_UP:
        return lung->degraded ? STYLE_ATTENTION : STYLE_GOOD;
    case LUNG_STARTING:
    case LUNG_COUNTDOWN:
        return STYLE_ATTENTION;
    case LUNG_HTTP:
    case LUNG_RECOVERING:
    case LUNG_FHTTP_UP:
        return STYLE_FALLBACK;
    case LUNG_ISOLATED:
    case LUNG_FP2P_DOWN:
    case LUNG_FHTTP_DOWN:
        return STYLE_ALARM;
    case LUNG_STOPPING:
        break;
    }
    return STYLE_IDLE;
}

bool
lung_http_carries(enum lung_state state)
{
    return state == LUNG_HTTP || state == LUNG_RECOVERING || state == LUNG_FHTTP_UP;
}

char
style_glyph(enum style style)
{
    switch (style) {
    case STYLE_GOOD:
    case STYLE_FALLBACK:
        return '*';
    case STYLE_ATTENTION:
        return '!';
    case STYLE_ALARM:
        return 'X';
    case STYLE_UNKNOWN:
        return '?';
    default:
        return 'o';
    }
}

struct lung_word
lung_p2p_word(const struct snapshot_lung *lung)
{
    if (lung->state == LUNG_STOPPING)
        return (struct lung_word){ _("STOPPING"), STYLE_IDLE };
    if (!lung->p2p_enabled || lung->policy == LUNG_POLICY_HTTP)
        return (struct lung_word){ _("OFF"), STYLE_IDLE };
    if (!lung->p2p_running)
        return (struct lung_word){ _("FAILED"), STYLE_ATTENTION };
    if (lung->peers_live == 0)
        return (struct lung_word){ _("NO PEERS"), STYLE_ATTENTION };
    return (struct lung_word){ _("ACTIVE"), lung->degraded ? STYLE_ATTENTION : STYLE_GOOD };
}

struct lung_word
lung_http_word(const struct snapshot_lung *lung)
{
    if (lung->state == LUNG_STOPPING)
        return (struct lung_word){ _("STOPPING"), STYLE_IDLE };
    if (lung->policy == LUNG_POLICY_P2P)
        return (struct lung_word){ _("OFF"), STYLE_IDLE };
    if (lung_http_carries(lung->state))
        return (struct lung_word){ _("CARRYING"), lung->http_usable ? STYLE_FALLBACK : STYLE_ATTENTION };
    if (lung->http_sources == 0)
        return (struct lung_word){ _("NO SOURCE"), lung->state == LUNG_P2P ? STYLE_IDLE : STYLE_ATTENTION };
    if (lung->state == LUNG_ISOLATED || lung->state == LUNG_FHTTP_DOWN)
        return (struct lung_word){ _("DOWN"), STYLE_ALARM };
    if (!lung->http_usable && lung->http_error[0])
        return (struct lung_word){ _("FAILING"), STYLE_ATTENTION };
    if (lung->state == LUNG_P2P)
        return (struct lung_word){ _("STANDBY"), STYLE_IDLE };
    if (lung->http_usable)
        return (struct lung_word){ _("READY"), STYLE_IDLE };
    return (struct lung_word){ _("PROBING"), STYLE_IDLE };
}

/* What HTTP would answer if it had to carry now. */
static const char *
http_outlook(const struct snapshot_lung *lung, char words[WORDS_MAX])
{
    if (lung->http_usable)
        return _("source ready");
    return lung->http_error[0] ? words_of_node(lung->http_error, words) : _("no answer yet");
}

static void
starting_line(const struct snapshot_lung *lung, char out[LUNG_LINE_MAX])
{
    char left[FORMAT_MAX], words[WORDS_MAX];

    if (!lung->p2p_enabled)
        snprintf(out, LUNG_LINE_MAX, _("P2P is off, asking HTTP"));
    else if (!lung->p2p_running)
        snprintf(out, LUNG_LINE_MAX, _("P2P: %s; asking HTTP"),
                 lung->p2p_error[0] ? words_of_node(lung->p2p_error, words) : _("not running"));
    else if (lung->http_sources == 0)
        snprintf(out, LUNG_LINE_MAX, _("searching for peers; cut off in %s: no HTTP source configured"),
                 format_left_clock(lung->fallback_in_ms, left));
    else if (lung->fallback_in_ms <= 0)
        snprintf(out, LUNG_LINE_MAX, _("searching for peers, waiting for the first HTTP answer"));
    else
        snprintf(out, LUNG_LINE_MAX, _("searching for peers, HTTP in %s, %s"),
                 format_left_clock(lung->fallback_in_ms, left), http_outlook(lung, words));
}

static void
countdown_line(const struct snapshot_lung *lung, char out[LUNG_LINE_MAX])
{
    char left[FORMAT_MAX], words[WORDS_MAX];

    if (lung->http_sources == 0)
        snprintf(out, LUNG_LINE_MAX, _("cut off in %s: no HTTP source configured"), format_left_clock(lung->fallback_in_ms, left));
    else if (lung->fallback_in_ms > 0)
        snprintf(out, LUNG_LINE_MAX, _("HTTP in %s, %s"), format_left_clock(lung->fallback_in_ms, left),
                 http_outlook(lung, words));
    else
        snprintf(out, LUNG_LINE_MAX, _("waiting for the first HTTP answer"));
}

static void
http_line(const struct snapshot *s, char out[LUNG_LINE_MAX])
{
    char poll[FORMAT_MAX], next[FORMAT_MAX];

    format_when(s->wall_ms, s->lung.http_age_ms, poll);
    if (s->lung.http_next_ms >= 0)
        snprintf(out, LUNG_LINE_MAX, _("in place of P2P; answered %s, asks again in %s"), poll,
                 format_left(s->lung.http_next_ms, next));
    else
        snprintf(out, LUNG_LINE_MAX, _("in place of P2P; answered %s, asking now"), poll);
}

/* Who is there, when something was last heard, and when the other lung is looked at. */
static void
p2p_line(const struct snapshot_lung *lung, char out[LUNG_LINE_MAX])
{
    char peers[FORMAT_MAX], next[FORMAT_MAX];
    size_t used = (size_t)snprintf(out, LUNG_LINE_MAX, "%s", format_noun(lung->peers_live, "peer", peers));

    if (lung->last_exchange_ms >= 0)
        used += (size_t)snprintf(out + used, LUNG_LINE_MAX - used, _(", last exchange %" PRId64 " s ago"),
                                 lung->last_exchange_ms / 1000);
    if (lung->http_next_ms >= 0)
        snprintf(out + used, LUNG_LINE_MAX - used, _(", HTTP probed in %s"), format_left(lung->http_next_ms, next));
}

/* The next try first: errors may be long. */
static void
isolated_line(const struct snapshot_lung *lung, char out[LUNG_LINE_MAX])
{
    char next[FORMAT_MAX], p2p[WORDS_MAX], http[WORDS_MAX];
    size_t used = 0;

    if (lung->http_next_ms >= 0)
        used = (size_t)snprintf(out, LUNG_LINE_MAX, _("next try in %s; "), format_left(lung->http_next_ms, next));
    snprintf(out + used, LUNG_LINE_MAX - used, "P2P: %s; HTTP: %s",
             lung->p2p_error[0]  ? words_of_node(lung->p2p_error, p2p)
             : lung->p2p_enabled ? _("no peer found")
                                 : _("off"),
             lung->http_sources == 0 ? _("no source configured") : lung->http_error[0]     ? words_of_node(lung->http_error, http)
                                     : _("no answer yet"));
}

static void
forced_line(const struct snapshot_lung *lung, const struct keymap *map, char out[LUNG_LINE_MAX])
{
    char left[FORMAT_MAX], key[8];
    const char *by = lung->forced_by[0] ? lung->forced_by : _("configuration");
    const char *auto_key = key_name(keymap_key(map, ACTION_AUTO, 0), key);

    if (lung->forced_left_ms >= 0)
        snprintf(out, LUNG_LINE_MAX, _("AUTO in %s (%s: now); by %s"), format_left_clock(lung->forced_left_ms, left),
                 auto_key, by);
    else
        snprintf(out, LUNG_LINE_MAX, _("until changed (%s: AUTO); by %s"), auto_key, by);
}

const char *
lung_line(const struct snapshot *snapshot, const struct keymap *map, char out[LUNG_LINE_MAX])
{
    const struct snapshot_lung *lung = &snapshot->lung;
    char a[FORMAT_MAX], b[FORMAT_MAX];

    switch (lung->state) {
    case LUNG_STARTING:
        starting_line(lung, out);
        break;
    case LUNG_P2P:
        p2p_line(lung, out);
        break;
    case LUNG_COUNTDOWN:
        countdown_line(lung, out);
        break;
    case LUNG_HTTP:
        http_line(snapshot, out);
        break;
    case LUNG_RECOVERING:
        snprintf(out, LUNG_LINE_MAX, _("%s back, P2P in %s"), format_noun(lung->peers_live, "peer", a),
                 format_left(lung->recover_in_ms, b));
        break;
    case LUNG_ISOLATED:
        isolated_line(lung, out);
        break;
    case LUNG_FP2P_UP:
    case LUNG_FP2P_DOWN:
    case LUNG_FHTTP_UP:
    case LUNG_FHTTP_DOWN:
        forced_line(lung, map, out);
        break;
    case LUNG_STOPPING:
        snprintf(out, LUNG_LINE_MAX, _("closing connections, saving the store: within 5 s"));
        break;
    }
    return out;
}
