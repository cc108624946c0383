import { Config, ConfigProvider, Duration, Effect, Redacted, Schema } from "effect"
import { HTTP_URL, httpUrl, isCertificate, optional as optionalText, secret as secretText } from "../config.ts"
import { Misconfigured, type Setting, type Variable } from "./setting.ts"

const Count = Schema.Int.check(Schema.isGreaterThan(0))
const Time = Schema.DurationFromString.check(
  Schema.makeFilter((time) => Duration.isFinite(time) && Duration.toMillis(time) >= 0)
)

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

interface SecretOptions extends Omit<Options<Redacted.Redacted>, "isSecret" | "parse"> {
  /** Whether the text is what it must be. */
  readonly isRight?: (text: string) => boolean
}

/** A variable that may come from a file instead, named by `<NAME>_FILE`. */
export const secret = (name: string, options: SecretOptions): Setting<Redacted.Redacted> =>
  variable(name, hidden(options))

/** A secret, or a text of many lines such as a certificate, that may be absent. */
export const optionalSecret = (
  name: string,
  options: SecretOptions & { readonly absence: string }
): Setting<Redacted.Redacted | undefined> => optional(name, hidden(options))

/** A certificate as PEM, that may be absent. Neither secret nor short: it may come from a file, too. */
export const optionalCertificate = (name: string, options: { readonly means: string; readonly absence: string }) =>
  optionalSecret(name, { ...options, expects: "a certificate as PEM", isRight: isCertificate })

/** A text that is not empty. */
export const text = (name: string, options: Pick<Options<string>, "means" | "fallback">): Setting<string> =>
  variable(name, { ...options, parse: Config.NonEmptyString, expects: "a text" })

/** How many of something: at least one. */
export const count = (name: string, fallback: number, means: string): Setting<number> =>
  variable(name, {
    parse: (at) => Config.schema(Count, at),
    expects: "a whole number from 1",
    means,
    fallback: String(fallback)
  })

/** How long something takes: not less than nothing, and not for ever. */
export const time = (name: string, fallback: string, means: string): Setting<Duration.Duration> =>
  variable(name, {
    parse: (at) => Config.schema(Time, at),
    expects: 'a time such as "250 millis" or "5 seconds"',
    means,
    fallback
  })

/** An address that is called by HTTP, without the slash that a URL ends with. */
export const address = (name: string, options: Pick<Options<string>, "means" | "fallback">): Setting<string> =>
  variable(name, { ...options, parse: httpUrl, expects: HTTP_URL })

/** An address that is called by HTTP, and that may be absent. */
export const optionalAddress = (name: string, options: { readonly means: string; readonly absence: string }) =>
  optional(name, { ...options, parse: httpUrl, expects: HTTP_URL })

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

const hidden = <O extends SecretOptions>({ isRight = () => true, ...options }: O) => ({
  ...options,
  parse: (name: string) =>
    Config.map(Config.schema(Schema.String.check(Schema.makeFilter(isRight)), name), (text) => Redacted.make(text)),
  isSecret: true
})

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
