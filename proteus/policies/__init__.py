"""Policies by rules for traders who are decided for outside, in NumPy: ``act`` of a session."""

from proteus.policies.baseline_maker import BaselineMaker as BaselineMaker
