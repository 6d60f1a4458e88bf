// Markdown inside a line: code, strong, emphasis, strikethrough, links. Builds nodes, never markup.

import { el } from "./element.js";

const ESCAPABLE = /[\\`*_{}[\]()#+\-.!~|<>"'$&,/:;=?@^%]/;
// Ends where Chinese or its punctuation goes on: people write no space there.
const BARE_URL = /^https?:\/\/[^\s<>"'`\p{Script=Han}\u3000-\u303f\uff00-\uffef]+/u;
const DEPTH = 12;

/** The nodes for a stretch of text; line ends become breaks. */
export function inline(text, depth = 0) {
  const nodes = [];
  let plain = "";
  const flush = () => {
    if (plain) nodes.push(document.createTextNode(plain));
    plain = "";
  };
  let at = 0;
  while (at < text.length) {
    const found = depth < DEPTH ? take(text, at, depth) : null;
    if (found?.node) {
      flush();
      nodes.push(found.node);
    } else {
      plain += found?.text ?? text[at];
    }
    at = found?.end ?? at + 1;
  }
  flush();
  return nodes;
}

function take(text, at, depth) {
  switch (text[at]) {
    case "\n": return { node: el("br"), end: at + 1 };
    case "\\": return escaped(text, at);
    case "`": return code(text, at);
    case "*":
    case "_":
    case "~": return emphasis(text, at, depth);
    case "!": return text[at + 1] === "[" ? link(text, at + 1, depth) : null;
    case "[": return link(text, at, depth);
    case "<": return angled(text, at);
    case "h": return bare(text, at);
    default: return null;
  }
}

function escaped(text, at) {
  const next = text[at + 1];
  if (next === "\n") return { node: el("br"), end: at + 2 };
  return next && ESCAPABLE.test(next) ? { text: next, end: at + 2 } : null;
}

function run(text, at) {
  let end = at;
  while (text[end] === text[at]) end++;
  return text.slice(at, end);
}

function code(text, at) {
  const fence = run(text, at);
  let close = text.indexOf(fence, at + fence.length);
  while (close >= 0 && run(text, close).length !== fence.length) {
    close = text.indexOf(fence, close + run(text, close).length);
  }
  if (close < 0) return { text: fence, end: at + fence.length };
  let inner = text.slice(at + fence.length, close).replaceAll("\n", " ");
  if (/^ .*\S.* $/.test(inner)) inner = inner.slice(1, -1);
  return { node: el("code", {}, inner), end: close + fence.length };
}

const TAGS = { "*": ["em", "strong"], _: ["em", "strong"], "~": [null, "del"] };
const isWord = (letter) => letter !== undefined && /[\p{L}\p{N}_]/u.test(letter);
const isSpace = (letter) => letter === undefined || /\s/.test(letter);

function emphasis(text, at, depth) {
  const marks = run(text, at);
  const literal = { text: marks, end: at + marks.length };
  const size = Math.min(marks.length, 3);
  if (marks.length > 3 || isSpace(text[at + marks.length])) return literal;
  if (marks[0] === "_" && isWord(text[at - 1])) return literal;
  for (let width = size; width >= 1; width--) {
    if (marks[0] === "~" && width !== 2) continue;
    const start = at + width;
    const close = closing(text, start, marks[0], width);
    if (close < 0) continue;
    const inner = inline(text.slice(start, close), depth + 1);
    return { node: wrap(marks[0], width, inner), end: close + width };
  }
  return literal;
}

function wrap(mark, width, inner) {
  if (width === 3) return el("strong", {}, el("em", {}, ...inner));
  return el(TAGS[mark][width - 1], {}, ...inner);
}

/** Where a run of `width` marks ends the emphasis that starts at `start`, or -1. */
function closing(text, start, mark, width) {
  for (let at = text.indexOf(mark, start); at >= 0; at = text.indexOf(mark, at)) {
    const length = run(text, at).length;
    const after = text[at + length];
    const fits = length === width || (length === 3 && width < 3);
    const closes = !isSpace(text[at - 1]) && text[at - 1] !== "\\" && at > start;
    if (fits && closes && !(mark === "_" && isWord(after)) && !insideCode(text, start, at)) {
      return at + length - width;
    }
    at += length;
  }
  return -1;
}

function insideCode(text, start, at) {
  let ticks = 0;
  for (let index = start; index < at; index++) if (text[index] === "`") ticks++;
  return ticks % 2 === 1;
}

function link(text, at, depth) {
  const close = text.indexOf("](", at);
  if (close < 0 || text.slice(at, close).includes("\n\n")) return null;
  const end = balanced(text, close + 2);
  if (end < 0) return null;
  const target = text.slice(close + 2, end).trim().split(/\s+["'(]/)[0];
  const words = text.slice(at + 1, close);
  const node = anchor(target, inline(words || target, depth + 1));
  return node ? { node, end: end + 1 } : { text: words, end: end + 1 };
}

function balanced(text, at) {
  let open = 1;
  for (let index = at; index < text.length && text[index] !== "\n"; index++) {
    if (text[index] === "(") open++;
    if (text[index] === ")" && --open === 0) return index;
  }
  return -1;
}

function angled(text, at) {
  const close = text.indexOf(">", at);
  const target = close < 0 ? "" : text.slice(at + 1, close);
  if (!/^https?:\/\/\S+$/.test(target)) return null;
  return { node: anchor(target, [target]), end: close + 1 };
}

function bare(text, at) {
  if (/[A-Za-z0-9_]/.test(text[at - 1] ?? "")) return null;
  const match = BARE_URL.exec(text.slice(at, at + 2000));
  if (!match) return null;
  let target = match[0].replace(/[.,;:!?*_~]+$/, "");
  while (target.endsWith(")") && !target.includes("(")) target = target.slice(0, -1);
  const node = anchor(target, [target]);
  return node ? { node, end: at + target.length } : null;
}

/** Only http(s) leads anywhere, in a new tab that cannot reach back. */
function anchor(target, children) {
  let url;
  try {
    url = new URL(target);
  } catch {
    return null;
  }
  if (url.protocol !== "http:" && url.protocol !== "https:") return null;
  const attributes = { href: url.href, target: "_blank", rel: "noopener noreferrer nofollow" };
  return el("a", attributes, ...children);
}
