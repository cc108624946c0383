import { escapeHtml } from "../html.ts"
import type { Letter, LettersPage } from "./letters.ts"
import { renderPage, typed } from "./page.ts"

const LABELS = { email: "Mail", sms: "SMS" } as const
const EMPTY = '<p class="empty">Nothing was sent yet. Place an order, and its mail is here a moment later.</p>'

/** `Tue, 24 Nov 2026 14:19:53 +0000` as `24 Nov 14:19:53`. */
const shortTime = (sentAt: string): string =>
  /^\w+, (\d+ \w+) \d+ ([\d:]+) \+0000$/u.exec(sentAt)?.slice(1).join(" ") ?? sentAt

/** `"Anna" <anna@example.com>` as `Anna`. */
const shortName = (to: string): string => /^"?(.*?)"? <[^>]*>$/u.exec(to)?.[1] ?? to

const row = ({ kind, path, sentAt, subject, to }: Letter, at: string): string =>
  `<li><a href="${at}/${path}"><span class="kind ${kind}">${LABELS[kind]}</span><span class="to" title="${escapeHtml(to)}">${typed(shortName(to))}</span><b>${typed(subject)}</b><time title="${escapeHtml(sentAt)}">${escapeHtml(shortTime(sentAt))}</time></a></li>`

/** The outbox as a page for people. `at`: its address. */
export const renderLetters = (
  { letters, next }: LettersPage,
  { at, isFirst }: { readonly at: string; readonly isFirst: boolean }
): string => {
  const list = `<ol>\n${letters.map((letter) => row(letter, at)).join("\n")}\n</ol>`
  const links = [
    isFirst ? "" : `<a href="${at}">Newest</a>`,
    next === undefined ? "" : `<a href="${at}?cursor=${encodeURIComponent(next)}">Older</a>`
  ].join("")
  return renderPage("Outbox", `<h1>Outbox</h1>\n${letters.length === 0 ? EMPTY : list}\n<nav>${links}</nav>`)
}

/** A mail's own page, which can run nothing; its links open beside it. */
const frame = (html: string): string => {
  const document = html.replace(/<head[^>]*>/iu, '$&<base target="_blank">')
  return `<iframe sandbox="allow-popups allow-popups-to-escape-sandbox" title="The message" srcdoc="${escapeHtml(document)}"></iframe>`
}

/** One message to read. `at`: the outbox's address. */
export const renderLetter = ({ from, html, kind, path, sentAt, subject, text, to }: Letter, at: string): string => {
  const title = kind === "email" ? subject : `SMS to ${to}`
  const fields = [
    ["From", from],
    ["To", to],
    ["Sent", sentAt]
  ].filter(([, value]) => value !== "")
  const words = `<pre>${typed(text.trim())}</pre>`
  const body = html === undefined ? words : `${frame(html)}\n<details><summary>As text</summary>${words}</details>`
  return renderPage(
    title,
    `<nav><a href="${at}">Outbox</a><a href="${at}/${path}?raw">As it went out</a></nav>
<h1>${typed(title)}</h1>
<dl>${fields.map(([name, value]) => `<dt>${name}</dt><dd>${typed(value!)}</dd>`).join("")}</dl>
${body}`
  )
}
