/*
 * Whatever stands in a file: a line of ours behind it is found, unless the key is revoked; and what the walk
 * hands out is a key of its own type on a line that exists.
 */
#include "config.h"

#include "fuzz/fuzz.h"

#include <string.h>

#include "attach/known_hosts.h"

static const uint8_t key[] = "\0\0\0\x0bssh-ed25519\0\0\0\x20" "0123456789abcdef0123456789abcde";

static void
check_walk(const char *text, size_t len, const char *name)
{
    struct known_hosts_walk walk;
    struct known_hosts_entry entry;
    unsigned line = 0;

    known_hosts_walk_init(&walk, text, len, name);
    while (known_hosts_next(&walk, &entry)) {
        FUZZ_CHECK(entry.line > line && entry.line <= len + 1);
        FUZZ_CHECK(entry.key_len > 4 && entry.key_len <= KNOWN_HOSTS_KEY_MAX);
        FUZZ_CHECK(entry.type == host_key_type_of(entry.key, entry.key_len));
        line = entry.line;
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t salt[SHA1_LEN] = "0123456789012345678";
    struct known_hosts_verdict verdict = { 0 };
    char name[KNOWN_HOSTS_NAME_MAX];
    struct lat_buf text;

    FUZZ_CHECK(known_hosts_name("Porto-1", size % 2 ? 2222 : 22, name) == LAT_OK);
    lat_buf_init(&text, size + 1024);
    FUZZ_CHECK(lat_buf_add(&text, data, size) == LAT_OK && lat_buf_add(&text, "\n", 1) == LAT_OK);
    check_walk((const char *)text.data, text.len, name);
    FUZZ_CHECK(known_hosts_line(name, key, sizeof(key), size % 4 < 2 ? salt : NULL, &text) == LAT_OK);
    known_hosts_add(&verdict, "f", (const char *)text.data, text.len, name, key, sizeof(key));
    FUZZ_CHECK(verdict.answer == KNOWN_HOSTS_MATCH || verdict.answer == KNOWN_HOSTS_REVOKED);
    lat_buf_fini(&text);
    return 0;
}
