noinst_LIBRARIES += %D%/libui.a
%C%_libui_a_CPPFLAGS = $(AM_CPPFLAGS) $(CJSON_CFLAGS) $(NCURSES_CFLAGS)
%C%_libui_a_SOURCES = %D%/acks.h %D%/acks.c %D%/canvas.h %D%/canvas.c %D%/caps.h %D%/caps.c %D%/theme.h %D%/theme.c \
	%D%/format.h %D%/format.c %D%/graph.h %D%/graph.c %D%/table.h %D%/table.c %D%/keys.h %D%/keys.c \
	%D%/keymap.h %D%/keymap.c %D%/filter.h %D%/filter.c %D%/prompt.h %D%/prompt.c %D%/question.h %D%/question.c %D%/model.h %D%/model.c \
	%D%/event_list.h %D%/event_list.c %D%/words.h %D%/words.c %D%/nodes.h %D%/nodes.c %D%/lung_view.h %D%/lung_view.c \
	%D%/loop.h %D%/loop.c %D%/layout.h %D%/layout.c %D%/panel.h %D%/panels.c %D%/panels/lungs.c %D%/panels/fallback.c \
	%D%/panels/state.c %D%/panels/peers.c %D%/panels/divergence.c %D%/panels/events.c \
	%D%/narrate.h %D%/narrate.c %D%/silence.h %D%/silence.c %D%/bars.h %D%/bars.c %D%/key_bar.h %D%/key_bar.c %D%/facts.h %D%/facts.c %D%/help.h %D%/help.c %D%/pen.h %D%/pen.c %D%/alert_list.h %D%/alert_list.c %D%/render.h %D%/render.c \
	%D%/plain.h %D%/plain.c %D%/console.h %D%/console_parts.h %D%/console_node.c %D%/once.c %D%/console.c \
	%D%/signals.h %D%/signals.c %D%/stderr_log.h %D%/stderr_log.c %D%/term.h %D%/term.c \
	%D%/repeat.h %D%/repeat.c %D%/settings.h %D%/settings.c %D%/caption.h %D%/caption.c \
	%D%/panels/timeline.c %D%/panels/divergence_detail.h %D%/panels/divergence_detail.c %D%/alarm.h %D%/alarm.c %D%/settings_file.h %D%/settings_file.c \
	%D%/copy.h %D%/copy.c %D%/save.h %D%/save.c %D%/recorder.h %D%/recorder.c %D%/privacy.h %D%/privacy.c %D%/operator.h %D%/operator.c \
	%D%/sentences.h %D%/sentences.c %D%/line_mode.h %D%/line_mode.c %D%/i18n.h %D%/i18n.c %D%/moment.h %D%/moment.c %D%/cast.h %D%/cast.c
%C%_libui_a_SOURCES += %D%/fleet.h %D%/fleet_rows.c %D%/fleet_alerts.c %D%/fleet_model.c %D%/fleet_list.h %D%/fleet_list.c \
	%D%/fleet_draw.c %D%/fleet_console.c %D%/link_label.h %D%/link_label.c %D%/wish.h %D%/wish.c
