/*
 * topic_world.h - people who speak on the gossip topic: the network of the vectors, four keys (seeds 01 .. 04, of which a test
 * trusts whom it likes), and the way of a message from text to judgement.
 */
#ifndef TESTS_SUPPORT_TOPIC_WORLD_H
#define TESTS_SUPPORT_TOPIC_WORLD_H

#include "node/topic_judge.h"

#define TOPIC_PEOPLE 4
#define TOPIC_NOW_MS 1700000061000 /* what the vectors take for now */

struct topic_world {
    struct network network;
    struct key *keys[TOPIC_PEOPLE];
    struct peerid ids[TOPIC_PEOPLE];
    struct trust trust;          /* own key: that of person 0; all but person 3 are trusted */
    struct topic_setting setting;
    struct topic_judge *judge;
    struct topic_message message; /* the last one heard */
    struct topic_judgement said;  /* and what became of it */
};

void topic_world_init(struct topic_world *w);
void topic_world_fini(struct topic_world *w);

/* A message of any text comes from author over the link of `link` (both a number of a person): parsed, checked, judged. */
void topic_hear(struct topic_world *w, int author, int link, const char *text, size_t len);

/* The same, by an author with any id. */
void topic_hear_from(struct topic_world *w, const struct peerid *author, int link, const char *text, size_t len);

/* A root of a person, attested by its key, at this time. root: its 32 bytes are all this. The caller ends the buffer. */
void topic_say_root(const struct topic_world *w, int author, uint8_t root, uint64_t time_ms, struct lat_buf *out);

/* A record of a person in the form of store_merge (length first). The caller ends the buffer. */
void topic_make_record(const struct topic_world *w, int author, const char *key, size_t value_len, uint64_t hlc, struct lat_buf *out);

/* The id of someone without an Ed25519 key, by a number. */
struct peerid topic_hashed_id(uint8_t number);

#endif
