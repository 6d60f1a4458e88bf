// What one person said and what answered it: one item of the conversation.

import { copyButton } from "./copy.js";
import { el, icon } from "./element.js";
import { showMarkdown } from "./markdown.js";
import { fileNode } from "./part.js";
import { said, translate } from "./texts.js";

const dots = () => said(el("div", { class: "dots", role: "img", "data-say-label": "thinking" },
  el("i"), el("i"), el("i")));

const isCommand = (text) => /^[/／]\S/.test(text);

export class Exchange {
  /** @param id the message's; "" for an answer that nobody asked for */
  constructor(id, at) {
    this.id = id;
    this.at = at;
    this.parts = new Map();
    this.total = 0;
    this.running = false;
    this.command = false;
    this.says = el("div", { class: "said" });
    this.state = el("div", { class: "state" });
    this.answer = el("div", { class: "answer" });
    this.node = el("li", { class: "exchange", "data-id": id }, this.says, this.answer);
  }

  /** @param parts the message's own: text and files */
  showSaid(parts) {
    const files = parts.filter((part) => part.type === "media").map(fileNode);
    const texts = parts.filter((part) => part.type === "text");
    this.command = texts.some((part) => isCommand(part.text));
    const words = texts.map((part) => el("div", { class: "words", dir: "auto" }, part.text));
    if (this.command) words.forEach((node) => node.classList.add("command"));
    this.says.replaceChildren(...files, ...words, this.state);
  }

  /** How the message fares: "", "sending", "waiting", "busy" or "invalid", with things to do. */
  showState(code, actions = {}) {
    this.says.classList.toggle("sending", code === "sending" || code === "waiting");
    this.says.classList.toggle("failed", code === "busy" || code === "invalid");
    const buttons = Object.entries(actions).map(([name, onclick]) =>
      el("button", { type: "button", "data-say": name, onclick }));
    const words = code && code !== "sending" ? [el("span", { "data-say": code })] : [];
    this.state.replaceChildren(...words, ...buttons);
    translate(this.state);
  }

  /** An answer is to come. */
  wait() {
    if (this.parts.size || this.running) return;
    this.running = true;
    this.answer.replaceChildren(icon("mark", "mark"), dots());
  }

  /** A word in between: the answer takes its place. */
  notice(text) {
    if (this.parts.size || this.drafted) return;
    this.running = true;
    const words = el("div", { class: "prose", dir: "auto" });
    showMarkdown(words, text);
    this.answer.replaceChildren(icon("mark", "mark"), words, dots());
  }

  /** The answer so far; what arrived for good is not overwritten. */
  draft(text) {
    if (this.parts.size || !text) return;
    this.running = true;
    if (!this.drafted) {
      this.drafted = el("div", { class: "prose streaming", dir: "auto" });
      this.answer.replaceChildren(icon("mark", "mark"), this.drafted);
    }
    showMarkdown(this.drafted, text);
    translate(this.drafted);
  }

  /** One part of `total`; what is there already is left alone. */
  part(index, total, part) {
    const known = this.parts.get(index)?.part;
    if (known && known.text === part.text && known.ticket === part.ticket) return;
    const node = this.partNode(index, part);
    this.parts.set(index, { part, node });
    this.total = total;
    this.running = this.parts.size < total;
    const nodes = [...this.parts.entries()].sort(([a], [b]) => a - b).map(([, one]) => one.node);
    const foot = this.running ? [] : this.foot();
    this.answer.replaceChildren(icon("mark", "mark"), ...nodes, ...foot);
  }

  partNode(index, part) {
    if (part.type === "media") return fileNode(part);
    const node = (index === 0 && this.drafted) || this.parts.get(index)?.node
      || el("div", { class: "prose", dir: "auto" });
    this.drafted = undefined;
    node.classList.remove("streaming");
    showMarkdown(node, part.text);
    translate(node);
    return node;
  }

  /** The person stopped it, and no answer will come any more. */
  stop() {
    if (!this.running) return;
    this.running = false;
    this.drafted?.classList.remove("streaming");
    const kept = this.drafted ? [this.drafted] : [];
    const note = said(el("div", { class: "foot" }, el("span", { "data-say": "stopped" })));
    this.answer.replaceChildren(icon("mark", "mark"), ...kept, note);
  }

  /** No answer will come, and none did. */
  settle() {
    this.running = false;
    if (!this.parts.size) this.answer.replaceChildren();
  }

  get answerText() {
    return [...this.parts.values()].map(({ part }) => part.text ?? "").join("\n\n").trim();
  }

  foot() {
    if (!this.answerText) return [];
    return [el("div", { class: "foot" }, copyButton(() => this.answerText))];
  }
}
