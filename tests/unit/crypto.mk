# Tests of crypto: link $(LINK_crypto) only.
