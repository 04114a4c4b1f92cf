// Starts Unleash as its own server.js does, with one address more: it makes, and ends, a session of Unleash's own for the gateway.
import { timingSafeEqual } from "node:crypto";
import { start } from "unleash-server";

const key = Buffer.from(process.env.SUPPORT_KEY ?? "");
const isGateway = (request) => {
  const sent = Buffer.from(request.get("x-support-key") ?? "");
  return key.length >= 20 && sent.length === key.length && timingSafeEqual(sent, key);
};

function preRouterHook(app, _config, { userService, accessService }) {
  app.post("/support/session", async (request, response) => {
    if (!isGateway(request)) return void response.status(403).end();
    const user = await userService.getUser(Number(request.body.user)).catch(() => null);
    // Nobody becomes an administrator, whatever the gateway asks for.
    const role = user === null ? null : await accessService.getRootRoleForUser(user.id);
    if (role === null || role.name === "Admin") return void response.status(404).end();
    request.session.regenerate((error) => {
      if (error) return void response.status(500).end();
      request.session.user = user;
      response.status(204).end();
    });
  });
  // Unleash's own sign-out ends all sessions of its user; this one ends one.
  app.delete("/support/session", (request, response) => {
    if (!isGateway(request)) return void response.status(403).end();
    request.session.destroy((error) => response.status(error ? 500 : 204).end());
  });
}

await start({ preRouterHook });
