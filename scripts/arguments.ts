/** What is asked for cannot be understood. `message` says why, and what there is. */
export class WrongArguments extends Error {}

/** What `parse` makes of a script's arguments; what it cannot understand is refused with the script's help. */
export const understood = <A>(help: string, parse: () => A): A => {
  try {
    return parse()
  } catch (error) {
    throw new WrongArguments(`${(error as Error).message.split(". ")[0]}.\n\n${help}`)
  }
}
