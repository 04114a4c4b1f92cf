import type { EffectName } from "../policy.ts";
import { allow } from "./allow.ts";
import { confirm } from "./confirm.ts";
import { deny } from "./deny.ts";
import type { Effect } from "./effect.ts";
import { stop } from "./stop.ts";
import { write } from "./write.ts";

/** Every effect that a rule can have, by its key in the config. */
export const EFFECTS: Readonly<Record<EffectName, Effect>> = { allow, deny, confirm, write, stop };
