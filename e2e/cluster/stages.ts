/** Says what is being done, and how long it took: one line for each stage. */
export interface Stages {
  /** Runs a stage. `say` changes what is shown while it is under way, on a terminal. */
  readonly run: <A>(name: string, work: (say: (detail: string) => void) => Promise<A>) => Promise<A>
  readonly seconds: () => number
}

const WIDTH = 44

const inSeconds = (millis: number): string => `${(millis / 1000).toFixed(1).padStart(6)} s`

export const makeStages = (out: NodeJS.WriteStream = process.stdout): Stages => {
  const from = performance.now()
  const begin = (line: string) => (out.isTTY ? out.write(`\r\u001B[K${line}`) : undefined)
  const end = (line: string) => out.write(`${out.isTTY ? "\r\u001B[K" : ""}${line}\n`)
  return {
    run: async (name, work) => {
      const start = performance.now()
      let detail = name
      const say = (text: string): void => {
        detail = text
        begin(`… ${text}`)
      }
      begin(`… ${name}`)
      try {
        const result = await work(say)
        end(`✓ ${name.padEnd(WIDTH)}${inSeconds(performance.now() - start)}`)
        return result
      } catch (error) {
        end(`✗ ${detail.padEnd(WIDTH)}${inSeconds(performance.now() - start)}`)
        throw error
      }
    },
    seconds: () => (performance.now() - from) / 1000
  }
}
