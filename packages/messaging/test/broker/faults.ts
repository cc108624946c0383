import { Context, type Effect } from "effect"

/** What the suite must be able to do to a broker, each in its own way. */
export class BrokerFaults extends Context.Service<
  BrokerFaults,
  {
    /** As if the members of the group had stood still until their leases ran out and others had come and gone. */
    readonly loseLeases: (group: string) => Effect.Effect<void>
  }
>()("@flowforge/messaging/test/BrokerFaults") {}
