"""What every suite shares: the asyncio reactor (see setup.cfg) and the fixtures."""

pytest_plugins = [
]
