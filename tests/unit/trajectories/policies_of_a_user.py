"""Policies as a user has them, good ones and others."""

import numpy as np

_asked = [0]


def still(observation):
    return np.zeros((len(observation), 5), np.float32)


class Leaning:
    """Quotes nearer to the reference where that sells what it holds."""

    def __init__(self, task):
        self.names = [feature.name for feature in task.features]

    def __call__(self, observation):
        held = np.clip(observation[:, self.names.index("position")], -0.5, 0.5)
        observation[:] = np.nan  # what a policy does to its copy is its own affair
        still = np.zeros_like(held)
        said = np.stack([0.2 + held, 0.2 - held, still, still, still], axis=1)
        return said.astype(np.float32)


def narrow(observation):
    return np.zeros((len(observation), 3), np.float32)


def whole(observation):
    return np.zeros((len(observation), 5), np.int64)


def missing(observation):
    return np.full((len(observation), 5), np.nan, np.float32)


def loud(observation):
    return np.full((len(observation), 5), 1.5, np.float32)


def broken(observation):
    return observation[:, 99]


def restless(observation):
    _asked[0] += 1
    return np.full((len(observation), 5), 1 / _asked[0], np.float32)


class Late:
    """Wants what is no action at its fourth decision."""

    def __init__(self, task):
        self.asked = 0

    def __call__(self, observation):
        self.asked += 1
        return np.full((len(observation), 5), 0.5 if self.asked < 4 else 2.0, np.float32)


class Shy:
    """Takes no task."""

    def __init__(self):
        pass


NUMBER = 4
