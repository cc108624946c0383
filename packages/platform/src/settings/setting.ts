import { Effect, Result, Schema } from "effect"

/** What is configured cannot work. Names every mistake at once, and never what a variable holds. */
export class Misconfigured extends Schema.TaggedError<Misconfigured>()("Misconfigured", {
  mistakes: Schema.Array(Schema.String)
}) {
  override get message(): string {
    return this.mistakes.join("\n")
  }
}

/** A variable as people read of it. */
export interface Variable {
  readonly name: string
  readonly means: string
  /** What stands for it when it is not set; undefined where that is a mistake. */
  readonly fallback: string | undefined
  readonly isSecret: boolean
  /** The choice that makes it count: `FLOWFORGE_BROKER=kafka`. */
  readonly when?: string
}

/** A variable that a package reads by its own Config, as people read of it. */
export const row = (name: string, fallback: string | undefined, means: string, isSecret = false): Variable => ({
  name,
  means,
  fallback,
  isSecret
})

/** Something that a process reads from its environment, and the variables it takes. */
export interface Setting<out A> {
  readonly variables: ReadonlyArray<Variable>
  readonly read: Effect.Effect<A, Misconfigured>
}

/** What reading a setting gives. */
export type ValueOf<S> = S extends Setting<infer A> ? A : never

type Values<S> = { readonly [K in keyof S]: ValueOf<S[K]> }

/** All of them, or the mistakes of all of them. */
export const all = <const S extends Readonly<Record<string, Setting<unknown>>>>(settings: S): Setting<Values<S>> => ({
  variables: Object.values(settings).flatMap(({ variables }) => variables),
  read: Effect.gen(function* () {
    const values: Record<string, unknown> = {}
    const mistakes = new Set<string>()
    for (const [name, setting] of Object.entries(settings)) {
      const result = yield* Effect.result(setting.read)
      if (Result.isSuccess(result)) values[name] = result.success
      else for (const mistake of result.failure.mistakes) mistakes.add(mistake)
    }
    if (mistakes.size > 0) return yield* new Misconfigured({ mistakes: [...mistakes] })
    return values as Values<S>
  })
})

/** What is read depends on a choice; the variables of the other cases are not looked at. */
export const choose = <const C extends Readonly<Record<string, Setting<unknown>>>>(
  choice: Setting<string>,
  cases: C
): Setting<Values<C>[keyof C]> => {
  const name = choice.variables[0]!.name
  return {
    variables: [
      ...choice.variables,
      ...Object.entries(cases).flatMap(([value, { variables }]) =>
        variables.map((variable) => ({ ...variable, when: `${name}=${value}` }))
      )
    ],
    read: Effect.flatMap(choice.read, (value) => cases[value]!.read as Effect.Effect<Values<C>[keyof C], Misconfigured>)
  }
}

/** A setting that says of which case it is. */
export const as = <const T extends string, A extends object>(
  kind: T,
  setting: Setting<A>
): Setting<A & { readonly kind: T }> => ({
  variables: setting.variables,
  read: Effect.map(setting.read, (value) => ({ ...value, kind }))
})

/** Refuses what each variable allows and all together do not. */
export const refine = <A>(setting: Setting<A>, mistakeIn: (value: A) => string | undefined): Setting<A> => ({
  variables: setting.variables,
  read: Effect.tap(setting.read, (value) => {
    const mistake = mistakeIn(value)
    return mistake === undefined ? Effect.void : Effect.fail(new Misconfigured({ mistakes: [mistake] }))
  })
})
