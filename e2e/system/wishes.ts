import { userId } from "@flowforge/embedded/catalogue"
import type { Wish } from "./customers.ts"

/** Ordinary items and now and then a scarce one that runs dry, paid with these tokens in turn; some cancel at once. */
export const wishesWith =
  (tokens: ReadonlyArray<string>) =>
  (n: number): Wish => ({
    body: {
      user_id: userId(1 + (n % 100)),
      items: [
        { item_id: n % 7 === 0 ? 61 + (n % 2) : 1 + (n % 50), quantity: 1 },
        { item_id: 1 + ((n * 13) % 60), quantity: 2 }
      ],
      payment_info: { method: "card", token: tokens[n % tokens.length] }
    },
    cancels: n % 11 === 0
  })
