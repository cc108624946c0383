/** What `npm start -- --help` prints. */
export const HELP = `npm start

Runs FlowForge in one process: all services, an embedded PostgreSQL, and a simulated payment company beside it.
Ctrl-C stops it, the data stay; "npm run reset" clears them.

  PORT                     public port: API, receipts, documentation (8080)
  MANAGEMENT_PORT          metrics, mails, stock adjustments: for operators (9090)
  FLOWFORGE_HOST           address that both listen on; 0.0.0.0 lets other machines in (127.0.0.1)
  FLOWFORGE_DATA           folder for everything that lasts (.flowforge)
  FLOWFORGE_NOTIFICATIONS  folder: receipts and mails are files in the data folder; instant: they go nowhere (folder)
  NOTIFICATION_PUBLIC_URL  where customers reach the public port; links in mails begin with it (http://localhost:PORT)
  LOG_LEVEL                Trace, Debug, Info, Warn or Error (Info)
  LOG_FORMAT               json, pretty, or auto: pretty on a terminal (auto)
  OTEL_EXPORTER_OTLP_ENDPOINT  where traces go; without it there are none

Two side by side: PORT=8081 MANAGEMENT_PORT=9091 FLOWFORGE_DATA=.flowforge-2 npm start

Each service has variables of its own; they are on the card (README) of its package.`
