/*
 * lung_page.h - the transition table as the page on the state machine states it, read from
 * tests/vectors/lung-table.txt: for tests that hold the machine against it.
 */
#ifndef LAT_TEST_LUNG_PAGE_H
#define LAT_TEST_LUNG_PAGE_H

#include <stdbool.h>

#include "node/lung.h"

#define PAGE_COLUMNS 10
#define PAGE_LETTERS_MAX 8

/* A target and its letters; f2 is 'F'. */
struct page_move {
    enum lung_state to;
    char letters[PAGE_LETTERS_MAX + 1];
};

struct page_cell {
    bool moves;
    struct page_move if_usable;
    struct page_move if_not;
};

struct page {
    struct page_cell cell[LUNG_STATE_COUNT][PAGE_COLUMNS];
};

/* Read it; fails the running test when the file is not as expected. */
void page_read(struct page *page);

/* CMD_AUTO and FORCE_END share a column. */
unsigned page_column(enum lung_event_kind kind);

/* The action that a letter asks of the driver, 0 for bookkeeping. */
uint32_t page_action(char letter);

/* All of them. */
uint32_t page_actions(const char *letters);

#endif
