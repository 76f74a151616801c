"""What one may not see is betrayed by no answer: not by a name in it, nor by another error than
for what there is not."""

import json
import re
from collections.abc import Callable

import pytest
from sqlalchemy import Engine

from core.model import Webhook
from core.operations.elements import fetch_named, update
from core.operations.lists import add_numbers
from core.operations.outbox import drop, fetch_outbox, retry
from core.operations.site import apply, plan_text
from core.operations.site_file import Kind
from core.people import SYSTEM
from core.rules.keys import Key
from core.rules.notifications import LetterKind, Notification
from core.store.campaigns import fetch_campaign_by_name
from core.store.outbox import letter_row
from core.store.schema import outbox
from core.store.webhooks import message_row, save_webhook
from tests.support.api_client import Client
from tests.support.fixtures_web import NOW, Answer, Web
from tests.support.people import actor_of

SITE = """
[servers.pbx-1]
type = "simulated"
[servers.vault-pbx]
type = "simulated"
security_key = "ZURICH"
[trunks.line]
server = "pbx-1"
dial_string = "PJSIP/${num}@out"
[trunks.vault-line]
server = "pbx-1"
dial_string = "PJSIP/${num}@vault"
security_key = "ZURICH"
[lists.spring]
[lists.never]
[lists.vault-list]
security_key = "ZURICH"
[caps.gentle]
attempts = 1
days = 1
[campaigns.open]
trunks = ["line"]
lists = ["spring"]
[campaigns.vault]
trunks = ["line", "vault-line"]
lists = ["spring", "vault-list"]
black_lists = ["never"]
caps = ["gentle"]
security_key = "ZURICH"
"""
ROOM = "/configuration"
TRUNK = {"name": "new", "dial_string": "PJSIP/${num}@x"}


@pytest.fixture
def client(web: Web) -> Client:
    """One who holds all keys but that of the vault."""
    furnish(web.engine)
    return Client(web)


def furnish(engine: Engine) -> None:
    apply(engine, SYSTEM, plan_text(engine, SYSTEM, SITE, None), NOW)
    for name in ("never", "vault-list"):
        add_numbers(engine, SYSTEM, name, [("201", {})], NOW)


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/black-list-entries?number=201", None, 200),
        ("GET", "/numbers/201/erasure", None, 200),
        ("POST", "/lists/never/stow", {"new_name": "old"}, 200),
        ("DELETE", f"{ROOM}/trunks/line", None, 409),
        ("DELETE", f"{ROOM}/lists/spring", None, 409),
        ("DELETE", f"{ROOM}/caps/gentle", None, 409),
        ("DELETE", f"{ROOM}/servers/pbx-1", None, 409),
        ("POST", f"{ROOM}/campaigns", {"name": "new", "trunks": ["ault-line"]}, 422),
        ("POST", f"{ROOM}/apply", {"toml": '[campaigns.new]\nlists = ["ault-list"]'}, 422),
    ],
)
def test_no_answer_names_it(
    client: Client, method: str, path: str, body: object, status: int
) -> None:
    answer = client.ask(method, path, body, If_Match="*")
    assert (answer.status, "vault" in answer.body) == (status, False), answer.body


def test_what_stands_in_the_way_is_counted(client: Client) -> None:
    told = client.ask("DELETE", f"{ROOM}/trunks/line", If_Match="*")
    assert json.loads(told.body)["detail"] == (
        'trunk "line" is used by open, 1 that you may not see: take it out there'
    )


ASKED: dict[str, Callable[[Client, str], Answer]] = {
    "trunk of a campaign": lambda client, name: client.ask(
        "POST", f"{ROOM}/campaigns", {"name": "new", "trunks": [f"{name}-line"]}
    ),
    "target of a rule": lambda client, name: client.ask(
        "POST",
        f"{ROOM}/campaigns",
        {
            "name": "new",
            "disposition": [{"state": "RS_BUSY", "action": "recall", "campaign": name}],
        },
    ),
    "server of a trunk": lambda client, name: client.ask(
        "POST", f"{ROOM}/trunks", {**TRUNK, "server": f"{name}-pbx"}
    ),
    "site file": lambda client, name: client.ask(
        "POST", f"{ROOM}/apply", {"toml": f'[campaigns.new]\nlists = ["{name}-list"]'}
    ),
    "opening hours": lambda client, name: client.ask("GET", f"/opening-hours/{name}/inspection"),
    "element": lambda client, name: client.ask("GET", f"{ROOM}/trunks/{name}-line"),
    "call": lambda client, name: client.ask("POST", "/calls", {"campaign": name, "number": "1"}),
}


@pytest.mark.parametrize("asked", ASKED)
def test_it_is_refused_like_what_there_is_not(client: Client, asked: str) -> None:
    hidden, none = (ASKED[asked](client, name) for name in ("vault", "xault"))
    assert hidden.status in (404, 422)
    told = [re.sub("[vx]ault", "…", one.body) for one in (hidden, none)]
    assert (hidden.status, told[0]) == (none.status, told[1])


def test_what_a_visible_campaign_uses_may_stay_and_is_known(client: Client) -> None:
    engine = client.web.engine
    key = fetch_named(engine, SYSTEM, Kind.CAMPAIGN, "vault").id
    update(engine, SYSTEM, Kind.CAMPAIGN, key, {"security_key": ""}, NOW)
    trunks = ["line", "vault-line"]
    body = {"priority": 3, "trunks": trunks}
    assert client.ask("PATCH", f"{ROOM}/campaigns/vault", body, If_Match="*").status == 200
    assert client.ask("PATCH", f"{ROOM}/campaigns/open", body, If_Match="*").status == 404


def test_letters_of_what_one_may_not_see_are_not_there(database: Engine) -> None:
    furnish(database)
    with database.begin() as conn:
        hooks = [
            save_webhook(conn, Webhook(name=name, url="http://x/", secret="", acts_for=name))
            for name in ("anna", "bea")
        ]
        conn.execute(
            outbox.insert(),
            [
                *(message_row(hook, f"call-{hook.name}", "{}", at=NOW) for hook in hooks),
                *(
                    letter_row(
                        Notification(kind=LetterKind.NOTIFY, url=f"http://{name}/", body="x"),
                        campaign_id=fetch_campaign_by_name(conn, name).id,
                        at=NOW,
                    )
                    | {"webhook_id": None, "message_id": ""}
                    for name in ("open", "vault")
                ),
            ],
        )
        conn.execute(outbox.update().values(dead=True))
    anna, whole = actor_of("anna", *Key), actor_of("anna", *Key, "ZURICH")
    found = fetch_outbox(database, anna, dead=True, limit=9)
    assert [(one.campaign, one.webhook) for one in found.letters] == [("", "anna"), ("open", "")]
    assert found.dead == 2
    assert fetch_outbox(database, whole, dead=True, limit=9).dead == 4
    assert retry(database, anna, [], NOW) == 2
    assert drop(database, anna, [], NOW) == 0
    assert drop(database, whole, [], NOW) == 2
