"""Chance by counter: a random number is a pure function of a key and of what it is for (step, identity, draw).

Philox 4x32-10 (Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011) makes four words
of four counter words and a key of two. Nothing is used up, so a run depends neither on the number of threads nor on
the order of molecules, and replays exactly. Normal numbers are Box & Muller's (1958).

In a kernel:

    a, b, c, d = philox(identity, step, draw, 0, key_0, key_1)
    velocity[i] = width * normal(a, b)

with `key_0, key_1 = Chance(seed).child("wall").key` passed as `u32`. On the host a `Chance` draws single numbers.
"""

import hashlib
import hmac
import math
from operator import index
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.errors import Refusal
from engine.kernel import Array, cos, function, i32, kernel, log, real, sin, sqrt, u32, u64

MULTIPLIER_0, MULTIPLIER_1 = 0xD2511F53, 0xCD9E8D57
WEYL_0, WEYL_1 = 0x9E3779B9, 0xBB67AE85  # the golden ratio and √3 − 1, in 2⁻³²
ROUNDS = 10
WORD = 2**32
FULL_TURN = 2.0 * math.pi
STEPS_OF_UNIFORM = 2.0**-23  # a float32 holds the middle of each such step exactly
PART_OF_WORD = 2.0**-32


@function
def wide(a: u32, b: u32) -> tuple[u32, u32]:
    """High and low word of a product."""
    product = u64(a) * u64(b)
    return u32(product >> u64(32)), u32(product)


@wide.device
def wide_by_halves(a: u32, b: u32) -> tuple[u32, u32]:
    """The same where words of 64 bits may be missing, as on Vulkan and Metal, and words of 32 bits wrap."""
    half, low_half = u32(16), u32(0xFFFF)
    outer, inner = (a >> half) * (b & low_half), (a & low_half) * (b >> half)
    carried = ((a & low_half) * (b & low_half) >> half) + (outer & low_half) + inner
    return (a >> half) * (b >> half) + (outer >> half) + (carried >> half), a * b


@function
def philox(c0: u32, c1: u32, c2: u32, c3: u32, k0: u32, k1: u32) -> tuple[u32, u32, u32, u32]:
    """Four random words from four counter words and two key words."""
    x0, x1, x2, x3 = u32(c0), u32(c1), u32(c2), u32(c3)
    key_0, key_1 = u32(k0), u32(k1)
    for _ in range(ROUNDS):
        high_0, low_0 = wide(u32(MULTIPLIER_0), x0)
        high_1, low_1 = wide(u32(MULTIPLIER_1), x2)
        x0 = u32(high_1 ^ x1 ^ key_0)
        x2 = u32(high_0 ^ x3 ^ key_1)
        x1 = low_1
        x3 = low_0
        key_0 = u32(key_0 + u32(WEYL_0))
        key_1 = u32(key_1 + u32(WEYL_1))
    return x0, x1, x2, x3


@function
def uniform(word: u32) -> real:
    """A number in the open interval (0, 1), one of 2²³, the same in both precisions."""
    return (real(i32(u32(word) >> u32(9))) + 0.5) * STEPS_OF_UNIFORM


@function
def normals(one: u32, other: u32) -> tuple[real, real]:
    """Two independent normal numbers of mean 0 and standard deviation 1; none exceeds 6.7."""
    radius = sqrt(-2.0 * log((real(u32(one)) + 1.0) * PART_OF_WORD))
    angle = FULL_TURN * uniform(other)
    return radius * cos(angle), radius * sin(angle)


@function
def normal(one: u32, other: u32) -> real:
    """One normal number of mean 0 and standard deviation 1."""
    radius = sqrt(-2.0 * log((real(u32(one)) + 1.0) * PART_OF_WORD))
    return radius * cos(FULL_TURN * uniform(other))


@kernel
def draw_normals(out: Array(1), key_0: u32, key_1: u32, c1: u32, c2: u32, c3: u32) -> None:
    """One normal number for each identity i, from the counter (i, c1, c2, c3)."""
    for i in range(out.shape[0]):
        a, b, _, _ = philox(u32(i), c1, c2, c3, key_0, key_1)
        out[i] = normal(a, b)


@kernel
def draw_uniforms(out: Array(1), key_0: u32, key_1: u32, c1: u32, c2: u32, c3: u32) -> None:
    """One number in (0, 1) for each identity i, from the counter (i, c1, c2, c3)."""
    for i in range(out.shape[0]):
        a, _, _, _ = philox(u32(i), c1, c2, c3, key_0, key_1)
        out[i] = uniform(a)


@draw_normals.example
@draw_uniforms.example
def draw_example() -> tuple[Any, ...]:
    """A thousand numbers."""
    return np.zeros(1000), 0xA4093822, 0x299F31D0, 1, 2, 3


class Chance:
    """A source of single random numbers on the host. Every draw is a pure function of the key and of its counter.

    A counter is up to three whole numbers below 2³². Uniform, normal and integer draws of one counter are independent,
    as are draws of counters of different length, and the draws of children.
    """

    def __init__(self, key: int | bytes) -> None:
        if isinstance(key, bytes):
            given = b"bytes" + key
        elif 0 <= index(key) < 2**256:
            given = b"integer" + index(key).to_bytes(32, "little")
        else:
            raise Refusal("A seed should be a whole number from 0 to 2^256, not {key}.", key=key)
        self._secret = hashlib.sha256(given).digest()
        mark = self._derive(b"philox")
        self.key = int.from_bytes(mark[:4], "little"), int.from_bytes(mark[4:8], "little")

    def _derive(self, name: bytes) -> bytes:
        return hmac.new(self._secret, name, hashlib.sha256).digest()

    def child(self, name: str) -> "Chance":
        """An independent source, by name."""
        return Chance(self._derive(b"child " + name.encode()))

    def words(self, kind: int, counter: tuple[int, ...]) -> tuple[int, int, int, int]:
        """The four words for a kind of draw and a counter."""
        numbers = [index(part) for part in counter]
        if len(numbers) > 3 or not all(0 <= number < WORD for number in numbers):
            raise Refusal("A draw of chance is counted by up to three whole numbers below 2^32, not by {counter}.",
                          counter=counter)  # fmt: skip
        padded = numbers + [0] * (3 - len(numbers))
        return philox(*padded, 8 * kind + len(numbers), *self.key)

    def uniform(self, *counter: int) -> float:
        """A number in the open interval (0, 1), one of 2⁵²."""
        high, low, _, _ = self.words(1, counter)
        return ((high << 20 | low >> 12) + 0.5) * 2.0**-52

    def normal(self, *counter: int) -> float:
        """A normal number of mean 0 and standard deviation 1."""
        one, two, three, four = self.words(2, counter)
        inside = ((one << 21 | two >> 11) + 1.0) * 2.0**-53
        # The platform's functions, not numpy's, whose digits hang on the processor.
        return math.sqrt(-2.0 * math.log(inside)) * math.cos(FULL_TURN * (three << 20 | four >> 12) * 2.0**-52)

    def integer(self, *counter: int, below: int = 2**64) -> int:
        """A whole number from 0 up to but not including `below`, at most 2⁶⁴."""
        if not 0 < below <= 2**64:
            raise Refusal("A whole number can be drawn from below 1 to 2^64, not from below {below}.", below=below)
        high, low, _, _ = self.words(3, counter)
        return (high << 32 | low) * below >> 64

    def normals(self, count: int, *counter: int) -> NDArray[np.float64]:
        """That many normal numbers [1], shape (count,), in double precision; faster than one by one."""
        return self._many(draw_normals, 4, count, counter)

    def uniforms(self, count: int, *counter: int) -> NDArray[np.float64]:
        """That many numbers in (0, 1), shape (count,), in steps of 2⁻²³; faster than one by one."""
        return self._many(draw_uniforms, 5, count, counter)

    def _many(self, draw: Any, kind: int, count: int, counter: tuple[int, ...]) -> NDArray[np.float64]:
        numbers = np.empty(count)
        child = self.child("many").words(kind, counter)
        draw.numba("f64")(numbers, *child[:2], *child[2:], 0)
        return numbers
