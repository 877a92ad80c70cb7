/* What a node says in English, in the operator's language. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "i18n.h"
#include "view/alert_words.h"
#include "words.h"

static void
speak(const char *lang)
{
    i18n_open(lang, CATALOGUE_DIR);
#ifndef ENABLE_NLS
    print_message("built without catalogues\n");
    skip();
#endif
}

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

/* What nodes write: by node/live_show.c, node_peers.c, node_p2p.c, node_commands.c, node_history.c, http/poller.c, poll_*.c, state/heal_*.c, p2p/swarm_rows.c. */
static const char *const reasons[] = {
    "what it attested did not hold",
    "its clock is 42 s behind ours",
    "its clock is 42 s ahead of ours",
    "zombie: no exchange for 42 s",
    "key not trusted",
    "connected, no state",
    "no address is known",
    "not dialed yet",
    "dialing: secure handshake",
    "dialing: agreement on security",
    "dialing: agreement on a multiplexer",
    "no peer found",
    "no HTTP source is configured (LATTICE_NODES)",
    "http://10.1.0.11:8000: asked to be left alone for 42 s more (and 2 more)",
    "its clock is 42 min behind ours: its word is not taken",
    "its clock is 42 min ahead of ours: its word is not taken",
    "an attestation older than the last one of its key: ignored",
    "answers with our own key: it is this node itself, or another one with the same key",
    "answers with the key 4f1c9a03.., not with 77be0d51.., which is bound to it",
    "is being filled itself, 42 records so far: it vouches for nothing yet",
    "differs; no key is trusted here, so nothing is taken (set LATTICE_TRUSTED_KEYS)",
    "differs; no trusted key has signed its state, so nothing is taken",
    "its state could not be imported: no answer",
    "differs in 42 keys where a signed record of ours stands against its unsigned value",
    "42 of its records refused",
    "42 of its records refused: 7 of authors not trusted here (first 4f1c9a03..), 9 ahead of our clock, 8 malformed, 2 not stored",
    "42 of its records refused: 7 with a bad signature, 9 below the horizon",
    "agrees but for 42: 7 of author 4f1c9a03.. not trusted here, 9 of author 77be0d51.. not trusted there",
    "agrees but for 42: 7 ahead of the clock",
    "agrees but for 42",
    "Switched to automatic mode",
    "Switched to HTTP-only mode; warning: no HTTP peer is configured, nothing carries",
    "Switched to P2P-only mode; warning: nothing carries the state now (FP2P_DOWN)",
    "P2P is disabled by configuration; set LATTICE_P2P_ENABLED=true and restart",
    "nothing later is kept yet: that is the present",
    "nothing earlier is kept",
    "the lungs have not changed since",
    "no earlier change of the lungs is kept",
    "key 4f1c9a03.. shows root 77be0d51 by HTTP and aa10c4e2 by P2P",
};
#define REASONS (sizeof(reasons) / sizeof(reasons[0]))

/* Figures, roots, URLs and names of settings are in a translation too. */
static void
assert_same_facts(const char *english, const char *translated)
{
    static const char *const facts[] = { "42", "4f1c9a03", "77be0d51", "aa10c4e2", "http://10.1.0.11:8000", "LATTICE_", " 7 ", " 9 ", "rio-2",
                                         "connection refused", "P2P" };

    for (size_t i = 0; i < sizeof(facts) / sizeof(facts[0]); i++)
        if (strstr(english, facts[i]) && strstr(translated, facts[i]) == NULL)
            fail_msg("'%s' is not in '%s', from '%s'", facts[i], translated, english);
    assert_null(strchr(translated, '{'));
}

static void
english_stays_as_the_node_wrote_it(void **state)
{
    char out[WORDS_MAX];

    (void)state;
    i18n_open("en", CATALOGUE_DIR);
    for (size_t i = 0; i < REASONS; i++)
        assert_string_equal(words_of_node(reasons[i], out), reasons[i]);
    for (int kind = ALERT_IS_OTHER + 1; kind < ALERT_KIND_COUNT; kind++) {
        struct snapshot_alert alert = sample((enum alert_kind)kind, 2);

        assert_string_equal(words_of_alert(&alert, out), alert.text);
    }
}

static void
every_reason_is_translated_whole(void **state)
{
    static const char *const left[] = { " of ", " the ", "not ", "its ", "trusted", "clock", "refused", "peer", "ours", "ahead" };
    char out[WORDS_MAX];

    (void)state;
    speak("pt_BR");
    for (size_t i = 0; i < REASONS; i++) {
        words_of_node(reasons[i], out);
        assert_string_not_equal(out, reasons[i]);
        assert_same_facts(reasons[i], out);
        for (size_t k = 0; k < sizeof(left) / sizeof(left[0]); k++)
            if (strstr(out, left[k]))
                fail_msg("'%s' is left in '%s'", left[k], out);
    }
}

static void
every_alert_is_translated_with_its_words(void **state)
{
    char out[WORDS_MAX];

    (void)state;
    speak("pt_BR");
    for (int kind = ALERT_IS_OTHER + 1; kind < ALERT_KIND_COUNT; kind++)
        for (uint64_t n = 1; n <= 2; n++) {
            struct snapshot_alert alert = sample((enum alert_kind)kind, n);

            words_of_alert(&alert, out);
            if (kind != ALERT_IS_SOURCE_FAILS && kind != ALERT_IS_API) /* nothing but names and an error's text */
                assert_string_not_equal(out, alert.text);
            assert_same_facts(alert.text, out);
        }
    assert_string_equal(words_of_alert(&(struct snapshot_alert){ .kind = ALERT_IS_DIFFERS_KEYS, .who = "rio-2", .n = 1 }, out),
                        "rio-2 diverge: 1 chave");
}

/* A summary has code and text alone, and so has an older node. */
static void
an_alert_without_its_kind_is_known_by_its_text(void **state)
{
    char out[WORDS_MAX];

    (void)state;
    speak("pt_BR");
    assert_string_equal(words_of_alert(&(struct snapshot_alert){ .code = "D1", .text = "rio-2 diverges: 3 keys" }, out),
                        "rio-2 diverge: 3 chaves");
    assert_string_equal(words_of_alert(&(struct snapshot_alert){ .code = "M1", .text = "mode forced to P2P by console" }, out),
                        "modo P2P imposto por console");
}

static void
what_is_not_known_stays_as_it_is(void **state)
{
    char out[WORDS_MAX], deep[SNAPSHOT_TEXT_MAX] = "";

    (void)state;
    speak("pt_BR");
    assert_string_equal(words_of_node("", out), "");
    assert_string_equal(words_of_node("connection refused", out), "connection refused");
    assert_string_equal(words_of_node("http://10.1.0.11:8000: %s%n {who}", out), "http://10.1.0.11:8000: %s%n {who}");
    assert_string_equal(words_of_alert(&(struct snapshot_alert){ .code = "Z9", .text = "something of a later version" }, out),
                        "something of a later version");
    while (strlen(deep) + 4 < sizeof(deep))
        strcat(deep, "a: ");
    strcat(deep, "b");
    assert_string_equal(words_of_node(deep, out), deep);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(english_stays_as_the_node_wrote_it),     cmocka_unit_test(every_reason_is_translated_whole),
        cmocka_unit_test(every_alert_is_translated_with_its_words), cmocka_unit_test(an_alert_without_its_kind_is_known_by_its_text),
        cmocka_unit_test(what_is_not_known_stays_as_it_is),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
