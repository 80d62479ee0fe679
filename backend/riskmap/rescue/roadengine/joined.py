"""Which nodes hang together."""

import numpy as np
from numpy.typing import NDArray


def joined(nodes: int, head: NDArray[np.integer], tail: NDArray[np.integer]) -> NDArray[np.int64]:
    """A number for each of so many nodes, equal where lines from `head` to `tail` join them, whatever their way."""
    label = np.arange(nodes)
    while True:  # each round joins trees at their roots and halves their height
        least = np.minimum(label[head], label[tail])
        before = label.copy()
        for at in (label[head], label[tail], head, tail):
            np.minimum.at(label, at, least)
        label = label[label]
        if (label == before).all():
            return np.asarray(label)
