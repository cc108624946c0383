import type { LettersPage } from "./letters.ts"

const escape = (text: string): string => text.replace(/[&<>"']/gu, (character) => `&#${character.charCodeAt(0)};`)

const STYLE = `body{margin:2rem auto;max-width:64rem;padding:0 1rem;color:#1c2733;font:15px/1.5 system-ui,sans-serif}
table{width:100%;border-collapse:collapse}th{text-align:left;color:#5b6b7b;font-weight:600}
th,td{padding:.5rem;border-bottom:1px solid #e6eaef;vertical-align:top}td{overflow-wrap:anywhere}
a{color:#14532d}.empty{color:#5b6b7b}`

/** The outbox as a page for people. */
export const renderLetters = ({ letters, next }: LettersPage, path: string): string => {
  const rows = letters
    .map(
      (letter) =>
        `<tr><td>${escape(letter.sentAt)}</td><td>${letter.kind}</td><td>${escape(letter.to)}</td><td><a href="${path}/${letter.path}">${escape(letter.subject)}</a></td></tr>`
    )
    .join("\n")
  const table = `<table><thead><tr><th>Sent</th><th>Kind</th><th>To</th><th>Message</th></tr></thead><tbody>\n${rows}\n</tbody></table>`
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Outbox</title><style>${STYLE}</style></head>
<body><h1>Outbox</h1>
${letters.length === 0 ? '<p class="empty">Nothing was sent yet. Place an order, and its mail is here a moment later.</p>' : table}
${next === undefined ? "" : `<p><a href="${path}?cursor=${encodeURIComponent(next)}">Older</a></p>`}
</body></html>
`
}
