import { Schema } from "effect"

/** The most entries of a page, and how many there are when nobody asks. */
export const MAX_PAGE = 100
export const DEFAULT_PAGE = 20

/** What picks a page: how many, and where the last one ended. */
export const pageQuery = {
  limit: Schema.optionalKey(
    Schema.FiniteFromString.check(
      Schema.isInt({ message: "must be a whole number" }),
      Schema.isBetween({ minimum: 1, maximum: MAX_PAGE }, { message: `must be between 1 and ${MAX_PAGE}` })
    )
  ),
  cursor: Schema.optionalKey(Schema.String)
}

/** {@link pageQuery} for the OpenAPI: the numbers in it are read from text. */
export const pageParameters = (cursor: string) => ({
  limit: {
    description: "The most entries to answer.",
    schema: { type: "integer", minimum: 1, maximum: MAX_PAGE, default: DEFAULT_PAGE }
  },
  cursor: {
    description: "The `next_cursor` of the page before. It stays right while new entries arrive.",
    schema: { type: "string", examples: [cursor] }
  }
})

/** Where the next page begins; absent on the last one. */
export const NextCursor = Schema.optionalKey(
  Schema.String.annotate({ description: "Where the next page begins; absent on the last one." })
)
