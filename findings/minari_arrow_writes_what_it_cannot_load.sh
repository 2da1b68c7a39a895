#!/usr/bin/env bash
# minari 0.5.4; seen on 2026-11-28 with Python 3.11.
#
# One number a step in the infos of an episode, as an array of one axis. A data set
# of format "hdf5" with it is written and loaded. One of format "arrow" is written without a word and
# then cannot be loaded: the loss shows when the run that made the data is over. The same numbers as
# an array with a second axis of length 1 load in both.
#
# What is seen, of infos of shape (4,) and (4, 1):
#     hdf5    loaded, loaded
#     arrow   ValueError, loaded
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install -qq "minari[hdf5,arrow]==0.5.4" gymnasium==1.4.0 pillow
export MINARI_DATASETS_PATH="$folder/datasets"
venv/bin/python -I -W ignore - <<'END'
import sys

import gymnasium
import minari
import numpy as np
from minari.data_collector.episode_buffer import EpisodeBuffer

SPACE = gymnasium.spaces.Box(-1, 1, (1,), np.float32)


def outcome(data_format, shape):
    episode = EpisodeBuffer(
        id=0,
        observations=np.zeros((4, 1), np.float32),
        actions=np.zeros((3, 1), np.float32),
        rewards=np.zeros(3),
        terminations=np.array([False, False, True]),
        truncations=np.zeros(3, bool),
        infos={"inventory": np.zeros(shape)},
    )
    name = f"maker-{data_format}{len(shape)}-v0"
    minari.create_dataset_from_buffers(
        name,
        [episode],
        observation_space=SPACE,
        action_space=SPACE,
        data_format=data_format,
        algorithm_name="none",
        author="nobody",
        author_email="nobody@example.org",
        code_permalink="none",
        description="none",
    )
    try:
        minari.load_dataset(name)[0]
    except ValueError as error:
        return type(error).__name__
    return "loaded"


for data_format, expected in (("hdf5", "loaded, loaded"), ("arrow", "ValueError, loaded")):
    seen = f"{outcome(data_format, (4,))}, {outcome(data_format, (4, 1))}"
    print(f"{data_format}: {seen}")
    if seen != expected:
        sys.exit(f"Changed: of {data_format}, {seen} and not {expected}.")
END
