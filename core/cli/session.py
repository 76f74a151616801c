"""What a command works with: the settings, the database, the way to ask a PBX, the time."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import click

from core.config import Config, load_config
from core.ports.probe import Probe

if TYPE_CHECKING:
    from sqlalchemy import Engine


@dataclass
class Session:
    """One invocation of the command line. Settings are read, and the database is opened,
    when a command first needs them."""

    environ: Mapping[str, str]
    config_path: Path | None
    probe: Probe

    @cached_property
    def config(self) -> Config:
        return load_config(self.environ, self.config_path)

    @cached_property
    def raw_engine(self) -> "Engine":
        """The database, whatever its schema."""
        from core.store.database import open_database

        return open_database(self.config.database.url)

    @cached_property
    def engine(self) -> "Engine":
        """The database; SchemaOutdated if it is not the one this version needs."""
        from core.store.database import check_schema

        check_schema(self.raw_engine)
        return self.raw_engine

    def close(self) -> None:
        """Close the database, if it was opened."""
        if "raw_engine" in self.__dict__:
            self.raw_engine.dispose()

    def now(self) -> datetime:
        return datetime.now(UTC)


#: Passes the session to a command.
pass_session = click.make_pass_decorator(Session)
