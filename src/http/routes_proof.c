/*
 * routes_proof.c - `GET /api/lattice/state/{key}?proof=1`: the entry, or that there is none, with what proves it to
 * anybody who trusts the attesting key: the reply to PROVE (WIRE section 6), which says all of it, in hex.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "http/entry.h"
#include "http/routes.h"
#include "http/target.h"
#include "state/proof.h"
#include "state/recon_reader.h"

/* The asker's 16 bytes, or zeros. False: answered. */
static bool
take_challenge(struct call *call, uint8_t challenge[16])
{
    struct lat_buf text;
    enum lat_err err;

    memset(challenge, 0, 16);
    lat_buf_init(&text, 32);
    err = target_parameter(call->query, "challenge", &text);
    if (err == LAT_NOTFOUND) {
        err = LAT_OK;
    } else if (!err && (text.len != 32 || lat_buf_str(&text) == NULL)) {
        err = LAT_MALFORMED;
    } else if (!err) {
        err = lat_unhex(lat_buf_str(&text), challenge, 16);
    }
    lat_buf_fini(&text);
    if (err)
        answer_error(call, 400, "challenge: 32 hex digits that the attestation is to answer");
    return err == LAT_OK;
}

/* The reply to PROVE, from this moment's state. */
static enum lat_err
prove(struct call *call, const uint8_t keyhash[32], const uint8_t challenge[16], struct lat_buf *reply)
{
    struct api *api = call->api;
    struct reader *reader = NULL;
    struct recon_view view;
    struct lat_buf request;
    enum lat_err err;

    lat_buf_init(&request, 1024);
    err = recon_ask_prove(store_network(api->store), keyhash, challenge, &request);
    if (!err)
        err = reader_begin(api->store, &reader);
    if (!err) {
        recon_view_of_reader(api->store, reader, &view);
        view.key = api->key;
        view.now_ms = lat_wall_ms();
        err = recon_handle(&view, request.data, request.len, NULL, 0, reply);
        reader_end(reader);
    }
    lat_buf_fini(&request);
    return err;
}

static cJSON *
hex_text(const uint8_t *bytes, size_t len)
{
    char *text = malloc(2 * len + 1);
    cJSON *item = NULL;

    if (text != NULL) {
        lat_hex(bytes, len, text);
        item = cJSON_CreateString(text);
    }
    free(text);
    return item;
}

static cJSON *
value_of(const struct proof *proof)
{
    struct lat_buf text;
    cJSON *item = NULL;

    if (!proof->found || proof->record.value == NULL)
        return cJSON_CreateNull();
    lat_buf_init(&text, RECORD_VALUE_MAX + 1);
    if (lat_buf_add(&text, proof->record.value, proof->record.value_len) == LAT_OK && lat_buf_str(&text))
        item = cJSON_CreateRaw(lat_buf_str(&text));
    lat_buf_fini(&text);
    return item;
}

static void
answer_proof(struct call *call, const struct lat_buf *key, const uint8_t challenge[16], const struct lat_buf *reply,
             const struct proof *proof)
{
    const struct network *network = store_network(call->api->store);
    cJSON *object = json_success();
    struct lat_buf text;

    lat_buf_init(&text, RECORD_KEY_MAX + 1);
    if (lat_buf_add(&text, key->data, key->len) || lat_buf_str(&text) == NULL) {
        cJSON_Delete(object);
        answer_err(call, LAT_NOMEM, NULL);
    } else {
        json_put_text(&object, "network", network->name);
        json_put_text(&object, "key", lat_buf_str(&text));
        json_put_flag(&object, "found", proof->found && proof->record.value != NULL);
        json_put(&object, "value", value_of(proof));
        json_put_hex(&object, "root", proof->root, 32);
        json_put_number(&object, "count", (double)proof->count);
        json_put_number(&object, "timestamp", (double)proof->time_ms / 1000);
        json_put_hex(&object, "attested_by", proof->key, 32);
        json_put_hex(&object, "challenge", challenge, 16);
        json_put(&object, "proof", hex_text(reply->data, reply->len));
        answer_json(call, 200, object);
    }
    lat_buf_fini(&text);
}

void
route_entry_proof(struct call *call)
{
    uint8_t challenge[16], keyhash[32];
    struct lat_buf key, reply;
    struct lat_msg why = { "" };
    struct proof proof;
    enum lat_err err;

    if (!take_challenge(call, challenge) || !entry_key(call, &key))
        return;
    if (memchr(key.data, 0, key.len) != NULL || call->api->key == NULL) {
        answer_error(call, 400, "proof: not of a key with a zero byte, nor of a node without a key");
        lat_buf_fini(&key);
        return;
    }
    lat_buf_init(&reply, RECON_MESSAGE_MAX);
    keyhash_of(store_network(call->api->store), key.data, key.len, keyhash);
    err = prove(call, keyhash, challenge, &reply);
    if (err)
        answer_err(call, err, NULL);
    /* What is given away is checked first: a damaged store must not pass for a proof. */
    else if (proof_check(store_network(call->api->store), keyhash, challenge, reply.data, reply.len, &proof, &why))
        answer_error(call, 503, "no proof now: %s", why.text);
    else
        answer_proof(call, &key, challenge, &reply, &proof);
    lat_buf_fini(&reply);
    lat_buf_fini(&key);
}
