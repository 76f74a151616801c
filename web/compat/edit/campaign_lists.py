"""`edit/campaign/list`: the lists that a campaign calls, in their order, then its black lists.

The wire has one row of keys for both. A list that is called has a key of its own, a black list,
which has no order, the one of the list: here they are the even and the odd numbers.
"""

from collections.abc import Iterator

import msgspec

from core.errors import InvalidValue
from core.model import Part
from core.operations import campaign_parts, elements
from core.operations.campaign_parts import Direction, Link
from core.operations.site_file import Kind
from web.compat.edit.given import Given, show
from web.compat.edit.rows import ListRow, list_row
from web.compat.edit.things import Desk, Rows, cut_page

CALLED, BLACK = "CALL_LIST", "BLACK_LIST"


class ListOf(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """How far a list was read is a run's business: `runlists` tells it."""

    campaign_id: int
    idx: str
    ccl_id: str
    cl: ListRow
    complete: bool = False
    highwater: str = ""
    cl_type: str


class CampaignLists:
    """The lists of a campaign."""

    parent_field = ("campaignId", "campaignId")
    tells_calls = False

    def page(self, desk: Desk) -> Rows:
        return cut_page(desk, self._rows(desk))

    def save(self, desk: Desk, given: Given) -> msgspec.Struct:
        known = given.key("cclId")
        row = None if known is None else self._row(desk, known)
        list_id = given.inner("cl", "listId") or (row and row.cl.list_id)
        if not list_id:
            raise InvalidValue("cl", "", 'write {"listId": 1}, the key of a list')
        kind = given.text("clType").strip().upper() or (row.cl_type if row else CALLED)
        if kind not in (CALLED, BLACK):
            raise InvalidValue("clType", show(kind), f"write {CALLED} or {BLACK}")
        if row is not None and row.cl_type != kind:
            expected = f"this one is a {row.cl_type}: delete it and add another"
            raise InvalidValue("clType", kind, expected)
        if kind == BLACK:
            key = self._save_black(desk, row, list_id)
        else:
            key = self._save_called(desk, known, list_id)
        return self._row(desk, key)

    def delete(self, desk: Desk, given: Given) -> None:
        engine, actor, parent = desk.engine, desk.actor, desk.parent_id
        key, is_black = self._key(given)
        if is_black:
            campaign_parts.unlink(engine, actor, parent, Link.BLACK_LIST, key, desk.now)
        else:
            campaign_parts.delete_part(engine, actor, parent, Part.LIST, key, desk.now)

    def move(self, desk: Desk, given: Given, direction: Direction) -> None:
        """The order of black lists says nothing: they stay."""
        key, is_black = self._key(given)
        if not is_black:
            engine, actor, parent = desk.engine, desk.actor, desk.parent_id
            campaign_parts.move_part(engine, actor, parent, Part.LIST, key, direction, desk.now)

    def _save_called(self, desk: Desk, known: int | None, list_id: int) -> int:
        engine, actor, parent, part = desk.engine, desk.actor, desk.parent_id, Part.LIST
        if known is None:
            return 2 * campaign_parts.add_part(engine, actor, parent, part, list_id, desk.now)
        campaign_parts.replace_part(engine, actor, parent, part, known // 2, list_id, desk.now)
        return known

    def _save_black(self, desk: Desk, row: ListOf | None, list_id: int) -> int:
        engine, actor, parent, link = desk.engine, desk.actor, desk.parent_id, Link.BLACK_LIST
        campaign_parts.link(engine, actor, parent, link, list_id, desk.now)
        if row is not None and row.cl.list_id != list_id:
            campaign_parts.unlink(engine, actor, parent, link, row.cl.list_id, desk.now)
        return 2 * list_id + 1

    def _key(self, given: Given) -> tuple[int, bool]:
        """The key of the list in the campaign, or of a black list, and whether it is one."""
        key = given.key("cclId")
        if key is None:
            raise InvalidValue("cclId", "", "the object needs its key")
        return key // 2, bool(key % 2)

    def _row(self, desk: Desk, key: int) -> ListOf:
        found = next((row for row in self._rows(desk) if row.ccl_id == str(key)), None)
        if found is None:
            raise InvalidValue("cclId", key, "the campaign has no such list")
        return found

    def _rows(self, desk: Desk) -> list[ListOf]:
        keys = list(self._keys(desk))
        found = elements.fetch_referred(
            desk.engine, desk.actor, Kind.LIST, [list_id for _key, list_id in keys]
        )
        return [
            ListOf(
                campaign_id=desk.parent_id,
                idx=str(idx),
                ccl_id=str(key),
                cl=list_row(found[list_id]),
                cl_type=BLACK if key % 2 else CALLED,
            )
            for idx, (key, list_id) in enumerate(keys, 1)
        ]

    def _keys(self, desk: Desk) -> Iterator[tuple[int, int]]:
        """The key of each row, and its list's id."""
        engine, actor, parent = desk.engine, desk.actor, desk.parent_id
        for one in campaign_parts.fetch_parts(engine, actor, parent, Part.LIST):
            yield 2 * one.id, one.value
        campaign = elements.fetch_element(engine, actor, Kind.CAMPAIGN, parent)
        yield from ((2 * key + 1, key) for key in campaign.value.black_list_ids)


LISTS = CampaignLists()
