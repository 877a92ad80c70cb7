/*
 * wipe.h - secrets: forget them, compare them in constant time. Any thread.
 */
#ifndef LAT_BASE_WIPE_H
#define LAT_BASE_WIPE_H

#include <stdbool.h>
#include <stddef.h>

/* Overwrite len bytes in a way the compiler keeps. */
void lat_wipe(void *secret, size_t len);

/* Equal? Takes the same time wherever they differ. */
bool lat_equal_ct(const void *a, const void *b, size_t len);

#endif
