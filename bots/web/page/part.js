// One part of what was said or answered, as a node.

import { bytes, el, icon } from "./element.js";
import { player } from "./player.js";
import { said } from "./texts.js";
import { openViewer } from "./viewer.js";

export const urlOf = (file) => `/media/${file.ticket}`;

/** A file of any kind; `file` is a FileView of the server. */
export function fileNode(file) {
  const url = urlOf(file);
  switch (file.kind) {
    case "image": return picture(file, url);
    case "voice":
    case "audio": return player(file, url);
    case "video": return el("video", { class: "film", src: url, controls: true, preload: "metadata" });
    default: return card(file, url);
  }
}

function picture(file, url) {
  const image = el("img", { src: url, alt: file.name });
  const node = el("button", { class: "picture", type: "button", "data-say-label": "enlarge" }, image);
  node.onclick = () => openViewer(url, file.name);
  return said(node);
}

function card(file, url) {
  const size = file.size_bytes ? bytes(file.size_bytes) : "";
  const words = el("span", {}, el("b", {}, file.name || file.mime), el("small", {}, size));
  return el("a", { class: "file", href: url, download: file.name || "file" }, icon("file"), words);
}
