noinst_LIBRARIES += %D%/libcrypto.a
%C%_libcrypto_a_CPPFLAGS = $(AM_CPPFLAGS) $(CRYPTO_CFLAGS)
%C%_libcrypto_a_SOURCES = %D%/hash.h %D%/hash.c %D%/key.h %D%/key.c %D%/pubkey.h %D%/pubkey.c \
	%D%/rand.h %D%/rand.c
%C%_libcrypto_a_SOURCES += %D%/dh.h %D%/dh.c %D%/aead.h %D%/aead.c %D%/hkdf.h %D%/hkdf.c %D%/hmac_sha1.h %D%/hmac_sha1.c
