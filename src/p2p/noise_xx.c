/*
 * Both sides run the same list of tokens for each message, one writing and one reading, and mix everything
 * that goes over the wire into `hash` and every shared secret into `chaining_key`. A changed byte anywhere
 * gives the sides different hashes, so that the next tag does not hold. The names of the Diffie-Hellman
 * tokens tell whose keys meet, the initiator's first: es is the initiator's ephemeral with the responder's
 * static key.
 */
#include "config.h"

#include "p2p/noise_xx.h"

#include <assert.h>
#include <string.h>

#include "base/le.h"
#include "base/wipe.h"
#include "crypto/hkdf.h"

enum token {
    TOKEN_END,
    TOKEN_E,
    TOKEN_S,
    TOKEN_EE,
    TOKEN_ES,
    TOKEN_SE,
};

static const enum token pattern[NOISE_XX_MESSAGES][5] = {
    { TOKEN_E },
    { TOKEN_E, TOKEN_EE, TOKEN_S, TOKEN_ES },
    { TOKEN_S, TOKEN_SE },
};

static const size_t least[NOISE_XX_MESSAGES] = { NOISE_XX_MIN_1, NOISE_XX_MIN_2, NOISE_XX_MIN_3 };

enum lat_err
noise_cipher_set_key(struct noise_cipher *cipher, const uint8_t key[AEAD_KEY_LEN])
{
    cipher->counter = 0;
    return cipher->aead == NULL ? aead_new(key, &cipher->aead) : aead_rekey(cipher->aead, key);
}

void
noise_cipher_fini(struct noise_cipher *cipher)
{
    aead_free(cipher->aead);
    cipher->aead = NULL;
}

enum lat_err
noise_cipher_seal(struct noise_cipher *cipher, const void *ad, size_t ad_len, const uint8_t *in, size_t len,
                  uint8_t *out)
{
    enum lat_err err = LAT_CLOSED;

    if (cipher->counter < UINT64_MAX)
        err = aead_seal(cipher->aead, cipher->counter, ad, ad_len, in, len, out);
    if (!err)
        cipher->counter++;
    return err;
}

enum lat_err
noise_cipher_open(struct noise_cipher *cipher, const void *ad, size_t ad_len, const uint8_t *in, size_t len,
                  uint8_t *out)
{
    enum lat_err err = LAT_CLOSED;

    if (cipher->counter < UINT64_MAX)
        err = aead_open(cipher->aead, cipher->counter, ad, ad_len, in, len, out);
    if (!err)
        cipher->counter++;
    return err;
}

static void
mix_hash(struct noise_xx *xx, const void *data, size_t len)
{
    sha256_parts((const struct hash_part[]){ { xx->hash, SHA256_LEN }, { data, len } }, 2, xx->hash);
}

/* A shared secret gives the next chaining key and a new cipher key. */
static enum lat_err
mix_key(struct noise_xx *xx, const struct dh_pair *own, const struct dh_public *theirs)
{
    uint8_t secret[DH_LEN], key[AEAD_KEY_LEN];
    enum lat_err err = dh_shared(own, theirs, secret);

    if (!err) {
        hkdf2(xx->chaining_key, secret, sizeof(secret), xx->chaining_key, key);
        err = noise_cipher_set_key(&xx->cipher, key);
    }
    lat_wipe(secret, sizeof(secret));
    lat_wipe(key, sizeof(key));
    return err;
}

static enum lat_err
mix_shared(struct noise_xx *xx, enum token token)
{
    bool initiator_ephemeral = token != TOKEN_SE, responder_ephemeral = token != TOKEN_ES;
    bool own_ephemeral = xx->is_initiator ? initiator_ephemeral : responder_ephemeral;
    bool their_ephemeral = xx->is_initiator ? responder_ephemeral : initiator_ephemeral;

    return mix_key(xx, own_ephemeral ? xx->own_ephemeral : xx->own_static,
                   their_ephemeral ? xx->their_ephemeral : xx->their_static);
}

/* Append data to out, encrypted as soon as there is a key, and mix what went out. */
static enum lat_err
put_hashed(struct noise_xx *xx, const void *data, size_t len, struct lat_buf *out)
{
    bool has_key = xx->cipher.aead != NULL;
    size_t out_len = len + (has_key ? AEAD_TAG_LEN : 0);
    uint8_t *at;
    enum lat_err err = lat_buf_extend(out, out_len, &at);

    if (!err && has_key)
        err = noise_cipher_seal(&xx->cipher, xx->hash, SHA256_LEN, data, len, at);
    else if (!err && len > 0)
        memcpy(at, data, len);
    if (!err)
        mix_hash(xx, at, out_len);
    return err;
}

/* The reverse: in[0 .. len) as it came. */
static enum lat_err
take_hashed(struct noise_xx *xx, const uint8_t *in, size_t len, uint8_t *out)
{
    enum lat_err err = LAT_OK;

    if (xx->cipher.aead != NULL)
        err = noise_cipher_open(&xx->cipher, xx->hash, SHA256_LEN, in, len, out);
    else if (len > 0)
        memcpy(out, in, len);
    if (!err)
        mix_hash(xx, in, len);
    return err;
}

static enum lat_err
write_token(struct noise_xx *xx, enum token token, struct lat_buf *out)
{
    const uint8_t *key;

    switch (token) {
    case TOKEN_E: /* before the first key, so never encrypted */
        key = dh_pair_public(xx->own_ephemeral);
        mix_hash(xx, key, DH_LEN);
        return lat_buf_add(out, key, DH_LEN);
    case TOKEN_S:
        return put_hashed(xx, dh_pair_public(xx->own_static), DH_LEN, out);
    case TOKEN_EE:
    case TOKEN_ES:
    case TOKEN_SE:
        return mix_shared(xx, token);
    case TOKEN_END:
        break;
    }
    return LAT_OK;
}

static enum lat_err
read_token(struct noise_xx *xx, enum token token, const uint8_t **at)
{
    size_t len = DH_LEN + (xx->cipher.aead != NULL ? AEAD_TAG_LEN : 0);
    enum lat_err err;

    switch (token) {
    case TOKEN_E:
        mix_hash(xx, *at, DH_LEN);
        err = dh_public_new(*at, &xx->their_ephemeral);
        *at += DH_LEN;
        return err;
    case TOKEN_S:
        err = take_hashed(xx, *at, len, xx->their_static_bytes);
        *at += len;
        return err ? err : dh_public_new(xx->their_static_bytes, &xx->their_static);
    case TOKEN_EE:
    case TOKEN_ES:
    case TOKEN_SE:
        return mix_shared(xx, token);
    case TOKEN_END:
        break;
    }
    return LAT_OK;
}

enum lat_err
noise_xx_init(struct noise_xx *xx, bool is_initiator, const struct dh_pair *own_static,
              const uint8_t ephemeral_seed[DH_LEN], const void *prologue, size_t prologue_len)
{
    /* As long as a hash, so it stands for its own hash; and the first chaining key is that hash. */
    static const char name[SHA256_LEN + 1] = "Noise_XX_25519_ChaChaPoly_SHA256";

    *xx = (struct noise_xx){ .is_initiator = is_initiator, .own_static = own_static };
    memcpy(xx->hash, name, SHA256_LEN);
    memcpy(xx->chaining_key, name, SHA256_LEN);
    mix_hash(xx, prologue, prologue_len); /* an empty one too */
    return dh_pair_from_seed(ephemeral_seed, &xx->own_ephemeral);
}

void
noise_xx_fini(struct noise_xx *xx)
{
    dh_pair_free(xx->own_ephemeral);
    dh_public_free(xx->their_static);
    dh_public_free(xx->their_ephemeral);
    noise_cipher_fini(&xx->cipher);
    lat_wipe(xx, sizeof(*xx));
}

bool
noise_xx_is_writing(const struct noise_xx *xx)
{
    return xx->messages < NOISE_XX_MESSAGES && (xx->messages % 2 == 0) == xx->is_initiator;
}

size_t
noise_xx_len(const struct noise_xx *xx, size_t payload_len)
{
    assert(xx->messages < NOISE_XX_MESSAGES);
    return least[xx->messages] + payload_len;
}

enum lat_err
noise_xx_write(struct noise_xx *xx, const void *payload, size_t payload_len, struct lat_buf *out)
{
    enum lat_err err = LAT_OK;

    assert(noise_xx_is_writing(xx));
    for (const enum token *token = pattern[xx->messages]; !err && *token != TOKEN_END; token++)
        err = write_token(xx, *token, out);
    if (!err)
        err = put_hashed(xx, payload, payload_len, out);
    xx->messages++;
    return err;
}

enum lat_err
noise_xx_read(struct noise_xx *xx, const uint8_t *message, size_t len, struct lat_buf *payload)
{
    const uint8_t *at = message;
    enum lat_err err = LAT_OK;
    size_t payload_len;
    uint8_t *room;

    assert(xx->messages < NOISE_XX_MESSAGES && !noise_xx_is_writing(xx));
    if (len < least[xx->messages])
        return LAT_MALFORMED;
    payload_len = len - least[xx->messages];
    for (const enum token *token = pattern[xx->messages]; !err && *token != TOKEN_END; token++)
        err = read_token(xx, *token, &at);
    if (!err)
        err = lat_buf_extend(payload, payload_len, &room);
    if (!err)
        err = take_hashed(xx, at, (size_t)(message + len - at), room);
    xx->messages++;
    return err;
}

enum lat_err
noise_xx_split(struct noise_xx *xx, struct noise_cipher *sending, struct noise_cipher *receiving)
{
    uint8_t of_initiator[AEAD_KEY_LEN], of_responder[AEAD_KEY_LEN];
    enum lat_err err;

    assert(xx->messages == NOISE_XX_MESSAGES);
    hkdf2(xx->chaining_key, NULL, 0, of_initiator, of_responder);
    err = noise_cipher_set_key(sending, xx->is_initiator ? of_initiator : of_responder);
    if (!err)
        err = noise_cipher_set_key(receiving, xx->is_initiator ? of_responder : of_initiator);
    lat_wipe(of_initiator, sizeof(of_initiator));
    lat_wipe(of_responder, sizeof(of_responder));
    return err;
}
