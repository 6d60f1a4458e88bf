// Light or dark, English or Chinese: the browser's own, until the person says otherwise.

import { byId } from "./element.js";
import { keep, kept } from "./keep.js";
import { language, translate } from "./texts.js";

const root = document.documentElement;
const prefersDark = matchMedia("(prefers-color-scheme: dark)");

const shown = () => kept("parley.theme") ?? (prefersDark.matches ? "dark" : "light");

function showTheme() {
  root.dataset.shown = shown();
  document.dispatchEvent(new Event("look"));
}

function switchTheme() {
  const theme = shown() === "dark" ? "light" : "dark";
  keep("parley.theme", theme);
  root.dataset.theme = theme;
  showTheme();
}

function switchLanguage(changed) {
  const next = language() === "zh" ? "en" : "zh";
  keep("parley.language", next);
  root.lang = next === "zh" ? "zh-CN" : "en";
  translate();
  changed();
}

/** @param changed called after the language did */
export function startLooks(changed) {
  prefersDark.addEventListener("change", showTheme);
  byId("theme").onclick = switchTheme;
  byId("language").onclick = () => switchLanguage(changed);
  showTheme();
  translate();
}
