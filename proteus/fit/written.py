"""What was fitted as files of configuration, with source and error of each key, and in words."""

from __future__ import annotations

import json
import shlex
import textwrap
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from proteus.basics.files import whole
from proteus.basics.schema import MAX_LOTS, MAX_TICKS
from proteus.basics.versions import STAMP
from proteus.compiler.jit import kernel_hash
from proteus.errors import ConfigError
from proteus.fit.estimates import Estimate, Fit
from proteus.fit.fitting import TAKERS, Fitted, Group
from proteus.fit.words import Words
from proteus.results import provenance

MANIFEST = "fit.json"
NOT_SAID = (
    "Messages do not say who is informed, who makes the market by which rule, latencies, or what "
    "an order would have done in another market: none of this is written."
)
_DOUBT = 0.01  # a p below which a law is said not to hold
_COLUMN = 40


def check(fitted: Fitted, words: Words) -> None:
    """Refuse what a population cannot hold.

    Raises
        ConfigError: sizes beyond its largest, or distances.
    """
    largest = max(group.size.largest for group in fitted.groups)
    if largest > MAX_LOTS:
        allowed = f"the largest order would be {largest} lots, and {MAX_LOTS} are the most"
        raise ConfigError(f"lot={words.lot:g} is not allowed: {allowed}")
    furthest = max(max(abs(group.low), abs(group.high)) for group in fitted.groups)
    if furthest > MAX_TICKS:
        allowed = f"orders stand up to {furthest} ticks away, and {MAX_TICKS} are the most"
        raise ConfigError(f"tick={words.recorded.tick} is not allowed: {allowed}")


def write(fitted: Fitted, words: Words, folder: Path, command: Sequence[str]) -> list[str]:
    """Write the files; returns what to say."""
    files = {f"population/{words.name}.yaml": _population(fitted, words)}
    chosen = [f"population={words.name}"]
    if fitted.n_ticks is not None and fitted.news is not None:
        files[f"latent/{words.name}.yaml"] = _latent(fitted, words)
        chosen.append(f"latent={words.name}")
    files[MANIFEST] = _manifest(fitted, words, command)
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        with whole(folder / name) as path:
            path.write_text(text)
    run = ["python", "-m", "proteus.sweep", "--config-dir", str(folder), "mechanism=clob", *chosen]
    return [*sentences(fitted), NOT_SAID, f"Run it: {shlex.join(run)}"]


def sentences(fitted: Fitted) -> list[str]:
    """Say what was found, and what does not fit."""
    said = [_said(group) for group in fitted.groups]
    if fitted.beyond:
        said.append(
            f"{fitted.beyond:,} limit orders stood further away than 99 % of all, or had no price "
            f"to be measured from: they are in no group."
        )
    said.append(_said_of_news(fitted))
    doubts = [
        f"{group.name}: {each.test}, p {_p(each)}"
        for group in fitted.groups for each in group.fits if each.p < _DOUBT
    ]  # fmt: skip
    if fitted.news is not None and fitted.news.fit.p < _DOUBT:
        doubts.append(f"price: {fitted.news.fit.test}, p {_p(fitted.news.fit)}")
    tests = sum(len(group.fits) for group in fitted.groups) + (fitted.news is not None)
    if doubts:
        said.append(f"Of {tests} tests of fit {len(doubts)} fail: {'; '.join(doubts)}.")
    else:
        said.append(f"None of {tests} tests of fit fails at p < {_DOUBT}.")
    return said


def _said(group: Group) -> str:
    text = f"{group.name}: {_number(group.rate)} orders per s of {_number(group.size.mean)} lots"
    if group.name == TAKERS:
        return f"{text}, from {group.orders:,} orders."
    text += f", {group.low} to {group.high} ticks behind the reference"
    if group.lifetime is None:
        return f"{text}, lifetime not known, from {group.orders:,} orders."
    return f"{text}, for {_number(group.lifetime.mean_s)} s, from {group.orders:,} orders."


def _said_of_news(fitted: Fitted) -> str:
    news = fitted.news
    if news is None:
        return "price: it moves too seldom for jumps to be told from the rest."
    text = (
        f"price: volatility {_number(news.volatility)} {news.unit} per root second, "
        f"on a grid of {news.grid_s:.4g} s"
    )
    if news.jump_rate is None or news.jump_sd is None:
        return f"{text}; no jumps are seen (p {_p(news.without)} without them)."
    return (
        f"{text}; {_number(news.jump_rate)} jumps per s with deviation {_number(news.jump_sd)} "
        f"{news.unit} (p {_p(news.without)} without them)."
    )


def _number(found: Estimate) -> str:
    return f"{found.value:.4g} ±{1.96 * found.error:.2g}"


def _p(fit: Fit) -> str:
    return f"{fit.p:.2g}" if fit.p >= 1e-6 else "< 1e-06"


def _head(about: str, fitted: Fitted, words: Words) -> list[str]:
    names = ", ".join(path.name for path in words.recorded.files[:3])
    more = f" and {len(words.recorded.files) - 3} more" if len(words.recorded.files) > 3 else ""
    records = sum(flow.records for flow in fitted.flows)
    head = (
        f"{about} Fitted to {names}{more}: {records:,} records in {fitted.seconds:,.6g} s, tick "
        f"{words.recorded.tick}, lot {words.lot:g}. Behind each number stand its standard error "
        f"and what it comes from. {NOT_SAID} Written by `python -m proteus.fit`, {STAMP}."
    )
    return textwrap.wrap(head, width=98, initial_indent="# ", subsequent_indent="# ")


def _population(fitted: Fitted, words: Words) -> str:
    lines = _head("Traders who send what was recorded, whatever happens.", fitted, words)
    lines.append(_line("defaults:", "what this file builds on"))
    lines += [f"  - /trader@{group.name}: noise" for group in fitted.groups]
    lines += ["  - _self_", ""]
    for group in fitted.groups:
        lines += _group(group)
    return "\n".join(lines) + "\n"


def _group(group: Group) -> Iterator[str]:
    is_taker = group.name == TAKERS
    what = "orders that came to trade" if is_taker else "orders that rested"
    yield _line(f"{group.name}:", f"{group.orders} {what}")
    yield _line("  schedule:", "when the trader wakes up")
    rate = group.rate
    yield _line(
        f"    rate_per_s: {rate.value:.6g}", f"per second; se {rate.error:.2g}: count / time"
    )
    yield _line("  policy:", "what it does when it wakes up")
    yield _line(
        f"    marketable_probability: {int(is_taker)}", "share of marketable orders, 0 .. 1"
    )
    size = group.size
    yield _line(
        f"    size_mean_lots: {size.mean.value:.6g}",
        f"lots; se {size.mean.error:.2g}: maximum likelihood",
    )
    yield _line(f"    max_lots: {size.largest}", "lots; the largest order")
    if is_taker:
        return
    yield _line(f"    offset_low_ticks: {group.low}", "ticks; maximum likelihood, of 99 % of all")
    yield _line(f"    offset_high_ticks: {group.high}", "ticks; the same")
    if group.lifetime is not None:
        mean = group.lifetime.mean_s
        yield _line(
            f"    lifetime_ms: {1000 * mean.value:.6g}",
            f"ms; se {1000 * mean.error:.2g}: time at rest / {group.lifetime.ends} cancellations",
        )


def _latent(fitted: Fitted, words: Words) -> str:
    news = fitted.news
    assert news is not None
    about = "What moves the price, in log-odds; recorded orders do not say how it returns."
    lines = _head(about, fitted, words)
    how = "simulated moments"
    volatility = news.volatility
    lines += [
        _line("defaults:", "what this file builds on"), "  - log_odds", "  - _self_", "",
        _line(f"sigma: {volatility.value:.6g}", f"per root s; se {volatility.error:.2g}: {how}"),
        _line("mean_reversion_per_s: 0", "speed of return to p = 0.5, per second; not identified"),
    ]  # fmt: skip
    if news.jump_rate is None or news.jump_sd is None:
        none = f"per second; moments fit without (p {_p(news.without)})"
        return "\n".join([*lines, _line("jump_rate_per_s: 0", none)]) + "\n"
    rate, sd = news.jump_rate, news.jump_sd
    lines += [
        _line(f"jump_rate_per_s: {rate.value:.6g}", f"per second; se {rate.error:.2g}: {how}"),
        _line("jumps:", "mixture of normal jump sizes"),
        _line("  - weight: 1", "probability of this part, 1"),
        _line("    mean: 0", "mean jump of the log-odds, 1; assumed"),
        _line(
            f"    sd: {sd.value:.6g}",
            f"standard deviation of the jump, 1; se {sd.error:.2g}: {how}",
        ),
    ]
    return "\n".join(lines) + "\n"


def _line(written: str, comment: str) -> str:
    return f"{written:<{_COLUMN - 2}} # {comment}"


def _manifest(fitted: Fitted, words: Words, command: Sequence[str]) -> str:
    content = {
        "command": shlex.join(command), "tick": words.recorded.tick, "lot": words.lot,
        "symbol": words.recorded.symbol, "seconds": fitted.seconds, "in_no_group": fitted.beyond,
        "files": [
            {"path": str(flow.path), "format": flow.format, "records": flow.records,
             "seconds": flow.seconds}
            for flow in fitted.flows
        ],
        "groups": [_plain(group) for group in fitted.groups],
        "news": _plain(fitted.news), "not_identified": NOT_SAID,
        "kernel_hash": kernel_hash(), "code_hash": provenance.code_hash(),
        "git": provenance.git_sha(), "versions": provenance.versions(), "schema": STAMP,
    }  # fmt: skip
    return json.dumps(content, indent=2, default=float) + "\n"


def _plain(value: Any) -> Any:
    """Return named tuples as dicts, all the way down."""
    if hasattr(value, "_asdict"):
        return {key: _plain(each) for key, each in value._asdict().items()}
    return [_plain(each) for each in value] if isinstance(value, list) else value
