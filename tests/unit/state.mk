# Tests of state: link $(LINK_state) only.
