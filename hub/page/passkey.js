// Passkeys. What is signed is always a text that this page has shown or checked: its SHA-256,
// made here, is the challenge.

import { post } from "/api.js";

export function encode(buffer) {
  const bytes = new Uint8Array(buffer);
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

export function decode(text) {
  const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(binary, (character) => character.charCodeAt(0));
}

export async function sha256(text) {
  return crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
}

export async function hex(buffer) {
  return [...new Uint8Array(await buffer)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Has a passkey of this hub sign a text. */
export async function sign(text, ids = []) {
  const credential = await navigator.credentials.get({
    publicKey: {
      challenge: await sha256(text),
      rpId: location.hostname,
      userVerification: "required",
      allowCredentials: ids.map((id) => ({ type: "public-key", id: decode(id) })),
      timeout: 120000,
    },
  });
  if (!credential) throw new Error("No passkey was used.");
  const { authenticatorData, clientDataJSON, signature } = credential.response;
  return {
    id: encode(credential.rawId),
    assertion: {
      authenticator_data: encode(authenticatorData),
      client_data: encode(clientDataJSON),
      signature: encode(signature),
    },
  };
}

/** A login's text names this hub and is no decision: nothing else is signed to log in. */
function checkLogin(text) {
  const [kind, origin, nonce, expires, ...rest] = text.split("\n");
  const right = kind === "login@writ" && origin === `origin ${location.origin}` &&
    /^nonce [\w-]+$/.test(nonce ?? "") && /^expires_wall_ms \d+$/.test(expires ?? "") && rest.join("") === "";
  if (!right) throw new Error("The hub wanted something else signed than a login. Tell its admin.");
}

export async function login() {
  const { challenge } = await post("/v1/login/challenge", {});
  checkLogin(challenge);
  const { id, assertion } = await sign(challenge);
  return post("/v1/login/passkey", { challenge, id, assertion });
}

/** Makes a passkey, with a link's secret. */
export async function enrol(invitation, begun) {
  checkLogin(begun.challenge);
  const credential = await navigator.credentials.create({
    publicKey: {
      challenge: await sha256(begun.challenge),
      rp: { id: location.hostname, name: `Writ at ${location.host}` },
      user: { id: decode(begun.user_id), name: begun.person, displayName: begun.person },
      pubKeyCredParams: [{ type: "public-key", alg: -7 }, { type: "public-key", alg: -8 }],
      authenticatorSelection: { residentKey: "required", userVerification: "required" },
      attestation: "none",
      excludeCredentials: begun.passkeys.map((id) => ({ type: "public-key", id: decode(id) })),
      timeout: 120000,
    },
  });
  const { response } = credential;
  return post("/v1/passkeys", {
    invitation,
    challenge: begun.challenge,
    id: encode(credential.rawId),
    algorithm: response.getPublicKeyAlgorithm(),
    public_key: encode(response.getPublicKey()),
    client_data: encode(response.clientDataJSON),
    authenticator_data: encode(response.getAuthenticatorData()),
  });
}

/** What went wrong with a passkey, for who used it. */
export function inWords(error) {
  if (error?.name === "NotAllowedError") return "The passkey was not used: it was cancelled, took too long, or there is none for this hub here.";
  if (error?.name === "InvalidStateError") return "This device has a passkey for you already.";
  if (error?.name === "SecurityError") return "This address is not the hub's own; passkeys only work there.";
  return error?.message || String(error);
}
