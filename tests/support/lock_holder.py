"""A process that takes a database's lock and keeps it: `python -m tests.support.lock_holder URL`.

It says `held`, or `refused: …`, and ends with its standard input.
"""

import sys

from core.errors import AlreadyRunning
from core.store.database import open_database
from core.store.lock import DialerLock


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main(url: str) -> None:
    lock = DialerLock(open_database(url))
    try:
        lock.acquire()
    except AlreadyRunning as error:
        say(f"refused: {error}")
        return
    say("held")
    sys.stdin.read()


if __name__ == "__main__":
    main(sys.argv[1])
