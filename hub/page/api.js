// The hub's API.

/** What the hub refuses, with its sentence. */
export class Refused extends Error {
  constructor(status, kind, detail) {
    super(detail);
    this.status = status;
    this.kind = kind;
  }
}

let csrf = "";

/** The session's second secret, which goes along with what changes something. */
export function remember(session) {
  csrf = session?.csrf ?? "";
}

export async function call(method, path, body) {
  const headers = {};
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (method !== "GET" && csrf) headers["X-Writ-CSRF"] = csrf;
  let reply;
  try {
    reply = await fetch(path, {
      method,
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
      credentials: "same-origin",
      cache: "no-store",
      redirect: "error",
    });
  } catch {
    throw new Refused(0, "unreachable", "The hub cannot be reached. Is there a network?");
  }
  if (reply.status === 204) return null;
  let read;
  try {
    read = await reply.json();
  } catch {
    throw new Refused(reply.status, "unreadable", `The hub's answer cannot be read (${reply.status}).`);
  }
  if (!reply.ok) throw new Refused(reply.status, read.type ?? "", read.detail ?? reply.statusText);
  return read;
}

export const get = (path) => call("GET", path);
export const post = (path, body) => call("POST", path, body);
