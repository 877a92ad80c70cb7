/* test_dns.c - DNS messages: names, compression that leads nowhere, records at their borders. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "wire/dns.h"

static struct dns_name
name_of(const char *text)
{
    struct dns_name name;

    assert_int_equal(dns_name_of(text, &name), LAT_OK);
    return name;
}

/* A message of these bytes after an empty header; the name at the first of them. */
static enum lat_err
name_in(const char *bytes, size_t len, size_t at, struct dns_name *out, size_t *used)
{
    uint8_t message[512] = { 0 };
    struct dns_reader reader;
    struct dns_header header;

    memcpy(message + DNS_HEADER_LEN, bytes, len);
    assert_int_equal(dns_read_header(&reader, message, DNS_HEADER_LEN + len, &header), LAT_OK);
    return dns_name_at(&reader, DNS_HEADER_LEN + at, out, used);
}

static void
names_are_labels_and_compared_without_case(void **state)
{
    struct dns_name a = name_of("_p2p._udp.local"), b = name_of("_P2P._udp.LOCAL"), c = name_of("_p2p._udp.loca1");
    struct dns_name child = name_of("AbC._p2P._udp.local"), deeper = name_of("x.abc._p2p._udp.local");

    (void)state;
    assert_int_equal(a.len, 17);
    assert_memory_equal(a.bytes, "\x04_p2p\x04_udp\x05local", 17);
    assert_true(dns_name_equal(&a, &b));
    assert_false(dns_name_equal(&a, &c));
    assert_true(dns_name_is_child(&child, &a));
    assert_false(dns_name_is_child(&deeper, &a));
    assert_false(dns_name_is_child(&a, &a));
}

static void
texts_that_are_no_names_are_refused(void **state)
{
    char label[80], many[400] = "";
    struct dns_name name;

    (void)state;
    memset(label, 'a', sizeof(label));
    label[63] = '\0';
    assert_int_equal(dns_name_of(label, &name), LAT_OK);
    label[63] = 'a';
    label[64] = '\0';
    assert_int_equal(dns_name_of(label, &name), LAT_MALFORMED);
    assert_int_equal(dns_name_of("a..b", &name), LAT_MALFORMED);
    assert_int_equal(dns_name_of(".a", &name), LAT_MALFORMED);
    assert_int_equal(dns_name_of("a.", &name), LAT_MALFORMED);
    for (int i = 0; i < 126; i++)
        strcat(many, i ? ".a" : "a");
    assert_int_equal(dns_name_of(many, &name), LAT_OK);
    assert_int_equal(name.len, 253);
    strcat(many, ".b");
    assert_int_equal(dns_name_of(many, &name), LAT_OK);
    assert_int_equal(name.len, DNS_NAME_MAX);
    strcat(many, ".c");
    assert_int_equal(dns_name_of(many, &name), LAT_LIMIT);
}

static void
compressed_names_are_read_and_used_counts_what_stands_there(void **state)
{
    static const char bytes[] = "\x05local\0\x01x\xc0\x0c\x01y\xc0\x13";
    struct dns_name name, wanted = name_of("y.x.local");
    size_t used = 0;

    (void)state;
    assert_int_equal(name_in(bytes, sizeof(bytes) - 1, 11, &name, &used), LAT_OK);
    assert_int_equal(used, 4);
    assert_true(dns_name_equal(&name, &wanted));
    assert_int_equal(name_in(bytes, sizeof(bytes) - 1, 0, &name, &used), LAT_OK);
    assert_int_equal(used, 7);
}

static void
pointers_that_lead_nowhere_or_in_a_circle_are_refused(void **state)
{
    struct dns_name name = { .len = 7 };
    size_t used = 99;

    (void)state;
    assert_int_equal(name_in("\xc0\x0c", 2, 0, &name, &used), LAT_MALFORMED); /* to itself */
    assert_int_equal(name_in("\xc0\x0e\xc0\x0c", 4, 0, &name, &used), LAT_MALFORMED); /* forward */
    assert_int_equal(name_in("\xc0\x0e\xc0\x0c", 4, 2, &name, &used), LAT_MALFORMED); /* back and forth */
    assert_int_equal(name_in("\x01x\xc0\x0c", 4, 0, &name, &used), LAT_MALFORMED); /* grows for ever */
    assert_int_equal(name_in("\x01x\xc0\x0c\xc0\x0c", 6, 4, &name, &used), LAT_MALFORMED);
    assert_int_equal(name_in("\xc0", 1, 0, &name, &used), LAT_MALFORMED);
    assert_int_equal(name_in("\x05loca", 5, 0, &name, &used), LAT_MALFORMED);
    assert_int_equal(name_in("\x01x", 2, 0, &name, &used), LAT_MALFORMED); /* without an end */
    assert_int_equal(name_in("\x40x\0", 3, 0, &name, &used), LAT_MALFORMED); /* a kind of label that there is not */
    assert_int_equal(name.len, 7);
}

static void
a_name_that_grows_over_its_limit_by_pointers_is_refused(void **state)
{
    char bytes[400] = { 0 };
    struct dns_name name;
    size_t used;

    (void)state;
    for (int i = 0; i < 5; i++) { /* five labels of 60: 305 bytes */
        bytes[i * 61] = 60;
        memset(bytes + i * 61 + 1, 'a', 60);
    }
    assert_int_equal(name_in(bytes, 306, 61, &name, &used), LAT_OK);
    assert_int_equal(name.len, 245);
    assert_int_equal(name_in(bytes, 306, 0, &name, &used), LAT_MALFORMED);
}

static void
what_is_written_reads_back(void **state)
{
    const struct dns_header header = { .id = 0x1234, .flags = DNS_FLAG_RESPONSE, .questions = 1, .answers = 1 };
    const struct dns_question question = { .name = name_of("_p2p._udp.local"), .type = DNS_TYPE_PTR, .class = DNS_CLASS_IN };
    const struct dns_record record = { .name = name_of("x.local"), .type = DNS_TYPE_TXT, .class = DNS_CLASS_IN | DNS_CLASS_BIT,
                                       .ttl = 0x01020304, .data = (const uint8_t *)"\x02hi", .len = 3 };
    struct dns_reader reader;
    struct dns_header read_header;
    struct dns_question read_question;
    struct dns_record read_record;
    struct lat_buf out;

    (void)state;
    lat_buf_init(&out, 512);
    assert_int_equal(dns_put_header(&out, &header), LAT_OK);
    assert_int_equal(dns_put_question(&out, &question), LAT_OK);
    assert_int_equal(dns_put_record(&out, &record), LAT_OK);
    assert_int_equal(dns_read_header(&reader, out.data, out.len, &read_header), LAT_OK);
    assert_memory_equal(&read_header, &header, sizeof(header));
    assert_int_equal(dns_read_question(&reader, &read_question), LAT_OK);
    assert_true(dns_name_equal(&read_question.name, &question.name));
    assert_int_equal(read_question.type, DNS_TYPE_PTR);
    assert_int_equal(dns_read_record(&reader, &read_record), LAT_OK);
    assert_int_equal(read_record.ttl, 0x01020304);
    assert_int_equal(read_record.class, DNS_CLASS_IN | DNS_CLASS_BIT);
    assert_int_equal(read_record.len, 3);
    assert_memory_equal(read_record.data, "\x02hi", 3);
    assert_int_equal(dns_read_record(&reader, &read_record), LAT_MALFORMED);
    for (size_t len = 0; len < out.len; len++) { /* cut short anywhere */
        struct dns_reader cut;

        if (dns_read_header(&cut, out.data, len, &read_header) == LAT_OK && dns_read_question(&cut, &read_question) == LAT_OK)
            assert_int_equal(dns_read_record(&cut, &read_record), LAT_MALFORMED);
    }
    lat_buf_fini(&out);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_labels_and_compared_without_case),
        cmocka_unit_test(texts_that_are_no_names_are_refused),
        cmocka_unit_test(compressed_names_are_read_and_used_counts_what_stands_there),
        cmocka_unit_test(pointers_that_lead_nowhere_or_in_a_circle_are_refused),
        cmocka_unit_test(a_name_that_grows_over_its_limit_by_pointers_is_refused),
        cmocka_unit_test(what_is_written_reads_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
