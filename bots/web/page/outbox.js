// Messages that the server has not acknowledged. Each has a name of its own in the browser's
// store, so that tabs never overwrite each other's; sending one twice is harmless, the server
// knows it by its id.

import { drop, keep, kept, keptNames } from "./keep.js";

const PREFIX = "parley.outbox.";

export class Outbox {
  /** @param transmit (frame) => boolean: whether it went out */
  constructor(transmit) {
    this.transmit = transmit;
    this.underway = new Set();
  }

  /** The messages that wait, oldest first: {id, at, text, media, held}. */
  all() {
    return keptNames(PREFIX)
      .map((name) => JSON.parse(kept(name)))
      .filter(Boolean)
      .sort((one, other) => one.at - other.at);
  }

  put(message) {
    keep(PREFIX + message.id, JSON.stringify(message));
  }

  remove(id) {
    this.underway.delete(id);
    drop(PREFIX + id);
  }

  /** Refused for now: it waits until the person asks for it. */
  hold(id) {
    const message = this.all().find((one) => one.id === id);
    if (message) this.put({ ...message, held: true });
    this.underway.delete(id);
  }

  release(id) {
    const message = this.all().find((one) => one.id === id);
    if (message) this.put({ ...message, held: false });
    this.flush();
  }

  retry(id, afterS) {
    setTimeout(() => {
      this.underway.delete(id);
      this.flush();
    }, afterS * 1000);
  }

  /** The link is new: whatever was underway may be lost. */
  restart() {
    this.underway.clear();
    this.flush();
  }

  flush() {
    for (const message of this.all()) {
      if (message.held || this.underway.has(message.id)) continue;
      const sent = this.transmit({
        type: "send",
        id: message.id,
        text: message.text,
        language: message.language,
        media: message.media.map(({ ticket, duration_s }) => ({ ticket, duration_s })),
      });
      if (!sent) return;
      this.underway.add(message.id);
    }
  }
}

/** Random, also where the page is served over plain http and crypto.randomUUID is missing. */
export function newId() {
  const numbers = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(numbers, (number) => number.toString(16).padStart(2, "0")).join("");
}
