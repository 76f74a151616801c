"""One real Asterisk, started for a test and gone with it.

The files come from `install.sh`; each instance has its own configuration, run directory,
spool, log and ports, so that several run side by side. Everything listens on 127.0.0.1.
The numbers that can be dialled stand in `conf/extensions.conf.j2` (Local/NUMBER@carrier/n)
and in `tests/support/sipp/carrier.xml.j2` (PJSIP/NUMBER@carrier).
"""

import csv
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from core.model import Server

HERE = Path(__file__).parent
#: Where `install.sh` unpacks Asterisk; another place may be given by this variable.
ROOT = Path(os.environ.get("WHIPBIRD_TEST_ASTERISK", HERE.parents[2] / ".cache" / "asterisk"))
#: How long a boot, a stop or a command may take, in seconds.
LIMIT_S = 30.0

_INCLUDE = "#include extensions_custom.conf"

LOGIN = "whipbird"
SECRET = "dials"


class NoAsterisk(Exception):
    """There can be no real Asterisk here; the text is one sentence that says why."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Cdr:
    """A row of Asterisk's call detail records. Times are UTC text, lengths seconds."""

    accountcode: str
    source: str
    destination: str
    context: str
    caller_id: str
    channel: str
    other_channel: str
    last_application: str
    last_data: str
    started_at: str
    answered_at: str
    ended_at: str
    duration_s: int
    talk_s: int
    disposition: str
    uniqueid: str


def install(root: Path = ROOT) -> None:
    """Unpack Asterisk in `root` unless it is there already; NoAsterisk says why it cannot."""
    done = subprocess.run(
        [str(HERE / "install.sh"), str(root)], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise NoAsterisk((done.stderr.strip() or "install.sh failed").splitlines()[-1])
    if os.geteuid():
        raise NoAsterisk("asterisk for tests: only root can run it (chroot); run this as root")


def free_port(kind: socket.SocketKind = socket.SOCK_STREAM) -> int:
    """A port of 127.0.0.1 that is free now."""
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class AsteriskServer:
    """An Asterisk 22 of our own, for use in a `with` statement or with `start` and `stop`.

    `carrier_port` is the UDP port of the SIP carrier, `fastagi_port` the one that the
    extensions of context `message` call. `cpu` pins it to that CPU. `files` are texts of further
    configuration files, by their names without `.conf`. It dies with the thread that started it.
    """

    def __init__(
        self,
        *,
        carrier_port: int = 9,
        fastagi_port: int = 4573,
        cpu: int | None = None,
        files: Mapping[str, str] | None = None,
        root: Path = ROOT,
    ) -> None:
        self.root = root
        self.ami_port = free_port()
        self.sip_port = free_port(socket.SOCK_DGRAM)
        self.carrier_port = carrier_port
        self.fastagi_port = fastagi_port
        self._cpu = cpu
        self._process: subprocess.Popen[bytes] | None = None
        self._home = Path(tempfile.mkdtemp(prefix="whipbird-", dir=root / "tmp"))
        self._render()
        self._write(files or {})

    def __enter__(self) -> "AsteriskServer":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        self.remove()

    def server(self, *, login: str = LOGIN, secret: str = SECRET) -> Server:
        """It, as Whipbird is told of it, with no limit on messages that a test would feel."""
        return Server(
            id=1,
            name="asterisk",
            port=self.ami_port,
            login=login,
            password=secret,
            unit_ms=10,
            messages_per_unit=100,
        )

    @property
    def spool(self) -> Path:
        """Where call files are dropped: move them into `outgoing` below it."""
        return self._home / "spool"

    @property
    def pid(self) -> int:
        """The running process; RuntimeError if there is none."""
        if self._process is None:
            raise RuntimeError("this Asterisk is not running")
        return self._process.pid

    def start(self) -> None:
        """Boot, and return once it is fully booted and takes AMI connections."""
        with (self._home / "log" / "console").open("ab") as console:
            self._process = subprocess.Popen(
                [*self._prefix(), *self._asterisk("-f")],
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=subprocess.STDOUT,
                cwd="/",
            )
        deadline = time.monotonic() + LIMIT_S
        while not (self._answers() and self._is_booted()):
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise RuntimeError(f"Asterisk did not boot:\n{self.log()}")
            time.sleep(0.05)

    def stop(self) -> None:
        """End it the orderly way: its calls are hung up."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(LIMIT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def kill(self) -> None:
        """End it with SIGKILL, as a crash would."""
        if self._process is None:
            return
        self._process.kill()
        self._process.wait()
        self._process = None

    def restart(self) -> None:
        """Stop and boot again, on the same ports."""
        self.stop()
        self.start()

    def remove(self) -> None:
        """Delete all that this instance wrote."""
        shutil.rmtree(self._home, ignore_errors=True)

    def command(self, line: str) -> str:
        """What the Asterisk CLI prints for `line`; RuntimeError if it is out of reach."""
        done = self._remote(line)
        if done.returncode:
            raise RuntimeError(f"asterisk -rx {line!r} failed: {done.stdout}{done.stderr}")
        return done.stdout

    def extend(self, dialplan: str, modules: Iterable[str], **files: str) -> None:
        """Load these modules, and this dialplan in the place of what was given here before;
        `files` are texts of other configuration files, by their names without `.conf`."""
        own = self._home / "etc" / "extensions.conf"
        self._write({**files, "extensions_custom": dialplan})
        if _INCLUDE not in own.read_text():
            own.write_text(f"{own.read_text()}\n{_INCLUDE}\n")
        for module in modules:
            if f"{module}.so" not in self.command(f"module show like {module}"):
                self.command(f"module load {module}.so")
        self.command("dialplan reload")

    def trace(self, name: str) -> Path:
        """A file into which Asterisk writes each step of its dialplan from now on."""
        self.command(f"logger add channel {name} verbose(3)")
        return self._home / "log" / name

    def cdr(self) -> list[Cdr]:
        """The call detail records written so far, in the order in which calls ended."""
        file = self._home / "log" / "cdr-csv" / "Master.csv"
        if not file.exists():
            return []
        with file.open(newline="") as rows:
            return [_parse_cdr(row) for row in csv.reader(rows)]

    def cdr_of(self, uniqueid: str) -> list[Cdr]:
        """The records of a call that is over. Asterisk may write them a little after it has
        told of the end; without any in five seconds, none."""
        deadline = time.monotonic() + 5
        while not (found := [row for row in self.cdr() if row.uniqueid == uniqueid]):
            if time.monotonic() > deadline:
                break
            time.sleep(0.05)
        return found

    def witnesses(self) -> list[str]:
        """The ids of the calls that came to context `witnessed`, in order, as each one's first
        act; of those too that were up when this PBX was killed."""
        file = self._home / "log" / "witnesses"
        return file.read_text().split() if file.exists() else []

    def log(self) -> str:
        """Its warnings and errors, and what it printed."""
        files = (self._home / "log" / name for name in ("console", "messages"))
        return "".join(file.read_text(errors="replace") for file in files if file.exists())

    def _render(self) -> None:
        home = Path("/") / self._home.relative_to(self.root)
        for name in ("etc", "run", "spool/outgoing", "log/cdr-csv"):
            (self._home / name).mkdir(parents=True)
        modules = next(self.root.glob("usr/lib/*/asterisk/modules"))
        environment = Environment(
            loader=FileSystemLoader(HERE / "conf"),
            undefined=StrictUndefined,
            autoescape=False,
            keep_trailing_newline=True,
        )
        for name in environment.list_templates():
            text = environment.get_template(name).render(
                home=home,
                modules=Path("/") / modules.relative_to(self.root),
                ami_port=self.ami_port,
                ami_login=LOGIN,
                ami_secret=SECRET,
                sip_port=self.sip_port,
                carrier_port=self.carrier_port,
                fastagi_port=self.fastagi_port,
            )
            (self._home / "etc" / name.removesuffix(".j2")).write_text(text)

    def _write(self, files: Mapping[str, str]) -> None:
        for name, text in files.items():
            (self._home / "etc" / f"{name}.conf").write_text(text)

    def _prefix(self) -> list[str]:
        pin = [] if self._cpu is None else ["taskset", "-c", str(self._cpu)]
        return ["setpriv", "--pdeathsig", "KILL", *pin]

    def _asterisk(self, *arguments: str) -> list[str]:
        config = Path("/") / self._home.relative_to(self.root) / "etc" / "asterisk.conf"
        return ["chroot", str(self.root), "/usr/sbin/asterisk", "-C", str(config), *arguments]

    def _answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.ami_port), timeout=1) as peer:
                return peer.recv(64).startswith(b"Asterisk Call Manager")
        except OSError:
            return False

    def _is_booted(self) -> bool:
        return "fully booted" in self._remote("core waitfullybooted").stdout

    def _remote(self, line: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self._asterisk("-rx", line),
            capture_output=True,
            text=True,
            errors="replace",
            timeout=LIMIT_S,
            check=False,
            cwd="/",
        )


def _parse_cdr(row: Sequence[str]) -> Cdr:
    return Cdr(
        accountcode=row[0],
        source=row[1],
        destination=row[2],
        context=row[3],
        caller_id=row[4],
        channel=row[5],
        other_channel=row[6],
        last_application=row[7],
        last_data=row[8],
        started_at=row[9],
        answered_at=row[10],
        ended_at=row[11],
        duration_s=int(row[12]),
        talk_s=int(row[13]),
        disposition=row[14],
        uniqueid=row[16],
    )
