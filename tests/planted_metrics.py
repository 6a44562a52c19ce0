"""Metrics, right and with planted defects."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

import mfplug


@dataclass(frozen=True)
class Mean(mfplug.Observable):
    """The mean position, right in all it does."""

    name: ClassVar[str] = "planted"
    needs: ClassVar[tuple[str, ...]] = ("ensemble",)

    def values(self, sample):
        return sample.the_ensemble().q[-1].mean(axis=(1, 2))

    def rows(self, sample):
        return [mfplug.mean_row(self.name, sample.times[-1], self.values(sample))]


class NaNValue(Mean):
    def rows(self, sample):
        return [mfplug.Row(self.name, 0.6, float("nan"))]


class LimitsSwapped(Mean):
    def rows(self, sample):
        (row,) = super().rows(sample)
        return [replace(row, lower=row.upper, upper=row.lower)]


class NoRows(Mean):
    def rows(self, sample):
        return []


class OwnRandomness(Mean):
    def rows(self, sample):
        return [mfplug.Row(self.name, 0.6, float(np.random.default_rng().normal()))]


class SumOfErrors(Mean):
    def rows(self, sample):
        (row,) = super().rows(sample)
        error = row.stderr * row.replicas
        return [replace(row, stderr=error, lower=None, upper=None)]


class TwiceTheSame(Mean):
    def rows(self, sample):
        return 2 * super().rows(sample)


class OtherName(Mean):
    measures: ClassVar[tuple[str, ...]] = ("planned",)


@dataclass(frozen=True)
class Gap(mfplug.Distance):
    """Twice-averaged distance of points: no metric, as X = Y gives more than 0."""

    name: ClassVar[str] = "planted"
    needs: ClassVar[tuple[str, ...]] = ("ensemble",)

    def distance(self, x, y):
        return float(np.linalg.norm(x[:, None] - y[None], axis=-1).mean())

    def rows(self, sample):
        x = sample.the_ensemble().q[-1]
        return [mfplug.mean_row(self.name, 0.6, x.mean(axis=(1, 2)))]


class OneSided(Gap):
    def distance(self, x, y):
        away = np.linalg.norm(x[:, None] - y[None], axis=-1)
        return float(away.min(axis=1).mean())


class InOrder(Gap):
    def distance(self, x, y):
        return float(np.linalg.norm(x - y, axis=-1).mean())


class Squared(Gap):
    def distance(self, x, y):
        return float(np.sum((x.mean(0) - y.mean(0)) ** 2)) + float(
            np.sum((x.std(0) - y.std(0)) ** 2)
        )


class Discrete(Gap):
    """1 for all clouds that are not the same: a metric, and of no use."""

    def distance(self, x, y):
        same = np.array_equal(np.unique(x, axis=0), np.unique(y, axis=0))
        return 0.0 if same else 1.0


@dataclass(frozen=True)
class MeanGap(mfplug.Distance):
    """The distance of the centres, which is not that of the points it declares."""

    name: ClassVar[str] = "planted"
    needs: ClassVar[tuple[str, ...]] = ()

    def of_points(self, r):
        return min(r, 1.0)

    def distance(self, x, y):
        return float(np.linalg.norm(x.mean(axis=0) - y.mean(axis=0)))

    def rows(self, sample):
        return [mfplug.Row(self.name, 0.6, 1.0)]
