"""Small networks in the formats of ONNX and torch, written without the package of either format."""

import struct

import numpy as np

FEATURES, NUMBERS = 20, 5


def quoting():
    """Return weights [20, 5] and biases [5] that quote one lot on both sides at 0.04 and lean."""
    weights = np.zeros((FEATURES, NUMBERS), np.float32)
    weights[6, 0], weights[6, 1] = 0.02, -0.02  # further away on the side that adds to position
    weights[5, 4] = 0.01
    return weights, np.array([0.2, 0.2, -0.5, -0.5, 0.0], np.float32)


def onnx_bytes(weights, biases):
    """Return a model of ONNX that is ``x @ weights + biases``, as its protocol buffer."""

    def of(number, payload):
        if isinstance(payload, int):
            return _varint(number << 3) + _varint(payload)
        data = payload.encode() if isinstance(payload, str) else payload
        return _varint(number << 3 | 2) + _varint(len(data)) + data

    def tensor(name, values):
        dims = b"".join(of(1, size) for size in values.shape)
        return dims + of(2, 1) + of(8, name) + of(9, values.astype("<f4").tobytes())

    def value(name, size):
        batch, width = of(1, of(2, "n")), of(1, of(1, size))
        shape = of(2, batch + width)
        return of(1, name) + of(2, of(1, of(1, 1) + shape))

    nodes = [
        of(1, "x") + of(1, "w") + of(2, "m") + of(4, "MatMul"),
        of(1, "m") + of(1, "b") + of(2, "y") + of(4, "Add"),
    ]
    graph = b"".join(of(1, node) for node in nodes) + of(2, "linear")
    graph += of(5, tensor("w", weights)) + of(5, tensor("b", biases))
    graph += of(11, value("x", weights.shape[0])) + of(12, value("y", weights.shape[1]))
    return of(1, 8) + of(7, graph) + of(8, of(2, 17))


def _varint(number):
    found = b""
    while number > 127:
        found += struct.pack("B", number & 127 | 128)
        number >>= 7
    return found + struct.pack("B", number)


class Runtime:
    """Stands for onnxruntime where it is not installed: reads weights that NumPy has saved."""

    class SessionOptions:
        pass

    class InferenceSession:
        def __init__(self, path, sess_options, providers):
            with np.load(path, allow_pickle=False) as read:
                self.weights, self.biases = read["weights"], read["biases"]

        def get_inputs(self):
            return [type("Input", (), {"name": "x"})()]

        def run(self, names, given):
            return [given["x"] @ self.weights + self.biases]


def saved_by_numpy(path, weights, biases):
    """Write a file that :class:`Runtime` reads."""
    with path.open("wb") as file:
        np.savez(file, weights=weights, biases=biases)
    return path
