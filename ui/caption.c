#include "config.h"

#include "caption.h"

#include <stdio.h>

#include "format.h"
#include "i18n.h"
#include "view/tally.h"

/* How far the nodes agree, as the end of a sentence. */
static const char *
agreement_end(const struct snapshot_tally *tally)
{
    if (tally->total == 0)
        return _("There is nobody to agree with.");
    if (tally->differ > 0)
        return _("Somebody has other data; it is compared.");
    if (tally->but > 0 && tally->same + tally->but == tally->total)
        return _("All nodes hold the same data, but for some entries that one side refuses.");
    return tally->same == tally->total ? _("All nodes hold the same data.") : _("Those who were asked hold the same data.");
}

static void
healthy(const struct snapshot *s, char out[CAPTION_MAX])
{
    struct snapshot_tally tally = snapshot_tally(s);

    if (s->lung.degraded)
        snprintf(out, CAPTION_MAX, _("The peer-to-peer network carries, with fewer peers than wanted. %s"), agreement_end(&tally));
    else
        snprintf(out, CAPTION_MAX, _("The peer-to-peer network carries. %s"), agreement_end(&tally));
}

static void
waiting(const struct snapshot *s, char out[CAPTION_MAX])
{
    char left[FORMAT_MAX];

    if (s->lung.http_sources == 0)
        snprintf(out, CAPTION_MAX, _("Nobody answers on the peer-to-peer network, and no HTTP source is configured that could take over."));
    else if (s->lung.fallback_in_ms > 0)
        snprintf(out, CAPTION_MAX, _("Nobody answers on the peer-to-peer network. In %s HTTP takes over by itself."),
                 format_left(s->lung.fallback_in_ms, left));
    else
        snprintf(out, CAPTION_MAX, _("Nobody answers on the peer-to-peer network. HTTP is being asked."));
}

static void
carried_by_http(const struct snapshot *s, char out[CAPTION_MAX])
{
    struct snapshot_tally tally = snapshot_tally(s);

    snprintf(out, CAPTION_MAX, _("HTTP carries in place of the peer-to-peer network. %s"), agreement_end(&tally));
}

const char *
caption_text(const struct snapshot *s, char out[CAPTION_MAX])
{
    char left[FORMAT_MAX];

    switch (s->lung.state) {
    case LUNG_P2P:
        healthy(s, out);
        break;
    case LUNG_STARTING:
    case LUNG_COUNTDOWN:
        waiting(s, out);
        break;
    case LUNG_HTTP:
        carried_by_http(s, out);
        break;
    case LUNG_RECOVERING:
        snprintf(out, CAPTION_MAX, _("Peers are back. Both ways carry; in %s the peer-to-peer network does so alone."),
                 format_left(s->lung.recover_in_ms, left));
        break;
    case LUNG_ISOLATED:
        snprintf(out, CAPTION_MAX, _("Both ways are cut: this node hears nobody, and tries again by itself."));
        break;
    case LUNG_FP2P_UP:
        snprintf(out, CAPTION_MAX, _("An operator has chosen the peer-to-peer network: HTTP would not step in."));
        break;
    case LUNG_FP2P_DOWN:
        snprintf(out, CAPTION_MAX, _("An operator has chosen the peer-to-peer network, and nobody answers there."));
        break;
    case LUNG_FHTTP_UP:
        snprintf(out, CAPTION_MAX, _("An operator has chosen HTTP: the peer-to-peer network is off."));
        break;
    case LUNG_FHTTP_DOWN:
        snprintf(out, CAPTION_MAX, _("An operator has chosen HTTP, and no source answers."));
        break;
    case LUNG_STOPPING:
        snprintf(out, CAPTION_MAX, _("The node is stopping; everything is brought to disk."));
        break;
    }
    return out;
}
