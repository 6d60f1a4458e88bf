// A click begins to record, the next one sends.

export function recording(button, send) {
  let recorder = null;
  return async () => {
    if (recorder) {
      recorder.stop();
      return;
    }
    const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
    const pieces = [];
    recorder = new MediaRecorder(stream);
    recorder.ondataavailable = (event) => pieces.push(event.data);
    recorder.onstop = () => {
      stream.getTracks().forEach((track) => track.stop());
      button.classList.remove("on");
      const sound = new Blob(pieces, { type: recorder.mimeType });
      recorder = null;
      send(sound);
    };
    recorder.start();
    button.classList.add("on");
  };
}
