/*
 * tls.h - certificate and key of the listeners that are not plain. The library behind the server asks for
 * them at each handshake, so that others can be put in their place while it runs; each handshake gets its own
 * copy, so that none outlives what it uses.
 */
#ifndef LAT_HTTP_TLS_H
#define LAT_HTTP_TLS_H

#include <gnutls/abstract.h>

#include "base/err.h"

/* What a listener offers: nothing older than TLS 1.2. */
#define TLS_PRIORITIES "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"

struct tls;

/*
 * Read both (PEM; the certificate first, then those that lead to its issuer). LAT_MALFORMED: no certificate,
 * no key, or a key that belongs to another certificate; LAT_AUTH: others can read the key; LAT_NOTFOUND,
 * LAT_LIMIT, LAT_SYS, LAT_NOMEM; each with the file in *why. A certificate whose time is over is taken, and
 * said in the log. Any thread.
 */
LAT_MUST_CHECK enum lat_err tls_load(const char *cert_path, const char *key_path, struct tls **out,
                                     struct lat_msg *why);

void tls_free(struct tls *tls); /* NULL is fine */

/*
 * What handshakes on the calling thread use from now on; borrowed until the next call, NULL: nothing. The
 * library hands no argument through to its callback, but always calls it on the thread that runs the daemon.
 */
void tls_serve(const struct tls *tls);

/* For MHD_OPTION_HTTPS_CERT_CALLBACK2. */
int tls_retrieve(gnutls_session_t session, const struct gnutls_cert_retr_st *info, gnutls_pcert_st **certs,
                 unsigned *cert_count, gnutls_ocsp_data_st **ocsp, unsigned *ocsp_count,
                 gnutls_privkey_t *key, unsigned *flags);

#endif
