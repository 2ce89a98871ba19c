"""The battery: what it says held, holds; and it does see what does not."""

import pytest

from sandboxes.attacks import battery
from sandboxes.attacks.battery import ATTACKS
from sandboxes.base import Kind
from sandboxes.pool import Pool
from tests.sandboxes.conftest import source_of


def test_there_are_attacks_enough_and_each_has_a_name_of_its_own() -> None:
    assert len(ATTACKS) >= 50
    assert len({attack.name for attack in ATTACKS}) == len(ATTACKS)


@pytest.mark.docker
@pytest.mark.parametrize(
    "kind", ["strict", pytest.param("bubblewrap", marks=pytest.mark.bubblewrap)]
)
def test_every_attack_is_held(kind: Kind, request: pytest.FixtureRequest) -> None:
    source = source_of(kind, request)
    with Pool(source, size=1) as pool:
        outcomes = list(battery.run(pool))

    assert {each.attack.name: each.broke for each in outcomes if not each.held} == {}


def test_the_battery_sees_what_an_unconfined_process_reaches(
    request: pytest.FixtureRequest,
) -> None:
    wanted = {"host-files", "loopback-of-the-host", "processes-of-the-host", "metadata"}
    chosen = [attack for attack in ATTACKS if attack.name in wanted]
    with Pool(source_of("unconfined", request), size=1) as pool:
        outcomes = list(battery.run(pool, chosen))

    assert [each.attack.name for each in outcomes if not each.held] != []
    assert {each.attack.name for each in outcomes if not each.held} >= {"host-files"}
