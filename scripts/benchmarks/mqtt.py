"""As much of MQTT 5 over TLS as the bench needs: to listen, and to publish faster than the broker
takes it. A library would cost more time for each message than what is measured."""

import select
import socket
import ssl
import struct
import threading
import time

from .broker import HOST
from .processes import BenchError

CONNACK, PUBLISH, PUBACK, SUBACK = 2, 3, 4, 9


def _text(value):
    data = value.encode()
    return struct.pack(">H", len(data)) + data


def _length(number):
    data = bytearray()
    while True:
        number, digit = divmod(number, 128)
        data.append(digit | (128 if number else 0))
        if not number:
            return bytes(data)


def _packet(first, body):
    return bytes([first]) + _length(len(body)) + body


def publication(topic, payload, number):
    """A PUBLISH of quality 1 as bytes, with this packet identifier."""
    return _packet(0x32, _text(topic) + struct.pack(">H", number) + b"\0" + payload)


class Connection:
    def __init__(self, port, name, credentials):
        context = ssl.create_default_context(cafile=credentials.ca)
        context.load_cert_chain(credentials.certificate, credentials.key)
        plain = socket.create_connection(("127.0.0.1", port), 10)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket = context.wrap_socket(plain, server_hostname=HOST)
        self._buffer = bytearray()
        # Clean start, and a keep-alive that no measurement reaches.
        self.send(_packet(0x10, _text("MQTT") + b"\x05\x02" + struct.pack(">H", 1200) + b"\0"
            + _text(name)))
        kind, body = self.next(10)
        if kind != CONNACK or body[1] != 0:
            raise BenchError(f"the broker refuses {name}")

    def send(self, data):
        self.socket.sendall(data)

    def subscribe(self, *filters):
        body = struct.pack(">H", 1) + b"\0" + b"".join(_text(word) + b"\1" for word in filters)
        self.send(_packet(0x82, body))
        kind, answer = self.next(10)
        if kind != SUBACK or max(answer[-len(filters):]) >= 128:
            raise BenchError(f"the broker does not let us hear {filters}")

    def _parsed(self):
        """The first whole packet that came, if one did."""
        size, shift = 0, 0
        for place in range(1, min(len(self._buffer), 5)):
            size |= (self._buffer[place] & 127) << shift
            shift += 7
            if self._buffer[place] < 128:
                end = place + 1 + size
                if len(self._buffer) < end:
                    return None
                packet = self._buffer[0], bytes(self._buffer[place + 1:end])
                del self._buffer[:end]
                return packet
        return None

    def next(self, patience):
        """The kind and the body of the next packet; (0, b"") where none comes."""
        end = time.monotonic() + patience
        while True:
            if packet := self._parsed():
                return self._answered(*packet)
            left = end - time.monotonic()
            if left <= 0:
                return 0, b""
            if self.socket.pending() or select.select([self.socket], [], [], left)[0]:
                data = self.socket.recv(65536)
                if not data:
                    raise BenchError("the broker ended a connection")
                self._buffer += data

    def _answered(self, first, body):
        if first >> 4 == PUBLISH and first & 0x06:
            place = 2 + struct.unpack_from(">H", body)[0]
            self.send(_packet(0x40, body[place:place + 2]))
        return first >> 4, body

    def close(self):
        self.socket.close()


def opened(body, quality=1):
    """Topic and payload of a publication without properties that matter."""
    size = struct.unpack_from(">H", body)[0]
    topic = body[2:2 + size].decode()
    place = 2 + size + (2 if quality else 0)
    # The broker sends only short properties.
    return topic, body[place + 1 + body[place]:]


class Listener:
    """Hears topics in a thread of its own, and notes when: (moment, topic, payload)."""

    def __init__(self, port, name, credentials, *filters):
        self.heard = []
        self._connection = Connection(port, name, credentials)
        self._connection.subscribe(*filters)
        self._ended = False
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def _listen(self):
        while not self._ended:
            try:
                kind, body = self._connection.next(0.5)
            except (OSError, BenchError):
                return
            if kind == PUBLISH:
                self.heard.append((time.time(), *opened(body)))

    def end(self):
        self._ended = True
        self._thread.join(5)
        self._connection.close()
