#include "config.h"

#include "base/wipe.h"

#include <stdint.h>
#include <string.h>

void
lat_wipe(void *secret, size_t len)
{
    explicit_bzero(secret, len);
}

bool
lat_equal_ct(const void *a, const void *b, size_t len)
{
    const volatile uint8_t *x = a;
    const volatile uint8_t *y = b;
    uint8_t differ = 0;

    for (size_t i = 0; i < len; i++)
        differ |= (uint8_t)(x[i] ^ y[i]);
    return differ == 0;
}
