"""The reports page's file of calls: `runs/export.jsp?runId=1,2&mode=csv`."""

from core.errors import InvalidValue
from core.operations.run_logs import MAX_RUNS, START, CallPage, Place, read_calls
from web.compat.asked import Asked, Ground, Operations, Reply
from web.compat.words import render_moment
from web.download import COLUMNS, PAGE, Sheet, SheetPage, cells


async def export_runs(ground: Ground, asked: Asked) -> Reply:
    """All calls of these runs, run by run."""
    run_ids = asked.keys("runId", MAX_RUNS)
    if (mode := asked.text("mode").lower()) not in ("", "csv"):
        raise InvalidValue("mode", mode, "write csv")

    async def read(place: Place) -> SheetPage:
        actor = await asked.renewed()
        page = await ground.queries.run(read_calls, actor, run_ids, place, PAGE)
        end = page.end
        return SheetPage(rows=_rows(page), read_on=None if end is None else lambda: read(end))

    await ground.control.written()
    columns = ("campaign", "run_id", "run", *COLUMNS)
    return Sheet(name="runs.csv", columns=columns, page=await read(START))


def _rows(page: CallPage) -> list[tuple[str, ...]]:
    return [
        (
            call.campaign,
            str(call.log.attempt.run_id),
            render_moment(call.run_started_at),
            *cells(call.log, call.list_name, "/".join(filter(None, (call.server, call.trunk)))),
        )
        for call in page.calls
    ]


RUNS: Operations = {"": export_runs}
PLACES = ("runs/export.jsp",)
