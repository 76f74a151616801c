"""What a person can do, a program can do."""

import ast
from collections.abc import Iterator
from pathlib import Path

HOME = Path(__file__).resolve().parents[2]
#: Operations that pages or commands use and the API does not, and what it has instead.
ELSEWHERE = {
    "calls.add_call": "web.intake adds many at a time, by calls.add_calls",
    "first.is_empty": "it asks whether there is anybody yet",
    "hours.fetch_choices": "campaigns and opening hours are listed as what is configured",
    "list_csv.import_csv": "uploads",
    "list_export.export_csv": "records.csv is the same file, written page by page",
    "lists.add_numbers": "records.add_records",
    "lists.drop_list": "elements.delete",
    "lists.set_hidden": "elements.update",
    "lists.show_lists": "records.view_lists",
    "reports.log_page": "found_calls.find_calls, in pages and as files",
    "reports.recent_runs": "reports.page_runs",
    "site.fetch_targets": "`whipbird doctor` knocks from the machine that it is for",
    "site.plan": "site.plan_text",
    "status.fetch_status": "the dialer, what is live, runs",
}


def used(*places: str) -> set[str]:
    """The functions of `core.operations` that modules there name."""
    files = (file for place in places for file in sorted((HOME / place).rglob("*.py")))
    return {name for file in files for name in named(ast.parse(file.read_text()))}


def named(tree: ast.Module) -> Iterator[str]:
    modules = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("core.operations"):
            _core, _operations, *module = str(node.module).split(".")
            for one in node.names:
                if module:
                    yield f"{module[0]}.{one.name}"
                else:
                    modules[one.asname or one.name] = one.name
    for node in ast.walk(tree):
        if not isinstance(node, ast.Attribute) or not isinstance(node.value, ast.Name):
            continue
        if node.value.id in modules:
            yield f"{modules[node.value.id]}.{node.attr}"


def test_what_pages_and_commands_do_the_api_does_too() -> None:
    by_people = {name for name in used("core/cli", "web/ui") if name.split(".")[1].islower()}
    assert {"campaigns.ask", "why.tell"} <= by_people
    assert by_people - used("web/api") == ELSEWHERE.keys()
