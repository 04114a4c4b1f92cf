import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { budget } from "../../src/audit/budget.ts";
import { segmentPath } from "../../src/audit/folder.ts";
import { NO_MOUNT, smallDisk } from "../fixtures/journal.ts";
import { folder as place } from "../fixtures/tunnel-certificate.ts";

const KILOBYTE = 1024;
const HOUR = 3_600_000;

t.test(
  "what every sink has does not fill a disk that is smaller than what may be kept",
  { skip: NO_MOUNT },
  async (t) => {
    const folder = join(place(t), "audit");
    smallDisk(t, folder, "size=1m");
    // Ten files of 90 kB, a record each; the last is the one that is written now.
    const paths = Array.from({ length: 10 }, (_, n) => segmentPath(folder, "gw-1", n + 1));
    for (const path of paths) writeFileSync(path, Buffer.alloc(90 * KILOBYTE));
    let shipped = 2;
    const it = budget({
      folder,
      most: () => 1024 * KILOBYTE * KILOBYTE,
      keepFor: 24 * HOUR,
      keepBytes: 1024 * KILOBYTE * KILOBYTE,
      shipped: () => shipped,
      current: () => ({ producer: "gw-1", first: 10 }),
    });
    t.equal(
      await it.sweep(Date.now()),
      2,
      "what is not shipped takes more than the soft mark: nothing is kept beside",
    );
    t.equal(it.mark(), "soft");
    shipped = 9;
    t.equal(await it.sweep(Date.now()), 1, "of the rest as much goes as is needed below the mark");
    t.same(
      paths.map((path) => existsSync(path)),
      [false, false, false, true, true, true, true, true, true, true],
      "the oldest first",
    );
    t.equal(it.mark(), "ok");
    t.equal(await it.sweep(Date.now()), 0, "and no more than that");
  },
);
