#include "config.h"

#include "p2p/identity.h"

void
identity_init(struct identity *identity, const struct key *key)
{
    identity->key = key;
    pubkey_proto_ed25519(key_public(key), identity->public_key);
    peerid_of_key(identity->public_key, sizeof(identity->public_key), &identity->peer);
}

enum lat_err
identity_sign(void *arg, const uint8_t *text, size_t len, struct lat_buf *signature)
{
    const struct identity *identity = arg;
    uint8_t bytes[KEY_SIGNATURE_LEN];
    enum lat_err err = key_sign(identity->key, text, len, bytes);

    return err ? err : lat_buf_add(signature, bytes, sizeof(bytes));
}

enum lat_err
identity_verify(void *arg, const uint8_t *identity_key, size_t identity_key_len, const uint8_t *text,
                size_t text_len, const uint8_t *signature, size_t signature_len)
{
    struct identity_check *check = arg;
    struct pubkey *key = NULL;
    struct peerid peer;
    enum lat_err err = pubkey_proto_decode(identity_key, identity_key_len, &key);

    if (err)
        return err;
    peerid_of_key(identity_key, identity_key_len, &peer);
    if (check->dialed != NULL && peerid_compare(check->dialed, &peer) != 0)
        err = LAT_AUTH; /* before the signature: it costs less */
    else
        err = pubkey_verify(key, text, text_len, signature, signature_len);
    pubkey_free(key);
    if (!err)
        check->peer = peer;
    return err;
}
