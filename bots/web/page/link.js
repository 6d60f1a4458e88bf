// The socket: connects, notices when it died, connects again.

const FIRST_WAIT_MS = 300;
const LONGEST_WAIT_MS = 8000;
const QUIET_MS = 25000;
const PATIENCE_MS = 8000;
const NO_SESSION = 4401;
const TOO_MANY_TABS = 4429;

export class Link {
  /** @param on {frame(object), open(), lost(), refused(code)} */
  constructor(on) {
    this.on = on;
    this.wait = FIRST_WAIT_MS;
    this.timer = 0;
    addEventListener("online", () => this.hurry());
    addEventListener("offline", () => this.abandon());
    document.addEventListener("visibilitychange", () => document.hidden || this.hurry());
    this.connect();
  }

  send(frame) {
    if (this.socket?.readyState !== WebSocket.OPEN) return false;
    this.socket.send(JSON.stringify(frame));
    return true;
  }

  connect() {
    clearTimeout(this.timer);
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    const socket = new WebSocket(`${scheme}//${location.host}/ws`);
    this.socket = socket;
    socket.onmessage = ({ data }) => this.receive(JSON.parse(data));
    socket.onclose = ({ code }) => socket === this.socket && this.lose(code);
  }

  receive(frame) {
    this.watch();
    if (frame.type === "hello") this.wait = FIRST_WAIT_MS;
    this.on.frame(frame);
  }

  /** After some silence ask for a sign of life; without one, start over. */
  watch() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.send({ type: "ping" });
      this.timer = setTimeout(() => this.abandon(), PATIENCE_MS);
    }, QUIET_MS);
  }

  abandon() {
    this.socket.onclose = null;
    this.socket.close();
    this.lose(0);
  }

  lose(code) {
    clearTimeout(this.timer);
    if (code === NO_SESSION || code === TOO_MANY_TABS) {
      this.on.refused(code === NO_SESSION ? "no_session" : "too_many_tabs");
      return;
    }
    this.on.lost();
    this.timer = setTimeout(() => this.connect(), this.wait * (0.75 + Math.random() / 2));
    this.wait = Math.min(this.wait * 2, LONGEST_WAIT_MS);
  }

  hurry() {
    if (this.socket.readyState !== WebSocket.CLOSED) return;
    this.wait = FIRST_WAIT_MS;
    this.connect();
  }
}
