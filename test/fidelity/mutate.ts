// Loaded before everything else: puts the mutation that GUISE_MUTATION names into src/ as it is read. Throws if its line is gone.
import { registerHooks } from "node:module";
import { MUTATIONS } from "./mutations.ts";

const name = process.env.GUISE_MUTATION ?? "";
const mutation = MUTATIONS[name];
if (mutation === undefined) throw new Error(`there is no mutation ${JSON.stringify(name)}`);

registerHooks({
  load(url, context, next) {
    const loaded = next(url, context);
    if (!url.endsWith(`/src/${mutation.file}`)) return loaded;
    const text = Buffer.from(loaded.source as Uint8Array).toString();
    if (text.split(mutation.from).length !== 2)
      throw new Error(
        `${name}: src/${mutation.file} has another line by now; bring the mistake back in mutations.ts`,
      );
    return { ...loaded, source: text.replace(mutation.from, () => mutation.to) };
  },
});
