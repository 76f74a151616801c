"""What ports promise, as a Deferred: ports know nothing of Twisted."""

from collections.abc import Awaitable

from twisted.internet.defer import Deferred


def as_deferred(done: Awaitable[None]) -> Deferred[None]:
    async def wait() -> None:
        await done

    return Deferred.fromCoroutine(wait())
