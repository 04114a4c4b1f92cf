import { z } from "zod";
import { flag, orNull } from "./values.ts";

const time = z
  .string()
  .regex(/^(?:[01]\d|2[0-3]):[0-5]\d$/, { error: "write a time of the day from 00:00 to 23:59" });

const zone = z.string().refine(isZone, { error: "write the name of a time zone, such as Europe/Lisbon" });

const night = z.strictObject({
  from: time.describe("When it begins, in this zone."),
  to: time.describe("When it is over; earlier than `from` where midnight lies in it."),
  zone: zone.prefault("UTC").describe("The time zone, by its name in the IANA list."),
});

const count = (usual: number) => z.int().min(1).max(10_000).nullable().default(usual);

/** `thresholds`: what is worth a look although it is allowed. */
export const thresholds = z
  .strictObject({
    customersPerHour: count(20).describe(
      "As more different people than this an agent begins to view within an hour (`many-customers`); null: as many as they like.",
    ),
    agentsPerDay: count(5).describe(
      "By more different agents than this one customer begins to be viewed within 24 hours (`many-agents`); null: by as many as there are.",
    ),
    night: orNull(night).describe(
      "When nobody is expected to view anybody: each start then is told (`night`).",
    ),
    breakGlass: flag(true).describe("Each start without the customer's yes is told (`break-glass`)."),
  })
  .prefault({})
  .describe(
    "What is allowed and still worth a look. Each is an event (`threshold.passed`), a metric, and a strip on the console; nobody is refused by it.",
  );

function isZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    return true;
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}
