"""Manual 25.02, "Optional authentication"."""

import pytest
from sqlalchemy import Engine

from core.operations.doorkeeper import Doorkeeper
from core.settings import WebSettings
from tests.support.fixtures_web import FixedClock, Web, make_web, store_site
from tests.support.people import QUICK

#: The manual's `wd.auth.tokens`.
TOKENS = ("3db6e6b81bfe8a", "e51979ce575e949dc")
STATE = "/wombat/api/engine/?op=STATE"


@pytest.fixture
def closed(web_engine: Engine) -> Web:
    """A server whose control calls take a token."""
    store_site(web_engine, name="ABC")
    door = Doorkeeper(web_engine, FixedClock(), QUICK, control_tokens=TOKENS)
    return make_web(web_engine, WebSettings(control_tokens=TOKENS), door=door)


@pytest.mark.parametrize("token", TOKENS)
@pytest.mark.parametrize(
    "call",
    [
        "/wombat/api/campaigns/?op=start&campaign=ABC",
        STATE,
        "/wombat/api/lists/?op=addToList&list=NEW&numbers=45678",
        "/wombat/api/recallinfo/?",
        "/wombat/api/callinfo/?wid=WBT.1234",
        "/wombat/api/runlists/?op=list&campaign=ABC",
        "/wombat/api/reserve/?op=reserve&agent=SIP/302",
        "/wombat/api/endpoint/?op=update&queue=z1&n_idle=20",
        "/wombat/api/sysup/?",
        "/wombat/api/sysup/jmx/?",
        "/wombat/api/addkey/?op=add&key=ABCD.1234",
    ],
)
def test_each_control_call_takes_one_of_the_tokens(closed: Web, call: str, token: str) -> None:
    assert closed.get(call).status == 401
    answer = closed.get(f"{call}&auth_token_id={token}")
    assert answer.status == 200
    assert "holds" not in answer.body, "a token opens all that control calls offer"


@pytest.mark.parametrize("token", ["", "3DB6E6B81BFE8A", "3db6e6b81bfe8", "e51979ce575e949dc,"])
def test_tokens_are_matched_letter_by_letter(closed: Web, token: str) -> None:
    assert closed.get(f"{STATE}&auth_token_id={token}").status == 401


def test_a_token_may_be_posted(closed: Web) -> None:
    answer = closed.ask("POST", STATE, f"auth_token_id={TOKENS[1]}")
    assert (answer.status, '"READY"' in answer.body) == (200, True)


def test_the_configuration_takes_users_alone(closed: Web) -> None:
    answer = closed.get(f"/wombat/api/edit/trunk/?auth_token_id={TOKENS[0]}")
    assert answer.status == 401
