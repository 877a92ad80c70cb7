# Tests of view: link $(LINK_view) only.
