// The parts of a stack's page, from its data. Nothing here asks the server.

import { element, figure, mark, section, table } from "./elements.js";
import { ago, bytes, duration, moment, number, percent, usd, UNKNOWN, whole } from "./words.js";

const STATES = { proven: "✓ proven", proving: "↻ proving", failed: "✗ failed", undone: "↩ undone" };
const RUN_STATES = { done: "✓ done", running: "↻ running", failed: "✗ failed", crashed: "✗ crashed" };

export function title(stack) {
  return element("div", { class: "title" },
    element("h1", {}, stack.name), mark(stack.condition.state),
    element("p", {}, `${stack.condition.text} On ${stack.target}.`));
}

export function alerts(stack, now) {
  const items = stack.alerts.map((alert) => element("li", {},
    element("strong", {}, `! ${alert.title}${alert.where ? ` (${alert.where})` : ""}: `), alert.what,
    element("p", {}, `Since ${moment(alert.since)}, ${ago(alert.since, now)}. ${alert.todo}`),
    alert.change ? element("p", { class: "quiet" }, lastChange(alert.change, now)) : null));
  return section("Alerts", items.length ? element("ul", { class: "alerts" }, items) : element("p", { class: "quiet" }, "None."));
}

function lastChange(change, now) {
  const undo = change.undo ? ` Undo it with: ${change.undo}` : "";
  return `Last change before it: ${change.verb}, ${ago(change.at, now)}, by ${change.who}: ${change.reason}.${undo}`;
}

export function figures(stack) {
  const { price } = stack;
  const budget = price.budget === null ? "no budget" : `of ${usd(price.budget)} budget`;
  const spent = price.spent === null ? "" : `; ${usd(Math.round(price.spent * 100) / 100)} spent this month`;
  const release = stack.releases.find((item) => item.state === "proven") ?? stack.releases[0];
  return element("dl", { class: "figures" },
    figure("Users a month", whole(stack.users), `designed for ${whole(stack.users * stack.headroom)}`),
    figure("Price a month", usd(price.today), `${budget}${spent}; ${usd(price.design)} at the design`),
    figure("Release", release ? String(release.number) : UNKNOWN, release ? `${STATES[release.state]}, ${moment(release.since)}` : "none yet"));
}

export function services(stack, now) {
  const rows = stack.services.map((service) => [
    service.name,
    `${service.serving ?? UNKNOWN} of ${service.wanted}, at most ${service.most}`,
    demand(service),
    latency(service),
    service.port === null ? UNKNOWN : number(service.requests_per_second),
    service.port === null ? UNKNOWN : number(service.errors),
    service.seen === null ? "never" : `${ago(service.seen, now)}${service.late ? ", late" : ""}`,
  ]);
  const head = ["service", "replicas that serve", "in flight, of the design", "latency of 95 %", "requests a second", "errors a second", "measured"];
  const reasons = stack.services.filter((service) => service.reason);
  return section("What runs", table("Services", head, rows, "No service."),
    reasons.length ? element("ul", { class: "quiet" }, reasons.map((service) => element("li", {}, service.reason))) : null);
}

function demand(service) {
  if (service.port === null) return "a worker";
  const part = service.in_flight === null || !service.design ? 0 : service.in_flight / service.design;
  const text = `${number(service.in_flight)} of ${number(service.design)}${service.in_flight === null ? "" : ` (${percent(part)})`}`;
  return element("span", { class: "meter" }, text,
    element("progress", { max: "1", value: String(Math.min(1, part)), "aria-hidden": "true" }));
}

function latency(service) {
  if (service.port === null) return UNKNOWN;
  const limit = service.latency_limit === null ? "" : `, at most ${duration(service.latency_limit)}`;
  return `${service.slow ? "! " : ""}${duration(service.latency)}${limit}`;
}

export function needs(stack) {
  const rows = stack.needs.map((need) => [
    need.name, need.name === "queue" && need.used !== null ? `${bytes(need.used)} of ${bytes(need.memory)}` : bytes(need.memory),
    bytes(need.storage), need.name === "database" ? `${number(need.used, 9)} of ${number(need.connections, 9)}` : UNKNOWN,
  ]);
  const machines = Object.entries(stack.machines).map(([name, machine]) => [
    name || "this machine", used(machine.disk, machine.disk_free), used(machine.memory, machine.memory_free),
  ]);
  return section("Database and disk",
    table("Needs", ["need", "memory", "disk", "connections"], rows, "It needs none."),
    table("Machines", ["machine", "disk used", "memory used"], machines, "Its machines were not looked at lately."));
}

function used(total, free) {
  if (total === null && free === null) return UNKNOWN;
  if (total === null || free === null) return free === null ? UNKNOWN : `${bytes(free)} free`;
  return `${bytes(total - free)} of ${bytes(total)} (${percent((total - free) / total)})`;
}

export function releases(stack, now) {
  const rows = stack.releases.map((item) => [
    String(item.number), STATES[item.state] ?? item.state, `${item.verb}: ${item.reason}`, item.message.split("\n")[0],
    ago(item.since, now), item.who,
  ]);
  return section("Releases", table("Releases", ["number", "state", "why", "message", "begun", "by"], rows, "No release yet."));
}

export function changes(stack, now) {
  const rows = stack.changes.map((item) => [
    item.verb, RUN_STATES[item.state] ?? item.state, item.reason, item.message.split("\n")[0], ago(item.began, now),
    item.ended === null ? UNKNOWN : duration(Math.max(0, item.ended - item.began)), item.who,
  ]);
  return section("Last changes", table("Changes", ["what", "state", "why", "message", "begun", "took", "by"], rows, "No run yet."));
}

export function debts(stack) {
  const rows = stack.debts.map((debt) => [debt.what, `${debt.expired ? "! " : ""}${debt.due}`, debt.why, debt.plan, debt.impact]);
  return section("Debts", table("Debts", ["what", "when", "why", "plan", "impact"], rows, "No debts."));
}

export function report(made) {
  const { dora, scaling } = made;
  const left = made.days_left === null ? "no trend leads there" : made.days_left ? `reached in ${whole(made.days_left)} days by the trend` : "reached";
  const open = dora.unrecovered ? `, ${dora.unrecovered} not recovered from yet` : "";
  return section("The week",
    element("dl", { class: "figures" },
      figure("Users as measured", whole(made.users_as_measured), `of ${whole(made.designed_users)} designed for; ${left}`),
      figure("Price a user", usd(made.price_per_user), "a month"),
      figure("Scaling", `${scaling.more} up, ${scaling.fewer} down`, `${scaling.advised} advised only`),
      figure("Deployments a week", number(dora.per_week), `${dora.deployments} in ${number(Math.round(dora.weeks * 7))} days`),
      figure("Lead time", duration(dora.lead_seconds), "from asked for to proven, median"),
      figure("Change fail rate", percent(dora.fail_rate), `${dora.failed} of ${dora.ended}${open}`),
      figure("Recovery time", duration(dora.recovery_seconds), "of failed deployments, median")),
    element("p", { class: "quiet" }, "The last four are DORA's figures, from the releases of this stack."));
}
