# Tests of node: link $(LINK_node) only.
