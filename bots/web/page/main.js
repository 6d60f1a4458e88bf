// Puts the page together: what is sent goes through the outbox, what arrives into the conversation.

import { upload } from "./attachments.js";
import { Composer } from "./composer.js";
import { Conversation } from "./conversation.js";
import { byId } from "./element.js";
import { showIdeas } from "./ideas.js";
import { Link } from "./link.js";
import { startLooks } from "./looks.js";
import { newId, Outbox } from "./outbox.js";
import { Recorder } from "./recorder.js";
import { language, say } from "./texts.js";

const PATIENT_MS = 900;
const NOTICE_MS = 5000;
const PAGE = 50;

class Page {
  constructor() {
    this.count = PAGE;
    this.loaded = false;
    this.conversation = new Conversation(() => this.show());
    this.composer = new Composer((text, files) => this.say(text, files), (words) => this.tell(words));
    this.recorder = new Recorder((blob, s) => this.sayAloud(blob, s), (words) => this.tell(words));
    this.outbox = new Outbox((frame) => this.link.send(frame));
    byId("stop").onclick = () => this.stop();
    byId("earlier").onclick = () => this.loadEarlier();
    startLooks(() => this.conversation.rename());
    showIdeas({
      write: (words) => this.composer.write(words),
      record: () => this.recorder.start(),
      picture: () => this.composer.attachments.pick("image/*"),
    });
    for (const message of this.outbox.all()) this.showUnsent(message);
    this.link = new Link({
      frame: (frame) => this.receive(frame),
      lost: () => this.lost(),
      refused: (why) => this.refused(why),
    });
    if (matchMedia("(pointer: fine)").matches) byId("text").focus();
  }

  // -- out --------------------------------------------------------------------

  say(text, files = []) {
    const message = { id: newId(), at: Date.now(), text, media: files, language: language() };
    this.outbox.put(message);
    this.showUnsent(message);
    this.conversation.follow();
    this.outbox.flush();
    return this.conversation.of(message.id);
  }

  async sayAloud(blob, seconds) {
    const name = `voice.${blob.type.includes("webm") ? "webm" : blob.type.includes("mp4") ? "m4a" : "ogg"}`;
    try {
      const view = await upload(blob, name, { recording: true });
      this.say("", [{ ...view, duration_s: seconds }]);
    } catch {
      this.tell(say("upload_failed", { name: say("voice") }));
    }
  }

  stop() {
    this.say("/stop").stops = true;
    byId("text").focus();
  }

  showUnsent(message) {
    const exchange = this.conversation.of(message.id, new Date(message.at));
    const words = message.text ? [{ type: "text", text: message.text }] : [];
    exchange.showSaid([...message.media.map((view) => ({ type: "media", ...view })), ...words]);
    if (message.held) this.showBusy(message.id);
    else exchange.showState(this.loaded ? "sending" : "waiting");
    this.show();
  }

  showBusy(id) {
    const exchange = this.conversation.of(id);
    exchange.settle();
    exchange.showState("busy", {
      again: () => {
        exchange.showState("sending");
        this.outbox.release(id);
      },
      discard: () => {
        this.outbox.remove(id);
        this.conversation.remove(id);
      },
    });
  }

  // -- in -----------------------------------------------------------------------

  receive(frame) {
    switch (frame.type) {
      case "hello": return this.hello(frame);
      case "ack": return this.acknowledged(frame.id);
      case "busy": return this.busy(frame.id);
      case "failed": return this.outbox.retry(frame.id, frame.retry_after_s);
      case "invalid": return this.invalid(frame.id);
      case "said": return this.saidElsewhere(frame);
      case "part": return this.part(frame);
      case "draft": return this.conversation.draft(frame);
      default: return undefined; // typing: the dots are there already; pong: the link saw it
    }
  }

  hello({ menus, upload_bytes, text_chars, question_chars }) {
    this.composer.commands.menus = menus;
    this.composer.attachments.limit = upload_bytes;
    this.composer.limits = { text: text_chars, question: question_chars };
    clearTimeout(this.patience);
    this.patience = 0;
    this.tell("");
    this.outbox.restart();
    this.load();
  }

  part(frame) {
    this.conversation.part(frame);
    const exchange = this.conversation.exchanges.get(frame.answers);
    if (exchange?.command && !exchange.running) this.clearIfErased(frame.answers);
  }

  /** A command that leaves nothing of its own words has erased all that was said. */
  async clearIfErased(id) {
    const response = await fetch("/history?count=1");
    if (!response.ok) return;
    const [latest] = (await response.json()).exchanges;
    if (latest?.id !== id || latest.parts.length) return;
    this.conversation.clear();
    this.load();
  }

  acknowledged(id) {
    this.outbox.remove(id);
    const exchange = this.conversation.of(id);
    exchange.showState("");
    exchange.wait();
    this.show();
  }

  busy(id) {
    this.outbox.hold(id);
    this.showBusy(id);
  }

  invalid(id) {
    if (!id) return;
    this.outbox.remove(id);
    this.conversation.of(id).showState("invalid");
  }

  saidElsewhere({ id, at, parts }) {
    const exchange = this.conversation.of(id, new Date(at));
    exchange.showSaid(parts);
    exchange.wait();
    this.show();
  }

  // -- history ----------------------------------------------------------------

  async load() {
    try {
      const response = await fetch(`/history?count=${this.count}`);
      if (!response.ok) throw new Error(response.statusText);
      const { exchanges, more } = await response.json();
      this.loaded = true;
      this.conversation.load(exchanges);
      byId("earlier").hidden = !more;
    } catch {
      this.tell(say("history_failed"), NOTICE_MS);
    }
    this.show();
  }

  async loadEarlier() {
    const { scroller } = this.conversation;
    const fromEnd = scroller.scrollHeight - scroller.scrollTop;
    this.conversation.follows = false;
    this.count += PAGE;
    await this.load();
    scroller.scrollTop = scroller.scrollHeight - fromEnd;
  }

  // -- the link ----------------------------------------------------------------

  lost() {
    this.patience ||= setTimeout(() => this.tell(say("offline"), 0), PATIENT_MS);
    for (const { id, held } of this.outbox.all()) {
      if (!held) this.conversation.of(id).showState("waiting");
    }
  }

  refused(why) {
    const already = sessionStorage.getItem("parley.reloaded");
    sessionStorage.setItem("parley.reloaded", "1");
    if (why === "no_session" && !already) location.reload();
    else this.tell(say(why === "no_session" ? "offline" : why), 0);
  }

  /** @param forMs how long the notice stays; 0 means until the next */
  tell(words, forMs = NOTICE_MS) {
    clearTimeout(this.noticed);
    byId("notice").textContent = words;
    byId("notice").hidden = !words;
    if (words && forMs) this.noticed = setTimeout(() => this.tell(""), forMs);
  }

  show() {
    byId("welcome").hidden = !this.loaded || !this.conversation.isEmpty;
    this.composer?.running(this.conversation.running.some((exchange) => !exchange.stops));
  }
}

new Page();
