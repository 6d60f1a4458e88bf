// Where a message is written. Enter sends; while an input method composes, Enter is its own.

import { Attachments } from "./attachments.js";
import { Commands } from "./commands.js";
import { byId } from "./element.js";
import { say } from "./texts.js";

export class Composer {
  /** @param send called with (text, files); @param tell shows a notice */
  constructor(send, tell) {
    this.send = send;
    this.text = byId("text");
    this.tell = tell;
    this.limits = { text: Infinity, question: Infinity };
    this.isRunning = false;
    this.attachments = new Attachments(() => this.show(), tell);
    this.commands = new Commands((name) => this.write(`/${name} `));
    this.text.oninput = () => this.typed();
    this.text.onkeydown = (event) => this.key(event);
    this.text.onpaste = (event) => this.paste(event);
    this.text.onblur = () => this.commands.close();
    byId("composer").onsubmit = (event) => {
      event.preventDefault();
      this.submit();
    };
    this.show();
  }

  /** Put words in, ready to be changed or sent. */
  write(words) {
    this.text.value = words;
    this.typed();
    this.text.focus();
    this.text.setSelectionRange(words.length, words.length);
  }

  typed() {
    this.commands.follow(this.text.value);
    this.text.style.height = "auto";
    this.text.style.height = `${this.text.scrollHeight}px`;
    this.show();
  }

  key(event) {
    // Safari ends a composition before it reports the key: there only 229 tells.
    if (event.isComposing || event.keyCode === 229) return;
    if (this.commands.key(event)) {
      event.preventDefault();
      return;
    }
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      this.submit();
    }
  }

  paste(event) {
    const files = [...event.clipboardData.files];
    if (!files.length) return;
    event.preventDefault();
    this.attachments.add(files);
  }

  submit() {
    if (!this.canSend) return;
    const text = this.text.value.trim();
    const got = [...text].length; // code points, as the bot counts
    const limit = text.startsWith("/") ? this.limits.text : this.limits.question;
    if (got > limit) {
      this.tell(say("too_long", { got, limit }));
      return;
    }
    this.text.value = "";
    this.typed();
    this.send(text, this.attachments.take());
  }

  get canSend() {
    const hasSomething = this.text.value.trim() !== "" || !this.attachments.isEmpty;
    return hasSomething && this.attachments.ready;
  }

  /** @param isRunning whether an answer is being worked on */
  running(isRunning) {
    this.isRunning = isRunning;
    this.show();
  }

  show() {
    const stops = this.isRunning && !this.text.value.trim() && this.attachments.isEmpty;
    byId("send").disabled = !this.canSend;
    byId("send").hidden = stops;
    byId("stop").hidden = !stops;
  }
}
