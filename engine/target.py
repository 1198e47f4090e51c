"""The machine code that kernels are compiled to: one pinned target, so that a replay finds the same bits.

Sums are contracted and reordered as the processor's features allow, and molecular dynamics is chaotic. Every x86
computer of a class therefore compiles for x86-64-v3 (AVX2 and fused multiply-add), every 64-bit Arm for its baseline.
A processor without those features falls to plain x86-64, which is another numeric class.
"""

import os
import platform
from functools import cache
from typing import Any

V3_FEATURES = (
    *("sse4.2", "avx", "avx2", "fma", "f16c"),
    *("bmi", "bmi2", "cx16", "lzcnt", "movbe", "popcnt", "sahf", "xsave"),
)

# `fast` in LLVM, less `arcp` and `afn`: those two turn divisions and roots into the processor's own estimates
# (rcpps, rsqrtps), whose digits differ between makers, and in vectors only, so that results would hang on how a loop
# is cut into parts.
FASTMATH = ("contract", "ninf", "nnan", "nsz", "reassoc")


def choose(machine: str, features: dict[str, bool]) -> tuple[str, str]:
    """The LLVM processor name and feature string for a machine that has `features`."""
    if machine in ("x86_64", "amd64"):
        if all(features.get(name, False) for name in V3_FEATURES):
            return "x86-64-v3", ",".join(f"+{name}" for name in V3_FEATURES)
        return "x86-64", "+sse2"
    if machine in ("aarch64", "arm64"):
        return "generic", "+neon,+fp-armv8"
    return "generic", ""


@cache
def numba() -> Any:
    """Numba itself, told the pinned target whether or not somebody imported it, or compiled with it, before."""
    import llvmlite.binding as llvm

    name, features = choose(platform.machine().lower(), dict(llvm.get_host_cpu_features()))
    # Intel's vector mathematics library, where it happens to be installed, has digits of its own.
    os.environ.update(NUMBA_CPU_NAME=name, NUMBA_CPU_FEATURES=features, NUMBA_DISABLE_INTEL_SVML="1")
    import numba as compiler
    from numba.core import config
    from numba.core.registry import cpu_target

    # Numba reads its environment when it is imported and again before each compilation, but builds its
    # code generator only once: one that exists already is dropped, and what it compiled keeps working.
    config.reload_config()
    if _generator()[1:] != (name, features):
        vars(cpu_target).pop("_toplevel_target_context", None)
        vars(cpu_target).pop("_toplevel_typing_context", None)
    return compiler


def _generator() -> tuple[str, ...]:
    """Triple, processor and features that Numba's code generator really uses."""
    from numba.core.registry import cpu_target

    return tuple(str(part) for part in cpu_target.target_context.codegen().magic_tuple())


def code_target() -> str:
    """The processor that Numba really compiles for, as the numeric class states it: `x86-64-v3`."""
    numba()
    return _generator()[1]
