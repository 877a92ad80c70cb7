noinst_LIBRARIES += %D%/libwire.a
%C%_libwire_a_CPPFLAGS = $(AM_CPPFLAGS) $(PROTOBUF_C_CFLAGS)
%C%_libwire_a_SOURCES = %D%/dns.h %D%/dns.c %D%/envelope.h %D%/envelope.c %D%/multiaddr.h %D%/multiaddr.c %D%/multihash.h %D%/multihash.c %D%/fields.h %D%/fields.c %D%/rpc.h %D%/rpc.c \
	%D%/peer_record.h %D%/peer_record.c %D%/peerid.h %D%/peerid.c %D%/proto.h %D%/proto.c \
	%D%/pubkey_proto.h %D%/pubkey_proto.c
nodist_%C%_libwire_a_SOURCES = $(WIRE_GENERATED)

# Messages: NAME.proto gives NAME.pb-c.c and, in the same run, NAME.pb-c.h in the build tree.
WIRE_PROTOS = %D%/envelope.proto %D%/identify.proto %D%/noise_payload.proto %D%/peer_record.proto \
	%D%/public_key.proto
WIRE_GENERATED_H = %D%/envelope.pb-c.h %D%/identify.pb-c.h %D%/noise_payload.pb-c.h \
	%D%/peer_record.pb-c.h %D%/public_key.pb-c.h
WIRE_GENERATED = %D%/envelope.pb-c.c %D%/identify.pb-c.c %D%/noise_payload.pb-c.c %D%/peer_record.pb-c.c \
	%D%/public_key.pb-c.c $(WIRE_GENERATED_H)
BUILT_SOURCES += $(WIRE_GENERATED)
CLEANFILES += $(WIRE_GENERATED)
EXTRA_DIST += $(WIRE_PROTOS)
SUFFIXES = .proto .pb-c.c .pb-c.h

.proto.pb-c.c:
	$(AM_V_GEN)$(MKDIR_P) %D% && $(PROTOC_C) --proto_path=$(top_srcdir)/src --c_out=src $<

# The header is there with the source; should it alone be missing, both are made again.
.pb-c.c.pb-c.h:
	@test -s $@ || { rm -f $< && $(MAKE) $(AM_MAKEFLAGS) $<; }
	@touch $@

# Whoever builds a single test program does not pass by BUILT_SOURCES.
$(%C%_libwire_a_OBJECTS): $(WIRE_GENERATED_H)
