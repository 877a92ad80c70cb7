/*
 * i18n.h - the language of the console. Texts for people pass _(); tables hold them as N_() and pass _() where they are
 * drawn. JSON, the log, settings, words that are typed and the names of states in both are never translated.
 *
 * Console thread; i18n_open before any other thread is there.
 */
#ifndef LAT_UI_I18N_H
#define LAT_UI_I18N_H

#define N_(text) text

#ifdef ENABLE_NLS
#include <libintl.h>
#define _(text) gettext(text)
#define NP_(one, many, count) ngettext(one, many, count)
#else
#define _(text) (text)
#define NP_(one, many, count) ((count) == 1 ? (one) : (many))
#endif

/*
 * Speak a language: "en", "pt_BR" or what else there is a catalogue for; "": that of the locale. dir: folder of the
 * catalogues. Texts are UTF-8 whatever the locale says; the canvas makes the best of it. Without --enable-nls, English.
 */
void i18n_open(const char *lang, const char *dir);

#endif
