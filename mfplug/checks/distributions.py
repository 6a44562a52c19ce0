"""Checks of distributions: samples, density, score and nodes against one another.

Statistical checks have fixed seeds; before the seed was fixed each had a chance of a
false alarm below 1e-5 (Student's distribution with 31 degrees of freedom beyond 6.5).
"""

from __future__ import annotations

import math
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray

from mfplug.checks.averages import Wide, waves
from mfplug.checks.core import Check, CheckFailed, Refused
from mfplug.checks.probes import gradient_error, places
from mfplug.contracts.distribution import Distribution
from mfplug.errors import ParameterError

Array = NDArray[np.float64]
LIMIT = 6.5
POINTS = 40_000
SETS = 32


def _joined(parts: tuple[Array, Array]) -> Array:
    return np.concatenate([np.asarray(x, dtype=float) for x in parts], axis=-1)


def _samples(law: Distribution, n: int, seed: int = 23) -> Array:
    return _joined(law.sample(np.random.default_rng(seed), n))


def shapes(law: Distribution) -> str:
    """Check shapes, numbers, and that the given stream alone decides."""
    for d, box, placed in places(law):
        q, p = placed.sample(np.random.default_rng(1), 50)
        if np.shape(q) != (50, d) or np.shape(p) != (50, d):
            raise CheckFailed(
                f"sample() has the wrong shape in d = {d}; got {np.shape(q)} and "
                f"{np.shape(p)}, expected {(50, d)} twice"
            )
        x = _joined((q, p))
        if not np.isfinite(x).all():
            raise CheckFailed(f"sample() is not finite in d = {d}")
        f = np.asarray(placed.density(q.reshape(5, 10, d), p.reshape(5, 10, d)))
        if f.shape != (5, 10):
            raise CheckFailed(
                f"density() has the wrong shape in d = {d}; got {f.shape} for arguments"
                f" of shape {(5, 10, d)}, expected {(5, 10)}"
            )
        if not np.isfinite(f).all() or np.any(f < 0):
            raise CheckFailed(f"density() is negative or not finite in d = {d}")
        if np.any(f == 0):
            raise CheckFailed(f"density() is 0 at points of its own samples, d = {d}")
        np.random.seed(7)  # noqa: NPY002
        again = _joined(placed.sample(np.random.default_rng(1), 50))
        if not np.array_equal(again, x):
            raise CheckFailed(
                "two streams of one seed give different samples; draw from the `rng` "
                "that is given and from nothing else"
            )
        if np.array_equal(_samples(placed, 50, 2), x):
            raise CheckFailed("sample() gives the same points for every seed")
        del box
    return "sample (n, d) twice, density (...) > 0 there; the stream alone decides"


def density(law: Distribution) -> str:
    """Check that the density is normalised and is that of the samples."""
    said = []
    for d, box, placed in places(law):
        x = _samples(placed, POINTS)
        wide = Wide.around(x, d, box)
        sets = []
        for seed in range(SETS):
            y, inverse = wide.points(seed)
            f = np.asarray(placed.density(y[:, :d], y[:, d:]), dtype=float)
            sets.append((waves(y, wide) * f * inverse).mean(axis=1))
        integral, error = np.mean(sets, axis=0), np.std(sets, axis=0, ddof=1)
        error = error / math.sqrt(SETS)
        if abs(integral[0] - 1.0) > LIMIT * error[0] + 1e-9:
            raise CheckFailed(
                f"density() is not normalised in d = {d}; its integral is "
                f"{integral[0]:.5g} +- {error[0]:.2g}, expected 1"
            )
        values = waves(x, wide)[1:]
        mean = values.mean(axis=1)
        spread = values.std(axis=1) / math.sqrt(POINTS)
        z = np.abs(mean - integral[1:]) / np.hypot(spread, error[1:])
        if z.max() > LIMIT:
            raise CheckFailed(
                f"density() is not that of the samples in d = {d}; averages of a wave "
                f"differ by {z.max():.1f} standard errors, expected below {LIMIT:g} "
                f"({mean[z.argmax()]:.4f} over samples, "
                f"{integral[1 + z.argmax()]:.4f} over the density)"
            )
        said.append(f"d = {d}: integral {integral[0]:.5f} +- {error[0]:.1g}, "
                    f"waves within {z.max():.1f} standard errors")  # fmt: skip
    return "; ".join(said)


def score(law: Distribution) -> str:
    """Check the score against differences of the density's logarithm."""
    largest = 0.0
    for d, box, placed in places(law):
        x = _samples(placed, 60, 3)
        wide = Wide.around(_samples(placed, 2000), d, box)

        def log_density(y: Array, placed: Distribution = placed, d: int = d) -> Array:
            with np.errstate(all="ignore"):
                return np.asarray(np.log(placed.density(y[:, :d], y[:, d:])))

        with np.errstate(all="ignore"):
            given = _joined(placed.score(x[:, :d], x[:, d:]))
        if given.shape != x.shape:
            raise CheckFailed(
                f"score() has the wrong shape in d = {d}; got two arrays that make "
                f"{given.shape}, expected (n, {d}) twice"
            )
        error = gradient_error(log_density, given, x, float(wide.scale.min()))
        scale = max(float(np.nanmax(np.abs(given))), 1.0 / float(wide.scale.max()))
        relative = np.nan_to_num(error, nan=0.0) / scale
        # A jump of the density within the differences' reach spoils a point or two.
        worst = float(np.sort(relative)[-4])
        largest = max(largest, worst)
        if largest > 1e-4:
            raise CheckFailed(
                f"score() is not the gradient of log density() in d = {d}; off by "
                f"{worst:.2g} of its largest value"
            )
    return f"largest difference {largest:.1g} of the largest score"


def score_bound(law: Distribution) -> str:
    """Check the declared sup of the score against the largest that is found."""
    said = []
    for d, box, placed in places(law):
        x = _samples(placed, 4000, 5)
        wide = Wide.around(x, d, box)
        rng = np.random.default_rng(6)
        far = wide.centre + wide.scale * (
            rng.standard_normal((3000, 2 * d)) * 10 ** rng.uniform(-1, 3, (3000, 1))
        )
        x = np.concatenate([x, far])
        with np.errstate(all="ignore"):
            size = np.linalg.norm(_joined(placed.score(x[:, :d], x[:, d:])), axis=1)
        found = float(np.max(size[np.isfinite(size)], initial=0.0))
        declared = float(placed.score_bound)
        if math.isnan(declared) or declared < 0:
            raise CheckFailed(f"score_bound is {declared}; expected >= 0 or inf")
        if found > declared * (1 + 1e-6):
            raise CheckFailed(
                f"score_bound is too small in d = {d}; declared {declared:.6g}, found "
                f"{found:.6g}"
            )
        said.append(f"d = {d}: found {found:.4g}, declared {declared:.4g}")
    return "; ".join(said)


def nodes(law: Distribution) -> str:
    """Check that the nodes' weights sum to 1 and integrate what samples do."""
    largest = 0.0
    for d, box, placed in places(law):
        q, p, w = placed.nodes(6000)
        if q.shape != p.shape or q.shape != (len(w), d):
            raise CheckFailed(
                f"nodes() has the wrong shapes in d = {d}; got {q.shape}, {p.shape}, "
                f"{w.shape}, expected (M, {d}), (M, {d}), (M,)"
            )
        if abs(w.sum() - 1.0) > 1e-9:
            raise CheckFailed(f"the weights of nodes() sum to {w.sum():.9g}, not to 1")
        x = _samples(placed, POINTS)
        wide = Wide.around(x, d, box)
        values = waves(x, wide)[1:]
        mean = waves(_joined((q, p)), wide)[1:] @ w
        error = values.std(axis=1) / math.sqrt(POINTS)
        off = np.abs(mean - values.mean(axis=1)) - LIMIT * error
        largest = max(largest, float(off.max()))
        if largest > 0.02:
            raise CheckFailed(
                f"nodes() do not integrate what the samples do in d = {d}; off by "
                f"{largest:.2g} beyond {LIMIT:g} standard errors"
            )
    return "weights sum to 1; waves as over samples"


def centre(law: Distribution) -> str:
    """Check that the density has the symmetry that ``symmetry_centre()`` claims."""
    claims = 0
    for d, _, placed in places(law):
        found = placed.symmetry_centre()
        if found is None:
            continue
        claims += 1
        middle = _joined(found)
        if middle.shape != (2 * d,):
            raise CheckFailed(
                f"symmetry_centre() has the wrong shape in d = {d}; got {middle.shape} "
                f"for q and p together, expected {(2 * d,)}"
            )
        x = _samples(placed, 200) - middle
        f = placed.density(*np.split(middle + x, 2, axis=1))
        turned = [x[:, np.roll(np.arange(2 * d).reshape(2, d), 1, axis=1).ravel()]]
        for axis in range(d):
            sign = np.ones(2 * d)
            sign[[axis, d + axis]] = -1.0
            turned.append(x * sign)
            if axis > 0:
                swap = np.arange(2 * d)
                swap[[0, axis, d, d + axis]] = [axis, 0, d + axis, d]
                turned.append(x[:, swap])
        for y in turned:
            off = np.abs(placed.density(*np.split(middle + y, 2, axis=1)) - f)
            if np.any(off > 1e-9 * f.max()):
                raise CheckFailed(
                    f"density() is not symmetric about symmetry_centre() in d = {d}; "
                    f"it changes by {float(off.max() / f.max()):.2g} of its maximum "
                    "when axes are exchanged or turned round. Return None"
                )
    if not claims:
        raise Refused("it claims no symmetry")
    return f"symmetric as claimed, in {claims} spaces"


def joint(law: Distribution) -> str:
    """Check the initial points of N particles: shapes, numbers, the stream alone."""
    with TemporaryDirectory() as folder:
        law = law.specimen(Path(folder))
        d, _, placed = next(places(law))
        said, refusal = [], ""
        for N in (2, 7):
            try:
                _check_joint(placed, N, d)
            except ParameterError as error:
                refusal = str(error)
                continue
            said.append(str(N))
    if not said:
        raise CheckFailed(
            f"joint() gives neither 2 nor 7 particles: {refusal} Override specimen() "
            "where a state needs what its defaults do not say, such as a file"
        )
    own = type(law).joint is not Distribution.joint
    start = "a state of its own" if own else "the particles start independently"
    return f"{start}; N = {', '.join(said)}, d = {d}: shapes, numbers, streams"


def _check_joint(placed: Distribution, N: int, d: int) -> None:
    first = placed.joint(np.random.default_rng(3), N)
    for x in first:
        if np.shape(x) != (N, d):
            raise CheckFailed(
                f"joint() has the wrong shape; got {np.shape(x)}, expected {(N, d)} "
                "twice"
            )
    if not np.isfinite(_joined(first)).all():
        raise CheckFailed(f"joint() is not finite for N = {N}")
    np.random.seed(7)  # noqa: NPY002
    again = placed.joint(np.random.default_rng(3), N)
    if not np.array_equal(_joined(again), _joined(first)):
        raise CheckFailed(
            "two streams of one seed give different initial points; draw from the "
            "`rng` that is given and from nothing else"
        )
    others = [placed.joint(np.random.default_rng(k), N) for k in range(20, 30)]
    if all(np.array_equal(_joined(x), _joined(first)) for x in others):
        raise CheckFailed("joint() gives the same points for every seed")


CHECKS = [
    Check("shapes", "shapes, positive density, the stream alone decides", shapes),
    Check("density", "normalised, and the density of the samples", density),
    Check("score", "score() is the gradient of log density()", score),
    Check("score-bound", "the declared sup of the score is not exceeded", score_bound),
    Check("nodes", "nodes() integrate what the samples do", nodes),
    Check("centre", "the symmetry that symmetry_centre() claims", centre),
    Check("joint", "initial points of N particles", joint),
]
