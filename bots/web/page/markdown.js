// Markdown in blocks. While an answer grows, only the blocks that changed are built anew.

import { copyButton } from "./copy.js";
import { el } from "./element.js";
import { inline } from "./inline.js";

const FENCE = /^ {0,3}(`{3,}|~{3,})[ \t]*([^`\s]*)[^`]*$/;
const HEADING = /^ {0,3}(#{1,6})[ \t]+(.*?)[ \t]*#*[ \t]*$/;
const RULE = /^ {0,3}([-*_])[ \t]*(?:\1[ \t]*){2,}$/;
const QUOTE = /^ {0,3}>[ ]?(.*)$/;
const ITEM = /^( *)([-*+]|\d{1,9}[.)])(?:[ \t]+(.*)|[ \t]*)$/;
const CELLS = /^ {0,3}\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*$/;
const DEPTH = 8;

const drawn = new WeakMap();

/** Show `text` in `node`, keeping every block that is as it was. */
export function showMarkdown(node, text) {
  const before = drawn.get(node) ?? [];
  const after = blocks(text.replaceAll("\r\n", "\n").replaceAll("\t", "    ").split("\n"));
  after.forEach((block, at) => {
    const old = before[at];
    if (old?.source === block.source && old.kind === block.kind) {
      block.node = old.node;
      return;
    }
    block.node = block.build();
    if (old) old.node.replaceWith(block.node);
    else node.append(block.node);
  });
  before.slice(after.length).forEach((old) => old.node.remove());
  drawn.set(node, after);
}

/** Lines to blocks: {kind, source, build() → node}. */
function blocks(lines, depth = 0) {
  const found = [];
  let at = 0;
  while (at < lines.length) {
    if (!lines[at].trim()) {
      at++;
      continue;
    }
    const block = read(lines, at, depth);
    block.source = lines.slice(at, block.end).join("\n");
    found.push(block);
    at = block.end;
  }
  return found;
}

function read(lines, at, depth) {
  const line = lines[at];
  if (FENCE.test(line)) return fenced(lines, at);
  if (HEADING.test(line)) return heading(lines, at);
  if (RULE.test(line)) return { kind: "rule", end: at + 1, build: () => el("hr") };
  if (depth < DEPTH && QUOTE.test(line)) return quote(lines, at, depth);
  if (depth < DEPTH && ITEM.test(line)) return list(lines, at, depth);
  if (isTable(lines, at)) return table(lines, at);
  return paragraph(lines, at);
}

const nodesOf = (lines, depth) => blocks(lines, depth).map((block) => block.build());

function fenced(lines, at) {
  const [, fence, language] = FENCE.exec(lines[at]);
  const isEnd = (line) => {
    const bare = line.trim();
    return bare.length >= fence.length && bare === fence[0].repeat(bare.length);
  };
  let end = at + 1;
  while (end < lines.length && !isEnd(lines[end])) end++;
  const text = lines.slice(at + 1, end).join("\n");
  const build = () => codeBlock(text, language);
  return { kind: "code", end: Math.min(end + 1, lines.length), build };
}

function codeBlock(text, language) {
  const name = language ? el("span", {}, language) : el("span", { "data-say": "code" });
  return el(
    "div",
    { class: "code" },
    el("div", { class: "bar" }, name, copyButton(() => text, { words: true })),
    el("pre", { tabindex: "0" }, el("code", {}, text)),
  );
}

function heading(lines, at) {
  const [, marks, text] = HEADING.exec(lines[at]);
  return { kind: "heading", end: at + 1, build: () => el(`h${marks.length}`, {}, ...inline(text)) };
}

function quote(lines, at, depth) {
  let end = at;
  const inner = [];
  while (end < lines.length && QUOTE.test(lines[end])) inner.push(QUOTE.exec(lines[end++])[1]);
  const build = () => el("blockquote", {}, ...nodesOf(inner, depth + 1));
  return { kind: "quote", end, build };
}

function list(lines, at, depth) {
  const [, , mark] = ITEM.exec(lines[at]);
  const ordered = /\d/.test(mark);
  const items = [];
  let end = at;
  while (end < lines.length) {
    const item = ITEM.exec(lines[end]);
    if (!item || RULE.test(lines[end]) || /\d/.test(item[2]) !== ordered) break;
    const next = itemEnd(lines, end, item);
    items.push(itemLines(lines, end, next, item));
    end = next;
  }
  const start = parseInt(mark, 10);
  const attributes = ordered && start !== 1 ? { start: String(start) } : {};
  const build = () =>
    el(ordered ? "ol" : "ul", attributes, ...items.map((inner) => listItem(inner, depth)));
  return { kind: "list", end, build };
}

/** An item reaches over deeper lines, and over blank ones that deeper lines follow. */
function itemEnd(lines, at, item) {
  const indent = item[1].length;
  const isDeeper = (line) => line.length - line.trimStart().length > indent;
  let end = at + 1;
  while (end < lines.length) {
    if (!lines[end].trim()) {
      const next = lines.slice(end).findIndex((line) => line.trim());
      const after = lines[end + next];
      const goesOn = next >= 0 && (isDeeper(after) || sameList(after, item));
      if (!goesOn) return end;
      if (!isDeeper(after)) return end + next;
      end += next;
    } else if (isDeeper(lines[end]) || continues(lines[end])) end++;
    else return end;
  }
  return end;
}

function sameList(line, item) {
  const other = ITEM.exec(line);
  return Boolean(other) && /\d/.test(other[2]) === /\d/.test(item[2]);
}

const continues = (line) =>
  ![FENCE, HEADING, RULE, QUOTE, ITEM].some((pattern) => pattern.test(line));

function itemLines(lines, at, end, item) {
  const rest = lines.slice(at + 1, end);
  const first = rest.find((line) => line.trim());
  const indent = first ? first.length - first.trimStart().length : 0;
  const cut = Math.min(indent, item[1].length + item[2].length + 1) || 0;
  return [item[3] ?? "", ...rest.map((line) => line.slice(Math.min(cut, line.search(/\S|$/))))];
}

function listItem(lines, depth) {
  const task = /^\[([ xX])\][ ]+(.*)$/.exec(lines[0]);
  const inner = task ? [task[2], ...lines.slice(1)] : lines;
  const loose = inner.some((line, at) => !line.trim() && at < inner.length - 1);
  const children = nodesOf(inner, depth + 1).flatMap((node) =>
    node.tagName === "P" && !loose ? [...node.childNodes] : [node],
  );
  if (!task) return el("li", {}, ...children);
  const box = el("input", { type: "checkbox", disabled: true, checked: task[1] !== " " });
  return el("li", { class: "task" }, box, ...children);
}

function isTable(lines, at) {
  const under = lines[at + 1];
  return lines[at].includes("|") && under !== undefined && under.includes("-") && CELLS.test(under)
    && cells(lines[at]).length === cells(under).length;
}

function cells(line) {
  const inner = line.trim().replace(/^\|/, "").replace(/(?<!\\)\|$/, "");
  return inner.split(/(?<!\\)\|/).map((cell) => cell.trim().replaceAll("\\|", "|"));
}

function table(lines, at) {
  let end = at + 2;
  while (end < lines.length && lines[end].includes("|") && lines[end].trim()) end++;
  const sides = cells(lines[at + 1]).map(side);
  const row = (line, tag) => {
    const texts = cells(line).slice(0, sides.length);
    return el("tr", {}, ...texts.map((text, column) => cell(tag, text, sides[column])));
  };
  const build = () =>
    el("div", { class: "scroll", tabindex: "0" },
      el("table", {},
        el("thead", {}, row(lines[at], "th")),
        el("tbody", {}, ...lines.slice(at + 2, end).map((line) => row(line, "td")))));
  return { kind: "table", end, build };
}

function side(mark) {
  if (mark.endsWith(":")) return mark.startsWith(":") ? "center" : "end";
  return "";
}

function cell(tag, text, align) {
  const node = el(tag, {}, ...inline(text));
  if (align) node.style.textAlign = align;
  return node;
}

function paragraph(lines, at) {
  let end = at + 1;
  while (end < lines.length && lines[end].trim() && !starts(lines, end)) end++;
  const text = lines.slice(at, end).map((line) => line.trim()).join("\n");
  return { kind: "paragraph", end, build: () => el("p", {}, ...inline(text)) };
}

/** Whether a line ends the paragraph before it. A number does so only if it is 1, as in CommonMark. */
function starts(lines, at) {
  const item = ITEM.exec(lines[at]);
  const isItem = item?.[3] && (!/\d/.test(item[2]) || parseInt(item[2], 10) === 1);
  return isItem || isTable(lines, at)
    || [FENCE, HEADING, RULE, QUOTE].some((pattern) => pattern.test(lines[at]));
}
