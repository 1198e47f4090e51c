"""Random numbers by counter: the generator's published answers, its statistics, its purity."""

from typing import Any

import numpy as np
import pytest
from scipy import stats

from engine.chance import Chance, draw_normals, draw_uniforms, normals, philox, uniform
from engine.errors import Refusal
from engine.kernel import Array, i32, kernel, real, u32

# Known answers of Random123 (github.com/DEShawResearch/random123, tests/kat_vectors, lines "philox4x32 10").
KNOWN = [
    ((0, 0, 0, 0, 0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
    ((0xFFFFFFFF,) * 6, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
    (
        (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344, 0xA4093822, 0x299F31D0),
        (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
    ),
]
MANY = 200_000


@kernel
def tabulate(given: Array(2, u32), words: Array(2, u32), one: Array(1), two: Array(1), three: Array(1)) -> None:
    """Words for counters and keys (rows of six), and what is made of them."""
    for i in range(given.shape[0]):
        a, b, c, d = philox(given[i, 0], given[i, 1], given[i, 2], given[i, 3], given[i, 4], given[i, 5])
        words[i, 0] = a
        words[i, 1] = b
        words[i, 2] = c
        words[i, 3] = d
        one[i] = uniform(a)
        left, right = normals(a, b)
        two[i] = left
        three[i] = right


@kernel
def number(out: Array(1), shift: i32) -> None:
    """Each place's own number; a plain test that integers widen in neither compiler."""
    for i in range(out.shape[0]):
        out[i] = real(u32(i + shift))


def tabulated(how: Any, dtype: type = np.float64) -> tuple[np.ndarray, ...]:
    given = np.array([counter for counter, _ in KNOWN], np.uint32)
    words = np.zeros((3, 4), np.uint32)
    rest: list[np.ndarray] = [np.zeros(3, dtype) for _ in range(3)]
    how(given, words, *rest)
    return words, *rest


@pytest.mark.parametrize(("counter", "words"), KNOWN)
def test_plain_python_gives_the_published_words(counter: tuple[int, ...], words: tuple[int, ...]) -> None:
    assert philox(*counter) == words


@pytest.mark.parametrize("precision", ["f32", "f64"])
def test_both_compilers_give_the_published_words(taichi_x64: Any, precision: str) -> None:
    expected = np.array([words for _, words in KNOWN], np.uint32)
    dtype = {"f32": np.float32, "f64": np.float64}[precision]
    by_numba, by_taichi = tabulated(tabulate.numba(precision), dtype), tabulated(tabulate.taichi(precision), dtype)
    assert np.array_equal(by_numba[0], expected) and np.array_equal(by_taichi[0], expected)
    assert np.array_equal(by_numba[1], by_taichi[1])
    for ours, theirs in zip(by_numba[2:], by_taichi[2:], strict=True):
        assert ours == pytest.approx(theirs, rel=1e-6 if precision == "f32" else 1e-14)


def test_both_precisions_draw_the_same_numbers() -> None:
    single, double = tabulated(tabulate.numba("f32"), np.float32), tabulated(tabulate.numba("f64"))
    assert np.array_equal(single[1], double[1])
    assert single[2] == pytest.approx(double[2], rel=1e-5)


def test_integers_do_not_widen() -> None:
    out = np.zeros(4, np.float32)
    number.numba("f32")(out, 2**24)
    assert "double" not in number.llvm("f32") and out[0] == 2.0**24


def test_uniform_stays_inside_the_open_interval_at_both_ends() -> None:
    for dtype, call in ((np.float32, tabulate.numba("f32")), (np.float64, tabulate.numba("f64"))):
        given = np.zeros((1, 6), np.uint32)
        words, one, rest = np.zeros((1, 4), np.uint32), np.zeros(1, dtype), np.zeros(1, dtype)
        call(given, words, one, rest, rest.copy())
        assert 0.0 < one[0] < 1.0
    assert 0.0 < uniform(0) < uniform(2**32 - 1) < 1.0
    assert np.float32(uniform(2**32 - 1)) < 1.0


def test_normal_numbers_follow_the_normal_law() -> None:
    numbers = Chance(1).normals(MANY, 3)
    assert stats.kstest(numbers, "norm").pvalue > 1e-3
    assert numbers.mean() == pytest.approx(0.0, abs=4 / MANY**0.5)
    assert numbers.var() == pytest.approx(1.0, abs=4 * (2 / MANY) ** 0.5)
    assert stats.kurtosis(numbers) == pytest.approx(0.0, abs=4 * (24 / MANY) ** 0.5)


def test_uniform_numbers_fill_the_interval_evenly() -> None:
    numbers = Chance(2).uniforms(MANY, 3)
    counts = np.histogram(numbers, bins=100, range=(0.0, 1.0))[0]
    assert 1e-3 < stats.chisquare(counts).pvalue < 1 - 1e-3


@pytest.mark.parametrize("place", range(6))
def test_neighbours_in_every_counter_and_key_word_are_uncorrelated(place: int) -> None:
    rows = []
    for shift in (0, 1):
        given = np.full((MANY // 10, 6), 5, np.uint32)
        given[:, (place + 1) % 6] = np.arange(len(given))
        given[:, place] += np.uint32(shift)
        out = [np.zeros(len(given)) for _ in range(3)]
        tabulate.numba("f64")(given, np.zeros((len(given), 4), np.uint32), *out)
        rows.append(out)
    for one, other in ((rows[0][0], rows[1][0]), (rows[0][1], rows[1][1]), (rows[0][1], rows[0][2])):
        assert abs(np.corrcoef(one, other)[0, 1]) < 4 / len(one) ** 0.5
        assert abs(np.corrcoef(one[1:], other[:-1])[0, 1]) < 4 / len(one) ** 0.5


def test_the_host_draws_evenly_and_normally() -> None:
    chance = Chance(b"a key").child("gauge")
    even = [chance.uniform(i) for i in range(4000)]
    bell = [chance.normal(i) for i in range(4000)]
    whole = [chance.integer(i, below=6) for i in range(4000)]
    assert stats.kstest(even, "uniform").pvalue > 1e-3 and stats.kstest(bell, "norm").pvalue > 1e-3
    assert stats.chisquare(np.bincount(whole, minlength=6)).pvalue > 1e-3
    assert abs(np.corrcoef(even, bell)[0, 1]) < 4 / 4000**0.5
    assert abs(np.corrcoef(even, [chance.uniform(i, 0) for i in range(4000)])[0, 1]) < 4 / 4000**0.5


def test_a_draw_is_a_pure_function_of_key_name_and_counter() -> None:
    one, same = Chance(11).child("ruler"), Chance(11).child("ruler")
    later = one.normal(7, 1)
    assert [one.uniform(i) for i in range(5)] == [same.uniform(i) for i in range(5)]
    assert same.normal(7, 1) == later and one.key == same.key
    assert np.array_equal(one.normals(9, 4), same.normals(9, 4))
    others = [Chance(12).child("ruler"), Chance(11).child("gauge"), Chance(11), Chance((11).to_bytes(32, "little"))]
    assert len({chance.uniform(1) for chance in (one, *others)}) == 5


def test_the_first_draws_of_a_fixed_key_never_change() -> None:
    """A replay in years to come depends on these."""
    chance = Chance(2024).child("thermometer")
    drawn = chance.uniform(3), chance.normal(3), float(chance.integer(3, below=1000)), *chance.normals(2, 3)
    first = (0.16783177542733785, 0.5321848727755949, 347.0, 1.3802308610590979, -0.7005292389596275)
    assert drawn == pytest.approx(first, rel=1e-13)


def test_draws_do_not_depend_on_threads() -> None:
    one, two = np.zeros(1001, np.float32), np.zeros(1001, np.float32)
    for draw in (draw_normals, draw_uniforms):
        draw.numba("f32")(one, 1, 2, 3, 4, 5)
        draw.numba("f32", 3)(two, 1, 2, 3, 4, 5)
        assert one.tobytes() == two.tobytes()


@pytest.mark.parametrize("counter", [(-1,), (2**32,), (1, 2, 3, 4)])
def test_counters_out_of_range_are_refused(counter: tuple[int, ...]) -> None:
    with pytest.raises(Refusal, match="up to three whole numbers"):
        Chance(1).uniform(*counter)


def test_keys_and_limits_out_of_range_are_refused() -> None:
    with pytest.raises(Refusal, match="seed"):
        Chance(-1)
    with pytest.raises(Refusal, match="not from below 0"):
        Chance(1).integer(1, below=0)
