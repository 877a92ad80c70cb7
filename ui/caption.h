/*
 * caption.h - what is going on, in one plain sentence: for onlookers, and beside the story of a demo. Pure.
 */
#ifndef LAT_UI_CAPTION_H
#define LAT_UI_CAPTION_H

#include "view/snapshot.h"

#define CAPTION_MAX 200

const char *caption_text(const struct snapshot *snapshot, char out[CAPTION_MAX]);

#endif
