"""A line between a browser and a server that can be cut and mended."""

import selectors
import socket
import threading
from contextlib import suppress


class Line:
    """Forwards every connection to a port; while it is cut, open ones are gone and new ones are refused."""

    def __init__(self, port: int) -> None:
        self.to = port
        self.whole, self.was_cut = True, False
        self._pairs: dict[socket.socket, socket.socket] = {}
        self._watch = selectors.DefaultSelector()
        self._door = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._door.getsockname()[1])
        self._watch.register(self._door, selectors.EVENT_READ)
        self._open = True
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def cut(self) -> None:
        """Lose the network."""
        self.whole, self.was_cut = False, True

    def mend(self) -> None:
        """Have it back."""
        self.whole = True

    def close(self) -> None:
        """End of the line."""
        self._open = False
        self._thread.join(5)
        for end in list(self._pairs):
            self._drop(end)
        self._watch.close()
        self._door.close()

    def _run(self) -> None:
        while self._open:
            if not self.whole:
                for end in list(self._pairs):
                    self._drop(end)
            for key, _ in self._watch.select(0.05):
                if key.fileobj is self._door:
                    self._welcome()
                elif isinstance(key.fileobj, socket.socket) and key.fileobj in self._pairs:
                    self._pass_on(key.fileobj)

    def _welcome(self) -> None:
        near, _ = self._door.accept()
        if not self.whole:
            near.close()
            return
        try:
            far = socket.create_connection(("127.0.0.1", self.to))
        except OSError:
            near.close()
            return
        for one, other in ((near, far), (far, near)):
            self._pairs[one] = other
            self._watch.register(one, selectors.EVENT_READ)

    def _pass_on(self, end: socket.socket) -> None:
        try:
            data = end.recv(1 << 16)
            if data:
                self._pairs[end].sendall(data)
                return
        except OSError:
            pass
        self._drop(end)

    def _drop(self, end: socket.socket) -> None:
        other = self._pairs.pop(end, None)
        for one in (end, other):
            if one is not None:
                self._pairs.pop(one, None)
                with suppress(KeyError, ValueError):
                    self._watch.unregister(one)
                one.close()
