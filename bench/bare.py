"""The least a Python client must do to place calls over AMI: write Originates, read events.

`python -m bench.bare AMI_PORT CALLS OPEN_CALLS` prints calls per second and milliseconds of
processor time for each call.
"""

import resource
import socket
import sys
import time

from bench.load import ATTRIBUTES, NUMBER, steady_rate
from tests.support.asterisk.server import LOGIN, SECRET

#: After every ten Originates, so that Asterisk is not buried: a thousand in a second at most.
PAUSE_S = 0.01

_FILTERS = ("OriginateResponse", "Hangup")


class Client:
    """One connection; a call is over when the Hangup of its own channel comes."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port))
        self._buffer = b""
        self.done = 0
        self._write(f"Action: Login\r\nUsername: {LOGIN}\r\nSecret: {SECRET}\r\nEvents: call\r\n")
        for name in _FILTERS:
            self._write(
                f"Action: Filter\r\nOperation: Add\r\nMatchCriteria: name({name})\r\nFilter: \r\n"
            )
        self._variables = "".join(f"Variable: {n}={v}\r\n" for n, v in ATTRIBUTES.items())

    def _write(self, action: str) -> None:
        self._socket.sendall(f"{action}\r\n".encode())

    def originate(self, number: int) -> None:
        self._write(
            f"Action: Originate\r\nActionID: {number}\r\nChannel: Local/{NUMBER}@carrier/n\r\n"
            "Context: message\r\nExten: wait\r\nPriority: 1\r\nTimeout: 30000\r\nAsync: true\r\n"
            f"ChannelId: bare-{number}\r\nOtherChannelId: bare-{number};2\r\n{self._variables}"
        )

    def read(self) -> None:
        *messages, self._buffer = (self._buffer + self._socket.recv(65536)).split(b"\r\n\r\n")
        for message in messages:
            if message.startswith(b"Event: Hangup\r\n") and b";2\r\n" not in message:
                self.done += 1


def main() -> None:
    port, calls, open_calls = (int(x) for x in sys.argv[1:])
    client = Client(port)
    samples = [(time.monotonic(), 0)]
    sent = 0
    while client.done < calls:
        while sent < calls and sent - client.done < open_calls:
            client.originate(sent)
            sent += 1
            if sent % 10 == 0:
                time.sleep(PAUSE_S)
        client.read()
        samples.append((time.monotonic(), client.done))
    usage = resource.getrusage(resource.RUSAGE_SELF)
    cpu_ms = (usage.ru_utime + usage.ru_stime) / calls * 1000
    print(f"{steady_rate(samples, calls)} {cpu_ms}")


if __name__ == "__main__":
    main()
