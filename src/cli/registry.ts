import { audit } from "./audit/audit.ts";
import { check } from "./check.ts";
import type { Command } from "./command.ts";
import { doctor } from "./doctor/doctor.ts";
import { explain } from "./explain.ts";
import { keys } from "./keys.ts";
import { learn } from "./learn.ts";
import { receipt } from "./receipt.ts";
import { report } from "./report.ts";
import { serve } from "./serve.ts";
import { sessions } from "./sessions/sessions.ts";
import { signin } from "./signin/signin.ts";
import { split } from "./split/split.ts";
import { test } from "./test/test.ts";
import { token } from "./token.ts";

/** Every command, in the order of the help. */
export const COMMANDS: readonly Command[] = [
  serve,
  check,
  test,
  explain,
  learn,
  signin,
  sessions,
  audit,
  receipt,
  report,
  split,
  doctor,
  keys,
  token,
];
