// DOM nodes from plain values. Text only ever becomes text: there is no way to markup here.

const SVG = "http://www.w3.org/2000/svg";

/** el("button", {class: "quiet", onclick: go}, "Go"): functions are properties, the rest attributes. */
export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") node[name] = value;
    else if (value === true) node.setAttribute(name, "");
    else if (value !== false && value !== undefined) node.setAttribute(name, value);
  }
  node.append(...children);
  return node;
}

/** One of the drawings in index.html. */
export function icon(name, className = "icon") {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", className);
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `#i-${name}`);
  svg.append(use);
  return svg;
}

export const byId = (id) => document.getElementById(id);

/** 75 → "1:15" */
export function clock(seconds) {
  const whole = Math.max(0, Math.floor(seconds || 0));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

/** 1536 → "1.5 KB" */
export function bytes(count) {
  if (count < 1024) return `${count} B`;
  const inKb = count / 1024;
  if (inKb < 1024) return `${inKb.toFixed(inKb < 10 ? 1 : 0)} KB`;
  return `${(inKb / 1024).toFixed(1)} MB`;
}
