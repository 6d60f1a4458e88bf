// Plays a voice message or spoken answer: a button, its shape as a bar to seek in, the time.

import { clock, el, icon } from "./element.js";
import { said, translate } from "./texts.js";
import { drawBars, peaks } from "./wave.js";

const BARS = 44;

export function player(file, url) {
  return new Player(file, url).node;
}

class Player {
  constructor(file, url) {
    this.length = file.duration_s || 0;
    this.shape = new Array(BARS).fill(0.12);
    this.audio = el("audio", { src: url, preload: "metadata" });
    this.button = el("button", { class: "round primary", type: "button", "data-say-label": "play" }, icon("play"));
    this.canvas = el("canvas", { "aria-hidden": "true" });
    this.seek = el("input", { type: "range", min: "0", max: "1000", value: "0", "data-say-label": "seek" });
    this.time = el("time", {}, clock(this.length));
    this.node = said(el("div", { class: "player", role: "group", "data-say-label": "voice" },
      this.button, el("div", { class: "wave" }, this.canvas, this.seek), this.time, this.audio));
    this.listen();
    this.measure(url);
  }

  listen() {
    this.button.onclick = () => (this.audio.paused ? this.audio.play() : this.audio.pause());
    this.seek.oninput = () => {
      this.audio.currentTime = (this.seek.value / 1000) * this.length;
    };
    for (const event of ["play", "pause", "ended"]) this.audio.addEventListener(event, () => this.show());
    this.audio.addEventListener("play", () => this.silenceOthers());
    this.audio.addEventListener("timeupdate", () => this.progress());
    this.audio.addEventListener("loadedmetadata", () => {
      if (Number.isFinite(this.audio.duration)) this.length = this.audio.duration;
      this.progress();
    });
    new ResizeObserver(() => this.draw()).observe(this.canvas);
    document.addEventListener("look", () => this.draw());
  }

  silenceOthers() {
    for (const other of document.querySelectorAll("audio")) if (other !== this.audio) other.pause();
  }

  show() {
    const playing = !this.audio.paused;
    this.button.querySelector("use").setAttribute("href", playing ? "#i-pause" : "#i-play");
    this.button.dataset.sayLabel = playing ? "pause" : "play";
    translate(this.node);
    this.progress();
  }

  progress() {
    const at = this.audio.currentTime;
    this.seek.value = this.length ? String((at / this.length) * 1000) : "0";
    this.seek.setAttribute("aria-valuetext", `${clock(at)} / ${clock(this.length)}`);
    this.time.textContent = clock(at > 0 && !this.audio.ended ? at : this.length);
    this.draw();
  }

  draw() {
    const done = this.length ? this.audio.currentTime / this.length : 0;
    drawBars(this.canvas, this.shape, this.audio.ended ? 0 : done);
  }

  /** Recordings from a browser don't tell their length, and a shape says more than a line. */
  async measure(url) {
    const measured = await peaks(url, BARS);
    if (!measured) return;
    this.shape = measured.shape;
    this.length = measured.length;
    this.progress();
  }
}
