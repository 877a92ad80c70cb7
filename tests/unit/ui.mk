# Tests of ui: link $(LINK_ui) only.
