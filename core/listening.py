"""Whether a server may listen where its settings say: asked before anything is dialled."""

import socket

from core.config import variable
from core.errors import NotPossible
from core.settings import FastAgiSettings, WebSettings


def check_free(section: str, settings: WebSettings | FastAgiSettings) -> None:
    """NotPossible, with the variables that choose another place, if this one cannot be had."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            raise NotPossible(
                f"{settings.host}:{settings.port} is not free ({error.strerror}): stop who has it, "
                f"or choose another with {variable(section, 'host')}, {variable(section, 'port')}"
            ) from None
