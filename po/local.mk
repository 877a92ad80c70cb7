# Catalogues of the console. scripts/pot brings them up to date with the source.
EXTRA_DIST += %D%/pt_BR.po
if NLS
CATALOGUE_FILES = %D%/locale/pt_BR/LC_MESSAGES/lattice.mo
pt_BRlocaledir = $(localedir)/pt_BR/LC_MESSAGES
nodist_pt_BRlocale_DATA = $(CATALOGUE_FILES)
CLEANFILES += $(CATALOGUE_FILES)

%D%/locale/pt_BR/LC_MESSAGES/lattice.mo: %D%/pt_BR.po
	$(AM_V_GEN)$(MKDIR_P) $(@D) && $(MSGFMT) --check -o $@ $(srcdir)/po/pt_BR.po
endif
