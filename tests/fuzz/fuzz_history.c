/*
 * A file of the history, whatever has become of it on disk: each frame that is found ends behind its beginning and within
 * the file; its text, if it has one, is as long as its header says; a file made coarse holds the key frames alone.
 */
#include "config.h"

#include "fuzz/fuzz.h"

#include <string.h>

#include "node/history.h"

static void
check_frames(const uint8_t *file, size_t size)
{
    struct history_frame frame, key = { .kind = HISTORY_DELTA };
    struct lat_buf text;

    for (size_t at = 0; history_next(file, size, at, &frame) == LAT_OK; at = frame.end) {
        FUZZ_CHECK(frame.at == at && frame.end > at && frame.end <= size);
        if (frame.kind == HISTORY_KEY)
            key = frame;
        lat_buf_init(&text, HISTORY_TEXT_MAX);
        if (history_text(file, &frame, &key, &text) == LAT_OK)
            FUZZ_CHECK(text.len == frame.text_len);
        else
            FUZZ_CHECK(text.len == 0);
        lat_buf_fini(&text);
    }
}

static void
check_coarse(const uint8_t *file, size_t size)
{
    struct history_frame frame;
    struct lat_buf coarse;
    size_t at = 0;

    lat_buf_init(&coarse, size + 1);
    FUZZ_CHECK(history_coarsen(file, size, &coarse) == LAT_OK);
    FUZZ_CHECK(coarse.len <= size);
    for (; history_next(coarse.data, coarse.len, at, &frame) == LAT_OK; at = frame.end)
        FUZZ_CHECK(frame.kind == HISTORY_KEY);
    FUZZ_CHECK(at == coarse.len);
    lat_buf_fini(&coarse);
}

static void
check_choice(const uint8_t *file, size_t size, uint64_t at_ms)
{
    struct history_chooser chooser;

    for (int step = LOOK_AT; step <= LOOK_LATER_CHANGE; step++) {
        history_chooser_init(&chooser, (enum look_step)step, at_ms);
        history_choose(&chooser, file, size);
        if (!chooser.found)
            continue;
        FUZZ_CHECK(chooser.frame.end <= size);
        if (step == LOOK_LATER || step == LOOK_LATER_CHANGE)
            FUZZ_CHECK(chooser.frame.wall_ms > at_ms);
        else
            FUZZ_CHECK(chooser.frame.wall_ms <= at_ms);
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint64_t at_ms = 0;

    if (size > 0) {
        check_frames(data, size);
        check_coarse(data, size);
        memcpy(&at_ms, data + (size > 24 ? 16 : 0), size >= 24 ? 8 : size > 8 ? 8 : size);
        check_choice(data, size, at_ms);
    }
    return 0;
}
