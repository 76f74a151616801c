"""The variables in which a disposition rule speaks of a call.

Source: manual 25.02, "Disposition rules": `${NUM}` and so on, and `${ATTRNAME}` for an attribute.
What a value holds is never expanded in its turn.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from core.errors import InvalidValue
from core.rules.placeholders import PLACEHOLDER, names_in
from core.rules.states import CallState

#: Begins the variable of an attribute.
ATTRIBUTE = "ATTR"


@dataclass(frozen=True, kw_only=True, slots=True)
class CallWords:
    """A call that is over. `number` is its record's main number, `dialled` the one called."""

    number: str
    dialled: str
    retry_no: int
    list_name: str
    state: CallState
    ext_status: str
    campaign: str
    run_name: str
    inputs: Mapping[str, str]
    outputs: Mapping[str, str]


_WORDS: Mapping[str, Callable[[CallWords], str]] = {
    "NUM": lambda words: words.dialled,
    "N_RETRY": lambda words: str(words.retry_no),
    "LIST": lambda words: words.list_name,
    "STATE": lambda words: words.state.value,
    "EXTSTATE": lambda words: words.ext_status,
    "CAMPAIGN": lambda words: words.campaign,
    "RUNNAME": lambda words: words.run_name,
}


def check_variables(template: str) -> str:
    """The template itself; InvalidValue if it names a variable that does not exist, or leaves
    one open."""
    for name in names_in(template):
        is_attribute = name.startswith(ATTRIBUTE) and len(name) > len(ATTRIBUTE)
        if name not in _WORDS and not is_attribute:
            raise InvalidValue(
                "variable",
                f"${{{name}}}",
                f"there is no such variable; {', '.join(_WORDS)}, or {ATTRIBUTE} and the name of "
                f"an attribute, as in ${{{ATTRIBUTE}NAME}}",
            )
    return template


def expand(template: str, words: CallWords, escape: Callable[[str], str]) -> str:
    """The template with its variables filled in, each value escaped. An attribute that calls
    found out comes before one of the record; one that does not exist is empty."""
    return PLACEHOLDER.sub(lambda match: escape(_value(match[1], words)), template)


def without_variables(template: str) -> str:
    """The template with an x for each variable."""
    return PLACEHOLDER.sub("x", template)


def _value(name: str, words: CallWords) -> str:
    if name in _WORDS:
        return _WORDS[name](words)
    attribute = name.removeprefix(ATTRIBUTE)
    return words.outputs.get(attribute, words.inputs.get(attribute, ""))
