#include "config.h"

#include "silence.h"

#include <stdio.h>

#include "format.h"
#include "i18n.h"

#define PATIENCE_MS 2000 /* so long a first answer may take without a word */

int64_t
silence_ms(const struct model *model, const struct snapshot *snapshot)
{
    if (snapshot)
        return model_age_ms(model, snapshot);
    return model->asked_ms > 0 && model->now_ms > model->asked_ms ? (int64_t)(model->now_ms - model->asked_ms) : 0;
}

bool
silence_text(const struct model *model, const struct snapshot *snapshot, char out[SILENCE_MAX])
{
    int64_t silent = silence_ms(model, snapshot);
    char span[FORMAT_MAX];

    out[0] = 0;
    if (snapshot ? !model_is_stale(model, snapshot) : model->trouble[0] == 0 || silent < PATIENCE_MS)
        return false;
    if (model->trouble[0])
        snprintf(out, SILENCE_MAX, _("no answer for %s: %s"), format_span(silent, span), model->trouble);
    else
        snprintf(out, SILENCE_MAX, _("no news for %s: what stands here is old"), format_span(silent, span));
    return true;
}
