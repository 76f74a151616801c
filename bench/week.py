"""A campaign of a million records over a working week, on the simulated PBX, with no waiting.

`python -m bench.week` dials records with their retries on an injected clock, from Monday to Friday
within opening hours, through the real engine and a real SQLite file, and prints how long that took,
how much memory, and what became of every record.
"""

import resource
import sys
import time
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from core.garbage import leave_what_is_there
from tests.support.week import Week

ROWS, LINES = 1_000_000, 600


def main(records: int) -> None:
    with TemporaryDirectory(prefix="week-") as folder:
        week = Week(Path(folder), records, LINES)
        leave_what_is_there()
        began, cpu_began = time.monotonic(), time.process_time()
        week.run()
        spent_s, cpu_s = time.monotonic() - began, time.process_time() - cpu_began
        peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        calls = sum(week.rig.outcomes().values())
        took = timedelta(seconds=round(week.rig.timer.seconds()))
        print(f"{records:,} records, {calls:,} calls, {took} of simulated time")
        print(f"{spent_s:.0f} s, {cpu_s:.0f} s of processor time (less than 600 is wanted)")
        print(f"{cpu_s * 1e6 / calls:.0f} us of processor time a call")
        print(f"peak resident memory {peak_mb:.0f} MB")
        ends = week.count_ends()
        print(", ".join(f"{count:,} {state}" for state, count in sorted(ends.items())))
        week.rig.close()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else ROWS)
