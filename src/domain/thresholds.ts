/** What is worth a look although it is allowed, as the record names it. */
export const THRESHOLDS = ["many-customers", "many-agents", "night", "break-glass"] as const;
export type Threshold = (typeof THRESHOLDS)[number];

/** A part of the day, `22:00` to `06:00`. */
interface Hours {
  readonly from: string;
  readonly to: string;
}

/** What is told of; null: never. */
interface Limits {
  readonly customersPerHour: number | null;
  readonly agentsPerDay: number | null;
  readonly night: Hours | null;
  readonly breakGlass: boolean;
}

/** A start, and how many there were before it; `timeOfDay` in the zone of the night. */
interface Begun {
  readonly customersWithinHour: number;
  readonly agentsWithinDay: number;
  readonly timeOfDay: string;
  readonly breakGlass: boolean;
}

/** What a start has passed, each with how it is said. */
export function passed(
  limits: Limits,
  begun: Begun,
): readonly { readonly threshold: Threshold; readonly told: string }[] {
  const { customersPerHour, agentsPerDay, night } = limits;
  const { customersWithinHour, agentsWithinDay, timeOfDay } = begun;
  const all = [
    [
      "many-customers",
      customersPerHour !== null && customersWithinHour > customersPerHour,
      `as ${customersWithinHour} different people within an hour`,
    ],
    [
      "many-agents",
      agentsPerDay !== null && agentsWithinDay > agentsPerDay,
      `the customer was viewed by ${agentsWithinDay} different agents within a day`,
    ],
    ["night", night !== null && isWithin(night, timeOfDay), `at ${timeOfDay}, when nobody is expected`],
    ["break-glass", limits.breakGlass && begun.breakGlass, "without the customer’s yes"],
  ] as const;
  return all.flatMap(([threshold, is, told]) => (is ? [{ threshold, told }] : []));
}

/** Whether a time of the day is in a part of it, which may go over midnight. */
function isWithin({ from, to }: Hours, at: string): boolean {
  return from <= to ? at >= from && at < to : at >= from || at < to;
}
