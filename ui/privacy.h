/*
 * privacy.h - a snapshot that can be shown to strangers: addresses, peer ids, URLs and keys of the state replaced by
 * names such as "addr-3" and "key-12", each the same one as long as the console runs. A peer's id, the end of it, its public
 * key and the first digits of that have one name. Names of nodes, roots and figures stay. Console thread.
 */
#ifndef LAT_UI_PRIVACY_H
#define LAT_UI_PRIVACY_H

#include "view/snapshot.h"

#define PRIVACY_NAMES_MAX 4096 /* things with a name of their own; later ones share one */

struct privacy;

struct privacy *privacy_new(void); /* NULL: out of memory */
void privacy_free(struct privacy *privacy);

/* As the settings have it: *privacy is one from now on, or NULL; one that is there stays, and so do its names. */
void privacy_switch(struct privacy **privacy, bool wanted);

/* A copy with all of it replaced; NULL: out of memory. The caller unrefs. */
const struct snapshot *privacy_apply(struct privacy *privacy, const struct snapshot *snapshot);

#endif
