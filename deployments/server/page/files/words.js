// Numbers, durations and moments as people read them. What is not known is a dash, and never 0.

export const UNKNOWN = "–";
const known = (value) => value !== null && value !== undefined;

export function number(value, digits = 3) {
  if (!known(value)) return UNKNOWN;
  return value.toLocaleString("en", { maximumSignificantDigits: digits });
}

export const whole = (value) => (known(value) ? Math.round(value).toLocaleString("en") : UNKNOWN);

export function usd(value) {
  if (!known(value)) return "unknown";
  const digits = Number.isInteger(value) ? 0 : value < 0.01 && value > 0 ? 5 : 2;
  return `$${value.toLocaleString("en", { minimumFractionDigits: digits && Math.min(digits, 2), maximumFractionDigits: digits })}`;
}

export const percent = (part) => (known(part) ? `${Math.round(part * 100)} %` : UNKNOWN);

export function duration(seconds) {
  if (!known(seconds)) return UNKNOWN;
  if (seconds < 1) return `${Math.round(seconds * 1000)} ms`;
  for (const [size, unit] of [[86400, "d"], [3600, "h"], [60, "min"]]) {
    if (seconds >= size) return `${number(seconds / size)} ${unit}`;
  }
  return `${number(seconds)} s`;
}

export const ago = (at, now) => (known(at) ? `${duration(Math.max(1, Math.round(now - at)))} ago` : "never");

export function bytes(value) {
  if (!known(value)) return UNKNOWN;
  const units = ["B", "KB", "MB", "GB", "TB"];
  const power = value > 0 ? Math.min(units.length - 1, Math.floor(Math.log2(value) / 10)) : 0;
  return `${number(value / 1024 ** power)} ${units[power]}`;
}

export const moment = (at) => (known(at) ? new Date(at * 1000).toLocaleString("en-GB", {
  year: "numeric", month: "short", day: "numeric", hour: "2-digit", minute: "2-digit",
}) : UNKNOWN);
