"""A right request for each operation of the API, as far as its signature does not say all."""

from web.api.operation import Operation

#: A site in which there is something to be asked for.
SITE = """
[servers.pbx-1]
type = "simulated"

[trunks.carrier-a]
server = "pbx-1"
dial_string = "PJSIP/${num}@out"

[end_points.agents]
server = "pbx-1"
extension = "100"
context = "in"

[lists.spring]
[lists.never]

[opening_hours.office]
default = "open"

[caps.gentle]
attempts = 100
days = 1

[campaigns.ABC]
trunks = ["carrier-a"]
end_points = ["agents"]
lists = ["spring"]
black_lists = ["never"]
idles_on_termination = true
"""
#: What there is in the tests' site: a request for it should not end at "there is none".
THERE: dict[str, str | int] = {
    "campaign": "ABC",
    "list_name": "spring",
    "run_id": 1,
    "call_id": 501,
    "record_id": 1,
    "number": "201",
    "user": "ben",
    "class_name": "LOOK",
    "token_id": 2,
    "upload_id": 1,
    "hours": "office",
}
CHANGED = ("server", "trunk", "end_point", "list", "opening_hours", "cap", "campaign")
#: By the kind of what is configured.
ELEMENTS = {
    "servers": "pbx-1",
    "trunks": "carrier-a",
    "end-points": "agents",
    "lists": "spring",
    "opening-hours": "office",
    "caps": "gentle",
    "campaigns": "ABC",
}
#: By the name of the operation.
BODIES: dict[str, object] = {
    "boost_campaign": {"percent": 100},
    "add_call": {"campaign": "ABC", "number": "1"},
    "set_call_status": {"ext_status": "X"},
    "set_call_attributes": {"set": {"A": "1"}},
    "stow_list": {"new_name": "x"},
    "change_own_password": {"old_password": "correct horse", "password": "another horse"},
    "change_record": {"number": "1"},
    "apply_site": {"toml": "[lists.x]"},
    "add_records": {"records": [{"number": "1"}]},
    "cancel_entries": {"numbers": ["1"], "reason": "x"},
    "erase_person": {},
    "add_user": {"name": "ben", "password": "correct horse battery"},
    "change_user": {},
    "set_password": {"password": "correct horse battery"},
    "add_class": {"name": "LOOK", "keys": "RT"},
    "change_class": {"keys": "RT"},
    "retry_letters": {},
    "drop_letters": {},
    "clone_campaign": {"new_name": "x"},
    "add_server": {"name": "pbx-2"},
    "add_trunk": {"name": "x", "server": "pbx-1", "dial_string": "PJSIP/${num}@x"},
    "add_end_point": {"name": "x", "server": "pbx-1", "extension": "1", "context": "x"},
    "add_list": {"name": "x"},
    "add_opening_hours": {"name": "x", "default": "open"},
    "add_cap": {"name": "x", "preset": "us-reg-f"},
    "add_campaign": {"name": "x"},
    **{f"change_{one}": {} for one in CHANGED},
    "add_webhook": {"name": "crm", "url": "http://127.0.0.1:9/"},
    "change_webhook": {},
}
QUERIES = {"remove_records": "?number=1", "list_black_list_entries": "?number=1"}


def there(operation: Operation) -> dict[str, str | int]:
    """What there is of what the operation's path names."""
    known = {name: THERE[name] for name in operation.places if name in THERE}
    if "name" in operation.places:
        known |= {"name": ELEMENTS.get(operation.path.split("/")[2], "x")}
    return known


def place_of(operation: Operation) -> str:
    """The path, below the API's root, with what is there in it."""
    places = dict.fromkeys(operation.places, "x") | there(operation)
    return operation.path.format(**places) + QUERIES.get(operation.name, "")
