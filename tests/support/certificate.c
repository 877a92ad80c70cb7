#include "config.h"

#include "support/certificate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#define DAY 86400L

static void
add_extension(X509 *cert, int nid, const char *value)
{
    X509V3_CTX context;
    X509_EXTENSION *extension;

    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, cert, cert, NULL, NULL, 0);
    extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    assert_non_null(extension);
    assert_int_equal(X509_add_ext(cert, extension, -1), 1);
    X509_EXTENSION_free(extension);
}

static X509 *
self_signed(EVP_PKEY *key, int days)
{
    X509 *cert = X509_new();
    long serial = 0;

    assert_non_null(cert);
    assert_int_equal(RAND_bytes((unsigned char *)&serial, 4), 1);
    assert_int_equal(ASN1_INTEGER_set(X509_get_serialNumber(cert), serial), 1);
    assert_int_equal(X509_set_version(cert, X509_VERSION_3), 1);
    assert_non_null(X509_gmtime_adj(X509_getm_notBefore(cert), -365 * DAY));
    assert_non_null(X509_gmtime_adj(X509_getm_notAfter(cert), days * DAY));
    assert_int_equal(X509_set_pubkey(cert, key), 1);
    assert_int_equal(X509_NAME_add_entry_by_txt(X509_get_subject_name(cert), "CN", MBSTRING_ASC,
                                                (const unsigned char *)"lattice test", -1, -1, 0),
                     1);
    assert_int_equal(X509_set_issuer_name(cert, X509_get_subject_name(cert)), 1);
    add_extension(cert, NID_subject_alt_name, "IP:127.0.0.1,DNS:localhost");
    add_extension(cert, NID_basic_constraints, "critical,CA:TRUE");
    assert_true(X509_sign(cert, key, EVP_sha256()) > 0);
    return cert;
}

void
certificate_make(const char *cert_path, const char *key_path, int days)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    int fd = open(key_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    FILE *key_file = fd < 0 ? NULL : fdopen(fd, "w"), *cert_file = fopen(cert_path, "we");
    X509 *cert;

    assert_true(key != NULL && key_file != NULL && cert_file != NULL);
    cert = self_signed(key, days);
    assert_int_equal(PEM_write_PrivateKey(key_file, key, NULL, NULL, 0, NULL, NULL), 1);
    assert_int_equal(PEM_write_X509(cert_file, cert), 1);
    assert_int_equal(fclose(key_file), 0);
    assert_int_equal(fclose(cert_file), 0);
    X509_free(cert);
    EVP_PKEY_free(key);
}
