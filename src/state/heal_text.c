/* What a session says of itself, for people. */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "state/heal_parts.h"

uint32_t
heal_percent(const struct heal *heal)
{
    uint64_t done = (uint64_t)heal->applied + heal->refused + heal->given_taken + heal->given_refused;
    uint64_t left = heal_wants(heal) + heal_gifts(heal) + heal->batch_count;

    if (heal->tier == HEAL_TIER_STREAM)
        return heal->announced == 0 || heal->seen >= heal->announced ? 100
                                                                     : (uint32_t)(heal->seen * 100 / heal->announced);
    if (heal->state == HEAL_OVER)
        return 100;
    if (!heal->exact && heal->estimate > done + left)
        left = heal->estimate - done;
    return done + left == 0 ? 0 : (uint32_t)(done * 100 / (done + left));
}

const char *
heal_tier_name(enum heal_tier tier)
{
    static const char *const names[] = { [HEAL_TIER_NONE] = "none",
                                         [HEAL_TIER_SKETCH] = "sketch",
                                         [HEAL_TIER_DESCENT] = "descent",
                                         [HEAL_TIER_STREAM] = "stream" };

    return names[tier];
}

const char *
heal_end_name(enum heal_end end)
{
    static const char *const names[] = { [HEAL_NONE] = "none",
                                         [HEAL_EQUAL] = "equal",
                                         [HEAL_BUT] = "equal_but",
                                         [HEAL_INCOMPATIBLE] = "incompatible",
                                         [HEAL_ALL_TAKEN] = "all_taken",
                                         [HEAL_REFUSED] = "refused",
                                         [HEAL_MOVED] = "moved",
                                         [HEAL_BUDGET] = "budget",
                                         [HEAL_STALLED] = "stalled",
                                         [HEAL_LIED] = "lied",
                                         [HEAL_FAILED] = "failed" };

    return names[end];
}

struct reason {
    uint64_t count;
    const char *text;
};

/* "<before>: 3 of this, 2 of that"; what does not fit is left out. */
static void
list_reasons(struct lat_buf *text, const struct reason *reasons, size_t count)
{
    const char *before = ": ";

    for (size_t i = 0; i < count; i++) {
        if (reasons[i].count == 0)
            continue;
        if (lat_buf_printf(text, "%s%" PRIu64 " %s", before, reasons[i].count, reasons[i].text))
            return;
        before = ", ";
    }
}

void
heal_refused_text(const struct heal *heal, char *out, size_t out_size)
{
    char author[9], untrusted[64];
    const struct reason reasons[] = {
        { heal->untrusted, untrusted },
        { heal->held, "ahead of our clock" },
        { heal->bad_signatures, "with a bad signature" },
        { heal->malformed, "malformed" },
        { heal->below_horizon, "below the horizon" },
        { heal->not_stored, "not stored" },
    };
    struct lat_buf text;

    out[0] = '\0';
    if (heal->refused == 0)
        return;
    lat_hex(heal->untrusted_author, 4, author);
    snprintf(untrusted, sizeof(untrusted), "of authors not trusted here (first %s..)", author);
    lat_buf_init(&text, out_size);
    if (lat_buf_printf(&text, "%" PRIu32 " of its records refused", heal->refused) == LAT_OK)
        list_reasons(&text, reasons, sizeof(reasons) / sizeof(reasons[0]));
    if (lat_buf_str(&text))
        lat_copy(out, out_size, (const char *)text.data);
    lat_buf_fini(&text);
}

/* The first author whose record was refused on this side; NULL: none. */
static const uint8_t *
first_author(const struct settled *s, bool here, uint64_t *count)
{
    const uint8_t *author = NULL;

    *count = 0;
    for (size_t i = 0; i < s->count; i++) {
        if (s->keys[i].why != VERDICT_NOT_TRUSTED || s->keys[i].here != here)
            continue;
        author = author ? author : s->keys[i].author;
        (*count)++;
    }
    return author;
}

static void
say_author(char out[64], const uint8_t author[32], const char *where)
{
    char hex[9];

    lat_hex(author, 4, hex);
    snprintf(out, 64, "of author %s.. not trusted %s", hex, where);
}

void
heal_settled_text(const struct heal *heal, char *out, size_t out_size)
{
    const struct settled *s = &heal->settled;
    char here[64] = "", there[64] = "";
    uint64_t untrusted_here, untrusted_there;
    const uint8_t *author = first_author(s, true, &untrusted_here);
    struct lat_buf text;

    out[0] = '\0';
    if (s->count == 0)
        return;
    if (author)
        say_author(here, author, "here");
    author = first_author(s, false, &untrusted_there);
    if (author)
        say_author(there, author, "there");
    lat_buf_init(&text, out_size);
    if (lat_buf_printf(&text, "agrees but for %zu", s->count) == LAT_OK) {
        const struct reason reasons[] = { { untrusted_here, here },
                                          { untrusted_there, there },
                                          { settled_count(s, VERDICT_HELD), "ahead of the clock" },
                                          { settled_count(s, VERDICT_BELOW_HORIZON), "below the horizon" } };

        list_reasons(&text, reasons, sizeof(reasons) / sizeof(reasons[0]));
    }
    if (lat_buf_str(&text))
        lat_copy(out, out_size, (const char *)text.data);
    lat_buf_fini(&text);
}
