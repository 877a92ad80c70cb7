/*
 * Bytes from a terminal: whatever they are and however they come, in one read or in many, the same keys come of them;
 * every key is one that has a name, and nothing is left undecided when time is up.
 */
#include "config.h"

#include "fuzz/fuzz.h"

#include <string.h>

#include "keys.h"

#define PRESSES_MAX 8192

static struct key_press whole[PRESSES_MAX], parts[PRESSES_MAX];

static size_t
take(struct keys *keys, bool late, struct key_press *out, size_t count)
{
    while (count < PRESSES_MAX && keys_next(keys, late, &out[count]))
        count++;
    return count;
}

static void
check_press(const struct key_press *press)
{
    char name[8];

    FUZZ_CHECK(key_name(press->key, name)[0] != 0);
    if (press->key == KEYS_MOUSE)
        FUZZ_CHECK(press->x >= 0 && press->y >= 0 && press->x < 100000 && press->y < 100000);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct keys keys = { 0 };
    size_t count, again = 0;

    if (size > KEYS_PENDING_MAX / 2)
        return 0;
    keys_feed(&keys, data, size);
    count = take(&keys, true, whole, take(&keys, false, whole, 0));
    FUZZ_CHECK(!keys_undecided(&keys));
    for (size_t i = 0; i < count; i++)
        check_press(&whole[i]);
    memset(&keys, 0, sizeof(keys));
    for (size_t i = 0; i < size; i++) {
        keys_feed(&keys, data + i, 1);
        again = take(&keys, false, parts, again);
    }
    again = take(&keys, true, parts, again);
    /* An ESC and what follows it in the same read are two keys at once; one after the other they may be one sequence. */
    if (memchr(data, 0x1b, size) == NULL) {
        FUZZ_CHECK(again == count);
        for (size_t i = 0; i < count; i++)
            FUZZ_CHECK(parts[i].key == whole[i].key);
    }
    FUZZ_CHECK(!keys_undecided(&keys));
    return 0;
}
