"""`make bench`: every figure of docs/benchmarks.md, as a table."""

import argparse
import platform
import subprocess
import sys

from bench import http, memory
from bench.load import Result, pbx, run_bare, run_call_files, run_whipbird

#: Up to where more open calls bring no more calls per second.
OPEN_CALLS = (1000, 1200, 1400, 2000)
#: What is measured, in this order.
_PARTS = ("calls", "import", "memory", "ticks", "black-lists", "week", "http", "streams", "upload")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=8000, help="calls in each measurement")
    parser.add_argument("--rows", type=int, default=1_000_000, help="rows of the lists")
    parser.add_argument("--only", choices=[*_PARTS])
    chosen = parser.parse_args()
    print(f"{platform.processor() or platform.machine()}, Python {platform.python_version()}")
    wanted = [chosen.only] if chosen.only else _PARTS
    if "calls" in wanted:
        measure_calls(chosen.calls)
    if "import" in wanted:
        _run("bench.import_rows", "--rows", str(chosen.rows))
    if "memory" in wanted:
        memory.measure(chosen.rows)
    if "ticks" in wanted:
        _run("bench.ticks")
    if "black-lists" in wanted:
        _run("bench.black_lists")
    if "week" in wanted:
        _run("bench.week", str(chosen.rows))
    if "http" in wanted:
        http.measure()
    if "streams" in wanted:
        _run("bench.streams")
    if "upload" in wanted:
        memory.measure_upload(chosen.rows)


def _run(module: str, *arguments: str) -> None:
    """In a process of its own, whose memory is its own."""
    subprocess.run([sys.executable, "-m", module, *arguments], check=True)


def measure_calls(calls: int) -> None:
    """On a PBX as docs/dialplan.md advises it, and on one as it comes."""
    for tells_variables, kind in ((False, "without VarSet"), (True, "as it comes")):
        best = _best_of_each_way(calls, kind, tells_variables=tells_variables)
        ratio = best["Whipbird"].rate / best["call files"].rate
        print(
            f"{kind}: Whipbird reaches {ratio:.2f} of the call files' rate (at least 0.8 is wanted)"
            f" and takes {best['Whipbird'].cpu_ms:.2f} ms of CPU a call (at most 2.5 is wanted),"
            f" the bare client {best['bare AMI client'].cpu_ms:.2f}"
        )


def _best_of_each_way(calls: int, kind: str, *, tells_variables: bool) -> dict[str, Result]:
    """Each way with each number of open calls; by way, the one with the best rate. The ways
    take turns, so that each has its share of a machine's good and bad minutes."""
    best: dict[str, Result] = {}
    for open_calls in OPEN_CALLS:
        for run in (run_call_files, run_bare, run_whipbird):
            with pbx(tells_variables=tells_variables) as server:
                result = run(server, calls, open_calls)
            print(
                f"{kind}, {result.way:16} {result.open_calls:4} open: {result.rate:6.1f} calls/s"
                f"  {result.cpu_ms:5.2f} ms of CPU a call",
                flush=True,
            )
            if result.way not in best or result.rate > best[result.way].rate:
                best[result.way] = result
    return best


if __name__ == "__main__":
    main()
