import { z } from "zod";

const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

/** The name of a header in the config; comes out in lower case. */
export const headerName = z
  .string()
  .regex(TOKEN, { error: "write the name of a header, like X-Forwarded-User" })
  .toLowerCase();

/** The name of a cookie in the config; cookies are told apart by case. */
export const cookieName = z.string().regex(TOKEN, { error: "write the name of a cookie, like app_session" });
