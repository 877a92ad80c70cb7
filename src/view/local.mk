noinst_LIBRARIES += %D%/libview.a
%C%_libview_a_CPPFLAGS = $(AM_CPPFLAGS) $(CJSON_CFLAGS)
%C%_libview_a_SOURCES = %D%/lung_words.h %D%/lung_words.c %D%/snapshot.h %D%/command.h %D%/exchange.h %D%/source.h %D%/json.h
