/*
 * Any text of a node is taken apart and put together again without loss: in English it comes out as it went in. An alert's words end, and
 * fit their places.
 */
#include "config.h"

#include "fuzz/fuzz.h"

#include <string.h>

#include "view/alert_words.h"
#include "words.h"

static void
check_reason(const char *text)
{
    char out[WORDS_MAX];

    words_of_node(text, out);
    FUZZ_CHECK(strcmp(out, text) == 0);
}

/* "D1\n" and its text. */
static void
check_alert(const char *line)
{
    struct snapshot_alert alert = { .severity = ALERT_ALARM };
    const char *end = strchr(line, '\n');
    char out[WORDS_MAX];

    if (end == NULL || (size_t)(end - line) >= sizeof(alert.code))
        return;
    memcpy(alert.code, line, (size_t)(end - line));
    snprintf(alert.text, sizeof(alert.text), "%s", end + 1);
    words_of_alert(&alert, out);
    FUZZ_CHECK(memchr(out, 0, sizeof(out)) != NULL);
    alert_read(&alert);
    if (alert.kind == ALERT_IS_OTHER) {
        FUZZ_CHECK(strcmp(out, alert.text) == 0);
        return;
    }
    FUZZ_CHECK(strcmp(alert_code(alert.kind), alert.code) == 0);
    FUZZ_CHECK(memchr(alert.who, 0, sizeof(alert.who)) && memchr(alert.what, 0, sizeof(alert.what)) && memchr(alert.why, 0, sizeof(alert.why)));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char text[SNAPSHOT_TEXT_MAX];
    size_t len = size < sizeof(text) ? size : sizeof(text) - 1;

    memcpy(text, data, len);
    text[len] = '\0';
    check_reason(text);
    check_alert(text);
    return 0;
}
