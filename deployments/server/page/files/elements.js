// Makes elements. Every text becomes a text node: nothing that a person or an app wrote is ever read as HTML.

export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined && value !== false) made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return made;
}

export function section(title, ...children) {
  const id = `title-${title.toLowerCase().replaceAll(/[^a-z]+/g, "-")}`;
  return element("section", { "aria-labelledby": id }, element("h2", { id }, title), ...children);
}

// Rows of cells below a head; the first cell of a row names it. A wide table scrolls by itself, by keyboard too.
export function table(caption, head, rows, empty) {
  if (!rows.length) return element("p", { class: "quiet" }, empty);
  const cell = (content, index) => index ? element("td", {}, content) : element("th", { scope: "row" }, content);
  return element("div", { class: "scrolls", tabindex: "0", role: "group", "aria-label": caption },
    element("table", {},
      element("caption", { class: "hidden" }, caption),
      element("thead", {}, element("tr", {}, head.map((text) => element("th", { scope: "col" }, text)))),
      element("tbody", {}, rows.map((row) => element("tr", {}, row.map(cell))))));
}

// A number with its unit and what it stands against.
export function figure(label, value, note) {
  return element("div", { class: "figure" },
    element("dt", {}, label), element("dd", {}, element("strong", {}, value), note ? element("span", {}, note) : null));
}

export const MARKS = {
  well: ["✓", "well"], changing: ["↻", "changing"], attention: ["!", "needs a look"], failing: ["✗", "failing"],
  unknown: ["?", "unknown"], down: ["–", "torn down"],
};

// A state as a sign, a word and a colour: each says it alone.
export function mark(state) {
  const [sign, word] = MARKS[state] ?? ["?", state];
  return element("span", { class: `mark ${state}` }, element("span", { "aria-hidden": "true" }, sign), ` ${word}`);
}
