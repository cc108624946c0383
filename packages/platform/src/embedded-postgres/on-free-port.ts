import { freePort } from "../child-process/index.ts"

const ATTEMPTS = 10

/**
 * Starts a server on a port that is free. Another program may take it between choosing it and binding it: then the
 * server is started on another one.
 */
export const onFreePort = async <A>(
  start: (port: number) => Promise<A>,
  choose: () => Promise<number> = freePort
): Promise<A> => {
  for (let attempt = 1; ; attempt++) {
    const port = await choose()
    try {
      return await start(port)
    } catch (error) {
      if (attempt === ATTEMPTS || !/address already in use/iu.test((error as Error).message)) throw error
    }
  }
}
