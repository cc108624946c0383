import { assert, describe, it } from "@effect/vitest"
import { parseExposition } from "./exposition.ts"

const HISTOGRAM = `# HELP a_seconds time
# TYPE a_seconds histogram
a_seconds_bucket{k="v",le="1"} 2
a_seconds_bucket{k="v",le="+Inf"} 3
a_seconds_sum{k="v"} 4.5
a_seconds_count{k="v"} 3
`

describe("the reader of Prometheus' text format", () => {
  it("reads what is right", () => {
    const [counter, histogram] = parseExposition(
      `# HELP a_total how many\n# TYPE a_total counter\na_total{x="a \\"b\\" \\\\ c\\n",y=""} 1\n${HISTOGRAM}`
    )
    assert.deepStrictEqual(counter!.samples, [
      { name: "a_total", labels: { x: 'a \\"b\\" \\\\ c\\n', y: "" }, value: 1 }
    ])
    assert.strictEqual(histogram!.samples.length, 4)
  })

  it.each([
    ["a last line without an end", HISTOGRAM.trimEnd()],
    ["a metric without a description", "# TYPE a gauge\na 1\n"],
    ["a metric in two places", `${HISTOGRAM}${HISTOGRAM}`],
    ["a metric without a sample", "# HELP a b\n# TYPE a gauge\n"],
    ["an unknown type", "# HELP a b\n# TYPE a frequency\na 1\n"],
    ["another metric's sample", "# HELP a b\n# TYPE a gauge\nb 1\n"],
    ["a value that is no number", "# HELP a b\n# TYPE a gauge\na NaN\n"],
    ["a series twice", '# HELP a b\n# TYPE a gauge\na{x="1",y="2"} 1\na{y="2",x="1"} 2\n'],
    ["a label without quotes", "# HELP a b\n# TYPE a gauge\na{x=1} 1\n"],
    ["a label that ends too early", '# HELP a b\n# TYPE a gauge\na{x="1"2"} 1\n'],
    ["a counter by another name", "# HELP a b\n# TYPE a counter\na 1\n"],
    ["a gauge by a counter's name", "# HELP a_total b\n# TYPE a_total gauge\na_total 1\n"],
    ["a counter below zero", "# HELP a_total b\n# TYPE a_total counter\na_total -1\n"],
    ["buckets that fall", HISTOGRAM.replace('le="1"} 2', 'le="1"} 4')],
    ["buckets without the last", HISTOGRAM.replace('a_seconds_bucket{k="v",le="+Inf"} 3\n', "")],
    ["a last bucket that is not the count", HISTOGRAM.replace('_count{k="v"} 3', '_count{k="v"} 4')],
    ["a histogram without its sum", HISTOGRAM.replace('a_seconds_sum{k="v"} 4.5\n', "")]
  ])("refuses %s", (_, text) => {
    assert.throws(() => parseExposition(text))
  })
})
