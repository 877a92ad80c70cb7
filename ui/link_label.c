#include "config.h"

#include "link_label.h"

#include <stdio.h>

#include "i18n.h"

const char *
link_label(const struct link_status *status, uint64_t now_ms, char out[LINK_LABEL_MAX])
{
    static const char *const words[] = {
        [LINK_RESOLVING] = N_("resolving"), [LINK_HOST_KEY] = N_("host key"), [LINK_AUTH] = N_("auth"), [LINK_TUNNEL] = N_("tunnel"),
        [LINK_HTTP] = "http",               [LINK_LIVE] = N_("live"),         [LINK_STALE] = N_("stale"),
    };
    uint64_t left = status->retry_ms > now_ms ? status->retry_ms - now_ms : 0;

    if (status->question)
        snprintf(out, LINK_LABEL_MAX, "%s", _("asks you"));
    else if (status->state == LINK_RETRY)
        snprintf(out, LINK_LABEL_MAX, _("retry in %u s"), (unsigned)((left + 999) / 1000 % 1000));
    else
        snprintf(out, LINK_LABEL_MAX, "%s", _(words[status->state]));
    return out;
}
