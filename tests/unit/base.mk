# Tests of base: link $(LINK_base) only.
