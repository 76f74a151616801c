"""Caps in a site file: a law by its name, or figures of one's own."""

from collections.abc import Mapping
from typing import Any

from core.rules.caps import PRESETS

#: The keys that a preset gives.
FIGURES = ("attempts", "days", "rest_days", "day")


def read_cap(
    values: dict[str, Any], keys: frozenset[str], place: str, problems: list[str]
) -> frozenset[str]:
    """Replace `preset`, as it was written, by the figures it gives; the keys of the table that
    are left."""
    if "preset" not in keys:
        return keys
    preset = values.pop("preset", None)
    problems += [
        f"{place}.{key}: the preset gives it; leave out one of the two"
        for key in FIGURES
        if key in keys
    ]
    if preset is not None:
        values |= figures(PRESETS[preset])
    return keys - {"preset"} | set(FIGURES)


def figures(cap: object) -> Mapping[str, Any]:
    """What a cap counts, as the file would say it."""
    return {key: getattr(cap, key) for key in FIGURES}
