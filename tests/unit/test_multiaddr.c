#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/vectors.h"
#include "wire/multiaddr.h"

#define PEER "12D3KooWK99VoVxNE7XzyBwXEzW7xhK7Gpv85r9F3V3fyKSUKPH5"

/* Text to bytes to text. */
static void
assert_text(const char *text, const char *again)
{
    char out[MULTIADDR_TEXT_MAX];
    struct multiaddr addr, back;

    assert_int_equal(multiaddr_parse(text, &addr), LAT_OK);
    assert_int_equal(multiaddr_text(&addr, out, sizeof(out)), LAT_OK);
    assert_string_equal(out, again);
    assert_int_equal(multiaddr_from_bytes(addr.bytes, addr.len, &back), LAT_OK);
    assert_int_equal(back.len, addr.len);
    assert_memory_equal(back.bytes, addr.bytes, addr.len);
    assert_int_equal(multiaddr_text(&addr, out, strlen(again) + 1), LAT_OK);
    assert_int_equal(multiaddr_text(&addr, out, strlen(again)), LAT_LIMIT);
}

static enum lat_err
try_hex(const char *hex, struct multiaddr *addr)
{
    size_t len;
    uint8_t *bytes = vectors_unhex(hex, &len);
    enum lat_err err = multiaddr_from_bytes(bytes, len, addr);

    free(bytes);
    return err;
}

static void
addresses_are_those_of_the_vectors(void **state)
{
    cJSON *vectors = vectors_load("libp2p/multiaddr.json");
    struct multiaddr addr, parsed;
    const cJSON *entry;

    (void)state;
    cJSON_ArrayForEach(entry, vectors_member(vectors, "ok"))
    {
        const char *text = vectors_text(entry, "text");

        assert_text(text, text);
        assert_int_equal(multiaddr_parse(text, &parsed), LAT_OK);
        assert_int_equal(try_hex(vectors_text(entry, "bytes"), &addr), LAT_OK);
        assert_int_equal(parsed.len, addr.len);
        assert_memory_equal(parsed.bytes, addr.bytes, addr.len);
    }
    cJSON_ArrayForEach(entry, vectors_member(vectors, "must_reject"))
        assert_int_equal(multiaddr_parse(entry->valuestring, &addr), LAT_MALFORMED);
    cJSON_Delete(vectors);
}

/* What is left of an address cut anywhere is none, or the parts in front of the cut. */
static void
a_cut_address_has_whole_parts(void **state)
{
    cJSON *vectors = vectors_load("libp2p/multiaddr.json");
    const cJSON *entry;

    (void)state;
    cJSON_ArrayForEach(entry, vectors_member(vectors, "ok"))
    {
        const char *text = vectors_text(entry, "text");
        size_t len;
        uint8_t *bytes = vectors_bytes(entry, "bytes", &len);

        for (size_t cut = 0; cut < len; cut++) {
            char out[MULTIADDR_TEXT_MAX];
            struct multiaddr addr;

            if (multiaddr_from_bytes(bytes, cut, &addr))
                continue;
            assert_int_equal(multiaddr_text(&addr, out, sizeof(out)), LAT_OK);
            assert_memory_equal(out, text, strlen(out));
            assert_int_equal(text[strlen(out)], '/');
        }
        free(bytes);
    }
    cJSON_Delete(vectors);
}

static void
other_ways_to_write_an_address_are_read(void **state)
{
    (void)state;
    assert_text("/ip4/1.2.3.4/tcp/1/ipfs/" PEER, "/ip4/1.2.3.4/tcp/1/p2p/" PEER);
    assert_text("/ip6/0:0:0::1/tcp/0009", "/ip6/::1/tcp/9");
    assert_text("/dnsaddr/x/p2p/bafzaajaiaejcal72gwuz2or47oyxxn6b3rkwdmmkrxgkjxzy3rqt5kczyn7lcm3l",
                "/dnsaddr/x/p2p/12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA");
    assert_text("/dns6/k\xc3\xb6ln.example/udp/1/quic-v1/webtransport",
                "/dns6/k\xc3\xb6ln.example/udp/1/quic-v1/webtransport");
    assert_text("/ip6zone/eth0/ip6/fe80::1/tcp/1/tls/sni/a.example/ws",
                "/ip6zone/eth0/ip6/fe80::1/tcp/1/tls/sni/a.example/ws");
    assert_text("/unix/run/a.sock", "/unix/run/a.sock");
    assert_text("/unix//", "/unix//");
    assert_text("/ip4/1.2.3.4/tcp/80/http", "/ip4/1.2.3.4/tcp/80/http");
    assert_text("/ip4/1.2.3.4/tcp/80/wss/p2p-circuit", "/ip4/1.2.3.4/tcp/80/wss/p2p-circuit");
}

static void
text_that_is_no_address_is_refused(void **state)
{
    static const char *const bad[] = { "", "/", "//", "/ip4/1.2.3.4/", "/ip4//tcp/1", "/ip4/1.2.3.4/tcp/",
        "/tcp/ 1", "/tcp/+1", "/tcp/65536", "/udp", "/dns", "/dns/", "/dns/a/tcp/1/", "/dns/a\nb/tcp/1",
        "/dns/\xff/tcp/1", "/dns/a\xe2\x80\xae/tcp/1", "/unix", "/unix/\x1b[2J", "/p2p/", "/p2p/x", "/ip6/1.2.3.4",
        "/ip4/::1", "/ip6/fe80::1%eth0", "/ws/1", "/TCP/1", "/ip4/1.2.3.4 /tcp/1", "/garlic64/x" };
    struct multiaddr addr = { .len = 7 };

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_int_equal(multiaddr_parse(bad[i], &addr), LAT_MALFORMED);
    assert_int_equal(addr.len, 7); /* outputs untouched on error */
}

static void
bytes_that_are_no_address_are_refused(void **state)
{
    static const char *const bad[] = {
        "",
        "04",
        "047f0000",                /* short */
        "84007f000001",            /* code not in its shortest form */
        "3500",                    /* a name of no bytes */
        "3503612f62",              /* a name with a slash */
        "350361006a",              /* with a zero */
        "3502ffff",                /* not UTF-8 */
        "3581006a",                /* length not in its shortest form */
        "35ffffffffffffffff7f6a",  /* a huge length */
        "a503020000",              /* a peer id that is no hash */
        "a50302120061",            /* of no length */
        "900302612f",              /* a path without its slash */
        "9003022f61060001",        /* something behind a path */
        "ff",                      /* a code cut off */
    };
    struct multiaddr addr;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_int_equal(try_hex(bad[i], &addr), LAT_MALFORMED);
}

/* A code with a value of any length: nothing behind it can be told apart. */
static void
what_is_not_known_is_carried(void **state)
{
    struct multiaddr addr;
    struct multiaddr_tcp tcp;
    char out[MULTIADDR_TEXT_MAX];

    (void)state;
    assert_int_equal(try_hex("047f000001210001ffff", &addr), LAT_OK);
    assert_int_equal(addr.len, 10);
    assert_int_equal(addr.bytes[9], 0xff);
    assert_int_equal(multiaddr_text(&addr, out, sizeof(out)), LAT_NOTFOUND);
    assert_false(multiaddr_is_dialable(&addr));
    assert_int_equal(try_hex("047f0000010610e921", &addr), LAT_OK); /* behind a whole TCP address */
    assert_false(multiaddr_is_tcp(&addr, &tcp));
    assert_int_equal(try_hex("21", &addr), LAT_OK);
    assert_false(multiaddr_is_tcp(&addr, &tcp));
}

static void
what_we_can_dial_is_told_apart(void **state)
{
    static const struct {
        const char *text, *host;
        enum multiaddr_host kind;
        uint16_t port;
        bool has_peer;
    } good[] = {
        { "/ip4/10.0.0.1/tcp/4001", "10.0.0.1", MULTIADDR_IP4, 4001, false },
        { "/ip6/2001:db8::1/tcp/65535/p2p/" PEER, "2001:db8::1", MULTIADDR_IP6, 65535, true },
        { "/dns/a.example/tcp/1/ipfs/" PEER, "a.example", MULTIADDR_DNS, 1, true },
        { "/dns4/a_b-c.example./tcp/1", "a_b-c.example.", MULTIADDR_DNS4, 1, false },
        { "/dns6/a/tcp/1", "a", MULTIADDR_DNS6, 1, false },
    };
    static const char *const bad[] = { "/dnsaddr/a.example/tcp/1", "/ip4/10.0.0.1", "/tcp/1", "/ip4/10.0.0.1/udp/1",
        "/ip4/10.0.0.1/tcp/1/ws", "/ip4/10.0.0.1/tcp/1/p2p/" PEER "/p2p-circuit", "/p2p/" PEER,
        "/ip4/10.0.0.1/p2p/" PEER, "/dns/-a/tcp/1", "/dns/k\xc3\xb6ln/tcp/1", "/dns/a b/tcp/1", "/unix/tcp/1",
        "/ip4/1.2.3.4/tcp/1/tcp/2", "/ip4/1.2.3.4/ip4/1.2.3.4/tcp/1" };
    struct multiaddr addr;
    struct multiaddr_tcp tcp;
    char text[PEERID_TEXT_MAX];

    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        assert_int_equal(multiaddr_parse(good[i].text, &addr), LAT_OK);
        assert_true(multiaddr_is_dialable(&addr));
        assert_true(multiaddr_is_tcp(&addr, &tcp));
        assert_int_equal(tcp.kind, good[i].kind);
        assert_string_equal(tcp.host, good[i].host);
        assert_int_equal(tcp.port, good[i].port);
        assert_int_equal(tcp.has_peer, good[i].has_peer);
        if (tcp.has_peer) {
            peerid_text(&tcp.peer, text);
            assert_string_equal(text, PEER);
        }
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(multiaddr_parse(bad[i], &addr), LAT_OK);
        assert_false(multiaddr_is_dialable(&addr));
    }
    assert_int_equal(multiaddr_parse("/ip4/0.0.0.0/tcp/0", &addr), LAT_OK); /* to listen on */
    assert_true(multiaddr_is_tcp(&addr, &tcp));
    assert_false(multiaddr_is_dialable(&addr));
}

static void
a_socket_address_becomes_an_address(void **state)
{
    static const uint8_t four[4] = { 127, 0, 0, 1 }, six[16] = { [15] = 1 };
    struct multiaddr addr;
    char out[MULTIADDR_TEXT_MAX];

    (void)state;
    multiaddr_of_tcp(four, sizeof(four), 50000, &addr);
    assert_int_equal(multiaddr_text(&addr, out, sizeof(out)), LAT_OK);
    assert_string_equal(out, "/ip4/127.0.0.1/tcp/50000");
    multiaddr_of_tcp(six, sizeof(six), 1, &addr);
    assert_int_equal(multiaddr_text(&addr, out, sizeof(out)), LAT_OK);
    assert_string_equal(out, "/ip6/::1/tcp/1");
}

/* "/ws" n times; "/dns/" and a name of 255 bytes n times. */
static char *
repeat(const char *part, size_t times)
{
    char *text = calloc(times * strlen(part) + 1, 1);

    assert_non_null(text);
    for (size_t i = 0; i < times; i++)
        memcpy(text + i * strlen(part), part, strlen(part));
    return text;
}

static void
parts_and_bytes_are_bounded(void **state)
{
    uint8_t bytes[MULTIADDR_MAX + 1] = { 0x21 }; /* a code that is not known, so all is one part */
    char name[5 + 256 + 1] = "/dns/", *text;
    struct multiaddr addr;

    (void)state;
    for (size_t n = 32; n <= 33; n++) {
        text = repeat("/ws", n);
        assert_int_equal(multiaddr_parse(text, &addr), n > 32 ? LAT_LIMIT : LAT_OK);
        free(text);
        for (size_t i = 0; i < n; i++)
            memcpy(bytes + 2 * i, "\xdd\x03", 2);
        assert_int_equal(multiaddr_from_bytes(bytes, 2 * n, &addr), n > 32 ? LAT_LIMIT : LAT_OK);
    }
    memset(bytes, 0x21, sizeof(bytes));
    assert_int_equal(multiaddr_from_bytes(bytes, MULTIADDR_MAX, &addr), LAT_OK);
    assert_int_equal(multiaddr_from_bytes(bytes, MULTIADDR_MAX + 1, &addr), LAT_LIMIT);
    memset(name + 5, 'a', 255);
    text = repeat(name, 4); /* 1032 bytes */
    assert_int_equal(multiaddr_parse(text, &addr), LAT_LIMIT);
    text[3 * strlen(name)] = 0;
    assert_int_equal(multiaddr_parse(text, &addr), LAT_OK);
    assert_false(multiaddr_is_dialable(&addr));
    free(text);
    memcpy(bytes, "\x35\x80\x02", 3); /* dns, a name of 256 bytes */
    memset(bytes + 3, 'a', 256);
    assert_int_equal(multiaddr_from_bytes(bytes, 3 + 256, &addr), LAT_MALFORMED);
    memcpy(bytes, "\x35\xff\x01", 3);
    assert_int_equal(multiaddr_from_bytes(bytes, 3 + 255, &addr), LAT_OK);
    name[5 + 255] = 'a';
    assert_int_equal(multiaddr_parse(name, &addr), LAT_MALFORMED);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_are_those_of_the_vectors),
        cmocka_unit_test(a_cut_address_has_whole_parts),
        cmocka_unit_test(other_ways_to_write_an_address_are_read),
        cmocka_unit_test(text_that_is_no_address_is_refused),
        cmocka_unit_test(bytes_that_are_no_address_are_refused),
        cmocka_unit_test(what_is_not_known_is_carried),
        cmocka_unit_test(what_we_can_dial_is_told_apart),
        cmocka_unit_test(a_socket_address_becomes_an_address),
        cmocka_unit_test(parts_and_bytes_are_bounded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
