"""The objects by their addresses below `edit/` (manual 25.02, "Available JSON APIs"), each with
its fields by the keys of the site file."""

from collections.abc import Mapping

from web.compat.edit import elements
from web.compat.edit.things import Thing

OBJECTS: Mapping[str, tuple[Thing, Mapping[str, str]]] = {
    "asterisk": (elements.ASTERISK, elements.ASTERISK.names),
    "campaign": (elements.CAMPAIGN, elements.CAMPAIGN.names),
    "ep": (elements.END_POINT, elements.END_POINT.names),
    "list": (elements.LIST, elements.LIST.names),
    "oh": (elements.OPENING_HOURS, elements.OPENING_HOURS.names),
    "trunk": (elements.TRUNK, elements.TRUNK.names),
}
