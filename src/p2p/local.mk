# src/p2p: the libp2p protocols as machines without I/O.
