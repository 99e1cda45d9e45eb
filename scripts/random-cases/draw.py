"""Draws of numbers, shapes and options from a seed: the same on every backend of Keras."""

import zlib

import numpy as np


class Draw:
    """What one case draws from; its numbers depend on the name and the number of the case alone."""

    def __init__(self, name, number):
        self.rng = np.random.default_rng([zlib.crc32(name.encode()), number])

    def pick(self, *options):
        return options[int(self.rng.integers(len(options)))]

    def maybe(self, probability=0.5):
        return bool(self.rng.random() < probability)

    def int(self, low, high):
        """An integer in [low, high]."""
        return int(self.rng.integers(low, high + 1))

    def real(self, low=0.0, high=1.0, digits=3):
        return round(float(self.rng.uniform(low, high)), digits)

    def floats(self, *shape, low=-2.0, high=2.0):
        return np.asarray(self.rng.uniform(low, high, shape), "float32")

    def ints(self, *shape, low=-5, high=5, dtype="int32"):
        return np.asarray(self.rng.integers(low, high + 1, shape), dtype)

    def bools(self, *shape, p=0.6):
        return np.asarray(self.rng.random(shape) < p)

    def sizes(self, rank, low=1, high=5):
        return [self.int(low, high) for _ in range(rank)]

    def per_axis(self, rank, low, high):
        """One number for all axes, or one for each."""
        return self.int(low, high) if self.maybe() else self.sizes(rank, low, high)

    def options(self, **choices):
        """Each option with probability 1/2: a list is picked from, a function is called."""
        chosen = {}
        for key, values in choices.items():
            if self.maybe():
                chosen[key] = values() if callable(values) else self.pick(*values)
        return chosen

    def mask(self, *shape):
        """Masks as sequences have them (ends cut off), now and then with holes, an empty row or nothing left out."""
        kind = self.pick("tail", "tail", "holes", "head", "full")
        if kind == "full":
            return np.ones(shape, bool)
        if kind == "holes" or len(shape) < 2:
            return self.bools(*shape)
        lengths = self.rng.integers(0 if self.maybe(0.3) else 1, shape[-1] + 1, shape[:-1])
        mask = np.arange(shape[-1]) < lengths[..., None]
        return mask[..., ::-1].copy() if kind == "head" else mask
