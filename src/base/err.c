#include "config.h"

#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>

static const char *const texts[] = {
#define LAT_ERR_TEXT(name, text) [LAT_##name] = (text),
    LAT_ERR_MAP(LAT_ERR_TEXT)
#undef LAT_ERR_TEXT
};

const char *
lat_err_text(enum lat_err err)
{
    return texts[err];
}

void
lat_msg_set(struct lat_msg *msg, const char *fmt, ...)
{
    va_list args;

    if (msg == NULL)
        return;
    va_start(args, fmt);
    vsnprintf(msg->text, sizeof(msg->text), fmt, args);
    va_end(args);
}
