// Charts by uPlot, each with its figures in words and in a table, for who cannot see it.

import { element, table } from "./elements.js";
import { moment } from "./words.js";

const HEIGHT = 180;
const ROWS = 24;

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

// `points`: [seconds], [values]; a gap where a point is missing. `line`: a level to compare with, with its name.
export function chart({ title, at, values, step, since, until, line, write }) {
  const seen = values.filter((value) => value !== null);
  const heading = element("h3", {}, title);
  if (!seen.length) return element("div", { class: "chart" }, heading, element("p", { class: "quiet" }, "Nothing was measured."));
  const summary = summed(seen, line, write);
  const canvas = element("div", { role: "img", "aria-label": `${title}: ${summary}` });
  const details = element("details", {}, element("summary", {}, `Figures of ${title}`), figures(title, at, values, write));
  const box = element("div", { class: "chart" }, heading, element("p", { class: "quiet" }, summary), canvas, details);
  const draw = () => drawn(canvas, gapped(at, values, step), { since, until, line, write });
  return { box, canvas, draw };
}

function summed(seen, line, write) {
  const mean = seen.reduce((sum, value) => sum + value, 0) / seen.length;
  const highest = seen.reduce((most, value) => Math.max(most, value), 0);
  const against = line ? `; ${line.name}: ${write(line.level)}` : "";
  return `on average ${write(mean)}, at most ${write(highest)}${against}`;
}

// At most ROWS lines: the highest of each part of the time.
function figures(title, at, values, write) {
  const size = Math.max(1, Math.ceil(at.length / ROWS));
  const rows = [];
  for (let begin = 0; begin < at.length; begin += size) {
    const part = values.slice(begin, begin + size).filter((value) => value !== null);
    rows.push([moment(at[begin]), part.length ? write(Math.max(...part)) : "not measured"]);
  }
  return table(`${title} over time`, ["from", "highest"], rows, "Nothing was measured.");
}

// A line is not drawn over a time that nobody saw.
function gapped(at, values, step) {
  const times = [], points = [];
  at.forEach((time, index) => {
    if (index && time - at[index - 1] > 2.5 * step) {
      times.push(at[index - 1] + step);
      points.push(null);
    }
    times.push(time);
    points.push(values[index]);
  });
  return [times, points];
}

function dated(at, seconds) {
  const form = seconds > 3 * 86400 ? { day: "numeric", month: "short" } : { hour: "2-digit", minute: "2-digit" };
  return new Date(at * 1000).toLocaleString("en-GB", form);
}

function drawn(canvas, [times, points], { since, until, line, write }) {
  const axis = { stroke: colour("--quiet"), grid: { stroke: colour("--line"), width: 1 }, ticks: { show: false } };
  const series = [{}, { stroke: colour("--accent"), fill: colour("--accent-soft"), width: 2, points: { show: false } }];
  const data = [times, points];
  if (line) {
    series.push({ stroke: colour("--limit"), width: 2, dash: [6, 4], points: { show: false }, spanGaps: true });
    data.push(times.map(() => line.level));
  }
  const highest = Math.max(line?.level ?? 0, ...points.filter((value) => value !== null)) || 1;
  return new uPlot({
    width: Math.max(200, canvas.clientWidth), height: HEIGHT, legend: { show: false },
    cursor: { show: false }, // nothing on it is said only to a mouse
    scales: { x: { min: since, max: until }, y: { range: [0, highest * 1.1] } },
    axes: [{ ...axis, values: (_, ticks) => ticks.map((at) => dated(at, until - since)) }, { ...axis, size: 64, values: (_, ticks) => ticks.map(write) }],
    series,
  }, data, canvas);
}
