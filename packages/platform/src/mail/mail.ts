import { Context, Effect, Layer } from "effect"
import type { SendingError } from "./errors.ts"
import { makeMemory, type MemoryOptions } from "./memory.ts"
import { type FolderOptions, makeMailFolder, makeSmsFolder } from "./outbox-folder.ts"

export interface Mail {
  /** Named in the sent mail, so that the audit can count: the notification's id. */
  readonly id: string
  readonly to: string
  /** The recipient's name, for the header. */
  readonly toName?: string
  readonly subject: string
  readonly text: string
  readonly html: string
}

/** Sends mail. Adapters: an outbox folder here, SES later. */
export class Mailer extends Context.Service<
  Mailer,
  { readonly send: (mail: Mail) => Effect.Effect<void, SendingError> }
>()("@flowforge/platform/Mailer") {
  /** Each mail becomes a file that a mail program opens: `<folder>/<yyyy-mm-ddThh>/<mm>/<id>.eml`. */
  static readonly layerOutboxFolder = (options: FolderOptions): Layer.Layer<Mailer> =>
    Layer.effect(Mailer, makeMailFolder(options))

  /** Keeps the mails in the array given. */
  static readonly layerMemory = (options: MemoryOptions<Mail>): Layer.Layer<Mailer> =>
    Layer.sync(Mailer, () => makeMemory(options))

  /** Takes every mail and keeps none: for benches of everything else. */
  static readonly layerInstant: Layer.Layer<Mailer> = Layer.succeed(Mailer, { send: () => Effect.void })
}

export interface Sms {
  readonly id: string
  readonly to: string
  readonly text: string
}

/** Sends SMS. Adapters: an outbox folder here, SNS later. */
export class SmsSender extends Context.Service<
  SmsSender,
  { readonly send: (sms: Sms) => Effect.Effect<void, SendingError> }
>()("@flowforge/platform/SmsSender") {
  /** Each SMS becomes a file: `<folder>/<yyyy-mm-ddThh>/<mm>/<id>.sms.txt`. */
  static readonly layerOutboxFolder = (options: FolderOptions): Layer.Layer<SmsSender> =>
    Layer.effect(SmsSender, makeSmsFolder(options))

  /** Keeps the SMS in the array given. */
  static readonly layerMemory = (options: MemoryOptions<Sms>): Layer.Layer<SmsSender> =>
    Layer.sync(SmsSender, () => makeMemory(options))

  /** Takes every SMS and keeps none. */
  static readonly layerInstant: Layer.Layer<SmsSender> = Layer.succeed(SmsSender, { send: () => Effect.void })
}
