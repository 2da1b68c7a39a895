"use strict";
// What rules do beside the trades: panels of their own, each only where the lane has such rows.

const currency = (nano) => (nano / 1e9).toFixed(9).replace(/0+$/, "").replace(/\.$/, "");
const codeOf = (code) => data.codes[code];
const MOST_LINES = 6; // of a tip
const REACH = 10; // pixels from a mark to the mouse

/** The colour of a term of PnL; where that is near the ink or the page it is the ink. */
const termColour = (term) => (term === "defaults" ? css("--ink") : data.terms[term] || css("--soft"));

/** Postings of one time and code, added up: what traders pay of them, and what they get. */
function bars(postings) {
  const found = [], place = new Map();
  for (let i = 0; i < postings.time_ns.length; i++) {
    const pays = postings.giver[i] < data.traders.length, key = `${postings.time_ns[i]}/${postings.code[i]}`;
    if (!place.has(key)) {
      place.set(key, found.length);
      found.push({ time: postings.time_ns[i], term: codeOf(postings.code[i]).term, paid: 0, got: 0, rows: [] });
    }
    const bar = found[place.get(key)];
    if (pays) bar.paid += postings.amount[i]; else bar.got += postings.amount[i];
    bar.rows.push(i);
  }
  return found;
}

/** A panel of bars, term upon term: `up` says whether what is paid or what is received stands up. */
function barsPanel(title, postings, up) {
  const found = bars(postings), upTo = new Map(), downTo = new Map();
  for (const bar of found) {
    if (up === "received") [bar.paid, bar.got] = [bar.got, bar.paid];
    bar.from = [upTo.get(bar.time) || 0, downTo.get(bar.time) || 0];
    upTo.set(bar.time, bar.from[0] + bar.paid); downTo.set(bar.time, bar.from[1] + bar.got);
  }
  const seen = [...upTo.entries()].filter(([time]) => time > 0); // what is funded at 0 would dwarf the rest
  const most = (of) => seen.reduce((high, [time]) => Math.max(high, of.get(time)), 0) / 1e9;
  const high = most(upTo), low = -most(downTo);
  const times = found.map((bar) => bar.time);
  return {
    height: [60, 50], title,
    draw(top, height) {
      const y = panel(top, height, low, high || (low ? 0 : 1), title, decimals);
      clip(top, height, () => {
        within(times, (i) => {
          const bar = found[i], px = x(bar.time);
          pen.strokeStyle = termColour(bar.term); pen.lineWidth = 2;
          for (const [from, amount, sign] of [[bar.from[0], bar.paid, 1], [bar.from[1], bar.got, -1]]) {
            if (!amount) continue;
            const foot = y(sign * from / 1e9), tipAt = y(sign * (from + amount) / 1e9);
            pen.beginPath(); pen.moveTo(px, foot); pen.lineTo(px, Math.abs(foot - tipAt) < 1 ? foot - sign : tipAt); pen.stroke();
          }
        });
      });
    },
    tell(time) {
      const at = nearest(times, time);
      if (at === null) return null;
      const rows = found.filter((bar) => bar.time === times[at]).flatMap((bar) => bar.rows);
      const lines = rows.map((i) => `${codeOf(postings.code[i]).name} ${currency(postings.amount[i])}: ` +
        `${data.accounts[postings.giver[i]]} to ${data.accounts[postings.receiver[i]]}`);
      return [clockText(times[at]), ...shortened(lines)];
    },
  };
}

function shortened(lines) {
  return lines.length <= MOST_LINES ? lines : [...lines.slice(0, MOST_LINES - 1), `and ${lines.length - MOST_LINES + 1} more`];
}

/** Look at the entries of an ascending column that the window shows. */
function within(times, look) {
  for (let i = countUntil(times, state.from - 1); i < times.length && times[i] <= state.to; i++) look(i);
}

/** The entry nearest to a time, if it is near it in the picture. */
function nearest(times, time) {
  const after = countUntil(times, time), reach = (REACH / plot.width) * (state.to - state.from);
  let best = null;
  for (const i of [after - 1, after]) {
    if (i < 0 || i >= times.length || Math.abs(times[i] - time) > reach) continue;
    if (best === null || Math.abs(times[i] - time) < Math.abs(times[best] - time)) best = i;
  }
  return best;
}

/** Blocks: how many messages each took, and where a fork drops those before. */
function blocksPanel() {
  const blocks = data.blocks, most = blocks.messages.reduce((a, b) => Math.max(a, b), 0);
  const hasForks = blocks.dropped.some((count) => count > 0), y0 = most || 1;
  const title = (most ? "blocks, messages taken" : "blocks") + (hasForks ? "; \u25bc forks" : "");
  return {
    height: [50, 44], title,
    draw(top, height) {
      const y = panel(top, height, 0, y0, title, decimals);
      within(blocks.time_ns, (i) => {
        const px = x(blocks.time_ns[i]), forks = blocks.dropped[i] > 0;
        pen.strokeStyle = css(forks ? "--bad" : "--soft"); pen.lineWidth = 2;
        pen.beginPath(); pen.moveTo(px, y(0)); pen.lineTo(px, Math.min(y(blocks.messages[i]), y(0) - 5)); pen.stroke();
        if (forks) mark("\u25bc", px, top + 6, css("--bad"));
      });
    },
    tell(time) {
      const i = nearest(blocks.time_ns, time);
      if (i === null) return null;
      const lines = [clockText(blocks.time_ns[i]), `block ${blocks.version[i]}: ${blocks.messages[i]} messages`];
      if (blocks.base_fee[i] !== null) lines.push(`base fee ${currency(blocks.base_fee[i])}`);
      if (blocks.dropped[i]) lines.push(`fork: drops ${blocks.dropped[i]} before it`);
      return lines;
    },
  };
}

/** A panel of one step function in nano-currency. */
function stepsPanel(title, times, values, colour, from0, marks, tell) {
  const least = values.reduce((a, b) => Math.min(a, b), Infinity), most = values.reduce((a, b) => Math.max(a, b), -Infinity);
  const low = from0 ? 0 : least / 1e9, high = most > least || from0 ? most / 1e9 : least / 1e9 + 1e-9;
  return {
    height: [60, 50], title,
    draw(top, height) {
      const margin = 0.06 * ((high || 1) - low);
      const y = panel(top, height, low - (from0 ? 0 : margin), (high || 1) + margin, title, decimals);
      clip(top, height, () => { steps(times, values.map((value) => value / 1e9), y, css(colour), 1.6); });
      marks(top, height, y);
    },
    tell,
  };
}

/** One character, centred; what a mark means stands in the legend and in its tip. */
function mark(sign, px, py, colour) {
  pen.fillStyle = colour; pen.textAlign = "center"; pen.textBaseline = "middle";
  pen.fillText(sign, px, py);
}

const FATE_MARKS = { again: "\u2715", closed_out: "\u2716", reverted: "\u25bc" };
const FATE_TEXTS = {
  final: "is final", again: "fails, due again", closed_out: "fails, is closed out", reverted: "is reverted",
};

function settlementPanel() {
  const ended = data.settlements, fate = (i) => data.fates[ended.fate[i]];
  const has = (name) => ended.fate.some((_, i) => fate(i) === name);
  const notes = Object.keys(FATE_MARKS).filter(has).map((name) => `${FATE_MARKS[name]} ${name.replace("_", " ")}`);
  const title = ["value not final, currency", ...notes].join("; ");
  return stepsPanel(title, data.pending.time_ns, data.pending.value, "--accent", true, (top) => {
    within(ended.time_ns, (i) => {
      if (fate(i) !== "final") mark(FATE_MARKS[fate(i)], x(ended.time_ns[i]), top + 6, css("--bad"));
    });
  }, (time) => {
    const i = nearest(ended.time_ns, time);
    const waits = at(data.pending.time_ns, data.pending.value, i === null ? time : ended.time_ns[i]) ?? 0;
    if (i === null) return [clockText(time), `not final: ${currency(waits)}`];
    const lines = [], finals = []; // what went wrong first
    for (let j = 0; j < ended.time_ns.length; j++) {
      if (ended.time_ns[j] !== ended.time_ns[i]) continue;
      (fate(j) === "final" ? finals : lines).push(`fill ${ended.fill[j]} ${FATE_TEXTS[fate(j)]}: ${ended.lots[j]} lots, ${data.accounts[ended.buyer[j]]} of ${data.accounts[ended.seller[j]]}`);
    }
    return [clockText(ended.time_ns[i]), ...shortened([...lines, ...finals]), `not final: ${currency(waits)}`];
  });
}

function baseFeePanel() {
  const { time_ns, base_fee } = data.blocks;
  return stepsPanel("base fee, 0.001 currency a message", time_ns, base_fee.map((fee) => 1000 * fee), "--accent", false, () => {}, (time) => {
    const fee = at(time_ns, base_fee, time);
    return fee === null ? null : [clockText(time), `base fee ${currency(fee)}`];
  });
}

/** Intents that constraints cut, by the lots that are not sent, and messages that nobody could pay. */
function cutsPanel() {
  const cuts = data.cuts, name = (i) => data.reasons[cuts.reason[i]].replace(/_/g, " ").replace("rfq ", "");
  const most = cuts.lots.reduce((high, lots, i) => (cuts.refused[i] ? high : Math.max(high, lots)), 0);
  const title = "lots cut by constraints" + (cuts.refused.some((one) => one) ? "; \u2715 no funds" : "");
  return {
    height: [50, 44], title,
    draw(top, height) {
      const y = panel(top, height, 0, most || 1, title, decimals);
      within(cuts.time_ns, (i) => {
        const px = x(cuts.time_ns[i]);
        if (cuts.refused[i]) { mark("\u2715", px, top + 6, css("--bad")); return; }
        pen.strokeStyle = data.colours[data.classes[cuts.trader[i]]] || css("--ink"); pen.lineWidth = 2;
        pen.beginPath(); pen.moveTo(px, y(0)); pen.lineTo(px, y(cuts.lots[i])); pen.stroke();
      });
    },
    tell(time) {
      const near = nearest(cuts.time_ns, time);
      if (near === null) return null;
      const lines = [];
      for (let i = 0; i < cuts.time_ns.length; i++) {
        if (cuts.time_ns[i] !== cuts.time_ns[near]) continue;
        lines.push(`${data.traders[cuts.trader[i]]}: ${name(i)}` + (cuts.refused[i] ? ", refused" : `, ${cuts.lots[i]} lots less`));
      }
      return [clockText(cuts.time_ns[near]), ...shortened(lines)];
    },
  };
}

/** The panels that this lane has, from top to bottom. */
function panelsOfRules() {
  const found = [];
  if (data.blocks.time_ns.length) found.push(blocksPanel());
  if (data.blocks.base_fee.some((fee) => fee !== null)) found.push(baseFeePanel());
  if (data.cuts.time_ns.length) found.push(cutsPanel());
  if (data.charges.time_ns.length) found.push(barsPanel("fees and gas: up is paid, down received, currency", data.charges, "paid"));
  if (data.pending.time_ns.length) found.push(settlementPanel());
  if (data.rewards.time_ns.length) found.push(barsPanel("policies: up is received, down paid, currency", data.rewards, "received"));
  return found;
}

/** In the panel of prices: what has arrived of the oracle, and when each report was issued. */
function drawOracle(y) {
  const reports = data.reports, colour = css("--accent");
  if (!reports.time_ns.length) return;
  pen.setLineDash([5, 3]);
  steps(reports.arrives_ns, reports.price.map((price) => price / 1e9), y, colour, 1.4);
  pen.setLineDash([]);
  within(reports.time_ns, (i) => { mark("\u25c6", x(reports.time_ns[i]), y(reports.price[i] / 1e9), colour); });
}

/** The report whose mark is at a place of the chart, if there is one. */
function reportAt(px, py) {
  const reports = data.reports, i = nearest(reports.time_ns, timeAt(px));
  if (i === null || Math.abs(plot.price(reports.price[i] / 1e9) - py) > REACH) return null;
  return [clockText(reports.time_ns[i]), `oracle report ${reports.version[i]}: ${currency(reports.price[i])}`,
    `arrives at ${clockText(reports.arrives_ns[i])}`];
}

/** Keys of the legend: of the oracle, and of the terms that bars stand for. */
function legendOfRules() {
  const keys = data.reports.time_ns.length ? [["var(--accent)", "\u25c6\u254c", "oracle: issued, arrived"]] : [];
  const codes = new Set([...data.charges.code, ...data.rewards.code]);
  for (const term of new Set([...codes].map((code) => codeOf(code).term))) {
    keys.push([termColour(term), "\u2503", term === "claims" ? "stakes and funds" : term]);
  }
  return keys.map(([colour, sign, label]) => `<span><i style="color: ${colour}">${sign}</i>${text(label)}</span>`).join("");
}

/** What holds now of the rules, for the table. */
function factsOfRules(time) {
  const facts = [], reports = data.reports, blocks = data.blocks;
  if (reports.time_ns.length) facts.push(["oracle, arrived", "oracle", reported(time)]);
  if (blocks.time_ns.length) facts.push(["blocks so far", "blocks", countUntil(blocks.time_ns, time)]);
  if (blocks.base_fee.some((fee) => fee !== null)) {
    const fee = at(blocks.time_ns, blocks.base_fee, time);
    facts.push(["base fee, last block", "base-fee", fee === null ? NONE : currency(fee)]);
  }
  if (data.cuts.time_ns.length) {
    const count = countUntil(data.cuts.time_ns, time), refused = data.cuts.refused.slice(0, count).filter((one) => one).length;
    const noGas = data.cuts.reason.map((code) => data.reasons[code] === "no_gas");
    const unsent = noGas.slice(0, count).filter((one) => one).length;
    facts.push(["cut by constraints", "cuts", count - refused - unsent]);
    if (noGas.some((one) => one)) facts.push(["no gas, not sent", "no-gas", unsent]);
    if (data.cuts.refused.some((one) => one)) facts.push(["no funds", "no-funds", refused]);
  }
  if (data.charges.time_ns.length) facts.push(["fees, gas so far", "charges", currency(netOf(data.charges, time))]);
  if (data.pending.time_ns.length) {
    facts.push(["not final", "pending", currency(at(data.pending.time_ns, data.pending.value, time) ?? 0)]);
  }
  return facts;
}
function reported(time) {
  const nano = at(data.reports.arrives_ns, data.reports.price, time);
  return nano === null ? NONE : currency(nano);
}

/** What traders have paid less what they got. */
function netOf(postings, time) {
  let net = 0;
  const count = countUntil(postings.time_ns, time), traders = data.traders.length;
  for (let i = 0; i < count; i++) {
    net += ((postings.giver[i] < traders) - (postings.receiver[i] < traders)) * postings.amount[i];
  }
  return net;
}

/** What a row of rules is about, in words. */
function aboutRules(i) {
  const events = data.events, kind = data.kinds[events.kind[i]];
  if (kind === "posting") {
    const amount = events.asset[i] === 0 ? currency(events.amount[i]) : `${events.amount[i]} lots`;
    return `${codeOf(events.code[i]).name} ${amount}`;
  }
  if (kind === "constraint_cut") return `${data.reasons[events.reason[i]]}, lots not sent`;
  if (kind === "environment_block") return `block ${events.version[i]}, ${events.messages[i]} messages`;
  if (kind === "environment_fork") return `at block ${events.version[i]}, drops ${events.depth[i]}`;
  if (kind === "environment_report") return `report ${events.version[i]}: ${currency(events.value_nano[i])}`;
  if (kind === "environment_wait") return events.tip[i] ? `tip ${currency(events.tip[i])}` : "";
  if (kind.startsWith("settlement_")) {
    const reason = events.reason[i] === null ? "" : `, ${data.reasons[events.reason[i]]}`;
    return `fill ${events.fill[i]}: ${currency(events.amount[i])}${reason}`;
  }
  if (kind.startsWith("policy_")) return `policy ${events.policy[i]}, epoch ${events.epoch[i]}: ${currency(events.amount[i])}`;
  return "";
}
