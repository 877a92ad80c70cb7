/* test_mdns.c - the mDNS machine: what it asks, answers and believes, and how often. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "p2p/mdns.h"
#include "support/random.h"

#define SENT_MAX 64

/* A machine, and what it did. */
struct side {
    struct mdns machine;
    struct peerid id;
    size_t sent, to_all, found;
    uint8_t last[MDNS_PACKET_MAX];
    size_t last_len;
    bool last_to_one;
    struct peerid found_id;
    char found_text[256];
};

static const struct mdns_net lan = { .ip = { 10, 1, 2, 0 }, .ip_len = 4, .prefix = 24 };
static const struct mdns_endpoint near_one = { .ip = { 10, 1, 2, 7 }, .ip_len = 4, .port = MDNS_PORT };
static struct side a, b;
static uint64_t seed;

static void
draw(void *out, size_t len)
{
    random_fill(&seed, out, len);
}

static void
on_send(void *arg, const struct mdns_endpoint *to, const uint8_t *data, size_t len)
{
    struct side *side = arg;

    assert_in_range(len, 1, MDNS_ANSWER_MAX);
    memcpy(side->last, data, len);
    side->last_len = len;
    side->last_to_one = to != NULL;
    side->sent++;
    side->to_all += to == NULL;
}

static void
on_found(void *arg, const struct peerid *id, const struct multiaddr *address)
{
    struct side *side = arg;

    side->found++;
    side->found_id = *id;
    assert_int_equal(multiaddr_text(address, side->found_text, sizeof(side->found_text)), LAT_OK);
}

static const struct mdns_ops ops = { on_send, on_found };

static void
side_init(struct side *side, uint8_t n)
{
    const uint8_t key[36] = { 0x08, 0x01, 0x12, 0x20, n };
    struct mdns_config config = { .random = draw, .ops = &ops, .arg = side };

    memset(side, 0, sizeof(*side));
    peerid_of_key(key, sizeof(key), &side->id);
    config.own = side->id;
    mdns_label(draw, config.label);
    mdns_init(&side->machine, &config);
}

static void
place(struct side *side, const char *text, uint64_t now_ms)
{
    struct multiaddr address;

    assert_int_equal(multiaddr_parse(text, &address), LAT_OK);
    mdns_set_network(&side->machine, &lan, 1, &address, 1, now_ms);
}

static int
setup(void **state)
{
    (void)state;
    seed = 7;
    side_init(&a, 1);
    side_init(&b, 2);
    return 0;
}

static void
run(struct side *side, uint64_t from_ms, uint64_t to_ms)
{
    for (uint64_t now = from_ms; now < to_ms; now += 10)
        mdns_tick(&side->machine, now);
}

/* What `from` sent last comes to `to`. */
static void
deliver(const struct side *from, struct side *to, uint64_t now_ms)
{
    mdns_input(&to->machine, &near_one, from->last, from->last_len, now_ms);
}

static bool
is_response(const struct side *side)
{
    return (side->last[2] & 0x80) != 0;
}

/* Both in the network, nothing due for a while. */
static void
settle(void)
{
    place(&a, "/ip4/10.1.2.1/tcp/9000", 1000);
    place(&b, "/ip4/10.1.2.2/tcp/9000", 1000);
    run(&a, 1000, 20000);
    run(&b, 1000, 20000);
    a.sent = a.to_all = b.sent = b.to_all = 0;
}

/* The question that go-, js- and rust-libp2p ask. */
static const uint8_t question[] = "\0\0\0\0\0\1\0\0\0\0\0\0\4_p2p\4_udp\5local\0\0\14\0\1";
#define QUESTION_LEN (sizeof(question) - 1)

/* --- tests ----------------------------------------------------------------------------------------- */

static void
a_label_tells_nothing_and_is_as_long_as_the_specification_wants(void **state)
{
    char one[MDNS_LABEL_LEN + 1], two[MDNS_LABEL_LEN + 1];

    (void)state;
    mdns_label(draw, one);
    mdns_label(draw, two);
    assert_in_range(strlen(one), 32, 63);
    assert_string_not_equal(one, two);
    assert_int_equal(strspn(one, "abcdefghijklmnopqrstuvwxyz0123456789"), MDNS_LABEL_LEN);
}

static void
two_on_one_network_find_each_other_by_question_and_answer(void **state)
{
    (void)state;
    settle();
    mdns_input(&b.machine, &near_one, question, QUESTION_LEN, 20000);
    run(&b, 20000, 20020);
    assert_int_equal(b.sent, 0); /* others may be about to ask the same */
    run(&b, 20020, 20140);
    assert_int_equal(b.sent, 1);
    assert_true(is_response(&b) && !b.last_to_one);
    deliver(&b, &a, 20150);
    assert_int_equal(a.found, 1);
    assert_int_equal(peerid_compare(&a.found_id, &b.id), 0);
    assert_non_null(strstr(a.found_text, "/ip4/10.1.2.2/tcp/9000/p2p/"));
    deliver(&b, &b, 20150); /* its own words come back to it */
    assert_int_equal(b.found, 0);
}

static void
questions_become_ever_rarer(void **state)
{
    uint64_t last = 0, gap = 0;
    size_t asked = 0;

    (void)state;
    mdns_set_network(&a.machine, &lan, 1, NULL, 0, 1000);
    for (uint64_t now = 1000; now < 7200000; now += 10) {
        size_t before = a.sent;

        mdns_tick(&a.machine, now);
        if (a.sent == before)
            continue;
        assert_false(is_response(&a)); /* there is nothing to tell */
        assert_int_equal(a.last_len, QUESTION_LEN);
        assert_memory_equal(a.last, question, QUESTION_LEN);
        if (asked++ > 0) {
            assert_true(now - last >= gap && now - last <= MDNS_ASK_MAX_MS + 10);
            gap = now - last > gap ? now - last : gap;
        }
        last = now;
    }
    assert_in_range(asked, 30, 40);
    mdns_begin_anew(&a.machine, 7200000);
    run(&a, 7200000, 7200130);
    assert_true(a.sent > asked);
}

static void
who_comes_tells_twice_unasked_so_that_others_need_not_ask(void **state)
{
    size_t answers = 0;

    (void)state;
    place(&b, "/ip4/10.1.2.2/tcp/9000", 1000);
    for (uint64_t now = 1000; now < 30000; now += 10) {
        size_t before = b.sent;

        mdns_tick(&b.machine, now);
        answers += b.sent > before && is_response(&b);
    }
    assert_int_equal(answers, 2);
    place(&b, "/ip4/10.1.2.2/tcp/9000", 30000); /* the same */
    b.sent = 0;
    run(&b, 30000, 30200);
    assert_int_equal(b.sent, 0);
    place(&b, "/ip4/10.1.2.3/tcp/9000", 31000);
    run(&b, 31000, 31010);
    assert_true(b.sent == 1 && is_response(&b));
}

static void
answers_to_all_keep_a_second_between_them_whatever_is_asked(void **state)
{
    (void)state;
    settle();
    for (uint64_t now = 20000; now < 30000; now += 10) {
        mdns_input(&b.machine, &near_one, question, QUESTION_LEN, now);
        mdns_tick(&b.machine, now);
    }
    assert_in_range(b.sent, 8, 10);
}

static void
a_question_from_another_port_is_answered_there_too_with_its_id(void **state)
{
    struct mdns_endpoint legacy = near_one;
    uint8_t asked[QUESTION_LEN];

    (void)state;
    settle();
    legacy.port = 40000;
    memcpy(asked, question, QUESTION_LEN);
    asked[0] = 0xab;
    mdns_input(&b.machine, &legacy, asked, QUESTION_LEN, 20000);
    assert_int_equal(b.sent, 1);
    assert_true(b.last_to_one && b.last[0] == 0xab && b.last[5] == 1);
    assert_memory_equal(b.last + DNS_HEADER_LEN, question + DNS_HEADER_LEN, QUESTION_LEN - DNS_HEADER_LEN);
    deliver(&b, &a, 20000);
    assert_int_equal(a.found, 1);
    run(&b, 20000, 20200);
    assert_true(b.sent == 2 && !b.last_to_one); /* rust-libp2p hears nothing else */
    for (int i = 0; i < 200; i++)
        mdns_input(&b.machine, &legacy, asked, QUESTION_LEN, 22000);
    assert_in_range(b.sent, 2 + MDNS_LEGACY_MAX - 1, 2 + MDNS_LEGACY_MAX);
}

static void
who_knows_us_is_not_told_again(void **state)
{
    struct lat_buf out;
    struct dns_header header = { .questions = 1, .answers = 1 };
    struct dns_question q = { .type = DNS_TYPE_PTR, .class = DNS_CLASS_IN };
    struct dns_record known = { .type = DNS_TYPE_PTR, .class = DNS_CLASS_IN };

    (void)state;
    settle();
    q.name = known.name = b.machine.service;
    known.data = b.machine.own.bytes;
    known.len = b.machine.own.len;
    for (known.ttl = MDNS_TTL_S / 2 - 1; known.ttl <= MDNS_TTL_S / 2; known.ttl++) {
        uint64_t now = known.ttl < MDNS_TTL_S / 2 ? 20000 : 22000;

        lat_buf_init(&out, 1000);
        assert_int_equal(dns_put_header(&out, &header), LAT_OK);
        assert_int_equal(dns_put_question(&out, &q), LAT_OK);
        assert_int_equal(dns_put_record(&out, &known), LAT_OK);
        mdns_input(&b.machine, &near_one, out.data, out.len, now);
        lat_buf_fini(&out);
        run(&b, now, now + 200);
        assert_int_equal(b.to_all, 1); /* by the first alone */
    }
}

static void
the_service_is_named_to_those_who_look_for_services(void **state)
{
    static const uint8_t meta[] =
        "\0\0\0\0\0\1\0\0\0\0\0\0\x09_services\7_dns-sd\4_udp\5local\0\0\14\0\1";
    struct dns_reader reader;
    struct dns_header header;
    struct dns_record record;
    struct dns_name to;
    size_t used;

    (void)state;
    settle();
    mdns_input(&b.machine, &near_one, meta, sizeof(meta) - 1, 20000);
    run(&b, 20000, 20200);
    assert_int_equal(b.sent, 1);
    assert_int_equal(dns_read_header(&reader, b.last, b.last_len, &header), LAT_OK);
    assert_int_equal(header.answers, 2);
    assert_int_equal(dns_read_record(&reader, &record), LAT_OK);
    assert_true(dns_name_equal(&record.name, &b.machine.meta));
    assert_int_equal(dns_name_at(&reader, record.at, &to, &used), LAT_OK);
    assert_true(dns_name_equal(&to, &b.machine.service));
}

/* An answer with one TXT string under a name of the service. */
static void
hear(const struct mdns_endpoint *from, const char *under, uint32_t ttl, const char *string, uint64_t now_ms)
{
    const struct dns_header header = { .flags = DNS_FLAG_RESPONSE, .answers = 1 };
    struct dns_record record = { .type = DNS_TYPE_TXT, .class = DNS_CLASS_IN, .ttl = ttl };
    uint8_t data[256];
    struct lat_buf out;

    data[0] = (uint8_t)strlen(string);
    memcpy(data + 1, string, strlen(string));
    record.data = data;
    record.len = strlen(string) + 1;
    assert_int_equal(dns_name_of(under, &record.name), LAT_OK);
    lat_buf_init(&out, 2000);
    assert_int_equal(dns_put_header(&out, &header), LAT_OK);
    assert_int_equal(dns_put_record(&out, &record), LAT_OK);
    mdns_input(&a.machine, from, out.data, out.len, now_ms);
    lat_buf_fini(&out);
}

static void
only_what_can_be_meant_for_this_network_is_taken(void **state)
{
    static const struct {
        const char *address;
        bool taken;
    } cases[] = {
        { "/ip4/10.1.2.9/tcp/9000", true },
        { "/ip4/10.1.3.9/tcp/9000", false },          /* the next network */
        { "/ip4/127.0.0.1/tcp/9000", false },         /* ourselves */
        { "/ip4/192.0.2.1/tcp/9000", false },         /* anywhere: dials are not sent where a stranger likes */
        { "/ip6/fe80::1/tcp/9000", false },
        { "/dns4/example.org/tcp/9000", false },
        { "/ip4/10.1.2.9/udp/9000/quic-v1", false },
        { "/ip4/10.1.2.9/tcp/0", false },
    };
    const struct mdns_endpoint far_one = { .ip = { 10, 1, 3, 7 }, .ip_len = 4, .port = MDNS_PORT };
    char id[PEERID_TEXT_MAX], own[PEERID_TEXT_MAX], string[256];

    (void)state;
    settle();
    peerid_text(&b.id, id);
    peerid_text(&a.id, own);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        a.found = 0;
        snprintf(string, sizeof(string), "dnsaddr=%s/p2p/%s", cases[i].address, id);
        hear(&near_one, "x._p2p._udp.local", 120, string, 20000 + 1000 * i);
        assert_int_equal(a.found, cases[i].taken);
    }
    a.found = 0;
    snprintf(string, sizeof(string), "dnsaddr=/ip4/10.1.2.9/tcp/9000/p2p/%s", id);
    hear(&far_one, "x._p2p._udp.local", 120, string, 40000);      /* from another network */
    hear(&near_one, "x._other._udp.local", 120, string, 40000);   /* of another service */
    hear(&near_one, "_p2p._udp.local", 120, string, 40000);
    hear(&near_one, "x._p2p._udp.local", 0, string, 40000);       /* a goodbye */
    hear(&near_one, "x._p2p._udp.local", 120, string + 1, 40000); /* another attribute */
    hear(&near_one, "x._p2p._udp.local", 120, "dnsaddr=/ip4/10.1.2.9/tcp/9000", 40000); /* nobody's */
    snprintf(string, sizeof(string), "dnsaddr=/ip4/10.1.2.9/tcp/9000/p2p/%s", own);
    hear(&near_one, "x._p2p._udp.local", 120, string, 40000);
    assert_int_equal(a.found, 0);
}

static void
a_flood_is_heard_up_to_its_limit(void **state)
{
    char id[PEERID_TEXT_MAX], string[256];

    (void)state;
    settle();
    peerid_text(&b.id, id);
    snprintf(string, sizeof(string), "dnsaddr=/ip4/10.1.2.9/tcp/9000/p2p/%s", id);
    for (int i = 0; i < 5000; i++)
        hear(&near_one, "x._p2p._udp.local", 120, string, 21000);
    assert_int_equal(a.found, MDNS_INPUT_MAX);
    hear(&near_one, "x._p2p._udp.local", 120, string, 22000);
    assert_int_equal(a.found, MDNS_INPUT_MAX + 1);
}

static void
many_addresses_stay_within_one_frame(void **state)
{
    struct multiaddr addresses[2 * MDNS_ADDRESSES_MAX];
    char text[64];

    (void)state;
    for (size_t i = 0; i < 2 * MDNS_ADDRESSES_MAX; i++) {
        snprintf(text, sizeof(text), "/ip6/2001:db8:1111:2222:3333:4444:5555:%04zx/tcp/9000", 0x1000 + i);
        assert_int_equal(multiaddr_parse(text, &addresses[i]), LAT_OK);
    }
    mdns_set_network(&a.machine, &lan, 1, addresses, 2 * MDNS_ADDRESSES_MAX, 1000);
    run(&a, 1000, 1010);
    assert_int_equal(a.sent, 1); /* on_send looks at its length */
    assert_true(a.last_len > 900);
}

static void
near_is_what_shares_the_prefix(void **state)
{
    const struct mdns_net nets[] = { { .ip = { 192, 168, 64, 1 }, .ip_len = 4, .prefix = 18 },
                                     { .ip = { 0x20, 0x01, 0x0d, 0xb8 }, .ip_len = 16, .prefix = 64 } };
    static const uint8_t in[] = { 192, 168, 127, 255 }, out[] = { 192, 168, 128, 0 };
    static const uint8_t in6[16] = { 0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 9 }, out6[16] = { 0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 1 };

    (void)state;
    assert_true(mdns_is_near(nets, 2, in, 4));
    assert_false(mdns_is_near(nets, 2, out, 4));
    assert_true(mdns_is_near(nets, 2, in6, 16));
    assert_false(mdns_is_near(nets, 2, out6, 16));
    assert_false(mdns_is_near(nets, 0, in, 4));
}

#define T(name) cmocka_unit_test_setup(name, setup)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        T(a_label_tells_nothing_and_is_as_long_as_the_specification_wants),
        T(two_on_one_network_find_each_other_by_question_and_answer),
        T(questions_become_ever_rarer),
        T(who_comes_tells_twice_unasked_so_that_others_need_not_ask),
        T(answers_to_all_keep_a_second_between_them_whatever_is_asked),
        T(a_question_from_another_port_is_answered_there_too_with_its_id),
        T(who_knows_us_is_not_told_again),
        T(the_service_is_named_to_those_who_look_for_services),
        T(only_what_can_be_meant_for_this_network_is_taken),
        T(a_flood_is_heard_up_to_its_limit),
        T(many_addresses_stay_within_one_frame),
        T(near_is_what_shares_the_prefix),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
