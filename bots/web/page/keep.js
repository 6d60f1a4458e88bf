// What the browser keeps for us. Where it keeps nothing (private windows), the page still works.

const memory = new Map();

export function keep(name, value) {
  memory.set(name, value);
  try {
    localStorage.setItem(name, value);
  } catch {
    // The map above has it for as long as the page is open.
  }
}

export function kept(name) {
  try {
    return localStorage.getItem(name) ?? memory.get(name) ?? null;
  } catch {
    return memory.get(name) ?? null;
  }
}

export function drop(name) {
  memory.delete(name);
  try {
    localStorage.removeItem(name);
  } catch {
    // Nothing was kept.
  }
}

export function keptNames(prefix) {
  const names = new Set(memory.keys());
  try {
    for (let at = 0; at < localStorage.length; at++) names.add(localStorage.key(at));
  } catch {
    // Only what is in the map.
  }
  return [...names].filter((name) => name.startsWith(prefix));
}
