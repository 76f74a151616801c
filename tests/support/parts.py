"""Programs that tests run and this machine may not have."""

import os
import shutil

import pytest


def require(*programs: str) -> None:
    """Skip without one of them; under CI, fail."""
    missing = [name for name in programs if shutil.which(name) is None]
    if not missing:
        return
    words = f"{' and '.join(missing)} not found: run tests/support/install-parts.sh"
    if os.environ.get("CI"):
        pytest.fail(words, pytrace=False)
    pytest.skip(words)
