# Tests of attach: link $(LINK_attach) only.
