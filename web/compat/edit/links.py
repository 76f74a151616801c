"""`edit/campaign/ep` and `edit/campaign/trunk`: what a campaign has once and in no order."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from core.errors import InvalidValue
from core.operations import campaign_parts, elements
from core.operations.campaign_parts import Link
from core.operations.site_file import Kind
from web.compat.edit.elements import render_endpoints, render_trunks
from web.compat.edit.given import Given
from web.compat.edit.rows import EndPointRow, TrunkRow
from web.compat.edit.things import Desk, Rows, Unordered, cut_page


class EndPointOf(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    campaign_id: int
    ep_id: EndPointRow


class TrunkOf(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    campaign_id: int
    trunk_id: TrunkRow


@dataclass(frozen=True, kw_only=True, slots=True)
class LinkThing(Unordered):
    """Elements that a campaign has, each by the field `pk`, which holds an object with this very
    key."""

    link: Link
    kind: Kind
    pk: str
    ids: Callable[[Any], Sequence[int]]
    render: Callable[[Desk, Sequence[Any]], Sequence[msgspec.Struct]]
    parent_field = ("campaignId", "campaignId")

    def page(self, desk: Desk) -> Rows:
        engine, actor = desk.engine, desk.actor
        campaign = elements.fetch_element(engine, actor, Kind.CAMPAIGN, desk.parent_id)
        ids = self.ids(campaign.value)
        found = elements.fetch_referred(engine, actor, self.kind, ids)
        return cut_page(desk, self.render(desk, [found[key] for key in ids]))

    def save(self, desk: Desk, given: Given) -> msgspec.Struct:
        key = self._key(given)
        campaign_parts.link(desk.engine, desk.actor, desk.parent_id, self.link, key, desk.now)
        found = elements.fetch_referred(desk.engine, desk.actor, self.kind, [key])
        return self.render(desk, [found[key]])[0]

    def delete(self, desk: Desk, given: Given) -> None:
        key = self._key(given)
        campaign_parts.unlink(desk.engine, desk.actor, desk.parent_id, self.link, key, desk.now)

    def _key(self, given: Given) -> int:
        key = given.inner(self.pk, self.pk)
        if key is None:
            raise InvalidValue(self.pk, "", f'write {{"{self.pk}": 1}}, the key of what is meant')
        return key


def _render_endpoints(desk: Desk, values: Sequence[Any]) -> Sequence[msgspec.Struct]:
    rows = render_endpoints(desk, values)
    return [EndPointOf(campaign_id=desk.parent_id, ep_id=row) for row in rows]


def _render_trunks(desk: Desk, values: Sequence[Any]) -> Sequence[msgspec.Struct]:
    rows = render_trunks(desk, values)
    return [TrunkOf(campaign_id=desk.parent_id, trunk_id=row) for row in rows]


END_POINTS = LinkThing(
    link=Link.END_POINT,
    kind=Kind.END_POINT,
    pk="epId",
    ids=lambda campaign: campaign.endpoint_ids,
    render=_render_endpoints,
)
TRUNKS = LinkThing(
    link=Link.TRUNK,
    kind=Kind.TRUNK,
    pk="trunkId",
    ids=lambda campaign: campaign.trunk_ids,
    render=_render_trunks,
)
