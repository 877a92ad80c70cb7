#include "config.h"

#include "words.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "i18n.h"
#include "view/alert_words.h"

#define DEPTH_MAX 10 /* reasons within reasons */

/* In this order: what is more special comes first. What stands for {what} or {why} is a reason in turn. */
static const char *const reasons[] = {
    /* of peers */
    N_("what it attested did not hold"),
    N_("its clock is {n} s behind ours"),
    N_("its clock is {n} s ahead of ours"),
    N_("zombie: no exchange for {n} s"),
    N_("key not trusted"),
    N_("connected, no state"),
    N_("no address is known"),
    N_("not dialed yet"),
    N_("dialing: {why}"),
    N_("agreement on security"),
    N_("secure handshake"),
    N_("agreement on a multiplexer"),
    /* of the lungs */
    N_("no peer found"),
    N_("no live peer"),
    N_("no answer"),
    N_("no HTTP source is configured (LATTICE_NODES)"),
    N_("{why} (and {n} more)"),
    /* of sources */
    N_("asked to be left alone for {n} s more"),
    N_("its clock is {what} behind ours: its word is not taken"),
    N_("its clock is {what} ahead of ours: its word is not taken"),
    N_("an attestation older than the last one of its key: ignored"),
    N_("answers with our own key: it is this node itself, or another one with the same key"),
    N_("answers with the key {who}.., not with {what}.., which is bound to it"),
    N_("is being filled itself, {n} records so far: it vouches for nothing yet"),
    /* answers to a wish */
    N_("Switched to {what}; warning: no HTTP peer is configured, nothing carries"),
    N_("Switched to {what}; warning: nothing carries the state now ({why})"),
    N_("Switched to {what}; asking its sources, none has answered yet"),
    N_("Switched to {what}"),
    N_("automatic mode"),
    N_("P2P-only mode"),
    N_("HTTP-only mode"),
    N_("P2P is disabled by configuration; set LATTICE_P2P_ENABLED=true and restart"),
    N_("nothing later is kept yet: that is the present"),
    N_("nothing earlier is kept"),
    N_("the lungs have not changed since"),
    N_("no earlier change of the lungs is kept"),
    /* why nothing is taken, or not all */
    N_("differs; no key is trusted here, so nothing is taken (set LATTICE_TRUSTED_KEYS)"),
    N_("differs; no trusted key has signed its state, so nothing is taken"),
    N_("its state could not be imported: {why}"),
    N_("differs in {n} keys where a signed record of ours stands against its unsigned value"),
    N_("{n} of its records refused: {why}"),
    N_("{n} of its records refused"),
    N_("agrees but for {n}: {why}"),
    N_("agrees but for {n}"),
    N_("{what}, {why}"),
    N_("{n} of authors not trusted here (first {who}..)"),
    N_("{n} of author {who}.. not trusted here"),
    N_("{n} of author {who}.. not trusted there"),
    N_("{n} ahead of our clock"),
    N_("{n} ahead of the clock"),
    N_("{n} with a bad signature"),
    N_("{n} malformed"),
    N_("{n} below the horizon"),
    N_("{n} not stored"),
    /* doubts */
    N_("key {who}.. shows root {what} by HTTP and {why} by P2P"),
    /* the rest of a sentence, behind a URL or an address */
    N_("{who}: {why}"),
};

static void translate(const char *text, int depth, char *out, size_t size);

static void
translate_words(const char *pattern, const struct phrase_words *words, int depth, char *out, size_t size)
{
    struct phrase_words ours = *words;

    for (int place = PHRASE_WHAT; place < PHRASE_N; place++) /* a name stays itself */
        translate(words->word[place], depth + 1, ours.word[place], PHRASE_WORD_MAX);
    phrase_write(pattern, &ours, out, size);
}

static void
translate(const char *text, int depth, char *out, size_t size)
{
    struct phrase_words words;

    for (size_t i = 0; text[0] && depth < DEPTH_MAX && i < sizeof(reasons) / sizeof(reasons[0]); i++)
        if (phrase_read(reasons[i], text, &words)) {
            translate_words(_(reasons[i]), &words, depth, out, size);
            return;
        }
    lat_copy(out, size, text);
}

const char *
words_of_node(const char *text, char out[WORDS_MAX])
{
    translate(text, 0, out, WORDS_MAX);
    return out;
}

const char *
words_of_alert(const struct snapshot_alert *alert, char out[WORDS_MAX])
{
    struct snapshot_alert known = *alert;
    struct alert_pattern pattern;
    struct phrase_words words;

    alert_read(&known);
    if (known.kind == ALERT_IS_OTHER) {
        lat_copy(out, WORDS_MAX, alert->text);
        return out;
    }
    pattern = alert_pattern(known.kind);
    words = alert_words(&known);
    if (strcmp(pattern.one, pattern.many) == 0)
        translate_words(_(pattern.one), &words, 0, out, WORDS_MAX);
    else
        translate_words(NP_(pattern.one, pattern.many, (unsigned long)known.n), &words, 0, out, WORDS_MAX);
    return out;
}
