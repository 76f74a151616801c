"""What the signals that stop the server's process do."""

import signal
from types import FrameType


def stop_once() -> None:
    """While the server stops, further signals to do so change nothing. To be called when the
    reactor has set its handlers."""
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def stop(number: int, frame: FrameType | None) -> None:
        for each in handlers:
            signal.signal(each, _pass_over)
        handler = handlers[signal.Signals(number)]
        if callable(handler):
            handler(number, frame)

    for each in handlers:
        signal.signal(each, stop)


def _pass_over(_number: int, _frame: FrameType | None) -> None:
    """In place of SIG_IGN: Python complains of that if a signal has come already."""
