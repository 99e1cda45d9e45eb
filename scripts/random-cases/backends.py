"""What differs between the backends of Keras: tensors, gradients, values."""

import keras
import numpy as np

if keras.backend.backend() == "tensorflow":
    import tensorflow as tf

    def tensor(array):
        return tf.constant(array)

    def gradients_of(call, sources, variables, cotangents_of):
        """Outputs of `call(sources)`, their cotangents, and the gradients of sources and variables (None where none reach)."""
        values = [v.value for v in variables]
        with tf.GradientTape(persistent=True) as tape:
            tape.watch([s for s in sources if s.dtype.is_floating])
            outputs = call()
            cotangents = cotangents_of(outputs)
            total = 0.0
            for y, c in zip(outputs, cotangents):
                if c is not None:
                    total = total + tf.reduce_sum(y * tf.constant(c))
        found = []
        for x in [*sources, *values]:
            x = tf.convert_to_tensor(x) if not isinstance(x, (tf.Tensor, tf.Variable)) else x
            if not x.dtype.is_floating:
                found.append(None)
                continue
            g = tape.gradient(total, x) if isinstance(total, tf.Tensor) else None
            found.append(None if g is None else tf.convert_to_tensor(g).numpy())
        return outputs, cotangents, found

else:
    import torch

    torch.set_num_threads(1)

    def tensor(array):
        t = torch.tensor(np.ascontiguousarray(array))
        return t.requires_grad_() if t.is_floating_point() else t

    def gradients_of(call, sources, variables, cotangents_of):
        outputs = call()
        cotangents = cotangents_of(outputs)
        total = 0.0
        for y, c in zip(outputs, cotangents):
            if c is not None:
                total = total + (y * torch.tensor(c)).sum()
        found = []
        for x in [*sources, *(v.value for v in variables)]:
            if not x.is_floating_point():
                found.append(None)
                continue
            g = None
            if isinstance(total, torch.Tensor) and total.requires_grad and x.requires_grad:
                (g,) = torch.autograd.grad(total, [x], retain_graph=True, allow_unused=True)
            found.append(None if g is None else g.detach().numpy())
        return outputs, cotangents, found


def value(x):
    """A tensor, a variable or a number as an array."""
    if isinstance(x, (bool, int, float)):
        return np.asarray(x)
    if hasattr(x, "to_dense") and hasattr(x, "indices"):
        x = keras.ops.convert_to_tensor(x)
    return np.asarray(keras.ops.convert_to_numpy(x))
