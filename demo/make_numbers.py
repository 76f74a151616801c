"""Writes `numbers.csv`: 300 people who do not exist, at numbers that nobody has.

The ranges are set aside for fiction: +1 … 555 0100-0199 (NANPA), 01632 960 and 07700 900
(Ofcom). The file is always the same, so that it can be checked: `python demo/make_numbers.py`.
"""

import csv
import random
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

#: The columns: the number, then what becomes channel variables.
HEADER = ("number", "FIRST_NAME", "LANGUAGE", "APPOINTMENT", "DOCTOR")
#: How many people the list has.
PEOPLE = 300

_FIRST_DAY = datetime.fromisoformat("2027-03-01T08:00")
_DOCTORS = ("Dr Whip", "Dr Bird", "Dr Wren", "Dr Finch")
_NAMES = {
    "en": ("Anna", "Ben", "Chloe", "Daniel", "Ella", "Finn", "Grace", "Harry", "Isla", "Jack"),
    "es": ("Lucía", "Mateo", "Sofía", "Andrés", "Inés", "José", "Pilar", "Raúl"),
    "fr": ("Zoé", "Hélène", "Léa", "Jérôme", "Noël", "Agnès"),
    "cy": ("Siân", "Rhys", "Cerys", "Gwyn"),
}


def make_rows(chance: random.Random) -> Iterator[tuple[str, ...]]:
    """All rows below the header, one for each number."""
    numbers = chance.sample(list(_fictional_numbers()), PEOPLE)
    for number in numbers:
        language = chance.choices(("en", "es", "fr", "cy"), (6, 2, 1, 1))[0]
        at = _FIRST_DAY + timedelta(days=chance.randrange(20), minutes=15 * chance.randrange(36))
        yield (
            number,
            chance.choice(_NAMES[language]),
            language,
            f"{at:%Y-%m-%d %H:%M}",
            chance.choice(_DOCTORS),
        )


def _fictional_numbers() -> Iterator[str]:
    for area in ("202", "303", "415"):
        yield from (f"+1{area}55501{line:02}" for line in range(100))
    yield from (f"+441632960{line:03}" for line in range(100))
    yield from (f"+447700900{line:03}" for line in range(100))


def main() -> None:
    """Write the file beside this one."""
    path = Path(__file__).with_name("numbers.csv")
    with path.open("w", encoding="utf-8", newline="") as stream:
        rows = csv.writer(stream, lineterminator="\n")
        rows.writerow(HEADER)
        rows.writerows(make_rows(random.Random(300)))
    sys.stdout.write(f"{path}: {PEOPLE} numbers\n")


if __name__ == "__main__":
    main()
