import { assert, describe, it } from "@effect/vitest"
import type { NotificationId, OrderId } from "@flowforge/contracts"
import { makeUnbegun } from "../src/unbegun.ts"

const LIMIT = 30_000
const order = (name: string) => name as OrderId
const id = (name: string) => name as NotificationId

describe("claims that nobody has begun to carry out", () => {
  it("are given back when their event comes again, and cannot begin after that", () => {
    const unbegun = makeUnbegun(LIMIT)
    unbegun.add(order("a"), [id("1"), id("2")], 0)
    assert.deepStrictEqual(unbegun.withdraw([order("a"), order("b")]), [id("1"), id("2")])
    unbegun.add(order("a"), [id("3")], 1)
    assert.isFalse(unbegun.begin(order("a"), [id("1"), id("2")]))
    assert.isTrue(unbegun.begin(order("a"), [id("3")]))
  })

  it("are given back again as long as nobody knows that giving them back was committed", () => {
    const unbegun = makeUnbegun(LIMIT)
    unbegun.add(order("a"), [id("1")], 0)
    unbegun.withdraw([order("a")])
    assert.deepStrictEqual(unbegun.withdraw([order("a")]), [id("1")])
    unbegun.add(order("a"), [id("2")], 1)
    assert.deepStrictEqual(unbegun.withdraw([order("a")]), [id("1"), id("2")])
  })

  it("are all given back when no order is named", () => {
    const unbegun = makeUnbegun(LIMIT)
    unbegun.add(order("a"), [id("1")], 0)
    unbegun.add(order("b"), [id("2")], 0)
    assert.deepStrictEqual(unbegun.withdraw(), [id("1"), id("2")])
    assert.isFalse(unbegun.begin(order("b"), [id("2")]))
  })

  it("begin once, and are never given back from then on", () => {
    const unbegun = makeUnbegun(LIMIT)
    unbegun.add(order("a"), [id("1")], 0)
    assert.isTrue(unbegun.begin(order("a"), [id("1")]))
    assert.isFalse(unbegun.begin(order("a"), [id("1")]))
    assert.deepStrictEqual(unbegun.withdraw([order("a")]), [])
  })

  it("are forgotten after the time limit, so that they do not pile up", () => {
    const unbegun = makeUnbegun(LIMIT)
    unbegun.add(order("a"), [id("1")], 0)
    unbegun.add(order("b"), [id("2")], LIMIT - 1)
    unbegun.add(order("c"), [id("3")], LIMIT)
    assert.deepStrictEqual(unbegun.withdraw([order("a"), order("b")]), [id("2")])
    assert.isFalse(unbegun.begin(order("a"), [id("1")]))
  })

  it("of an attempt that claimed nothing begin always: there is nothing to send", () => {
    assert.isTrue(makeUnbegun(LIMIT).begin(order("a"), []))
  })
})
