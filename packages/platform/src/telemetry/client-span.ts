import { Effect, References } from "effect"

/** A span of its own, of kind client, around a call of somebody outside. Where nothing is traced it costs nothing. */
export const clientSpan =
  (name: string, attributes: Readonly<Record<string, string | number>>) =>
  <A, E, R>(call: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.flatMap(References.TracerEnabled, (isTraced) =>
      isTraced ? (Effect.withSpan(call, name, { kind: "client", attributes }) as Effect.Effect<A, E, R>) : call
    )
