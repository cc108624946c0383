import { readdir } from "node:fs/promises"
import { type Fault, type Mail, Mailer, type Sms, SmsSender } from "@flowforge/platform"
import { Effect, type Layer, type Scope } from "effect"
import { temporaryFolder } from "../temporary-folder.ts"
import { type Subject, sendingSuite } from "./suite.ts"

type Sender = Mailer["Service"]["send"] | SmsSender["Service"]["send"]

const subjectOf = (send: Sender, sent: Subject["sent"], setFault: Subject["setFault"]): Subject => ({
  send: ({ id, to }) => send({ id, to, subject: "About your order", text: "text", html: "<p>html</p>" }),
  sent,
  setFault
})

const switchable = () => {
  let fault: Fault | undefined
  return { faults: () => fault, setFault: (next: Fault | undefined) => void (fault = next) }
}

const build = <S extends { readonly send: Sender }>(
  tag: { readonly use: (f: (service: S) => Effect.Effect<Sender>) => Effect.Effect<Sender, never, any> },
  layer: Layer.Layer<any>
) => tag.use((service) => Effect.succeed(service.send)).pipe(Effect.provide(layer)) as Effect.Effect<Sender>

const inMemory = (make: (options: { sent: Array<any>; faults: () => Fault | undefined }) => Effect.Effect<Sender>) =>
  Effect.gen(function* () {
    const sent: Array<Mail | Sms> = []
    const { faults, setFault } = switchable()
    const send = yield* make({ sent, faults })
    return subjectOf(send, (id) => Effect.sync(() => sent.filter((each) => each.id === id).length), setFault)
  })

const inFolder = (make: (options: { folder: string; faults: () => Fault | undefined }) => Effect.Effect<Sender>) =>
  Effect.gen(function* () {
    const folder = yield* temporaryFolder
    const { faults, setFault } = switchable()
    const send = yield* make({ folder, faults })
    const sent = (id: string) =>
      Effect.promise(
        async () => (await readdir(folder, { recursive: true })).filter((name) => name.includes(id)).length
      )
    return subjectOf(send, sent, setFault)
  })

const mail = { to: "anna@example.com", refused: "anna@refused.example" }
const sms = { to: "+491701234567", refused: "+9991234" }
const provide = <A, E>(effect: Effect.Effect<A, E, Scope.Scope>) => Effect.scoped(effect)

sendingSuite("mail in memory", {
  ...mail,
  provide,
  subject: inMemory((options) => build(Mailer, Mailer.layerMemory(options)))
})
sendingSuite("SMS in memory", {
  ...sms,
  provide,
  subject: inMemory((options) => build(SmsSender, SmsSender.layerMemory(options)))
})
sendingSuite("mail in a folder", {
  ...mail,
  provide,
  subject: inFolder((options) => build(Mailer, Mailer.layerOutboxFolder(options)))
})
sendingSuite("SMS in a folder", {
  ...sms,
  provide,
  subject: inFolder((options) => build(SmsSender, SmsSender.layerOutboxFolder(options)))
})
