/** Keys remembered at most; past that the oldest are left to their time to live. */
const MOST = 10_000
/** Keys of one command. */
const AT_ONCE = 500

/** Keys whose last write may not have reached Redis. */
export class Missed {
  readonly #keys = new Set<string>()

  add(keys: ReadonlyArray<string>): void {
    for (const key of keys) {
      this.#keys.add(key)
      if (this.#keys.size > MOST) this.#keys.delete(this.#keys.values().next().value!)
    }
  }

  /** Some of them, remembered no longer. */
  take(): ReadonlyArray<string> {
    const keys = this.#keys.values().take(AT_ONCE).toArray()
    for (const key of keys) this.#keys.delete(key)
    return keys
  }
}
