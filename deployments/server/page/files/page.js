// The status page: asks for data with the login that a browser keeps for Prefect's pages, and shows it. It changes nothing.

import { chart } from "./charts.js";
import { element, mark, section } from "./elements.js";
import * as parts from "./sections.js";
import { ago, duration, number } from "./words.js";

const EVERY = 30000;
const SPANS = [[1, "day"], [7, "week"], [35, "5 weeks"], [90, "90 days"], [365, "year"]];
const LOGIN = "prefect-password";
const state = { overview: null, days: 1, series: null, report: null, drawn: [], fault: "" };
const main = document.getElementById("stack");

class Fault extends Error {}

async function ask(path) {
  const login = localStorage.getItem(LOGIN);
  if (!login) throw new Fault("Log in with: tenfold page");
  const answer = await fetch(`/tenfold/page/${path}`, { headers: { Authorization: `Basic ${login}` } })
    .catch(() => { throw new Fault("The control plane does not answer. Look at: tenfold server status"); });
  if (answer.status === 401) throw new Fault("The login has expired. Log in with: tenfold page");
  const document = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Fault(document.exception_message ?? `The control plane answers ${answer.status}.`);
  return document;
}

function chosen() {
  const stacks = state.overview?.stacks ?? [];
  let name = "";
  try { name = decodeURIComponent(location.hash.slice(1)); } catch { name = ""; }
  return stacks.find((stack) => stack.name === name) ?? stacks[0];
}

async function load() {
  try {
    state.overview = await ask("data");
    state.fault = "";
    const stack = chosen();
    if (stack && !stack.fault) {
      const name = encodeURIComponent(stack.name);
      [state.series, state.report] = await Promise.all([ask(`series?stack=${name}&days=${state.days}`), ask(`report?stack=${name}`)]);
    }
  } catch (fault) {
    if (!(fault instanceof Fault)) throw fault;
    state.fault = fault.message;
  }
  show();
}

function show() {
  const focused = document.activeElement?.id;
  const open = [...main.querySelectorAll("details")].map((details) => details.open);
  showHeader();
  showStacks();
  showStack();
  [...main.querySelectorAll("details")].forEach((details, index) => { details.open = open[index] ?? false; });
  if (focused && document.activeElement?.id !== focused) document.getElementById(focused)?.focus({ preventScroll: true });
}

function showHeader() {
  const { overview, fault } = state;
  const text = fault || (overview.stale ?? `Last check ${ago(overview.checked, overview.at)}`);
  const status = document.getElementById("checked");
  if (status.textContent !== text) status.textContent = text;
  status.className = fault || overview.stale ? "loud" : "";
}

function showStacks() {
  const now = chosen();
  const items = (state.overview?.stacks ?? []).map((stack) => element("li", {},
    element("a", { id: `to-${stack.name}`, href: `#${encodeURIComponent(stack.name)}`, "aria-current": stack === now ? "page" : null },
      element("span", { class: "stack" }, stack.name), mark(stack.condition.state))));
  document.getElementById("stacks").replaceChildren(...items);
}

function showStack() {
  const stack = chosen();
  state.drawn.forEach((plot) => plot.destroy());
  state.drawn = [];
  document.title = stack ? `${stack.name} – Tenfold` : "Tenfold";
  if (!stack) {
    const text = state.fault || "No stack yet. Provision one: tenfold provision stack.yaml";
    return main.replaceChildren(element("h1", {}, state.fault ? "Nothing to show" : "No stack"), element("p", {}, text));
  }
  const now = state.overview.at;
  const charts = stack.fault ? [] : measured(stack);
  const shown = [
    parts.title(stack), state.fault ? element("p", { class: "loud" }, `Not up to date: ${state.fault}`) : null,
    parts.alerts(stack, now),
    ...(stack.fault ? [] : [parts.figures(stack), parts.services(stack, now), overTime(charts), parts.needs(stack)]),
    state.report?.stack === stack.name ? parts.report(state.report) : null,
    parts.changes(stack, now), parts.releases(stack, now), stack.fault ? null : parts.debts(stack),
  ];
  main.replaceChildren(...shown.filter(Boolean));
  state.drawn = charts.filter((made) => made.draw).map((made) => made.draw());
}

function measured(stack) {
  if (state.series?.stack !== stack.name) return [];
  const { days, until } = state.series;
  return state.series.services.flatMap((series) => {
    const service = stack.services.find((item) => item.name === series.service);
    const limits = {
      in_flight: service?.design ? { level: service.design, name: "design capacity" } : null,
      latency: service?.latency_limit ? { level: service.latency_limit, name: "the file's limit" } : null,
    };
    const common = { at: series.at, step: series.step, since: until - days * 86400, until };
    return [
      ["requests in flight", "in_flight", (value) => number(value)],
      ["latency of 95 %", "latency", (value) => duration(value)],
      ["replicas that serve", "serving", (value) => number(value)],
    ].map(([words, column, write]) => chart({
      ...common, title: `${series.service}: ${words}`, values: series[column], line: limits[column], write,
    }));
  });
}

function overTime(charts) {
  const choices = SPANS.map(([days, words]) => {
    const button = element("button", { type: "button", id: `days-${days}`, "aria-pressed": String(days === state.days) }, words);
    button.addEventListener("click", () => { state.days = days; load(); });
    return button;
  });
  const none = element("p", { class: "quiet" }, "No service has a port, so nothing is measured.");
  return section("Over time", element("div", { class: "choices", role: "group", "aria-label": "Time to show" }, choices),
    element("div", { class: "charts" }, charts.length ? charts.map((made) => made.box ?? made) : none));
}

addEventListener("hashchange", async () => { await load(); main.focus(); });
let resized;
addEventListener("resize", () => { clearTimeout(resized); resized = setTimeout(() => state.overview && show(), 200); });
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => state.overview && show());
setInterval(() => { if (!document.hidden) load(); }, EVERY);
load();
