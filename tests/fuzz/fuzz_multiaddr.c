/*
 * What reads as an address, from bytes or text, has a text that reads back to the same bytes, unless a part of
 * it is not known; and the text of what we can dial can be dialed.
 */
#include "config.h"

#include "fuzz/fuzz.h"

#include <string.h>

#include "base/text.h"
#include "wire/multiaddr.h"

static void
check_addr(const struct multiaddr *addr)
{
    char text[MULTIADDR_TEXT_MAX];
    struct multiaddr again;
    struct multiaddr_tcp tcp;
    enum lat_err err = multiaddr_text(addr, text, sizeof(text));

    FUZZ_CHECK(addr->len > 0 && addr->len <= MULTIADDR_MAX);
    FUZZ_CHECK(err == LAT_OK || err == LAT_NOTFOUND);
    if (err == LAT_NOTFOUND) {
        FUZZ_CHECK(!multiaddr_is_tcp(addr, &tcp));
        return;
    }
    FUZZ_CHECK(lat_utf8_valid((const uint8_t *)text, strlen(text)));
    FUZZ_CHECK(multiaddr_parse(text, &again) == LAT_OK);
    FUZZ_CHECK(again.len == addr->len && memcmp(again.bytes, addr->bytes, addr->len) == 0);
    if (multiaddr_is_tcp(addr, &tcp)) {
        FUZZ_CHECK(strlen(tcp.host) > 0 && strchr(tcp.host, '/') == NULL);
        FUZZ_CHECK(multiaddr_is_dialable(&again) == (tcp.port != 0));
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    struct multiaddr addr, again;

    FUZZ_CHECK(text != NULL);
    memcpy(text, data, size);
    text[size] = 0;
    if (!multiaddr_from_bytes(data, size, &addr)) {
        FUZZ_CHECK(addr.len == size && memcmp(addr.bytes, data, size) == 0);
        check_addr(&addr);
    }
    if (!multiaddr_parse(text, &addr)) {
        FUZZ_CHECK(multiaddr_from_bytes(addr.bytes, addr.len, &again) == LAT_OK);
        check_addr(&addr);
    }
    free(text);
    return 0;
}
