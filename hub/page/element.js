// Elements, made without any text ever being read as markup.

/** An element with attributes, properties that begin with "on", and children. */
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else made.setAttribute(key, value === true ? "" : String(value));
  }
  made.append(...children.flat().filter((child) => child !== undefined && child !== null));
  return made;
}

/** Puts a view in the place of what is shown, and the reader at its title. */
export function show(...children) {
  const main = document.getElementById("main");
  main.replaceChildren(...children.flat());
}

/** Says something to who listens to the page. */
export function say(text) {
  document.getElementById("said").textContent = text;
}
