#include "config.h"

#include "http/tls.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <gnutls/x509.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "base/wipe.h"

#define FILE_MAX 262144
#define CHAIN_MAX 16
#define KEY_ID_MAX 64

struct tls {
    gnutls_x509_crt_t *chain;
    unsigned chain_count;
    gnutls_x509_privkey_t key;
};

static _Thread_local const struct tls *serving;

/* --- files -------------------------------------------------------------------------------------- */

static enum lat_err
complain(struct lat_msg *why, enum lat_err err, const char *path, const char *what)
{
    char shown[LAT_MSG_MAX / 3];

    lat_msg_set(why, "TLS file %s: %s", lat_escape_str(path, shown, sizeof(shown)), what);
    return err;
}

static enum lat_err
read_pem(const char *path, struct lat_buf *out, struct lat_msg *why)
{
    enum lat_err err = lat_file_read(path, out);

    if (err)
        return complain(why, err, path, err == LAT_SYS ? strerror(errno) : lat_err_text(err));
    return LAT_OK;
}

static gnutls_datum_t
datum_of(const struct lat_buf *buf)
{
    return (gnutls_datum_t){ .data = buf->data, .size = (unsigned)buf->len };
}

/* What a handshake would find too late. */
static void
look_at_time(const struct tls *tls, const char *path)
{
    char shown[LAT_MSG_MAX / 3];
    time_t until = gnutls_x509_crt_get_expiration_time(tls->chain[0]);

    if (until != (time_t)-1 && until < time(NULL))
        lat_log(LAT_WARNING, "[STARTUP] [WARN] TLS certificate %s: its time is over; clients will refuse it",
                lat_escape_str(path, shown, sizeof(shown)));
}

static enum lat_err
load_chain(struct tls *tls, const char *path, struct lat_msg *why)
{
    struct lat_buf text;
    gnutls_datum_t pem;
    enum lat_err err;
    int result;

    lat_buf_init(&text, FILE_MAX);
    err = read_pem(path, &text, why);
    if (!err) {
        pem = datum_of(&text);
        result = gnutls_x509_crt_list_import2(&tls->chain, &tls->chain_count, &pem, GNUTLS_X509_FMT_PEM,
                                              GNUTLS_X509_CRT_LIST_FAIL_IF_UNSORTED);
        if (result < 0) {
            tls->chain = NULL;
            tls->chain_count = 0;
            err = complain(why, LAT_MALFORMED, path, gnutls_strerror(result));
        } else if (tls->chain_count == 0 || tls->chain_count > CHAIN_MAX)
            err = complain(why, LAT_MALFORMED, path, "no certificate in it, or more than 16");
        else
            look_at_time(tls, path);
    }
    lat_buf_fini(&text);
    return err;
}

static enum lat_err
load_key(struct tls *tls, const char *path, struct lat_msg *why)
{
    struct lat_buf text;
    gnutls_datum_t pem;
    enum lat_err err = lat_file_check_secret(path, why);
    int result;

    if (err)
        return err;
    lat_buf_init(&text, FILE_MAX);
    err = read_pem(path, &text, why);
    if (!err) {
        pem = datum_of(&text);
        result = gnutls_x509_privkey_init(&tls->key);
        if (result == 0)
            result = gnutls_x509_privkey_import2(tls->key, &pem, GNUTLS_X509_FMT_PEM, NULL, 0);
        if (result < 0)
            err = complain(why, LAT_MALFORMED, path, gnutls_strerror(result));
    }
    if (text.data != NULL)
        lat_wipe(text.data, text.len);
    lat_buf_fini(&text);
    return err;
}

static bool
belong_together(const struct tls *tls)
{
    uint8_t of_cert[KEY_ID_MAX], of_key[KEY_ID_MAX];
    size_t cert_len = sizeof(of_cert), key_len = sizeof(of_key);

    return gnutls_x509_crt_get_key_id(tls->chain[0], GNUTLS_KEYID_USE_SHA256, of_cert, &cert_len) == 0 &&
           gnutls_x509_privkey_get_key_id(tls->key, GNUTLS_KEYID_USE_SHA256, of_key, &key_len) == 0 &&
           cert_len == key_len && memcmp(of_cert, of_key, cert_len) == 0;
}

/* --- public ------------------------------------------------------------------------------------- */

enum lat_err
tls_load(const char *cert_path, const char *key_path, struct tls **out, struct lat_msg *why)
{
    struct tls *tls = calloc(1, sizeof(*tls));
    enum lat_err err;

    if (tls == NULL) {
        lat_msg_set(why, "TLS: out of memory");
        return LAT_NOMEM;
    }
    err = load_chain(tls, cert_path, why);
    if (!err)
        err = load_key(tls, key_path, why);
    if (!err && !belong_together(tls))
        err = complain(why, LAT_MALFORMED, key_path, "it is not the key of the first certificate");
    if (err)
        tls_free(tls);
    else
        *out = tls;
    return err;
}

void
tls_free(struct tls *tls)
{
    if (tls == NULL)
        return;
    for (unsigned i = 0; i < tls->chain_count; i++)
        gnutls_x509_crt_deinit(tls->chain[i]);
    gnutls_free(tls->chain);
    gnutls_x509_privkey_deinit(tls->key);
    free(tls);
}

void
tls_serve(const struct tls *tls)
{
    serving = tls;
}

/* The chain in the form that handshakes take, in memory that they give back. */
static gnutls_pcert_st *
copy_chain(const struct tls *tls, unsigned *count)
{
    gnutls_pcert_st *copy = gnutls_malloc(tls->chain_count * sizeof(*copy));

    *count = tls->chain_count;
    if (copy != NULL && gnutls_pcert_import_x509_list(copy, tls->chain, count, 0) < 0) {
        gnutls_free(copy);
        copy = NULL;
    }
    return copy;
}

static gnutls_privkey_t
copy_key(const struct tls *tls)
{
    gnutls_privkey_t copy;

    if (gnutls_privkey_init(&copy) < 0)
        return NULL;
    if (gnutls_privkey_import_x509(copy, tls->key, GNUTLS_PRIVKEY_IMPORT_COPY) == 0)
        return copy;
    gnutls_privkey_deinit(copy);
    return NULL;
}

int
tls_retrieve(gnutls_session_t session, const struct gnutls_cert_retr_st *info, gnutls_pcert_st **certs,
             unsigned *cert_count, gnutls_ocsp_data_st **ocsp, unsigned *ocsp_count, gnutls_privkey_t *key,
             unsigned *flags)
{
    gnutls_pcert_st *chain;

    (void)session;
    (void)info;
    if (serving == NULL)
        return -1;
    chain = copy_chain(serving, cert_count);
    *key = chain == NULL ? NULL : copy_key(serving);
    if (*key == NULL) {
        for (unsigned i = 0; chain != NULL && i < *cert_count; i++)
            gnutls_pcert_deinit(&chain[i]);
        gnutls_free(chain);
        return -1;
    }
    *certs = chain;
    *ocsp = NULL;
    *ocsp_count = 0;
    *flags |= GNUTLS_CERT_RETR_DEINIT_ALL;
    return 0;
}
