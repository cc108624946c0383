import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { Clock, Effect } from "effect"
import { makeInTurn } from "../in-turn.ts"
import { type SendingError, SendingOutcomeUnknown, SendingUnavailable } from "./errors.ts"
import { type Faults, refusalOf, unanswered } from "./faults.ts"
import type { Mail, Sms } from "./mail.ts"
import { mailDate, renderMail } from "./mime.ts"

export interface FolderOptions {
  readonly folder: string
  /** The mails' sender, as it stands in the header. */
  readonly from?: string
  readonly faults?: Faults
}

const FROM = "FlowForge <orders@flowforge.example>"

export const MAIL_ENDING = ".eml"
export const SMS_ENDING = ".sms.txt"

/** A folder for each minute, within that of its hour: `2026-11-23T09/05`. At 500 mails a second it gets 30,000 files. */
const minuteOf = (millis: number): string => new Date(millis).toISOString().slice(0, 16).replace(":", "/")

export const makeMailFolder = ({ faults, folder, from = FROM }: FolderOptions) =>
  Effect.map(makeInTurn, (inTurn) => ({
    send: (mail: Mail) =>
      inTurn(send(mail, (now) => renderMail(mail, from, now), { folder, ending: MAIL_ENDING, faults }))
  }))

export const makeSmsFolder = ({ faults, folder }: FolderOptions) =>
  Effect.map(makeInTurn, (inTurn) => ({
    send: (sms: Sms) => inTurn(send(sms, (now) => renderSms(sms, now), { folder, ending: SMS_ENDING, faults }))
  }))

const renderSms = (sms: Sms, now: number): string => `Date: ${mailDate(now)}\nTo: ${sms.to}\n\n${sms.text}\n`

interface Place {
  readonly folder: string
  readonly ending: string
  readonly faults: Faults | undefined
}

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/u

const send = (
  message: { readonly id: string; readonly to: string },
  render: (now: number) => string,
  { ending, faults, folder }: Place
): Effect.Effect<void, SendingError> =>
  Clock.clockWith((clock) => {
    if (!UUID.test(message.id)) return Effect.die(new Error(`${JSON.stringify(message.id)} is no notification's id`))
    const fault = faults?.()
    const refusal = refusalOf(message.to, fault)
    if (refusal !== undefined) return Effect.fail(refusal)
    const now = clock.currentTimeMillisUnsafe()
    const letter = { id: message.id, ending, text: render(now) }
    try {
      create(join(folder, minuteOf(now)), letter)
      return fault === "unanswered" ? Effect.fail(unanswered) : Effect.void
    } catch (error) {
      return Effect.fail(failureOf(error as NodeJS.ErrnoException))
    }
  })

/** What failed before a file was made left nothing; what failed while writing left a part, which may be a mail. */
const failureOf = ({ message, syscall }: NodeJS.ErrnoException): SendingError =>
  syscall === "open" || syscall === "mkdir"
    ? new SendingUnavailable({ reason: message })
    : new SendingOutcomeUnknown({ reason: message })

interface Letter {
  readonly id: string
  readonly ending: string
  readonly text: string
}

/**
 * A second sending of one id gets a file of its own (`<id>-2`): that it happened must stay visible. The minute's folder
 * is made when it turns out to be missing. Nothing is forced onto the disk: a mail company would not wait for ours.
 * Written in place: to hand a few KB to Node's file threads costs this thread three times as much as to write them.
 */
const create = (minute: string, letter: Letter, copy = 1): void => {
  try {
    const name = `${letter.id}${copy === 1 ? "" : `-${copy}`}${letter.ending}`
    writeFileSync(join(minute, name), letter.text, { flag: "wx" })
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === "EEXIST") return create(minute, letter, copy + 1)
    // Made just now, or there already: then it is not the folder that is missing.
    if (code !== "ENOENT" || mkdirSync(minute, { recursive: true }) === undefined) throw error
    create(minute, letter, copy)
  }
}
