"""What in a site file does not fit together, as sentences for people."""

from collections.abc import Iterable, Sequence

from core.entries import suggest
from core.operations.site_disposition import disposition_misfits
from core.operations.site_file import Entry, Kind
from core.operations.site_hours import PERIOD_KEYS, period_misfits
from core.operations.site_values import MAX_CARRIED
from core.rules.run_mail import EmailEvents
from core.store.automatic import automatic_name
from core.store.bins import find_bin

#: The keys of a campaign that name entries, and of which kind.
REFERENCES = {
    "trunks": Kind.TRUNK,
    "end_points": Kind.END_POINT,
    "opening_hours": Kind.OPENING_HOURS,
    "lists": Kind.LIST,
    "black_lists": Kind.LIST,
    "caps": Kind.CAP,
}
_TRACKING = ("amd_mode", "amd_extra", "amd_file", "fax_file")


def misfits(whole: Entry, entry: Entry, after: Sequence[Entry]) -> Iterable[str]:
    """References of an entry that lead nowhere, or to places that do not meet."""
    if "server" in entry.values:
        yield from _unknown(whole, "server", Kind.SERVER, [entry.values["server"]], after)
    for key, kind in REFERENCES.items():
        if key in entry.values:
            yield from _unknown(whole, key, kind, entry.values[key], after)
    if entry.kind is Kind.CAMPAIGN:
        yield from _unreachable(whole, after)
        yield from _both_lists(whole)
        yield from _own_automatic(whole)
        yield from _binned(whole)
        yield from _crowded(whole)
        yield from _unaddressed(whole)
        yield from _misdirected(whole, after)
        if PERIOD_KEYS & entry.values.keys():
            yield from period_misfits(whole.values, whole.place)


def _unknown(
    entry: Entry, key: str, kind: Kind, names: Iterable[str], after: Sequence[Entry]
) -> Iterable[str]:
    known = [other.name for other in after if other.kind is kind]
    for name in names:
        if name not in known:
            yield f'{entry.place}.{key} "{name}": not in [{kind}]; {suggest(name, known)}'


def _unreachable(entry: Entry, after: Sequence[Entry]) -> Iterable[str]:
    """A campaign's calls cannot leave by one PBX and arrive at another."""
    trunks = _servers_of(Kind.TRUNK, entry.values["trunks"], after)
    endpoints = _servers_of(Kind.END_POINT, entry.values["end_points"], after)
    if trunks and endpoints and not trunks & endpoints:
        yield (
            f"{entry.place}: its trunks are on {_join(trunks)}, its end-points on "
            f"{_join(endpoints)}; a call needs both on one server"
        )


def _both_lists(entry: Entry) -> Iterable[str]:
    for name in entry.values["black_lists"]:
        if name in entry.values["lists"]:
            yield (
                f'{entry.place}.black_lists "{name}": it is one of its lists too; '
                "a campaign either dials a list or keeps off it"
            )


def _binned(entry: Entry) -> Iterable[str]:
    for key in ("lists", "black_lists"):
        for name in filter(find_bin, entry.values[key]):
            yield (
                f'{entry.place}.{key} "{name}": it holds what was taken away; '
                "no campaign may have it"
            )


def _own_automatic(entry: Entry) -> Iterable[str]:
    name = automatic_name(entry.name)
    if name in entry.values["lists"]:
        yield (
            f'{entry.place}.lists "{name}": it is its automatic list, whose numbers are called '
            "anyway; here it would call them all again"
        )


def _crowded(entry: Entry) -> Iterable[str]:
    variables = len(entry.values["variables"])
    settings = sum(1 for key in _TRACKING if entry.values[key])
    if variables + settings > MAX_CARRIED:
        yield (
            f"{entry.place}: {variables} variables and {settings} AMD and fax settings; together "
            f"they may be at most {MAX_CARRIED}, for a call carries its record's attributes too"
        )


def _unaddressed(entry: Entry) -> Iterable[str]:
    events = entry.values["email_events"]
    if events is not EmailEvents.NO and not entry.values["email_addresses"]:
        yield f"{entry.place}.email_addresses: with email_events {events} it must be given"


def _misdirected(entry: Entry, after: Sequence[Entry]) -> Iterable[str]:
    """Disposition rules that lead nowhere, or round in circles."""
    rules = entry.values["disposition"]
    for number, named in enumerate(rules, 1):
        for key, kind in (("list", Kind.LIST), ("campaign", Kind.CAMPAIGN)):
            if target := getattr(named, key):
                place = f"disposition[{number}].{key}"
                yield from _unknown(entry, place, kind, [target], after)
    recalls = {
        other.name: [named.campaign for named in other.values["disposition"] if named.campaign]
        for other in after
        if other.kind is Kind.CAMPAIGN
    }
    dialled = entry.values["lists"]
    yield from disposition_misfits(entry.place, entry.name, rules, dialled, recalls)


def _servers_of(kind: Kind, names: Iterable[str], after: Sequence[Entry]) -> set[str]:
    wanted = set(names)
    return {
        entry.values["server"]
        for entry in after
        if entry.kind is kind and entry.name in wanted and entry.values["server"]
    }


def _join(names: Iterable[str]) -> str:
    return ", ".join(f'"{name}"' for name in sorted(names))
