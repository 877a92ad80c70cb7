/*
 * repeat.h - runs of one box-drawing character as the character and a count.
 *
 * curses asks a terminal to repeat a character (`rep`) only for single bytes; rules and gauges are runs of
 * three-byte ones and would be a third of a first picture. Pure.
 */
#ifndef LAT_UI_REPEAT_H
#define LAT_UI_REPEAT_H

#include <stdbool.h>
#include <stddef.h>

/* Is this the terminfo string of a terminal that repeats in ECMA-48's way ("ESC [ n b")? NULL is fine. */
bool repeat_is_known(const char *rep);

/* Shorten bytes[0 .. len) in place; returns the new length. Escape sequences pass unchanged. */
size_t repeat_pack(char *bytes, size_t len);

#endif
