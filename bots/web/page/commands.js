// The list of commands that opens over the composer when a message starts with "/".

import { byId, el } from "./element.js";
import { language } from "./texts.js";

export class Commands {
  /** @param choose called with the chosen command's name */
  constructor(choose) {
    this.choose = choose;
    this.menus = { en: [], zh: [] };
    this.list = byId("commands");
    this.text = byId("text");
    this.shown = [];
    this.at = 0;
  }

  get isOpen() {
    return !this.list.hidden;
  }

  /** Open, narrow down or close, going by what is written. */
  follow(written) {
    const match = /^[/／](\S*)$/.exec(written);
    this.shown = match ? this.matching(match[1].toLowerCase()) : [];
    this.at = 0;
    this.list.replaceChildren(...this.shown.map((command, at) => this.option(command, at)));
    this.list.scrollTop = 0;
    this.list.hidden = this.shown.length === 0;
    this.mark();
  }

  /** Names that start so in either language come first, then those that contain it. */
  matching(part) {
    const here = this.menus[language()];
    const other = this.menus[language() === "zh" ? "en" : "zh"];
    const names = (at) => [here[at]?.[0] ?? "", other[at]?.[0] ?? ""].map((name) => name.toLowerCase());
    const rank = (at) => {
      if (names(at).some((name) => name.startsWith(part))) return 0;
      return names(at).some((name) => name.includes(part)) ? 1 : 2;
    };
    return here
      .map((command, at) => ({ command, rank: rank(at) }))
      .filter(({ rank }) => rank < 2)
      .sort((one, two) => one.rank - two.rank)
      .map(({ command }) => command);
  }

  option([name, description], at) {
    const node = el("li", { id: `command-${at}`, role: "option" },
      el("b", {}, `/${name}`), el("span", {}, description));
    node.onpointerdown = (event) => event.preventDefault(); // the focus stays in the text
    node.onclick = () => this.take(at);
    return node;
  }

  /** Keys while it is open. True if the key was taken. */
  key(event) {
    if (!this.isOpen) return false;
    switch (event.key) {
      case "ArrowDown": return this.move(1);
      case "ArrowUp": return this.move(-1);
      case "Escape": return this.close();
      case "Tab": return this.take(this.at);
      case "Enter": return this.isWritten(this.at) ? !this.close() : this.take(this.at);
      default: return false;
    }
  }

  isWritten(at) {
    return this.text.value.slice(1).toLowerCase() === this.shown[at][0].toLowerCase();
  }

  move(by) {
    this.at = (this.at + by + this.shown.length) % this.shown.length;
    this.mark();
    return true;
  }

  mark() {
    [...this.list.children].forEach((node, at) =>
      node.setAttribute("aria-selected", String(at === this.at)));
    this.list.children[this.at]?.scrollIntoView({ block: "nearest" });
    this.text.setAttribute("aria-expanded", String(this.isOpen));
    if (this.isOpen) this.text.setAttribute("aria-activedescendant", `command-${this.at}`);
    else this.text.removeAttribute("aria-activedescendant");
  }

  take(at) {
    const [name] = this.shown[at];
    this.close();
    this.choose(name);
    return true;
  }

  close() {
    this.list.hidden = true;
    this.mark();
    return true;
  }
}
