#include "config.h"

#include "view/link.h"

#include <inttypes.h>
#include <stdio.h>

const char *
link_words(const struct link_status *status, uint64_t now_ms, char out[LINK_WORDS_MAX])
{
    static const char *const words[] = { "resolving", "host key", "auth", "tunnel", "http", "live", "stale" };
    uint64_t left = status->retry_ms > now_ms ? status->retry_ms - now_ms : 0;

    if (status->question)
        snprintf(out, LINK_WORDS_MAX, "asks you");
    else if (status->state == LINK_RETRY)
        snprintf(out, LINK_WORDS_MAX, "retry in %" PRIu64 " s", (left + 999) / 1000 % 1000);
    else
        snprintf(out, LINK_WORDS_MAX, "%s", words[status->state]);
    return out;
}
