"""The schema version of what a run writes, and how older files become like new ones.

Version 1: the attribute ``overrides`` was the words joined by spaces.
Version 2: ``overrides`` is a JSON list of the words, so that a value may hold a space.
Version 3: a configuration says who is shown what, in ``execution.leakage``; before, every trader
was shown the best prices and the prints at once. ``record.report`` asks for a page.
Version 4: the budgets of an endpoint are a list, and it has companions. A group says whose orders
its traders send; before, each trader was one account. ``record.per_trader`` asks for measures of
each trader. The dims ``class`` and ``rank`` have names
that neither Python nor xarray uses for something else.
Version 5: times in a dataset are timedelta64, before they were numbers of milliseconds; the codes
of ``violation`` mean the same in every dataset, before each had its own; an event log says of the
recorded cells alone what they are, and of each its number, and has columns for postings. Groups
have capital; before, it was unlimited.
Version 6: an event log has columns of credit: cash, collateral, debt and health factor of accounts,
and what interest accrued.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from proteus.errors import ResultsError

if TYPE_CHECKING:
    import pandas as pd

SCHEMA_VERSION = 6
FIRST_WITH_TIMES = 5  # whose times are timedelta64, and whose codes of flags are those of all
SCHEMA_KEY = "schema_version"
STAMP = f"{SCHEMA_KEY}={SCHEMA_VERSION}"  # in texts and figures
_MARKS = {",", '"', "\n", "\r"}

Attributes = dict[str, Any]


def csv_text(table: pd.DataFrame) -> str:
    """Return a table as CSV whose last column is the schema version; NaN is an empty field.

    The text is that of ``to_csv``, in half the time: a word that repeats is written once.
    """
    stamped = table.assign(**{SCHEMA_KEY: SCHEMA_VERSION})
    columns = [_fields(stamped[name]) for name in stamped]
    lines = map(",".join, zip(*columns, strict=True))
    return "\n".join([",".join(_field(str(name)) for name in stamped), *lines, ""])


def _fields(column: pd.Series) -> list[str]:
    if column.dtype.kind == "f":
        return ["" if value != value else repr(value) for value in column.tolist()]
    places, values = column.factorize()  # -1 for no value, which is the last
    texts = [*(_field(str(value)) for value in values.tolist()), ""]
    return [texts[place] for place in places.tolist()]


def _field(text: str) -> str:
    """Return a field as CSV has it: in quotes where it has a mark that ends one."""
    return '"' + text.replace('"', '""') + '"' if _MARKS & {*text} else text


def read_version(path: Path, attributes: Mapping[str, Any]) -> int:
    """Return the schema version of a file, at most this one.

    Parameters
        path: the file, for the error. attributes: what it says about itself.

    Raises
        ResultsError: no version, not a version, or one of a newer Proteus.
    """
    written = attributes.get(SCHEMA_KEY)
    if written is None:
        raise ResultsError(f"{path} is not a result of Proteus: it has no {SCHEMA_KEY}")
    try:
        version = int(written)
    except (TypeError, ValueError):
        version = 0
    if not 1 <= version <= SCHEMA_VERSION:
        newer = "; a newer Proteus wrote it" if version > SCHEMA_VERSION else ""
        allowed = f"this Proteus reads versions 1 to {SCHEMA_VERSION}{newer}"
        raise ResultsError(f"{path} has {SCHEMA_KEY}={written}: {allowed}")
    return version


def migrate(attributes: Mapping[str, Any], version: int) -> Attributes:
    """Return what a file says about itself as this version would have written it.

    Parameters
        attributes: of ``results.nc``, or the metadata of an event log. version: what
            :func:`read_version` returned.
    """
    new = dict(attributes)
    for step in range(version, SCHEMA_VERSION):
        new = _MIGRATIONS[step](new)
    new[SCHEMA_KEY] = SCHEMA_VERSION
    return new


def new_name(dim: str, version: int) -> str:
    """Return what a dim that a file of a version has is called now."""
    return _RENAMED_IN_4.get(dim, dim) if version < 4 else dim


def _list_the_overrides(attributes: Attributes) -> Attributes:
    return {**attributes, "overrides": json.dumps(attributes["overrides"].split())}


_SENDER_KNOWS = dict.fromkeys(("side", "price", "size", "trader"), "parties")
_SHOWN_BEFORE_3 = {
    "order": _SENDER_KNOWS,
    "ack": {"outcome": "parties"},
    "reject": {"outcome": "parties"},
    "fill": {"side": "parties", "price": "parties", "size": "parties", "counterparty": "hidden"},
    "book": {
        "best_bid": "public", "best_ask": "public", "size": "hidden", "depth": "hidden",
        "delay_ms": 0,
    },
}  # fmt: skip
_TRADE = {"price": "public", "side": "hidden", "size": "hidden", "parties": "hidden", "delay_ms": 0}
_CLEAR = {
    "price": "public", "volume": "hidden", "imbalance": "hidden", "parties": "hidden",
    "delay_ms": 0,
}  # fmt: skip
_PRINTED_BEFORE_3 = {
    "clob": {"trade": _TRADE}, "fba": {"batch_clear": _CLEAR}, "dual_flow": {"batch_clear": _CLEAR},
}  # fmt: skip


def _complete_configurations(attributes: Attributes) -> Attributes:
    new = dict(attributes)
    if "config" in new:
        config = _with_keys_of_3(yaml.safe_load(new["config"]))
        new["config"] = yaml.safe_dump(config, sort_keys=False)
    if "cells" in new:
        cells = json.loads(new["cells"])
        cells = [{**cell, "config": _with_keys_of_3(cell["config"])} for cell in cells]
        new["cells"] = json.dumps(cells)
    return new


def _with_keys_of_3(config: dict[str, Any]) -> dict[str, Any]:
    """Return a configuration with what it lacks; some of version 2 have the keys already."""
    name = config["mechanism"]["name"]
    execution, record = dict(config["execution"]), dict(config["record"])
    execution.setdefault("leakage", {name: {**_SHOWN_BEFORE_3, **_PRINTED_BEFORE_3.get(name, {})}})
    record.setdefault("report", False)
    return {**config, "execution": execution, "record": record}


_RENAMED_IN_4 = {"class": "trader_class", "rank": "quote_rank"}


def _list_the_budgets(attributes: Attributes) -> Attributes:
    new = dict(attributes)
    if "config" in new:
        config = _with_keys_of_4(yaml.safe_load(new["config"]))
        if "endpoint" in config:
            config["endpoint"] = _with_budgets(config["endpoint"])
        new["config"] = yaml.safe_dump(config, sort_keys=False)
    if "cells" in new:
        cells = json.loads(new["cells"])
        cells = [{**cell, "config": _with_keys_of_4(cell["config"])} for cell in cells]
        new["cells"] = json.dumps(cells)
    return new


def _with_keys_of_4(config: dict[str, Any]) -> dict[str, Any]:
    """Return a configuration whose groups say whose orders they send; no trader was measured."""
    groups = {
        name: {**group, "accounts": group.get("accounts", "one")} if group else group
        for name, group in config.get("population", {}).items()
    }
    new = {**config, "population": groups} if groups else dict(config)
    if "record" in new:
        new["record"] = {**new["record"]}
        new["record"].setdefault("per_trader", False)
    return new


def _with_budgets(endpoint: dict[str, Any]) -> dict[str, Any]:
    """Return an endpoint whose one budget, which bounded a rise, is a list."""
    new = dict(endpoint)
    budget = new.pop("budget", None)
    limits = {"may": "rise", "at_most": budget["largest_rise"]} if budget else {}
    new.setdefault("budgets", [{"variable": budget["variable"], **limits}] if budget else [])
    new.setdefault("companions", [])
    return new


def _number_the_cells(attributes: Attributes) -> Attributes:
    """Return what a log says of its cells with their numbers; before, all cells were listed."""
    if "cells" not in attributes:
        return attributes
    cells = [
        {"cell": at, **cell, "config": _with_keys_of_4(cell["config"])}  # some of 4 lack one
        for at, cell in enumerate(json.loads(attributes["cells"]))
    ]
    return {**attributes, "cells": json.dumps(cells)}


_MIGRATIONS: dict[int, Callable[[Attributes], Attributes]] = {
    1: _list_the_overrides,
    2: _complete_configurations,
    3: _list_the_budgets,
    4: _number_the_cells,
    5: dict,
}
