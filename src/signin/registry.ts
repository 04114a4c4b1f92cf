import type { AnyKind } from "../kinds.ts";
import { sees } from "./sees.ts";
import type { AppSignIn, SignInDeps } from "./sign-in.ts";
import { steps } from "./steps.ts";

/** All kinds of signing in to an app. A new one is a file and a line here. */
export const signInKinds: readonly AnyKind<SignInDeps, AppSignIn>[] = [steps, sees];
