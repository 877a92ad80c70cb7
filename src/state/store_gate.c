#include "config.h"

#include "state/store_db.h"

#include <assert.h>

#include "base/wait.h"

bool
db_gate_enter(struct db_gate *gate, uint64_t wait_ms)
{
    struct timespec until = lat_deadline(wait_ms);
    bool entered;

    pthread_mutex_lock(&gate->lock);
    while (gate->closed && pthread_cond_timedwait(&gate->moved, &gate->lock, &until) == 0)
        ;
    entered = !gate->closed;
    gate->inside += entered;
    pthread_mutex_unlock(&gate->lock);
    return entered;
}

void
db_gate_leave(struct db_gate *gate)
{
    pthread_mutex_lock(&gate->lock);
    assert(gate->inside > 0);
    gate->inside--;
    pthread_cond_broadcast(&gate->moved);
    pthread_mutex_unlock(&gate->lock);
}

bool
db_gate_close(struct db_gate *gate, uint64_t wait_ms)
{
    struct timespec until = lat_deadline(wait_ms);
    bool closed;

    pthread_mutex_lock(&gate->lock);
    gate->closed = true; /* at once, so that a stream of short readers cannot keep it open */
    while (gate->inside > 0 && pthread_cond_timedwait(&gate->moved, &gate->lock, &until) == 0)
        ;
    closed = gate->closed = gate->inside == 0;
    if (!closed)
        pthread_cond_broadcast(&gate->moved);
    pthread_mutex_unlock(&gate->lock);
    return closed;
}

void
db_gate_open(struct db_gate *gate)
{
    pthread_mutex_lock(&gate->lock);
    gate->closed = false;
    pthread_cond_broadcast(&gate->moved);
    pthread_mutex_unlock(&gate->lock);
}
