noinst_LIBRARIES += %D%/libcli.a
%C%_libcli_a_CPPFLAGS = $(AM_CPPFLAGS) $(CJSON_CFLAGS)
%C%_libcli_a_SOURCES = %D%/cli.h %D%/cli.c %D%/options.h %D%/options.c %D%/ask.h %D%/ask.c \
	%D%/cmd_status.c %D%/cmd_entry.c %D%/cmd_transfer.c %D%/cmd_local.c %D%/cmd_publish.c \
	%D%/story.h %D%/story.c %D%/demo_child.h %D%/demo_child.c %D%/demo_story.h %D%/demo_story.c \
	%D%/cmd_proof.c \
	%D%/demo.h %D%/demo.c %D%/demo_data.h %D%/demo_data.c %D%/cmd_backup.c %D%/backup_file.h %D%/backup_file.c \
	%D%/foreground.h %D%/foreground.c %D%/replay.h %D%/replay.c
%C%_libcli_a_SOURCES += %D%/fleet_file.h %D%/fleet_file.c %D%/targets.h %D%/targets.c
