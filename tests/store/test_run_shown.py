"""What the dialer shows of its runs, in the database."""

from sqlalchemy import Engine

from core.rules.verdicts import Verdict
from core.store.database import reading
from core.store.run_shown import fetch_shown, save_shown
from tests.support.store_site import furnish, shown


def test_what_is_shown_comes_back_and_replaces_what_was_shown_before(database: Engine) -> None:
    run_id = furnish(database).run.id
    with database.begin() as conn:
        save_shown(conn, [shown(run_id)])
    later = shown(run_id, live=5, verdict=Verdict.NO_CHANNELS_ON_TRUNK)
    with reading(database) as conn:
        assert fetch_shown(conn, [run_id]) == {run_id: shown(run_id)}
    with database.begin() as conn:
        save_shown(conn, [later])
    with reading(database) as conn:
        assert fetch_shown(conn, [run_id, 99]) == {run_id: later}


def test_nothing_shown_is_nothing(database: Engine) -> None:
    run_id = furnish(database).run.id
    with database.begin() as conn:
        save_shown(conn, [])
        assert fetch_shown(conn, [run_id]) == {}
