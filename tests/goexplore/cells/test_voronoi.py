"""Cells around points that are spread over measures."""

import numpy as np
import pytest

from goexplore.cells.voronoi import Voronoi, centroids_of, nearest
from tests.goexplore.cells.making import cell_of, measured, program

CENTROIDS = np.array([[0.1, 0.1], [0.9, 0.2], [0.5, 0.8], [0.4, 0.4]])


def test_a_point_is_nearest_to_the_centroid_that_pyribs_names() -> None:
    points = np.array([[0, 0], [0.6, 0.3], [0.66, 0.3], [0.3, 0.61], [5, 5]])

    # pyribs 0.12: CVTArchive(centroids=CENTROIDS, ranges=[(0, 1), (0, 1)]).index_of(points)
    assert nearest(points, CENTROIDS).tolist() == [0, 3, 1, 3, 2]


def test_many_points_are_looked_at_a_few_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    points = np.random.default_rng(1).random((50, 2))
    whole = nearest(points, CENTROIDS)

    monkeypatch.setattr("goexplore.cells.voronoi._CHUNK", 12)

    assert nearest(points, CENTROIDS).tolist() == whole.tolist()


def test_centroids_are_the_means_of_what_is_nearest_to_them() -> None:
    points = np.random.default_rng(2).random((500, 2))

    centroids = centroids_of(points, 7)

    owners = nearest(points, centroids)
    means = [points[owners == number].mean(axis=0) for number in range(7)]
    assert centroids == pytest.approx(np.array(means))


def test_cells_are_of_about_equal_size() -> None:
    cells = Voronoi(measures=("x", "y"), ranges=((0, 1), (0, 1)), cells=10)
    points = np.random.default_rng(3).random((4000, 2))

    shares = np.bincount(nearest(points, cells.centroids), minlength=10) / 4000

    assert shares.min() > 0.06
    assert shares.max() < 0.14


def test_the_same_seed_gives_the_same_cells_and_another_others() -> None:
    ranges = ((0.0, 1.0),)
    first, again, other = (
        Voronoi(measures=("x",), ranges=ranges, cells=5, samples=100, seed=seed)
        for seed in (1, 1, 2)
    )

    assert first.centroids.tolist() == again.centroids.tolist()
    assert first.centroids.tolist() != other.centroids.tolist()


def test_no_measure_counts_for_more_because_its_numbers_are_larger() -> None:
    one = Voronoi(measures=("x", "y"), ranges=((0, 1), (0, 1)), cells=20)
    other = Voronoi(measures=("x", "y"), ranges=((0, 1), (-1000, 1000)), cells=20)

    for x, y in np.random.default_rng(4).random((30, 2)).tolist():
        assert cell_of(one, x=x, y=y) == cell_of(other, x=x, y=2000 * y - 1000)


def test_what_is_outside_is_in_the_nearest_cell_and_told() -> None:
    cells = Voronoi(measures=("x",), ranges=((0, 1),), cells=3)
    last = str(int(cells.centroids.argmax()))

    assert cell_of(cells, x=9.0) == last
    assert cells.outside(program(), measured(x=9.0))
    assert not cells.outside(program(), measured(x=0.9))
    assert cells.count == 3


def test_more_cells_than_samples_are_refused() -> None:
    with pytest.raises(ValueError, match="100 cells need as many samples at least, not 99"):
        Voronoi(measures=("x",), ranges=((0, 1),), samples=99)
