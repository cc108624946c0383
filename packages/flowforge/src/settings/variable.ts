import { optional as optionalText, secret as secretText } from "@flowforge/platform"
import { Config, ConfigProvider, Effect, type Redacted } from "effect"
import { Misconfigured, type Setting, type Variable } from "./setting.ts"

interface Options<A> {
  readonly parse: (name: string) => Config.Config<A>
  /** What it must be, for people who got it wrong: "a port". */
  readonly expects: string
  readonly means: string
  /** As it would stand in the environment. */
  readonly fallback?: string
  readonly isSecret?: boolean
}

/** A variable that is there or has a fallback. One that is set to nothing is not set. */
export const variable = <A>(name: string, options: Options<A>): Setting<A> => {
  const { fallback } = options
  return {
    variables: [described(name, options, fallback)],
    read: Effect.flatMap(rawOf(name, options), (raw = fallback) =>
      raw === undefined
        ? mistake(`${sourcesOf(name, options)} is missing: ${options.means}`)
        : parsed(name, raw, options)
    )
  }
}

/** A variable that may be absent; `absence` says what is done then. */
export const optional = <A>(
  name: string,
  options: Options<A> & { readonly absence: string }
): Setting<A | undefined> => ({
  variables: [described(name, options, options.absence)],
  read: Effect.flatMap(rawOf(name, options), (raw) =>
    raw === undefined ? Effect.undefined : parsed(name, raw, options)
  )
})

/** A variable that may come from a file instead, named by `<NAME>_FILE`. */
export const secret = (
  name: string,
  options: Omit<Options<Redacted.Redacted>, "isSecret" | "parse">
): Setting<Redacted.Redacted> => variable(name, { ...options, parse: Config.Redacted, isSecret: true })

/** A text that is not empty. */
export const text = (name: string, options: Pick<Options<string>, "means" | "fallback">): Setting<string> =>
  variable(name, { ...options, parse: Config.NonEmptyString, expects: "a text" })

/** One of a few words. */
export const choice = <const C extends ReadonlyArray<string>>(
  name: string,
  choices: C,
  means: string,
  fallback?: C[number]
): Setting<C[number]> =>
  variable(name, {
    parse: (at) => Config.Literals(choices, at),
    expects: choices.join(" or "),
    means: `${means}: ${choices.join(" or ")}`,
    ...(fallback === undefined ? {} : { fallback })
  })

/** A secret, or a text of many lines such as a certificate, that may be absent. */
export const optionalSecret = (
  name: string,
  options: Omit<Options<Redacted.Redacted>, "isSecret" | "parse"> & { readonly absence: string }
): Setting<Redacted.Redacted | undefined> => optional(name, { ...options, parse: Config.Redacted, isSecret: true })

const described = (
  name: string,
  { isSecret = false, means }: Options<unknown>,
  fallback: string | undefined
): Variable => ({ name, means, fallback, isSecret })

const mistake = (text: string) => Effect.fail(new Misconfigured({ mistakes: [text] }))

const sourcesOf = (name: string, { isSecret }: Options<unknown>): string =>
  isSecret === true ? `${name} (or ${name}_FILE)` : name

/** The text of the variable, or that of the file which a secret may name. */
const rawOf = (name: string, { isSecret }: Options<unknown>) =>
  (isSecret === true ? secretText(name) : optionalText(name)).pipe(
    Effect.mapError((error) => new Misconfigured({ mistakes: [error.cause.message] }))
  )

const parsed = <A>(name: string, raw: string, { expects, parse }: Options<A>): Effect.Effect<A, Misconfigured> =>
  parse(name)
    .parse(ConfigProvider.fromUnknown({ [name]: raw }))
    .pipe(Effect.mapError(() => new Misconfigured({ mistakes: [`${name} is wrong: it must be ${expects}`] })))
