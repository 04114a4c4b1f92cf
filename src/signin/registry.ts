import type { z } from "zod";
import { type AnyKind, type Entry, kindEntry } from "../kinds.ts";
import type { AppSignIn, SignInDeps } from "./sign-in.ts";
import { steps } from "./steps.ts";

/** All kinds of signing in to an app. A new one is a file and a line here. */
export const signInKinds: readonly AnyKind<SignInDeps, AppSignIn>[] = [steps];

/** `signIn` in the config. */
export type SignInEntry = Entry<SignInDeps, AppSignIn>;

export const signInEntrySchema: z.ZodType<SignInEntry> = kindEntry(signInKinds, "`signIn`");
