import type { FastifyInstance } from "fastify";
import { ownSite, sitesOf } from "./data.ts";
import { medianOf, samplesOf } from "./history.ts";
import { forMembers, note, param, queryValue } from "./members.ts";
import { missing } from "./refusals.ts";
import type { Deps } from "./visit.ts";

/** The JSON API that the app's own scripts use: one's own sites, their checks, and a check on demand. */
export function apiRoutes(app: FastifyInstance, deps: Deps): void {
  const { data } = deps;
  app.get(
    "/api/sites",
    forMembers((member, _request, reply) =>
      reply.send(sitesOf(data, member.person.id).map(({ id, name, state }) => ({ id, name, state }))),
    ),
  );

  app.get(
    "/api/site/:site/checks",
    forMembers(function checks(member, request, reply) {
      const site = ownSite(data, param(request, "site"), member.person.id);
      if (site === null) return missing(request, reply);
      const limit = Math.min(96, Math.max(1, Number(queryValue(request, "limit")) || 24));
      const samples = samplesOf(site, data.startedAt);
      const { id, name, state } = site;
      reply.header("cache-control", "no-cache, private");
      return reply.send({
        site: { id, name, state },
        median: medianOf(samples),
        checks: samples.slice(-limit).reverse(),
      });
    }),
  );

  app.post(
    "/api/site/:site/check",
    forMembers(function checkNow(member, request, reply) {
      const site = ownSite(data, param(request, "site"), member.person.id);
      if (site === null) return missing(request, reply);
      note(deps, member, `Checked ${site.name} by hand`);
      const ok = site.state === "up" || site.state === "slow";
      return reply.send({ ok, ms: ok ? site.latency : null });
    }),
  );
}
