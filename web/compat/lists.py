"""Manual 25.02, "Call lists": numbers are added, a list is put away."""

from core.errors import InvalidValue, NotPossible
from core.operations.lists import Duplicates, add_each_number, stow_away
from web.compat.asked import Asked, Ground, Operations, Reply
from web.compat.words import parse_attributes, parse_numbers


async def add_to_list(ground: Ground, asked: Asked) -> Reply:
    """`1234,AA:bb,CC:dd|5678,XX:yy`: numbers with their attributes."""
    name = asked.filled("list")
    uploads, wrong = _read_all(parse_numbers(asked.filled("numbers")))
    if wrong and not uploads:
        raise NotPossible(f"no number was added: {wrong[0]}")
    duplicates = Duplicates.SKIP if asked.flag("dedupe") else Duplicates.ADD
    found = await ground.queries.run(
        add_each_number, asked.actor, name, uploads, ground.clock.now(), duplicates
    )
    refused = [*wrong, *found.refused]
    text = f"OK: Numbers added: {found.added}"
    if asked.flag("dedupe"):
        text += f" (there already: {found.skipped})"
    if refused:
        text += f"; refused: {len(refused)}, one of them: {refused[0]}"
    return text


def _read_all(texts: list[str]) -> tuple[list[tuple[str, dict[str, str]]], list[str]]:
    """The numbers with their attributes, and why others cannot be read."""
    uploads, wrong = [], []
    for text in texts:
        number, _, attributes = text.partition(",")
        try:
            uploads.append((number, parse_attributes(attributes)))
        except InvalidValue as error:
            wrong.append(str(error))
    return uploads, wrong


async def stow_list_away(ground: Ground, asked: Asked) -> Reply:
    name, new_name = asked.filled("list"), asked.filled("as")
    found = await ground.queries.run(stow_away, asked.actor, name, new_name, ground.clock.now())
    text = f"OK: list {name} is hidden, its name is {new_name} now"
    if found.campaigns:
        text += f"; still used by {', '.join(found.campaigns)}"
    return text


OPERATIONS: Operations = {"addToList": add_to_list, "stowAway": stow_list_away}
