/** Runs what has the same key one after the other, what has different keys at once. */
export const makeKeyedQueue = <A>() => {
  const underWay = new Map<string, Promise<unknown>>()
  return async (key: string, work: () => Promise<A>): Promise<A> => {
    const before = underWay.get(key)
    const mine = before === undefined ? work() : before.then(work, work)
    underWay.set(key, mine)
    try {
      return await mine
    } finally {
      if (underWay.get(key) === mine) underWay.delete(key)
    }
  }
}
