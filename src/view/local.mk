noinst_LIBRARIES += %D%/libview.a
%C%_libview_a_CPPFLAGS = $(AM_CPPFLAGS) $(CJSON_CFLAGS)
%C%_libview_a_SOURCES = %D%/lung_words.h %D%/lung_words.c %D%/snapshot.h %D%/snapshot.c \
	%D%/command.h %D%/command.c %D%/exchange.h %D%/exchange.c %D%/source.h %D%/source.c %D%/link.h %D%/phrase.h %D%/phrase.c %D%/alert_words.h %D%/alert_words.c %D%/tally.h %D%/tally.c %D%/summary.h %D%/summary.c %D%/json.h %D%/json.c %D%/json_tables.h %D%/json_tables.c
