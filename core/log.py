"""Where the process's log goes: one format, to standard error or to a file."""

import logging
import logging.handlers

from core.errors import InvalidValue
from core.settings import LogSettings

_FORMAT = "%(asctime)s %(levelname)-7s %(name)s: %(message)s"


def start_log(settings: LogSettings) -> None:
    """Send everything from `settings.level` up to `settings.file`, or standard error. The file
    is appended to, and opened again when a log rotation has moved it. InvalidValue if it cannot
    be written."""
    if settings.file is None:
        handler: logging.Handler = logging.StreamHandler()
    else:
        try:
            settings.file.parent.mkdir(parents=True, exist_ok=True)
            handler = logging.handlers.WatchedFileHandler(settings.file, encoding="utf-8")
        except OSError as error:
            expected = f"name a file that can be written ({error.strerror})"
            raise InvalidValue("log.file", settings.file, expected) from None
    logging.basicConfig(level=settings.level_no, format=_FORMAT, handlers=[handler], force=True)
    for chatty in ("twisted", "panoramisk", "alembic"):
        logging.getLogger(chatty).setLevel(max(settings.level_no, logging.WARNING))
