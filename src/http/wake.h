/*
 * wake.h - an eventfd that any thread may write to, counted, so that a late answer to a command finds
 * something to wake even after the server has gone.
 */
#ifndef LAT_HTTP_WAKE_H
#define LAT_HTTP_WAKE_H

struct wake;

struct wake *wake_new(void); /* NULL: out of memory or descriptors */
struct wake *wake_ref(struct wake *wake);
void wake_unref(struct wake *wake); /* NULL is fine */

int wake_fd(const struct wake *wake);
void wake_up(struct wake *wake);
void wake_clear(struct wake *wake);

#endif
