"""The keywords of lending: what each door needs to be told, and within which bounds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np

from proteus import plugins
from proteus.configuration.reading import read_model
from proteus.errors import ConfigError, nearest

LARGEST = 2**63 - 1
LARGEST_RAY = 10**36
WAD = 10**18
RAY = 10**27
YEAR_S = 31_536_000


class Whole(NamedTuple):
    """A keyword that is an integer; without a default it must be given."""

    least: int
    most: int
    default: int | None = None


class Choice(NamedTuple):
    """A keyword that is one of some words."""

    words: tuple[str, ...]
    default: str | None = None


class Part(NamedTuple):
    """A keyword that is one of some words, or the keys of a part of another package."""

    words: tuple[str, ...]
    default: str
    kinds: Mapping[str, Any]  # rows whose ``config`` reads the keys, by name


class Account(NamedTuple):
    """A keyword that names an account of ``wallets``."""


class Accounts(NamedTuple):
    """A keyword that lists accounts of ``wallets``; without it none, or all of them."""

    is_all: bool


Term = Whole | Choice | Part | Account | Accounts
Terms = Mapping[str, Term]


def read_terms(where: str, declared: Terms, given: Mapping[str, Any]) -> dict[str, Any]:
    """Check the keywords of a door, and lay them over the defaults.

    Parameters
        where: the words that say which door it is.

    Raises
        ConfigError: an unknown keyword, one that is missing, or a value that is not allowed.
    """
    for name in given:
        if name not in declared:
            raise ConfigError(f"{name} is no keyword of {where}{nearest(name, declared)}")
    return {name: _read(where, name, term, given) for name, term in declared.items()}


def _read(where: str, name: str, term: Term, given: Mapping[str, Any]) -> Any:
    if name not in given:
        default = term.default if isinstance(term, (Whole, Choice, Part)) else None
        if default is None and not isinstance(term, Accounts):
            raise ConfigError(f"{name} is missing: {where} needs it")
        return default
    value = given[name]
    if isinstance(term, Whole):
        is_whole = isinstance(value, (int, np.integer)) and not isinstance(value, bool)
        if not (is_whole and term.least <= value <= term.most):
            allowed = f"must be an integer {term.least} .. {term.most}"
            raise ConfigError(f"{name}={value!r} is not allowed: {allowed}")
        return int(value)
    if isinstance(term, Part) and isinstance(value, Mapping):
        return _read_part(name, term, value)
    if isinstance(term, (Choice, Part)) and value not in term.words:
        raise ConfigError(f"{name}={value!r} is not allowed: must be {', '.join(term.words)}")
    return value


def _read_part(name: str, part: Part, keys: Mapping[str, Any]) -> Any:
    """Read the keys of a part of another package with its own model."""
    chosen: Any = keys.get("name")
    if chosen not in part.kinds:
        why = plugins.why_left_out(chosen) or nearest(str(chosen), part.kinds)
        raise ConfigError(f"{name}.name={chosen!r} does not exist{why}")
    return read_model(part.kinds[chosen].config, keys)


def read_wallets(wallets: Any, assets: tuple[str, str]) -> dict[Any, tuple[int, int]]:
    """Check who takes part, and what each holds at the start: of both assets, in their units.

    Raises
        ConfigError: no mapping of names to two amounts.
    """
    if not isinstance(wallets, Mapping) or not wallets:
        held = f"({assets[0]}, {assets[1]})"
        raise ConfigError(f"wallets={wallets!r} is not allowed: must map each account to {held}")
    read = {}
    for name, amounts in wallets.items():
        pair = tuple(amounts) if isinstance(amounts, Iterable) else ()
        if len(pair) != 2 or not all(_is_amount(amount) for amount in pair):
            allowed = f"must be two integers 0 .. {LARGEST}, of {assets[0]} and of {assets[1]}"
            raise ConfigError(f"wallets: {name}={amounts!r} is not allowed: {allowed}")
        read[name] = (int(pair[0]), int(pair[1]))
    for asset in range(2):
        if sum(amounts[asset] for amounts in read.values()) > LARGEST:
            total = f"all wallets together hold {assets[asset]} beyond 2**63 - 1"
            raise ConfigError(f"wallets is not allowed: {total}")
    return read


def _is_amount(value: Any) -> bool:
    is_whole = isinstance(value, (int, np.integer)) and not isinstance(value, bool)
    return bool(is_whole and 0 <= value <= LARGEST)


def account_numbers(name: str, value: Any, term: Accounts, numbers: Mapping[Any, int]) -> list[int]:
    """Return the numbers of the accounts that a keyword lists.

    Raises
        ConfigError: it is no list of accounts of ``wallets``.
    """
    if value is None:
        return [*numbers.values()] if term.is_all else []
    if isinstance(value, (str, bytes)) or not isinstance(value, Iterable):
        raise ConfigError(f"{name}={value!r} is not allowed: must list accounts of wallets")
    return [account_number(name, each, numbers) for each in value]


def account_number(name: str, value: Any, numbers: Mapping[Any, int]) -> int:
    """Return the number of an account that a keyword names.

    Raises
        ConfigError: it is none of ``wallets``.
    """
    if value not in numbers:
        known = nearest(str(value), [str(each) for each in numbers])
        raise ConfigError(f"{name}={value!r} is not allowed: no account of wallets{known}")
    return numbers[value]
