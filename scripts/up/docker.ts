import { spawn, spawnSync } from "node:child_process"

/** What is wrong with the Docker of this machine, and what to do; undefined when it can be used. */
export const troubleWithDocker = (): string | undefined => {
  const engine = ask("docker", "version", "--format", "{{.Server.Version}}")
  if (engine.error !== undefined) {
    return `There is no Docker on this machine ("docker" is not on the PATH). Install it with its compose plugin, or run FlowForge without containers: npm start`
  }
  if (engine.status !== 0) {
    return `Docker is installed, but its engine does not answer (${engine.stderr.trim() || "it says nothing"}). Start it, or run FlowForge without containers: npm start`
  }
  const compose = ask("docker", "compose", "version")
  return compose.status === 0
    ? undefined
    : "Docker is there, but without its compose plugin: install docker-compose-plugin, version 2.20 or newer."
}

const ask = (program: string, ...words: ReadonlyArray<string>) =>
  spawnSync(program, words, { encoding: "utf8", timeout: 60_000 })

/** Compose does not do what it is asked. `message` is its own words. */
export class ComposeRefused extends Error {}

/** What `docker compose` answers. */
export const askCompose = (...words: ReadonlyArray<string>): string => {
  const { status, stderr, stdout } = ask("docker", "compose", ...words)
  if (status !== 0) throw new ComposeRefused(`docker compose: ${stderr.trim()}`)
  return stdout
}

/** Runs `docker compose` for people to watch; answers its exit code. */
export const runCompose = (...words: ReadonlyArray<string>): Promise<number> =>
  new Promise((ended, failed) => {
    // Ctrl-C goes to both, and this waits for the other's end.
    process.on("SIGINT", () => {})
    spawn("docker", ["compose", ...words], { stdio: "inherit" })
      .on("error", failed)
      .on("close", (code) => ended(code ?? 130))
  })
