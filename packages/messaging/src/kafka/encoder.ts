// oxlint-disable-next-line typescript/triple-slash-reference -- who imports this package has to find the declaration, too
/// <reference path="./encoder.d.ts" />
import Encoder from "kafkajs/src/protocol/encoder.js"

/*
 * kafkajs 2.2.4 gives each header of each record 512 bytes of its own outside the heap, zeroed. Collecting them was
 * a tenth of what publishing cost. Mended for the whole process by importing this file.
 */

/** What its constructor asks for when nobody says how much. */
const DEFAULT_SIZE = 511
/** So small an array is part of its object, which nobody has to free. */
const SMALL = 64

const nextPowerOfTwo = Encoder.nextPowerOfTwo
Encoder.nextPowerOfTwo = (value) => (value === DEFAULT_SIZE ? SMALL : nextPowerOfTwo(value))

/** Nothing beyond `offset` is ever sent, so it need not be zeroed, and may come from Node's pool. */
Encoder.prototype.ensureAvailable = function (length) {
  const needed = this.offset + length
  if (needed <= this.buf.length) return
  const larger = Buffer.allocUnsafe(nextPowerOfTwo(needed))
  this.buf.copy(larger, 0, 0, this.offset)
  this.buf = larger
}
