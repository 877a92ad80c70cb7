noinst_LIBRARIES += %D%/libwire.a
%C%_libwire_a_CPPFLAGS = $(AM_CPPFLAGS)
%C%_libwire_a_SOURCES = %D%/peerid.h %D%/peerid.c
