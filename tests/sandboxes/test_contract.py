"""Every kind of sandbox keeps the contract."""

import pytest

from sandboxes.base import Death
from tests.conformance.sandbox import Lend, SandboxContract
from tests.sandboxes.conftest import Opens


@pytest.mark.docker
class TestStrict(SandboxContract):
    """A container, used by one candidate after the other."""

    @pytest.fixture
    def lend(self, pools: Opens) -> Lend:
        return pools("strict").lease


@pytest.mark.docker
class TestStrictFresh(SandboxContract):
    """A container for each candidate."""

    @pytest.fixture
    def lend(self, pools: Opens) -> Lend:
        return lambda: pools("strict").lease(fresh=True)


@pytest.mark.gvisor
class TestGVisor(SandboxContract):
    """A kernel in user space, one candidate a container."""

    sees_holes = False

    @pytest.fixture
    def lend(self, pools: Opens) -> Lend:
        return pools("gvisor").lease

    def unless_unlimited(self, request: pytest.FixtureRequest, death: Death) -> None:
        if death is Death.DISK:
            pytest.skip("its file systems do not tell how full they are")


@pytest.mark.bubblewrap
class TestBubblewrap(SandboxContract):
    """Namespaces without an engine."""

    @pytest.fixture
    def lend(self, pools: Opens) -> Lend:
        return pools("bubblewrap").lease


class TestUnconfined(SandboxContract):
    """A mere process, which has no disk of its own."""

    @pytest.fixture
    def lend(self, pools: Opens) -> Lend:
        return pools("unconfined").lease

    def unless_unlimited(self, request: pytest.FixtureRequest, death: Death) -> None:
        if death is Death.DISK:
            pytest.skip("an unconfined process has no limit on its disk")

    def assert_no_room(self, death: Death | None) -> None:
        assert death is None
