import type { Broker, Wakeups } from "@flowforge/messaging"
import * as PostgresBroker from "@flowforge/messaging/postgres"
import type { Layer } from "effect"
import type { SqlClient } from "effect/sql"
import type { broker } from "../settings/outside.ts"
import type { ValueOf } from "../settings/setting.ts"

export const layerBroker = (
  _settings: ValueOf<typeof broker>
): Layer.Layer<Broker, never, SqlClient.SqlClient | Wakeups> => PostgresBroker.layer
