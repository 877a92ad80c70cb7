/*
 * Whatever a message says, the machine finds only others, near and dialable, sends only what reads as DNS and fits a frame, and is as ready to
 * answer afterwards as before. Two bytes before each message: how far the clock goes, and from which port it comes.
 */
#include "config.h"

#include "fuzz/fuzz.h"

#include <string.h>

#include "p2p/mdns.h"
#include "support/random.h"

static const struct mdns_net lan = { .ip = { 10, 1, 2, 0 }, .ip_len = 4, .prefix = 24 };
static uint64_t seed;
static struct peerid own;
static unsigned sent;

static void
draw(void *out, size_t len)
{
    random_fill(&seed, out, len);
}

static void
on_send(void *arg, const struct mdns_endpoint *to, const uint8_t *data, size_t len)
{
    struct dns_reader reader;
    struct dns_header header;
    struct dns_question question;
    struct dns_record record;

    (void)arg;
    (void)to;
    sent++;
    FUZZ_CHECK(len <= MDNS_ANSWER_MAX && dns_read_header(&reader, data, len, &header) == LAT_OK);
    for (unsigned i = 0; i < header.questions; i++)
        FUZZ_CHECK(dns_read_question(&reader, &question) == LAT_OK);
    for (unsigned i = 0; i < (unsigned)header.answers + header.additionals; i++)
        FUZZ_CHECK(dns_read_record(&reader, &record) == LAT_OK);
    FUZZ_CHECK(reader.at == reader.len);
}

static void
on_found(void *arg, const struct peerid *id, const struct multiaddr *address)
{
    struct multiaddr_tcp tcp;

    (void)arg;
    FUZZ_CHECK(multiaddr_is_dialable(address) && multiaddr_is_tcp(address, &tcp) && tcp.has_peer);
    FUZZ_CHECK(peerid_compare(id, &tcp.peer) == 0 && peerid_compare(id, &own) != 0);
    FUZZ_CHECK(tcp.kind == MULTIADDR_IP4 && strncmp(tcp.host, "10.1.2.", 7) == 0);
}

static const struct mdns_ops ops = { on_send, on_found };

static const uint8_t question[] = "\0\0\0\0\0\1\0\0\0\0\0\0\4_p2p\4_udp\5local\0\0\14\0\1";

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t key[36] = { 0x08, 0x01, 0x12, 0x20, 1 };
    struct mdns_endpoint from = { .ip = { 10, 1, 2, 7 }, .ip_len = 4 };
    struct mdns_config config = { .random = draw, .ops = &ops };
    struct multiaddr address;
    struct mdns machine;
    uint64_t now = 1000;

    seed = 1;
    peerid_of_key(key, sizeof(key), &own);
    config.own = own;
    memcpy(config.label, "abcdefghijklmnopqrstuvwxyz01234567890abc", MDNS_LABEL_LEN);
    mdns_init(&machine, &config);
    FUZZ_CHECK(multiaddr_parse("/ip4/10.1.2.1/tcp/9000", &address) == LAT_OK);
    mdns_set_network(&machine, &lan, 1, &address, 1, now);
    while (size >= 4) {
        size_t len = (size_t)data[2] << 8 | data[3];

        now += (uint64_t)data[0] * 10;
        from.port = data[1] & 1 ? 40000 : MDNS_PORT;
        data += 4;
        size -= 4;
        len = len < size ? len : size;
        mdns_input(&machine, &from, data, len, now);
        mdns_tick(&machine, now);
        data += len;
        size -= len;
    }
    now += 10000;
    for (int i = 0; i < 40; i++)
        mdns_tick(&machine, now += 100);
    sent = 0;
    from.port = MDNS_PORT;
    mdns_input(&machine, &from, question, sizeof(question) - 1, now);
    machine.ask_ms = now + 10000;
    mdns_tick(&machine, now + MDNS_GAP_MS + MDNS_DELAY_MAX_MS);
    FUZZ_CHECK(sent == 1);
    return 0;
}
