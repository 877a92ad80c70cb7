# Tests of http: link $(LINK_http) only.
