/*
 * Once a whole pass has shown that nothing of a root is left to take ("taken"), no further session runs against
 * that root, however our own state moves on. Pauses are for sessions that should have brought us nearer and did
 * not.
 */
#include "config.h"

#include "state/heal_peer.h"

#include <string.h>

#include "base/text.h"

void
heal_peer_init(struct heal_peer *p)
{
    *p = (struct heal_peer){ 0 };
    heal_init(&p->heal);
}

void
heal_peer_fini(struct heal_peer *p)
{
    heal_fini(&p->heal);
}

void
heal_peer_forget(struct heal_peer *p)
{
    p->compared = p->taken = p->wants = p->goes_on = false;
    p->heal.pass_open = false;
}

/* --- a look -------------------------------------------------------------------------------------------- */

static unsigned
note_equal(struct heal_peer *p)
{
    unsigned change = p->compared && !p->equal ? HEAL_CHANGE_AGREES : 0;

    p->equal = true;
    p->held = p->wants = p->goes_on = p->taken = false;
    p->heal.pass_open = false;
    p->differs_checks = p->fruitless = 0;
    p->pause_until_ms = 0;
    p->trouble[0] = '\0';
    return change;
}

static unsigned
note_differs(struct heal_peer *p, uint64_t now_ms)
{
    bool news = !p->compared || p->equal;

    if (news) {
        p->differs_since_ms = now_ms;
        p->differs_checks = 0;
        p->trouble[0] = '\0';
    }
    p->equal = false;
    p->differs_checks++;
    return news ? HEAL_CHANGE_DIVERGED : 0;
}

/* Nothing of this root is left to take, by the keys that are trusted now? */
static bool
is_taken(const struct heal_peer *p, const uint8_t root[32], uint32_t trust_number, uint64_t now_ms)
{
    return p->taken && p->taken_trust == trust_number && now_ms < p->taken_until_ms &&
           memcmp(p->taken_root, root, 32) == 0;
}

/* It differs: is it to be healed from, once the lung carries and no pause is on? Else, is trust the reason? */
static void
decide(struct heal_peer *p, const uint8_t root[32], const struct heal_own *own, uint64_t now_ms)
{
    if (own->trusted_count == 0) {
        p->held = true;
        p->wants = false;
        lat_copy(p->trouble, sizeof(p->trouble),
                 "differs; no key is trusted here, so nothing is taken (set LATTICE_TRUSTED_KEYS)");
        return;
    }
    p->wants = !is_taken(p, root, own->trust_number, now_ms);
    if (p->wants)
        p->held = false;
}

void
heal_peer_note_status(struct heal_peer *p, const struct recon_status *theirs, const struct trust *trust)
{
    p->trust_differs = heal_note_status(&p->heal, theirs, trust);
}

bool
heal_peer_needs_view(const struct heal_peer *p)
{
    return p->heal.settled.count > 0;
}

bool
heal_peer_is_incompatible(const struct heal_peer *p)
{
    return p->heal.settled.overflow;
}

bool
heal_peer_agrees(const struct heal_peer *p, const uint8_t own[32], const uint8_t theirs[32], size_t *but)
{
    *but = 0;
    if (memcmp(own, theirs, 32) == 0)
        return true;
    if (!p->equal || p->but == 0 || memcmp(own, p->but_own, 32) != 0 || memcmp(theirs, p->but_theirs, 32) != 0)
        return false;
    *but = p->but;
    return true;
}

/* Equal, or equal but for what is settled? */
static bool
is_equal(struct heal_peer *p, const uint8_t root[32], const struct heal_own *own)
{
    bool agrees = memcmp(root, own->root, 32) == 0;

    p->but = 0;
    if (!agrees && own->view != NULL && heal_agrees(&p->heal, own->view, root, &agrees, &p->but))
        agrees = false; /* our own state cannot be read now: the next look tells */
    memcpy(p->but_own, own->root, 32);
    memcpy(p->but_theirs, root, 32);
    return agrees;
}

unsigned
heal_peer_compare(struct heal_peer *p, const uint8_t root[32], const struct heal_own *own, uint64_t now_ms)
{
    unsigned change;

    if (is_equal(p, root, own)) {
        change = note_equal(p);
        if (p->but > 0)
            heal_settled_text(&p->heal, p->trouble, sizeof(p->trouble));
        p->wants = own->lost > 0 && now_ms >= p->mend_ms;
    } else {
        change = note_differs(p, now_ms);
        decide(p, root, own, now_ms);
    }
    p->compared = true;
    return change;
}

/* --- sessions ------------------------------------------------------------------------------------------ */

bool
heal_peer_is_due(const struct heal_peer *p, uint64_t now_ms)
{
    return now_ms >= heal_peer_due_at(p);
}

uint64_t
heal_peer_due_at(const struct heal_peer *p)
{
    if (!p->compared || p->healing || heal_peer_is_incompatible(p) || !(p->wants || p->goes_on))
        return UINT64_MAX;
    return p->pause_until_ms;
}

uint64_t
heal_pause_ms(uint32_t fruitless)
{
    uint64_t ms = 1000;

    if (fruitless < HEAL_FRUITLESS_MAX)
        return 0;
    for (uint32_t i = HEAL_FRUITLESS_MAX; i <= fruitless && ms < HEAL_PAUSE_MAX_MS; i++)
        ms *= 2;
    return ms < HEAL_PAUSE_MAX_MS ? ms : HEAL_PAUSE_MAX_MS;
}

void
heal_peer_count(struct heal_peer *p, bool progress, uint64_t now_ms)
{
    uint64_t pause;

    if (progress)
        p->fruitless = 0;
    else if (p->fruitless < UINT32_MAX)
        p->fruitless++;
    pause = heal_pause_ms(p->fruitless);
    p->pause_until_ms = pause ? now_ms + pause : 0;
}

void
heal_peer_note_taken(struct heal_peer *p, const uint8_t root[32], uint32_t trust_number, uint64_t now_ms)
{
    p->taken = true;
    memcpy(p->taken_root, root, 32);
    p->taken_trust = trust_number;
    p->taken_until_ms = now_ms + HEAL_PAUSE_MAX_MS;
}

unsigned
heal_peer_healed(struct heal_peer *p, uint32_t trust_number, uint64_t now_ms)
{
    const struct heal *heal = &p->heal;
    unsigned change = 0;

    p->healing = false;
    p->healed_once = true;
    p->mend_ms = heal->session_useful > 0 ? now_ms : now_ms + HEAL_MEND_MS;
    p->heal_end_ms = now_ms;
    p->heal_took_ms = heal->ended_ms - heal->begun_ms;
    p->goes_on = p->held = p->taken = false;
    lat_copy(p->trouble, sizeof(p->trouble), heal->why.text);
    switch (heal->end) {
    case HEAL_EQUAL:
    case HEAL_BUT:
        change = note_equal(p);
        p->but = heal->end == HEAL_BUT ? heal->settled.count : 0;
        memcpy(p->but_own, heal->end_own, 32);
        memcpy(p->but_theirs, heal->batch_root, 32);
        lat_copy(p->trouble, sizeof(p->trouble), heal->why.text);
        break;
    case HEAL_INCOMPATIBLE:
        p->held = true;
        break;
    case HEAL_ALL_TAKEN:
        heal_peer_note_taken(p, heal->root, trust_number, now_ms);
        break;
    case HEAL_REFUSED:
        p->held = true;
        break;
    case HEAL_BUDGET:
        p->goes_on = true;
        p->trouble[0] = '\0';
        break;
    case HEAL_NONE:
    case HEAL_MOVED:
    case HEAL_STALLED:
    case HEAL_LIED:
    case HEAL_FAILED:
        break;
    }
    heal_peer_count(p, heal_had_progress(heal), now_ms);
    /* A pause is over by time, not by the next look, which may be far away. */
    p->wants = !p->equal && !p->taken && p->pause_until_ms > 0;
    return change;
}

void
heal_peer_given_up(struct heal_peer *p, uint64_t now_ms)
{
    heal_fail(&p->heal, NULL, now_ms);
    p->healing = p->wants = p->goes_on = false;
}

void
heal_peer_forget_pause(struct heal_peer *p)
{
    p->pause_until_ms = 0;
    p->fruitless = 0;
    p->taken = false;
    heal_forget(&p->heal);
}
