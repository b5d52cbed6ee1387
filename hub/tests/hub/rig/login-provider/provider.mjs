// A real OpenID provider (certified, of its own makers) with its own login form: the hub's
// tests start it, and tell it by arguments the hub's address and where its secret is.
//
//   node provider.mjs REDIRECT_URI SECRET_FILE
//
// It says its port on standard output, and ends with its standard input.

import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { Provider } from "oidc-provider";

const [redirect, secretFile] = process.argv.slice(2);
const server = createServer().listen(0, "127.0.0.1");
await new Promise((done) => { server.once("listening", done); });
const { port } = server.address();

const provider = new Provider(`http://localhost:${port}`, {
  clients: [{
    client_id: "writ",
    client_secret: readFileSync(secretFile, "utf8").trim(),
    redirect_uris: [redirect],
  }],
  // Whatever name is typed into the form is an account; the password is not looked at.
  findAccount: (_, name) => ({
    accountId: name,
    claims: () => ({ sub: `id-of-${name}`, email: `${name}@example.com`, email_verified: name !== "mallory" }),
  }),
  claims: { email: ["email", "email_verified"] },
  pkce: { required: () => true },
});
server.on("request", provider.callback());
process.stdin.on("end", () => process.exit(0)).resume();
console.log(port);
