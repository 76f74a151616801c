"""The static files: read once, at start, and served from memory under their checksums.

A page names a file with its checksum (`/static/app.css?v=…`), so that a browser may keep it
for ever and still never shows an old one. Only what was read can be served: no request
reaches the disk.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

STATIC = Path(__file__).parent / "static"

_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Asset:
    """A static file; `version` is the beginning of its SHA-256."""

    content: bytes
    content_type: str
    version: str


class Assets:
    """The static files by their path under `/static/`, such as `js/times.js`."""

    def __init__(self, files: Mapping[str, Asset]) -> None:
        self._files = files

    def address(self, path: str) -> str:
        """Where a page finds the file; KeyError if there is none."""
        return f"/static/{path}?v={self._files[path].version}"

    def find(self, path: str) -> Asset | None:
        return self._files.get(path)


def load_assets(directory: Path = STATIC) -> Assets:
    """Read all style sheets, scripts and pictures below `directory`."""
    return Assets(
        {
            path.relative_to(directory).as_posix(): _read(path)
            for path in sorted(directory.rglob("*"))
            if path.suffix in _TYPES
        }
    )


def _read(path: Path) -> Asset:
    content = path.read_bytes()
    return Asset(
        content=content,
        content_type=_TYPES[path.suffix],
        version=hashlib.sha256(content).hexdigest()[:12],
    )
