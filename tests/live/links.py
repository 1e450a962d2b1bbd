"""Network faults on the way to a real server: a link that passes, freezes or refuses, and a listener that is silent."""

from __future__ import annotations

import contextlib
import socket
import threading
from urllib.parse import urlsplit


class FaultyLink:
    """Forwards TCP to the server behind ``url`` until told otherwise."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        before, at, _ = parts.netloc.rpartition("@")
        self._credentials = before + at
        self._target = (parts.hostname or "127.0.0.1", parts.port or 6379)
        self._path = parts.path
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._flowing = threading.Event()
        self._flowing.set()
        self._sockets: list[socket.socket] = []
        self._closed = False
        self.accepted = 0

    @property
    def url(self) -> str:
        return f"redis://{self._credentials}127.0.0.1:{self.port}{self._path}"

    def __enter__(self) -> FaultyLink:
        self._start(self._accept)
        return self

    def __exit__(self, *_: object) -> None:
        self._closed = True
        self._flowing.set()
        self.cut()

    def freeze(self) -> None:
        """Accept and read, and pass nothing on."""
        self._flowing.clear()

    def cut(self) -> None:
        """Break every connection and refuse new ones."""
        for one in [self._listener, *self._sockets]:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()
        self._sockets = []

    def restore(self) -> None:
        """Pass again, also after a cut."""
        if self._listener.fileno() == -1:
            self._listener = socket.create_server(("127.0.0.1", self.port))
            self._start(self._accept)
        self._flowing.set()

    @staticmethod
    def _start(target: object, *args: object) -> None:
        threading.Thread(target=target, args=args, daemon=True).start()  # type: ignore[arg-type]

    def _accept(self) -> None:
        listener = self._listener
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            self.accepted += 1
            server = socket.create_connection(self._target)
            self._sockets += [client, server]
            self._start(self._pass, client, server)
            self._start(self._pass, server, client)

    def _pass(self, source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                self._flowing.wait()
                target.sendall(data)
            target.shutdown(socket.SHUT_RDWR)
