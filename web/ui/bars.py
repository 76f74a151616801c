"""The stacked bar of a run's outcomes, as positions: templates draw it as SVG.

An SVG carries its widths as attributes of its own, which a Content-Security-Policy without
inline styles allows.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from web.ui.words import OUTCOMES, show_outcome

#: The bar's width, in units of its viewBox.
WIDTH = 1000


@dataclass(frozen=True, kw_only=True, slots=True)
class Segment:
    """One outcome: `count` calls from `x` over `width`, in units of WIDTH. `key` names its
    colour: the state's name, or `OTHER`."""

    key: str
    label: str
    count: int
    x: float
    width: float


def stack(outcomes: Mapping[str, int]) -> tuple[Segment, ...]:
    """The segments, side by side in the order of OUTCOMES, others after them by name.

    Outcomes nobody had are left out; of no calls at all there is no segment.
    """
    order = [*OUTCOMES, *sorted(set(outcomes) - set(OUTCOMES))]
    counts = [(state, outcomes[state]) for state in order if outcomes.get(state, 0) > 0]
    total = sum(count for _, count in counts)
    segments = []
    before = 0
    for state, count in counts:
        segments.append(
            Segment(
                key=state if state in OUTCOMES else "OTHER",
                label=show_outcome(state),
                count=count,
                x=round(WIDTH * before / total, 2),
                width=round(WIDTH * count / total, 2),
            )
        )
        before += count
    return tuple(segments)
