#include "config.h"

#include "support/lung_page.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define ROW_MAX 1024

static const char *const columns[PAGE_COLUMNS] = { "PEER_UP", "LAST_DOWN", "FALLBACK", "HTTP_UP",
                                                   "HTTP_DOWN", "HOLD", "CMD_P2P", "CMD_HTTP",
                                                   "CMD_AUTO, FORCE_END", "STOP" };

/* The text between the bars at *row, trimmed in place; *row moves on. NULL at the end of the row. */
static char *
next_field(char **row)
{
    char *begin = *row + 1;
    char *end = strchr(begin, '|');

    if (end == NULL)
        return NULL;
    *row = end;
    while (*begin == ' ')
        begin++;
    while (end > begin && end[-1] == ' ')
        end--;
    if (end != *row)
        *end = '\0';
    return begin;
}

/* "COUNTDOWN [t,k,w,f]" or "FP2P_UP". */
static void
read_move(const char *text, size_t len, struct page_move *move)
{
    char name[32] = "";
    size_t name_len = strcspn(text, " [:|");
    size_t count = 0;

    if (name_len > len)
        name_len = len;
    assert_true(name_len < sizeof(name));
    memcpy(name, text, name_len);
    if (lung_state_parse(name, &move->to))
        fail_msg("lung-table.txt: no state \"%s\"", name);
    memset(move->letters, 0, sizeof(move->letters));
    for (size_t i = name_len; i < len; i++) {
        if (strchr(" [],", text[i]) != NULL)
            continue;
        assert_true(count < PAGE_LETTERS_MAX);
        if (text[i] == '2')
            move->letters[count - 1] = 'F';
        else
            move->letters[count++] = text[i];
    }
}

static void
read_cell(const char *text, struct page_cell *cell)
{
    const char *other;

    cell->moves = strcmp(text, "-") != 0;
    if (!cell->moves)
        return;
    if (strncmp(text, "H?", 2) != 0) {
        read_move(text, strlen(text), &cell->if_usable);
        cell->if_not = cell->if_usable;
        return;
    }
    other = strchr(text, ':');
    assert_non_null(other);
    read_move(text + 2, (size_t)(other - text) - 2, &cell->if_usable);
    read_move(other + 1, strlen(other + 1), &cell->if_not);
}

static void
read_head(char *row)
{
    assert_string_equal(next_field(&row), "state");
    for (unsigned i = 0; i < PAGE_COLUMNS; i++)
        assert_string_equal(next_field(&row), columns[i]);
}

static void
read_row(char *row, enum lung_state state, struct page *page)
{
    assert_string_equal(next_field(&row), lung_state_name(state));
    for (unsigned i = 0; i < PAGE_COLUMNS; i++) {
        const char *field = next_field(&row);

        assert_non_null(field);
        read_cell(field, &page->cell[state][i]);
    }
}

void
page_read(struct page *page)
{
    FILE *file = fopen(VECTOR_DIR "/lung-table.txt", "r");
    char row[ROW_MAX];
    int rows = -1;

    assert_non_null(file);
    memset(page, 0, sizeof(*page));
    while (fgets(row, sizeof(row), file) != NULL) {
        if (row[0] != '|')
            continue;
        if (rows < 0)
            read_head(row);
        else
            read_row(row, (enum lung_state)rows, page);
        rows++;
    }
    fclose(file);
    assert_int_equal(rows, LUNG_STATE_COUNT);
}

unsigned
page_column(enum lung_event_kind kind)
{
    return kind >= LUNG_EV_FORCE_END ? (unsigned)kind - 1 : (unsigned)kind;
}

uint32_t
page_action(char letter)
{
    static const struct {
        char letter;
        uint32_t action;
    } actions[] = {
        { 'w', LUNG_DO_HTTP_WARM },    { 's', LUNG_DO_HTTP_STANDBY }, { 'h', LUNG_DO_HTTP_CARRY },
        { 'a', LUNG_DO_HTTP_DISCARD }, { 'i', LUNG_DO_ISOLATED },     { 'x', LUNG_DO_HTTP_OFF },
        { 'p', LUNG_DO_P2P_OFF },      { 'o', LUNG_DO_P2P_ON },       { 'z', LUNG_DO_STOP },
    };

    for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
        if (actions[i].letter == letter)
            return actions[i].action;
    }
    return 0;
}

uint32_t
page_actions(const char *letters)
{
    uint32_t actions = 0;

    for (const char *at = letters; *at != '\0'; at++)
        actions |= page_action(*at);
    return actions;
}
