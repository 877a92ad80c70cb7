# Tests of cli: link $(LINK_cli) only.
