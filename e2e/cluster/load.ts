/** What became of requests that were sent whatever became of the ones before. */
export interface LoadReport {
  readonly sent: number
  readonly accepted: ReadonlyArray<string>
  /** Of those that were not accepted, in words. */
  readonly failed: ReadonlyArray<string>
}

const PATIENCE_MILLIS = 15_000

const bodyOf = (n: number): string =>
  JSON.stringify({
    user_id: `00000000-0000-7000-8000-${String(1 + (n % 100)).padStart(12, "0")}`,
    items: [{ item_id: 1 + (n % 10), quantity: 1 }],
    payment_info: { method: "card", token: "tok_ok" }
  })

const words = (error: unknown): string => {
  const { cause, message } = error as Error
  return cause instanceof Error ? `${message}: ${(cause as NodeJS.ErrnoException).code ?? cause.message}` : message
}

/** Orders at a constant rate, on connections that are kept, until it is stopped. None is tried twice. */
export const openLoad = (apiUrl: string, perSecond: number): { readonly stop: () => Promise<LoadReport> } => {
  const accepted: Array<string> = []
  const failed: Array<string> = []
  const underWay = new Set<Promise<void>>()
  let sent = 0
  const order = async (n: number): Promise<void> => {
    const at = new Date().toISOString().slice(11, 23)
    try {
      const response = await fetch(`${apiUrl}/orders`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: bodyOf(n),
        signal: AbortSignal.timeout(PATIENCE_MILLIS)
      })
      const text = await response.text()
      if (response.status === 202) accepted.push((JSON.parse(text) as { readonly order_id: string }).order_id)
      else failed.push(`${at} ${response.status} ${text.slice(0, 200)}`)
    } catch (error) {
      failed.push(`${at} ${words(error)}`)
    }
  }
  const timer = setInterval(() => {
    const request: Promise<void> = order(sent++).finally(() => underWay.delete(request))
    underWay.add(request)
  }, 1000 / perSecond)
  return {
    stop: async () => {
      clearInterval(timer)
      await Promise.all(underWay)
      return { sent, accepted, failed }
    }
  }
}
