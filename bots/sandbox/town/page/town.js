// The town: choose who you are and where you talk; what is said comes by server-sent events.

import { marked } from "./entities.js";
import { recording } from "./microphone.js";

const at = (id) => document.getElementById(id);
const state = { people: new Map(), places: [], lines: [], here: "", replyTo: 0, unread: new Map(), drafts: new Map() };

function element(name, fields = {}, ...children) {
  const made = Object.assign(document.createElement(name), fields);
  made.append(...children);
  return made;
}

const me = () => at("person").value;
const place = () => state.places.find((one) => one.id === state.here);
const reachable = () => state.places.filter((one) => one.members.includes(me()));

function show() {
  if (!reachable().some((one) => one.id === state.here)) state.here = reachable()[0]?.id ?? "";
  state.unread.delete(state.here);
  at("places").replaceChildren(...reachable().map(tab));
  at("mentioning").hidden = !place()?.group;
  const lines = state.lines.filter((line) => line.place === state.here);
  const draft = state.drafts.get(state.here);
  at("lines").replaceChildren(...(draft ? [...lines, draft] : lines).map(item));
  at("lines").scrollTop = at("lines").scrollHeight;
}

function tab(one) {
  const count = state.unread.get(one.id) ?? "";
  const button = element("button", { type: "button", role: "tab" },
    element("span", { textContent: one.group ? `# ${one.name}` : "Bot" }),
    element("span", { className: "unread", textContent: count }));
  button.setAttribute("aria-selected", one.id === state.here);
  button.onclick = () => { state.here = one.id; reply(0); show(); };
  return button;
}

function item(line) {
  const mine = line.sender === me();
  const name = state.people.get(line.sender)?.name ?? "Bot";
  const answer = element("button", { type: "button", textContent: "reply" });
  answer.onclick = () => reply(line.number);
  const head = element("header", {}, element("span", { textContent: name }),
    element("time", { textContent: new Date(line.at).toLocaleTimeString() }),
    element("span", { textContent: line.status }), line.number ? answer : "");
  const quoted = state.lines.find((other) => other.number === line.reply_to);
  const parts = [head];
  if (quoted) parts.push(element("blockquote", { textContent: brief(quoted) }));
  if (line.file) parts.push(media(line));
  if (line.text) parts.push(element("div", { className: "text" }, ...marked(line.text, line.entities)));
  const kind = ["notice", "draft"].includes(line.kind) ? line.kind : mine ? "me" : "";
  return element("li", { className: kind }, ...parts);
}

const brief = (line) => (line.text || `[${line.kind}]`).slice(0, 80);

function media(line) {
  const src = `/town/files/${line.file}`;
  if (line.kind === "image") return element("img", { src, alt: line.name || "a picture" });
  if (["voice", "audio"].includes(line.kind)) return element("audio", { src, controls: true });
  return element("a", { href: src, download: line.name || "file", textContent: `📎 ${line.name || line.kind}` });
}

function reply(number) {
  state.replyTo = number;
  const line = state.lines.find((other) => other.number === number);
  at("replying").hidden = !line;
  at("replying").querySelector("span").textContent = line ? `↩ ${brief(line)}` : "";
}

async function say(fields, content = new Blob()) {
  const mention = Boolean(place()?.group) && at("mention").checked;
  const query = new URLSearchParams({ place: state.here, person: me(), mention, reply_to: state.replyTo, ...fields });
  const answer = await fetch(`/town/say?${query}`, { method: "POST", body: content });
  at("wrong").textContent = answer.ok ? "" : await answer.text();
  if (answer.ok) reply(0);
  return answer.ok;
}

async function send() {
  const text = at("text").value.trim();
  if (text && await say({ text })) at("text").value = "";
}

function kindOf(file) {
  const kind = file.type.split("/")[0];
  return { image: "image", audio: "voice", video: "video" }[kind] ?? "file";
}

at("composer").onsubmit = (event) => { event.preventDefault(); send(); };
at("text").onkeydown = (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) { event.preventDefault(); send(); }
};
at("file").onchange = async () => {
  const [file] = at("file").files;
  const text = at("text").value.trim();
  if (file && await say({ kind: kindOf(file), name: file.name, text }, file)) at("text").value = "";
  at("file").value = "";
};
at("record").onclick = recording(at("record"), (sound) => say({ kind: "voice" }, sound));
at("replying").querySelector("button").onclick = () => reply(0);
at("person").onchange = () => { reply(0); show(); };

function drafted(line) {
  state.drafts.set(line.place, { ...line, text: line.text || "…" });
  show();
  setTimeout(() => ended(line.at, line.place), 30_000);
}

function ended(at, here) {
  if (state.drafts.get(here)?.at === at && state.drafts.delete(here)) show();
}

function heard(line) {
  if (line.kind === "draft") { drafted(line); return; }
  if (line.sender === "bot") state.drafts.delete(line.place);
  if (state.lines.some((known) => known.number === line.number)) return;
  state.lines.push(line);
  if (line.place !== state.here) state.unread.set(line.place, (state.unread.get(line.place) ?? 0) + 1);
  show();
}

async function begin() {
  const events = new EventSource("/town/events");
  events.onmessage = (event) => heard(JSON.parse(event.data));
  events.onopen = async () => {
    const town = await (await fetch("/town")).json();
    document.title = town.name;
    at("town").textContent = town.name;
    state.people = new Map(town.people.map((person) => [person.id, person]));
    state.places = town.places;
    state.lines = town.lines;
    if (!at("person").options.length) {
      at("person").append(...town.people.map((p) => element("option", { value: p.id, textContent: p.name })));
    }
    show();
  };
}

begin();
