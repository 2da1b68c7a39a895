"""Policies for traders who are decided for outside, in NumPy: ``act`` of a session.

``BaselineMaker`` is one by rules; ``SavedPolicy`` asks a network that was saved to a file
(``proteus.policies.saved.load``).
"""

from proteus.policies.baseline_maker import BaselineMaker as BaselineMaker
from proteus.policies.saved import SavedPolicy as SavedPolicy
