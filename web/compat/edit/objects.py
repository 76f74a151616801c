"""The objects by their addresses below `edit/` (manual 25.02, "Available JSON APIs"), each with
its fields by the keys of the site file."""

from collections.abc import Mapping

from web.compat.edit import campaign_lists, elements, links, list_rows, parts
from web.compat.edit.things import Thing

OBJECTS: Mapping[str, tuple[Thing, Mapping[str, str]]] = {
    "asterisk": (elements.ASTERISK, elements.ASTERISK.names),
    "campaign": (elements.CAMPAIGN, elements.CAMPAIGN.names),
    "campaign/disposition": (parts.DISPOSITION, parts.DISPOSITION.names),
    "campaign/ep": (links.END_POINTS, {"end_points": "epId"}),
    "campaign/list": (campaign_lists.LISTS, {"lists": "cl", "black_lists": "cl"}),
    "campaign/oh": (parts.OPENING_HOURS, parts.OPENING_HOURS.names),
    "campaign/reschedule": (parts.RESCHEDULE, parts.RESCHEDULE.names),
    "campaign/trunk": (links.TRUNKS, {"trunks": "trunkId"}),
    "ep": (elements.END_POINT, elements.END_POINT.names),
    "list": (elements.LIST, elements.LIST.names),
    "list/logs": (list_rows.LOGS, {}),
    "list/record": (list_rows.RECORDS, {}),
    "oh": (elements.OPENING_HOURS, elements.OPENING_HOURS.names),
    "trunk": (elements.TRUNK, elements.TRUNK.names),
}
