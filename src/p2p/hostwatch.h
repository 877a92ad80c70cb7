/*
 * hostwatch.h - NETCHANGE and RESUME: that the machine's addresses, routes or links have changed, as rtnetlink tells of them, and that the
 * machine has slept. A node watches for as long as it runs, whatever its lungs do: both have to be tried anew.
 *
 * What exactly has changed does not matter. The first word of a change is followed HOSTWATCH_DEBOUNCE_MS later by one event, and a network that
 * never rests raises one every HOSTWATCH_GAP_MS, or a second later. Belongs to the thread of the loop.
 *
 * Spec: STATE-MACHINE sections 1 (RESUME) and 8.
 */
#ifndef LAT_P2P_HOSTWATCH_H
#define LAT_P2P_HOSTWATCH_H

#include <uv.h>

#define HOSTWATCH_DEBOUNCE_MS 200
#define HOSTWATCH_GAP_MS 2000
#define HOSTWATCH_SLEEP_MS 2000 /* growth of boot time over monotonic time that is a RESUME */

enum hostwatch_event { HOSTWATCH_CHANGED, HOSTWATCH_SLEPT };

struct hostwatch;

/*
 * fn is called from the loop, never from within. NULL: out of memory, or the loop takes no timer. Where rtnetlink is not to be had that is logged, and
 * sleep alone is noticed.
 */
struct hostwatch *hostwatch_new(uv_loop_t *loop, void (*fn)(void *arg, enum hostwatch_event event), void *arg);

/* Let go of the loop; fn is not called any more, and the object goes when its handles are closed. NULL is fine. */
void hostwatch_close(struct hostwatch *watch);

#endif
