"""What every suite shares: the reactor, the fixtures, and the rule for real parts."""

pytest_plugins: list[str] = []
