/** The name of what is wrong: the word that Redis puts first, the system's code, or the sentence. */
export function problemOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.message === "fetch failed" && error.cause !== undefined) return problemOf(error.cause);
  // What a script was not allowed to do, Redis calls plain ERR.
  if (error.message.includes("can't run this command")) return "NOPERM";
  if (error.message.startsWith("Stream isn't writeable")) return "not connected";
  if (error.message.startsWith("Reached the max retries")) return "connection lost";
  if (/^HTTP \d{3}$/.test(error.message)) return error.message;
  const word = /^(?:-)?([A-Z][A-Z]+)\b/.exec(error.message)?.[1];
  if (word !== undefined && word !== "ERR") return word;
  if ("code" in error && typeof error.code === "string") return error.code;
  return error.message.slice(0, 200);
}
