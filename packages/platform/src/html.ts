const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;"
}
const SPECIAL = /[&<>"']/u
const SPECIALS = /[&<>"']/gu

/** Text as it may stand in an element or a quoted attribute. */
export const escapeHtml = (text: string): string =>
  SPECIAL.test(text) ? text.replace(SPECIALS, (character) => ENTITIES[character]!) : text
