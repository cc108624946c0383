/** Which group reads which topics: what the relay and the sweeper need in order to know who lacks an event. */
export type Subscriptions = ReadonlyArray<{ readonly group: string; readonly topics: ReadonlyArray<string> }>

/** The same as two columns of equal length, one row for each (group, topic). */
export const pairsOf = (subscriptions: Subscriptions) => {
  const pairs = subscriptions.flatMap(({ group, topics }) => topics.map((topic) => [group, topic] as const))
  return { groups: pairs.map(([group]) => group), topics: pairs.map(([, topic]) => topic) }
}
