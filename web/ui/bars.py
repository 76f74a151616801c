"""The stacked bars of outcomes, decisions and hours, as positions: templates draw them as SVG.

An SVG carries its widths as attributes of its own, which a Content-Security-Policy without
inline styles allows.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from core.operations.hours import Day
from core.rules.decisions import Decision
from core.rules.verdicts import Verdict
from web.ui.words import OUTCOMES, show_outcome

#: The bar's width, in units of its viewBox.
WIDTH = 1000


@dataclass(frozen=True, kw_only=True, slots=True)
class Segment:
    """`amount` of something, calls or seconds, from `x` over `width`, in units of WIDTH. `key`
    names its colour: a state's or a verdict's name, or `OTHER`."""

    key: str
    label: str
    amount: float
    x: float
    width: float


def stack(outcomes: Mapping[str, int]) -> tuple[Segment, ...]:
    """The segments, side by side in the order of OUTCOMES, others after them by name.

    Outcomes nobody had are left out; of no calls at all there is no segment.
    """
    order = [*OUTCOMES, *sorted(set(outcomes) - set(OUTCOMES))]
    return _lay_out(
        [
            (state if state in OUTCOMES else "OTHER", show_outcome(state), outcomes[state])
            for state in order
            if outcomes.get(state, 0) > 0
        ]
    )


def stack_decisions(decisions: Iterable[Decision]) -> tuple[Segment, ...]:
    """The segments of what held for a while, always in the order of the verdicts."""
    held_s = {decision.verdict: decision.held_s for decision in decisions}
    return _lay_out(
        [
            (verdict.name, verdict.value, held_s[verdict])
            for verdict in Verdict
            if held_s.get(verdict, 0) > 0
        ]
    )


def lay_out_day(day: Day) -> tuple[Segment, ...]:
    """The segments of a day's hours, from midnight to midnight."""
    return _lay_out(
        [
            (span.verdict.state, span.verdict.rule, (span.end - span.begin).total_seconds())
            for span in day.spans
        ]
    )


def _lay_out(parts: Sequence[tuple[str, str, float]]) -> tuple[Segment, ...]:
    """Keys, labels and amounts, side by side over the whole width."""
    total = sum(amount for _key, _label, amount in parts)
    segments = []
    before = 0.0
    for key, label, amount in parts:
        segments.append(
            Segment(
                key=key,
                label=label,
                amount=amount,
                x=round(WIDTH * before / total, 2),
                width=round(WIDTH * amount / total, 2),
            )
        )
        before += amount
    return tuple(segments)
