"""What every suite shares: the asyncio reactor (see setup.cfg) and the fixtures."""

pytest_plugins = [
    "tests.support.fixtures_pbx",
    "tests.support.fixtures_store",
    "tests.support.fixtures_web",
    "tests.support.fixtures_dialect",
]
