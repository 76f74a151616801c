"""All that the API offers, in the order in which the documentation shows it."""

from collections.abc import Sequence

from web.api.operation import Operation, Tag
from web.api.resources import (
    calls,
    campaigns,
    configuration,
    dialer,
    events,
    exports,
    lists,
    me,
    numbers,
    people,
    runs,
    site,
    system,
    uploads,
    webhooks,
)

_MODULES = (
    me,
    dialer,
    campaigns,
    runs,
    calls,
    lists,
    uploads,
    exports,
    numbers,
    configuration,
    site,
    people,
    system,
    events,
    webhooks,
)

TAGS: Sequence[Tag] = tuple(module.TAG for module in _MODULES)
OPERATIONS: Sequence[Operation] = tuple(
    operation for module in _MODULES for operation in module.OPERATIONS
)
