import { z } from "zod";
import { secretSource } from "../../clients/secret.ts";
import { origin } from "./upstream.ts";

/** `helpdesk`: buttons in the helpdesk that lead to the page with the button that starts. */
export const helpdesk = z
  .strictObject({
    helpscout: z
      .strictObject({
        secret: secretSource.describe("The secret key of the Help Scout app; it signs what Help Scout asks."),
      })
      .optional()
      .describe("A dynamic app of Help Scout, whose callback is `/.guise/hooks/helpscout`."),
    embed: z
      .strictObject({
        origins: z
          .array(origin)
          .min(1)
          .max(20)
          .describe("Who may show it in a frame: origins like https://chat.example.com."),
      })
      .optional()
      .describe("The page `/.guise/embed`, for a frame beside a conversation (Chatwoot and others)."),
  })
  .prefault({})
  .describe("Buttons in a helpdesk that open the app as the customer of a ticket.");
