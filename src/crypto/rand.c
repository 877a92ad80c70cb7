#include "config.h"

#include "crypto/rand.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

void
rand_bytes(void *out, size_t len)
{
    uint8_t *at = out;

    while (len > 0) {
        ssize_t n = getrandom(at, len, 0);

        if (n > 0) {
            at += n;
            len -= (size_t)n;
        } else if (errno != EINTR) {
            perror("lattice: getrandom");
            abort();
        }
    }
}

uint64_t
rand_u64(void)
{
    uint64_t value;

    rand_bytes(&value, sizeof(value));
    return value;
}
