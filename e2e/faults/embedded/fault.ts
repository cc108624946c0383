import { cp, mkdir, rename, rm, writeFile } from "node:fs/promises"
import { setTimeout as sleep } from "node:timers/promises"
import type { InstanceRecord } from "@flowforge/embedded"
import type { LaunchedSystem } from "../../system/launch.ts"
import { gatewayOf, postgresOf } from "../../system/parts.ts"

export interface World {
  readonly system: LaunchedSystem
  readonly instance: InstanceRecord
}

/** Something goes wrong under a running system, and is put right again. */
export interface Fault {
  readonly title: string
  /** Resolves when it is over. */
  readonly happen: (world: World) => Promise<void>
  /** Clients notice: readiness goes away, and orders are refused meanwhile. */
  readonly isSeenOutside?: boolean
}

const switchGateway = async ({ instance }: World, change: object): Promise<void> => {
  const response = await fetch(`${instance.gatewayUrl}/control/switches`, {
    method: "PATCH",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(change)
  })
  if (!response.ok) throw new Error(`the gateway refused the switch: ${response.status}`)
}

/** For some seconds the gateway behaves differently. */
const gateway = (change: object, back: object, millis: number) => async (world: World) => {
  await switchGateway(world, change)
  await sleep(millis)
  await switchGateway(world, back)
}

/** Whether there is an empty file now; not where something was in the way. */
const isPut = (path: string): Promise<boolean> =>
  writeFile(path, "", { flag: "wx" }).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === "EEXIST") return false
      throw error
    }
  )

/**
 * For some seconds a file lies where the folder should be: not even root can write into it. In a moment without either
 * the system may make the folder anew: what it puts there counts as well.
 */
const unwritable = (folder: (instance: InstanceRecord) => string) => async (world: World) => {
  const path = folder(world.instance)
  const away: Array<string> = []
  await mkdir(path, { recursive: true })
  do {
    away.push(`${path}.away-${away.length}`)
    await rename(path, away.at(-1)!)
  } while (!(await isPut(path)))
  await sleep(3_000)
  await rm(path)
  for (const part of away) {
    await cp(part, path, { recursive: true })
    await rm(part, { recursive: true })
  }
}

export const faults: ReadonlyArray<Fault> = [
  {
    title: "PostgreSQL is killed and comes back",
    happen: async ({ system }) => void process.kill(await postgresOf(system.folder), "SIGKILL"),
    isSeenOutside: true
  },
  {
    title: "the payment company is killed and comes back",
    happen: async ({ instance }) => void process.kill(await gatewayOf(instance.pid), "SIGKILL")
  },
  {
    title: "the payment company refuses everybody for three seconds",
    happen: gateway({ unavailable: true }, { unavailable: false }, 3_000)
  },
  {
    title: "the payment company answers too late for three seconds",
    happen: gateway({ latency_ms: 1_500 }, { latency_ms: 0 }, 3_000)
  },
  {
    title: "the payment company captures and never says so, for three seconds",
    happen: gateway({ timeout_after_capture_rate: 1 }, { timeout_after_capture_rate: 0 }, 3_000)
  },
  {
    title: "receipts cannot be stored for three seconds",
    happen: unwritable(({ objectsFolder }) => objectsFolder)
  },
  {
    title: "mails cannot be handed over for three seconds",
    happen: unwritable(({ mailFolder }) => mailFolder)
  },
  {
    title: "the whole process is frozen for ten seconds",
    happen: async ({ instance }) => {
      process.kill(instance.pid, "SIGSTOP")
      await sleep(10_000)
      process.kill(instance.pid, "SIGCONT")
    }
  }
]
