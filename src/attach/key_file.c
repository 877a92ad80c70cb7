#include "config.h"

#include "attach/key_file.h"

#include <string.h>

#include "attach/ssh_string.h"
#include "base/text.h"

#define MAGIC "openssh-key-v1" /* with its zero */

/* Where text stands in a file that may hold zeros; NULL: nowhere. */
static const char *
find(const char *in, size_t len, const char *text)
{
    return memmem(in, len, text, strlen(text));
}

/* The base64 between the two label lines, without line ends. */
static bool
body_of(const char *text, size_t len, struct lat_buf *out)
{
    const char *at = find(text, len, "\n"), *end;
    struct lat_buf joined;
    bool good = at != NULL;

    end = good ? find(at, len - (size_t)(at - text), "-----END") : NULL;
    lat_buf_init(&joined, KEY_FILE_MAX);
    good = end != NULL;
    for (; good && at < end; at++) {
        if (*at != '\n' && *at != '\r' && *at != ' ')
            good = lat_buf_add_u8(&joined, (uint8_t)*at) == LAT_OK;
    }
    good = good && lat_unbase64((const char *)joined.data, joined.len, out) == LAT_OK;
    lat_buf_fini(&joined);
    return good;
}

/* Cipher, KDF, its options, number of keys, then the public key in the open. */
static bool
read_openssh(const uint8_t *data, size_t len, struct key_file *out)
{
    struct ssh_view v = { data + sizeof(MAGIC), data + len };
    const uint8_t *cipher, *part;
    uint32_t cipher_len, part_len, count;

    if (len < sizeof(MAGIC) || memcmp(data, MAGIC, sizeof(MAGIC)) != 0 || !ssh_take_string(&v, &cipher, &cipher_len) ||
        !ssh_take_string(&v, &part, &part_len) || !ssh_take_string(&v, &part, &part_len) || !ssh_take_u32(&v, &count))
        return false;
    if (!ssh_take_string(&v, &part, &part_len) || part_len > sizeof(out->key) || host_key_type_of(part, part_len) == 0)
        return false;
    out->encrypted = cipher_len != 4 || memcmp(cipher, "none", 4) != 0;
    out->type = host_key_type_of(part, part_len);
    out->key_len = part_len;
    memcpy(out->key, part, part_len);
    return true;
}

bool
key_file_read(const char *text, size_t len, struct key_file *out)
{
    struct lat_buf body;
    bool good;

    *out = (struct key_file){ .type = HOST_KEY_OTHER };
    if (find(text, len, "-----BEGIN OPENSSH PRIVATE KEY-----")) {
        lat_buf_init(&body, KEY_FILE_MAX);
        good = body_of(text, len, &body) && read_openssh(body.data, body.len, out);
        lat_buf_fini(&body);
        return good;
    }
    out->encrypted = find(text, len, "Proc-Type: 4,ENCRYPTED") || find(text, len, "-----BEGIN ENCRYPTED PRIVATE KEY-----");
    if (find(text, len, "-----BEGIN RSA PRIVATE KEY-----"))
        out->type = HOST_KEY_RSA;
    else if (find(text, len, "-----BEGIN EC PRIVATE KEY-----"))
        out->type = HOST_KEY_ECDSA_256; /* or another curve: all are good */
    return find(text, len, "PRIVATE KEY-----") != NULL;
}
