"""Random preprocessing layers with data to adapt to."""

import keras
import numpy as np

from preprocessing_draws import WORDS, texts

L = keras.layers


def normalization(d):
    rank = d.int(2, 3)
    rest = d.sizes(rank - 1, 1, 4)
    kwargs = d.options(axis=lambda: d.pick(-1, None, [1], 1), invert=[True])
    return "Normalization", kwargs, d.floats(d.int(3, 12), *rest, low=-3, high=5), d.floats(d.int(1, 3), *rest)


def discretization(d):
    kwargs = {"num_bins": d.int(2, 6), **d.options(output_mode=["int", "one_hot"], epsilon=[0.01, 0.1])}
    return "Discretization", kwargs, d.floats(d.int(8, 40), 1), d.floats(d.int(1, 5), 1)


def tokens(d, cls, count):
    pool = WORDS[: d.int(3, 14)] if cls == "StringLookup" else [int(v) for v in d.rng.permutation(np.arange(1, 30))[: d.int(3, 14)]]
    drawn = [pool[min(int(d.rng.exponential(3)), len(pool) - 1)] for _ in range(count)]
    return np.array(drawn, dtype=object if cls == "StringLookup" else "int64")


def lookup(cls):
    def draw(d):
        kwargs = {"num_oov_indices": d.int(1, 2)}
        if d.maybe(0.5):
            kwargs["output_mode"] = d.pick("multi_hot", "count", "tf_idf")
        if d.maybe(0.5):
            kwargs["max_tokens"] = d.int(4, 9)
            if "output_mode" in kwargs and d.maybe():
                kwargs["pad_to_max_tokens"] = True
        if d.maybe(0.3):
            kwargs["mask_token"] = "" if cls == "StringLookup" else 0
        rows = d.int(2, 6)
        return cls, kwargs, tokens(d, cls, rows * 4).reshape(rows, 4), tokens(d, cls, 6).reshape(2, 3)

    return draw


def text_vectorization(d):
    kwargs = d.options(standardize=["lower", "strip_punctuation"], ngrams=[2], max_tokens=lambda: d.int(4, 12))
    mode = d.pick("int", "int", "multi_hot", "count", "tf_idf")
    kwargs["output_mode"] = mode
    if mode == "int" and d.maybe():
        kwargs["output_sequence_length"] = d.int(1, 5)
    return "TextVectorization", kwargs, texts(d, d.int(3, 9)), texts(d, d.int(1, 4))


DRAWS = {
    "layers_adapt": {
        "Normalization": normalization,
        "Discretization": discretization,
        "StringLookup": lookup("StringLookup"),
        "IntegerLookup": lookup("IntegerLookup"),
        "TextVectorization": text_vectorization,
    },
}
