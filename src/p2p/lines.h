/*
 * lines.h - how many log lines one address, or one peer, may cause: so many in each LINES_PERIOD_MS, and all together LINES_ALL_MAX.
 * What was held back is counted and told with the next line. Pure; one thread.
 */
#ifndef LAT_P2P_LINES_H
#define LAT_P2P_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LINES_KEY_MAX 64
#define LINES_KEYS_MAX 64 /* remembered; the one silent longest makes room */
#define LINES_PERIOD_MS 60000
#define LINES_ALL_MAX 60  /* in each period, whoever causes them */

struct lines_key {
    uint8_t bytes[LINES_KEY_MAX];
    size_t len;        /* 0: free */
    uint64_t since_ms; /* of the period */
    uint64_t last_ms;
    uint32_t told, held;
};

struct lines {
    uint32_t burst; /* lines of one key in a period */
    struct lines_key keys[LINES_KEYS_MAX];
    struct lines_key all;
};

void lines_init(struct lines *lines, uint32_t burst);

/* May a line be written? *held: how many of this key's were not, since the last one that was. len: cut at LINES_KEY_MAX. */
bool lines_allow(struct lines *lines, const void *key, size_t len, uint64_t now_ms, uint32_t *held);

#endif
