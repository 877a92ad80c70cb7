/*
 * rand.h - random bytes of the operating system. Any thread. Failure ends the process: nothing secret can be
 * made without them.
 */
#ifndef LAT_CRYPTO_RAND_H
#define LAT_CRYPTO_RAND_H

#include <stddef.h>
#include <stdint.h>

void rand_bytes(void *out, size_t len);
uint64_t rand_u64(void);

#endif
