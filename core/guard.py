"""Whether Whipbird's five packages are Whipbird's own.

Their names are plain words (`web`, `core`), so another distribution in the same environment
may bring one of the same name. Then half of Whipbird would run on somebody else's code: it
refuses to start instead.
"""

from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

from core.errors import InvalidConfiguration

#: The packages that make up Whipbird.
PACKAGES = ("ami", "core", "dialplan", "fastagi", "web")


def find_home(package: str) -> Path | None:
    """The directory a top-level package would be imported from; None if there is none."""
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(next(iter(spec.submodule_search_locations))).resolve().parent


def check_packages(find: Callable[[str], Path | None] = find_home) -> Path:
    """The one directory all packages come from; InvalidConfiguration names each that does
    not lie beside `core`."""
    home = Path(__file__).resolve().parent.parent
    homes = {package: find(package) for package in PACKAGES}
    problems = [
        f'the package "{package}" {_describe(found)}, but Whipbird\'s own lies in {home}: '
        "run Whipbird in a virtual environment of its own"
        for package, found in homes.items()
        if found != home
    ]
    if problems:
        raise InvalidConfiguration(problems)
    return home


def _describe(found: Path | None) -> str:
    return f"comes from {found}" if found else "cannot be found"
