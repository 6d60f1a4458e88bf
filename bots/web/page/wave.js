// The shape of a sound, drawn as bars.

const MOST_BYTES = 4_000_000;

/** {shape: bar heights 0..1, length in s}, or null where the browser cannot tell. */
export async function peaks(url, bars) {
  try {
    const response = await fetch(url);
    const content = await response.arrayBuffer();
    if (!response.ok || content.byteLength > MOST_BYTES) return null;
    const sound = await new OfflineAudioContext(1, 1, 22050).decodeAudioData(content);
    return { shape: loudness(sound.getChannelData(0), bars), length: sound.duration };
  } catch {
    return null; // a format it plays but does not decode, or no network: the plain bar stays
  }
}

function loudness(samples, bars) {
  const size = Math.max(1, Math.floor(samples.length / bars));
  const heights = Array.from({ length: bars }, (_, bar) => {
    let sum = 0;
    for (let at = bar * size; at < (bar + 1) * size; at += 4) sum += Math.abs(samples[at] || 0);
    return (sum * 4) / size;
  });
  const top = Math.max(...heights, 0.001);
  return heights.map((height) => Math.max(0.1, Math.sqrt(height / top)));
}

/** Bars over the whole canvas; those before `done` (0..1) in full colour. */
export function drawBars(canvas, shape, done) {
  const ratio = devicePixelRatio || 1;
  const width = canvas.clientWidth;
  const height = canvas.clientHeight;
  if (!width) return;
  canvas.width = width * ratio;
  canvas.height = height * ratio;
  const pen = canvas.getContext("2d");
  pen.scale(ratio, ratio);
  pen.fillStyle = getComputedStyle(canvas).color;
  const step = width / shape.length;
  const thick = Math.max(1.5, step * 0.55);
  shape.forEach((value, bar) => {
    const tall = Math.max(thick, value * height * 0.9);
    pen.globalAlpha = bar / shape.length < done ? 1 : 0.36;
    pen.beginPath();
    pen.roundRect(bar * step + (step - thick) / 2, (height - tall) / 2, thick, tall, thick / 2);
    pen.fill();
  });
}
