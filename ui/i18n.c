#include "config.h"

#include "i18n.h"

#include <locale.h>
#include <stdlib.h>
#include <string.h>

#ifdef ENABLE_NLS

/* A locale in which catalogues are looked at: in "C" they are not. */
static void
leave_c(void)
{
    const char *now = setlocale(LC_MESSAGES, NULL);

    if (now == NULL || strcmp(now, "C") == 0 || strcmp(now, "POSIX") == 0)
        (void)setlocale(LC_MESSAGES, "C.UTF-8");
}

void
i18n_open(const char *lang, const char *dir)
{
    (void)setlocale(LC_MESSAGES, "");
    if (lang[0]) {
        leave_c();
        (void)setenv("LANGUAGE", lang, 1); /* no memory: the locale's stays */
    }
    (void)bindtextdomain(PACKAGE, dir);
    (void)bind_textdomain_codeset(PACKAGE, "UTF-8");
    (void)textdomain(PACKAGE);
}

#else

void
i18n_open(const char *lang, const char *dir)
{
    (void)lang;
    (void)dir;
}

#endif
