/*
 * picture.h - the whole screen of a sample, as text. For tests of ui.
 */
#ifndef LAT_TESTS_PICTURE_H
#define LAT_TESTS_PICTURE_H

#include <stdio.h>

#include "plain.h"
#include "render.h"

static inline struct model
model_for(const struct snapshot *s, int cols, int rows)
{
    struct model model;

    model_init(&model);
    model.cols = cols;
    model.rows = rows;
    model.embedded = model.control = true;
    snprintf(model.via, sizeof(model.via), "embedded");
    model.now_ms = s ? s->mono_ms : 1000;
    return model;
}

static inline struct caps
caps_for(bool unicode)
{
    return (struct caps){ .unicode = unicode, .charset = unicode ? charset_unicode() : charset_ascii() };
}

/* The caller frees. */
static inline char *
picture(const struct model *model, const struct snapshot *s, bool unicode)
{
    struct caps caps = caps_for(unicode);
    struct canvas *canvas = canvas_new(model->cols, model->rows, unicode);
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);

    assert_non_null(canvas);
    assert_non_null(out);
    render(model, s, &caps, canvas);
    assert_int_equal(plain_write(canvas, out), LAT_OK);
    fclose(out);
    canvas_free(canvas);
    return text;
}

#endif
