import t from "tap";
import { summed } from "../../src/cli/summed-metrics.ts";

const one = `# HELP guise_decisions_total Decisions.
# TYPE guise_decisions_total counter
guise_decisions_total{reason="a",kind="forward"} 2
# HELP guise_request_seconds Requests.
# TYPE guise_request_seconds histogram
guise_request_seconds_bucket{le="0.1"} 1
guise_request_seconds_bucket{le="+Inf"} 2
guise_request_seconds_sum 0.5
guise_request_seconds_count 2
# TYPE process_start_time_seconds gauge
process_start_time_seconds 100
`;
const other = one.replace('reason="a"', 'reason="b c"').replace("seconds 100", "seconds 200");

t.test(
  "numbers are added up, what is said of them is said once, and samples stay with their metric",
  async (t) => {
    t.same(summed([one, other]).split("\n"), [
      "# HELP guise_decisions_total Decisions.",
      "# TYPE guise_decisions_total counter",
      'guise_decisions_total{reason="a",kind="forward"} 2',
      'guise_decisions_total{reason="b c",kind="forward"} 2',
      "# HELP guise_request_seconds Requests.",
      "# TYPE guise_request_seconds histogram",
      'guise_request_seconds_bucket{le="0.1"} 2',
      'guise_request_seconds_bucket{le="+Inf"} 4',
      "guise_request_seconds_sum 1",
      "guise_request_seconds_count 4",
      "# TYPE process_start_time_seconds gauge",
      "process_start_time_seconds 200",
      "",
    ]);
  },
);

t.test("one that did not answer takes nothing away", async (t) => {
  t.same(summed([one, ""]), one);
});
