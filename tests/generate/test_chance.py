"""What is drawn follows from the seed, whatever modules there are around."""

from __future__ import annotations

import subprocess
import sys

from hypothesis import strategies as st

from conformance.generate.chance import draws

MIXED = st.tuples(
    st.integers(0, 10**6), st.floats(0, 2), st.text("abc", max_size=8), st.booleans(), st.binary(max_size=4)
)


def test_the_same_seed() -> None:
    """A seed gives the same values each time; another one gives others."""
    assert draws(MIXED, 50, "one") == draws(MIXED, 50, "one")
    assert draws(MIXED, 50, "one") != draws(MIXED, 50, "two")


def test_as_many_as_asked_for() -> None:
    """The number of values is that which was asked for, repeated values included."""
    assert len(draws(st.booleans(), 40, "s")) == 40


def test_spread() -> None:
    """Draws are spread over the whole range, for a plan that only knows its lower end tests nothing."""
    drawn = draws(st.integers(1, 4), 200, "s")
    assert {drawn.count(value) > 20 for value in (1, 2, 3, 4)} == {True}
    reals = draws(st.floats(-2, 2), 200, "s")
    assert min(reals) < -1.8
    assert max(reals) > 1.8


def test_open_ends() -> None:
    """What has no bound is drawn all the same."""
    assert len(set(draws(st.integers(), 30, "s"))) > 20
    assert all(value >= 5 for value in draws(st.integers(min_value=5), 30, "s"))
    assert all(value <= 5 for value in draws(st.integers(max_value=5), 30, "s"))
    assert all(value == value for value in draws(st.floats(), 30, "s"))


def test_constants_of_local_modules_stay_out(tmp_path) -> None:  # type: ignore[no-untyped-def]
    """A module full of constants beside the caller changes nothing: a wheel plans what a checkout plans."""
    program = (
        "from hypothesis import strategies as st\n"
        "from conformance.generate.chance import draws\n"
        "print(draws(st.tuples(st.integers(0, 10**6), st.text(max_size=5)), 300, 'seed'))\n"
    )
    (tmp_path / "plain.py").write_text(program)
    constants = "\n".join(f"N{n} = {n * 1009}\nS{n} = 'word{n}'" for n in range(500))
    (tmp_path / "many.py").write_text(constants)
    (tmp_path / "among.py").write_text(f"import many\n{program}")
    said = [
        subprocess.run([sys.executable, name], cwd=tmp_path, capture_output=True, check=True, text=True).stdout
        for name in ("plain.py", "among.py")
    ]
    assert said[0] == said[1] != ""
