import * as fc from "fast-check"

/** What somebody may have typed for a name: anything, often what could break out of something. */
export const typed = fc.oneof(
  fc.string({ unit: "grapheme", maxLength: 60 }),
  fc
    .array(
      fc.constantFrom(
        ..."<>&\"'`/=\r\n\u0000\u2028\u202e\u2066",
        "<script>",
        "</bdi>",
        "<!--",
        "-->",
        "&lt;",
        "&#x27;",
        "javascript:",
        " onload=",
        "Łukasz",
        "北京",
        "👩‍👩‍👧"
      ),
      { maxLength: 12 }
    )
    .map((parts) => parts.join("")),
  fc.string({ unit: "binary", maxLength: 60 })
)

/** The tags of a page, comments and all, with their attributes, in order. */
export const tagsOf = (html: string): ReadonlyArray<string> => html.match(/<[^>]*>?/gu) ?? []

const ENTITIES: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', ensp: "\u2002" }

/** A page's text as a browser shows it: tags taken out (their links kept), entities decoded. */
export const decoded = (html: string): string =>
  html
    .replace(/<a href="([^"]*)"[^>]*>/gu, "$1 ")
    .replace(/<[^>]*>/gu, "")
    .replace(/&(?:#(\d+)|(\w+));/gu, (_, code, name) =>
      code === undefined ? ENTITIES[name]! : String.fromCodePoint(code)
    )
