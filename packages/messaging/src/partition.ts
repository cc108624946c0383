/** Kafka's murmur2 over the bytes of a key, as a signed 32-bit integer. */
const murmur2 = (bytes: Uint8Array): number => {
  const m = 0x5bd1e995
  const length = bytes.length
  const view = new DataView(bytes.buffer, bytes.byteOffset, length)
  let h = 0x9747b28c ^ length
  const whole = length & ~3
  for (let i = 0; i < whole; i += 4) {
    let k = view.getInt32(i, true)
    k = Math.imul(k, m)
    k ^= k >>> 24
    k = Math.imul(k, m)
    h = Math.imul(h, m) ^ k
  }
  switch (length - whole) {
    // @ts-expect-error falls through: the tail's bytes are mixed in from the last to the first
    case 3:
      h ^= view.getUint8(whole + 2) << 16
    // @ts-expect-error falls through
    case 2:
      h ^= view.getUint8(whole + 1) << 8
    case 1:
      h ^= view.getUint8(whole)
      h = Math.imul(h, m)
  }
  h ^= h >>> 13
  h = Math.imul(h, m)
  return h ^ (h >>> 15)
}

/** The partition of a key, the same that Kafka's default partitioner chooses. */
export const partitionOf = (key: string, partitions: number): number =>
  (murmur2(Buffer.from(key)) & 0x7fffffff) % partitions
