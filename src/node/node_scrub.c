/*
 * node_scrub.c - looks at every stored record by and by, so that a disk's damage is found before somebody asks for the record. A worker
 * re-hashes SCRUB_RECORDS of them, a second later the next ones; at the end it begins again. What is damaged the store sets aside, and
 * healing asks other nodes for it.
 *
 * Spec: STATE section 3 ("background scrub at a bounded rate that shows its position").
 */
#include "config.h"

#include <string.h>

#include "node/node_parts.h"
#include "state/reader.h"

#define SCRUB_RECORDS 1000 /* a step: some milliseconds of one core */
#define SCRUB_STEP_MS 1000
#define SCRUB_REST_MS 3600000 /* after a whole look, until the next one */

/* On one of libuv's threads; `scrub` is its own meanwhile. */
static void
look(uv_work_t *work)
{
    struct node_scrub *scrub = work->data;
    struct reader *reader;

    scrub->step = 0;
    scrub->err = reader_begin(scrub->store, &reader);
    if (scrub->err)
        return;
    scrub->err = reader_scrub(reader, scrub->from, SCRUB_RECORDS, scrub->from, &scrub->step);
    reader_end(reader);
}

static void
looked(uv_work_t *work, int status)
{
    static const uint8_t first[32];
    struct node_scrub *scrub = work->data;
    uint64_t now = uv_now(work->loop);

    (void)status; /* never cancelled */
    scrub->busy = false;
    scrub->done += scrub->step;
    scrub->next_ms = now + SCRUB_STEP_MS;
    if (scrub->err || memcmp(scrub->from, first, sizeof(first)) != 0)
        return; /* what cannot be read now is tried again where it stood */
    scrub->ended_ms = now;
    scrub->done = 0;
    scrub->next_ms = now + SCRUB_REST_MS;
}

void
node_scrub_tick(struct node *node)
{
    struct node_scrub *scrub = &node->scrub;
    struct store_head head;
    uint64_t now = uv_now(&node->loop);

    store_head(node->store, &head);
    if (scrub->busy || now < scrub->next_ms || head.damaged)
        return;
    scrub->store = node->store;
    scrub->work.data = scrub;
    scrub->busy = uv_queue_work(&node->loop, &scrub->work, look, looked) == 0;
}

void
node_scrub_fill(const struct node *node, const struct store_head *head, struct snapshot *s)
{
    const struct node_scrub *scrub = &node->scrub;
    uint64_t percent = head->count > 0 ? scrub->done * 100 / head->count : 0;

    s->state.scrub_percent = (uint32_t)(percent < 100 ? percent : 100);
    s->state.scrub_age_ms = scrub->ended_ms > 0 ? (int64_t)(s->mono_ms - scrub->ended_ms) : -1;
}
