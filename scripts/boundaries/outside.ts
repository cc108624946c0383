import type { Workspace } from "./sources.ts"

/** What code gets from its Layer instead: configuration, the clock, chance, the log. */
const FORBIDDEN = {
  "process.env": /\bprocess\.env\b/u,
  "Date.now": /\bDate\.now\b|\bnew Date\(\)/u,
  "Math.random": /\bMath\.random\b/u,
  console: /(?<![."'`\w])console\./u
} as const

export interface Exception {
  readonly path: string
  readonly uses: keyof typeof FORBIDDEN
  readonly because: string
}

/** The places where it is right all the same. */
export const EXCEPTIONS: ReadonlyArray<Exception> = [
  {
    path: "packages/platform/src/uuids.ts",
    uses: "Date.now",
    because: "an id is made by a plain function, many for each order; a test replaces the whole of Uuids instead"
  },
  {
    path: "packages/messaging/src/kafka/idle-timers.ts",
    uses: "Date.now",
    because: "kafkajs says by this clock when a request was sent"
  },
  {
    path: "packages/messaging/src/kafka/produce-request.ts",
    uses: "Date.now",
    because: "kafkajs dates record batches by this clock"
  },
  {
    path: "packages/embedded/src/gateway.ts",
    uses: "process.env",
    because: "a child process finds its programs by the PATH of this one, and inherits nothing else"
  },
  {
    path: "packages/testkit/src/server/listening.ts",
    uses: "process.env",
    because: "a server finds its programs by the PATH of this one, and inherits nothing else"
  },
  {
    path: "packages/testkit/src/object-store/program.ts",
    uses: "process.env",
    because: "Go builds with whatever the machine's owner has set for it"
  }
]

/** Code in src that takes from the process what a Layer should give it, and exceptions that nothing needs any more. */
export const outside = (
  workspaces: ReadonlyArray<Workspace>,
  exceptions: ReadonlyArray<Exception> = EXCEPTIONS
): ReadonlyArray<string> => {
  const uses = workspaces.flatMap(({ files }) =>
    files
      .filter(({ place }) => place === "src")
      .flatMap(({ code, path }) =>
        Object.entries(FORBIDDEN)
          .filter(([, pattern]) => pattern.test(withoutTexts(code)))
          .map(([name]) => ({ path, name }))
      )
  )
  const excepted = (path: string, name: string) => exceptions.some((one) => one.path === path && one.uses === name)
  return [
    ...uses
      .filter(({ name, path }) => !excepted(path, name))
      .map(({ name, path }) => `${path}: uses ${name}; take it from a Layer (Config, Clock, Random, Effect.log)`),
    ...exceptions
      .filter((one) => !uses.some(({ name, path }) => one.path === path && one.uses === name))
      .map((one) => `${one.path}: no longer uses ${one.uses}; take its exception out of scripts/boundaries/outside.ts`)
  ]
}

const withoutTexts = (code: string): string => code.replace(/"(?:\\.|[^"\\\n])*"/gu, '""')
