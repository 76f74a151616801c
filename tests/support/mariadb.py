"""A private MariaDB server: its own directory, socket and port, gone with the tests."""

import os
import shutil
import socket
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic, sleep

import pymysql

#: How long the server may take to start or stop, in seconds.
PATIENCE_S = 60
DATABASE = "whipbird"

_QUICK = (
    "--skip-log-bin",
    "--innodb-flush-log-at-trx-commit=2",
    "--innodb-log-file-size=16M",
    "--innodb-buffer-pool-size=64M",
    "--innodb-doublewrite=0",
    "--skip-name-resolve",
    "--performance-schema=OFF",
)


def find_server() -> str | None:
    """The server's program, which Debian keeps in /usr/sbin."""
    return shutil.which("mariadbd", path=f"{os.environ.get('PATH', '')}:/usr/sbin")


class MariaDB:
    """Starts when it is made; `close` leaves nothing behind."""

    def __init__(self) -> None:
        self._home = TemporaryDirectory(prefix="mariadb-", dir="/tmp")
        self._socket = Path(self._home.name) / "server.sock"
        self._process: subprocess.Popen[bytes] | None = None
        self.port = _free_port()
        self._run(
            "mariadb-install-db", "--skip-test-db", "--auth-root-authentication-method=normal"
        )
        self.start()
        self.execute(f"CREATE DATABASE {DATABASE} CHARACTER SET utf8mb4")
        self.execute("CREATE USER dialer@'127.0.0.1' IDENTIFIED BY 'secret'")
        self.execute("GRANT ALL ON *.* TO dialer@'127.0.0.1'")

    @property
    def url(self) -> str:
        return self.url_of(DATABASE)

    def url_of(self, database: str) -> str:
        return f"mysql+pymysql://dialer:secret@127.0.0.1:{self.port}/{database}"

    def start(self) -> None:
        """Start the server and wait until it takes connections."""
        program = find_server()
        assert program is not None
        log = (Path(self._home.name) / "server.log").open("ab")
        with log:
            self._process = subprocess.Popen(
                [
                    program,
                    *self._options(),
                    *_QUICK,
                    f"--socket={self._socket}",
                    f"--port={self.port}",
                    "--bind-address=127.0.0.1",
                ],
                stdout=log,
                stderr=log,
            )
        end = monotonic() + PATIENCE_S
        while not self._is_up():
            if self._process.poll() is not None or monotonic() > end:
                raise RuntimeError((Path(self._home.name) / "server.log").read_text()[-2000:])
            sleep(0.05)

    def stop(self) -> None:
        """Stop the server in order."""
        self._end("terminate")

    def kill(self) -> None:
        """Take the server away, as a power cut would."""
        self._end("kill")

    def restart(self) -> None:
        self.stop()
        self.start()

    def close(self) -> None:
        self.kill()
        self._home.cleanup()

    def execute(self, statement: str) -> None:
        """As the server's administrator."""
        connection = self._connect()
        try:
            connection.cursor().execute(statement)
        finally:
            connection.close()

    def _end(self, how: str) -> None:
        if self._process is not None:
            getattr(self._process, how)()
            self._process.wait(PATIENCE_S)
            self._process = None

    def _is_up(self) -> bool:
        with socket.socket(socket.AF_UNIX) as probe:
            return probe.connect_ex(str(self._socket)) == 0

    def _connect(self) -> "pymysql.Connection[pymysql.cursors.Cursor]":
        return pymysql.connect(
            unix_socket=str(self._socket),
            user="root",
            autocommit=True,
            init_command="SET FOREIGN_KEY_CHECKS = 0",
        )

    def _options(self) -> list[str]:
        as_root = ["--user=root"] if os.geteuid() == 0 else []
        return ["--no-defaults", f"--datadir={self._home.name}/data", *as_root]

    def _run(self, program: str, *options: str) -> None:
        done = subprocess.run(
            [program, *self._options(), *options], capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise RuntimeError(f"{program}: {done.stdout}{done.stderr}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
