# Tests of wire: link $(LINK_wire) only.
