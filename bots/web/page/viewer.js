// A picture as large as the window allows.

import { byId } from "./element.js";

export function openViewer(url, name) {
  const viewer = byId("viewer");
  const picture = viewer.querySelector("img");
  const save = viewer.querySelector("a");
  picture.src = url;
  picture.alt = name;
  save.href = url;
  save.download = name || "picture";
  viewer.querySelector("button").onclick = () => viewer.close();
  picture.onclick = () => viewer.close();
  viewer.showModal();
}
