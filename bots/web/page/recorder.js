// Records a voice message: press and hold, or click to start and again to send.

import { byId, clock } from "./element.js";
import { say } from "./texts.js";
import { drawBars } from "./wave.js";

const TYPES = ["audio/webm;codecs=opus", "audio/mp4", "audio/ogg;codecs=opus"];
const HELD_MS = 450;
const LEAST_S = 0.4;
const MOST_S = 300;
const BARS = 64;

export class Recorder {
  /** @param done called with (blob, seconds); @param tell shows a notice */
  constructor(done, tell) {
    this.done = done;
    this.tell = tell;
    this.button = byId("record");
    this.bar = document.querySelector("#composer .recording");
    this.row = document.querySelector("#composer .writing");
    byId("record-cancel").onclick = () => this.stop(false);
    byId("record-send").onclick = () => this.stop(true);
    this.button.onpointerdown = (event) => event.button === 0 && this.press(event);
    this.button.oncontextmenu = (event) => event.preventDefault(); // a long touch is for speaking
    this.button.onclick = (event) => event.detail === 0 && this.start(); // by keyboard
    addEventListener("pointerup", () => this.release());
    addEventListener("keydown", (event) => event.key === "Escape" && this.stop(false));
  }

  press(event) {
    event.preventDefault();
    this.button.releasePointerCapture(event.pointerId); // it hides while the finger is down
    this.pressedAt = performance.now();
    this.start();
  }

  release() {
    const held = this.pressedAt && performance.now() - this.pressedAt > HELD_MS;
    this.pressedAt = 0;
    if (held) this.stop(true);
  }

  async start() {
    if (this.starting || this.media) return;
    if (!navigator.mediaDevices) {
      this.tell(say("mic_insecure"));
      return;
    }
    this.starting = true;
    try {
      this.stream = await navigator.mediaDevices.getUserMedia({ audio: true });
      this.record();
    } catch (error) {
      this.tell(say(error.name === "NotFoundError" ? "mic_missing" : "mic_refused"));
    } finally {
      this.starting = false;
    }
  }

  record() {
    const mimeType = TYPES.find((type) => MediaRecorder.isTypeSupported(type));
    this.pieces = [];
    this.startedAt = performance.now();
    this.media = new MediaRecorder(this.stream, { mimeType, audioBitsPerSecond: 48000 });
    this.media.ondataavailable = ({ data }) => this.pieces.push(data);
    this.media.start();
    this.show(true);
    this.listen();
    byId("record-send").focus();
  }

  listen() {
    this.context = new AudioContext();
    const ear = this.context.createAnalyser();
    ear.fftSize = 1024;
    this.context.createMediaStreamSource(this.stream).connect(ear);
    const samples = new Float32Array(ear.fftSize);
    const heights = new Array(BARS).fill(0.06);
    this.timer = setInterval(() => {
      ear.getFloatTimeDomainData(samples);
      const loud = Math.sqrt(samples.reduce((sum, value) => sum + value * value, 0) / samples.length);
      heights.push(Math.min(1, Math.max(0.06, Math.sqrt(loud) * 1.6)));
      heights.shift();
      drawBars(byId("record-level"), heights, 1);
      byId("record-time").textContent = clock(this.seconds);
      if (this.seconds >= MOST_S) this.stop(true);
    }, 60);
  }

  get seconds() {
    return (performance.now() - this.startedAt) / 1000;
  }

  stop(send) {
    const media = this.media;
    if (!media) return;
    const seconds = this.seconds;
    this.media = null;
    media.onstop = () => {
      const blob = new Blob(this.pieces, { type: media.mimeType });
      if (send && seconds < LEAST_S) this.tell(say("too_short"));
      else if (send) this.done(blob, seconds);
    };
    media.stop();
    this.stream.getTracks().forEach((track) => track.stop());
    clearInterval(this.timer);
    this.context.close();
    this.show(false);
  }

  show(recording) {
    this.bar.hidden = !recording;
    this.row.hidden = recording;
    byId("record-time").textContent = "0:00";
    // Where there is a keyboard, go on writing; on a phone it would cover half the page.
    if (!recording && matchMedia("(pointer: fine)").matches) byId("text").focus();
  }
}
