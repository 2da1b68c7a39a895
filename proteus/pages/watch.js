"use strict";
// One recorded lane. `data` holds columns of numbers, null where there is none; times are ns.
const data = JSON.parse(document.getElementById("data").textContent);
const el = (id) => document.getElementById(id);
const MS = 1e6, S = 1e9;
const state = { time: data.time, playing: false, from: data.shown[0], to: data.shown[1] };

// ---- looking up -------------------------------------------------------------------------------

/** Number of entries of an ascending column that are at most `time`. */
function countUntil(times, time) {
  let low = 0, high = times.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (times[middle] <= time) low = middle + 1; else high = middle;
  }
  return low;
}
const at = (times, column, time) => {
  const count = countUntil(times, time);
  return count ? column[count - 1] : null;
};
const sign = (side) => (side === 0 ? 1 : -1);

/** Lots of every trader after the moves of contracts until `time`. */
function inventories(time) {
  const held = data.traders.map(() => 0), moves = data.moves;
  const count = countUntil(moves.time_ns, time);
  for (let i = 0; i < count; i++) {
    if (moves.receiver[i] < held.length) held[moves.receiver[i]] += moves.lots[i];
    if (moves.giver[i] < held.length) held[moves.giver[i]] -= moves.lots[i];
  }
  return held;
}

/** Price level to [lots of makers, lots of others], for both sides, after the rows until `time`. */
function openOrders(time) {
  const rows = countUntil(data.events.time_ns, time), ladders = [new Map(), new Map()];
  const open = data.open;
  for (let i = 0; i < open.row.length && open.row[i] < rows; i++) {
    const ladder = ladders[open.side[i]];
    const level = ladder.get(open.price[i]) || [0, 0];
    level[data.classes[open.trader[i]] === "maker" ? 0 : 1] += open.lots[i];
    ladder.set(open.price[i], level);
  }
  return ladders.map((ladder, side) => [...ladder]
    .filter(([, level]) => level[0] || level[1])
    .sort((a, b) => sign(side) * (b[0] - a[0])));
}

/** Side and price of every order, by its trader and number, from the messages that made it. */
const orderOf = (trader, id) => `${trader}/${id}`;
const orders = new Map(), fillOf = new Map();
data.events.kind.forEach((kind, i) => {
  const events = data.events, id = events.order_id[i];
  if (data.sources[events.source[i]] === "venue" && data.kinds[kind] === "fill") fillOf.set(i, fillOf.size);
  if (id === null || events.trader[i] === null) return;
  const known = orders.get(orderOf(events.trader[i], id)) || {};
  const now = { side: events.side[i] ?? known.side ?? null, price: events.price_ticks[i] ?? known.price ?? null };
  if (data.sources[events.source[i]] !== "trader") return;
  orders.set(orderOf(events.trader[i], id), data.kinds[kind] === "replace" ? known : now);
  if (data.kinds[kind] === "replace" && events.other_id[i] !== null) orders.set(orderOf(events.trader[i], events.other_id[i]), now);
});

// ---- writing ----------------------------------------------------------------------------------

const NONE = "none";
const price = (ticks) => (ticks === null ? NONE : (ticks / data.n_ticks).toFixed(data.digits));
const clockText = (time) => `${(time / S).toFixed(6)} s`;
const text = (value) => String(value).replace(/[&<>]/g, (c) => `&#${c.charCodeAt(0)};`);
const row = (...cells) => `<tr>${cells.join("")}</tr>`;
const cell = (value, kind = "") => `<td class="${kind}">${text(value)}</td>`;
/** A row of headings; those of numbers start with ">". */
const head = (...names) => row(...names.map((name) =>
  name.startsWith(">") ? `<th class="number">${text(name.slice(1))}</th>` : `<th>${text(name)}</th>`));

function writeNow() {
  const time = state.time, book = data.book, count = countUntil(book.time_ns, time) - 1;
  const of = (name) => (count < 0 ? null : book[name][count]);
  const bid = of("bid_ticks"), ask = of("ask_ticks");
  const both = bid !== null && ask !== null;
  const facts = [
    ["fair value", "value", at(data.value.t, data.value.v, time).toFixed(data.digits + 2)],
    ["bid, lots", "bid", bid === null ? NONE : `${of("bid_lots")} at ${price(bid)}`],
    ["ask, lots", "ask", ask === null ? NONE : `${of("ask_lots")} at ${price(ask)}`],
    ["mid", "mid", both ? ((bid + ask) / 2 / data.n_ticks).toFixed(data.digits + 1) : NONE],
    ["spread", "spread", both ? price(ask - bid) : NONE],
    ["last public price", "last", price(of("price_ticks"))],
    ["best bid of makers", "maker-bid", price(at(data.quotes.time_ns, data.quotes.bid_ticks, time))],
    ["best ask of makers", "maker-ask", price(at(data.quotes.time_ns, data.quotes.ask_ticks, time))],
    ["fills so far", "fills", countUntil(data.fills.time_ns, time)],
  ];
  if (data.clears.time_ns.length) facts.push(["last batch, lots", "batch", lastBatch(time)]);
  facts.push(...factsOfRules(time));
  el("now").innerHTML = facts.map(([name, id, value]) =>
    `<tr><td>${name}</td><td class="number" id="now-${id}">${text(value)}</td></tr>`).join("");
}

function lastBatch(time) {
  const clears = data.clears, count = countUntil(clears.time_ns, time);
  if (!count) return NONE;
  const parts = [];
  for (let i = count - 1; i >= 0 && clears.time_ns[i] === clears.time_ns[count - 1]; i--) {
    const auction = clears.side[i] === null ? "" : clears.side[i] === 0 ? "bid auction " : "ask auction ";
    parts.unshift(auction + (clears.lots[i] ? `${clears.lots[i]} at ${price(clears.price_ticks[i])}` : "no trade"));
  }
  return `${parts.join(", ")}; ${(clears.time_ns[count - 1] / S).toFixed(3)} s`;
}

function writeInventory() {
  const held = inventories(state.time);
  el("inventory").innerHTML = head("trader", "agent_uid", "class", ">lots") + held.map((lots, trader) =>
    `<tr data-trader="${text(data.traders[trader])}">` + cell(data.traders[trader]) +
    cell(data.agents[trader] ?? "", "agent") + cell(data.classes[trader]) + cell(lots, "number") + "</tr>").join("");
}

function writeOrders() {
  const [bids, asks] = openOrders(state.time), shown = 6;
  const line = (kind) => ([ticks, [makers, others]]) =>
    `<tr data-side="${kind}">` + cell(kind, kind) + cell(price(ticks), "number") +
    cell(makers, "number") + cell(others, "number") + "</tr>";
  el("orders").innerHTML = head("side", ">price", ">makers, lots", ">others, lots") +
    asks.slice(0, shown).reverse().map(line("sell")).join("") + bids.slice(0, shown).map(line("buy")).join("");
}

/** Who is on the other side of a fill, with the number of the other order. */
function counterparty(i) {
  if (data.events.receiver[i] !== null) return data.accounts[data.events.receiver[i]];
  if (!fillOf.has(i)) return "";
  const other = data.events.other_id[i], second = data.fills.second[fillOf.get(i)];
  return `${data.traders[second]}${other === null ? "" : `, order ${other}`}`;
}

function writeEvents() {
  const events = data.events, count = countUntil(events.time_ns, state.time), lines = [];
  for (let i = count - 1; i >= Math.max(0, count - 12); i--) {
    const order = orders.get(orderOf(events.trader[i], events.order_id[i])) || {};
    const isCancel = data.kinds[events.kind[i]] === "cancel";
    const sideCode = events.side[i] ?? (isCancel ? order.side ?? null : null);
    const ticks = events.price_ticks[i] ?? (isCancel ? order.price ?? null : null);
    const side = sideCode === null ? "" : data.sides[sideCode];
    const whose = events.trader[i] ?? events.giver[i];
    const who = whose === null ? "" : data.accounts[whose];
    const lots = events.lots[i] === null ? "" : events.lots[i];
    const about = aboutRules(i) || (events.reason[i] === null
      ? (data.sources[events.source[i]] === "news" ? `v = ${(events.value_nano[i] / 1e9).toFixed(5)}` : "")
      : data.reasons[events.reason[i]]);
    lines.push(row(cell((events.time_ns[i] / S).toFixed(6), "number"), cell(data.sources[events.source[i]]),
      cell(data.kinds[events.kind[i]]), cell(who), cell(side, side),
      cell(ticks === null ? "" : price(ticks), "number"), cell(lots, "number"),
      cell(events.order_id[i] ?? "", "number"), cell(counterparty(i)), cell(about.replace(/_/g, " "))));
  }
  el("events").innerHTML = head(">time, s", "source", "kind", "trader", "side", ">price", ">lots", ">order", "counterparty", "about") + lines.join("");
}

// ---- drawing ----------------------------------------------------------------------------------

const canvas = el("chart"), pen = canvas.getContext("2d");
const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const hasBatches = data.clears.time_ns.length > 0;
const GAP = 30; // between panels, for their titles
let plot = null; // where the last drawing is: left and width, and the panels as [top, height]

function bounds() {
  let low = Infinity, high = -Infinity;
  const see = (value) => { if (value !== null) { low = Math.min(low, value); high = Math.max(high, value); } };
  const inside = (times, look) => {
    for (let i = Math.max(0, countUntil(times, state.from) - 1); i < times.length && times[i] <= state.to; i++) look(i);
  };
  inside(data.value.t, (i) => see(data.value.v[i]));
  inside(data.fills.time_ns, (i) => see(data.fills.price_ticks[i] / data.n_ticks));
  const edges = [];
  for (const name of ["bid_ticks", "ask_ticks"]) {
    inside(data.quotes.time_ns, (i) => { if (data.quotes[name][i] !== null) edges.push(data.quotes[name][i] / data.n_ticks); });
  }
  edges.sort((a, b) => a - b);
  if (edges.length) { see(edges[Math.floor(0.02 * (edges.length - 1))]); see(edges[Math.ceil(0.98 * (edges.length - 1))]); }
  const margin = Math.max(0.05 * (high - low), 2 / data.n_ticks);
  return [low - margin, high + margin];
}

/** A panel: maps values to pixels, and draws its frame with nice marks. */
function panel(top, height, low, high, title, digits) {
  const y = (value) => top + height - ((value - low) / (high - low || 1)) * height;
  pen.fillStyle = css("--soft"); pen.strokeStyle = css("--grid"); pen.lineWidth = 1;
  pen.textAlign = "right"; pen.textBaseline = "middle";
  const step = niceStep((high - low) / Math.max(2, height / 36));
  for (let mark = Math.ceil(low / step) * step; mark <= high + 1e-12; mark += step) {
    pen.beginPath(); pen.moveTo(plot.left, y(mark)); pen.lineTo(plot.left + plot.width, y(mark)); pen.stroke();
    pen.fillText(mark.toFixed(digits(step)), plot.left - 6, y(mark));
  }
  pen.textAlign = "left"; pen.textBaseline = "bottom"; pen.fillStyle = css("--ink");
  pen.fillText(title, plot.left, top - 5);
  plot.panels.push([top, height]);
  return y;
}
const niceStep = (rough) => {
  const power = 10 ** Math.floor(Math.log10(rough));
  return power * [1, 2, 5, 10].find((times) => times * power >= rough);
};
const decimals = (step) => Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
const x = (time) => plot.left + ((time - state.from) / (state.to - state.from)) * plot.width;

/** Draw a step function; null breaks the line. */
function steps(times, values, y, colour, width) {
  pen.strokeStyle = colour; pen.lineWidth = width; pen.beginPath();
  let drawing = false;
  for (let i = Math.max(0, countUntil(times, state.from) - 1); i < times.length && times[i] <= state.to; i++) {
    if (values[i] === null) { drawing = false; continue; }
    const end = i + 1 < times.length ? times[i + 1] : data.end_ns;
    if (drawing) pen.lineTo(x(times[i]), y(values[i])); else pen.moveTo(x(times[i]), y(values[i]));
    pen.lineTo(x(end), y(values[i]));
    drawing = true;
  }
  pen.stroke();
}

function drawBook(y) {
  const book = data.book;
  pen.fillStyle = css("--grid"); pen.globalAlpha = 0.55;
  for (let i = Math.max(0, countUntil(book.time_ns, state.from) - 1); i < book.time_ns.length && book.time_ns[i] <= state.to; i++) {
    if (book.bid_ticks[i] === null || book.ask_ticks[i] === null) continue;
    const end = i + 1 < book.time_ns.length ? book.time_ns[i + 1] : data.end_ns;
    const high = y(book.ask_ticks[i] / data.n_ticks), low = y(book.bid_ticks[i] / data.n_ticks);
    pen.fillRect(x(book.time_ns[i]), high, x(end) - x(book.time_ns[i]) + 0.5, low - high);
  }
  pen.globalAlpha = 1;
}

function drawTrades(y) {
  const fills = data.fills;
  for (let i = countUntil(fills.time_ns, state.from - 1); i < fills.time_ns.length && fills.time_ns[i] <= state.to; i++) {
    const buys = fills.side[i] !== 0, px = x(fills.time_ns[i]), py = y(fills.price_ticks[i] / data.n_ticks);
    const size = 3 + Math.min(3, Math.sqrt(fills.lots[i]));
    pen.fillStyle = data.colours[data.classes[fills.second[i]]] || css("--ink");
    pen.beginPath();
    pen.moveTo(px, py + (buys ? -size : size));
    pen.lineTo(px - size, py + (buys ? size : -size) * 0.7);
    pen.lineTo(px + size, py + (buys ? size : -size) * 0.7);
    pen.fill();
  }
}

function drawBatches(top, height) {
  const clears = data.clears, most = clears.lots.reduce((a, b) => Math.max(a, b), 1);
  const y = panel(top, height, 0, most, "batch clears, lots", decimals);
  pen.strokeStyle = data.colours.mechanism;
  for (let i = countUntil(clears.time_ns, state.from - 1); i < clears.time_ns.length && clears.time_ns[i] <= state.to; i++) {
    const px = x(clears.time_ns[i]);
    pen.lineWidth = clears.lots[i] ? 2 : 1;
    pen.beginPath(); pen.moveTo(px, y(0) + (clears.lots[i] ? 0 : 3)); pen.lineTo(px, y(clears.lots[i])); pen.stroke();
  }
}

function inventorySeries() {
  const moves = data.moves, groups = new Map();
  data.traders.forEach((name, trader) => {
    const group = data.classes[trader] === "maker" ? name : data.classes[trader];
    if (!groups.has(group)) groups.set(group, { members: new Set(), colour: data.colours[data.classes[trader]] });
    groups.get(group).members.add(trader);
  });
  for (const group of groups.values()) {
    let held = 0;
    group.t = [0]; group.v = [0];
    for (let i = 0; i < moves.time_ns.length; i++) {
      const lots = moves.lots[i];
      const move = (group.members.has(moves.receiver[i]) ? lots : 0) - (group.members.has(moves.giver[i]) ? lots : 0);
      if (move) { held += move; group.t.push(moves.time_ns[i]); group.v.push(held); }
    }
  }
  return groups;
}
const series = inventorySeries();
const rulePanels = panelsOfRules();

function draw() {
  const ratio = window.devicePixelRatio || 1, width = canvas.clientWidth;
  const narrow = width < 500, heights = narrow ? [230, 60, 110] : [320, 70, 140];
  if (!hasBatches) heights[1] = 0;
  const ofRules = rulePanels.map((one) => one.height[narrow ? 1 : 0]);
  const panels = (hasBatches ? 3 : 2) + ofRules.length;
  const total = [...heights, ...ofRules].reduce((a, b) => a + b) + GAP * panels + 22;
  canvas.width = Math.round(width * ratio); canvas.height = Math.round(total * ratio);
  canvas.style.height = `${total}px`;
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  pen.font = "12px system-ui, sans-serif";
  plot = { left: 46, width: width - 54, panels: [] };
  let top = 22;
  const [low, high] = bounds();
  const y = panel(top, heights[0], low, high, "price, currency", decimals);
  plot.price = y; plot.ticks = [low, high];
  clip(top, heights[0], () => {
    drawBook(y);
    const quotes = data.quotes, price01 = (column) => column.map((ticks) => (ticks === null ? null : ticks / data.n_ticks));
    steps(quotes.time_ns, price01(quotes.bid_ticks), y, data.colours.maker, 1);
    steps(quotes.time_ns, price01(quotes.ask_ticks), y, data.colours.maker, 1);
    steps(data.value.t, data.value.v, y, data.colours.value, 2);
    drawTrades(y);
    drawOracle(y);
  });
  top += heights[0] + GAP;
  if (hasBatches) { drawBatches(top, heights[1]); top += heights[1] + GAP; }
  let least = -1, most = 1;
  for (const group of series.values()) {
    for (const held of group.v) { least = Math.min(least, held); most = Math.max(most, held); }
  }
  const yi = panel(top, heights[2], least, most, "inventory of each maker, of other classes, lots", decimals);
  clip(top, heights[2], () => {
    for (const group of series.values()) steps(group.t, group.v, yi, group.colour || css("--ink"), 1.4);
  });
  let bottom = top + heights[2];
  rulePanels.forEach((one, i) => {
    one.top = bottom + GAP; one.bottom = one.top + ofRules[i];
    one.draw(one.top, ofRules[i]);
    bottom = one.bottom;
  });
  drawTime(bottom);
}

function clip(top, height, paint) {
  pen.save(); pen.beginPath(); pen.rect(plot.left, top, plot.width, height); pen.clip(); paint(); pen.restore();
}

/** Fade what is still to come, draw the cursor and the marks of the time axis. */
function drawTime(bottom) {
  const px = Math.min(Math.max(x(state.time), plot.left), plot.left + plot.width);
  pen.fillStyle = css("--page"); pen.globalAlpha = 0.55;
  for (const [top, height] of plot.panels) {
    pen.fillRect(px, top - 1, plot.left + plot.width - px + 1, height + 2);
  }
  pen.globalAlpha = 1;
  pen.strokeStyle = css("--ink"); pen.lineWidth = 1;
  pen.beginPath(); pen.moveTo(px, 22); pen.lineTo(px, bottom); pen.stroke();
  pen.fillStyle = css("--soft"); pen.textAlign = "center"; pen.textBaseline = "top";
  const step = niceStep((state.to - state.from) / S / Math.max(2, plot.width / 90));
  for (let mark = Math.ceil(state.from / S / step) * step; mark <= state.to / S + 1e-9; mark += step) {
    pen.fillText(`${mark.toFixed(decimals(step))} s`, Math.min(x(mark * S), plot.left + plot.width - 12), bottom + 5);
  }
}

// ---- steering ---------------------------------------------------------------------------------

const WINDOWS = [["all", 0], ["10 s", 10], ["5 s", 5], ["2 s", 2], ["1 s", 1], ["0.5 s", 0.5], ["0.1 s", 0.1]];
const SPEEDS = [["0.02×", 0.02], ["0.1×", 0.1], ["0.5×", 0.5], ["1×", 1], ["5×", 5]];

/** Keep the time inside the window: follow it when the window is smaller than the lane. */
function follow() {
  const seconds = Number(el("window").value);
  if (seconds === 0) { state.from = 0; state.to = data.end_ns; return; }
  if (seconds < 0) { [state.from, state.to] = data.shown; return; }
  const width = Math.min(seconds * S, data.end_ns);
  state.from = Math.min(Math.max(0, state.time - 0.7 * width), data.end_ns - width);
  state.to = state.from + width;
}

function show(time) {
  state.time = Math.min(Math.max(0, time), data.end_ns);
  el("slider").value = Math.round(state.time / MS);
  el("clock").textContent = clockText(state.time);
  follow(); draw(); writeNow(); writeInventory(); writeOrders(); writeEvents();
}

function stepEvent(direction) {
  const times = data.events.time_ns;
  const next = direction > 0 ? countUntil(times, state.time) : countUntil(times, state.time - 1) - 1;
  if (next >= 0 && next < times.length) show(times[next]);
}

function play(on) {
  state.playing = on;
  el("play").textContent = on ? "Pause" : "Play";
  el("play").setAttribute("aria-pressed", on);
  if (!on) return;
  if (state.time >= data.end_ns) show(0);
  let before = null;
  const advance = (now) => {
    if (!state.playing) return;
    if (before !== null) show(state.time + (now - before) / 1000 * Number(el("speed").value) * S);
    before = now;
    if (state.time >= data.end_ns) play(false); else requestAnimationFrame(advance);
  };
  requestAnimationFrame(advance);
}

/** Zoom about a time: the window shrinks or grows, and what is under the mouse stays there. */
function zoom(factor, time) {
  const least = 1e-3 * S, width = Math.min(data.end_ns, Math.max(least, (state.to - state.from) * factor));
  const share = (time - state.from) / (state.to - state.from);
  const from = Math.min(Math.max(0, time - share * width), data.end_ns - width);
  data.shown = [from, from + width];
  el("window").value = "-1";
  follow(); draw();
}

/** The fill nearest to a place of the chart, if one is near. */
function fillAt(px, py) {
  const fills = data.fills, reach = (12 / plot.width) * (state.to - state.from), time = timeAt(px);
  let best = null, least = 12;
  for (let i = countUntil(fills.time_ns, time - reach - 1); i < fills.time_ns.length && fills.time_ns[i] <= time + reach; i++) {
    const away = Math.hypot(x(fills.time_ns[i]) - px, plot.price(fills.price_ticks[i] / data.n_ticks) - py);
    if (away < least) { least = away; best = i; }
  }
  return best;
}
const timeAt = (px) => state.from + ((px - plot.left) / plot.width) * (state.to - state.from);

/** Say what is under the mouse: a fill with both sides, else what held at that time. */
function tip(event) {
  const box = el("tip"), time = timeAt(event.offsetX), fill = fillAt(event.offsetX, event.offsetY);
  if (time < state.from || time > state.to) { box.hidden = true; return; }
  const fills = data.fills, book = data.book;
  const over = rulePanels.find((one) => event.offsetY >= one.top - GAP / 2 && event.offsetY <= one.bottom + 4);
  const told = over ? over.tell(time) : fill === null ? reportAt(event.offsetX, event.offsetY) : null;
  const lines = told || [clockText(time)];
  if (told) { /* said */ } else if (fill !== null) {
    const [buyer, seller] = fills.side[fill] === 0 ? [fills.first[fill], fills.second[fill]] : [fills.second[fill], fills.first[fill]];
    lines[0] = clockText(fills.time_ns[fill]);
    lines.push(`fill: ${fills.lots[fill]} at ${price(fills.price_ticks[fill])}`,
      `${data.traders[buyer]} buys of ${data.traders[seller]}`);
  } else {
    lines.push(`fair value ${at(data.value.t, data.value.v, time).toFixed(data.digits + 2)}`,
      `book ${price(at(book.time_ns, book.bid_ticks, time))} to ${price(at(book.time_ns, book.ask_ticks, time))}`);
  }
  box.innerHTML = lines.map(text).join("<br>");
  box.hidden = false;
  const right = event.offsetX > canvas.clientWidth / 2;
  box.style.left = `${canvas.offsetLeft + event.offsetX + (right ? -box.offsetWidth - 12 : 12)}px`;
  box.style.top = `${canvas.offsetTop + event.offsetY + 12}px`;
}

function start() {
  const windows = [["zoom", -1], ...WINDOWS];
  el("window").innerHTML = windows.map(([name, value]) => `<option value="${value}">${name}</option>`).join("");
  el("speed").innerHTML = SPEEDS.map(([name, value]) => `<option value="${value}"${value === 1 ? " selected" : ""}>${name}</option>`).join("");
  el("slider").max = Math.ceil(data.end_ns / MS);
  el("slider").addEventListener("input", () => show(Number(el("slider").value) * MS));
  el("window").addEventListener("change", () => show(state.time));
  el("play").addEventListener("click", () => play(!state.playing));
  el("back").addEventListener("click", () => stepEvent(-1));
  el("forward").addEventListener("click", () => stepEvent(1));
  canvas.addEventListener("click", (event) => {
    const share = (event.offsetX - plot.left) / plot.width;
    show(state.from + share * (state.to - state.from));
  });
  canvas.addEventListener("wheel", (event) => {
    event.preventDefault();
    zoom(event.deltaY < 0 ? 0.8 : 1.25, timeAt(event.offsetX));
  }, { passive: false });
  canvas.addEventListener("pointermove", tip);
  canvas.addEventListener("pointerleave", () => { el("tip").hidden = true; });
  document.addEventListener("keydown", (event) => {
    if (["INPUT", "SELECT", "BUTTON"].includes(event.target.tagName)) return;
    if (event.key === "ArrowLeft") stepEvent(-1);
    else if (event.key === "ArrowRight") stepEvent(1);
    else if (event.key === " ") play(!state.playing);
    else return;
    event.preventDefault();
  });
  window.addEventListener("resize", draw);
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  const keys = [["value", "━", "fair value"], ["maker", "━", "best quotes of makers"]];
  for (const name of new Set(data.classes)) keys.push([name, "▲▼", `trades of ${name}`]);
  el("legend").innerHTML = keys.map(([name, mark, label]) =>
    `<span><i style="color: ${data.colours[name] || "inherit"}">${mark}</i>${text(label)}</span>`).join("") +
    "<span><i class=\"soft\">█</i>published book, bid to ask</span>" + legendOfRules();
  show(state.time);
}
start();
