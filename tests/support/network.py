"""A stretch of network between the dialer and a PBX, which can be cut."""

import socket
import struct
from contextlib import suppress
from enum import Enum, auto
from threading import Lock, Thread

#: What makes a close a reset.
_NO_LINGER = struct.pack("ii", 1, 0)


class Line(Enum):
    """What the network does."""

    WHOLE = auto()
    #: Nobody gets through, and who was through is thrown out.
    CUT = auto()
    #: Everybody seems to be through, and nothing that is said arrives.
    SILENT = auto()


class Network:
    """Listens on `port` of 127.0.0.1 and carries everything to `target_port`, in threads."""

    def __init__(self, target_port: int) -> None:
        self._target_port = target_port
        self._line = Line.WHOLE
        self._lock = Lock()
        self._sockets: set[socket.socket] = set()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        Thread(target=self._accept, daemon=True).start()

    def become(self, line: Line) -> None:
        """What was under way when the network is cut, or whole again, is lost for good."""
        with self._lock:
            self._line = line
            broken, self._sockets = self._sockets, set[socket.socket]()
            if line is Line.SILENT:
                self._sockets = broken
                return
        for one in broken:
            _reset(one)

    def close(self) -> None:
        self.become(Line.CUT)
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                caller, _ = self._listener.accept()
            except OSError:
                return
            try:
                called = socket.create_connection(("127.0.0.1", self._target_port), timeout=5)
            except OSError:
                _reset(caller)
                continue
            called.settimeout(None)
            with self._lock:
                is_through = self._line is not Line.CUT
                if is_through:
                    self._sockets |= {caller, called}
            for one, other in ((caller, called), (called, caller)):
                if is_through:
                    Thread(target=self._carry, args=(one, other), daemon=True).start()
                else:
                    _reset(one)

    def _carry(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65_536):
                if self._line is Line.WHOLE:
                    sink.sendall(data)
        with self._lock:
            self._sockets -= {source, sink}
        for one in (sink, source):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()


def _reset(one: socket.socket) -> None:
    with suppress(OSError):
        one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
        one.shutdown(socket.SHUT_RDWR)
    one.close()
