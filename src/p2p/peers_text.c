/*
 * peers_text.c - the address book as JSON and back.
 *
 *    {"version": 1,
 *     "peers": [
 *      {"id": "12D3...", "live_s": 86400, "connected_s": 86410, "last": 1773500000, "addresses": ["/ip4/192.0.2.1/tcp/9000"]}
 *     ]}
 *
 * The reader walks any JSON and picks out what it knows. A library would not be shorter: nothing here needs a tree, numbers with
 * fractions, or strings beyond the characters of ids and addresses.
 */
#include "config.h"

#include "p2p/peers.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH_MAX 16
#define SECONDS_MAX (100u * 365 * 86400)

/* --- writing --------------------------------------------------------------------------------------- */

struct ranked {
    const struct peers_entry *peer;
    uint64_t now_ms;
};

static int
by_rank(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;

    return peers_compare(x->peer, y->peer, x->now_ms);
}

static uint64_t
seconds(uint64_t sum_ms, bool running, uint64_t since_ms, uint64_t now_ms)
{
    return (sum_ms + (running && now_ms > since_ms ? now_ms - since_ms : 0)) / 1000;
}

/* Unix seconds of the last sight; 0: never. */
static int64_t
last_seen(const struct peers_entry *peer, uint64_t now_ms, uint64_t wall_ms)
{
    int64_t ago;

    if (peer->connected)
        return (int64_t)(wall_ms / 1000);
    ago = (int64_t)now_ms - peer->last_ms;
    return peer->was_connected ? ((int64_t)wall_ms - ago) / 1000 : 0;
}

static enum lat_err
write_peer(const struct peers_entry *peer, bool first, uint64_t now_ms, uint64_t wall_ms, struct lat_buf *out)
{
    char id[PEERID_TEXT_MAX];
    enum lat_err err;
    size_t written = 0;

    peerid_text(&peer->id, id);
    err = lat_buf_printf(out, "%s\n  {\"id\": \"%s\", \"live_s\": %" PRIu64 ", \"connected_s\": %" PRIu64 ", \"last\": %" PRId64
                         ", \"addresses\": [", first ? "" : ",", id,
                         seconds(peer->live_total_ms, peer->live, peer->live_ms, now_ms),
                         seconds(peer->connected_total_ms, peer->connected, peer->up_ms, now_ms),
                         last_seen(peer, now_ms, wall_ms));
    for (size_t i = 0; i < peer->address_count && !err; i++) {
        if (peer->addresses[i]->source != PEERS_CONFIGURED) /* texts of addresses have no character that needs an escape */
            err = lat_buf_printf(out, "%s\"%s\"", written++ ? ", " : "", peer->addresses[i]->text);
    }
    return err ? err : lat_buf_printf(out, "]}");
}

static size_t
rank(const struct peers *peers, uint64_t now_ms, struct ranked *list)
{
    size_t count = 0;

    for (size_t i = 0; i < peers_count(peers); i++) {
        const struct peers_entry *peer = peers_at(peers, i);

        if (peer->connected || peer->was_connected)
            list[count++] = (struct ranked){ peer, now_ms };
    }
    if (count > 0)
        qsort(list, count, sizeof(*list), by_rank);
    return count;
}

enum lat_err
peers_text(const struct peers *peers, uint64_t now_ms, uint64_t wall_ms, struct lat_buf *out)
{
    struct ranked *list = calloc(PEERS_MAX, sizeof(*list));
    enum lat_err err;
    size_t count;

    if (list == NULL)
        return LAT_NOMEM;
    count = rank(peers, now_ms, list);
    err = lat_buf_printf(out, "{\"version\": 1,\n \"peers\": [");
    for (size_t i = 0; i < count && !err; i++)
        err = write_peer(list[i].peer, i == 0, now_ms, wall_ms, out);
    if (!err)
        err = lat_buf_printf(out, "\n ]}\n");
    free(list);
    return err;
}

/* --- reading --------------------------------------------------------------------------------------- */

/* What stands at `at`; bad once something was not JSON, and then nothing moves any more. */
struct reader {
    const char *at, *end;
    bool bad;
};

static char
look(struct reader *r)
{
    while (r->at < r->end && (*r->at == ' ' || *r->at == '\n' || *r->at == '\t' || *r->at == '\r'))
        r->at++;
    return r->at < r->end && !r->bad ? *r->at : '\0';
}

static bool
take(struct reader *r, char c)
{
    if (look(r) != c || c == '\0')
        return false;
    r->at++;
    return true;
}

static void
expect(struct reader *r, char c)
{
    if (!take(r, c))
        r->bad = true;
}

/* A string, cut at size: one that is longer than any we look for, or has an escape, becomes one that matches nothing. */
static void
read_string(struct reader *r, char *out, size_t size)
{
    size_t len = 0;
    bool strange = false;

    expect(r, '"');
    while (!r->bad && r->at < r->end && *r->at != '"') {
        if (*r->at == '\\') {
            strange = true;
            r->at++;
        }
        if (r->at == r->end)
            break;
        if (len + 1 < size)
            out[len++] = *r->at;
        else
            strange = true;
        r->at++;
    }
    out[strange ? 0 : len] = '\0';
    expect(r, '"');
}

static uint64_t
read_number(struct reader *r)
{
    uint64_t value = 0;

    if (look(r) < '0' || look(r) > '9')
        r->bad = true;
    while (!r->bad && r->at < r->end && *r->at >= '0' && *r->at <= '9') {
        value = value * 10 + (uint64_t)(*r->at++ - '0');
        if (value > SECONDS_MAX)
            value = SECONDS_MAX;
    }
    return value;
}

static void
skip_plain(struct reader *r)
{
    const char *begin = r->at;

    while (r->at < r->end && strchr("+-.0123456789abcdefghijklmnopqrstuvwxyzE", *r->at) != NULL && *r->at != '\0')
        r->at++;
    r->bad = r->bad || r->at == begin;
}

/* Any value, of a bounded depth. */
static void
skip_value(struct reader *r)
{
    char closers[DEPTH_MAX], nothing[1];
    size_t depth = 0;

    do {
        char c = look(r);

        if (c == '{' || c == '[') {
            r->at++;
            r->bad = depth == DEPTH_MAX;
            if (!r->bad)
                closers[depth++] = c == '{' ? '}' : ']';
        } else if (depth > 0 && (c == ',' || c == ':' || c == closers[depth - 1])) {
            r->at++;
            depth -= c == closers[depth - 1];
        } else if (c == '"') {
            read_string(r, nothing, sizeof(nothing));
        } else {
            skip_plain(r);
        }
    } while (!r->bad && depth > 0);
}

/* One peer of the file. */
struct remembered {
    struct peerid id;
    bool has_id;
    uint64_t live_s, connected_s, last;
    size_t address_count;
    struct multiaddr addresses[PEERS_ADDRESSES_MAX];
};

static void
read_addresses(struct reader *r, struct remembered *found)
{
    char text[PEERS_ADDRESS_LEN];

    expect(r, '[');
    if (take(r, ']'))
        return;
    do {
        read_string(r, text, sizeof(text));
        if (!r->bad && found->address_count < PEERS_ADDRESSES_MAX &&
            multiaddr_parse(text, &found->addresses[found->address_count]) == LAT_OK)
            found->address_count++;
    } while (!r->bad && take(r, ','));
    expect(r, ']');
}

static void
read_member(struct reader *r, struct remembered *found)
{
    char name[16], id[PEERID_TEXT_MAX];

    read_string(r, name, sizeof(name));
    expect(r, ':');
    if (strcmp(name, "id") == 0) {
        read_string(r, id, sizeof(id));
        found->has_id = peerid_parse(id, &found->id) == LAT_OK;
    } else if (strcmp(name, "live_s") == 0) {
        found->live_s = read_number(r);
    } else if (strcmp(name, "connected_s") == 0) {
        found->connected_s = read_number(r);
    } else if (strcmp(name, "last") == 0) {
        found->last = read_number(r);
    } else if (strcmp(name, "addresses") == 0) {
        read_addresses(r, found);
    } else {
        skip_value(r);
    }
}

static enum lat_err
remember(struct peers *peers, const struct remembered *found, uint64_t now_ms, uint64_t wall_ms)
{
    struct peers_entry *peer;
    enum lat_err err = LAT_OK;

    for (size_t i = 0; i < found->address_count && err != LAT_NOMEM; i++)
        err = peers_add(peers, &found->id, &found->addresses[i], PEERS_REMEMBERED);
    peer = peers_find(peers, &found->id);
    if (err == LAT_NOMEM || peer == NULL)
        return err == LAT_NOMEM ? err : LAT_OK; /* without an address and not configured: of no use */
    peer->live_total_ms = found->live_s * 1000;
    peer->connected_total_ms = found->connected_s * 1000;
    peer->was_connected = found->last > 0;
    peer->last_ms = (int64_t)now_ms - ((int64_t)wall_ms - (int64_t)found->last * 1000);
    return LAT_OK;
}

static enum lat_err
read_peer(struct reader *r, struct peers *peers, uint64_t now_ms, uint64_t wall_ms)
{
    struct remembered *found = calloc(1, sizeof(*found));
    enum lat_err err = LAT_OK;

    if (found == NULL)
        return LAT_NOMEM;
    expect(r, '{');
    if (!take(r, '}')) {
        do
            read_member(r, found);
        while (!r->bad && take(r, ','));
        expect(r, '}');
    }
    if (!r->bad && found->has_id)
        err = remember(peers, found, now_ms, wall_ms);
    free(found);
    return err;
}

static enum lat_err
read_peers(struct reader *r, struct peers *peers, uint64_t now_ms, uint64_t wall_ms)
{
    enum lat_err err;

    expect(r, '[');
    if (take(r, ']'))
        return LAT_OK;
    do
        err = read_peer(r, peers, now_ms, wall_ms);
    while (!err && !r->bad && take(r, ','));
    expect(r, ']');
    return err;
}

enum lat_err
peers_parse(struct peers *peers, const char *text, size_t len, uint64_t now_ms, uint64_t wall_ms, struct lat_msg *why)
{
    struct reader r = { .at = text, .end = text + len };
    enum lat_err err = LAT_OK;
    char name[16];

    expect(&r, '{');
    if (!take(&r, '}')) {
        do {
            read_string(&r, name, sizeof(name));
            expect(&r, ':');
            if (strcmp(name, "peers") == 0)
                err = read_peers(&r, peers, now_ms, wall_ms);
            else
                skip_value(&r);
        } while (!err && !r.bad && take(&r, ','));
        expect(&r, '}');
    }
    if (!err && (r.bad || look(&r) != '\0')) {
        lat_msg_set(why, "the remembered peers are damaged at byte %zu", (size_t)(r.at - text));
        return LAT_MALFORMED;
    }
    return err;
}
