import type { WrittenPerson } from "../record/parse.ts";
import type { Access } from "./accesses.ts";
import type { Ask } from "./asks.ts";
import type { Evidence } from "./evidence.ts";
import { type Places, together } from "./places.ts";

/** One number of a report, with the records that it was counted from. */
interface Figure {
  readonly what: string;
  readonly value: number;
  readonly records: Places;
}

/** One thing that a standard asks for, and what the records show of it. */
interface Requirement {
  readonly id: string;
  readonly asks: string;
  readonly figures: readonly Figure[];
}

/** One line of the list behind the figures; an empty text is not on record. */
export interface Entry {
  readonly kind: "access" | "ask";
  readonly fields: Readonly<Record<string, string>>;
  readonly records: Places;
}

export interface Findings {
  readonly title: string;
  readonly requirements: readonly Requirement[];
  readonly entries: readonly Entry[];
}

/** What each standard asks for, by its name on the command line. */
export const STANDARDS: Readonly<Record<string, (evidence: Evidence, sample: number) => Findings>> = {
  c5: (evidence) => c5(evidence),
  soc2,
  "access-transparency": (evidence) => accessTransparency(evidence),
};

/** Things that were counted one by one, those of them that fit; the records of a figure are all records of what it counts. */
function things<T extends { readonly all: Places }>(
  what: string,
  all: readonly T[],
  fits: (it: T) => boolean = () => true,
): Figure {
  const counted = all.filter(fits);
  return { what, value: counted.length, records: together(counted.map((it) => it.all)) };
}

function records(what: string, places: Places): Figure {
  return { what, value: places.count, records: places };
}

/** Which accesses the customer, or somebody for them, had said yes to before; and which began by a second agent's yes, or nobody's. */
function judged(accesses: readonly Access[], askOf: Evidence["askOf"]) {
  const originOf = ({ consent }: Access) =>
    consent === null ? null : (consent.origin ?? askOf(consent.id)?.origin ?? "");
  const isAgreed = (it: Access) => originOf(it) !== null && !isForAgents(originOf(it));
  return {
    agreed: accesses.filter(isAgreed),
    without: accesses.filter((it) => !isAgreed(it)),
    opened: accesses.filter((it) => isForAgents(originOf(it))),
  };
}
const isOneOf =
  (...states: readonly string[]) =>
  ({ state }: Ask) =>
    states.includes(state);

function c5({ accesses, asks, askOf }: Evidence): Findings {
  const { agreed, without, opened } = judged(accesses, askOf);
  const normal = asks.filter(({ origin }) => !isForAgents(origin));
  return {
    title: "BSI C5: access of the provider's staff to customers' data",
    requirements: [
      {
        id: "IAM-07.03B",
        asks: "the customer is told whenever staff reads or writes their data, or did so without prior consent",
        figures: [
          things("accesses to a customer's data", accesses),
          things("of them, such as changed something", accesses, ({ changed }) => changed.count > 0),
          things("of them, told to the customer by mail", accesses, isTold),
          things("of them, whose mails were all given up", accesses, isUntold),
          things("accesses without prior consent", without),
          things("of these, told to the customer by mail", without, isTold),
        ],
      },
      {
        id: "IAM-07.03AS, IAM-07.04AS",
        asks: "prior consent by who is authorised; asks carry cause, time, duration, location, type, scope, retention and a time to answer",
        figures: [
          things("asks, and yeses without an ask", normal),
          things("of them, with all of these fields", normal, isComplete),
          things(
            "granted, also where that is over",
            normal,
            ({ answered, state }) => answered !== null && state !== "declined",
          ),
          things("declined", normal, isOneOf("declined")),
          things("not answered in time", normal, isOneOf("lapsed")),
          things("taken back", normal, isOneOf("withdrawn")),
          things("accesses under such a yes", agreed),
        ],
      },
      ...exceptions(
        accesses,
        opened,
        asks.filter(({ origin }) => isForAgents(origin)),
      ),
    ],
    entries: [...asks.map(askEntry), ...accesses.map((it) => accessEntry(it, askOf))],
  };
}

/** Accesses without a yes, and what bounds all of them. */
function exceptions(
  accesses: readonly Access[],
  opened: readonly Access[],
  asks: readonly Ask[],
): readonly Requirement[] {
  return [
    {
      id: "IAM-07.01AC",
      asks: "a rule for when consent can't be had",
      figures: [
        things("asks to go in without the customer's yes", asks),
        things("of them, approved by a second person", asks, isApproved),
        things("accesses that went in so", opened),
        things("accesses that went in so, told to the customer by mail", opened, isTold),
      ],
    },
    {
      id: "IAM-04.05B, IAM-05.01B",
      asks: "rights are given for a time and on record",
      figures: [
        things("accesses with a beginning and an end on record", accesses, isWhole),
        things("accesses whose end is not on record (yet)", accesses, (it) => it.ended === null),
        things(
          "accesses that may have changed things, by a step up",
          accesses,
          ({ elevated }) => elevated.count > 0,
        ),
      ],
    },
  ];
}

/** Where a second agent answers, or nobody. */
const isForAgents = (origin: string | null) => origin === "break-glass" || origin === "approval";
const isTold = ({ told }: Access) => told.count > 0;
const isUntold = ({ told, untold }: Access) => told.count === 0 && untold.count > 0;
const isWhole = ({ began, ended }: Access) => began !== null && ended !== null;
/** By another person than who asked and who was asked about; where nobody was signed in, or a program said it, it isn't known who that was. */
const isApproved = ({ until, answeredBy, agent, customer }: Ask) =>
  until !== null &&
  answeredBy !== null &&
  ![agent?.id, customer?.id, "link", "card"].includes(answeredBy) &&
  !answeredBy.startsWith("api:");
const isComplete = (it: Ask) =>
  [it.cause, it.type, it.location, it.retention, it.answerBy, it.longest].every((field) => field !== null);

function soc2({ accesses, asks, askOf, of }: Evidence, sample: number): Findings {
  const answered = asks.filter(({ answered }) => answered !== null);
  return {
    title: "SOC 2 CC6.1 to CC6.3: logical access to production",
    requirements: [
      {
        id: "CC6.1",
        asks: "each access to production has a documented reason",
        figures: [
          things("accesses", accesses),
          things("of them, with a reason", accesses, ({ reason }) => reason !== null),
          things("of them, with a ticket", accesses, ({ ticket }) => ticket !== null),
          things(
            "of them, with neither",
            accesses,
            ({ reason, ticket }) => reason === null && ticket === null,
          ),
          records("starts that were refused", of("impersonation.refused")),
          records("requests that were refused during an access", of("impersonation.denied")),
        ],
      },
      {
        id: "CC6.2",
        asks: "access is approved before, and approvals say why",
        figures: [
          things("answers of customers and second persons", answered),
          things(
            "of them, to an ask without a reason",
            answered,
            ({ reason, origin }) => reason === null && origin !== "ahead",
          ),
          things("accesses that an answer allowed", accesses, ({ consent }) => consent !== null),
        ],
      },
      {
        id: "CC6.3",
        asks: "access is changed and taken away, and that is looked at",
        figures: [
          things("accesses that somebody else ended", accesses, ({ end }) => end === "ended-revoked"),
          records("agents who were blocked", of("agent.blocked")),
          records("impersonation switched off", of("impersonation.switched-off")),
          records("configs taken in", of("config.loaded")),
          records("looks of auditors and leads into records", of("audit.read")),
        ],
      },
    ],
    entries: sampleOf(accesses, sample).map((it) => accessEntry(it, askOf)),
  };
}

/** A sample of this size, spread evenly over the period. It is always the same, so nobody can choose it. */
function sampleOf<T>(all: readonly T[], most: number): readonly T[] {
  if (all.length <= most) return all;
  return Array.from({ length: most }, (_, at) => all[Math.floor((at * all.length) / most)]).filter(
    (it) => it !== undefined,
  );
}

function accessTransparency({ accesses, askOf }: Evidence): Findings {
  const causes = [...new Set(accesses.map((it) => causeOf(it, askOf)))].sort();
  return {
    title: "Access Transparency: each access to a customer's data",
    requirements: [
      {
        id: "accesses",
        asks: "each access, by its justification",
        figures: [
          things("accesses", accesses),
          ...causes.map((cause) =>
            things(
              cause === "" ? "without a reason class on record" : cause,
              accesses,
              (it) => causeOf(it, askOf) === cause,
            ),
          ),
        ],
      },
      {
        id: "approvals",
        asks: "accesses that were approved",
        figures: [
          things("with an approval", accesses, ({ consent }) => consent !== null),
          things("without one", accesses, ({ consent }) => consent === null),
        ],
      },
    ],
    entries: accesses.map((it) => transparencyEntry(it, askOf)),
  };
}

function causeOf({ consent }: Access, askOf: Evidence["askOf"]): string {
  return (consent === null ? null : askOf(consent.id)?.cause) ?? "";
}

/** The names of the log's fields, as Access Transparency has them. Where the agent sat is known by nobody here. */
function transparencyEntry(it: Access, askOf: Evidence["askOf"]): Entry {
  const ask = it.consent === null ? null : askOf(it.consent.id);
  return {
    kind: "access",
    fields: {
      logId: it.id,
      time: it.began ?? it.first,
      actorHomeOffice: ask?.location ?? "",
      actorPhysicalCountry: "",
      product: it.app ?? "",
      resources: it.routes.join(" "),
      owner: idOf(it.customer),
      justification: causeOf(it, askOf).toUpperCase().replaceAll("-", "_"),
      justificationDetail: it.reason ?? "",
      tickets: it.ticket ?? "",
      approvalIds: it.consent?.id ?? "",
      methods: `looked ${it.looked.count}, changed ${it.changed.count}`,
    },
    records: it.all,
  };
}

function accessEntry(it: Access, askOf: Evidence["askOf"]): Entry {
  return {
    kind: "access",
    fields: {
      id: it.id,
      began: it.began ?? "",
      ended: it.ended ?? "",
      end: it.end ?? "",
      duration: durationOf(it),
      agent: idOf(it.agent),
      customer: idOf(it.customer),
      app: it.app ?? "",
      cause: causeOf(it, askOf),
      reason: it.reason ?? "",
      ticket: it.ticket ?? "",
      consent: it.consent?.id ?? "",
      consentOrigin: it.consent?.origin ?? askOf(it.consent?.id ?? "")?.origin ?? "",
      approvedBy: askOf(it.consent?.id ?? "")?.answeredBy ?? "",
      looked: String(it.looked.count),
      changed: String(it.changed.count),
      failed: String(it.failed.count),
      refused: String(it.refused.count),
      told: it.told.count > 0 ? "yes" : it.untold.count > 0 ? "given up" : "",
    },
    records: it.all,
  };
}

function askEntry(it: Ask): Entry {
  return {
    kind: "ask",
    fields: {
      id: it.id,
      origin: it.origin ?? "",
      cause: it.cause ?? "",
      reason: it.reason ?? "",
      ticket: it.ticket ?? "",
      time: it.asked,
      until: it.until ?? "",
      location: it.location ?? "",
      type: it.type ?? "",
      scope: it.scope ?? "all of the app",
      retention: it.retention === null ? "" : `${Math.round(it.retention / 86_400_000)} days`,
      answerBy: it.answerBy ?? "",
      agent: idOf(it.agent),
      customer: idOf(it.customer),
      state: it.state,
      answered: it.answered ?? "",
      answeredBy: it.answeredBy ?? "",
    },
    records: it.all,
  };
}

function idOf(person: WrittenPerson | null): string {
  return person?.id ?? "";
}

/** Whole seconds. */
function durationOf({ began, ended }: Access): string {
  return began === null || ended === null
    ? ""
    : `${Math.round((Date.parse(ended) - Date.parse(began)) / 1_000)} s`;
}
