import { randomFillSync } from "node:crypto"
import { Context } from "effect"
import { v7 } from "uuid"

const BYTES = 16
/** The library asks the system for random bytes for each id, which costs more than all the rest: a pool does for many. */
const pool = new Uint8Array(BYTES * 256)
let used = pool.length

const takeRandom = (): Uint8Array => {
  if (used === pool.length) {
    randomFillSync(pool)
    used = 0
  }
  used += BYTES
  return pool.subarray(used - BYTES, used)
}

let millis = 0
let sequence = 0

/** RFC 9562, method 1: a counter of 32 bits within the millisecond, begun at random in its lower half. */
const next = (): string => {
  const random = takeRandom()
  const now = Date.now()
  if (now > millis) {
    millis = now
    sequence = new DataView(random.buffer, random.byteOffset).getUint32(0) >>> 1
  } else if (sequence === 0xffff_ffff) {
    millis++
    sequence = 0
  } else sequence++
  return v7({ msecs: millis, seq: sequence, random })
}

/** Makes UUIDs v7, monotonic within the process. A reference, so that a test can replace it without wiring. */
export const Uuids = Context.Reference<{ readonly next: () => string }>("@flowforge/platform/Uuids", {
  defaultValue: () => ({ next })
})
