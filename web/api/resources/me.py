"""Who asks."""

import msgspec

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


@TAG.get("/me")
async def show_me(ask: Ask) -> Me:
    """Whoever asks."""
    session = read_session(ask.request)
    is_session = bool(session) and not ask.request.getHeader("authorization")
    return Me(
        name=ask.actor.name,
        keys=tuple(sorted(ask.actor.ring.keys)),
        has_master_key=ask.actor.ring.is_master,
        form_token=ask.ground.tokens.sign(session) if is_session else "",
    )


OPERATIONS = (show_me,)
