/* certificate.h - a self-signed certificate for 127.0.0.1 and localhost, with its key, as PEM files. */
#ifndef TESTS_SUPPORT_CERTIFICATE_H
#define TESTS_SUPPORT_CERTIFICATE_H

/* Write both; the key 0600. days: until its time is over, from now; negative: it is over. Fails the test. */
void certificate_make(const char *cert_path, const char *key_path, int days);

#endif
