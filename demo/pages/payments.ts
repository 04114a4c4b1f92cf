import type { FastifyInstance } from "fastify";
import { type PaymentMethod, sitesOf, type Team } from "../data.ts";
import { type Html, html } from "../html.ts";
import { csrfField, show } from "../layout.ts";
import { doneWith, field, forMembers, note } from "../members.ts";
import { card, empty, figure, heading, pill } from "../parts.ts";
import type { Deps, Member } from "../visit.ts";

const PRICES: Readonly<Record<Team["plan"], number>> = { Free: 0, Team: 29, Business: 89 };
const MONTHS = ["3", "2", "1"] as const;

function invoices(team: Team): Html {
  const price = PRICES[team.plan];
  if (price === 0) return empty("No invoices", "The free plan costs nothing.");
  const rows = MONTHS.map(
    (month) =>
      html`<tr><td>LN-${team.id.toUpperCase().slice(0, 3)}-00${month}</td><td class="wide">${team.plan} plan, one month</td><td>${pill("good", "Paid")}</td><td class="num">€ ${price}.00</td></tr>`,
  );
  return html`<table class="list"><thead><tr><th scope="col">Invoice</th><th scope="col" class="wide">For</th><th scope="col">State</th><th scope="col" class="num">Amount</th></tr></thead><tbody>${rows}</tbody></table>`;
}

function methodForm(method: PaymentMethod | null, csrf: string): Html {
  const current =
    method === null
      ? html`<p class="muted">No card on file.</p>`
      : html`<p class="cardline"><span class="card-chip" aria-hidden="true"></span><b>•••• ${method.lastFour}</b><span class="muted">${method.holder}, until ${method.expires}</span></p>`;
  return html`${current}<form class="stack" action="/payments/method" method="post">${csrfField(csrf)}
<label>Name on the card<input name="holder" autocomplete="cc-name" required></label>
<div class="pair"><label>Card number<input name="number" inputmode="numeric" autocomplete="cc-number" placeholder="4242 4242 4242 4242" required></label>
<label>Valid until<input name="expires" autocomplete="cc-exp" placeholder="08/29" required></label></div>
<p class="actions"><button class="button primary" type="submit">Save card</button></p></form>`;
}

function paymentsBody(deps: Deps, member: Member, team: Team): Html {
  const sites = sitesOf(deps.data, member.person.id).length;
  const price = PRICES[team.plan];
  return html`${heading("Payments", "Your plan, your card and what you paid.")}
<div class="figures three">
${figure("Plan", team.plan, price === 0 ? "Free for ever" : `€ ${price} a month`)}
${figure("Sites", sites, team.plan === "Free" ? "Of 1 in this plan" : "Of 50 in this plan")}
${figure("Next invoice", price === 0 ? "–" : html`€ ${price}`, price === 0 ? "Nothing to pay" : "On the first of the month")}
</div>
<div class="columns even">
${card("Payment method", methodForm(deps.data.payments.get(member.person.id) ?? null, member.csrf))}
${card("Invoices", invoices(team))}
</div>`;
}

/** `/payments` and `POST /payments/method`. */
export function paymentPages(app: FastifyInstance, deps: Deps): void {
  app.get(
    "/payments",
    forMembers(function payments(member, request, reply) {
      const team = deps.data.teams.get(member.person.id);
      if (team === undefined) throw new Error(`${member.person.id} has no team.`);
      const body = paymentsBody(deps, member, team);
      return show(deps, request, reply, { title: "Payments", active: "/payments", body });
    }),
  );
  app.post(
    "/payments/method",
    forMembers(function saveMethod(member, request, reply) {
      const digits = field(request, "number").replace(/\D/g, "");
      if (digits.length < 12) {
        return doneWith(deps, member, reply, "/payments", "This card number is too short.");
      }
      const lastFour = digits.slice(-4);
      const method = { holder: field(request, "holder"), lastFour, expires: field(request, "expires") };
      deps.data.payments.set(member.person.id, { ownerId: member.person.id, ...method });
      note(deps, member, `Changed the card to •••• ${lastFour}`);
      return doneWith(deps, member, reply, "/payments", "The card is saved.");
    }),
  );
}
