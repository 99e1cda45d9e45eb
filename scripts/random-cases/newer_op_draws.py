"""Random calls of operations that keras.ops has since Keras 3.4."""

import numpy as np

from op_draws import FLOATS, ONLY, SPECIAL, along, binary, of_kind, op, reduction, shape_of, some_axis, tensor_of, unary

INTEGERS = ("int32",)


def bits(name):
    return binary(name, kinds=INTEGERS, numbers=False, special=False, lo=0, hi=9)


def nan_reduction(name, several=True, **choices):
    inner = reduction(name, kinds=ONLY, several=several, empty=0, **choices)

    def draw(d):
        spec = inner(d)
        x = spec["args"][0]
        if x.size > 1 and name not in ("nanargmax", "nanargmin"):
            x[d.bools(*x.shape, p=0.25)] = np.nan
        return spec

    return draw


def quantile(name, scale):
    def draw(d):
        x = d.floats(*d.sizes(d.int(1, 3), 1, 6))
        if name.startswith("nan"):
            x[d.bools(*x.shape, p=0.2)] = np.nan
        q = d.floats(*d.pick([], [d.int(1, 3)]), low=0, high=scale)
        return op(name, x, q, gradient=False, **d.options(axis=lambda: some_axis(d, x.ndim), keepdims=[True]))

    return draw


def window(name):
    return lambda d: op(name, d.int(1, 9), *([d.real(0, 9)] if name == "kaiser" else []))


def flips(name, low):
    return lambda d: op(name, tensor_of(d, low, 4))


def rot90(d):
    x = tensor_of(d, 2, 4)
    axes = d.rng.permutation(x.ndim)[:2].tolist()
    return op("rot90", x, **d.options(k=[0, 1, 2, 3, -1], axes=[axes]))


def kron(name):
    return lambda d: op(name, d.floats(*d.sizes(d.int(1, 2), 1, 3)), d.floats(*d.sizes(d.int(1, 2), 1, 3)))


def inner(d):
    k = d.int(1, 4)
    return op("inner", d.floats(*d.sizes(d.int(0, 2), 1, 3), k), d.floats(*d.sizes(d.int(0, 2), 1, 3), k))


def searchsorted(d):
    return op("searchsorted", np.sort(d.floats(d.int(1, 6))), d.floats(*d.sizes(d.int(0, 2), 1, 4)), **d.options(side=["left", "right"]))


def histogram(d):
    return op("histogram", d.floats(d.int(3, 20)), gradient=False, **d.options(bins=[3, 5]))


def trapezoid(d):
    y = d.floats(*d.sizes(d.int(1, 3), 2, 5))
    axis = d.int(-y.ndim, y.ndim - 1)
    return op("trapezoid", y, axis=axis, **d.options(dx=[0.5, 2.0]))


def vander(d):
    return op("vander", d.floats(d.int(1, 4)), **d.options(N=[1, 3], increasing=[True]))


def glu(d):
    shape = d.sizes(d.int(1, 3), 1, 3)
    axis = d.int(-len(shape), len(shape) - 1)
    shape[axis] *= 2
    return op("glu", d.floats(*shape), axis=axis)


def layer_norm(name):
    def draw(d):
        x = d.floats(*d.sizes(d.int(2, 3), 1, 5))
        kwargs = {}
        if d.maybe():
            kwargs["gamma" if name == "layer_normalization" else "scale"] = d.floats(x.shape[-1])
        return op(name, x, **kwargs, **d.options(epsilon=[1e-3]))

    return draw


def attention(d):
    b, t, s, n, h = d.sizes(5, 1, 4)
    g = d.pick(n, 1)
    kwargs = d.options(scale=[0.5], is_causal=[True])
    if d.maybe(0.4):
        kwargs["mask"] = d.bools(b, n, t, s, p=0.8)
        kwargs["mask"][..., 0] = True
    return op("dot_product_attention", d.floats(b, t, n, h), d.floats(b, s, g, h), d.floats(b, s, g, h), **kwargs)


def adaptive(name):
    def draw(d):
        rank = d.int(1, 3)
        x = d.floats(d.int(1, 2), *d.sizes(rank, 2, 6), d.int(1, 3))
        return op(name, x, output_size=[d.int(1, s) for s in x.shape[1:-1]], data_format="channels_last")

    return draw


def unravel(d):
    shape = d.sizes(d.int(1, 3), 1, 4)
    return op("unravel_index", d.ints(d.int(1, 4), low=0, high=int(np.prod(shape)) - 1), shape)


NAMES = {
    **{n: unary(n, kinds=FLOATS) for n in ("cbrt", "deg2rad", "rad2deg", "exp2", "fabs", "signbit", "isneginf", "isposinf", "isreal", "trunc", "sinc", "angle", "i0")},
    **{n: unary(n, kinds=ONLY) for n in ("celu", "hard_shrink", "hard_tanh", "soft_shrink", "sparse_plus", "sparse_sigmoid", "squareplus", "tanh_shrink", "erfc", "sparsemax")},
    "threshold": lambda d: op("threshold", d.floats(*shape_of(d, 1, 3)), d.real(-1, 1), d.pick(0.0, -2.0, 3.0)),
    **{n: binary(n, kinds=FLOATS, special=False) for n in ("fmax", "fmin", "hypot", "logaddexp2", "heaviside", "nextafter")},
    "fmod": binary("fmod", kinds=FLOATS, lo=1, special=False),
    "ldexp": lambda d: op("ldexp", d.floats(3, 2), d.ints(2, low=-3, high=3)),
    **{n: bits(n) for n in ("bitwise_and", "bitwise_or", "bitwise_xor", "left_shift", "right_shift", "gcd", "lcm")},
    "bitwise_not": unary("bitwise_not", kinds=INTEGERS),
    **{n: nan_reduction(n) for n in ("nansum", "nanmean", "nanmax", "nanmin", "nanprod", "nanstd", "nanvar", "nanmedian")},
    **{n: nan_reduction(n, several=False) for n in ("nanargmax", "nanargmin")},
    "ptp": lambda d: op("ptp", d.floats(*d.sizes(d.int(1, 3), 1, 4)), **d.options(axis=[0, -1], keepdims=[True])),
    "percentile": quantile("percentile", 100), "nanpercentile": quantile("nanpercentile", 100), "nanquantile": quantile("nanquantile", 1),
    "nancumsum": along("nancumsum", kinds=ONLY), "nancumprod": along("nancumprod", kinds=ONLY),
    **{n: window(n) for n in ("bartlett", "blackman", "hamming", "hanning", "kaiser")},
    "fliplr": flips("fliplr", 2), "flipud": flips("flipud", 1), "rot90": rot90, "kron": kron("kron"), "inner": inner,
    "searchsorted": searchsorted, "histogram": histogram, "trapezoid": trapezoid, "vander": vander, "glu": glu,
    "corrcoef": lambda d: op("corrcoef", d.floats(d.int(2, 3), d.int(3, 5))),
    "diagflat": lambda d: op("diagflat", d.floats(*d.sizes(d.int(1, 2), 1, 3)), **d.options(k=[-1, 1])),
    "geomspace": lambda d: op("geomspace", d.real(0.5, 2), d.real(3, 9), **d.options(num=[1, 4], endpoint=[False])),
    "isin": lambda d: op("isin", d.ints(3, 2), d.ints(4), **d.options(invert=[True])),
    "allclose": lambda d: op("allclose", np.float32([1, 2]), np.float32([1, d.pick(2.0, 2.1)])),
    "array_split": lambda d: op("array_split", d.floats(d.int(2, 7), 2), d.int(1, 4)),
    "cdist": lambda d: op("cdist", d.floats(2, d.int(1, 3), 3), d.floats(2, d.int(1, 3), 3), gradient=False),
    "layer_normalization": layer_norm("layer_normalization"), "rms_normalization": layer_norm("rms_normalization"),
    "dot_product_attention": attention, "adaptive_average_pool": adaptive("adaptive_average_pool"), "adaptive_max_pool": adaptive("adaptive_max_pool"),
    "segment_min": lambda d: op("segment_min", d.floats(5, 2), np.int32([0, 0, 1, 2, 2]), num_segments=3),
    "segment_prod": lambda d: op("segment_prod", d.floats(5, 2), np.int32([0, 0, 1, 2, 2]), num_segments=3),
    "unravel_index": unravel,
    "nan_to_num_special": lambda d: op("nan_to_num", SPECIAL.copy(), gradient=False),
    "matrix_power": lambda d: op("linalg.matrix_power", of_kind(d, "float32", [2, 3, 3]), d.int(0, 3)),
    "matrix_rank": lambda d: op("linalg.matrix_rank", of_kind(d, "float32", [3, 2]), gradient=False),
    "pinv": lambda d: op("linalg.pinv", of_kind(d, "float32", [3, 2]), gradient=False),
    "cholesky_inverse": lambda d: op("cholesky_inverse", np.tril(d.floats(3, 3)) + 2 * np.eye(3, dtype="float32"), gradient=False),
    "gaussian_blur": lambda d: op("image.gaussian_blur", d.floats(2, 5, 6, 3, low=0, high=1), gradient=False, **d.options(kernel_size=[[3, 3], [5, 3]], sigma=[[1.0, 1.0], [0.5, 2.0]])),
    "depth_to_space": lambda d: op("depth_to_space", d.floats(1, 2, 3, 8), 2),
    "space_to_depth": lambda d: op("space_to_depth", d.floats(1, 4, 6, 2), 2),
    "unfold": lambda d: op("unfold", d.floats(1, 2, 4, 5), d.pick(2, [2, 3]), **d.options(stride=[1, 2], padding=[0, 1], dilation=[1])),
    "ssim": lambda d: op("image.ssim", d.floats(1, 12, 12, 1, low=0, high=1), d.floats(1, 12, 12, 1, low=0, high=1), 1.0, gradient=False),
    "sobel_edges": lambda d: op("image.sobel_edges", d.floats(1, 4, 5, 2), gradient=False),
}  # fmt: skip

DRAWS = {"ops_newer": NAMES}
