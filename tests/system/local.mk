# Tests of the built program from outside: real processes, real sockets, a pseudo-terminal.
