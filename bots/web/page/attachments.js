// Files on their way into a message: chosen, dropped or pasted, uploaded at once.

import { byId, bytes, el, icon } from "./element.js";
import { said, say } from "./texts.js";

const MOST = 10;

/** Send a file up. The answer is the server's FileView; throws where it was not taken. */
export async function upload(blob, name, { recording = false } = {}) {
  const query = new URLSearchParams({ name, ...(recording && { recording: "1" }) });
  const response = await fetch(`/upload?${query}`, { method: "POST", body: blob });
  if (!response.ok) throw new Error(await response.text());
  return response.json();
}

export class Attachments {
  /** @param changed called when files come, go or are up; @param tell shows a notice */
  constructor(changed, tell) {
    this.changed = changed;
    this.tell = tell;
    this.list = byId("attachments");
    this.items = [];
    this.limit = Infinity;
    this.catchDrops();
    const picker = byId("picker");
    byId("attach").onclick = () => this.pick("");
    picker.onchange = () => {
      this.add(picker.files);
      picker.value = "";
      byId("text").focus();
    };
  }

  pick(accept) {
    byId("picker").accept = accept;
    byId("picker").click();
  }

  get ready() {
    return this.items.every((item) => item.view);
  }

  get isEmpty() {
    return this.items.length === 0;
  }

  add(files) {
    for (const file of files) {
      if (this.items.length >= MOST) {
        this.tell(say("too_many_files", { most: MOST }));
        return;
      }
      if (file.size > this.limit) {
        this.tell(say("too_large", { name: file.name, limit: bytes(this.limit) }));
        continue;
      }
      this.addOne(file);
    }
  }

  async addOne(file) {
    const item = { node: this.node(file), view: null };
    item.node.querySelector("button").onclick = () => this.remove(item);
    this.items.push(item);
    this.list.append(item.node);
    this.show();
    try {
      item.view = await upload(file, file.name);
      item.node.classList.remove("uploading");
    } catch {
      this.tell(say("upload_failed", { name: file.name }));
      this.remove(item);
    }
    this.show();
  }

  node(file) {
    const shown = file.type.startsWith("image/")
      ? el("img", { src: URL.createObjectURL(file), alt: file.name })
      : el("span", { class: "name" }, file.name);
    const parts = shown.tagName === "IMG" ? [shown] : [icon("file"), shown];
    const button = el("button", { type: "button", "data-say-label": "remove" }, icon("close"));
    return said(el("li", { class: "uploading", title: file.name }, ...parts, button));
  }

  remove(item) {
    this.items = this.items.filter((other) => other !== item);
    this.forgetPreview(item);
    item.node.remove();
    this.show();
  }

  forgetPreview(item) {
    const image = item.node.querySelector("img");
    if (image) URL.revokeObjectURL(image.src);
  }

  /** The files for a message, and none left here. */
  take() {
    const views = this.items.map((item) => item.view);
    this.items.forEach((item) => this.forgetPreview(item));
    this.items = [];
    this.list.replaceChildren();
    this.show();
    return views;
  }

  show() {
    this.list.hidden = this.isEmpty;
    this.changed();
  }

  catchDrops() {
    const hasFiles = (event) => event.dataTransfer?.types.includes("Files");
    let over = 0;
    const veil = (by) => {
      over = Math.max(0, over + by);
      byId("drop").hidden = over === 0;
    };
    addEventListener("dragenter", (event) => hasFiles(event) && veil(1));
    addEventListener("dragleave", (event) => hasFiles(event) && veil(-1));
    addEventListener("dragover", (event) => hasFiles(event) && event.preventDefault());
    addEventListener("drop", (event) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      veil(-over);
      this.add(event.dataTransfer.files);
    });
  }
}
