dist_man1_MANS = %D%/lattice.1
