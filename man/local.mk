dist_man1_MANS = %D%/lattice.1
dist_man7_MANS = %D%/lattice-api.7
