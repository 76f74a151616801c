"""From a request for `edit/…` to one of the objects, and to a page of rows.

All of it is answered 200; a status other than OK says in `error` what is wrong.
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from functools import partial

import msgspec

from core.errors import InvalidConfiguration, InvalidValue
from core.operations.campaign_parts import Direction
from web.compat.asked import Asked, Ground, Handler, Operations, Reply
from web.compat.bookmarks import Bookmark, Page
from web.compat.edit.given import Given, parse_given
from web.compat.edit.things import Desk, Thing
from web.compat.envelope import Listing, read_page

_MOVES = {"MU": Direction.UP, "MD": Direction.DOWN}
_MODES = ("L", "E", "D", *_MOVES)
#: Where a problem says what is wrong: `rules[1].days`.
_PLACE = re.compile(r"^[a-z_]+(\[\d+\])?(\.[a-z_]+)?(?=[ :])")
_WORD = re.compile(r"[a-z_]+")


def editing(thing: Thing, names: Mapping[str, str] | None = None) -> Operations:
    """What answers for the object. `names` are its fields by the keys of the site file, in which
    the operations speak."""

    async def handle(ground: Ground, asked: Asked) -> Reply:
        mode = asked.text("mode").upper() or "L"
        if mode not in _MODES:
            raise InvalidValue("mode", mode, f"write one of {', '.join(_MODES)}")
        start, items = read_page(asked)
        parent = asked.whole("parent", 0, 2**53) if asked.text("parent") else None
        page = Page(
            reader=asked.actor.name, of=(id(thing), parent, asked.text("query")), start=start
        )
        make_desk = partial(
            Desk,
            actor=asked.actor,
            now=ground.clock.now(),
            parent=parent,
            query=asked.text("query"),
            start=start,
            items=items,
            up=frozenset(one.server.id for one in ground.control.traffic() if one.is_up),
            mark=ground.bookmarks.find(page),
        )
        given = _read_data(asked, mode)
        if mode == "D" or thing.tells_calls:
            await ground.control.written()
        try:
            listing, mark = await ground.queries.run(
                lambda engine: _work(thing, make_desk(engine=engine), mode, given)
            )
        except InvalidConfiguration as error:
            problems = [_in_wire_names(one, names or {}) for one in error.problems]
            raise InvalidConfiguration(problems) from None
        if mark is not None:
            ground.bookmarks.keep(replace(page, start=start + listing.n_records), mark)
        return listing

    handler: Handler = handle
    return {"": handler}


def _read_data(asked: Asked, mode: str) -> Given | None:
    """What is posted; None of nothing, which deletes and moves nothing."""
    if mode == "L" or (mode != "E" and not asked.text("data")):
        return None
    return parse_given(asked.filled("data"))


def _work(
    thing: Thing, desk: Desk, mode: str, given: Given | None
) -> tuple[Listing, Bookmark | None]:
    """The page, and where the next one begins."""
    if given is None:
        return _page(thing, desk)
    field, key = thing.parent_field
    if field and desk.parent is None:
        desk = replace(desk, parent=given.inner(field, key))
    first = replace(desk, query="", start=0, mark=None)
    saved = None
    if mode == "E":
        saved = thing.save(first, given)
    elif mode == "D":
        thing.delete(first, given)
    else:
        thing.move(first, given, _MOVES[mode])
    return _page(thing, first, saved)[0], None


def _page(
    thing: Thing, desk: Desk, saved: msgspec.Struct | None = None
) -> tuple[Listing, Bookmark | None]:
    """A page; what was just saved comes first."""
    found = thing.page(desk)
    rows = list(found.rows)
    if saved is not None:
        rows = [saved, *(row for row in rows if row != saved)][: max(1, desk.items)]
    listing = Listing(
        results=rows,
        all_results=max(found.total, len(rows)),
        start_from=desk.start,
        n_records=len(rows),
    )
    return listing, found.next_mark


def _in_wire_names(problem: str, names: Mapping[str, str]) -> str:
    def translate(place: re.Match[str]) -> str:
        return _WORD.sub(lambda word: names.get(word[0], word[0]), place[0])

    return _PLACE.sub(translate, problem)
