"""The dialplan variables that a campaign gives to all of its calls, written `A:B,C:D`.

Source: manual 25.02, "Campaigns", Call Placing Details. Only the first colon of a variable
divides, so a value may hold colons; it cannot hold a comma.
"""

from core.errors import InvalidValue
from core.rules.attributes import check_name, check_value

#: Most variables of one campaign: they travel with a record's attributes, and AMI accepts 126
#: headers.
MAX_COUNT = 20

_FIELD = "campaign variables"


def parse_campaign_variables(text: str) -> tuple[tuple[str, str], ...]:
    """The (name, value) pairs in their order; none for a blank text.

    Blanks round a name are dropped, those of a value are kept. Blank parts, such as a comma at
    the end leaves, are passed over. InvalidValue if a part has no colon, a name or value
    cannot be a channel variable's, a name comes twice, or there are more than MAX_COUNT.
    """
    variables: dict[str, str] = {}
    for part in text.split(","):
        if not part.strip():
            continue
        name, value = _parse(part)
        if name in variables:
            raise InvalidValue(_FIELD, name, "a variable has one value, this is set twice")
        variables[name] = value
    if len(variables) > MAX_COUNT:
        raise InvalidValue(_FIELD, len(variables), f"a campaign has at most {MAX_COUNT} variables")
    return tuple(variables.items())


def _parse(part: str) -> tuple[str, str]:
    name, colon, value = part.partition(":")
    if not colon:
        raise InvalidValue(
            _FIELD, part.strip(), "write NAME:VALUE,NAME:VALUE; a value cannot hold a comma"
        )
    name = check_name(name.strip())
    return name, check_value(name, value)
