import { z } from "zod";
import { secretSource } from "../../clients/secret.ts";
import { duration } from "../../units.ts";

const address = (help: string) =>
  z
    .string()
    .regex(/^[^\r\n<>@]*<?[^\s<>@]+@[^\s<>@]+>?$/, { error: help })
    .max(320);

/** `mail`: how customers are told and asked. */
export const mail = z
  .strictObject({
    smtp: z
      .strictObject({
        url: secretSource.describe(
          "The address of the mail server, with user and password where it asks for them: `smtps://user:password@mail.example.com`.",
        ),
      })
      .describe("The server that takes the mails."),
    from: address("write an address, like Support <support@example.com>").describe("Who they come from."),
    replyTo: address("write an address, like support@example.com")
      .nullable()
      .default(null)
      .describe("Where answers go; to `from` if left out."),
    keep: duration
      .refine((ms) => ms >= 60_000 && ms <= 30 * 86_400_000, {
        error: "write a length of time from 1m to 30d",
      })
      .prefault("24h")
      .describe("How long a mail is tried again that the server doesn't take."),
  })
  .nullable()
  .default(null)
  .describe(
    "Mails to customers: that somebody asks, views or has viewed the app as them. Left out: they see it on the page `access` alone. Needs `publicUrl` or `console`, so that a link can be in them.",
  );
