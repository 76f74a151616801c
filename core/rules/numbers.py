"""What may stand in a list as a number to be called.

A number is digits, `*` and `#`, with at most one leading `+`. The marks people write between
digits (spaces, `.`, `-`, `/`, parentheses) are dropped. Anything else is refused: it would
reach a dial string, where `@`, `&` or `,` change what is dialled.
"""

import re
from collections.abc import Iterable

from core.errors import InvalidValue

#: Longest number; E.164 allows 15 digits, prefixes and access codes come on top.
MAX_LENGTH = 40

_MARKS = str.maketrans("", "", " .-/()\u00a0\t")
_NUMBER = re.compile(rf"\+?[0-9*#]{{1,{MAX_LENGTH}}}")
#: How spreadsheets and programs write a number that they took for a quantity.
_DECIMAL = re.compile(r"\+?[0-9]+\.0")
_NUMBERS = re.compile(rf"(?:{_NUMBER.pattern}\n)*")


def parse_number(text: str) -> str:
    """The number in its stored form; InvalidValue if it is none."""
    if _NUMBER.fullmatch(text):
        return text
    if _DECIMAL.fullmatch(text.strip()):
        raise InvalidValue("number", text, 'leave out the ".0", which a spreadsheet added')
    number = text.translate(_MARKS)
    if _NUMBER.fullmatch(number):
        return number
    raise InvalidValue("number", text, _why_not(number))


def are_numbers(texts: Iterable[str]) -> bool:
    """Are all of them numbers in their stored form? Very many are told at once."""
    return _NUMBERS.fullmatch("".join(f"{text}\n" for text in texts)) is not None


def _why_not(number: str) -> str:
    if not number.lstrip("+"):
        return "a number needs at least one digit"
    if len(number) > MAX_LENGTH:
        return f"a number has at most {MAX_LENGTH} digits, this has {len(number)}"
    wrong = next(c for c in number[number[0] == "+" :] if not _is_dialled(c))
    return f'a number has digits, * and #, with at most a + in front; "{wrong}" is neither'


def _is_dialled(character: str) -> bool:
    return character in "0123456789*#"
