/*
 * silence.h - what there is to say of a node that says nothing: for how long, why, and what is done about it. Pure.
 *
 * Spec: CONSOLE 2.7
 */
#ifndef LAT_UI_SILENCE_H
#define LAT_UI_SILENCE_H

#include "model.h"

#define SILENCE_MAX (MODEL_TROUBLE_MAX + 64)

/* How long nothing was heard: since the last picture, or since one is waited for. snapshot NULL: there was none. */
int64_t silence_ms(const struct model *model, const struct snapshot *snapshot);

/*
 * "no answer for 00:12: connection refused, retry in 4 s". False: there is nothing to say (out is ""), for the picture is not stale; or the
 * first one may well be on its way.
 */
bool silence_text(const struct model *model, const struct snapshot *snapshot, char out[SILENCE_MAX]);

#endif
