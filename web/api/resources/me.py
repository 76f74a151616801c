"""Who asks."""

import msgspec

from core.errors import Forbidden
from web.api.identity import by_browser
from web.api.kinds import Password
from web.api.operation import Ask, Tag
from web.gate import read_session

TAG = Tag(name="You", text="Who you are to Whipbird, and what you may do.")


class Me(msgspec.Struct, frozen=True, kw_only=True):
    """`keys` are all that whoever asks holds. `form_token` is what a browser that is logged on
    sends in the header X-Form-Token; empty for a token's bearer."""

    name: str
    keys: tuple[str, ...]
    has_master_key: bool
    form_token: str


class PasswordChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    old_password: Password
    password: Password


@TAG.get("/me")
async def show_me(ask: Ask) -> Me:
    """Whoever asks."""
    session = read_session(ask.request)
    return Me(
        name=ask.actor.name,
        keys=tuple(sorted(ask.actor.ring.keys)),
        has_master_key=ask.actor.ring.is_master,
        form_token=ask.ground.tokens.sign(session) if by_browser(ask.request) else "",
    )


@TAG.put("/me/password")
async def change_own_password(ask: Ask, body: PasswordChange) -> None:
    """Take another password, which logs you off in all other browsers.

    For a browser that is logged on: a token changes nobody's password without `ADMIN`."""
    if not by_browser(ask.request):
        raise Forbidden("a token changes no password of its own: log on with a browser")
    await ask.ground.gate.change_password(ask.request, body.old_password, body.password)


OPERATIONS = (show_me, change_own_password)
