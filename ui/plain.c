#include "config.h"

#include "plain.h"

#include <stdlib.h>
#include <string.h>

enum lat_err
plain_write(const struct canvas *canvas, FILE *out)
{
    char row[CANVAS_ROW_TEXT_MAX];
    int blank = 0;

    for (int y = 0; y < canvas->rows; y++) {
        canvas_row_text(canvas, y, row, sizeof(row));
        if (row[0] == 0) {
            blank++;
            continue;
        }
        for (; blank > 0; blank--)
            fputc('\n', out);
        fputs(row, out);
        fputc('\n', out);
    }
    return fflush(out) == 0 && !ferror(out) ? LAT_OK : LAT_SYS;
}

char *
plain_text(const struct canvas *canvas)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    enum lat_err err;

    if (out == NULL)
        return NULL;
    err = plain_write(canvas, out);
    if (fclose(out) == 0 && !err)
        return text;
    free(text);
    return NULL;
}
