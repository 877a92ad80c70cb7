/*
 * What decodes encodes to the same bytes; a front of a number asks for more; and what is encoded is read back.
 */
#include "config.h"

#include "fuzz/fuzz.h"

#include <string.h>

#include "base/varint.h"

static void
check_decoded(const uint8_t *data, uint64_t value, size_t used)
{
    uint8_t again[VARINT_LEN_MAX];
    uint64_t untouched = 7;
    size_t none = 7;

    FUZZ_CHECK(used >= 1 && used <= VARINT_LEN_MAX && value <= VARINT_MAX);
    FUZZ_CHECK(varint_encode(value, again) == used && varint_len(value) == used);
    FUZZ_CHECK(memcmp(again, data, used) == 0);
    for (size_t cut = 0; cut < used; cut++)
        FUZZ_CHECK(varint_decode(data, cut, &untouched, &none) == LAT_SHORT);
    FUZZ_CHECK(untouched == 7 && none == 7);
}

/* More is asked for only while more could help; what is refused has a reason that can be seen. */
static void
check_refused(const uint8_t *data, size_t size, enum lat_err err)
{
    size_t going_on = 0;

    while (going_on < size && (data[going_on] & 0x80) != 0)
        going_on++;
    if (err == LAT_SHORT)
        FUZZ_CHECK(going_on == size && size < VARINT_LEN_MAX);
    else
        FUZZ_CHECK(err == LAT_MALFORMED && (going_on >= VARINT_LEN_MAX || (going_on > 0 && data[going_on] == 0)));
}

static void
check_number(const uint8_t *data)
{
    uint8_t bytes[VARINT_LEN_MAX];
    uint64_t number, value;
    size_t used, len;

    memcpy(&number, data, sizeof(number));
    FUZZ_CHECK(varint_zigzag(varint_unzigzag(number)) == number);
    number &= VARINT_MAX;
    len = varint_encode(number, bytes);
    FUZZ_CHECK(varint_decode(bytes, len, &value, &used) == LAT_OK && value == number && used == len);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint64_t value = 0;
    size_t used = 0;
    enum lat_err err = varint_decode(data, size, &value, &used);

    if (err)
        check_refused(data, size, err);
    else
        check_decoded(data, value, used);
    if (size >= 8)
        check_number(data);
    return 0;
}
