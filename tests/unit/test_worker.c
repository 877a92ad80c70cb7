/* test_worker.c - jobs run on other threads, the queue has an end, and at the end no job is left behind. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <unistd.h>

#include "http/worker.h"

struct test_job {
    struct job job;
    atomic_bool *gate; /* not before this is open; NULL: at once */
    atomic_int *count;
};

static void
run(struct job *job)
{
    struct test_job *t = (struct test_job *)job;

    while (t->gate != NULL && !atomic_load(t->gate))
        usleep(1000);
    atomic_fetch_add(t->count, 1);
}

static void
count_call(void *arg)
{
    atomic_fetch_add((atomic_int *)arg, 1);
}

/* Wait for at most five seconds. */
static bool
reaches(atomic_int *count, int value)
{
    for (int i = 0; i < 5000 && atomic_load(count) < value; i++)
        usleep(1000);
    return atomic_load(count) == value;
}

static void
each_job_runs_once_and_its_end_is_told(void **state)
{
    struct test_job jobs[50];
    atomic_int ran = 0, told = 0;
    struct worker *worker = worker_new(2, count_call, &told);

    (void)state;
    for (size_t i = 0; i < 50; i++) {
        jobs[i] = (struct test_job){ .job = { .run = run }, .count = &ran };
        assert_int_equal(worker_submit(worker, &jobs[i].job), LAT_OK);
    }
    assert_true(reaches(&told, 50));
    for (size_t i = 0; i < 50; i++)
        assert_true(job_is_done(&jobs[i].job));
    worker_free(worker);
    assert_int_equal(ran, 50);
}

static void
a_full_queue_is_said_and_an_end_leaves_no_job_undone(void **state)
{
    struct test_job jobs[WORKER_QUEUE_MAX + 8];
    atomic_int ran = 0, told = 0;
    atomic_bool gate = false;
    struct worker *worker = worker_new(1, count_call, &told);
    size_t taken = 0;

    (void)state;
    for (size_t i = 0; i < WORKER_QUEUE_MAX + 8; i++) {
        jobs[i] = (struct test_job){ .job = { .run = run }, .gate = &gate, .count = &ran };
        if (worker_submit(worker, &jobs[i].job) == LAT_OK)
            taken++;
        usleep(i == 0 ? 20000 : 0); /* the first one leaves the queue */
    }
    assert_int_equal(taken, WORKER_QUEUE_MAX + 1);
    assert_false(job_is_done(&jobs[1].job));
    atomic_store(&gate, true);
    worker_free(worker);
    for (size_t i = 0; i < taken; i++)
        assert_true(job_is_done(&jobs[i].job));
    assert_true(ran >= 1 && ran <= (int)taken);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_job_runs_once_and_its_end_is_told),
        cmocka_unit_test(a_full_queue_is_said_and_an_end_leaves_no_job_undone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
