# make model: needs Spin; not part of make check, which needs nothing beyond the libraries.
EXTRA_DIST += %D%/lung.pml %D%/check-lung

.PHONY: model
model:
	$(srcdir)/%D%/check-lung $(srcdir)/%D%/lung.pml
