"""Random calls of keras.ops: elementwise, reductions, shapes, indices, windows, images."""

import numpy as np

SPECIAL = np.array([0.0, -0.0, 1.0, -1.0, np.inf, -np.inf, np.nan, 0.5, -2.5, 1e-30, 3e38, 1.5, 2.5, -0.5], "float32")


def op(name, *args, gradient=True, tuples=False, **kwargs):
    return {"op": f"ops.{name}", "args": list(args), "kwargs": kwargs, "gradient": gradient, "tuples": tuples}


def shape_of(d, low=0, high=4, extent=4, empty=0.03):
    return [0 if d.maybe(empty) else d.int(1, extent) for _ in range(d.int(low, high))]


def tensor_of(d, low=0, high=4, kinds=("float32", "float32", "float32", "int32", "bool"), lo=-3, hi=3):
    return of_kind(d, d.pick(*kinds), shape_of(d, low, high), lo, hi)


def of_kind(d, kind, shape, lo=-3, hi=3):
    if kind == "bool":
        return d.bools(*shape)
    if kind == "int32":
        return d.ints(*shape, low=int(np.ceil(lo)), high=int(np.floor(hi)))
    if kind == "uint8":
        return d.ints(*shape, low=0, high=9, dtype="uint8")
    return d.floats(*shape, low=lo, high=hi)


def unary(name, lo=-3.0, hi=3.0, kinds=("float32", "float32", "float32", "int32", "bool"), **choices):
    def draw(d):
        kwargs = d.options(**choices)
        if d.maybe(0.15) and not choices:
            return op(name, SPECIAL.copy(), gradient=False)
        return op(name, tensor_of(d, kinds=kinds, lo=lo, hi=hi), **kwargs)

    return draw


def broadcast_pair(d, kinds, lo, hi):
    shape = shape_of(d)
    pair = []
    for _ in range(2):
        own = [1 if d.maybe(0.2) else s for s in shape]
        own = own[d.int(0, len(own)) :] if d.maybe(0.2) else own
        pair.append(of_kind(d, d.pick(*kinds), own, lo, hi))
    return pair


def binary(name, lo=-3.0, hi=3.0, kinds=("float32", "float32", "float32", "int32", "bool"), numbers=True, special=True, **choices):
    def draw(d):
        if special and d.maybe(0.1):
            return op(name, SPECIAL.copy()[:, None], SPECIAL.copy()[None, :], gradient=False)
        a, b = broadcast_pair(d, kinds, lo, hi)
        if numbers and d.maybe(0.15):
            b = d.pick(2, 0.5, -1.5, 3) if lo < 0 else d.pick(2, 0.5)
        return op(name, a, b, **d.options(**choices))

    return draw


def some_axis(d, rank):
    if rank == 0:
        return None
    kind = d.pick("none", "one", "one", "several")
    if kind == "one":
        return d.int(-rank, rank - 1)
    if kind == "several":
        axes = d.rng.choice(rank, d.int(1, rank), replace=False).tolist()
        return [a - rank if d.maybe(0.4) else a for a in axes]
    return None


def reduction(name, kinds=("float32", "float32", "int32", "bool"), several=True, empty=0.03, **choices):
    def draw(d):
        x = of_kind(d, d.pick(*kinds), shape_of(d, 0 if several else 1, empty=empty))
        kwargs = d.options(keepdims=[True, False], **choices)
        axis = some_axis(d, x.ndim)
        if not several and isinstance(axis, list):
            axis = axis[0]
        if axis is not None or d.maybe(0.3):
            kwargs["axis"] = axis
        return op(name, x, **kwargs)

    return draw


def along(name, kinds=("float32", "float32", "int32"), none=False, low=1, **choices):
    def draw(d):
        x = of_kind(d, d.pick(*kinds), shape_of(d, low, 4))
        kwargs = d.options(**choices)
        if d.maybe(0.7):
            kwargs["axis"] = None if none and d.maybe(0.2) else d.int(-x.ndim, x.ndim - 1)
        return op(name, x, **kwargs)

    return draw


def plain(name, make):
    return lambda d: op(name, *make(d))


def clip(d):
    x = tensor_of(d, kinds=("float32", "int32"))
    low, high = sorted((d.int(-2, 2), d.int(-2, 2)))
    if x.dtype == np.float32 and d.maybe():
        low, high = low + 0.25, high + 0.5
    return op("clip", x, low, high)


def average(d):
    x = tensor_of(d, 1, 3, kinds=("float32", "int32"))
    axis = d.pick(None, d.int(-x.ndim, x.ndim - 1))
    kwargs = {} if axis is None else {"axis": axis}
    if d.maybe(0.6) and x.size:
        kwargs["weights"] = d.floats(*(x.shape if axis is None or d.maybe() else (x.shape[axis],)), low=0.1, high=2)
    return op("average", x, **kwargs)


def quantile(d):
    x = d.floats(*d.sizes(d.int(1, 3), 1, 6))
    q = d.floats(*d.pick([], [d.int(1, 3)]), low=0, high=1)
    kwargs = d.options(method=["linear", "lower", "higher", "midpoint", "nearest"], keepdims=[True], axis=lambda: some_axis(d, x.ndim))
    return op("quantile", x, q, **kwargs)


def matmul(d):
    if d.maybe(0.3):
        a, b = d.pick(([3], [3]), ([3], [3, 2]), ([2, 3], [3]), ([2, 4, 3], [3]), ([3], [2, 3, 4]))
    else:
        batch = shape_of(d, 0, 2, empty=0)
        m, k, n = d.sizes(3, 1, 4)
        a = [*[1 if d.maybe(0.2) else s for s in batch], m, k]
        b = [*(batch if d.maybe(0.7) else []), k, n]
    kind = d.pick("float32", "float32", "float32", "int32")
    return op("matmul", of_kind(d, kind, a), of_kind(d, d.pick(kind, "float32"), b))


def dot(d):
    k = d.int(1, 4)
    a, b = d.pick(([], [k]), ([k], [k]), ([2, k], [k]), ([2, k], [k, 3]), ([2, 3, k], [k, 2]), ([2, k], [3, k, 2]), ([k], [2, k, 3]))
    return op("dot", d.floats(*a), d.floats(*b))


def tensordot(d):
    x = d.floats(2, 3, 4)
    b, axes = d.pick(([4, 2], 1), ([3, 4, 5], 2), ([5], 0), ([4, 3], [[2, 1], [0, 1]]), ([3, 2], [[1], [0]]), ([4, 2], [-1, 0]), ([5, 3], [[-2], [-1]]))
    return op("tensordot", x, d.floats(*b), axes=axes)


def einsum(d):
    equation = d.pick("ij,jk->ik", "ij,kj->ik", "bij,bjk->bik", "ij->ji", "ij->", "ij->j", "ii->i", "ii", "i,j->ij", "ij,j", "bij,bkj->bik", "...ij,...jk->...ik", "ijk,kl,lm->ijm", "ij,ij->ij", "abc->cab", "ib,jb->b", "bhqd,bhkd->bhqk", "a...,a...->...", "ij,ji->", "iij->ij")  # fmt: skip
    sizes = {c: d.int(1, 4) for c in "abcdefghijklmnopq"}
    more = d.sizes(d.int(0, 2), 1, 3)
    inputs = equation.split("->")[0].split(",")
    arrays = []
    for term in inputs:
        shape = []
        for part in term.replace("...", ".") :
            shape += more if part == "." else [sizes[part]]
        arrays.append(d.floats(*shape))
    return op("einsum", equation, *arrays)


def cross(d):
    n, m = d.pick((3, 3), (3, 3), (2, 2), (2, 3), (3, 2))
    shape = shape_of(d, 0, 2, empty=0)
    if n == m and len(shape) > 0 and d.maybe(0.3):
        return op("cross", d.floats(n, *shape), d.floats(m, *shape), axis=0)
    return op("cross", d.floats(*shape, n), d.floats(*shape, m))


def reshape(d):
    x = tensor_of(d, 0, 4)
    size = x.size
    target = d.pick([size], [1, size], [size, 1, 1], list(x.shape)[::-1])
    if size > 0 and d.maybe(0.4) and target:
        target[d.int(0, len(target) - 1)] = -1
    return op("reshape", x, target)


def transpose(d):
    x = tensor_of(d)
    if d.maybe(0.3):
        return op("transpose", x)
    return op("transpose", x, axes=[int(i) for i in d.rng.permutation(x.ndim)])


def axis_pairs(name):
    def draw(d):
        x = tensor_of(d, 2, 4)
        return op(name, x, d.int(-x.ndim, x.ndim - 1), d.int(-x.ndim, x.ndim - 1))

    return draw


def moveaxis(d):
    x = tensor_of(d, 2, 4)
    if d.maybe():
        return op("moveaxis", x, d.int(-x.ndim, x.ndim - 1), d.int(-x.ndim, x.ndim - 1))
    count = d.int(1, x.ndim)
    return op("moveaxis", x, d.rng.permutation(x.ndim)[:count].tolist(), d.rng.permutation(x.ndim)[:count].tolist())


def expand_dims(d):
    x = tensor_of(d)
    return op("expand_dims", x, d.int(-x.ndim - 1, x.ndim))


def squeeze(d):
    shape = shape_of(d, 1, 4)
    if d.maybe():
        at = d.int(0, len(shape) - 1)
        shape[at] = 1
        return op("squeeze", d.floats(*shape), axis=d.pick(at, at - len(shape)))
    return op("squeeze", d.floats(*[1 if d.maybe() else s for s in shape]))


def roll(d):
    x = tensor_of(d, 1, 3)
    if d.maybe(0.3):
        return op("roll", x, d.int(-5, 5))
    if d.maybe(0.3) and x.ndim > 1:
        return op("roll", x, [d.int(-3, 3), d.int(-3, 3)], axis=[0, -1])
    return op("roll", x, d.int(-5, 5), axis=d.int(-x.ndim, x.ndim - 1))


def repeat(d):
    x = tensor_of(d, 1, 3)
    if d.maybe(0.3):
        return op("repeat", x, d.int(0, 3))
    axis = d.int(-x.ndim, x.ndim - 1)
    return op("repeat", x, d.int(0, 3) if d.maybe(0.6) else [d.int(0, 3) for _ in range(x.shape[axis])], axis=axis)


def tile(d):
    x = tensor_of(d, 0, 3)
    return op("tile", x, d.pick(d.int(0, 3), d.sizes(d.int(1, 4), 1, 3)))


def broadcast_to(d):
    shape = shape_of(d, 0, 4)
    own = [1 if d.maybe(0.4) else s for s in shape]
    return op("broadcast_to", of_kind(d, d.pick("float32", "int32", "bool"), own[d.int(0, len(own)) :]), shape)


def joined(name, same=False, low=1):
    def draw(d):
        shape = shape_of(d, low, 3)
        axis = d.int(-len(shape), len(shape) - 1) if shape else 0
        xs = []
        kinds = d.pick(("float32",), ("float32", "int32"), ("int32", "bool"), ("int32",))
        for _ in range(d.int(1, 3)):
            own = list(shape)
            if not same and own:
                own[axis] = d.int(0, 3)
            xs.append(of_kind(d, d.pick(*kinds), own))
        if name in ("hstack", "vstack"):
            return op(name, xs)
        return op(name, xs, **({"axis": axis} if d.maybe(0.7) or not same and axis != 0 else {}))

    return draw


def hstack(d):
    shape = shape_of(d, 1, 3)
    axis = 0 if len(shape) == 1 else 1
    return op("hstack", [d.floats(*[d.int(1, 3) if i == axis else s for i, s in enumerate(shape)]) for _ in range(d.int(1, 3))])


def vstack(d):
    shape = shape_of(d, 2, 3)
    return op("vstack", [d.floats(d.int(1, 3), *shape[1:]) for _ in range(d.int(1, 3))])


def append(d):
    shape = shape_of(d, 1, 3)
    if d.maybe(0.4):
        return op("append", tensor_of(d, 0, 2, ("float32", "int32")), tensor_of(d, 0, 2, ("float32", "int32")))
    axis = d.int(-len(shape), len(shape) - 1)
    other = list(shape)
    other[axis] = d.int(1, 3)
    return op("append", d.floats(*shape), d.floats(*other), axis=axis)


def split(d):
    shape = d.sizes(d.int(1, 3), 1, 3)
    axis = d.int(-len(shape), len(shape) - 1)
    if d.maybe():
        parts = d.int(1, 3)
        shape[axis] *= parts
    else:
        shape[axis] += 3
        parts = sorted(d.int(0, shape[axis]) for _ in range(d.int(1, 3)))
    return op("split", d.floats(*shape), parts, axis=axis)


def unstack(d):
    shape = d.sizes(d.int(1, 3), 1, 3)
    return op("unstack", d.floats(*shape), axis=d.int(-len(shape), len(shape) - 1))


def meshgrid(d):
    return op("meshgrid", *[d.floats(d.int(1, 4)) for _ in range(d.int(1, 3))], **d.options(indexing=["xy", "ij"]))


def pad(d):
    shape = d.sizes(d.int(1, 3), 2, 4)
    mode = d.pick("constant", "constant", "reflect", "symmetric")
    width = [d.sizes(2, 0, 1 if mode != "constant" else 3) for _ in shape]
    if d.maybe(0.2):
        width = d.pick(1, [1, 0])
    kwargs = {} if mode == "constant" and d.maybe(0.5) else {"mode": mode}
    if mode == "constant" and d.maybe(0.4):
        kwargs["constant_values"] = d.pick(1.5, -2)
    return op("pad", d.floats(*shape), width, **kwargs)


def filled(name):
    def draw(d):
        kwargs = d.options(dtype=["float32", "int32", "bool"])
        return op(name, shape_of(d), *([d.pick(2, 1.5, -1)] if name == "full" else []), **kwargs)

    return draw


def filled_like(name):
    return lambda d: op(name, tensor_of(d), *([d.pick(2, 1)] if name == "full_like" else []), gradient=False, **d.options(dtype=["float32", "int32"]))


def arange(d):
    if d.maybe(0.2):
        return op("arange", d.int(0, 6), **d.options(dtype=["float32", "int32"]))
    if d.maybe():
        return op("arange", d.int(-4, 2), d.int(3, 9), d.int(1, 3), **d.options(dtype=["float32", "int32"]))
    return op("arange", d.real(-2, 0), d.real(1, 4), d.pick(0.5, 0.25, 1.5), **d.options(dtype=["float32"]))


def spaced(name):
    def draw(d):
        kwargs = d.options(num=[1, 2, 5, 7], endpoint=[False, True], dtype=["float32"])
        if d.maybe(0.4):
            shape = shape_of(d, 1, 2, empty=0)
            return op(name, d.floats(*shape, low=-1), d.floats(*shape, low=0, high=2), gradient=False, **kwargs, **d.options(axis=[-1, 0]))
        return op(name, d.real(-2, 1), d.real(1, 2), **kwargs, **(d.options(base=[2.0, 3]) if name == "logspace" else {}))

    return draw


def cast(d):
    x = tensor_of(d, kinds=("float32", "float32", "int32", "bool", "uint8"), lo=-400, hi=400)
    if x.dtype == np.float32 and d.maybe(0.5):
        x = x / np.float32(100)
    return op("cast", x, d.pick("float32", "int32", "bool", *(["uint8"] if x.dtype != np.float32 else [])))


def take(d):
    x = tensor_of(d, 1, 3, ("float32", "int32", "bool"))
    if x.size == 0:
        x = d.floats(3, 2)
    axis = d.pick(None, d.int(-x.ndim, x.ndim - 1))
    n = x.size if axis is None else x.shape[axis]
    indices = d.ints(*shape_of(d, 0, 2, 3, 0), low=-n if d.maybe(0.4) else 0, high=n - 1)
    return op("take", x, indices, **({} if axis is None else {"axis": axis}))


def take_along_axis(d):
    shape = d.sizes(d.int(1, 3), 1, 4)
    axis = d.int(-len(shape), len(shape) - 1)
    own = list(shape)
    own[axis] = d.int(1, 4)
    n = shape[axis]
    return op("take_along_axis", d.floats(*shape), d.ints(*own, low=-n if d.maybe(0.3) else 0, high=n - 1), axis=axis)


def where(d):
    a, b = broadcast_pair(d, ("float32", "float32", "int32"), -3, 3)
    shape = np.broadcast_shapes(a.shape, b.shape)
    condition = d.bools(*[1 if d.maybe(0.2) else s for s in shape])
    if d.maybe(0.15):
        b = d.pick(0.0, 2)
    return op("where", condition, a, b)


def select(d):
    shape = shape_of(d, 1, 2, empty=0)
    count = d.int(1, 3)
    return op("select", [d.bools(*shape) for _ in range(count)], [d.floats(*shape) for _ in range(count)], d.pick(0, 0.5))


def slices(d):
    shape = d.sizes(d.int(1, 3), 1, 5)
    starts = [d.int(0, s - 1) for s in shape]
    return shape, starts, [d.int(1, s - a) for s, a in zip(shape, starts)]


def slice_(d):
    shape, starts, extents = slices(d)
    return op("slice", d.floats(*shape), np.array(starts, "int32"), extents)


def slice_update(d):
    shape, starts, extents = slices(d)
    return op("slice_update", d.floats(*shape), np.array(starts, "int32"), d.floats(*extents))


def scatter(name):
    def draw(d):
        shape = d.sizes(d.int(1, 3), 2, 4)
        depth = d.int(1, len(shape))
        count = d.int(1, 4)
        if name == "scatter_update":
            flat = d.rng.permutation(int(np.prod(shape[:depth])))[:count]
            indices = np.stack(np.unravel_index(flat, shape[:depth]), -1).astype("int32")
            return op(name, d.floats(*shape), indices, d.floats(len(flat), *shape[depth:]))
        indices = np.stack([d.ints(count, low=0, high=s - 1) for s in shape[:depth]], -1)
        return op(name, indices, d.floats(count, *shape[depth:]), shape)

    return draw


def one_hot(d):
    n = d.int(1, 5)
    x = d.ints(*shape_of(d, 0, 3, empty=0), low=-1 if d.maybe(0.3) else 0, high=n if d.maybe(0.3) else n - 1)
    return op("one_hot", x, n, **d.options(axis=lambda: d.int(-1, x.ndim), dtype=["int32", "bool", "float32"]))


def multi_hot(d):
    n = d.int(2, 5)
    x = d.ints(*shape_of(d, 1, 3, empty=0), low=0, high=n - 1)
    return op("multi_hot", x, n, **d.options(dtype=["int32", "float32"]))


def segment(name):
    def draw(d):
        n, segments = d.int(1, 6), d.int(1, 4)
        ids = d.ints(n, low=0, high=segments - 1)
        kwargs = {"num_segments": segments} if d.maybe(0.7) else {}
        if d.maybe(0.3):
            ids = np.sort(ids)
            kwargs["sorted"] = True
        return op(name, d.floats(n, *shape_of(d, 0, 2, empty=0)), ids, **kwargs)

    return draw


def top_k(d):
    shape = d.sizes(d.int(1, 3), 1, 6)
    return op("top_k", of_kind(d, d.pick("float32", "float32", "int32"), shape), d.int(1, shape[-1]))


def in_top_k(d):
    classes, n = d.int(2, 5), d.int(1, 4)
    return op("in_top_k", d.ints(n, low=0, high=classes - 1), d.floats(n, classes), d.int(1, classes))


def bincount(d):
    x = d.ints(*d.pick([d.int(1, 9)], [2, d.int(1, 5)]), low=0, high=6)
    kwargs = d.options(minlength=[0, 3, 9])
    if d.maybe(0.4):
        kwargs["weights"] = d.floats(*x.shape)
    return op("bincount", x, gradient=False, **kwargs)


def digitize(d):
    return op("digitize", tensor_of(d, 0, 3, ("float32", "int32")), np.sort(d.floats(d.int(1, 5))))


def diff(d):
    x = d.floats(*d.sizes(d.int(1, 3), 3, 5))
    return op("diff", x, **d.options(n=[0, 1, 2], axis=lambda: d.int(-x.ndim, x.ndim - 1)))


def diagonal(name):
    def draw(d):
        x = d.floats(*d.sizes(d.int(2, 4), 1, 4))
        kwargs = d.options(offset=[-1, 0, 1])
        if d.maybe(0.4):
            a, b = d.rng.permutation(x.ndim)[:2].tolist()
            kwargs |= {"axis1": a, "axis2": b - x.ndim if d.maybe(0.3) else b}
        return op(name, x, **kwargs)

    return draw


def diag(d):
    return op("diag", d.floats(*d.sizes(d.int(1, 2), 1, 4)), **d.options(k=[-2, -1, 0, 1]))


def triangle(name):
    return lambda d: op(name, tensor_of(d, 2, 4), **d.options(k=[-2, -1, 0, 1]))


def tri(d):
    return op("tri", d.int(1, 4), **d.options(M=[2, 5], k=[-1, 0, 1], dtype=["int32"]))


def eye(d):
    return op("eye", d.int(1, 4), **d.options(M=[2, 5], k=[-1, 0, 1], dtype=["int32"]))


def get_item(d):
    x = d.floats(*d.sizes(d.int(1, 3), 2, 4))
    return op("get_item", x, d.int(-2, 1))


def normalize(d):
    x = d.floats(*d.sizes(d.int(1, 3), 1, 4))
    return op("normalize", x, **d.options(axis=lambda: d.int(-x.ndim, x.ndim - 1), order=[1, 2, 3]))


def moments(d):
    x = d.floats(*d.sizes(d.int(1, 4), 1, 4))
    axes = sorted(d.rng.choice(x.ndim, d.int(1, x.ndim), replace=False).tolist())
    return op("moments", x, axes=axes, **d.options(keepdims=[True]))


def batch_normalization(d):
    x = d.floats(*d.sizes(d.int(2, 4), 1, 4))
    axis = d.int(-x.ndim, x.ndim - 1)
    n = x.shape[axis]
    kwargs = {"axis": axis, **d.options(epsilon=[1e-3, 0.1])}
    for key in ("offset", "scale"):
        if d.maybe():
            kwargs[key] = d.floats(n)
    return op("batch_normalization", x, d.floats(n), d.floats(n, low=0.3, high=2), **kwargs)


def softmax(name):
    def draw(d):
        x = d.floats(*d.sizes(d.int(1, 4), 1, 4), low=-6, high=6)
        kwargs = d.options(axis=lambda: some_axis(d, x.ndim))
        return op(name, x, **kwargs)

    return draw


def pool(name):
    def draw(d):
        rank = d.int(1, 3)
        x = d.floats(d.int(1, 2), *d.sizes(rank, 3, 7 if rank < 3 else 4), d.int(1, 3))
        return op(name, x, d.per_axis(rank, 1, 3), **d.options(strides=lambda: d.per_axis(rank, 1, 3), padding=["same", "valid"]))

    return draw


def convolution(d):
    rank, groups = d.int(1, 3), d.pick(1, 1, 2)
    x = d.floats(d.int(1, 2), *d.sizes(rank, 3, 7 if rank < 3 else 4), groups * d.int(1, 2))
    kernel = d.floats(*d.sizes(rank, 1, 3), x.shape[-1] // groups, groups * d.int(1, 2))
    steps = d.pick({}, {"strides": d.per_axis(rank, 1, 3)}, {"dilation_rate": d.int(1, 2)})
    return op("conv", x, kernel, **steps, **d.options(padding=["same", "valid"]))


def depthwise(d):
    rank = d.int(1, 2)
    x = d.floats(d.int(1, 2), *d.sizes(rank, 3, 7), d.int(1, 3))
    kernel = d.floats(*d.sizes(rank, 1, 3), x.shape[-1], d.int(1, 2))
    steps = d.pick({}, {"strides": d.int(1, 3)}, {"dilation_rate": d.int(1, 2)})
    return op("depthwise_conv", x, kernel, **steps, **d.options(padding=["same", "valid"]))


def separable(d):
    x = d.floats(d.int(1, 2), *d.sizes(2, 3, 7), d.int(1, 3))
    m = d.int(1, 2)
    kernel = d.floats(*d.sizes(2, 1, 3), x.shape[-1], m)
    steps = d.pick({}, {"strides": d.int(1, 3)})
    return op("separable_conv", x, kernel, d.floats(1, 1, x.shape[-1] * m, d.int(1, 3)), **steps, **d.options(padding=["same", "valid"]))


def transposed(d):
    rank = d.int(1, 3)
    x = d.floats(d.int(1, 2), *d.sizes(rank, 2, 4), d.int(1, 3))
    kernel = d.floats(*d.sizes(rank, 1, 3), d.int(1, 3), x.shape[-1])
    return op("conv_transpose", x, kernel, strides=d.int(1, 3), **d.options(padding=["same", "valid"]))


def crossentropy(name):
    def draw(d):
        shape = d.sizes(d.int(1, 3), 2, 4)
        logits = d.maybe()
        p = d.floats(*shape, low=-3, high=3) if logits else d.floats(*shape, low=0.01, high=0.99)
        kwargs = {"from_logits": logits} if logits or d.maybe() else {}
        if name == "binary_crossentropy":
            return op(name, d.floats(*shape, low=0, high=1), p, **kwargs)
        if name == "categorical_crossentropy":
            t = d.floats(*shape, low=0, high=1)
            return op(name, t, p, **kwargs, **(d.options(axis=lambda: d.pick(-1, len(shape) - 1))))
        return op(name, d.ints(*shape[:-1], low=0, high=shape[-1] - 1), p, **kwargs)

    return draw


def ctc_loss(d):
    b, t, c, n = d.int(1, 3), d.int(3, 6), d.int(3, 5), d.int(1, 3)
    return op("ctc_loss", d.ints(b, n, low=1, high=c - 1), d.floats(b, t, c), d.ints(b, low=1, high=n), d.ints(b, low=t - 1 if t > 2 * n else t, high=t))


def ctc_decode(d):
    b, t, c = d.int(1, 3), d.int(2, 6), d.int(2, 5)
    kwargs = {"strategy": "greedy", **d.options(merge_repeated=[False, True])}
    return op("ctc_decode", d.floats(b, t, c), d.ints(b, low=1, high=t), gradient=False, **kwargs)


def fourier(name):
    def draw(d):
        shape = d.sizes(d.int(2 if name == "fft2" else 1, 3), 1, 8)
        return op(name, [d.floats(*shape), d.floats(*shape)], tuples=True)

    return draw


def rfft(d):
    return op("rfft", d.floats(*d.sizes(d.int(1, 3), 1, 9)), **d.options(fft_length=[4, 8, 5]))


def irfft(d):
    shape = d.sizes(d.int(1, 3), 2, 6)
    return op("irfft", [d.floats(*shape), d.floats(*shape)], tuples=True, **d.options(fft_length=[4, 6]))


def stft(d):
    length = d.pick(6, 8)
    return op("stft", d.floats(*d.pick([24], [2, 32])), length, d.pick(2, 3, 4), d.pick(8, 16), **d.options(window=["hann", "hamming", None], center=[False, True]))


def istft(d):
    frames, n = d.int(3, 6), 8
    shape = d.pick([frames, n // 2 + 1], [2, frames, n // 2 + 1])
    return op("istft", [d.floats(*shape), d.floats(*shape)], 8, d.pick(2, 4), 8, tuples=True, gradient=False, **d.options(window=["hann", "hamming"]))


def extract_sequences(d):
    return op("extract_sequences", d.floats(*d.pick([d.int(6, 14)], [2, d.int(6, 14)])), d.int(1, 5), d.int(1, 4))


def correlate(d):
    return op("correlate", d.floats(d.int(3, 7)), d.floats(d.int(1, 3)), **d.options(mode=["valid", "same"]))


def logical_pairs(name):
    return binary(name, kinds=("bool", "bool", "int32", "float32"), lo=-1, hi=1)


def images(d, channels=3, low=2, high=7):
    shape = [*d.sizes(2, low, high), channels]
    return d.floats(*([d.int(1, 2)] if d.maybe(0.7) else []), *shape, low=0, high=1)


def resize(d):
    kwargs = d.options(interpolation=["bilinear", "nearest", "bicubic", "lanczos3", "lanczos5"], antialias=[True, False])
    kwargs |= d.pick({}, {}, {"crop_to_aspect_ratio": True}, {"pad_to_aspect_ratio": True, "fill_value": d.pick(0.0, 0.5)})
    x = images(d, d.int(1, 3), 3, 8)
    kind = d.pick("float", "float", "float", "uint8", "int32")
    if kind != "float":
        x = (x * 255).astype(kind)
    return op("image.resize", x, d.sizes(2, 2, 9), **kwargs)


def affine_transform(d):
    x = images(d, d.int(1, 2), 3, 6)
    t = d.floats(*([x.shape[0]] if x.ndim == 4 else []), 8, low=-0.3, high=0.3)
    t[..., 0] += 1
    t[..., 4] += 1
    t[..., 6:] = 0
    t[..., [2, 5]] *= 5
    kwargs = d.options(interpolation=["nearest", "bilinear"], fill_mode=["constant", "nearest", "wrap", "reflect"], fill_value=[0.5])
    return op("image.affine_transform", x, t, **kwargs)


def map_coordinates(d):
    shape = d.sizes(d.int(1, 3), 2, 6)
    n = shape_of(d, 1, 2, empty=0)
    x = d.floats(*shape)
    c = np.stack([d.floats(*n, low=-2 if d.maybe(0.5) else 0, high=s + 1 if d.maybe(0.5) else s - 1) for s in shape])
    return op("image.map_coordinates", x, c, d.int(0, 1), **d.options(fill_mode=["constant", "nearest", "wrap", "mirror", "reflect"], fill_value=[1.5]))


def colours(name):
    return lambda d: op(f"image.{name}", images(d))


def pad_images(d):
    x = images(d, 2)
    h, w = x.shape[-3:-1]
    if d.maybe():
        return op("image.pad_images", x, top_padding=d.int(0, 2), left_padding=d.int(0, 2), bottom_padding=d.int(0, 2), right_padding=d.int(0, 2))
    return op("image.pad_images", x, top_padding=1, left_padding=d.int(0, 2), target_height=h + d.int(1, 3), target_width=w + d.int(2, 4))


def crop_images(d):
    x = images(d, 2, 5, 7)
    if d.maybe():
        return op("image.crop_images", x, top_cropping=d.int(0, 2), left_cropping=d.int(0, 2), bottom_cropping=d.int(0, 2), right_cropping=d.int(0, 2))
    return op("image.crop_images", x, top_cropping=1, left_cropping=d.int(0, 2), target_height=d.int(1, 3), target_width=d.int(1, 3))


def extract_patches(d):
    x = d.floats(d.int(1, 2), *d.sizes(2, 4, 8), d.int(1, 2))
    kwargs = d.options(strides=[1, 2, 3], padding=["same", "valid"])
    if "strides" not in kwargs and d.maybe(0.3):
        kwargs |= {"strides": 1, "dilation_rate": 2}
    return op("image.extract_patches", x, d.pick(d.int(1, 3), d.sizes(2, 1, 3)), **kwargs)


def nonzero(d):
    return op("nonzero", tensor_of(d, 1, 3, ("float32", "int32", "bool"), -1, 1))


def power(d):
    if d.maybe(0.3):
        return op("power", tensor_of(d, 0, 3, ("int32",), -3, 3), d.ints(low=0, high=3))
    if d.maybe(0.3):
        return op("power", tensor_of(d, 0, 3, ("float32",)), d.pick(2, 3, 2.0, 0, -1))
    a, b = broadcast_pair(d, ("float32",), 0.1, 3)
    return op("power", a, b)


def argpartition(d):
    n = d.int(1, 9)
    return op("argpartition", d.floats(n), d.int(0, n - 1))


def outer(d):
    return op("outer", tensor_of(d, 0, 2, ("float32", "int32")), tensor_of(d, 0, 2, ("float32",)))


def vdot(d):
    shape = shape_of(d, 0, 2, empty=0)
    return op("vdot", d.floats(*shape), d.floats(*shape))


ALL = ("float32", "float32", "int32", "bool")
FLOATS = ("float32", "float32", "float32", "int32")
ONLY = ("float32",)

OPS = {
    **{n: unary(n) for n in ("abs", "absolute", "negative", "square", "sign", "exp", "expm1", "sin", "cos", "tan", "sinh", "cosh", "tanh", "arctan", "arcsinh", "ceil", "floor", "isfinite", "isinf", "isnan", "real", "conj", "conjugate", "imag", "copy", "logical_not", "ndim", "size")},
    **{n: unary(n, kinds=FLOATS) for n in ("sigmoid", "relu", "relu6", "selu", "softplus", "softsign", "silu", "swish", "hard_sigmoid", "hard_silu", "hard_swish", "log_sigmoid", "erf", "stop_gradient", "ravel", "zeros_like", "ones_like")},
    **{n: unary(n, 0.05, 4, kinds=FLOATS) for n in ("sqrt", "log", "log10", "log2", "log1p", "reciprocal", "rsqrt")},
    **{n: unary(n, -0.99, 0.99, kinds=FLOATS) for n in ("arcsin", "arccos", "arctanh", "erfinv")},
    "arccosh": unary("arccosh", 1.05, 4, kinds=FLOATS),
    "nan_to_num": lambda d: op("nan_to_num", SPECIAL.copy() if d.maybe() else tensor_of(d), gradient=False, **d.options(nan=[1.5], posinf=[9.0], neginf=[-7.0])),
    "round": unary("round", kinds=FLOATS, decimals=[0, 1, 2]),
    "elu": unary("elu", kinds=FLOATS, alpha=[0.5, 2.0]),
    "gelu": unary("gelu", kinds=ONLY, approximate=[False, True]),
    "leaky_relu": unary("leaky_relu", kinds=FLOATS, negative_slope=[0.0, 0.1]),
    **{n: binary(n) for n in ("add", "subtract", "multiply", "maximum", "minimum")},
    **{n: binary(n, special=False) for n in ("divide", "true_divide")},
    **{n: binary(n) for n in ("equal", "not_equal", "greater", "greater_equal", "less", "less_equal")},
    **{n: logical_pairs(n) for n in ("logical_and", "logical_or", "logical_xor")},
    **{n: binary(n, kinds=FLOATS, special=False) for n in ("arctan2", "logaddexp", "divide_no_nan")},
    **{n: binary(n, kinds=FLOATS, lo=1, special=False) for n in ("mod", "floor_divide")},
    "mod_signs": lambda d: op(d.pick("mod", "floor_divide"), d.ints(4, low=-9, high=9), d.pick(-3, -2, 2, 3) * np.ones(4, "int32")),
    "mod_floats": lambda d: op(d.pick("mod", "floor_divide"), d.floats(5), d.pick(-1.5, 0.7, 2) * np.ones(5, "float32")),
    "isclose": lambda d: op("isclose", np.float32([1, 1, 1e-9, np.nan, np.inf]), np.float32([1.00001, 1.1, 0, np.nan, np.inf]), **d.options(rtol=[1e-3, 0.2], atol=[0.2], equal_nan=[True])),
    "power": power,
    **{n: reduction(n) for n in ("sum", "mean", "prod", "var", "std", "count_nonzero")},
    **{n: reduction(n, kinds=("float32", "int32"), empty=0) for n in ("max", "min", "amax", "amin", "median", "logsumexp")},
    **{n: reduction(n, kinds=("bool", "bool", "int32", "float32")) for n in ("any", "all")},
    **{n: reduction(n, kinds=("float32", "int32"), several=False, empty=0) for n in ("argmax", "argmin")},
    "max_initial": lambda d: op(d.pick("max", "min"), d.floats(2, 3), initial=d.pick(0.5, -0.5), **d.options(axis=[0, -1], keepdims=[True])),
    "argsort": along("argsort", none=True),
    "sort": along("sort"),
    "cumsum": along("cumsum", none=True, dtype=["float32"]),
    "cumprod": along("cumprod", none=True),
    "flip": along("flip", none=True),
    "argpartition": argpartition,
    "clip": clip, "average": average, "quantile": quantile, "matmul": matmul, "dot": dot, "tensordot": tensordot, "einsum": einsum,
    "cross": cross, "outer": outer, "vdot": vdot, "reshape": reshape, "transpose": transpose, "swapaxes": axis_pairs("swapaxes"),
    "moveaxis": moveaxis, "expand_dims": expand_dims, "squeeze": squeeze, "roll": roll, "repeat": repeat, "tile": tile,
    "broadcast_to": broadcast_to, "concatenate": joined("concatenate"), "stack": joined("stack", True, 0), "hstack": hstack, "vstack": vstack,
    "append": append, "split": split, "unstack": unstack, "meshgrid": meshgrid, "pad": pad, "arange": arange,
    **{n: filled(n) for n in ("zeros", "ones", "full")},
    "full_like": filled_like("full_like"),
    "linspace": spaced("linspace"), "logspace": spaced("logspace"),
    "cast": cast, "take": take, "take_along_axis": take_along_axis, "where": where, "nonzero": nonzero, "select": select,
    "slice": slice_, "slice_update": slice_update, "scatter": scatter("scatter"), "scatter_update": scatter("scatter_update"),
    "one_hot": one_hot, "multi_hot": multi_hot, "segment_sum": segment("segment_sum"), "segment_max": segment("segment_max"),
    "top_k": top_k, "in_top_k": in_top_k, "bincount": bincount, "digitize": digitize, "diff": diff,
    "trace": diagonal("trace"), "diagonal": diagonal("diagonal"), "diag": diag, "tril": triangle("tril"), "triu": triangle("triu"), "tri": tri,
    "eye": eye, "identity": lambda d: op("identity", d.int(1, 4)), "get_item": get_item,
    "normalize": normalize, "moments": moments, "batch_normalization": batch_normalization, "softmax": softmax("softmax"),
    "log_softmax": softmax("log_softmax"), "psnr": lambda d: op("psnr", d.floats(3, 4), d.floats(3, 4), d.pick(1.0, 255.0)),
    "max_pool": pool("max_pool"), "average_pool": pool("average_pool"), "conv": convolution, "depthwise_conv": depthwise,
    "separable_conv": separable, "conv_transpose": transposed,
    **{n: crossentropy(n) for n in ("binary_crossentropy", "categorical_crossentropy", "sparse_categorical_crossentropy")},
    "ctc_loss": ctc_loss, "ctc_decode": ctc_decode, "fft": fourier("fft"), "fft2": fourier("fft2"), "rfft": rfft, "irfft": irfft,
    "stft": stft, "istft": istft, "extract_sequences": extract_sequences, "correlate": correlate,
    "image.resize": resize, "image.affine_transform": affine_transform, "image.map_coordinates": map_coordinates,
    **{f"image.{n}": colours(n) for n in ("rgb_to_grayscale", "rgb_to_hsv", "hsv_to_rgb")},
    "image.pad_images": pad_images, "image.crop_images": crop_images, "image.extract_patches": extract_patches,
}  # fmt: skip

DRAWS = {"ops": OPS}
