import { Effect, Schema } from "effect"

/** An argument that nobody knows. `message` says which are known. */
export class UnknownArgument extends Schema.TaggedError<UnknownArgument>()("UnknownArgument", {
  message: Schema.String
}) {}

/** Reads the arguments of a script that knows `--help` and these flags; what is misspelt is refused, not ignored. */
export const readArguments = (
  given: ReadonlyArray<string>,
  known: ReadonlyArray<string> = []
): Effect.Effect<{ readonly isForHelp: boolean; readonly flags: ReadonlySet<string> }, UnknownArgument> => {
  const unknown = given.find((argument) => argument !== "--help" && argument !== "-h" && !known.includes(argument))
  return unknown === undefined
    ? Effect.succeed({ isForHelp: given.includes("--help") || given.includes("-h"), flags: new Set(given) })
    : Effect.fail(
        new UnknownArgument({ message: `"${unknown}" is not known. There is ${[...known, "--help"].join(" and ")}.` })
      )
}
