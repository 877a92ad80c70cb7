"""A program of ours on a pseudo-terminal of 100x24, for tests that look for words and type keys."""
import atexit
import fcntl
import os
import pty
import re
import select
import signal
import struct
import sys
import termios
import time


class Screen:
    """All that the program has written, without the escapes: enough to look for words that are drawn whole."""

    def __init__(self, program, args):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.environ.update(TERM="vt100", LC_ALL="C")
            os.execv(program, [program, *args])
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 100, 0, 0))
        self.text = ""
        self.cols = 100
        atexit.register(self.kill)

    def kill(self):
        """Nothing is left behind, whatever fails."""
        try:
            os.kill(self.pid, signal.SIGKILL)
        except OSError:
            pass

    def read(self, seconds):
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            ready, _, _ = select.select([self.fd], [], [], 0.05)
            if ready:
                try:
                    data = os.read(self.fd, 65536)
                except OSError:
                    return
                self.text += re.sub(r"\x0f|\x1b[\[(][0-9;?]*[A-Za-z]|\x1b.", " ", data.decode("latin-1"))

    def expect(self, words, seconds=20):
        until = time.monotonic() + seconds
        while words not in self.text:
            if time.monotonic() > until:
                sys.exit(f"does not come: {words!r}; last: {self.text[-1500:]!r}")
            self.read(0.1)
        self.text = self.text[self.text.index(words) + len(words):]

    def expect_whole(self, words, seconds=20):
        """Until it stands on the screen; the whole is asked for anew, since only what differs is drawn otherwise."""
        until = time.monotonic() + seconds
        while words not in self.text:
            if time.monotonic() > until:
                sys.exit(f"is not there: {words!r}; last: {self.text[-1500:]!r}")
            self.text = ""
            self.type("\x0c")
            self.read(0.4)

    def expect_shown(self, words, seconds=10):
        """The same without a key, which would end a message or go into what is being typed: another size paints the whole anew."""
        until = time.monotonic() + seconds
        while words not in re.sub(" +", " ", self.text):
            if time.monotonic() > until:
                sys.exit(f"is not shown: {words!r}; last: {self.text[-1500:]!r}")
            self.text = ""
            self.cols = 201 - self.cols
            fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", 24, self.cols, 0, 0))
            self.read(0.3)

    def type(self, keys):
        os.write(self.fd, keys.encode())

    def end(self, keys="q"):
        """Type this; the program ends with 0."""
        self.type(keys)
        until = time.monotonic() + 10
        while time.monotonic() < until:
            self.read(0.05)
            time.sleep(0.02)
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                if status != 0:
                    sys.exit(f"ended with {status}")
                return
        os.kill(self.pid, signal.SIGKILL)
        sys.exit(f"does not end on {keys}; last: {self.text[-1500:]!r}")
