#include "config.h"

#include "attach/randomart.h"

#include <stdio.h>
#include <string.h>

#define BOARD_COLS (RANDOMART_COLS - 2)
#define BOARD_ROWS (RANDOMART_ROWS - 2)

/* Never entered, once, twice ...; the last one stands for more than that. */
static const char marks[] = " .o+=*BOX@%&#/^";
#define MARK_MOST (sizeof(marks) - 2)

struct board {
    uint8_t visits[BOARD_ROWS][BOARD_COLS];
    int x, y;
};

/* Walls hold: a step against one goes along it. */
static int
stay_inside(int at, int size)
{
    if (at < 0)
        return 0;
    return at < size ? at : size - 1;
}

static void
step(struct board *board, unsigned bits)
{
    uint8_t *field;

    board->x = stay_inside(board->x + (bits & 1 ? 1 : -1), BOARD_COLS);
    board->y = stay_inside(board->y + (bits & 2 ? 1 : -1), BOARD_ROWS);
    field = &board->visits[board->y][board->x];
    if (*field < MARK_MOST)
        ++*field;
}

/* "+--[ED25519 256]--+" */
static char *
put_edge(char *out, const char *name)
{
    size_t len = strlen(name);

    memset(out, '-', RANDOMART_COLS);
    out[0] = out[RANDOMART_COLS - 1] = '+';
    out[RANDOMART_COLS] = '\n';
    for (size_t i = 0; i < len; i++)
        out[1 + (BOARD_COLS - len) / 2 + i] = name[i];
    return out + RANDOMART_COLS + 1;
}

static char *
put_row(char *out, const uint8_t visits[BOARD_COLS])
{
    *out++ = '|';
    for (int x = 0; x < BOARD_COLS; x++)
        *out++ = marks[visits[x]];
    *out++ = '|';
    *out++ = '\n';
    return out;
}

void
randomart(const uint8_t *digest, size_t len, const char *type, unsigned bits, const char *hash, char out[RANDOMART_LEN])
{
    const int begin_x = BOARD_COLS / 2, begin_y = BOARD_ROWS / 2;
    struct board board = { .x = begin_x, .y = begin_y };
    char name[BOARD_COLS + 1], *row, *at;
    int wanted;

    for (size_t i = 0; i < len; i++)
        for (unsigned shift = 0; shift < 8; shift += 2)
            step(&board, (unsigned)digest[i] >> shift);
    wanted = snprintf(name, sizeof(name), "[%s %u]", type, bits);
    if (wanted >= (int)sizeof(name))
        snprintf(name, sizeof(name), "[%.*s]", BOARD_COLS - 2, type);
    row = at = put_edge(out, name);
    for (int y = 0; y < BOARD_ROWS; y++)
        at = put_row(at, board.visits[y]);
    row[begin_y * (RANDOMART_COLS + 1) + 1 + begin_x] = 'S';
    row[board.y * (RANDOMART_COLS + 1) + 1 + board.x] = 'E';
    snprintf(name, sizeof(name), "[%.*s]", BOARD_COLS - 2, hash);
    *put_edge(at, name) = 0;
}
