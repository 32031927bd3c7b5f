import { assert, describe, it } from "@effect/vitest"
import * as Counters from "@rookery/observe/Counters"
import * as Prometheus from "@rookery/observe/Prometheus"
import { Effect, Metric } from "effect"
import * as Metrics from "@rookery/observe/Metrics"

const linesOf = (name: string): Array<string> =>
  Prometheus.renderOwn().split("\n").filter((line) => line.startsWith(name))

describe("Counters", () => {
  it("renders counters and gauges with their help and kind", () => {
    const counter = Counters.counter("test_posts_total", "Posts\nof the \\ test")
    counter.value += 3
    Counters.gauge("test_rows", "Rows").value = -1.5
    assert.deepStrictEqual(linesOf("# HELP test_posts"), ["# HELP test_posts_total Posts\\nof the \\\\ test"])
    assert.deepStrictEqual(linesOf("# TYPE test_posts"), ["# TYPE test_posts_total counter"])
    assert.deepStrictEqual(linesOf("test_posts"), ["test_posts_total 3"])
    assert.deepStrictEqual(linesOf("test_rows"), ["test_rows -1.5"])
  })

  it("adds up a gauge's readers until they leave", () => {
    const gauge = Counters.gauge("test_held", "Held")
    gauge.value = 1
    const stop = Counters.follow(gauge, () => 10)
    Counters.follow(gauge, () => 100)
    assert.strictEqual(Counters.gaugeValue(gauge), 111)
    stop()
    assert.strictEqual(Counters.gaugeValue(gauge), 101)
  })

  it("counts a value on a bound into that bucket, and buckets cumulatively", () => {
    const histogram = Counters.histogram("test_sizes", "Sizes", [1, 5])
    for (const value of [1, 5, 5, 6]) histogram.observe(value)
    assert.deepStrictEqual(linesOf("test_sizes"), [
      "test_sizes_bucket{le=\"1\"} 1",
      "test_sizes_bucket{le=\"5\"} 3",
      "test_sizes_bucket{le=\"+Inf\"} 4",
      "test_sizes_sum 17",
      "test_sizes_count 4"
    ])
  })

  it("keeps a member for each combination of labels, escaped", () => {
    const family = Counters.counters("test_requests_total", "Requests", ["route", "status"])
    family.at("/a", "200").value++
    family.at("/a", "200").value++
    family.at("/\"b\"\\\n", "500").value++
    assert.deepStrictEqual(linesOf("test_requests"), [
      "test_requests_total{route=\"/a\",status=\"200\"} 2",
      "test_requests_total{route=\"/\\\"b\\\"\\\\\\n\",status=\"500\"} 1"
    ])
    assert.throws(() => family.at("/a"), /2 labels/)
  })

  it("gathers what is past the bound of label sets under other", () => {
    const family = Counters.counters("test_many_total", "Many", ["who"])
    for (let i = 0; i < Counters.labelSetsMax + 5; i++) family.at(`u${i}`).value++
    assert.strictEqual(family.at("other").value, 5)
    assert.strictEqual(linesOf("test_many").length, Counters.labelSetsMax + 1)
  })

  it("refuses a name twice and a name that Prometheus would refuse", () => {
    Counters.counter("test_once_total", "Once")
    assert.throws(() => Counters.counter("test_once_total", "Twice"), /registered twice/)
    assert.throws(() => Counters.gauge("9-lives", "Cat"), /no name for a metric/)
  })
})

describe("Prometheus", () => {
  it.effect("renders the project's metrics and Effect's own", () =>
    Effect.gen(function*() {
      Metrics.httpRequests.at("/api/v1/statuses", "200").value++
      yield* Metric.update(Metric.counter("test_of_effect"), 7)
      const text = yield* Prometheus.render
      assert.include(text, "rookery_http_requests_total{route=\"/api/v1/statuses\",status=\"200\"} 1\n")
      assert.include(text, "\ntest_of_effect 7\n")
    }))
})
