bin_PROGRAMS += lattice
lattice_CPPFLAGS = $(AM_CPPFLAGS) -DLOCALEDIR='"$(localedir)"'
lattice_SOURCES = %D%/main.c %D%/front.h %D%/front.c %D%/attached.h %D%/attached.c
lattice_LDADD = ui/libui.a src/cli/libcli.a src/attach/libattach.a $(LINK_node) $(SSH2_LIBS) $(NCURSES_LIBS)
EXTRA_DIST += %D%/README.md
