import { z } from "zod";
import { isRange } from "../domain/address.ts";

/** An address or CIDR range in the config. One that takes in everybody (`/0`) is refused: it would guard nothing. */
export const addressRange = z.string().refine((text) => isRange(text) && !text.endsWith("/0"), {
  error: "write an address or a range, like 10.0.0.5 or 10.0.0.0/8; a range of everybody is refused",
});
