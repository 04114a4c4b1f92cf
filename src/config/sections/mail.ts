import { z } from "zod";
import { secretSource } from "../../clients/secret.ts";
import { orNull, time } from "./values.ts";

const address = (help: string) =>
  z
    .string()
    .regex(/^[^\r\n<>@]*<?[^\s<>@]+@[^\s<>@]+>?$/, { error: help })
    .max(320);

/** `mail`: how customers are told and asked. */
export const mail = orNull(
  z.strictObject({
    smtp: z
      .strictObject({
        url: secretSource.describe(
          "The address of the mail server, with user and password where it asks for them: `smtps://user:password@mail.example.com`.",
        ),
      })
      .describe("The server that takes the mails."),
    from: address("write an address, like Support <support@example.com>").describe("Who they come from."),
    replyTo: orNull(address("write an address, like support@example.com")).describe(
      "Where answers go; to `from` if left out.",
    ),
    keep: time("24h", "1m", "30d").describe("How long a mail is tried again that the server doesn't take."),
  }),
).describe(
  "Mails to customers: that somebody asks, views or has viewed the app as them. Left out: they see it on the page `access` alone. Needs `publicUrl` or `console`, so that a link can be in them.",
);
