import { z } from "zod";

const file = z.strictObject({
  fromFile: z.string().min(1).describe("Path of the file; a relative one starts at the config's folder."),
});

/** `keys`: those that somebody else keeps. Several gateways over one store need the same ones. */
export const keys = z
  .strictObject({
    token: z
      .array(file)
      .min(1)
      .optional()
      .describe(
        "Private ES256 keys (PEM or JWK) of the token; the first signs, the others are only published.",
      ),
    checkpoint: z
      .array(file)
      .min(1)
      .optional()
      .describe("Private Ed25519 keys (PEM or JWK) of the audit's checkpoints; the first signs."),
    data: file
      .optional()
      .describe(
        "A secret of at least 32 characters: cookies in the store are sealed with what is derived from it.",
      ),
  })
  .prefault({})
  .describe(
    "Keys of your own keeping, each in a file. What is left out is made at the start and kept in `data`.",
  );
