"""Random calls of the linear algebra of keras.ops."""

import numpy as np

from op_draws import op, shape_of


def square(d, positive=False):
    n = d.int(1, 4)
    a = d.floats(*shape_of(d, 0, 2, 3, 0), n, n)
    return a @ np.swapaxes(a, -1, -2) + n * np.eye(n, dtype="float32") if positive else a + 2 * np.eye(n, dtype="float32")


def solve(d):
    a = square(d)
    return op("solve", a, d.floats(*a.shape[:-1], d.int(1, 3)) if a.ndim > 2 or d.maybe(0.7) else d.floats(a.shape[-1]))


def solve_triangular(d):
    a = square(d)
    lower = d.maybe()
    a = np.tril(a) if lower else np.triu(a)
    return op("solve_triangular", a, d.floats(*a.shape[:-1], d.int(1, 3)), **({"lower": True} if lower else {}))


def rectangle(d, tall=False):
    m, n = d.int(1, 4), d.int(1, 4)
    return d.floats(*shape_of(d, 0, 1, 3, 0), *((max(m, n), min(m, n)) if tall else (m, n)))


def svd(d):
    return op("svd", rectangle(d), gradient=False, **d.options(full_matrices=[False], compute_uv=[False]))


def norm(d):
    x = d.floats(*d.sizes(d.int(1, 3), 1, 4))
    if x.ndim > 1 and d.maybe():
        axis = d.rng.permutation(x.ndim)[:2].tolist()
        return op("norm", x, ord=d.pick(None, "fro", "nuc", 1, -1, 2, -2, np.inf, -np.inf), axis=axis, **d.options(keepdims=[True]))
    return op("norm", x, ord=d.pick(None, 1, 2, 3, 0, np.inf, -np.inf), axis=d.int(-x.ndim, x.ndim - 1), **d.options(keepdims=[True]))


def lstsq(d):
    a = d.floats(d.int(3, 5), d.int(1, 3))
    return op("lstsq", a, d.floats(a.shape[0], *d.pick([], [2])))


DRAWS = {
    "ops": {
        "cholesky": lambda d: op("cholesky", square(d, True)),
        "det": lambda d: op("det", square(d)),
        "inv": lambda d: op("inv", square(d)),
        "slogdet": lambda d: op("slogdet", square(d)),
        "eigh": lambda d: op("eigh", square(d, True), gradient=False),
        "lu_factor": lambda d: op("lu_factor", square(d), gradient=False),
        "qr": lambda d: op("qr", rectangle(d, True)),
        "svd": svd,
        "solve": solve,
        "solve_triangular": solve_triangular,
        "norm": norm,
        "lstsq": lstsq,
    }
}
