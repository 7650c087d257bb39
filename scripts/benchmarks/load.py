"""Many devices' messages through a few connections, as fast as the broker takes them."""

import multiprocessing
import time

from .mqtt import PUBACK, Connection, publication
from .processes import BenchError

# The broker allows 1,000 unacknowledged messages for one client.
WINDOW, CHUNK = 400, 50
PATIENCE = 300
_fork = multiprocessing.get_context("fork")


def packets(messages):
    """What goes to the broker, byte for byte: all work is done before the clock runs."""
    return [
        publication(topic, payload, 1 + number % 60_000)
        for number, (topic, payload) in enumerate(messages)]


class Load:
    """One process for each of `streams`: (operator, credentials, packets)."""

    def __init__(self, port, streams):
        self._gate = _fork.Event()
        self._results = _fork.Queue()
        self._processes = [
            _fork.Process(
                target=_publish, args=(port, *stream, self._gate, self._results), daemon=True)
            for stream in streams]
        for process in self._processes:
            process.start()
        self._take("ready", 30)

    def _take(self, what, patience):
        """One answer of each process."""
        answers = []
        for _ in self._processes:
            try:
                kind, value = self._results.get(timeout=patience)
            except Exception:
                raise BenchError(f"the load is not {what} within {patience} s") from None
            if kind != what:
                raise BenchError(f"the load failed: {value}")
            answers.append(value)
        return answers

    def start(self):
        """Lets them go; gives the moment."""
        moment = time.time()
        self._gate.set()
        return moment

    def wait(self):
        """Waits until the broker has acknowledged everything; gives the last one's moment and the
        seconds of CPU of all."""
        done = self._take("done", PATIENCE)
        return max(moment for moment, _ in done), sum(seconds for _, seconds in done)

    def end(self):
        for process in self._processes:
            if process.is_alive():
                process.terminate()
            process.join(5)


def _publish(port, name, credentials, stream, gate, results):
    try:
        connection = Connection(port, f"{name}@operators", credentials)
        results.put(("ready", None))
        if not gate.wait(60):
            return
        begin = time.process_time()
        _pour(connection, stream)
        results.put(("done", (time.time(), time.process_time() - begin)))
        connection.close()
    except (OSError, BenchError) as error:
        results.put(("failed", f"{name}: {error}"))


def _pour(connection, stream):
    sent = acknowledged = 0
    while acknowledged < len(stream):
        room = min(WINDOW - (sent - acknowledged), len(stream) - sent)
        if room >= CHUNK or 0 < room == len(stream) - sent:
            connection.send(b"".join(stream[sent:sent + room]))
            sent += room
        kind, body = connection.next(30)
        if kind == PUBACK:
            if len(body) > 2 and body[2] >= 128:
                raise BenchError(f"the broker refuses a message ({body[2]})")
            acknowledged += 1
        elif kind == 0:
            raise BenchError("the broker acknowledged nothing for 30 s")
