"""Structs made of others: some of what an element is, to make it or to change it."""

from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType


def partial(
    name: str,
    text: str,
    whole: type[msgspec.Struct],
    *,
    without: Collection[str] = (),
    needs: Collection[str] = (),
    more: Mapping[str, Any] = MappingProxyType({}),
) -> type[msgspec.Struct]:
    """A Struct called `name` with the fields of `whole`, `without` some, and with `more`, names to
    types. All but those that it `needs` may be left out."""
    kinds = {field.name: field.type for field in msgspec.structs.fields(whole)} | dict(more)
    fields = [
        (field, kind) if field in needs else (field, kind | UnsetType, UNSET)
        for field, kind in kinds.items()
        if field not in without
    ]
    return msgspec.defstruct(
        name,
        fields,
        namespace={"__doc__": text},
        frozen=True,
        kw_only=True,
        forbid_unknown_fields=True,
    )
