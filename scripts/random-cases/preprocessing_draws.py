"""Random preprocessing layers with inputs."""

import keras
import numpy as np

from layer_draws import formats, image, is_first, one

L = keras.layers
WORDS = ["the", "quick", "brown", "fox", "Dog", "over", "Lazy", "jumps", "naïve", "étude", "x", "a1", "don't", "end."]


def words(d, *shape, known=WORDS):
    return np.array([d.pick(*known, "unknown", "") for _ in range(int(np.prod(shape)))], dtype=object).reshape(shape)


def texts(d, *shape):
    def text():
        return d.pick(" ", " ", "  ", "\n").join(d.pick(*WORDS, "The,", "FOX!", "(over)", "zebra") for _ in range(d.int(0, 6)))

    return np.array([text() for _ in range(int(np.prod(shape)))], dtype=object).reshape(shape)


def rescaling(d):
    x = d.floats(*d.sizes(d.int(1, 3), 1, 4), 3)
    kwargs = {"scale": d.pick(1 / 255, 2.0, [0.5, 1.0, 2.0]), **d.options(offset=[-1.0, [0.1, 0.2, 0.3]])}
    return one(L.Rescaling(**kwargs), x, kwargs)


def category_encoding(d):
    mode = d.pick("one_hot", "multi_hot", "count")
    tokens = d.int(2, 6)
    kwargs = {"num_tokens": tokens, "output_mode": mode}
    shape = d.pick([d.int(1, 4)], [d.int(1, 4), d.int(1, 4)], [d.int(1, 4), 1])
    x = d.ints(*shape, low=0, high=tokens - 1)
    call = {"count_weights": d.floats(*shape, low=0, high=2)} if mode == "count" and d.maybe() else {}
    return one(L.CategoryEncoding(**kwargs), x, kwargs, call=call)


def discretization(d):
    bounds = sorted({d.real(-2, 2) for _ in range(d.int(1, 4))})
    kwargs = {"bin_boundaries": bounds, **d.options(output_mode=["int", "one_hot", "multi_hot", "count"])}
    shape = d.pick([d.int(1, 4)], [d.int(1, 4), d.int(1, 4)], [d.int(1, 4), 1], [2, 2, 3])
    x = d.floats(*shape)
    if d.maybe():
        x.flat[0] = bounds[0]
    return one(L.Discretization(**kwargs), x, kwargs)


def normalization(d):
    rank = d.int(2, 3)
    x = d.floats(d.int(1, 4), *d.sizes(rank - 1, 1, 4))
    kwargs = d.options(invert=[True])
    axis = d.pick(-1, None, rank - 1, [1] if rank == 2 else d.pick([1], [1, 2], [2]))
    kwargs["axis"] = axis
    if axis is None:
        kwargs |= {"mean": d.real(-1, 1), "variance": d.real(0.2, 2)}
    else:
        axes = [a % rank for a in (axis if isinstance(axis, list) else [axis])]
        shape = [x.shape[a] for a in axes]
        if d.maybe():
            shape = [x.shape[i] if i in axes else 1 for i in range(rank)]
        kwargs |= {"mean": d.floats(*shape).tolist(), "variance": d.floats(*shape, low=0, high=2).tolist()}
    return one(L.Normalization(**kwargs), x, kwargs)


def center_crop(d):
    kwargs = {"height": d.int(1, 7), "width": d.int(1, 7), **formats(d)}
    x = image(d, 2, is_first(kwargs), d.pick(1, 3), low=2, high=9)
    if d.maybe(0.2):
        x = x[0]
    return one(L.CenterCrop(**kwargs), x, kwargs)


def resizing(d):
    kwargs = {"height": d.int(1, 8), "width": d.int(1, 8), **formats(d)}
    kwargs |= d.options(interpolation=["bilinear", "nearest", "bicubic", "lanczos3", "lanczos5"])
    kwargs |= d.pick({}, {}, {"crop_to_aspect_ratio": True}, {"pad_to_aspect_ratio": True, "fill_value": d.pick(0.0, 1.5)})
    x = image(d, 2, is_first(kwargs), d.pick(1, 3), low=1, high=8)
    if d.maybe(0.2):
        x = x[0]
    if d.maybe(0.15):
        x = (x * 60 + 120).astype("uint8") if d.maybe() else (x * 60).astype("int32")
    return one(L.Resizing(**kwargs), x, kwargs)


def random_image(cls, options):
    def draw(d):
        kwargs = {"seed": 1, **options(d)}
        x = image(d, 2, False, 3, low=3, high=7)
        if d.maybe(0.25):
            x = x[0]
        return one(getattr(L, cls)(**kwargs), x, kwargs, call={"training": False})

    return draw


def lookup(cls):
    def draw(d):
        known = WORDS[: d.int(2, 8)] if cls == "StringLookup" else [int(v) for v in d.rng.permutation(np.arange(-4, 40))[: d.int(2, 8)]]
        kwargs = {"vocabulary": list(known), "num_oov_indices": d.int(0, 3)}
        mode = d.pick("int", "int", "multi_hot", "count", "one_hot", "tf_idf")
        if d.maybe(0.7):
            kwargs["output_mode"] = mode
            if mode == "tf_idf":
                kwargs["idf_weights"] = [d.real(0.1, 2) for _ in known]
            if mode != "int" and d.maybe(0.3):
                kwargs["pad_to_max_tokens"], kwargs["max_tokens"] = True, len(known) + kwargs["num_oov_indices"] + d.int(0, 3)
        if d.maybe(0.3):
            kwargs["mask_token"] = "" if cls == "StringLookup" else d.pick(0, -1)
        if kwargs.get("output_mode", "int") == "int" and d.maybe(0.25):
            kwargs["invert"] = True
            x = d.ints(*d.sizes(d.int(1, 3), 1, 4), low=0, high=len(known))
            return one(getattr(L, cls)(**kwargs), x, kwargs)
        shape = d.pick([d.int(1, 4)], [d.int(1, 4), d.int(1, 4)], [d.int(1, 4), 1])
        pool = list(known) if kwargs["num_oov_indices"] == 0 else None
        if cls == "StringLookup":
            x = np.array([d.pick(*(pool or [*WORDS, "unknown"])) for _ in range(int(np.prod(shape)))], dtype=object).reshape(shape)
        else:
            x = np.array([d.pick(*(pool or [*known, 77, -9, 0])) for _ in range(int(np.prod(shape)))], dtype="int64").reshape(shape)
        return one(getattr(L, cls)(**kwargs), x, kwargs)

    return draw


def text_vectorization(d):
    vocabulary = [w.lower() for w in ("the", "quick", "fox", "dog", "over", "lazy", "don't", "dont", "naïve")][: d.int(2, 9)]
    mode = d.pick("int", "int", "multi_hot", "count", "tf_idf")
    kwargs = {"vocabulary": vocabulary, "output_mode": mode}
    kwargs |= d.options(
        standardize=["lower_and_strip_punctuation", "lower", "strip_punctuation", None], split=["whitespace", "character", None], ngrams=[1, 2, (1, 3)]
    )
    if mode == "int" and d.maybe():
        kwargs["output_sequence_length"] = d.int(1, 6)
    if mode == "tf_idf":
        kwargs["idf_weights"] = [d.real(0.1, 2) for _ in vocabulary]
    if mode not in ("int",) and d.maybe(0.3):
        kwargs["pad_to_max_tokens"], kwargs["max_tokens"] = True, len(vocabulary) + 4
    x = texts(d, *d.pick([d.int(1, 4)], [d.int(1, 4), 1]))
    return one(L.TextVectorization(**kwargs), x, kwargs)


def hashing(d):
    kwargs = {"num_bins": d.int(1, 8)}
    numbers = d.maybe()
    if d.maybe(0.3):
        kwargs["mask_value"] = 0 if numbers else ""
    if d.maybe(0.4):
        kwargs["salt"] = d.pick(7, [3, 11])
    mode = d.pick("int", "int", "one_hot", "multi_hot", "count")
    if mode != "int":
        kwargs["output_mode"] = mode
    shape = d.pick([d.int(1, 4)], [d.int(1, 4), d.int(1, 4)], [d.int(1, 4), 1])
    x = d.ints(*shape, low=-3, high=2000, dtype="int64") if numbers else words(d, *shape)
    return one(L.Hashing(**kwargs), x, kwargs)


def hashed_crossing(d):
    kwargs = {"num_bins": d.int(1, 9), **d.options(output_mode=["int", "one_hot"])}
    shape = d.pick([d.int(1, 4)], [d.int(1, 4), 1])
    inputs = [d.ints(*shape, low=0, high=99, dtype="int64") if d.maybe() else words(d, *shape) for _ in range(d.int(2, 3))]
    return {"layer": L.HashedCrossing(**kwargs), "inputs": inputs, "inputs_as": "list", "kwargs": kwargs}


def mel_spectrogram(d):
    kwargs = {"fft_length": d.pick(64, 128), "sequence_stride": d.pick(16, 32), "num_mel_bins": d.int(3, 8), "sampling_rate": 8000, "max_freq": 4000}
    kwargs |= d.options(min_freq=[0.0, 100.0], power_to_db=[False], top_db=[20.0], mag_exp=[1.0], sequence_length=[48, 64], window=["hamming"])
    return one(L.MelSpectrogram(**kwargs), d.floats(*d.pick([200], [2, 200])), kwargs)


DRAWS = {
    "layers_preprocessing": {
        "Rescaling": rescaling,
        "CategoryEncoding": category_encoding,
        "Discretization": discretization,
        "Normalization": normalization,
        "CenterCrop": center_crop,
        "Resizing": resizing,
        "RandomBrightness": random_image("RandomBrightness", lambda d: {"factor": 0.2}),
        "RandomContrast": random_image("RandomContrast", lambda d: {"factor": d.pick(0.3, [0.1, 0.4])}),
        "RandomFlip": random_image("RandomFlip", lambda d: d.options(mode=["horizontal", "vertical"])),
        "RandomRotation": random_image("RandomRotation", lambda d: {"factor": 0.1, **d.options(fill_mode=["wrap", "constant"])}),
        "RandomTranslation": random_image("RandomTranslation", lambda d: {"height_factor": 0.2, "width_factor": [-0.1, 0.3]}),
        "RandomZoom": random_image("RandomZoom", lambda d: {"height_factor": 0.2}),
        "RandomCrop": random_image("RandomCrop", lambda d: {"height": d.int(1, 6), "width": d.int(1, 6)}),
        "StringLookup": lookup("StringLookup"),
        "IntegerLookup": lookup("IntegerLookup"),
        "TextVectorization": text_vectorization,
        "Hashing": hashing,
        "HashedCrossing": hashed_crossing,
        "MelSpectrogram": mel_spectrogram,
    },
}
