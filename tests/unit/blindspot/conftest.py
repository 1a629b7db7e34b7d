from collections.abc import Iterator

import pytest

from tests.decided_once import decided_once


@pytest.fixture(scope="module", autouse=True)
def deciding_once() -> Iterator[None]:
    with decided_once():
        yield
