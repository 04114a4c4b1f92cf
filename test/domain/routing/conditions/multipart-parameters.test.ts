import t from "tap";
import { multipartParameters } from "../../../../src/domain/routing/conditions/multipart-parameters.ts";

const TYPE = "multipart/form-data; boundary=b";

t.test(
  "values of which one is in the other are kept up to a limit, and then they may say anything",
  async (t) => {
    const found = multipartParameters(TYPE, "name=a\n\n".repeat(4_000));
    const kept = found.reduce((sum, { value }) => sum + (value?.length ?? 0), 0);
    t.equal(found.length, 4_000);
    t.ok(kept < 1_200_000, `${kept} characters`);
    t.match([found[0]?.value, found.at(-1)], [/^name=a\n\nname=a/, { name: "a", value: null, plain: false }]);
  },
);

t.test("values of which each stands for itself are kept, however much they are", async (t) => {
  const value = "x".repeat(60_000);
  const part = `--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n${value}\r\n`;
  const found = multipartParameters(TYPE, `${part.repeat(40)}--b--\r\n`);
  t.equal(found.filter((it) => it.value === value).length, 40);
});
