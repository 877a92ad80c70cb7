/*
 * sim.h - a virtual clock with things to happen on it, chance by a seed, and a trace of what happened. The same seed gives the same run, to
 * the last event; two runs are the same when their trace hashes are.
 *
 * Events of one instant happen in the order in which they were asked for. Nothing here sleeps or reads a clock.
 */
#ifndef TESTS_SIM_SIM_H
#define TESTS_SIM_SIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Per million. */
#define SIM_ALWAYS 1000000u

struct sim;

struct sim *sim_new(uint64_t seed);
void sim_free(struct sim *sim);

uint64_t sim_now_ms(const struct sim *sim); /* begins at 1,000,000 */
uint64_t sim_wall_ms(const struct sim *sim); /* Unix */

/* fn(arg, bytes, len) happens at at_ms, or now if that is past; with a copy of len bytes. */
typedef void (*sim_fn)(void *arg, void *bytes, size_t len);
void sim_at(struct sim *sim, uint64_t at_ms, sim_fn fn, void *arg, const void *bytes, size_t len);

/* Let everything happen that is due within so many ms. */
void sim_run(struct sim *sim, uint64_t ms);

/* Chance: 0 .. below - 1, low .. high, and true so many times in a million. */
uint64_t sim_below(struct sim *sim, uint64_t below);
uint64_t sim_between(struct sim *sim, uint64_t low, uint64_t high);
bool sim_chance(struct sim *sim, uint32_t per_million);
void sim_fill(struct sim *sim, void *out, size_t len);

/* Something happened: goes into the trace together with the time. */
void sim_trace(struct sim *sim, const char *what, uint64_t a, uint64_t b);
uint64_t sim_trace_hash(const struct sim *sim);
uint64_t sim_events(const struct sim *sim); /* that have happened */

/* --- seeds ------------------------------------------------------------------------------------------- */

/*
 * Run fn for each seed: SIM_SEEDS of them (environment; else `usual`) from SIM_FIRST (else 1) on. A seed that fails is named on standard
 * error, by sim_teardown. Returns whether there were as many as usual: enough to say what all of them together should have met.
 */
bool sim_each_seed(unsigned usual, void (*fn)(uint64_t seed));

/* SIM_ONLY (environment): run the tests whose names fit this pattern. */
void sim_choose_tests(void);

/* For cmocka_unit_test_teardown. */
int sim_teardown(void **state);

#endif
