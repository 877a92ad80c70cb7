/*
 * mdns.c - see mdns.h.
 *
 * Some implementations (rust-libp2p is one) send from another port than 5353, answers too, and listen on 5353 alone. RFC 6762 has one
 * answer such questions to the asking port (section 6.7) and ignore such answers (section 6). Here they are answered both ways,
 * and heard: an answer is not truer for its source port, and the limits are the same.
 */
#include "config.h"

#include "p2p/mdns.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

#define SERVICE "_p2p._udp.local"
#define META "_services._dns-sd._udp.local"
#define ATTRIBUTE "dnsaddr="
#define STRING_MAX 255 /* of a TXT record */
#define TELL_TIMES 2

/* What a question wants of us. */
enum want { WANT_PEER = 1, WANT_META = 2 };

/* --- life ------------------------------------------------------------------------------------------ */

void
mdns_label(void (*random)(void *out, size_t len), char out[MDNS_LABEL_LEN + 1])
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz012345"; /* 32: a byte gives each as often */
    uint8_t bytes[MDNS_LABEL_LEN];

    random(bytes, sizeof(bytes));
    for (size_t i = 0; i < MDNS_LABEL_LEN; i++)
        out[i] = letters[bytes[i] % (sizeof(letters) - 1)];
    out[MDNS_LABEL_LEN] = '\0';
}

void
mdns_init(struct mdns *mdns, const struct mdns_config *config)
{
    char own[DNS_NAME_MAX];

    *mdns = (struct mdns){ .config = *config };
    snprintf(own, sizeof(own), "%s.%s", config->label, SERVICE);
    /* None of the three can fail: their labels are short and not empty. */
    (void)!dns_name_of(SERVICE, &mdns->service);
    (void)!dns_name_of(META, &mdns->meta);
    (void)!dns_name_of(own, &mdns->own);
}

static uint64_t
random_between(const struct mdns *mdns, uint64_t least, uint64_t most)
{
    uint32_t number;

    mdns->config.random(&number, sizeof(number));
    return least + number % (most - least + 1);
}

/* Answers to all keep their distance. */
static uint64_t
not_too_soon(const struct mdns *mdns, uint64_t at_ms)
{
    return mdns->answered_ms > 0 && at_ms < mdns->answered_ms + MDNS_GAP_MS ? mdns->answered_ms + MDNS_GAP_MS : at_ms;
}

void
mdns_begin_anew(struct mdns *mdns, uint64_t now_ms)
{
    mdns->ask_ms = now_ms + random_between(mdns, MDNS_DELAY_MIN_MS, MDNS_DELAY_MAX_MS);
    mdns->ask_gap_ms = MDNS_ASK_MIN_MS;
    mdns->tell = TELL_TIMES;
    mdns->answer_ms = not_too_soon(mdns, now_ms);
}

static bool
same_nets(const struct mdns *mdns, const struct mdns_net *nets, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct mdns_net *a = &nets[i], *b = &mdns->nets[i];

        if (a->ip_len != b->ip_len || a->prefix != b->prefix || memcmp(a->ip, b->ip, a->ip_len) != 0)
            return false;
    }
    return count == mdns->net_count;
}

/* With our id behind it. False: it has one already, or is too long. */
static bool
complete(const struct mdns *mdns, const struct multiaddr *address, struct multiaddr *out)
{
    char text[STRING_MAX + 1], id[PEERID_TEXT_MAX];
    size_t len;

    if (multiaddr_text(address, text, sizeof(text)))
        return false;
    len = strlen(text);
    peerid_text(&mdns->config.own, id);
    if ((size_t)snprintf(text + len, sizeof(text) - len, "/p2p/%s", id) + len + strlen(ATTRIBUTE) > STRING_MAX)
        return false;
    return multiaddr_parse(text, out) == LAT_OK;
}

/* True: they are others than before. */
static bool
take_addresses(struct mdns *mdns, const struct multiaddr *addresses, size_t count)
{
    struct multiaddr fresh[MDNS_ADDRESSES_MAX];
    size_t kept = 0;
    bool changed;

    for (size_t i = 0; i < count && kept < MDNS_ADDRESSES_MAX; i++)
        kept += complete(mdns, &addresses[i], &fresh[kept]);
    changed = kept != mdns->address_count;
    for (size_t i = 0; i < kept && !changed; i++)
        changed = fresh[i].len != mdns->addresses[i].len || memcmp(fresh[i].bytes, mdns->addresses[i].bytes, fresh[i].len) != 0;
    mdns->address_count = kept;
    if (kept > 0)
        memcpy(mdns->addresses, fresh, kept * sizeof(*fresh));
    return changed;
}

void
mdns_set_network(struct mdns *mdns, const struct mdns_net *nets, size_t net_count, const struct multiaddr *addresses,
                 size_t address_count, uint64_t now_ms)
{
    size_t count = net_count < MDNS_NETS_MAX ? net_count : MDNS_NETS_MAX;
    bool changed = !same_nets(mdns, nets, count);

    if (count > 0)
        memcpy(mdns->nets, nets, count * sizeof(*nets));
    mdns->net_count = count;
    changed = take_addresses(mdns, addresses, address_count) || changed;
    if (changed)
        mdns_begin_anew(mdns, now_ms);
}

/* --- what is near ---------------------------------------------------------------------------------- */

static bool
is_in(const struct mdns_net *net, const uint8_t *ip)
{
    size_t whole = net->prefix / 8;
    unsigned rest = net->prefix % 8;
    uint8_t mask = (uint8_t)(0xff00 >> rest);

    return memcmp(net->ip, ip, whole) == 0 && (rest == 0 || ((net->ip[whole] ^ ip[whole]) & mask) == 0);
}

bool
mdns_is_near(const struct mdns_net *nets, size_t count, const uint8_t *ip, size_t ip_len)
{
    for (size_t i = 0; i < count; i++) {
        if (nets[i].ip_len == ip_len && nets[i].prefix <= 8 * ip_len && is_in(&nets[i], ip))
            return true;
    }
    return false;
}

/* IPv6 addresses of the link alone cannot be dialed: nothing says by which interface. */
static bool
is_near_host(const struct mdns *mdns, const struct multiaddr_tcp *tcp)
{
    bool ip6 = tcp->kind == MULTIADDR_IP6;
    uint8_t ip[16];

    if ((!ip6 && tcp->kind != MULTIADDR_IP4) || inet_pton(ip6 ? AF_INET6 : AF_INET, tcp->host, ip) != 1)
        return false;
    if (ip6 && ip[0] == 0xfe && (ip[1] & 0xc0) == 0x80)
        return false;
    return mdns_is_near(mdns->nets, mdns->net_count, ip, ip6 ? 16 : 4);
}

/* --- finding --------------------------------------------------------------------------------------- */

/* "dnsaddr=..." True: somebody was found. */
static bool
take_string(const struct mdns *mdns, const uint8_t *string, uint8_t len)
{
    char text[STRING_MAX + 1];
    struct multiaddr address;
    struct multiaddr_tcp tcp;
    size_t name = strlen(ATTRIBUTE);

    if (snprintf(text, sizeof(text), "%.*s", (int)len, (const char *)string) != len) /* a zero in it */
        return false;
    if (strncmp(text, ATTRIBUTE, name) != 0 || multiaddr_parse(text + name, &address) || !multiaddr_is_dialable(&address) ||
        !multiaddr_is_tcp(&address, &tcp))
        return false;
    if (!tcp.has_peer || peerid_compare(&tcp.peer, &mdns->config.own) == 0 || !is_near_host(mdns, &tcp))
        return false;
    mdns->config.ops->found(mdns->config.arg, &tcp.peer, &address);
    return true;
}

static void
take_txt(const struct mdns *mdns, const struct dns_record *record, unsigned *found)
{
    size_t at = 0;

    while (at < record->len && *found < MDNS_FOUND_MAX) {
        uint8_t len = record->data[at];

        if (len > record->len - at - 1)
            return;
        *found += take_string(mdns, record->data + at + 1, len);
        at += (size_t)len + 1;
    }
}

static void
take_answer(const struct mdns *mdns, struct dns_reader *reader, const struct dns_header *header)
{
    size_t records = (size_t)header->answers + header->authorities + header->additionals;
    struct dns_question question;
    struct dns_record record;
    unsigned found = 0;

    for (size_t i = 0; i < header->questions && i < MDNS_RECORDS_MAX; i++) {
        if (dns_read_question(reader, &question))
            return;
    }
    for (size_t i = 0; i < records && i < MDNS_RECORDS_MAX; i++) {
        if (dns_read_record(reader, &record))
            return;
        if (record.type == DNS_TYPE_TXT && (record.class & DNS_CLASS_MASK) == DNS_CLASS_IN && record.ttl > 0 &&
            dns_name_is_child(&record.name, &mdns->service))
            take_txt(mdns, &record, &found);
    }
}

/* --- answering ------------------------------------------------------------------------------------- */

static enum lat_err
put_pointer(const struct dns_name *name, const struct dns_name *to, uint32_t ttl, struct lat_buf *out)
{
    const struct dns_record record = { .name = *name, .type = DNS_TYPE_PTR, .class = DNS_CLASS_IN, .ttl = ttl, .data = to->bytes,
                                       .len = to->len };

    return dns_put_record(out, &record);
}

static enum lat_err
put_addresses(const struct mdns *mdns, uint32_t ttl, bool legacy, struct lat_buf *out)
{
    uint8_t strings[MDNS_ADDRESSES_MAX * (STRING_MAX + 1)];
    struct dns_record record = { .name = mdns->own, .type = DNS_TYPE_TXT, .ttl = ttl, .data = strings,
                                 .class = legacy ? DNS_CLASS_IN : DNS_CLASS_IN | DNS_CLASS_BIT };
    size_t room = MDNS_ANSWER_MAX - out->len - mdns->own.len - 10;

    for (size_t i = 0; i < mdns->address_count; i++) {
        char text[STRING_MAX + 1] = ATTRIBUTE;
        size_t len;

        if (multiaddr_text(&mdns->addresses[i], text + strlen(ATTRIBUTE), sizeof(text) - strlen(ATTRIBUTE)))
            continue; /* complete() has seen to it that there is one */
        len = strlen(text);
        if (record.len + len + 1 > room)
            break;
        strings[record.len] = (uint8_t)len;
        memcpy(strings + record.len + 1, text, len);
        record.len += len + 1;
    }
    return dns_put_record(out, &record);
}

/* wants: what is answered; id and question: of one who asks from another port (NULL: to all). */
static enum lat_err
put_answer(const struct mdns *mdns, unsigned wants, uint16_t id, const struct dns_question *question, struct lat_buf *out)
{
    uint32_t ttl = question ? MDNS_LEGACY_TTL_S : MDNS_TTL_S;
    const struct dns_header header = { .id = id, .flags = DNS_FLAG_RESPONSE | DNS_FLAG_AUTHORITATIVE, .questions = question != NULL,
                                       .answers = (uint16_t)(((wants & WANT_META) != 0) + ((wants & WANT_PEER) != 0)),
                                       .additionals = (wants & WANT_PEER) != 0 };
    enum lat_err err = dns_put_header(out, &header);

    if (!err && question)
        err = dns_put_question(out, question);
    if (!err && (wants & WANT_META))
        err = put_pointer(&mdns->meta, &mdns->service, ttl, out);
    if (!err && (wants & WANT_PEER))
        err = put_pointer(&mdns->service, &mdns->own, ttl, out);
    if (!err && (wants & WANT_PEER))
        err = put_addresses(mdns, ttl, question != NULL, out);
    return err;
}

static void
send_answer(const struct mdns *mdns, unsigned wants, const struct mdns_endpoint *to, uint16_t id, const struct dns_question *question)
{
    struct lat_buf out;

    lat_buf_init(&out, MDNS_ANSWER_MAX);
    if (put_answer(mdns, wants, id, question, &out) == LAT_OK)
        mdns->config.ops->send(mdns->config.arg, to, out.data, out.len);
    lat_buf_fini(&out);
}

static bool
allow(struct mdns_allowance *allowance, unsigned most, uint64_t now_ms)
{
    if (allowance->second != now_ms / 1000)
        *allowance = (struct mdns_allowance){ .second = now_ms / 1000 };
    return allowance->used < most && ++allowance->used > 0;
}

/* --- questions ------------------------------------------------------------------------------------- */

/* The peer's own name is asked for by tools that do not read what came along with the pointer to it. */
static unsigned
wanted_by(const struct mdns *mdns, const struct dns_question *q)
{
    uint16_t class = q->class & DNS_CLASS_MASK;
    bool pointer = q->type == DNS_TYPE_PTR || q->type == DNS_TYPE_ANY, text = q->type == DNS_TYPE_TXT || q->type == DNS_TYPE_ANY;

    if (class != DNS_CLASS_IN && class != DNS_CLASS_ANY)
        return 0;
    if ((pointer && dns_name_equal(&q->name, &mdns->service)) || (text && dns_name_equal(&q->name, &mdns->own)))
        return WANT_PEER;
    return pointer && dns_name_equal(&q->name, &mdns->meta) ? WANT_META : 0;
}

/* Whoever asks says whom he knows: us too, and not so long ago that he is about to forget? */
static bool
knows_us(const struct mdns *mdns, struct dns_reader *reader, const struct dns_header *header)
{
    struct dns_record record;
    struct dns_name name;
    size_t used;

    for (size_t i = 0; i < header->answers && i < MDNS_RECORDS_MAX && dns_read_record(reader, &record) == LAT_OK; i++) {
        if (record.type == DNS_TYPE_PTR && record.ttl >= MDNS_TTL_S / 2 && dns_name_equal(&record.name, &mdns->service) &&
            dns_name_at(reader, record.at, &name, &used) == LAT_OK && dns_name_equal(&name, &mdns->own))
            return true;
    }
    return false;
}

/* One answer to all, soon, but not sooner after the last one than it may be. */
static void
answer_all(struct mdns *mdns, unsigned wants, uint64_t now_ms)
{
    mdns->answer_meta = mdns->answer_meta || (wants & WANT_META) != 0;
    if (mdns->answer_ms == 0)
        mdns->answer_ms = not_too_soon(mdns, now_ms + random_between(mdns, MDNS_DELAY_MIN_MS, MDNS_DELAY_MAX_MS));
}

static void
take_questions(struct mdns *mdns, struct dns_reader *reader, const struct dns_header *header, const struct mdns_endpoint *from,
               uint64_t now_ms)
{
    struct dns_question question, first = { .type = 0 };
    unsigned wants = 0;

    for (size_t i = 0; i < header->questions && i < MDNS_RECORDS_MAX; i++) {
        unsigned more;

        if (dns_read_question(reader, &question))
            return;
        more = wanted_by(mdns, &question);
        if (wants == 0 && more > 0)
            first = question;
        wants |= more;
    }
    if (wants == 0 || mdns->address_count == 0 || knows_us(mdns, reader, header))
        return;
    if (from->port != MDNS_PORT && allow(&mdns->legacy, MDNS_LEGACY_MAX, now_ms))
        send_answer(mdns, wanted_by(mdns, &first), from, header->id, &first);
    answer_all(mdns, wants, now_ms);
}

void
mdns_input(struct mdns *mdns, const struct mdns_endpoint *from, const uint8_t *data, size_t len, uint64_t now_ms)
{
    struct dns_reader reader;
    struct dns_header header;

    if (!mdns_is_near(mdns->nets, mdns->net_count, from->ip, from->ip_len) || !allow(&mdns->input, MDNS_INPUT_MAX, now_ms))
        return;
    if (dns_read_header(&reader, data, len, &header) || (header.flags & (DNS_MASK_OPCODE | DNS_MASK_RCODE)) != 0)
        return;
    if (header.flags & DNS_FLAG_RESPONSE)
        take_answer(mdns, &reader, &header);
    else
        take_questions(mdns, &reader, &header, from, now_ms);
}

/* --- time ------------------------------------------------------------------------------------------ */

static void
ask(struct mdns *mdns, uint64_t now_ms)
{
    const struct dns_header header = { .questions = 1 };
    const struct dns_question question = { .name = mdns->service, .type = DNS_TYPE_PTR, .class = DNS_CLASS_IN };
    struct lat_buf out;

    mdns->ask_ms = now_ms + mdns->ask_gap_ms;
    mdns->ask_gap_ms = 2 * mdns->ask_gap_ms < MDNS_ASK_MAX_MS ? 2 * mdns->ask_gap_ms : MDNS_ASK_MAX_MS;
    lat_buf_init(&out, MDNS_ANSWER_MAX);
    if (dns_put_header(&out, &header) == LAT_OK && dns_put_question(&out, &question) == LAT_OK)
        mdns->config.ops->send(mdns->config.arg, NULL, out.data, out.len);
    lat_buf_fini(&out);
}

void
mdns_tick(struct mdns *mdns, uint64_t now_ms)
{
    if (mdns->net_count == 0)
        return;
    if (now_ms >= mdns->ask_ms)
        ask(mdns, now_ms);
    if (mdns->answer_ms == 0 || now_ms < mdns->answer_ms)
        return;
    mdns->answer_ms = 0;
    if (mdns->tell > 0 && --mdns->tell > 0)
        mdns->answer_ms = now_ms + MDNS_GAP_MS;
    if (mdns->address_count == 0)
        return;
    send_answer(mdns, WANT_PEER | (mdns->answer_meta ? WANT_META : 0U), NULL, 0, NULL);
    mdns->answer_meta = false;
    mdns->answered_ms = now_ms;
}
