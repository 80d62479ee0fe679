"""How often one may ask of the page of an object what is decided over all objects, also those one may not see.

What such an answer rests on is masked, but its wording still tells a little; many askings would tell more.
"""

from collections.abc import Callable
from typing import Annotated

from fastapi import Depends, Request

from riskmap.access.dependencies import address_of
from riskmap.base.throttle import MINUTE, Throttle
from riskmap.store.dependencies import ReadSnapshot

# Policy: more than anybody opens by hand, too few to feel a way by.
ACCOUNT_A_MINUTE, ADDRESS_A_MINUTE = 240, 60


def _limit(most: int) -> Throttle:
    return Throttle(most, MINUTE, f"查看判定一分钟最多 {most} 次，请稍后再看；成批的请用清单。")


_accounts, _addresses = _limit(ACCOUNT_A_MINUTE), _limit(ADDRESS_A_MINUTE)


def _count(request: Request, snapshot: ReadSnapshot) -> Callable[[], None]:
    def count() -> None:
        if snapshot.reader.kind == "public":
            _addresses.take(address_of(request))
        elif not snapshot.reader.sees_all:
            _accounts.take(snapshot.reader.name)

    return count


# For an endpoint that asks such a question only of some objects: to be called before it is asked. Raises TooMany.
CountAsking = Annotated[Callable[[], None], Depends(_count, scope="function")]
