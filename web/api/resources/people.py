"""Users, their classes, and the tokens that act for them."""

from datetime import datetime
from typing import Annotated
from urllib.parse import quote

import msgspec
from msgspec import Meta

from core.errors import NotFound
from core.operations import people, tokens
from core.operations.permission import require
from core.rules.keys import Key
from web.api.identity import by_browser
from web.api.kinds import Id, Name, Password, show
from web.api.operation import Ask, Made, Tag
from web.api.paging import Page, Paged, cut

TAG = Tag(name="Users", text="Users, their classes and keys, and the tokens that act for them.")

Keys = Annotated[str, Meta(max_length=1000, description="Keys, parted by blanks.")]
Line = Annotated[str, Meta(max_length=255)]


class UserShown(msgspec.Struct, frozen=True, kw_only=True):
    """`keys` are all that a user holds, `own_keys` those besides their class's; one with a minus
    sign is taken away."""

    name: str
    real_name: str
    email: str
    class_name: str
    own_keys: tuple[str, ...]
    keys: tuple[str, ...]
    has_master_key: bool
    is_enabled: bool
    logons: int
    last_logon_at: datetime | None


class UserChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is to be said of a user; what is left out stays as it is."""

    class_name: Name | None = None
    keys: Keys | None = None
    real_name: Line | None = None
    email: Line | None = None
    has_master_key: bool | None = None
    is_enabled: bool | None = None


class NewUser(UserChange, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A user to be; of the class USER unless another is named."""

    name: Name
    password: Password


class NewPassword(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    password: Password


class ClassShown(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    description: str
    keys: tuple[str, ...]


class NewClass(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    name: Name
    description: Line = ""
    keys: Keys


class ClassChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    keys: Keys


class TokenShown(msgspec.Struct, frozen=True, kw_only=True):
    """A token; of the token itself only its beginning."""

    id: int
    user: str
    name: str
    prefix: str
    keys: tuple[str, ...]
    created_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None


class TokenMade(msgspec.Struct, frozen=True, kw_only=True):
    """`secret` is the token itself, which is shown this once."""

    token: TokenShown
    secret: str


class NewToken(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A token that acts for a user with these of the user's keys; for whoever asks if no user
    is named."""

    name: Name
    keys: Keys
    user: Annotated[str, Meta(max_length=190)] = ""


class TokenQuery(Paged, frozen=True, kw_only=True, forbid_unknown_fields=True):
    user: Annotated[str, Meta(max_length=190, description="Of this user alone.")] = ""


@TAG.get("/users", needs=(Key.ADMIN,))
async def list_users(ask: Ask, query: Paged) -> Page[UserShown]:
    """All users, by name."""
    found = [show(one, UserShown) for one in await ask.run(people.show_users)]
    shown = sorted(found, key=lambda one: one.name)
    return cut(ask.request, query, shown, lambda one: one.name)


@TAG.get("/users/{user}", needs=(Key.ADMIN,))
async def show_user(ask: Ask, user: Name) -> UserShown:
    """A user."""
    return await _find_user(ask, user)


async def _find_user(ask: Ask, user: str) -> UserShown:
    for one in await ask.run(people.show_users):
        if one.name == user:
            return show(one, UserShown)
    raise NotFound("user", user)


@TAG.post("/users", needs=(Key.ADMIN,), keeps_answer=False, errors=(404, 409))
async def add_user(ask: Ask, body: NewUser) -> Made[UserShown]:
    """A new user."""
    change = _change(body)
    await ask.in_turn(people.add_user, ask.ground.passwords, body.name, body.password, change)
    made = await _find_user(ask, body.name)
    return Made(location=f"/users/{quote(body.name, safe='')}", body=made)


@TAG.patch("/users/{user}", needs=(Key.ADMIN,))
async def change_user(ask: Ask, user: Name, body: UserChange) -> UserShown:
    """Change a user.

    Who is disabled is logged off everywhere."""
    await ask.run(people.change_user, user, _change(body), ask.now)
    return await _find_user(ask, user)


@TAG.put("/users/{user}/password", needs=(Key.ADMIN,))
async def set_password(ask: Ask, user: Name, body: NewPassword) -> None:
    """Give a user another password; they are logged off everywhere."""
    await ask.in_turn(people.set_password, ask.ground.passwords, user, body.password)


@TAG.delete("/users/{user}", needs=(Key.ADMIN,))
async def delete_user(ask: Ask, user: Name) -> None:
    """Delete a user, with sessions and tokens."""
    await ask.run(people.delete_user, user, ask.now)


@TAG.get("/classes", needs=(Key.ADMIN,))
async def list_classes(ask: Ask) -> tuple[ClassShown, ...]:
    """All classes of users."""
    return tuple(show(one, ClassShown) for one in await ask.run(people.show_classes))


@TAG.post("/classes", needs=(Key.ADMIN,), errors=(409,))
async def add_class(ask: Ask, body: NewClass) -> None:
    """A new class of users."""
    await ask.run(people.add_class, body.name, body.keys, body.description, ask.now)


@TAG.put("/classes/{class_name}", needs=(Key.ADMIN,))
async def change_class(ask: Ask, class_name: Name, body: ClassChange) -> None:
    """Give a class, and with it all its users, other keys."""
    await ask.run(people.change_class, class_name, body.keys, ask.now)


@TAG.delete("/classes/{class_name}", needs=(Key.ADMIN,), errors=(409,))
async def delete_class(ask: Ask, class_name: Name) -> None:
    """Delete a class that no user is of."""
    await ask.run(people.delete_class, class_name, ask.now)


@TAG.get("/tokens", needs=(Key.ADMIN,), errors=(404,))
async def list_tokens(ask: Ask, query: TokenQuery) -> Page[TokenShown]:
    """Tokens, the oldest first, revoked ones too.

    One's own (`user` is oneself) need no key."""
    found = [show(one, TokenShown) for one in await ask.run(tokens.show_tokens, query.user or None)]
    return cut(ask.request, query, found, lambda one: f"{one.id:019}")


@TAG.post("/tokens", keeps_answer=False, errors=(404, 409))
async def add_token(ask: Ask, body: NewToken) -> TokenMade:
    """A new token, which is shown this once.

    It holds no key that its user does not hold. For somebody else it needs `ADMIN`, and so it does
    if a token asks: one that leaks must not live on in others once it is revoked."""
    if not by_browser(ask.request):
        require(ask.actor, Key.ADMIN)
    user = body.user or ask.actor.name
    view, secret = await ask.run(tokens.add_token, user, body.name, body.keys, ask.now)
    return TokenMade(token=show(view, TokenShown), secret=secret)


@TAG.delete("/tokens/{token_id}", errors=(409,))
async def revoke_token(ask: Ask, token_id: Id) -> None:
    """Revoke a token: from now on it opens nothing.

    Somebody else's needs `ADMIN`."""
    await ask.run(tokens.revoke_token, token_id, ask.now)


def _change(body: UserChange) -> people.UserChange:
    return people.UserChange(
        class_name=body.class_name,
        keys=body.keys,
        real_name=body.real_name,
        email=body.email,
        has_master_key=body.has_master_key,
        is_enabled=body.is_enabled,
    )


OPERATIONS = (
    list_users,
    show_user,
    add_user,
    change_user,
    set_password,
    delete_user,
    list_classes,
    add_class,
    change_class,
    delete_class,
    list_tokens,
    add_token,
    revoke_token,
)
