"""A relay on loopback that counts: what one program and another say to each other, in bytes and in
TCP segments."""

import socket
import threading

from .measure import segments

CHUNK = 65536


class Relay:
    """Hands every connection to its port on to `target`, a port of 127.0.0.1."""

    def __init__(self, target):
        self.target = target
        self.connections = 0
        self._lock = threading.Lock()
        self._bytes = {"up": 0, "down": 0}
        self._closed_segments = 0
        self._open = set()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            with self._lock:
                self.connections += 1
                self._open.add(client)
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client):
        try:
            server = socket.create_connection(("127.0.0.1", self.target), 10)
        except OSError:
            self._forget(client)
            return
        server.settimeout(None)
        for end in (client, server):
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        back = threading.Thread(
            target=self._pump, args=(server, client, "down"), daemon=True)
        back.start()
        self._pump(client, server, "up")
        back.join()
        self._forget(client)
        server.close()

    def _pump(self, source, sink, direction):
        try:
            while data := source.recv(CHUNK):
                with self._lock:
                    self._bytes[direction] += len(data)
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            # One side is gone; the other one is told.
            for end in (source, sink):
                try:
                    end.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass

    def _forget(self, client):
        with self._lock:
            if client in self._open:
                self._closed_segments += sum(segments(client))
                self._open.discard(client)
                client.close()

    def counts(self):
        """So far, between the client and this relay: bytes up and down, and segments both ways."""
        with self._lock:
            count = self._closed_segments + sum(sum(segments(one)) for one in self._open)
            return {**self._bytes, "segments": count}

    @property
    def quiet(self):
        """Whether no connection is open."""
        with self._lock:
            return not self._open

    def end(self):
        self._listener.close()
        with self._lock:
            for client in self._open:
                try:
                    client.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass
