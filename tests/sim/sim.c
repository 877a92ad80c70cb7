#include "config.h"

#include "sim/sim.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/random.h"

#define TRACE_PRIME UINT64_C(0x9E3779B97F4A7C15)

struct event {
    uint64_t at_ms, number;
    sim_fn fn;
    void *arg;
    size_t len;
    uint8_t bytes[];
};

struct sim {
    uint64_t now_ms, random, trace, numbered, happened;
    struct event **heap; /* the next one on top */
    size_t count, cap;
};

static void *
must(void *memory)
{
    if (memory == NULL) {
        fputs("simulator: out of memory\n", stderr);
        abort();
    }
    return memory;
}

struct sim *
sim_new(uint64_t seed)
{
    struct sim *sim = must(calloc(1, sizeof(*sim)));

    sim->now_ms = 1000000;
    sim->random = seed * TRACE_PRIME + 1;
    return sim;
}

void
sim_free(struct sim *sim)
{
    for (size_t i = 0; i < sim->count; i++)
        free(sim->heap[i]);
    free(sim->heap);
    free(sim);
}

uint64_t
sim_now_ms(const struct sim *sim)
{
    return sim->now_ms;
}

uint64_t
sim_wall_ms(const struct sim *sim)
{
    return UINT64_C(1800000000000) + sim->now_ms;
}

/* --- events ------------------------------------------------------------------------------------------ */

static bool
is_before(const struct event *a, const struct event *b)
{
    return a->at_ms < b->at_ms || (a->at_ms == b->at_ms && a->number < b->number);
}

static void
swap(struct event **a, struct event **b)
{
    struct event *kept = *a;

    *a = *b;
    *b = kept;
}

void
sim_at(struct sim *sim, uint64_t at_ms, sim_fn fn, void *arg, const void *bytes, size_t len)
{
    struct event *event = must(malloc(sizeof(*event) + len));
    size_t at = sim->count;

    *event = (struct event){ .at_ms = at_ms > sim->now_ms ? at_ms : sim->now_ms, .number = sim->numbered++, .fn = fn, .arg = arg,
                             .len = len };
    if (len > 0)
        memcpy(event->bytes, bytes, len);
    if (sim->count == sim->cap) {
        sim->cap = sim->cap ? 2 * sim->cap : 1024;
        sim->heap = must(realloc(sim->heap, sim->cap * sizeof(struct event *)));
    }
    sim->heap[sim->count++] = event;
    for (; at > 0 && is_before(sim->heap[at], sim->heap[(at - 1) / 2]); at = (at - 1) / 2)
        swap(&sim->heap[at], &sim->heap[(at - 1) / 2]);
}

static struct event *
take_next(struct sim *sim)
{
    struct event *next = sim->heap[0];
    size_t at = 0, least;

    sim->heap[0] = sim->heap[--sim->count];
    for (;;) {
        least = at;
        for (size_t child = 2 * at + 1; child <= 2 * at + 2 && child < sim->count; child++) {
            if (is_before(sim->heap[child], sim->heap[least]))
                least = child;
        }
        if (least == at)
            return next;
        swap(&sim->heap[at], &sim->heap[least]);
        at = least;
    }
}

void
sim_run(struct sim *sim, uint64_t ms)
{
    uint64_t until = sim->now_ms + ms;

    while (sim->count > 0 && sim->heap[0]->at_ms <= until) {
        struct event *event = take_next(sim);

        sim->now_ms = event->at_ms;
        sim->happened++;
        event->fn(event->arg, event->bytes, event->len);
        free(event);
    }
    sim->now_ms = until;
}

uint64_t
sim_events(const struct sim *sim)
{
    return sim->happened;
}

/* --- chance and trace -------------------------------------------------------------------------------- */

uint64_t
sim_below(struct sim *sim, uint64_t below)
{
    return random_u64(&sim->random) % below;
}

uint64_t
sim_between(struct sim *sim, uint64_t low, uint64_t high)
{
    return low + sim_below(sim, high - low + 1);
}

bool
sim_chance(struct sim *sim, uint32_t per_million)
{
    return per_million > 0 && sim_below(sim, SIM_ALWAYS) < per_million;
}

void
sim_fill(struct sim *sim, void *out, size_t len)
{
    random_fill(&sim->random, out, len);
}

static void
mix(struct sim *sim, uint64_t value)
{
    sim->trace ^= value;
    sim->trace = random_u64(&sim->trace);
}

void
sim_trace(struct sim *sim, const char *what, uint64_t a, uint64_t b)
{
    mix(sim, sim->now_ms);
    for (const char *p = what; *p; p++)
        mix(sim, (uint8_t)*p);
    mix(sim, a);
    mix(sim, b);
    if (getenv("SIM_TRACE"))
        fprintf(stderr, "%10llu %s %llu %llu\n", (unsigned long long)sim->now_ms, what, (unsigned long long)a, (unsigned long long)b);
}

uint64_t
sim_trace_hash(const struct sim *sim)
{
    return sim->trace;
}

/* --- seeds ------------------------------------------------------------------------------------------- */

static uint64_t failing; /* the seed that runs now; 0: none */

static uint64_t
number_of(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);

    return text && *text ? strtoull(text, NULL, 10) : otherwise;
}

bool
sim_each_seed(unsigned usual, void (*fn)(uint64_t seed))
{
    uint64_t first = number_of("SIM_FIRST", 1), count = number_of("SIM_SEEDS", usual);

    for (uint64_t i = 0; i < count; i++) {
        failing = first + i;
        fn(first + i);
    }
    failing = 0;
    return count >= usual;
}

void
sim_choose_tests(void)
{
    const char *pattern = getenv("SIM_ONLY");

    if (pattern && *pattern)
        cmocka_set_test_filter(pattern);
}

int
sim_teardown(void **state)
{
    (void)state;
    if (failing > 0)
        fprintf(stderr, "seed %llu failed: SIM_FIRST=%llu SIM_SEEDS=1 repeats it, SIM_TRACE=1 tells what happens\n",
                (unsigned long long)failing, (unsigned long long)failing);
    failing = 0;
    return 0;
}
