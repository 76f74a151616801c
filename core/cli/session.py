"""What a command works with: the settings, the database, the way to ask a PBX, the time."""

import getpass
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import click

from core.config import load_config
from core.people import SYSTEM, Actor
from core.ports.probe import Probe
from core.settings import Config

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

    @cached_property
    def actor(self) -> Actor:
        """Who types: on the machine itself everything is allowed, and noted with the name of
        the machine's user."""
        return replace(SYSTEM, address=_user_name())

    def now(self) -> datetime:
        return datetime.now(UTC)


def _user_name() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid {os.getuid()}"


#: Passes the session to a command.
pass_session = click.make_pass_decorator(Session)
