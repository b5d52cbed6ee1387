// Text for eyes: what acts, turns the direction or cannot be seen stands as its escape, in a
// colour of its own. The same characters as `writ show` escapes on a terminal.

const HIDDEN = new RegExp(
  "[\\u0000-\\u001f\\u007f-\\u00a0\\u00ad\\u034f\\u0600-\\u0605\\u061c\\u06dd\\u070f\\u0890\\u0891" +
  "\\u08e2\\u115f\\u1160\\u1680\\u17b4\\u17b5\\u180b-\\u180f\\u2000-\\u200f\\u2028-\\u202f" +
  "\\u205f-\\u206f\\u2800\\u3000\\u3164\\ud800-\\udfff\\ue000-\\uf8ff\\ufdd0-\\ufdef\\ufe00-\\ufe0f" +
  "\\ufeff\\uffa0\\ufff0-\\ufffb\\ufffe\\uffff" +
  "\\u{110bd}\\u{110cd}\\u{13430}-\\u{1343f}\\u{1bca0}-\\u{1bca3}\\u{1d173}-\\u{1d17a}" +
  "\\u{e0000}-\\u{10ffff}]", "u");

const NAMED = { "\n": "\\n", "\r": "\\r", "\t": "\\t", "\u001b": "\\e" };

/** The escape of a character that would not show. */
export function escaped(character) {
  return NAMED[character] ?? `\\u{${character.codePointAt(0).toString(16)}}`;
}

/** Pieces of a text: `[text, hidden]`, where hidden ones are escapes. */
export function pieces(text) {
  const found = [];
  for (const character of text) {
    const hidden = HIDDEN.test(character);
    const shown = hidden ? escaped(character) : character;
    const last = found.at(-1);
    // An escape is a piece of its own, which no line break parts.
    if (last && !hidden && !last[1]) last[0] += shown;
    else found.push([shown, hidden]);
  }
  return found;
}

/** The text, escaped. */
export function shown(text) {
  return pieces(text).map(([piece]) => piece).join("");
}

/** Nodes that show a text. */
export function nodes(text) {
  return pieces(text).map(([piece, hidden]) => {
    if (!hidden) return document.createTextNode(piece);
    const mark = document.createElement("mark");
    mark.className = "odd";
    mark.textContent = piece;
    return mark;
  });
}

const PLAIN = /^[A-Za-z0-9%+,\-./:=@_]+$/;

/** A word of a command, quoted where a shell would need it so that its borders are plain. */
export function quoted(word) {
  return PLAIN.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/** A span in words. */
export function span(ms) {
  const seconds = Math.max(0, Math.round(Number(ms) / 1000));
  const parts = [[86400, "d"], [3600, "h"], [60, "min"], [1, "s"]];
  let rest = seconds;
  const words = [];
  for (const [unit, name] of parts) {
    const count = Math.floor(rest / unit);
    rest -= count * unit;
    if (count > 0 && words.length < 2) words.push(`${count} ${name}`);
  }
  return words.join(" ") || "0 s";
}

/** What is left of a time, as a clock. */
export function countdown(ms) {
  const seconds = Math.max(0, Math.ceil(ms / 1000));
  if (seconds >= 3600) return span(seconds * 1000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

/** An instant. */
export function instant(ms) {
  const date = new Date(Number(ms));
  return Number.isNaN(date.getTime()) ? String(ms) : date.toLocaleString(undefined, { dateStyle: "medium", timeStyle: "medium" });
}
