// Copying text, also where the page is served over plain http and has no clipboard of its own.

import { el, icon } from "./element.js";
import { say, said } from "./texts.js";

const SHOWN_MS = 1600;

export function copyButton(text, { words = false } = {}) {
  const label = words ? [el("span", { "data-say": "copy" })] : [];
  const button = el("button", { type: "button", "data-say-label": "copy" }, icon("copy"), ...label);
  button.onclick = async () => {
    await copy(text());
    button.querySelector("use").setAttribute("href", "#i-check");
    if (words) button.lastChild.textContent = say("copied");
    setTimeout(() => {
      button.querySelector("use").setAttribute("href", "#i-copy");
      if (words) button.lastChild.textContent = say("copy");
    }, SHOWN_MS);
  };
  return said(button);
}

async function copy(text) {
  if (navigator.clipboard) {
    await navigator.clipboard.writeText(text);
    return;
  }
  const area = el("textarea", { class: "unseen" });
  area.value = text;
  document.body.append(area);
  area.select();
  document.execCommand("copy");
  area.remove();
}
