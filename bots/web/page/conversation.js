// The exchanges in order, and the place in them that is looked at.

import { byId, el } from "./element.js";
import { Exchange } from "./exchange.js";
import { say, translate } from "./texts.js";

const NEAR_PX = 90;

export class Conversation {
  /** @param changed called when the first message or a running answer comes or goes */
  constructor(changed) {
    this.changed = changed;
    this.list = byId("conversation");
    this.scroller = byId("scroller");
    this.exchanges = new Map();
    this.follows = true;
    this.scroller.addEventListener("scroll", () => this.look(), { passive: true });
    byId("latest").onclick = () => this.follow();
    new ResizeObserver(() => this.keepUp()).observe(this.list);
    new ResizeObserver(() => this.keepUp()).observe(this.scroller);
  }

  get isEmpty() {
    return this.exchanges.size === 0;
  }

  get running() {
    return [...this.exchanges.values()].filter((exchange) => exchange.running);
  }

  /** The exchange of a message, made at the end if it is new. */
  of(id, at = new Date()) {
    return this.exchanges.get(id) ?? this.add(id, at, this.list.lastElementChild);
  }

  add(id, at, after) {
    const exchange = new Exchange(id, at);
    this.exchanges.set(id, exchange);
    if (after) after.after(exchange.node);
    else this.list.prepend(exchange.node);
    this.showDays();
    return exchange;
  }

  remove(id) {
    this.exchanges.get(id)?.node.remove();
    this.exchanges.delete(id);
    this.changed();
  }

  clear() {
    for (const id of [...this.exchanges.keys()]) this.remove(id);
  }

  /** What the server remembers, oldest first; merged with what is shown. */
  load(history) {
    let after = null;
    for (const past of history) {
      const exchange = this.exchanges.get(past.id) ?? this.add(past.id, new Date(past.at), after);
      after = exchange.node;
      if (!exchange.says.hasChildNodes()) exchange.showSaid(past.parts);
      exchange.showState("");
      past.answer.forEach((part, index) => {
        if (!exchange.parts.has(index)) exchange.part(index, past.answer.length, part);
      });
      if (past.pending) {
        exchange.wait();
        if (past.notice) exchange.notice(past.notice);
      } else if (exchange.running) exchange.settle();
    }
    this.changed();
  }

  draft({ answers, text }) {
    this.exchanges.get(answers)?.draft(text);
    this.changed();
  }

  part({ key, answers, index, total, part, notice }) {
    const exchange = this.of(answers || key);
    if (notice) {
      exchange.notice(part.text);
      byId("live").textContent = part.text;
      this.changed();
      return;
    }
    if (answers) exchange.part(index, total, part);
    else exchange.part(0, 1, part); // nobody asked for it: each part stands for itself
    if (!exchange.running) byId("live").textContent = exchange.answerText || say("voice");
    if (!exchange.running && exchange.stops) this.stopBefore(exchange);
    this.changed();
  }

  /** The stop was answered: whatever ran before it will not go on. */
  stopBefore(stop) {
    for (const exchange of this.exchanges.values()) {
      if (exchange === stop) return;
      if (!exchange.command) exchange.stop();
    }
  }

  /** A heading wherever a new day begins. */
  showDays() {
    let last = "";
    for (const { node } of this.inOrder()) {
      const exchange = this.exchanges.get(node.dataset.id);
      const day = (exchange?.at ?? new Date()).toDateString();
      const shown = node.querySelector(":scope > .day");
      if (day === last || (last === "" && day === new Date().toDateString())) shown?.remove();
      else if (!shown) node.prepend(el("time", { class: "day" }, dayName(day)));
      last = day;
    }
  }

  /** After a change of language. */
  rename() {
    for (const exchange of this.exchanges.values()) {
      const shown = exchange.node.querySelector(":scope > .day");
      if (shown) shown.textContent = dayName(exchange.at.toDateString());
    }
    translate(this.list);
  }

  inOrder() {
    return [...this.list.children].map((node) => ({ node }));
  }

  // -- scrolling ------------------------------------------------------------

  look() {
    const { scrollHeight, scrollTop, clientHeight } = this.scroller;
    this.follows = scrollHeight - scrollTop - clientHeight < NEAR_PX;
    byId("latest").hidden = this.follows;
  }

  keepUp() {
    if (this.follows) this.scroller.scrollTop = this.scroller.scrollHeight;
    else this.look();
  }

  follow() {
    this.follows = true;
    this.keepUp();
  }
}

function dayName(day) {
  const date = new Date(day);
  const ago = Math.round((new Date(new Date().toDateString()) - date) / 86400000);
  if (ago === 0) return say("today");
  if (ago === 1) return say("yesterday");
  const style = { weekday: "long", month: "long", day: "numeric" };
  return date.toLocaleDateString(document.documentElement.lang, style);
}
