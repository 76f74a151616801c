"""From a template such as `C1 ${NAME}` to the caller-id of one call.

Source: manual 25.02, "Using attributes in Caller-Ids": Dial CLID, Agent CLID, dial account and
presentation may name a record's input attributes, and NUM and LST, which come before
attributes of the same name. What a value holds is never expanded in its turn.
"""

import re
from collections.abc import Mapping

from core.errors import InvalidValue
from core.rules.attributes import check_name

#: The number being called.
NUMBER = "NUM"
#: The name of the list that the number belongs to.
LIST = "LST"
#: What is no attribute.
OWN = frozenset({NUMBER, LIST})

#: A placeholder, with its name.
PLACEHOLDER = re.compile(r"\$\{([^}]*)\}")
#: A line break here would begin an AMI header of its own.
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
#: What divides a name from a number in a caller-id, and the mark that would hide it; a value
#: must not move that border.
_BORDERS = re.compile(r'["<>\\]')


def check_template(template: str) -> str:
    """The template itself; InvalidValue if a placeholder is not closed, or names what no
    attribute can be called, or the number or the list in the wrong case."""
    for name in names_in(template):
        try:
            check_name(name)
        except InvalidValue as error:
            raise InvalidValue(
                "template", template, f"${{{name}}} names no attribute: {error.expected}"
            ) from None
        if name not in OWN and name.upper() in OWN:
            raise InvalidValue(
                "template", template, f"${{{name}}} is unknown: write ${{{name.upper()}}}"
            )
    return template


def names_in(template: str) -> list[str]:
    """The names in its placeholders, in order; InvalidValue if one is not closed."""
    if "${" in PLACEHOLDER.sub("", template):
        raise InvalidValue("template", template, "a ${ needs its }, as in ${NAME}")
    return PLACEHOLDER.findall(template)


def expand(template: str, *, number: str, list_name: str, attributes: Mapping[str, str]) -> str:
    """The template with its placeholders filled in, without control characters and without
    blanks at its ends. Values lose the marks `"`, `<`, `>` and `\\`: only the template says what
    is name and what is number.

    `number` is the one being dialled. A name that is no attribute of the record gives nothing;
    a `${` that is not closed stays as it is.
    """
    if not template:
        return ""
    values = {**attributes, NUMBER: number, LIST: list_name}
    filled = PLACEHOLDER.sub(lambda match: _BORDERS.sub("", values.get(match[1], "")), template)
    return _CONTROL.sub("", filled).strip()
