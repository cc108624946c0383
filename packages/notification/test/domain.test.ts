import { assert, describe, it } from "@effect/vitest"
import type { NotificationId, OrderId } from "@flowforge/contracts"
import { channelOf, claimableAtOnce, dayOfKey, dutyOf, pdfKey, receiptKey, type Status } from "../src/domain.ts"

const LIMIT = 30_000
const id = "01a20ded-6b62-76a3-8976-bb718ff544b5" as NotificationId
const orderId = "01a20ded-6b62-76a3-8976-bb718ff544b5" as OrderId

describe("what is to be done about a sending that an attempt before entered", () => {
  const table: ReadonlyArray<readonly [what: string, status: Status, ageMillis: number, duty: string]> = [
    ["a claim just made waits: its attempt may be sending", "claimed", 0, "Wait"],
    ["a claim made in the future (clocks differ) waits", "claimed", -5_000, "Wait"],
    ["a claim almost at its time limit waits", "claimed", LIMIT - 1, "Wait"],
    ["a claim at its time limit is given up, and not sent again", "claimed", LIMIT, "GiveUp"],
    ["a claim of yesterday is given up", "claimed", 86_400_000, "GiveUp"],
    ["what was sent is done", "sent", 0, "Done"],
    ["what was refused is done", "failed", 86_400_000, "Done"],
    ["what nobody can know is done, however old", "unknown", 86_400_000, "Done"]
  ]
  for (const [what, status, ageMillis, duty] of table) {
    it(what, () => {
      assert.strictEqual(dutyOf({ id, kind: "confirmed_email", status, ageMillis }, LIMIT)._tag, duty)
    })
  }

  it("is to wait for as long as the claim may be held", () => {
    const waiting = { id, kind: "confirmed_email", status: "claimed", ageMillis: 10_000 } as const
    assert.deepStrictEqual(dutyOf(waiting, LIMIT), { _tag: "Wait", kind: "confirmed_email", forMillis: 20_000 })
  })

  it("is never to send it", () => {
    for (const status of ["claimed", "sent", "failed", "unknown"] as const) {
      for (const ageMillis of [-1, 0, LIMIT, Number.MAX_SAFE_INTEGER]) {
        assert.notStrictEqual(dutyOf({ id, kind: "cancelled_sms", status, ageMillis }, LIMIT)._tag, "Send")
      }
    }
  })
})

describe("names", () => {
  it("a kind tells its channel", () => {
    assert.strictEqual(channelOf("confirmed_email"), "email")
    assert.strictEqual(channelOf("cancelled_sms"), "sms")
  })

  it("a receipt is kept under the day of its confirmation in UTC, the PDF beside it", () => {
    const key = receiptKey(orderId, "2026-11-23T23:30:00.000-02:00")
    assert.strictEqual(key, `receipts/2026-11-24/${orderId}.html`)
    assert.strictEqual(pdfKey(key), `receipts/2026-11-24/${orderId}.pdf`)
    assert.strictEqual(dayOfKey(key), "2026-11-24")
  })
})

describe("how many orders are claimed at once", () => {
  const calls = { atATime: 16, callMillis: 7_500 }

  it("is so many that the last one's turn comes before the claims are too old, however slow each is", () => {
    for (const limitMillis of [8_000, 12_000, 30_000, 300_000]) {
      const turns = Math.ceil(claimableAtOnce({ ...calls, limitMillis }) / calls.atATime)
      assert.isBelow(turns * calls.callMillis, limitMillis)
    }
    assert.strictEqual(claimableAtOnce({ ...calls, limitMillis: 30_000 }), 48)
  })

  it("is one turn at least, also with a time limit that is too short", () => {
    assert.strictEqual(claimableAtOnce({ ...calls, limitMillis: 1_000 }), 16)
  })
})
