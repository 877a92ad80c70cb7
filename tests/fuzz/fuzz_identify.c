/*
 * Whatever a peer says of itself: it is told once or not at all, what is told is bounded and fit for a screen, its addresses
 * are some, a signed record is that of the peer itself, and into how many messages the answer was cut makes no difference.
 */
#include "config.h"

#include "fuzz/fuzz.h"

#include <string.h>

#include "base/buf.h"
#include "base/text.h"
#include "base/varint.h"
#include "crypto/key.h"
#include "p2p/identify.h"

struct told {
    unsigned times;
    struct lat_buf summary; /* all that was told, to be compared */
};

static struct peerid peer; /* that of the corpus, whose record it has signed */

static void
check_text(const char *text)
{
    size_t len = strlen(text);

    FUZZ_CHECK(len < IDENTIFY_AGENT_MAX && lat_utf8_valid((const uint8_t *)text, len));
    for (size_t i = 0; i < len; i++)
        FUZZ_CHECK((unsigned char)text[i] >= 0x20 && text[i] != 0x7f);
}

static void
note(struct told *told, const void *bytes, size_t len)
{
    FUZZ_CHECK(lat_buf_add(&told->summary, &len, sizeof(len)) == LAT_OK);
    FUZZ_CHECK(lat_buf_add(&told->summary, bytes, len) == LAT_OK);
}

static void
on_told(void *arg, const struct identify_info *info)
{
    const bool flags[] = { info->has_agent, info->has_version, info->has_protocols, info->has_addrs, info->signed_record };
    struct told *told = arg;
    struct multiaddr addr;

    told->times++;
    check_text(info->agent);
    check_text(info->version);
    FUZZ_CHECK(info->protocol_count <= IDENTIFY_PROTOCOLS_MAX && info->addr_count <= IDENTIFY_ADDRS_MAX);
    FUZZ_CHECK(info->observed.len == 0 || multiaddr_from_bytes(info->observed.bytes, info->observed.len, &addr) == LAT_OK);
    note(told, flags, sizeof(flags));
    note(told, info->agent, strlen(info->agent));
    note(told, info->version, strlen(info->version));
    note(told, info->observed.bytes, info->observed.len);
    for (size_t i = 0; i < info->protocol_count; i++)
        note(told, info->protocols[i], strlen(info->protocols[i]));
    for (size_t i = 0; i < info->addr_count; i++) {
        FUZZ_CHECK(multiaddr_from_bytes(info->addrs[i].bytes, info->addrs[i].len, &addr) == LAT_OK);
        note(told, info->addrs[i].bytes, info->addrs[i].len);
    }
}

static enum lat_err
hear(const uint8_t *data, size_t size, struct told *told)
{
    enum lat_err err;

    told->times = 0;
    lat_buf_init(&told->summary, 1 << 20);
    err = identify_read(&peer, false, data, size, on_told, told);
    FUZZ_CHECK(err == LAT_OK || err == LAT_MALFORMED || err == LAT_LIMIT);
    FUZZ_CHECK(told->times == (err ? 0 : 1));
    return err;
}

/* data as a message, in pieces of this many bytes. */
static void
frame(const uint8_t *data, size_t size, size_t piece, struct lat_buf *out)
{
    uint8_t length[VARINT_LEN_MAX];

    do {
        size_t len = size < piece ? size : piece;

        FUZZ_CHECK(lat_buf_add(out, length, varint_encode(len, length)) == LAT_OK);
        FUZZ_CHECK(lat_buf_add(out, data, len) == LAT_OK);
        data += len;
        size -= len;
    } while (size > 0);
}

static void
check_cuts(const uint8_t *data, size_t size)
{
    struct told whole, cut;
    struct lat_buf one, many;
    enum lat_err err;

    lat_buf_init(&one, 1 << 20);
    lat_buf_init(&many, 1 << 20);
    frame(data, size, size > 0 ? size : 1, &one);
    frame(data, size, 1 + size / 7, &many);
    err = hear(one.data, one.len, &whole);
    FUZZ_CHECK(hear(many.data, many.len, &cut) == err);
    FUZZ_CHECK(whole.summary.len == cut.summary.len);
    FUZZ_CHECK(whole.summary.len == 0 || memcmp(whole.summary.data, cut.summary.data, cut.summary.len) == 0);
    lat_buf_fini(&whole.summary);
    lat_buf_fini(&cut.summary);
    lat_buf_fini(&one);
    lat_buf_fini(&many);
}

static void
set_up(void)
{
    uint8_t seed[KEY_SEED_LEN];
    struct identity identity;
    struct key *key;

    memset(seed, 1, sizeof(seed));
    FUZZ_CHECK(key_from_seed(seed, &key) == LAT_OK);
    identity_init(&identity, key);
    peer = identity.peer;
    key_free(key);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct told told;

    if (peer.len == 0)
        set_up();
    if (size > 4 * IDENTIFY_MAX)
        return 0;
    (void)!hear(data, size, &told); /* as it came, lengths included */
    lat_buf_fini(&told.summary);
    check_cuts(data, size); /* and as one message */
    return 0;
}
