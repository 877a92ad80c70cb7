/* One table of words: what a node writes from it, a console reads back. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "view/alert_words.h"

static struct snapshot_alert
sample(enum alert_kind kind, uint64_t n)
{
    struct snapshot_alert alert = { .kind = kind, .n = n };

    strcpy(alert.who, "rio-2");
    strcpy(alert.what, "77be0d51");
    strcpy(alert.why, "connection refused");
    alert_write(&alert);
    return alert;
}

static void
every_kind_is_found_again_in_its_text(void **state)
{
    (void)state;
    for (int kind = ALERT_IS_OTHER + 1; kind < ALERT_KIND_COUNT; kind++)
        for (uint64_t n = 1; n <= 2; n++) {
            struct snapshot_alert told = sample((enum alert_kind)kind, n), read = { .severity = ALERT_ALARM };
            char text[SNAPSHOT_TEXT_MAX];

            assert_true(told.code[0] && told.text[0]);
            strcpy(read.code, told.code);
            strcpy(read.text, told.text);
            alert_read(&read);
            assert_int_equal(read.kind, kind);
            strcpy(text, read.text);
            alert_write(&read);
            assert_string_equal(read.text, text);
        }
}

static void
kinds_have_names_of_their_own(void **state)
{
    (void)state;
    for (int a = 0; a < ALERT_KIND_COUNT; a++)
        for (int b = 0; b < a; b++)
            assert_string_not_equal(alert_kind_name((enum alert_kind)a), alert_kind_name((enum alert_kind)b));
}

static void
a_number_has_its_own_sentence(void **state)
{
    (void)state;
    assert_string_equal(sample(ALERT_IS_DIFFERS_KEYS, 1).text, "rio-2 diverges: 1 key");
    assert_string_equal(sample(ALERT_IS_DIFFERS_KEYS, 0).text, "rio-2 diverges: 0 keys");
    assert_string_equal(sample(ALERT_IS_RECORDS_LOST, 12).text, "12 stored records are damaged; asked of other nodes");
}

static void
what_no_kind_has_written_stays_other(void **state)
{
    struct snapshot_alert alert = { .code = "Z9", .text = "a condition of a later version" };

    (void)state;
    alert_read(&alert);
    assert_int_equal(alert.kind, ALERT_IS_OTHER);
    strcpy(alert.code, "D1"); /* the code alone does not do */
    alert_read(&alert);
    assert_int_equal(alert.kind, ALERT_IS_OTHER);
    strcpy(alert.text, "no peers over P2P"); /* nor the text */
    alert_read(&alert);
    assert_int_equal(alert.kind, ALERT_IS_OTHER);
    strcpy(alert.text, "rio-2 diverges: 99999999999999999999999 keys"); /* a figure that no node has */
    alert_read(&alert);
    assert_int_equal(alert.n, 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_is_found_again_in_its_text),
        cmocka_unit_test(kinds_have_names_of_their_own),
        cmocka_unit_test(a_number_has_its_own_sentence),
        cmocka_unit_test(what_no_kind_has_written_stays_other),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
