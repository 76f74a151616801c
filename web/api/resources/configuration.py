"""What is configured, one element at a time: the same operations for each kind."""

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field
from typing import Annotated, Any
from urllib.parse import quote

import msgspec
from msgspec import Meta

from core.operations import elements
from core.operations.campaigns import clone
from core.operations.site import KEYS
from core.operations.site_file import Kind
from core.operations.site_spelling import spell
from core.rules.keys import Key
from web.api.kinds import Id, Name
from web.api.operation import Ask, Made, Operation, Tag
from web.api.paging import Page, Paged, next_page, read_cursor
from web.api.partial import partial
from web.api.resources.campaign_shapes import ConfiguredCampaign
from web.api.resources.element_shapes import (
    TOLD,
    CapPreset,
    CapShown,
    ConfiguredList,
    EndPointShown,
    Holidays,
    OpeningHoursShown,
    ServerShown,
    TrunkShown,
)
from web.api.versions import check_version, require_version

TAG = Tag(
    name="Configuration",
    text="What is configured, element by element, in the words of the site file; where one names "
    "others, it does by name. A running campaign goes by what it was started with until it is "
    "reloaded or started again. What changes or deletes an element says by `If-Match` which "
    "version of it was read.",
)

Text = Annotated[str, Meta(max_length=190, description="In its name or its other texts.")]


class ElementQuery(Paged, frozen=True, kw_only=True, forbid_unknown_fields=True):
    text: Text = ""


class HideableQuery(ElementQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    with_hidden: Annotated[bool, Meta(description="Those that are hidden too.")] = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Sort:
    """How elements of a kind are offered: what people call one, what is shown of it, and in a
    `page` of several, and what `more` can be said of it that is not shown. A new one `needs` some
    of that said."""

    kind: Kind
    noun: str
    shown: type[msgspec.Struct]
    page: Any
    more: Mapping[str, Any] = field(default_factory=dict)
    needs: Collection[str] = ()
    query: type[ElementQuery] = ElementQuery

    @property
    def words(self) -> str:
        """The noun as part of a name."""
        return self.noun.replace(" ", "_").replace("-", "_")

    @property
    def path(self) -> str:
        return f"/configuration/{self.kind.replace('_', '-')}"

    @property
    def title(self) -> str:
        return "".join(word.capitalize() for word in self.words.split("_"))

    def show(self, element: elements.Element) -> msgspec.Struct:
        entry = element.entry
        fields = {"id": element.id, "name": entry.name, **spell(entry)}
        if hasattr(element.value, "stamp"):
            fields |= asdict(element.value.stamp)
        return msgspec.convert(fields, self.shown)


SORTS = (
    Sort(
        kind=Kind.SERVER,
        noun="server",
        shown=ServerShown,
        page=Page[ServerShown],
        more={"password": str},
    ),
    Sort(
        kind=Kind.TRUNK,
        noun="trunk",
        shown=TrunkShown,
        page=Page[TrunkShown],
        needs=("server", "dial_string"),
    ),
    Sort(
        kind=Kind.END_POINT,
        noun="end-point",
        shown=EndPointShown,
        page=Page[EndPointShown],
        needs=("server", "extension", "context"),
    ),
    Sort(
        kind=Kind.LIST,
        noun="list",
        shown=ConfiguredList,
        page=Page[ConfiguredList],
        query=HideableQuery,
    ),
    Sort(
        kind=Kind.OPENING_HOURS,
        noun="opening hours",
        shown=OpeningHoursShown,
        page=Page[OpeningHoursShown],
        more={"holidays": Holidays},
        needs=("default",),
        query=HideableQuery,
    ),
    Sort(
        kind=Kind.CAP,
        noun="cap",
        shown=CapShown,
        page=Page[CapShown],
        more={"preset": CapPreset},
    ),
    Sort(
        kind=Kind.CAMPAIGN,
        noun="campaign",
        shown=ConfiguredCampaign,
        page=Page[ConfiguredCampaign],
        more={"http_secret": str},
        query=HideableQuery,
    ),
)


def _listing(sort: Sort) -> Operation:
    async def read(ask: Ask, query: ElementQuery) -> Page[msgspec.Struct]:
        found = await ask.run(
            elements.fetch_page,
            sort.kind,
            text=query.text,
            before_id=read_cursor(query, Id),
            limit=query.limit,
            with_hidden=getattr(query, "with_hidden", False),
        )
        items = tuple(sort.show(one) for one in found.elements)
        has_more = found.total > len(items)
        last = found.elements[-1].id if has_more else None
        return Page(items=items, next=next_page(ask.request, last) if has_more else None)

    read.__name__ = f"list_configured_{sort.kind}"
    read.__doc__ = f"All {sort.kind.replace('_', ' ')} as they are configured, the newest first."
    return TAG.get(sort.path, needs=_keys(sort), query=sort.query, answer=sort.page)(read)


def _reading(sort: Sort) -> Operation:
    async def read(ask: Ask, name: Name) -> msgspec.Struct:
        return sort.show(await ask.run(elements.fetch_named, sort.kind, name))

    read.__name__, read.__doc__ = f"show_configured_{sort.words}", f"One {sort.noun}."
    return TAG.get(_place(sort), needs=_keys(sort), answer=sort.shown, is_versioned=True)(read)


def _adding(sort: Sort) -> Operation:
    async def add(ask: Ask, body: msgspec.Struct) -> Made[msgspec.Struct]:
        name, values = _read(body)
        made = await ask.run(elements.create, sort.kind, name, values, ask.now)
        return Made(location=f"{sort.path}/{quote(name, safe='')}", body=sort.show(made))

    add.__name__, add.__doc__ = f"add_{sort.words}", f"A new {sort.noun}."
    text = f"A new {sort.noun}. What is left out is as in a site file."
    needs = ("name", *sort.needs)
    kind = partial(f"New{sort.title}", text, sort.shown, without=TOLD, needs=needs, more=sort.more)
    declare = TAG.post(
        sort.path,
        needs=_keys(sort),
        body=kind,
        answer=sort.shown,
        errors=(404,),
        is_versioned=True,
    )
    return declare(add)


def _changing(sort: Sort) -> Operation:
    async def change(ask: Ask, name: Name, body: msgspec.Struct) -> msgspec.Struct:
        version = require_version(ask.request)
        new_name, values = _read(body)
        found = await ask.run(elements.fetch_named, sort.kind, name)
        changed = await ask.run(
            elements.update,
            sort.kind,
            found.id,
            values,
            ask.now,
            name=new_name,
            check=lambda element: check_version(version, sort.show(element)),
        )
        return sort.show(changed)

    change.__name__ = f"change_{sort.words}"
    change.__doc__ = f"Change what is said of the {sort.noun}; all else stays."
    text = f"What is to be said of the {sort.noun}. Another `name` renames it."
    kind = partial(f"{sort.title}Change", text, sort.shown, without=TOLD, more=sort.more)
    declare = TAG.patch(
        _place(sort),
        needs=_keys(sort),
        body=kind,
        answer=sort.shown,
        errors=(409,),
        is_versioned=True,
    )
    return declare(change)


def _deleting(sort: Sort) -> Operation:
    async def delete(ask: Ask, name: Name) -> None:
        version = require_version(ask.request)
        found = await ask.run(elements.fetch_named, sort.kind, name)
        await ask.run(
            elements.delete,
            sort.kind,
            found.id,
            ask.now,
            check=lambda element: check_version(version, sort.show(element)),
        )

    delete.__name__ = f"delete_{sort.words}"
    delete.__doc__ = f"Delete the {sort.noun}.\n\nRefused while anything uses it."
    declare = TAG.delete(_place(sort), needs=_keys(sort), errors=(409,), is_versioned=True)
    return declare(delete)


def _keys(sort: Sort) -> tuple[Key, ...]:
    return (KEYS[sort.kind],)


def _place(sort: Sort) -> str:
    return f"{sort.path}/{{name}}"


def _read(body: msgspec.Struct) -> tuple[str, dict[str, Any]]:
    """The name, empty if it is left out, and all else, as a site file would hold it."""
    values: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(body))
    return values.pop("name", ""), values


class Cloning(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    new_name: Name


class Cloned(msgspec.Struct, frozen=True, kw_only=True):
    id: int
    name: str


@TAG.post("/configuration/campaigns/{name}/clone", needs=(Key.COPY,))
async def clone_campaign(ask: Ask, name: Name, body: Cloning) -> Made[Cloned]:
    """A new campaign with all that the definition of this one says."""
    made = await ask.run(clone, name, body.new_name, ask.now)
    place = f"/configuration/campaigns/{quote(made.name, safe='')}"
    return Made(location=place, body=Cloned(id=made.id, name=made.name))


#: What was called is told by reports: a campaign is put away (`pace`), but not deleted.
_LASTING = (Kind.CAMPAIGN,)

OPERATIONS = (
    *(
        operation
        for sort in SORTS
        for operation in (_listing(sort), _adding(sort), _reading(sort), _changing(sort))
    ),
    *(_deleting(sort) for sort in SORTS if sort.kind not in _LASTING),
    clone_campaign,
)
