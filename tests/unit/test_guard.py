"""The five packages come from one directory, or Whipbird does not start."""

from pathlib import Path

import pytest

import core
from core.errors import InvalidConfiguration
from core.guard import PACKAGES, check_packages

HOME = Path(core.__file__).resolve().parent.parent


def test_the_five_packages_of_this_tree_lie_together() -> None:
    assert check_packages() == HOME
    assert all((HOME / package).is_dir() for package in PACKAGES)


def test_a_package_from_elsewhere_is_named_with_its_place() -> None:
    with pytest.raises(InvalidConfiguration) as caught:
        check_packages(lambda name: Path("/elsewhere") if name == "web" else HOME)
    (problem,) = caught.value.problems
    assert problem.startswith('the package "web" comes from /elsewhere, but Whipbird\'s own lies')
    assert str(HOME) in problem


def test_a_missing_package_is_named() -> None:
    with pytest.raises(InvalidConfiguration) as caught:
        check_packages(lambda name: None if name == "ami" else HOME)
    (problem,) = caught.value.problems
    assert problem.startswith('the package "ami" cannot be found')
