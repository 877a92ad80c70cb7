/*
 * privacy.c - fields that hold a secret are replaced whole; in the text of events, alerts and errors every token that
 * looks like one (peer id, multiaddr, URL, address, long hex) or is a known key is replaced where it stands.
 */
#include "config.h"

#include "privacy.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

enum what { WHAT_ADDRESS, WHAT_PEER, WHAT_KEY, WHAT_URL, WHAT_VALUE, WHAT_COUNT };

static const char *const words[WHAT_COUNT] = { "addr", "peer", "key", "url", "value" };

struct privacy {
    struct {
        char *text;
        enum what what;
        unsigned number;
    } names[PRIVACY_NAMES_MAX];
    size_t count;
    unsigned used[WHAT_COUNT];
};

struct privacy *
privacy_new(void)
{
    return calloc(1, sizeof(struct privacy));
}

void
privacy_free(struct privacy *p)
{
    if (p == NULL)
        return;
    for (size_t i = 0; i < p->count; i++)
        free(p->names[i].text);
    free(p);
}

void
privacy_switch(struct privacy **privacy, bool wanted)
{
    if (wanted && *privacy == NULL)
        *privacy = privacy_new();
    if (!wanted) {
        privacy_free(*privacy);
        *privacy = NULL;
    }
}

/* NULL: it has no number yet. */
static unsigned *
number_of(struct privacy *p, enum what what, const char *text, size_t len)
{
    for (size_t i = 0; i < p->count; i++)
        if (p->names[i].what == what && strlen(p->names[i].text) == len && memcmp(p->names[i].text, text, len) == 0)
            return &p->names[i].number;
    return NULL;
}

/* False: there are too many, or no memory. */
static bool
add_name(struct privacy *p, enum what what, const char *text, size_t len, unsigned number)
{
    if (p->count == PRIVACY_NAMES_MAX || (p->names[p->count].text = strndup(text, len)) == NULL)
        return false;
    p->names[p->count].what = what;
    p->names[p->count++].number = number;
    return true;
}

static bool
is_all_hex(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (!isxdigit((unsigned char)text[i]))
            return false;
    return len > 0;
}

/* "8590ac19..", "8590ac19d2017c3e": the first digits of a key are the key, if one is known that begins so. */
static const unsigned *
number_by_digits(const struct privacy *p, const char *text, size_t len)
{
    while (len > 0 && text[len - 1] == '.')
        len--;
    for (size_t i = 0; len >= 6 && len < SNAPSHOT_HEX_LEN - 1 && is_all_hex(text, len) && i < p->count; i++)
        if (p->names[i].what == WHAT_PEER && strlen(p->names[i].text) == SNAPSHOT_HEX_LEN - 1 && memcmp(p->names[i].text, text, len) == 0)
            return &p->names[i].number;
    return NULL;
}

/* "addr-3" for a text; "addr-x" when there are too many. */
static void
name_for(struct privacy *p, enum what what, const char *text, size_t len, char out[32])
{
    const unsigned *known = number_of(p, what, text, len);

    if (known == NULL && what == WHAT_PEER)
        known = number_by_digits(p, text, len);
    if (known)
        snprintf(out, 32, "%s-%u", words[what], *known);
    else if (add_name(p, what, text, len, p->used[what] + 1))
        snprintf(out, 32, "%s-%u", words[what], ++p->used[what]);
    else
        snprintf(out, 32, "%s-x", words[what]);
}

static void
give_number(struct privacy *p, const char *text, unsigned number)
{
    unsigned *known = number_of(p, WHAT_PEER, text, strlen(text));

    if (known)
        *known = number;
    else if (text[0])
        (void)add_name(p, WHAT_PEER, text, strlen(text), number);
}

/* One party has one name, whichever of its own is said: id, end of the id ("..zzv6T5ZA"), public key ("": unknown). */
static void
introduce(struct privacy *p, const char *id, const char *public_key)
{
    const unsigned *known = number_of(p, WHAT_PEER, id, strlen(id));
    char end[16] = "";
    unsigned number;

    if (id[0] == 0 && public_key[0] == 0)
        return;
    if (known == NULL && public_key[0])
        known = number_of(p, WHAT_PEER, public_key, strlen(public_key));
    number = known ? *known : ++p->used[WHAT_PEER];
    if (strlen(id) > 8)
        snprintf(end, sizeof(end), "..%s", id + strlen(id) - 8);
    give_number(p, id, number);
    give_number(p, end, number);
    give_number(p, public_key, number);
}

static void
replace_whole(struct privacy *p, enum what what, char *field, size_t size)
{
    char name[32];

    if (field[0] == 0)
        return;
    name_for(p, what, field, strlen(field), name);
    lat_copy(field, size, name);
}
#define WHOLE(p, what, field) replace_whole(p, what, field, sizeof(field))

/* --- tokens in a text ----------------------------------------------------------------------------------- */

static bool
is_token(char ch)
{
    return isalnum((unsigned char)ch) || (ch && strchr("/:._-@[]%+~#?=&", ch));
}

static bool
is_known_key(const struct privacy *p, const char *token, size_t len)
{
    for (size_t i = 0; i < p->count; i++)
        if (p->names[i].what == WHAT_KEY && strlen(p->names[i].text) == len && memcmp(p->names[i].text, token, len) == 0)
            return true;
    return false;
}

/* "10.1.0.11", "10.1.0.11:8000", "[::1]:8000", "localhost:8000" */
static bool
is_address(const char *token, size_t len)
{
    size_t digits = 0, dots = 0, colons = 0, others = 0;

    if (memchr(token, '[', len) && memchr(token, ']', len) && memchr(token, ':', len))
        return true;
    for (size_t i = 0; i < len; i++) {
        digits += isdigit((unsigned char)token[i]) != 0;
        dots += token[i] == '.';
        colons += token[i] == ':';
        others += !isdigit((unsigned char)token[i]) && token[i] != '.' && token[i] != ':';
    }
    if (dots == 3 && digits >= 4 && others == 0)
        return true;
    return colons == 1 && digits > 0 && dots > 0 && isdigit((unsigned char)token[len - 1]) && others > 0;
}

static bool
begins(const char *token, size_t len, const char *with)
{
    return len >= strlen(with) && memcmp(token, with, strlen(with)) == 0;
}

/* What a token gives away; WHAT_COUNT: nothing. */
static enum what
kind_of(const struct privacy *p, const char *token, size_t len)
{
    if (is_known_key(p, token, len))
        return WHAT_KEY;
    if (begins(token, len, "12D3KooW") || begins(token, len, "Qm") || begins(token, len, "..") || (len == 64 && is_all_hex(token, len)))
        return len > 8 ? WHAT_PEER : WHAT_COUNT;
    if (begins(token, len, "http://") || begins(token, len, "https://") || begins(token, len, "ssh://"))
        return WHAT_URL;
    if (begins(token, len, "/ip4/") || begins(token, len, "/ip6/") || begins(token, len, "/dns") || is_address(token, len))
        return WHAT_ADDRESS;
    return WHAT_COUNT;
}

/* "address=/ip4/10.1.0.11/tcp/9000": the name of a field goes first, by itself. A URL may have such signs in it. */
static size_t
without_name(const struct privacy *p, const char *token, size_t len)
{
    const char *sign = memchr(token, '=', len);

    if (sign == NULL || sign == token || kind_of(p, token, len) != WHAT_COUNT)
        return len;
    return (size_t)(sign - token) + 1;
}

/* "8590ac19..": the beginning of a key. */
static bool
is_cut_key(const char *token, size_t len)
{
    return len >= 8 && memcmp(token + len - 2, "..", 2) == 0 && is_all_hex(token, len - 2);
}

static void
replace_tokens(struct privacy *p, char *field, size_t size)
{
    char out[1024];
    size_t used = 0;
    const char *at = field;

    while (*at && used + 40 < sizeof(out)) {
        size_t len = 0, kept;
        enum what what;
        char name[32];

        while (is_token(at[len]))
            len++;
        len = without_name(p, at, len);
        kept = len;
        while (kept > 1 && strchr(".:?,", at[kept - 1]))
            kept--; /* the end of a sentence is no part of it */
        what = kept > 0 ? kind_of(p, at, kept) : WHAT_COUNT;
        if (what == WHAT_COUNT && is_cut_key(at, len)) {
            what = WHAT_PEER;
            kept = len; /* the dots are part of it */
        }
        if (what != WHAT_COUNT) {
            name_for(p, what, at, kept, name);
            used += (size_t)snprintf(out + used, sizeof(out) - used, "%s", name);
            at += kept;
            continue;
        }
        len = len > 0 ? len : 1;
        if (used + len >= sizeof(out))
            break;
        memcpy(out + used, at, len);
        used += len;
        at += len;
    }
    out[used] = 0;
    lat_copy(field, size, out);
}
#define TOKENS(p, field) replace_tokens(p, field, sizeof(field))

/* --- a snapshot ----------------------------------------------------------------------------------------- */

static void
hide_keys(struct privacy *p, struct snapshot_key *keys, uint32_t count)
{
    for (uint32_t i = 0; i < count && i < SNAPSHOT_KEYS_MAX; i++) {
        WHOLE(p, WHAT_KEY, keys[i].key);
        WHOLE(p, WHAT_PEER, keys[i].ours_author);
        WHOLE(p, WHAT_PEER, keys[i].theirs_author);
        WHOLE(p, WHAT_VALUE, keys[i].ours_value);
        WHOLE(p, WHAT_VALUE, keys[i].theirs_value);
    }
}

static void
hide_source(struct privacy *p, struct snapshot_source *s)
{
    hide_keys(p, s->stand.keys, s->stand.key_count);
    WHOLE(p, WHAT_URL, s->url);
    WHOLE(p, WHAT_PEER, s->public_key);
    TOKENS(p, s->name);
    TOKENS(p, s->stand.error);
}

static void
hide_peer(struct privacy *p, struct snapshot_peer *peer)
{
    hide_keys(p, peer->stand.keys, peer->stand.key_count);
    TOKENS(p, peer->stand.error);
    WHOLE(p, WHAT_PEER, peer->id);
    WHOLE(p, WHAT_PEER, peer->public_key);
    WHOLE(p, WHAT_ADDRESS, peer->address);
    TOKENS(p, peer->name);
    TOKENS(p, peer->why_not);
}

static void
hide_alert(struct privacy *p, struct snapshot_alert *alert)
{
    TOKENS(p, alert->who);
    TOKENS(p, alert->what);
    TOKENS(p, alert->why);
    TOKENS(p, alert->text);
}

static void
hide_node(struct privacy *p, struct snapshot *s)
{
    WHOLE(p, WHAT_PEER, s->peer_id);
    WHOLE(p, WHAT_PEER, s->public_key);
    WHOLE(p, WHAT_ADDRESS, s->api_address);
    WHOLE(p, WHAT_ADDRESS, s->p2p_listen);
    WHOLE(p, WHAT_ADDRESS, s->state_dir);
    TOKENS(p, s->api_error);
    TOKENS(p, s->doubts.two_faces);
    TOKENS(p, s->state.error);
    TOKENS(p, s->lung.p2p_error);
    TOKENS(p, s->lung.http_error);
    TOKENS(p, s->lung.http_source);
}

const struct snapshot *
privacy_apply(struct privacy *p, const struct snapshot *snapshot)
{
    struct snapshot *s = snapshot_new();

    if (s == NULL)
        return NULL;
    *s = *snapshot;
    introduce(p, s->peer_id, s->public_key);
    for (uint32_t i = 0; i < s->peer_count && i < SNAPSHOT_PEERS_MAX; i++)
        introduce(p, s->peers[i].id, s->peers[i].public_key);
    for (uint32_t i = 0; i < s->source_count && i < SNAPSHOT_SOURCES_MAX; i++)
        hide_source(p, &s->sources[i]);
    for (uint32_t i = 0; i < s->peer_count && i < SNAPSHOT_PEERS_MAX; i++)
        hide_peer(p, &s->peers[i]);
    hide_node(p, s);
    for (uint32_t i = 0; i < s->alert_count && i < SNAPSHOT_ALERTS_MAX; i++)
        hide_alert(p, &s->alerts[i]);
    for (uint32_t i = 0; i < s->event_count && i < SNAPSHOT_EVENTS_MAX; i++)
        TOKENS(p, s->events[i].text);
    return s;
}
