"""What is vendored is what was published, and what pages may hold."""

import hashlib
import re
import tomllib

from web.ui.assets import STATIC, load_assets
from web.ui.render import TEMPLATES

VENDOR = STATIC / "vendor"


def test_vendored_files_are_the_published_ones() -> None:
    listed = tomllib.loads((VENDOR / "vendor.toml").read_text())["file"]
    sums = {entry["name"]: entry["sha256"] for entry in listed}
    found = {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in VENDOR.iterdir()
        if path.name != "vendor.toml"
    }
    assert sums == found
    assert all(entry["version"] and entry["license"] for entry in listed)


def test_templates_hold_no_inline_style_script_or_handler() -> None:
    inline = re.compile(r"\sstyle=|<style|\son\w+=|<script(?![^>]*\ssrc=)|javascript:")
    wrong = {
        path.name: found.group()
        for path in TEMPLATES.glob("*.html")
        if (found := inline.search(path.read_text()))
    }
    assert wrong == {}


def test_our_scripts_stay_short() -> None:
    lengths = {path.name: len(path.read_text().splitlines()) for path in STATIC.glob("js/*.js")}
    assert lengths.keys() == {"api.js", "link.js", "times.js"}
    assert max(lengths.values()) < 100


def test_an_address_changes_with_its_file() -> None:
    version = hashlib.sha256((STATIC / "app.css").read_bytes()).hexdigest()[:12]
    assert load_assets().address("app.css") == f"/static/app.css?v={version}"


def test_only_files_for_browsers_are_served() -> None:
    assets = load_assets()
    assert assets.find("js/link.js") is not None
    assert assets.find("vendor/vendor.toml") is None
    assert assets.find("../pages.py") is None
