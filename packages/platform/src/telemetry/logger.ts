import { Cause, Logger, References, Tracer } from "effect"
import { redact, redactText } from "./redact.ts"

interface Line {
  readonly time: string
  readonly level: string
  readonly service: string
  readonly message: string
  readonly cause: string | undefined
  readonly fields: Readonly<Record<string, unknown>>
}

const lineOf = (service: string, options: Logger.Options<unknown>): Line => {
  const messages = Array.isArray(options.message) ? options.message : [options.message]
  const texts: Array<string> = []
  let cause = options.cause
  for (const message of messages) {
    if (Cause.isCause(message)) cause = message
    else texts.push(typeof message === "string" ? message : JSON.stringify(redact(message)))
  }
  const annotations = options.fiber.getRef(References.CurrentLogAnnotations)
  const span = options.fiber.context.mapUnsafe.get(Tracer.ParentSpan.key) as Tracer.AnySpan | undefined
  return {
    time: options.date.toISOString(),
    level: options.logLevel,
    service,
    message: redactText(texts.join(" ")),
    cause: cause.reasons.length === 0 ? undefined : redactText(Cause.pretty(cause)),
    fields: {
      ...(redact({ ...annotations }) as Record<string, unknown>),
      ...(span === undefined ? {} : { trace_id: span.traceId, span_id: span.spanId })
    }
  }
}

/** Controls of C0 and C1, line separators, and what turns the direction of writing: with these a text forges lines. */
// oxlint-disable-next-line no-control-regex -- they are what is looked for
const CONTROLS = /[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/gu

const printable = (text: string): string =>
  text.replace(CONTROLS, (control) => `\\u${control.charCodeAt(0).toString(16).padStart(4, "0")}`)

/** One JSON object a line: time, level, service, message, what it is about, and the cause where there is one. */
export const jsonLogger = (service: string, write: (line: string) => void): Logger.Logger<unknown, void> =>
  Logger.make((options) => {
    const { fields, ...line } = lineOf(service, options)
    // Named twice so that they come first, and that no annotation takes their place. JSON itself escapes only C0.
    write(`${printable(JSON.stringify({ ...line, ...fields, ...line }))}\n`)
  })

const COLORS: Readonly<Record<string, string>> = { Error: "31", Fatal: "31", Warn: "33", Info: "32" }

const shown = (value: unknown): string => (typeof value === "string" ? value : (JSON.stringify(value) ?? String(value)))

/** The same for people at a terminal: a cause follows on indented lines of its own. */
export const prettyLogger = (service: string, write: (line: string) => void): Logger.Logger<unknown, void> =>
  Logger.make((options) => {
    const { time, level, message, cause, fields } = lineOf(service, options)
    const about = Object.entries(fields).map(([name, value]) => printable(`${name}=${shown(value)}`))
    const head = `${time.slice(11, 23)} \u001b[${COLORS[level] ?? "90"}m${level.padEnd(5)}\u001b[0m ${printable(message)}`
    const tail = about.length === 0 ? "" : ` \u001b[90m${about.join(" ")}\u001b[0m`
    const story = cause === undefined ? [] : cause.split("\n").map((part) => `    ${printable(part)}\n`)
    write(`${head}${tail}\n${story.join("")}`)
  })
