"""A network that can be cut, between a client and a server on this machine."""

import selectors
import socket
from threading import Event, Thread


class Proxy:
    """Passes TCP connections to `port` of 127.0.0.1 on to `target_port` there, for use in a
    `with` statement.

    While it `is_cut`, no byte comes through and nobody is told; `mend` lets new connections
    through and drops those of before, with all that was written to them meanwhile.
    """

    def __init__(self, target_port: int) -> None:
        self._target_port = target_port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self._others: dict[socket.socket, socket.socket] = {}
        self._selector = selectors.DefaultSelector()
        self._is_open, self._is_over = Event(), Event()
        self._thread = Thread(target=self._work, daemon=True)

    def __enter__(self) -> "Proxy":
        self._selector.register(self._listener, selectors.EVENT_READ)
        self._is_open.set()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        self._is_open.set()
        self._thread.join()
        self._drop_all()
        self._listener.close()

    @property
    def is_cut(self) -> bool:
        return not self._is_open.is_set()

    def cut(self) -> None:
        self._is_open.clear()

    def mend(self) -> None:
        self._drop_all()
        self._is_open.set()

    def _work(self) -> None:
        while not self._is_over.is_set():
            self._is_open.wait()
            for key, _ in self._selector.select(timeout=0.05):
                if self.is_cut:
                    break
                if key.fileobj is self._listener:
                    self._join()
                else:
                    assert isinstance(key.fileobj, socket.socket)
                    self._pass_on(key.fileobj)

    def _join(self) -> None:
        near, _ = self._listener.accept()
        far = socket.create_connection(("127.0.0.1", self._target_port))
        for one, other in ((near, far), (far, near)):
            self._others[one] = other
            self._selector.register(one, selectors.EVENT_READ)

    def _pass_on(self, one: socket.socket) -> None:
        other = self._others.get(one)
        if other is None:
            return
        try:
            data = one.recv(65536)
            other.sendall(data)
        except OSError:
            data = b""
        if not data:
            self._drop(one)

    def _drop(self, one: socket.socket) -> None:
        for end in (one, self._others.pop(one)):
            self._others.pop(end, None)
            self._selector.unregister(end)
            end.close()

    def _drop_all(self) -> None:
        while self._others:
            self._drop(next(iter(self._others)))
