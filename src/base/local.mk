noinst_LIBRARIES += %D%/libbase.a
%C%_libbase_a_CPPFLAGS = $(AM_CPPFLAGS)
%C%_libbase_a_SOURCES = %D%/err.h %D%/err.c %D%/buf.h %D%/buf.c %D%/ring.h %D%/ring.c %D%/clock.h %D%/clock.c \
	%D%/wipe.h %D%/wipe.c %D%/text.h %D%/text.c %D%/log.h %D%/log.c \
	%D%/file.h %D%/file.c %D%/dotenv.h %D%/dotenv.c \
	%D%/wait.h %D%/wait.c %D%/le.h %D%/varint.h %D%/varint.c %D%/cursor.h %D%/cursor.c \
	%D%/rate.h %D%/rate.c
